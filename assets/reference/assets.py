"""The reference tables as Dagster assets: one step reads and cross-checks all, so that an error changes none."""

from collections.abc import Mapping

import dagster as dg

from assets.reference.load import load_reference_tables
from assets.warehouse import dagster_assets
from assets.warehouse.connection import Connection, Warehouse
from assets.warehouse.tables import Table


def reference_assets(tables: Mapping[str, Table]) -> dg.AssetsDefinition:
    """Return the step that writes every table of the schema `reference`."""

    def load(warehouse: Warehouse, connection: Connection) -> None:
        reference_tables = load_reference_tables(tables, warehouse.paths)
        connection.execute("create schema if not exists reference")
        for table in reference_tables.values():
            table.write(connection)

    # Every run that writes the candidate begins with this step and holds the pool.
    return dagster_assets.python_asset(
        "reference", tables.values(), load, kinds={"csv", "duckdb"}, pool=dagster_assets.POOL
    )
