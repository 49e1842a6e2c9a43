"""How fast scores and rank intervals are made, on synthetic figures.

2,800 units, 60 indicators, 10 years, 10,000 draws.

`python -m benchmarks.scoring` prints wall and processor seconds of every step, and the peak memory.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from assets.core.paths import PROJECT_ROOT, Paths
from assets.scorecards.arrays import read_parameters
from assets.scorecards.projections import build_projection_tables
from assets.scorecards.rankings import read_rankings, simulate_ranking
from assets.warehouse.connection import Connection, connect_in_memory
from assets.warehouse.models import read_models
from assets.warehouse.tables import Table, read_tables

UNITS, INDICATORS, DIMENSIONS, BASKETS, YEARS, DRAWS = 2_800, 60, 6, 2, 10, 10_000
SCORES = (
    "attainment_history",
    "applicable_targets",
    "selected_targets",
    "current_points",
    "current_values",
    "pace_ratios",
)
SCORES += (
    "indicator_scores",
    "preset_statuses",
    "basket_members",
    "group_ranges",
    "index_ranges",
    "score_ranges",
    "dimension_scores",
)
SCORES += ("measure_scores", "city_scores", "certain_pairs", "preset_dimensions", "preset_scores")
LISTINGS = (
    "projection_points",
    "measurement_errors",
    "ranking_inputs",
    "redundant_indicators",
    "non_discriminating_indicators",
)


@contextmanager
def timed(what: str) -> Iterator[None]:
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    yield
    after = resource.getrusage(resource.RUSAGE_SELF)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{what:42} {time.perf_counter() - wall:7.2f} s wall {processor:7.2f} s processor")  # noqa: T201


def furnish(connection: Connection, tables: dict[str, Table]) -> None:
    """A registry and observations of no real place."""
    for table in tables.values():
        table.create(connection)
    _insert(connection, "reference.parameters", _METHOD, "range(1) as t(n)")
    _insert(connection, "reference.dimensions", _DIMENSION, f"range({DIMENSIONS}) as t(n)")
    _insert(connection, "reference.cities", {"city_code": "printf('%04d', n)"}, f"range({UNITS}) as t(n)")
    _insert(connection, "reference.measures", {"measure_id": "n", "dimension_id": "'d0'"}, "range(25) as t(n)")
    _insert(connection, "reference.indicators", _INDICATOR, f"range({INDICATORS}) as t(n)")
    linked = {"indicator_id": _NAME, "measure_id": "n % 25"}
    _insert(connection, "reference.indicator_measures", linked, f"range({INDICATORS}) as t(n)")
    goalposts = {"indicator_id": _NAME, "lower": "0", "upper": "100", "class": "'standard'"}
    _insert(connection, "reference.goalposts", goalposts, f"range({INDICATORS}) as t(n)")
    _insert(connection, "reference.baskets", _BASKET, f"range({BASKETS}) as t(n)")
    members = {"basket_id": "printf('b%d', b)", "indicator_id": _NAME}
    _insert(
        connection, "reference.basket_indicators", members, f"range({BASKETS}) as u(b), range({INDICATORS}) as t(n)"
    )
    for name in ("arithmetic", "geometric"):
        _insert(connection, "reference.presets", _PRESET | dict.fromkeys(_MEANS, f"'{name}'"), "range(1) as t(n)")
    _insert(connection, "reference.targets", _TARGET, f"range({INDICATORS}) as t(n)")
    cells = f"range({UNITS}) as u(c), range({INDICATORS}) as i(n), range({YEARS}) as y(year)"
    _insert(connection, "observations.current_observations", _OBSERVATION, cells)


_NAME = "printf('i%02d', n)"
_METHOD = {
    "method_version": "'b'", "assessment_year": "2024", "horizon_year": "2030", "default_base_year": "2015",
    "minimum_span_years": "2", "on_track_ratio": "0.95", "moderate_ratio": "0.6", "maximum_open": "20",
    "minimum_group_indicators": "3", "paired_cities_max": "200", "trend_significant_rate": "0.01",
    "trend_moderate_rate": "0", "interval_level": "0.9", "projection_points_min": "4",
    "projection_points_max": "10", "projection_drift_share": "0.5", "projection_prior_points": "8",
    "projection_degrees": "6", "backtest_forecasts_min": "30", "coverage_tolerance": "0.05",
    "rank_simulations": str(DRAWS), "rank_seed": "1", "weight_variation": "0.25", "goalpost_variation": "0.1",
    "measurement_revisions_min": "5", "measurement_error_a": "0.005", "measurement_error_b": "0.01",
    "measurement_error_c": "0.02", "sobol_samples": "128",
}  # fmt: skip
_DIMENSION = {
    "dimension_id": "printf('d%d', n)", "position": "n", "is_in_index": "true", "weight": "1",
}  # fmt: skip
_BASKET = {"basket_id": "printf('b%d', n)", "is_headline": "n = 0"}
_MEANS = ("preset_id", "indicator_mean", "dimension_mean")
_PRESET = {"minimum_dimension_coverage": "0.6", "minimum_index_coverage": "0.6", "minimum_dimensions_share": "0.6"}
_INDICATOR = {
    "indicator_id": _NAME, "dimension_id": f"printf('d%d', n % {DIMENSIONS})", "unit": "'x'", "decimals": "4",
    "direction": "1", "scope": "'whole'", "kind": "'rate'", "minimum": "0", "maximum": "100",
    "target_kind": "'at_least'", "pace_rule": "case when n % 2 = 0 then 'linear' else 'compound' end",
    "maximum_age_years": "5", "weight": "1",
}  # fmt: skip
_TARGET = {
    "target_id": _NAME, "indicator_id": _NAME, "kind": "'at_least'", "operator": "'>='", "value": "80",
    "year": "2030", "scope": "'all'", "authority": "'policy_province'", "source_id": "'s'",
}  # fmt: skip
_OBSERVATION = {
    "city_code": "printf('%04d', c)", "indicator_id": _NAME, "year": "2015 + year",
    "value": "(hash(c, n) % 60000) / 1000 + year * 2 + (hash(c, n, year) % 5000) / 1000", "scope": "'whole'",
    "vintage": "1", "source_id": "'s'", "source_grade": "'A'", "file": "'f'",
    "file_sha256": "'f'", "line": "1",
}  # fmt: skip


def _insert(connection: Connection, table: str, columns: dict[str, str], source: str) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    connection.execute(f"insert into {table} ({names}) select {', '.join(columns.values())} from {source}")


def main() -> None:
    paths = Paths(PROJECT_ROOT / "data")
    tables = read_tables(paths.sql)
    models = read_models(paths.sql, tables)
    with connect_in_memory() as connection:
        for schema in ("reference", "observations", "scorecards"):
            connection.execute(f"create schema if not exists {schema}")
        furnish(connection, {name: table for name, table in tables.items() if not name.startswith("quality.")})
        with timed(f"scores in SQL ({len(SCORES)} models)"):
            for name in SCORES:
                models[f"scorecards.{name}"].build(connection)
        for name in LISTINGS:
            with timed(name):
                models[f"scorecards.{name}"].build(connection)
        with timed("projections"):
            build_projection_tables(connection)
        with timed("panels of the rankings"):
            all_rankings, parameters = read_rankings(connection), read_parameters(connection)
        with timed("rank intervals, the index"):
            simulate_ranking(all_rankings[-1], parameters, has_pairs=False)
        with timed(f"rank intervals, {len(all_rankings) - 1} dimensions"):
            for ranking in all_rankings[:-1]:
                simulate_ranking(ranking, parameters, has_pairs=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:,.0f} MB, numpy {np.__version__}")  # noqa: T201


if __name__ == "__main__":
    main()
