"""Observations as Dagster assets: the corrections that people wrote, and SQL models all the rest."""

from collections.abc import Mapping

import dagster as dg

from assets.core.errors import DataError, Issue
from assets.observations.corrections import check_registered, check_sources, read_corrections, write_entries
from assets.warehouse import dagster_assets
from assets.warehouse.connection import Connection, Warehouse
from assets.warehouse.models import Model
from assets.warehouse.tables import Table

_MATCHES = "observations.correction_matches"


def observation_assets(models: Mapping[str, Model], tables: Mapping[str, Table]) -> list[dg.AssetsDefinition]:
    """The corrections, and the models of the schema `observations`."""
    others = {name: model for name, model in models.items() if name != _MATCHES}
    return [
        _entries_asset(tables["observations.correction_entries"]),
        dagster_assets.model_asset(models[_MATCHES], tables, check=_stop_where_a_source_has_changed),
        *dagster_assets.model_assets(others, "observations", tables),
    ]


def _entries_asset(table: Table) -> dg.AssetsDefinition:
    deps = ("reference.cities", "reference.indicators", "reference.sources")

    @dg.multi_asset(
        specs=[dagster_assets.asset_spec(table, deps=deps, kinds={"yaml", "duckdb"})],
        name="observations__correction_entries",
    )
    def read(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
        entries = read_corrections(warehouse.paths.corrections)
        with warehouse.connect() as connection:
            _stop_if_any(check_registered(connection, entries))
            write_entries(connection, table, entries)
            return dg.MaterializeResult(metadata=dagster_assets.table_metadata(connection, table))

    return read


def _stop_where_a_source_has_changed(connection: Connection) -> None:
    _stop_if_any(check_sources(connection))


def _stop_if_any(issues: list[Issue]) -> None:
    if issues:
        raise DataError(issues)
