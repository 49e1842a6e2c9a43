"""The reference tables as Dagster assets: one step reads and cross-checks all, so that an error changes none."""

from collections.abc import Iterator, Mapping

import dagster as dg

from assets.reference.load import load_reference_tables
from assets.warehouse import dagster_assets
from assets.warehouse.connection import Warehouse
from assets.warehouse.tables import Table


def reference_assets(tables: Mapping[str, Table]) -> dg.AssetsDefinition:
    """Return the step that writes every table of the schema `reference`."""

    # Every run that writes the candidate begins with this step and holds the pool.
    specs = [dagster_assets.asset_spec(table, kinds={"csv", "duckdb"}) for table in tables.values()]

    @dg.multi_asset(specs=specs, name="reference", pool=dagster_assets.POOL)
    def reference(warehouse: dg.ResourceParam[Warehouse]) -> Iterator[dg.MaterializeResult[None]]:
        reference_tables = load_reference_tables(tables, warehouse.paths)
        with warehouse.connect() as connection:
            connection.execute("create schema if not exists reference")
            for name, table in reference_tables.items():
                table.write(connection)
                metadata = dagster_assets.table_metadata(connection, tables[name])
                yield dg.MaterializeResult(asset_key=dagster_assets.asset_key(f"reference.{name}"), metadata=metadata)

    return reference
