"""Derived indicators: a ratio of two figures where none is reported, with the weaker grade and qualifier."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders.world import Row, World, furnished

CURRENT = "observations.current_observations"
PARTS = "observations.derived_parts"


def with_parts(world: World, gap: int = 1) -> World:
    """A rate of beds to people, scored from 0 to 10, whose denominator may be some years older."""
    world.indicator("rate", (0, 10)).indicator("beds", None, weight=0).indicator("people", None, weight=0)
    parts = {"indicator_id": "rate", "numerator_id": "beds", "denominator_id": "people", "multiplier": 0.1}
    return world.add("reference.indicator_parts", {**parts, "maximum_gap_years": gap})


def derived(world: World, **said: object) -> Row:
    return world.row(CURRENT, indicator_id="rate", **said)


def test_a_rate_is_derived_from_its_parts_and_scores(world: World) -> None:
    with_parts(world).figures("beds", {2024: 600}, line=7, file="beds.csv").figures("people", {2024: 10}, line=9)
    figure = derived(world)
    assert (figure["value"], figure["year"], figure["is_derived"], figure["vintage"]) == (6, 2024, True, 0)
    assert (figure["file"], figure["line"]) == ("beds.csv", 7)
    assert world.score("rate")["attainment"] == 60
    row = world.row(PARTS)
    assert (row["numerator_line"], row["denominator_line"], row["reported_value"]) == (7, 9, None)


def test_a_reported_rate_counts_and_is_compared_with_its_parts(world: World) -> None:
    with_parts(world).figures("beds", {2024: 600}).figures("people", {2024: 10}).figures("rate", {2024: 5})
    assert (derived(world)["value"], derived(world)["is_derived"]) == (5, False)
    row = world.row(PARTS)
    assert (row["value"], row["reported_value"], row["difference_pct"]) == (6, 5, 20)


def test_each_year_is_derived_by_itself(world: World) -> None:
    with_parts(world).figures("beds", {2022: 500, 2023: 600}).figures("people", {2022: 10, 2023: 10})
    world.figures("rate", {2022: 4})
    assert [(row["year"], row["value"]) for row in world.rows(CURRENT, indicator_id="rate")] == [(2022, 4), (2023, 6)]


@pytest.mark.parametrize(
    ("years", "used"),
    [({2024: 10, 2023: 20}, 2024), ({2023: 20, 2022: 5}, 2023), ({2022: 5}, None), ({2025: 5}, None)],
)
def test_the_denominator_is_the_latest_within_the_gap(world: World, years: dict[int, float], used: int | None) -> None:
    with_parts(world).figures("beds", {2024: 600}).figures("people", years)
    assert [row["denominator_year"] for row in world.rows(PARTS)] == ([] if used is None else [used])


@pytest.mark.parametrize(
    "said", [{"scope": "centre"}, {"is_current": False}, {"city_code": "B"}], ids=lambda s: next(iter(s))
)
def test_parts_of_another_scope_city_or_vintage_are_no_parts(world: World, said: Row) -> None:
    with_parts(world).city("B").figures("beds", {2024: 600}).figures("people", {2024: 10}, **said)
    assert world.rows(PARTS) == []


def test_a_denominator_of_zero_derives_nothing(world: World) -> None:
    with_parts(world).figures("beds", {2024: 600}).figures("people", {2024: 0, 2023: 10})
    assert world.row(PARTS)["denominator_year"] == 2023


def test_no_rate_is_derived_in_place_of_one_that_is_held_back(world: World) -> None:
    with_parts(world).figures("beds", {2024: 600}).figures("people", {2024: 10})
    world.figures("rate", {2024: 5}, is_current=False, is_quarantined=True)
    assert world.rows(CURRENT, indicator_id="rate") == []
    assert world.score("rate")["data_status"] == "awaiting_data"


@pytest.mark.parametrize(("above", "below", "grade"), [("A", "B", "B"), ("C", "A", "C"), ("A", "A", "A")])
def test_the_weaker_grade_is_carried(world: World, above: str, below: str, grade: str) -> None:
    with_parts(world).figures("beds", {2024: 600}, source_grade=above)
    world.figures("people", {2024: 10}, source_grade=below)
    assert derived(world)["source_grade"] == grade


@pytest.mark.parametrize(
    ("above", "below", "carried"),
    [
        (None, None, None),
        ("about", None, "about"),
        (None, "about", "about"),
        ("at_least", None, "at_least"),
        ("at_least", "about", "at_least"),
        ("at_least", "under", "at_least"),
        ("at_least", "at_least", "about"),
        (None, "at_least", "under"),
        ("under", "about", "under"),
        ("under", "under", "about"),
        ("about", "under", "at_least"),
    ],
)
def test_the_qualifier_says_what_the_parts_allow(
    world: World, above: str | None, below: str | None, carried: str | None
) -> None:
    with_parts(world).figures("beds", {2024: 600}, qualifier=above).figures("people", {2024: 10}, qualifier=below)
    assert derived(world)["qualifier"] == carried


VALUES = st.floats(0.01, 1e6, allow_nan=False)


@given(above=VALUES, below=VALUES, gap=st.integers(0, 3), older=st.integers(-2, 4))
def test_a_rate_exists_exactly_where_both_parts_do(
    any_world: World, above: float, below: float, gap: int, older: int
) -> None:
    world = (
        with_parts(furnished(any_world), gap).figures("beds", {2024: above}).figures("people", {2024 - older: below})
    )
    rows = world.rows(CURRENT, indicator_id="rate")
    assert [row["value"] for row in rows] == ([above * 0.1 / below] if 0 <= older <= gap else [])
