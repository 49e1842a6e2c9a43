"""The reference tables as Dagster assets: all read and cross-checked in one step, so that none stands half right."""

from collections.abc import Iterator, Mapping

import dagster as dg

from assets.errors import Stopped
from assets.paths import Paths
from assets.reference.checks import check_references
from assets.reference.reading import ReferenceTable, read_reference_table
from assets.warehouse import factory
from assets.warehouse.connection import Warehouse
from assets.warehouse.tables import Table


def read_and_check(tables: Mapping[str, Table], paths: Paths) -> dict[str, ReferenceTable]:
    """All reference tables of a data directory, or Stopped with every fault found."""
    read, findings = {}, []
    for table in tables.values():
        read[table.name], faults = read_reference_table(table, paths.reference / f"{table.name}.csv")
        findings += faults
    # Cross-checks on half-read tables would report what is not wrong: a row left out above is missing below.
    findings = findings or check_references(read)
    if findings:
        raise Stopped(findings)
    return read


def reference_assets(tables: Mapping[str, Table]) -> dg.AssetsDefinition:
    """One step that makes every table of the schema `reference`."""

    @dg.multi_asset(specs=[factory.spec(table, kinds={"csv", "duckdb"}) for table in tables.values()], name="reference")
    def reference(warehouse: dg.ResourceParam[Warehouse]) -> Iterator[dg.MaterializeResult[None]]:
        read = read_and_check(tables, warehouse.paths)
        with warehouse.connect() as connection:
            connection.execute("create schema if not exists reference")
            for name, rows in read.items():
                rows.write(connection)
                shown = factory.metadata(connection, tables[name])
                yield dg.MaterializeResult(asset_key=factory.key(f"reference.{name}"), metadata=shown)

    return reference
