"""The briefing of a city: which figures it names first, its gaps, and its strips."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.release.outputs.report.briefing import Briefing, write_briefing
from assets.release.outputs.report.sparklines import build_strip

Row = dict[str, Any]


def figure(name: str, attainment: float | None, place: int | None = None, **more: Any) -> Row:
    target = dict.fromkeys(("target_value", "target_value_high", "is_target_met", "judged_value", "judged_year"))
    row = {"indicator_id": name, "attainment": attainment, "place": place, "value": 10.0, "year": 2024}
    return {**row, **target, "target_authority": "none", **more}


def spread(cities: int, worst: float, best: float, shared: int = 1) -> Row:
    return {
        "cities_scored": cities,
        "worst_score": worst,
        "best_score": best,
        "cities_worst": shared,
        "cities_best": shared,
    }


def brief(figures: list[Row], all_cities: dict[str, Row], direction: int = 1) -> Briefing:
    indicators = {row["indicator_id"]: {"direction": direction} for row in figures}
    return write_briefing(figures, indicators, all_cities, [{"status": "late"}, {"status": "in_time"}])


def names(rows: list[Row]) -> list[str]:
    return [row["indicator_id"] for row in rows]


def test_figures_are_ordered_by_their_place_among_the_cities_that_have_one() -> None:
    figures = [figure("third", 90.0, 3), figure("last", 5.0, 11), figure("first", 60.0, 1), figure("context", None)]
    briefing = brief(figures, dict.fromkeys(("first", "third", "last"), spread(11, 5, 100)))
    assert names(briefing.scored) == ["first", "third", "last"]
    assert names(briefing.context) == ["context"]
    assert briefing.best == figures[2]
    assert briefing.weakest == figures[1]
    assert len(briefing.late) == 1


def test_a_score_of_a_single_city_is_neither_its_best_nor_its_weakest() -> None:
    figures = [figure("alone", 99.0, 1), figure("shared", 50.0, 2), figure("other", 40.0, 3)]
    all_cities = {"alone": spread(1, 99, 99), "shared": spread(4, 1, 60), "other": spread(4, 1, 60)}
    briefing = brief(figures, all_cities)
    assert names(briefing.scored)[-1] == "alone"
    assert (briefing.best, briefing.weakest) == (figures[1], figures[2])
    assert briefing.first == briefing.last == []


def test_where_all_cities_have_one_score_none_is_first_or_last() -> None:
    briefing = brief([figure("equal", 100.0, 1)], {"equal": spread(11, 100, 100, 11)})
    assert briefing.first == briefing.last == []


def test_of_the_first_places_the_one_shared_by_fewest_comes_first() -> None:
    figures = [figure("shared", 100.0, 1), figure("alone", 80.0, 1)]
    briefing = brief(figures, {"shared": spread(11, 0, 100, 6), "alone": spread(11, 0, 80)})
    assert names(briefing.first) == ["alone", "shared"]


def target(low: float, high: float | None = None, *, is_met: bool, **more: Any) -> Row:
    goal = {"target_value": low, "target_value_high": high, "is_target_met": is_met, "target_authority": "standard"}
    return {**goal, **more}


@pytest.mark.parametrize(
    ("direction", "goal", "gap"),
    [
        (1, target(12.5, is_met=False), 2.5),
        (1, target(8, is_met=True), -2),
        (-1, target(8, is_met=False), 2),
        (1, target(11, 13, is_met=False), 1),
        (1, target(6, 8, is_met=False), 2),
        (1, target(9, 12, is_met=True), -1),
    ],
)
def test_a_gap_is_what_is_missing_to_the_target(direction: int, goal: Row, gap: float) -> None:
    (found,) = brief([figure("one", None, **goal)], {}, direction).gaps
    assert found.gap == gap
    assert found.share == gap / goal["target_value"]


def test_a_target_whose_year_has_passed_is_compared_with_the_figure_of_that_year() -> None:
    goal = target(8, is_met=False, target_authority="expired", judged_value=7.0, judged_year=2020)
    (gap,) = brief([figure("one", None, **{**goal, "target_authority": "expired"})], {}).gaps
    assert (gap.value, gap.year, gap.gap) == (7.0, 2020, 1.0)


def test_gaps_come_before_targets_that_are_met_and_the_widest_first() -> None:
    figures = [
        figure("met", None, **target(5, is_met=True)),
        figure("narrow", None, **target(11, is_met=False)),
        figure("wide", None, **target(20, is_met=False)),
    ]
    assert names([dict(gap.figure) for gap in brief(figures, {}).gaps]) == ["wide", "narrow", "met"]


@given(
    st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=3, max_size=3),
    st.none() | st.floats(-1e6, 1e6, allow_nan=False),
    st.sampled_from([1, -1]),
)
def test_a_strip_is_within_its_ends_and_better_is_to_the_right(
    values: list[float], goal: float | None, direction: int
) -> None:
    low, middle, high = sorted(values)
    row = {"value": high if direction > 0 else low, "target_value": goal, "target_value_high": None}
    strip = build_strip(row, {"lowest": low, "highest": high, "median": middle}, direction)
    drawn = [*strip.spread, strip.median, strip.city, *(strip.target or ())]
    assert all(0 <= position <= 100 for position in drawn)
    assert strip.spread[0] <= strip.median <= strip.spread[1] == strip.city
