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
        dagster_assets.model_asset(models[_MATCHES], check=_check_sources),
        *dagster_assets.model_assets(models_without_check, "observations"),
    ]


def _entries_asset(table: Table) -> dg.AssetsDefinition:
    def read(warehouse: Warehouse, connection: Connection) -> None:
        entries = read_corrections(warehouse.paths.corrections)
        _raise_if_any(check_registered(connection, entries))
        write_entries(connection, table, entries)

    deps = ("reference.cities", "reference.indicators", "reference.sources")
    return dagster_assets.python_asset(
        "observations__correction_rules", [table], read, deps=deps, kinds={"yaml", "duckdb"}
    )


def _check_sources(connection: Connection) -> None:
    _raise_if_any(list(check_sources(connection)))


def _raise_if_any(issues: list[Issue]) -> None:
    if issues:
        raise DataError(issues)
