"""Attainment: where a figure stands between its goalposts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders.world import World, furnished

HISTORY = "scorecards.attainment_history"


def attain(world: World, value: float, floor: float, upper: float) -> float:
    world.indicator("i", (floor, upper), direction=1 if floor < upper else -1).figures("i", {2024: value})
    attainment: float = world.row(HISTORY)["attainment"]
    return attainment


def in_range(world: World, value: float) -> float:
    world.indicator("i", None)
    world.add("reference.goalposts", {"indicator_id": "i", "range_low": 8, "range_high": 10, "tolerance": 4})
    attainment: float = world.figures("i", {2024: value}).row(HISTORY)["attainment"]
    return attainment


# COINr, coinr_unit_examples.csv, function goalposts; its 0..1 is 0..100 here
@pytest.mark.parametrize(
    ("value", "floor", "upper", "published"),
    [(1, 0, 10, 0.1), (11, 0, 10, 1), (-1, 0, 10, 0), (1, 10, 0, 0.9), (-1, 10, 0, 1), (11, 10, 0, 0)],
)
def test_attainment_is_what_coinr_publishes(
    world: World, value: float, floor: float, upper: float, published: float
) -> None:
    assert attain(world, value, floor, upper) == pytest.approx(100 * published, abs=1e-12)


def test_attainment_is_exact_where_the_figures_are(world: World) -> None:
    assert 100 * (0.2 - 0.1) / (0.3 - 0.1) != 50  # in plain doubles it is not
    assert attain(world, 0.2, 0.1, 0.3) == 50


@pytest.mark.parametrize(
    ("ends", "value", "attained"),
    [
        ((100, 10_000), 1000, 50),
        ((100, 10_000), 100, 0),
        ((100, 10_000), 10_000, 100),
        ((100, 10_000), 99, 0),
        ((100, 10_000), 0, 0),
        ((100, 10_000), -5, 0),
        ((10_000, 100), 1000, 50),
        ((10_000, 100), 20_000, 0),
        ((10_000, 100), 0, 100),
        ((10_000, 100), -5, 100),
    ],
)
def test_a_logarithmic_scale_scores_by_ratios(
    world: World, ends: tuple[float, float], value: float, attained: float
) -> None:
    world.indicator("i", None, direction=1 if ends[0] < ends[1] else -1).figures("i", {2024: value})
    world.add("reference.goalposts", {"indicator_id": "i", "lower": ends[0], "upper": ends[1], "scale": "log"})
    assert world.row(HISTORY)["attainment"] == pytest.approx(attained, abs=1e-9)


@pytest.mark.parametrize(
    ("value", "attained"), [(8, 100), (9, 100), (10, 100), (6, 50), (11, 75), (4, 0), (3, 0), (20, 0)]
)
def test_a_range_scores_full_inside_and_falls_over_its_width(world: World, value: float, attained: float) -> None:
    assert in_range(world, value) == attained


def test_zero_is_a_value_and_not_a_gap(world: World) -> None:
    world.indicator("i", (50, 0), direction=-1).figures("i", {2024: 0})
    assert world.score("i")["attainment"] == 100
    assert world.score("i")["data_status"] == "scored"


def test_without_goalposts_there_is_no_attainment_and_the_figure_stands(world: World) -> None:
    world.indicator("i", None).figures("i", {2024: 7})
    score = world.score("i")
    assert (score["value"], score["attainment"], score["data_status"]) == (7, None, "no_goalposts")


def test_without_a_figure_there_is_no_score_and_it_says_so(world: World) -> None:
    score = world.indicator("i").score("i")
    assert (score["value"], score["attainment"], score["data_status"]) == (None, None, "awaiting_data")


def test_weight_zero_is_context_and_never_scores(world: World) -> None:
    score = world.indicator("i", weight=0).figures("i", {2024: 7}).score("i")
    assert (score["attainment"], score["data_status"]) == (None, "context")


def test_only_the_scope_of_the_registry_scores(world: World) -> None:
    world.indicator("i").figures("i", {2024: 10}).figures("i", {2024: 90}, scope="centre")
    assert [row["value"] for row in world.rows(HISTORY)] == [10]


def test_a_figure_of_another_scope_alone_awaits_data(world: World) -> None:
    assert world.indicator("i").figures("i", {2024: 90}, scope="centre").score("i")["data_status"] == "awaiting_data"


def test_only_the_current_vintage_scores(world: World) -> None:
    world.indicator("i").figures("i", {2024: 10}, vintage=1, is_current=False).figures("i", {2024: 20}, vintage=2)
    assert [(row["value"], row["vintage"]) for row in world.rows(HISTORY)] == [(20, 2)]


def test_history_has_every_year_and_the_score_the_newest(world: World) -> None:
    world.indicator("i").figures("i", {2022: 10, 2023: 20, 2024: 30})
    assert [row["attainment"] for row in world.rows(HISTORY)] == [10, 20, 30]
    assert (world.score("i")["year"], world.score("i")["attainment"]) == (2024, 30)


def test_a_figure_after_the_assessment_year_is_history_that_does_not_score_yet(world: World) -> None:
    world.indicator("i").figures("i", {2024: 10, 2025: 20})
    assert len(world.rows(HISTORY)) == 2
    assert world.score("i")["year"] == 2024


def test_a_stale_figure_is_shown_and_does_not_score(world: World) -> None:
    score = world.indicator("i").figures("i", {2018: 10}).score("i")
    assert (score["value"], score["attainment"], score["data_status"]) == (10, None, "stale")


def test_a_figure_as_old_as_the_limit_still_scores(world: World) -> None:
    assert world.indicator("i").figures("i", {2019: 10}).score("i")["attainment"] == 10


def test_the_goalposts_are_published_beside_the_score(world: World) -> None:
    score = world.indicator("i", (20, 80)).figures("i", {2024: 50}).score("i")
    assert (score["goalposts_lower"], score["goalposts_upper"], score["goalposts_class"]) == (20, 80, "target")


# --- properties --------------------------------------------------------------------------------------------------

common = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
few = settings(common, max_examples=8)
figures = st.integers(-(10**6), 10**6).map(lambda scaled: scaled / 1e3)
ends = st.tuples(figures, figures).filter(lambda pair: pair[0] != pair[1])


def history(world: World, values: Sequence[float], goalposts: tuple[float, float]) -> list[float]:
    furnished(world).indicator("i", goalposts)
    world.figures("i", dict(enumerate(values, start=1990)))
    return [row["attainment"] for row in world.rows(HISTORY)]


@few
@given(values=st.lists(figures, min_size=1, max_size=30), goalposts=ends)
def test_attainment_lies_within_0_and_100(
    any_world: World, values: list[float], goalposts: tuple[float, float]
) -> None:
    assert all(0 <= attained <= 100 for attained in history(any_world, values, goalposts))


@few
@given(values=st.lists(figures, min_size=1, max_size=30), goalposts=ends)
def test_another_unit_leaves_attainment_alone(
    any_world: World, values: list[float], goalposts: tuple[float, float]
) -> None:
    tenfold = history(any_world, [value * 10 for value in values], (goalposts[0] * 10, goalposts[1] * 10))
    assert tenfold == history(any_world, values, goalposts)


@few
@given(values=st.lists(figures, min_size=1, max_size=30), goalposts=ends)
def test_goalposts_the_other_way_round_give_the_rest_to_100(
    any_world: World, values: list[float], goalposts: tuple[float, float]
) -> None:
    forth, back = history(any_world, values, goalposts), history(any_world, values, goalposts[::-1])
    assert [one + other for one, other in zip(forth, back, strict=True)] == pytest.approx([100] * len(values))


@few
@given(base=st.integers(1, 500), now=st.integers(1, 500), target=st.integers(1, 500))
def test_a_mirrored_series_has_the_same_linear_pace_and_status(
    any_world: World, base: int, now: int, target: int
) -> None:
    world = furnished(any_world).indicator("up", None).indicator("down", None, direction=-1)
    for name, sign in (("up", 1), ("down", -1)):
        world.figures(name, {2015: sign * base, 2024: sign * now})
        world.target(name, sign * target, operator=">=" if sign == 1 else "<=")
    up, down = world.score("up"), world.score("down")
    same = ("pace_ratio_linear", "status_linear", "is_target_met", "gap_to_target")
    assert [up[name] for name in same] == [down[name] for name in same]
