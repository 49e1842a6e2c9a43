"""Scorecards as Dagster assets: SQL models, and the projections and rank intervals made of them."""

from collections.abc import Iterator, Mapping

import dagster as dg

from assets.scorecards.tables import Maker, build_rankings, write_projections
from assets.warehouse import dagster_assets
from assets.warehouse.connection import Warehouse
from assets.warehouse.models import Model
from assets.warehouse.tables import Table

# What the tables made by Python read.
PROJECTED_FROM = ("scorecards.projection_points", "scorecards.indicator_scores", "reference.method")
RANKED_FROM = ("scorecards.rank_members", "scorecards.dimension_scores", "scorecards.city_scores", "reference.method")


def scorecard_assets(models: Mapping[str, Model], tables: Mapping[str, Table]) -> list[dg.AssetsDefinition]:
    """The models of the schema `scorecards`, the projections and the rank intervals."""
    return [
        *dagster_assets.model_assets(models, "scorecards", tables),
        _made(write_projections, ("projections",), PROJECTED_FROM, tables),
        _made(build_rankings, ("rankings", "rank_intervals", "rank_pairs", "rank_sensitivity"), RANKED_FROM, tables),
    ]


def _made(
    make: Maker, names: tuple[str, ...], deps: tuple[str, ...], tables: Mapping[str, Table]
) -> dg.AssetsDefinition:
    """Tables that numpy makes in one step."""
    ours = {name: tables[f"scorecards.{name}"] for name in names}

    @dg.multi_asset(
        specs=[dagster_assets.asset_spec(table, deps=deps, kinds={"numpy", "duckdb"}) for table in ours.values()],
        name=f"scorecards__{names[-1]}",
    )
    def build(warehouse: dg.ResourceParam[Warehouse]) -> Iterator[dg.MaterializeResult[None]]:
        with warehouse.connect() as connection:
            made = make(connection)
            for name, table in ours.items():
                table.load_columns(connection, made[name])
                shown = dagster_assets.table_metadata(connection, table)
                yield dg.MaterializeResult(asset_key=dagster_assets.asset_key(table.qualified_name), metadata=shown)

    return build
