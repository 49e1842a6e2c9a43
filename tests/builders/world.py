"""A world of a few rows in memory, on which the real models of sql/ are built in the order of their dependencies."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pyarrow as pa

from assets.core.paths import PROJECT_ROOT, Paths
from assets.intake.tables.contracts import read_contracts
from assets.observations.dataset_models import dataset_models
from assets.warehouse.connection import Connection
from assets.warehouse.models import Model, read_models
from assets.warehouse.tables import Column, Table, read_tables

Row = dict[str, Any]

PATHS = Paths(PROJECT_ROOT / "data")

# What a row says where a test does not care; a required column without an entry here gets a value of its type.
DEFAULTS: dict[str, Row] = {
    "reference.parameters": {
        "assessment_year": 2024,
        "horizon_year": 2030,
        "default_base_year": 2015,
        "minimum_span_years": 2,
        "on_track_ratio": 0.95,
        "moderate_ratio": 0.6,
        "interval_level": 0.9,
        "projection_points_min": 4,
        "projection_points_max": 10,
        "projection_drift_share": 0.5,
        "projection_prior_points": 8,
        "projection_degrees": 6,
        "backtest_forecasts_min": 30,
        "coverage_tolerance": 0.05,
        "rank_simulations": 200,
        "rank_seed": 1,
        "weight_variation": 0.25,
        "goalpost_variation": 0.1,
        "measurement_revisions_min": 5,
        "measurement_error_a": 0.005,
        "measurement_error_b": 0.01,
        "measurement_error_c": 0.02,
        "sobol_samples": 32,
        "maximum_open": 20,
        "minimum_group_indicators": 1,
        "paired_cities_max": 200,
        "trend_significant_rate": 0.01,
        "trend_moderate_rate": 0,
    },
    "reference.dimensions": {"dimension_id": "d", "is_in_index": True, "weight": 1},
    "reference.baskets": {"basket_id": "core", "is_headline": True},
    "reference.basket_indicators": {"basket_id": "core"},
    "reference.measures": {"measure_id": 1, "dimension_id": "d"},
    "reference.indicators": {
        "dataset": "sheet",
        "dimension_id": "d",
        "decimals": 4,
        "direction": 1,
        "scope": "whole",
        "pace_rule": "linear",
        "maximum_age_years": 5,
        "weight": 1,
    },
    "reference.targets": {
        "operator": ">=",
        "kind": "at_least",
        "year": 2030,
        "scope": "all",
        "authority": "national",
        "source_id": "s",
    },
    "reference.sources": {"source_id": "s", "priority": 1},
    "intake.files": {"dataset": "sheet", "file": "f.csv", "file_sha256": "f", "status": "read"},
    "observations.city_observations": {
        "city_code": "A",
        "scope": "whole",
        "source_id": "s",
        "vintage": 1,
        "is_quarantined": False,
    },
    "observations.reported_observations": {"indicator_id": "i", "year": 2024, "scope": "whole", "source_id": "s"},
    "intake.employment_events": {"scope": "whole", "source_id": "s", "is_local": True},
}
_BY_TYPE: Row = {"varchar": "x", "integer": 1, "bigint": 1, "double": 1.0, "boolean": True, "date": "2024-05-01"}
_BY_TYPE["timestamp"] = "2026-01-01 00:00:00"


@cache
def tables() -> dict[str, Table]:
    contracts = read_contracts(PATHS.contracts)
    return read_tables(PATHS.sql) | {contract.table_name: contract.table() for contract in contracts.values()}


@cache
def models() -> dict[str, Model]:
    indicators = {name: contract.indicators for name, contract in read_contracts(PATHS.contracts).items()}
    datasets = dataset_models(indicators, PATHS.sql, tables())
    return read_models(PATHS.sql, tables()) | datasets


def _default(name: str, column: Column) -> object:
    if name == "file_sha256":
        return "f"
    if column.allowed:
        return column.allowed[0]
    return _BY_TYPE[column.type]


class World:
    """Rows are added to tables; what is asked for is built from them. A table that was given rows is not rebuilt."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._given: set[str] = set()
        self._there: set[str] = set()

    def add(self, table: str, *rows: Mapping[str, Any]) -> World:
        """Insert rows, filled up with defaults."""
        contract = tables()[table]
        if table not in self._given:
            contract.create(self.connection)
        self._given.add(table)
        self._there = set(self._given)
        filled = [self._filled(table, contract, row) for row in rows]
        if filled:
            columns = {name: [row[name] for row in filled] for name in contract.columns}
            self.connection.register("added_rows", pa.table(columns))
            self.connection.execute(f"insert into {table} select * from added_rows")
            self.connection.unregister("added_rows")
        return self

    def clear(self) -> World:
        """An empty world again, on the same connection."""
        self._given, self._there = set(), set()
        return self

    def withdraw(self, table: str) -> World:
        """Take back that rows were given to a table: its model makes it again."""
        self._given.discard(table)
        self._there = set(self._given)
        return self

    def city(self, *codes: str) -> World:
        return self.add("reference.cities", *({"city_code": code} for code in codes))

    def indicator(self, indicator_id: str, goalposts: tuple[float, float] | None = (0, 100), **said: object) -> World:
        """Register an indicator; with a floor and an upper goalpost, unless none are wanted, it is in the basket."""
        self.add("reference.indicators", {"indicator_id": indicator_id, **said})
        if goalposts is not None:
            floor, upper = goalposts
            self.add("reference.basket_indicators", {"indicator_id": indicator_id})
            self.add("reference.goalposts", {"indicator_id": indicator_id, "lower": floor, "upper": upper})
        return self

    def target(self, indicator_id: str, value: float, **said: object) -> World:
        row = {"target_id": f"{indicator_id}@{value}", "indicator_id": indicator_id, "value": value, **said}
        return self.add("reference.targets", row)

    def figures(self, indicator_id: str, values: Mapping[int, float], **said: object) -> World:
        """Observations of one city and indicator by year."""
        rows = ({"indicator_id": indicator_id, "year": year, "value": value, **said} for year, value in values.items())
        return self.add("observations.city_observations", *rows)

    def build(self, name: str) -> None:
        """Make a table: by its model, after the tables that it reads; empty where nothing makes it."""
        if name in self._there:
            return
        self._there.add(name)
        model = models().get(name)
        if model is None:
            tables()[name].create(self.connection)
            return
        for read in model.upstream:
            self.build(read)
        model.build(self.connection)

    def rows(self, name: str, **where: object) -> list[Row]:
        """The rows of a table with these values, in the order of its key."""
        self.build(name)
        rows = self.query(
            f"from {name} order by {', '.join(tables()[name].key)}" if name in tables() else f"from {name}"
        )
        return [row for row in rows if all(row[column] == value for column, value in where.items())]

    def row(self, name: str, **where: object) -> Row:
        """The one row with these values."""
        (row,) = self.rows(name, **where)
        return row

    def score(self, indicator_id: str, city_code: str = "A") -> Row:
        return self.row("scorecards.indicator_scores", city_code=city_code, indicator_id=indicator_id)

    def query(self, sql: str) -> list[Row]:
        found = self.connection.execute(sql)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def _filled(self, table: str, contract: Table, row: Mapping[str, Any]) -> Row:
        unknown = set(row) - set(contract.columns)
        assert not unknown, f"{table} has no {unknown}"
        said = {**DEFAULTS.get(table, {}), **row}
        return {
            name: said[name] if name in said else _default(name, column) if column.required else None
            for name, column in contract.columns.items()
        }


def furnished(world: World, **method: object) -> World:
    """A cleared world with city A, dimension d, and the method with these parameters; no indicator and no figure."""
    world.clear().add("reference.parameters", method).add("reference.baskets", {})
    return world.city("A").add("reference.dimensions", {}).figures("-", {})
