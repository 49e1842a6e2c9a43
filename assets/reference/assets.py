"""The reference tables as Dagster assets: all read and cross-checked in one step, so that none stands half right."""

from collections.abc import Iterator, Mapping

import dagster as dg

from assets.reference.registry import read_and_check
from assets.warehouse import factory
from assets.warehouse.connection import Warehouse
from assets.warehouse.tables import Table


def reference_assets(tables: Mapping[str, Table]) -> dg.AssetsDefinition:
    """One step that makes every table of the schema `reference`."""

    # Every run that writes the candidate begins here.
    specs = [factory.spec(table, kinds={"csv", "duckdb"}) for table in tables.values()]

    @dg.multi_asset(specs=specs, name="reference", pool=factory.POOL)
    def reference(warehouse: dg.ResourceParam[Warehouse]) -> Iterator[dg.MaterializeResult[None]]:
        read = read_and_check(tables, warehouse.paths)
        with warehouse.connect() as connection:
            connection.execute("create schema if not exists reference")
            for name, rows in read.items():
                rows.write(connection)
                shown = factory.metadata(connection, tables[name])
                yield dg.MaterializeResult(asset_key=factory.key(f"reference.{name}"), metadata=shown)

    return reference
