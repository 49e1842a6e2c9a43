"""Aggregation: from attainments to dimensions, measures and the index, and what thin coverage does to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from statistics import fmean

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders.world import Row, World, furnished

DIMENSIONS = "scorecards.dimension_scores"
MEASURES = "scorecards.measure_scores"
CITIES = "scorecards.city_scores"

Attained = Mapping[str, Sequence[float | None]]


def attain(world: World, cities: Attained, dimension: str = "d", weights: Sequence[float] | None = None) -> World:
    """City by city the attainments of the indicators of one dimension; None is no figure."""
    width = max(len(attained) for attained in cities.values())
    for n in range(width):
        world.indicator(f"{dimension}{n}", dimension_id=dimension, weight=weights[n] if weights else 1)
    world.add("reference.cities", *({"city_code": code} for code in cities if code != "A"))
    figures = [
        {"city_code": code, "indicator_id": f"{dimension}{n}", "year": 2024, "value": value}
        for code, attained in cities.items()
        for n, value in enumerate(attained)
        if value is not None
    ]
    return world.add("observations.city_observations", *figures)


def scores(world: World) -> dict[str, float | None]:
    return {row["city_code"]: row["score"] for row in world.rows(DIMENSIONS)}


# --- the coverage threshold -------------------------------------------------------------------------------------


def test_threshold_of_two_thirds_gives_what_coinr_publishes(world: World) -> None:
    attain(world, {"A": (1, 3, 1), "B": (2, None, None), "C": (3, None, 1)})
    assert scores(world) == {"A": pytest.approx(5 / 3, abs=1e-8), "B": None, "C": 2.0}


def test_two_of_three_pass_a_threshold_written_with_four_digits(world: World) -> None:
    world.clear().add("reference.parameters", {}).city("A")
    world.add("reference.dimensions", {"minimum_indicators_share": 0.6667})
    assert scores(attain(world, {"A": (3, None, 1)})) == {"A": 2.0}


def test_below_the_threshold_the_score_is_missing_and_the_mean_stands_beside_it(world: World) -> None:
    row = attain(world, {"A": (90, None, None)}).row(DIMENSIONS)
    assert (row["score"], row["score_geometric"], row["rank"], row["score_status"]) == (
        None,
        None,
        None,
        "not_available",
    )
    assert (row["mean_of_available"], row["coverage"]) == (90, pytest.approx(1 / 3))


def test_a_dimension_without_any_figure_awaits_data(world: World) -> None:
    row = attain(world, {"A": (None, None)}).row(DIMENSIONS)
    assert (row["score_status"], row["score"], row["coverage"]) == ("awaiting_data", None, 0)


def test_a_threshold_of_zero_does_not_make_a_score_of_nothing(world: World) -> None:
    world.clear().add("reference.parameters", {}).city("A").add("reference.dimensions", {"minimum_indicators_share": 0})
    world.add("observations.city_observations")
    assert attain(world, {"A": (None, None)}).row(DIMENSIONS)["score_status"] == "awaiting_data"


def test_context_indicators_do_not_count_for_coverage(world: World) -> None:
    row = attain(world, {"A": (40, 60, 80)}, weights=(1, 1, 0)).row(DIMENSIONS)
    assert (row["score"], row["indicators_total"]) == (50, 2)


def test_stale_indicators_count_as_missing(world: World) -> None:
    attain(world, {"A": (40, 60, None)}).figures("d2", {2010: 100})
    row = world.row(DIMENSIONS)
    assert (row["indicators_scored"], row["indicators_total"], row["score"], row["oldest_year"]) == (2, 3, 50, 2024)


def test_weights_of_the_missing_are_left_out(world: World) -> None:
    attain(world, {"A": (10, 40, 100), "B": (None, 40, 100)}, weights=(1, 1, 2))
    assert scores(world) == {"A": 62.5, "B": 80}


def test_the_geometric_mean_stands_on_scores_shifted_to_one_to_hundred(world: World) -> None:
    row = attain(world, {"A": (0, 100)}).row(DIMENSIONS)
    assert row["score_geometric"] == pytest.approx((10 - 1) / 0.99)


def test_shares_of_references_and_of_other_than_primary_sources_are_told(world: World) -> None:
    attain(world, {"A": (10, 20)}).figures("d2", {2024: 30}, source_grade="B").indicator("d2")
    row = world.target("d0", 50, authority="policy_city").target("d1", 50, authority="national").row(DIMENSIONS)
    assert row["reference_share"] == pytest.approx(2 / 3)
    assert row["non_primary_share"] == pytest.approx(1 / 3)


# --- ranks ------------------------------------------------------------------------------------------------------


def test_only_published_scores_have_a_rank_and_equal_ones_share_it(world: World) -> None:
    attain(world, {"A": (10, 20), "B": (100, None), "C": (20, 10), "D": (90, 90), "E": (0, 1)})
    assert {row["city_code"]: row["rank"] for row in world.rows(DIMENSIONS)} == {
        "A": 2,
        "B": None,
        "C": 2,
        "D": 1,
        "E": 4,
    }


def test_only_cities_with_an_index_have_a_rank(world: World) -> None:
    attain(world, {"A": (10, 20), "B": (100, None), "C": (50, 50)})
    assert {row["city_code"]: row["rank"] for row in world.rows(CITIES)} == {"A": 2, "B": None, "C": 1}


def test_a_measure_has_the_geometric_mean_beside_the_arithmetic_one(world: World) -> None:
    world.add("reference.measures", {"measure_id": 1})
    world.add("reference.indicator_measures", *({"indicator_id": f"d{n}", "measure_id": 1} for n in range(2)))
    row = attain(world, {"A": (0, 100)}).target("d0", 50).row(MEASURES)
    assert (row["score"], row["score_geometric"]) == (50, pytest.approx((10 - 1) / 0.99))


@pytest.mark.parametrize(("weights", "expected"), [((1, 1, 1), 1.8171205928321397), ((1, 1, 2), 2.0597671439071177)])
def test_geometric_means_are_those_of_coinr_on_shifted_scores(
    world: World, weights: Sequence[float], expected: float
) -> None:
    row = attain(world, {"A": (0, 1 / 0.99, 2 / 0.99)}, weights=weights).row(DIMENSIONS)
    assert 1 + 0.99 * row["score_geometric"] == pytest.approx(expected, abs=1e-4)


# --- the city index ---------------------------------------------------------------------------------------------


def index(world: World, *dimensions: Row) -> Row:
    """City A, whose dimension n has one indicator with the attainment that its row gives as `score`."""
    world.clear().add("reference.parameters", {}).city("A").add("observations.city_observations")
    for n, said in enumerate(dimensions):
        attained = said.pop("score")
        world.add("reference.dimensions", {"dimension_id": f"d{n}", **said})
        attain(world, {"A": (attained,)}, f"d{n}")
    return world.row(CITIES)


def test_the_index_is_the_mean_of_the_dimensions_that_have_a_score(world: World) -> None:
    row = index(world, {"score": 20}, {"score": 40}, {"score": None})
    assert (row["city_index"], row["dimensions_scored"], row["dimensions_total"]) == (30, 2, 3)


def test_half_of_the_dimensions_is_enough_for_an_index(world: World) -> None:
    assert index(world, {"score": 20}, {"score": None})["index_status"] == "scored"


def test_less_than_half_of_the_dimensions_is_no_index_and_never_a_low_one(world: World) -> None:
    row = index(world, {"score": 20}, {"score": None}, {"score": None})
    assert (row["index_status"], row["city_index"], row["city_index_geometric"], row["rank"]) == (
        "not_available",
        None,
        None,
        None,
    )
    assert row["mean_of_available"] == 20


def test_a_dimension_outside_the_index_neither_counts_nor_carries(world: World) -> None:
    row = index(world, {"score": 20}, {"score": 100, "is_in_index": False}, {"score": 100, "is_in_index": False})
    assert (row["city_index"], row["dimensions_total"], row["indicators_scored"]) == (20, 1, 3)


def test_dimensions_weigh_in_the_index(world: World) -> None:
    assert index(world, {"score": 20, "weight": 3}, {"score": 60})["city_index"] == 30


def test_a_city_without_any_figure_is_listed_all_the_same(world: World) -> None:
    row = attain(world, {"A": (None,)}).row(CITIES)
    assert (row["indicators_listed"], row["indicators_with_data"], row["city_index"]) == (1, 0, None)


# --- measures ---------------------------------------------------------------------------------------------------


def measured(world: World) -> dict[int, Row]:
    """Five measures: nothing linked, no figure, no target, enough scores, too few scores."""
    world.add("reference.measures", *({"measure_id": n} for n in range(1, 6)))
    attain(world, {"A": (None, 30, 40, None)})
    world.connection.execute("delete from reference.goalposts where indicator_id = 'd1'")
    world.target("d0", 50).target("d2", 50).target("d3", 50)
    links = {2: ("d0",), 3: ("d1",), 4: ("d2",), 5: ("d2", "d3")}
    rows = [{"measure_id": measure, "indicator_id": name} for measure, names in links.items() for name in names]
    return {row["measure_id"]: row for row in world.add("reference.indicator_measures", *rows).rows(MEASURES)}


def test_all_measures_are_listed_each_with_what_it_lacks(world: World) -> None:
    assert {number: row["score_status"] for number, row in measured(world).items()} == {
        1: "awaiting_data",
        2: "awaiting_data",
        3: "no_target",
        4: "scored",
        5: "not_available",
    }


def test_only_a_measure_with_enough_scores_has_one(world: World) -> None:
    rows = measured(world)
    assert {number: row["score"] for number, row in rows.items()} == {1: None, 2: None, 3: None, 4: 40, 5: None}
    assert rows[5]["mean_of_available"] == 40


def test_a_measure_without_a_target_does_not_carry_a_score_beside_no_target(world: World) -> None:
    world.add("reference.measures", {}).add("reference.indicator_measures", {"indicator_id": "d0", "measure_id": 1})
    row = attain(world, {"A": (30,)}).row(MEASURES)
    assert (row["score_status"] == "scored") == (row["score"] is not None)


# --- properties -------------------------------------------------------------------------------------------------

HISTORY = "scorecards.attainment_history"
common = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
few, fewest = settings(common, max_examples=8), settings(common, max_examples=5)
figures = st.integers(-(10**6), 10**6).map(lambda scaled: scaled / 1e3)
ends = st.tuples(figures, figures).filter(lambda pair: pair[0] != pair[1])
attainments = st.integers(0, 10**4).map(lambda scaled: scaled / 100)
rows_of_cities = st.lists(st.lists(st.none() | attainments, min_size=4, max_size=4), min_size=2, max_size=8)


def history(world: World, values: Sequence[float], goalposts: tuple[float, float]) -> list[float]:
    furnished(world).indicator("i", goalposts)
    world.figures("i", dict(enumerate(values, start=1990)))
    return [row["attainment"] for row in world.rows(HISTORY)]


def named(rows: Sequence[Sequence[float | None]]) -> dict[str, Sequence[float | None]]:
    return dict(zip("ABCDEFGH", rows, strict=False))


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


@fewest
@given(rows=rows_of_cities)
def test_a_score_lies_between_the_least_and_the_most_of_its_indicators(
    any_world: World, rows: list[list[float | None]]
) -> None:
    attain(furnished(any_world), cities := named(rows))
    for city, score in scores(any_world).items():
        have = [value for value in cities[city] if value is not None]
        assert (score is not None) == (len(have) >= 3)
        assert score is None or (0 <= min(have) - 1e-8 <= score + 1e-8 and score <= min(max(have) + 1e-8, 100))


@fewest
@given(rows=rows_of_cities, random=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(any_world: World, rows: list[list[float | None]], random: Random) -> None:
    attain(furnished(any_world), named(rows))
    first = any_world.rows(DIMENSIONS)
    for table in ("observations.city_observations", "reference.indicators", "reference.cities", "reference.goalposts"):
        stored = any_world.query(f"from {table}")
        random.shuffle(stored)
        any_world.connection.execute(f"delete from {table}")
        any_world.add(table, *stored)
    assert any_world.rows(DIMENSIONS) == first


@fewest
@given(rows=rows_of_cities)
def test_another_city_changes_nobody_elses_scores(any_world: World, rows: list[list[float | None]]) -> None:
    all_cities = named(rows)
    attain(furnished(any_world), all_cities)
    with_it = scores(any_world)
    added = list(all_cities)[-1]
    attain(furnished(any_world), {city: row for city, row in all_cities.items() if city != added})
    assert scores(any_world) == {city: score for city, score in with_it.items() if city != added}


@fewest
@given(row=st.lists(attainments, min_size=4, max_size=4))
def test_a_missing_indicator_never_lowers_a_score_below_the_mean_of_the_others(
    any_world: World, row: list[float]
) -> None:
    lacking = {city: [None if n == gap else value for n, value in enumerate(row)] for gap, city in enumerate("ABCD")}
    attain(furnished(any_world), lacking)
    for city, score in scores(any_world).items():
        assert score == pytest.approx(fmean(value for value in lacking[city] if value is not None), abs=1e-8)
