"""Observations as Dagster assets: the corrections that people wrote, and SQL models."""

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
    """Return the corrections and the models of the schema `observations`."""
    models_without_check = {name: model for name, model in models.items() if name != _MATCHES}
    return [
        _entries_asset(tables["observations.correction_rules"]),
        dagster_assets.model_asset(models[_MATCHES], tables, check=_check_sources),
        *dagster_assets.model_assets(models_without_check, "observations", tables),
    ]


def _entries_asset(table: Table) -> dg.AssetsDefinition:
    deps = ("reference.cities", "reference.indicators", "reference.sources")

    @dg.multi_asset(
        specs=[dagster_assets.asset_spec(table, deps=deps, kinds={"yaml", "duckdb"})],
        name="observations__correction_rules",
    )
    def read(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
        entries = read_corrections(warehouse.paths.corrections)
        with warehouse.connect() as connection:
            _raise_if_any(check_registered(connection, entries))
            write_entries(connection, table, entries)
            return dg.MaterializeResult(metadata=dagster_assets.table_metadata(connection, table))

    return read


def _check_sources(connection: Connection) -> None:
    _raise_if_any(check_sources(connection))


def _raise_if_any(issues: list[Issue]) -> None:
    if issues:
        raise DataError(issues)
