"""Scorecards as Dagster assets: SQL models, and the projections and rank intervals that Python computes from them."""

from collections.abc import Mapping

import dagster as dg

from assets.scorecards.arrays import TableBuilder
from assets.scorecards.projections import build_projection_tables
from assets.scorecards.rankings import TABLES, build_rankings
from assets.warehouse import dagster_assets
from assets.warehouse.connection import Connection, Warehouse
from assets.warehouse.models import Model
from assets.warehouse.tables import Table

# The tables that Python reads.
_PROJECTION_INPUTS = ("scorecards.projection_points", "scorecards.indicator_scores", "reference.parameters")
_RANKING_INPUTS = ("scorecards.ranking_inputs", "reference.cities", "reference.dimensions", "reference.parameters")


def scorecard_assets(models: Mapping[str, Model], tables: Mapping[str, Table]) -> list[dg.AssetsDefinition]:
    """Return the models of the schema `scorecards`, the projections and the rank intervals."""
    return [
        *dagster_assets.model_assets(models, "scorecards"),
        _python_tables(build_projection_tables, ("projections", "projection_backtest"), _PROJECTION_INPUTS, tables),
        _python_tables(build_rankings, TABLES, _RANKING_INPUTS, tables),
    ]


def _python_tables(
    builder: TableBuilder, names: tuple[str, ...], deps: tuple[str, ...], tables: Mapping[str, Table]
) -> dg.AssetsDefinition:
    """Return the asset of tables that one function builds with numpy."""
    own_tables = {name: tables[f"scorecards.{name}"] for name in names}

    def build(_: Warehouse, connection: Connection) -> None:
        columns = builder(connection)
        for name, table in own_tables.items():
            table.load_columns(connection, columns[name])

    step = f"scorecards__{names[-1]}"
    return dagster_assets.python_asset(step, own_tables.values(), build, deps=deps, kinds={"numpy", "duckdb"})
