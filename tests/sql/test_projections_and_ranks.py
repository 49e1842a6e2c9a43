"""From tables to projections and rank intervals: what goes in, what comes out, and honest empty results."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from assets.scorecards.arrays import Columns
from assets.scorecards.projections import build_projection_tables
from assets.scorecards.rankings import build_rankings
from tests.builders.world import Row, World, tables

LINE = {2016: 40.0, 2018: 44.0, 2020: 48.0, 2022: 52.0, 2024: 56.0}


def rows(columns: Columns) -> list[Row]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def projections(world: World) -> dict[str, Row]:
    for name in ("projection_points", "indicator_scores"):
        world.build(f"scorecards.{name}")
    made = rows(build_projection_tables(world.connection)["projections"])
    return {row["indicator_id"]: row for row in made if row["city_code"] == "A"}


def ranked(world: World) -> dict[str, list[Row]]:
    for name in ("ranking_inputs", "dimension_scores", "city_scores"):
        world.build(f"scorecards.{name}")
    made = build_rankings(world.connection)
    for name, columns in made.items():
        tables()[f"scorecards.{name}"].load_columns(world.connection, columns)
    return {name: rows(columns) for name, columns in made.items()}


# --- projections ------------------------------------------------------------------------------------------------


def province_of(world: World, indicator: str, years: Iterable[int] = range(2010, 2025), cities: int = 40) -> None:
    """Forty cities whose figures walk at random, enough past forecasts to calibrate; synthetic."""
    random = np.random.default_rng(3)
    for number in range(cities):
        code = f"P{number:02}"
        world.city(code)
        figures = 50 + np.cumsum(random.normal(0.4, 1.5, 40))
        world.figures(indicator, {year: float(figures[year - 2000]) for year in years}, city_code=code)


def test_a_series_is_projected_to_the_horizon_with_what_it_is_compared_with(world: World) -> None:
    world.indicator("i", minimum=0, maximum=100).figures("i", LINE).target("i", 60, year=2027)
    province_of(world, "i")
    row = projections(world)["i"]
    assert (row["projection_status"], row["points"], row["first_year"], row["last_year"]) == (
        "projected",
        5,
        2016,
        2024,
    )
    assert (row["scale"], row["projected_year"], row["target_year"]) == ("logit", 2030, 2027)
    assert row["projected_low"] < row["projected_value"] < row["projected_high"]
    assert row["change_per_year"] == pytest.approx((row["projected_value"] - 56) / 6)
    assert 0 < row["probability_met"] < 1
    assert 0.85 <= row["coverage_share"] <= 0.95
    assert row["coverage_forecasts"] == 40


def test_the_backtest_of_each_horizon_is_published(world: World) -> None:
    province_of(world.indicator("i", minimum=0, maximum=100).target("i", 60, year=2027), "i")
    for name in ("projection_points", "indicator_scores"):
        world.build(f"scorecards.{name}")
    backtest = rows(build_projection_tables(world.connection)["projection_backtest"])
    # Ten points, the first four of which are needed: origins 2018 to 2022, figures up to 2024.
    assert {row["horizon_years"]: row["origins"] for row in backtest} == {2: 5, 3: 4, 4: 3, 5: 2, 6: 1}
    assert all(row["kind"] == "rate" and row["forecasts"] == 40 * row["origins"] for row in backtest)
    assert all(row["target_forecasts"] == row["forecasts"] and 0 <= row["brier_score"] <= 1 for row in backtest)


def test_a_horizon_that_the_backtest_does_not_support_has_no_projection(world: World) -> None:
    world.indicator("i", minimum=0, maximum=100).figures("i", LINE).target("i", 60, year=2027)
    row = projections(world)["i"]
    assert row["projection_status"] == "not_calibrated"
    assert {row[name] for name in ("projected_value", "projected_low", "probability_met", "expected_year")} == {None}


def test_the_latest_ten_points_are_taken(world: World) -> None:
    row = projections(world.indicator("i").figures("i", {year: year % 7 for year in range(2010, 2025)}))["i"]
    assert (row["points"], row["first_year"], row["target_year"], row["probability_met"]) == (10, 2015, None, None)


def test_what_cannot_be_projected_says_why(world: World) -> None:
    world.indicator("few").figures("few", {2021: 1, 2022: 2, 2024: 3})
    world.indicator("old").figures("old", {year: year - 2000 for year in range(2010, 2018)})
    world.indicator("flag", kind="yes_no").figures("flag", dict.fromkeys(range(2018, 2025), 1))
    world.indicator("none")
    found = projections(world)
    assert {name: row["projection_status"] for name, row in found.items()} == {
        "few": "too_few_points",
        "old": "stale",
        "flag": "yes_no",
    }
    assert all(row["projected_value"] is None and row["projected_year"] is None for row in found.values())


def test_a_break_starts_the_series_anew_for_the_city_it_names(world: World) -> None:
    world.city("B").indicator("i").indicator("j")
    for city in "AB":
        world.figures("i", dict.fromkeys(range(2016, 2025), 5.0), city_code=city)
        world.figures("j", dict.fromkeys(range(2016, 2025), 5.0), city_code=city)
    world.add(
        "reference.series_breaks",
        {"indicator_id": "i", "city_code": "B", "year": 2020},
        {"indicator_id": "j", "year": 2022},
    )
    for name in ("projection_points", "indicator_scores"):
        world.build(f"scorecards.{name}")
    found = {
        (row["city_code"], row["indicator_id"]): (row["points"], row["break_year"], row["projection_status"])
        for row in rows(build_projection_tables(world.connection)["projections"])
    }
    assert found == {
        ("A", "i"): (9, None, "not_calibrated"),
        ("B", "i"): (5, 2020, "not_calibrated"),
        ("A", "j"): (3, 2022, "too_few_points"),
        ("B", "j"): (3, 2022, "too_few_points"),
    }


# --- rank intervals ---------------------------------------------------------------------------------------------


def three_cities(world: World) -> World:
    """Two dimensions of two indicators each; A is ahead on all, B and C change places."""
    world.add("reference.dimensions", {"dimension_id": "e", "position": 2}).city("B", "C")
    attained = {"A": (90, 91, 95, 96), "B": (50, 40, 60, 20), "C": (45, 50, 30, 55)}
    for n, dimension in enumerate("ddee"):
        world.indicator(f"i{n}", dimension_id=dimension)
        for city, values in attained.items():
            world.figures(f"i{n}", {2024: values[n]}, city_code=city)
    return world


def test_every_ranking_has_its_intervals_pairs_and_sensitivity(world: World) -> None:
    made = ranked(three_cities(world))
    heads = {(row["level"], row["dimension_id"]): row for row in made["rankings"]}
    assert set(heads) == {("dimension", "d"), ("dimension", "e"), ("index", None)}
    assert all((row["ranking_status"], row["simulations"], row["seed"]) == ("ranked", 200, 1) for row in heads.values())
    index = {row["city_code"]: row for row in made["rank_intervals"] if row["level"] == "index"}
    assert (index["A"]["rank_low"], index["A"]["rank_high"], index["A"]["probability_top_three"]) == (1, 1, 1)
    assert index["B"]["rank_low"] < index["B"]["rank_high"]
    pairs = {(row["city_code"], row["other_city_code"]) for row in made["robust_rank_pairs"] if row["level"] == "index"}
    assert pairs == {("A", "B"), ("A", "C")}
    assert {row["factor"] for row in made["rank_sensitivity"]} == {
        "weights",
        "normalisation",
        "goalposts",
        "aggregation",
        "excluded",
        "missing",
        "measurement",
    }
    sobol = [row for row in made["rank_sobol_indices"] if row["level"] == "index"]
    assert {row["factor"] for row in sobol} == {row["factor"] for row in made["rank_sensitivity"]}
    assert {row["city_code"] for row in sobol} == {None, "A", "B", "C"}
    effective = {row["indicator_id"]: row for row in made["effective_weights"]}
    assert set(effective) == {f"i{n}" for n in range(4)}
    assert sum(effective[name]["nominal_weight"] for name in ("i0", "i1")) == 1


def test_nominal_ranks_are_those_of_the_scores(world: World) -> None:
    made = ranked(three_cities(world))
    published = {row["city_code"]: row["rank"] for row in world.rows("scorecards.city_scores")}
    assert {
        row["city_code"]: row["nominal_rank"] for row in made["rank_intervals"] if row["level"] == "index"
    } == published


def test_every_published_rank_is_in_its_interval_or_says_why_not(world: World) -> None:
    made = ranked(three_cities(world))
    for row in made["rank_intervals"]:
        is_inside = row["rank_low"] <= row["nominal_rank"] <= row["rank_high"]
        assert (row["outside_reason"] is None) == is_inside


def test_the_measurement_error_of_a_source_is_the_spread_of_its_revisions(world: World) -> None:
    world.add("reference.sources", {"source_id": "s"}, {"source_id": "final", "priority": 2}).indicator("i")
    world.build("observations.observation_vintages")
    world.query("""
        insert into observations.observation_vintages
            (city_code, indicator_id, year, scope, vintage, is_current, value, source_id, source_grade)
        select 'A', 'i', year, 'whole', vintage, vintage = 2,
            case when vintage = 1 then 100 when year % 2 = 0 then 98 else 102 end,
            case when vintage = 1 then 's' else 'final' end, 'A'
        from range(2018, 2024) as years (year), range(1, 3) as vintages (vintage)
    """)
    errors = {row["source_id"]: row for row in world.rows("scorecards.measurement_errors")}
    assert (errors["s"]["revisions"], errors["s"]["relative_error"]) == (6, pytest.approx(0.02))
    assert (errors["final"]["revisions"], errors["final"]["relative_error"]) == (0, None)


def test_without_scores_there_is_no_rank_and_the_ranking_says_so(world: World) -> None:
    world.city("B").indicator("i").indicator("j").figures("i", {2024: 10})
    made = ranked(world)
    assert [(row["ranking_status"], row["cities_ranked"], row["cities_total"]) for row in made["rankings"]] == [
        ("too_few_scores", 0, 2),
        ("too_few_scores", 0, 2),
    ]
    assert made["rank_intervals"] == made["robust_rank_pairs"] == made["rank_sensitivity"] == []
    assert world.query("select count(*) as n from scorecards.rank_intervals") == [{"n": 0}]


def test_the_same_tables_give_the_same_ranks_on_one_thread_and_on_two(world: World) -> None:
    three_cities(world)
    try:
        first = ranked(world)
        world.connection.execute("set threads = 2")
        assert ranked(world) == first
    finally:
        world.connection.execute("set threads = 1")


# --- listings of the registry -----------------------------------------------------------------------------------


def cities_with(world: World, **values: tuple[float, ...]) -> World:
    codes = "ABCDEF"
    world.city(*codes[1:])
    for name, said in values.items():
        world.indicator(name)
        for code, value in zip(codes, said, strict=False):
            world.figures(name, {2024: value}, city_code=code)
    return world


def test_indicators_that_order_the_cities_alike_are_listed(world: World) -> None:
    cities_with(world, i=(1, 2, 3, 4, 5), j=(10, 20, 21, 70, 90), k=(5, 1, 4, 2, 3))
    (row,) = world.rows("scorecards.redundant_indicators")
    assert (row["indicator_id"], row["other_indicator_id"], row["cities"], row["rank_correlation"]) == ("i", "j", 5, 1)


def test_equal_values_share_their_mean_place_in_the_correlation(world: World) -> None:
    # places 1 2 3.5 3.5 5 6 against 1 2 3 4 5 6: scipy.stats.spearmanr gives 0.985611
    cities_with(world, i=(1, 2, 3, 3, 5, 6), j=(1, 2, 3, 4, 5, 6))
    (row,) = world.rows("scorecards.redundant_indicators")
    assert row["rank_correlation"] == pytest.approx(0.9856107606091623)


def test_four_cities_are_too_few_to_call_indicators_redundant(world: World) -> None:
    cities_with(world, i=(1, 2, 3, 4), j=(1, 2, 3, 4))
    assert world.rows("scorecards.redundant_indicators") == []


def test_indicators_that_all_cities_pass_are_listed(world: World) -> None:
    cities_with(world, i=(50, 60, 70), j=(50, 60, 70), k=(5, 5, 5))
    world.target("i", 45).target("j", 55)
    found = {
        row["indicator_id"]: (row["is_met_by_all"], row["is_equal_for_all"])
        for row in world.rows("scorecards.non_discriminating_indicators")
    }
    assert found == {"i": (True, False), "k": (False, True)}
