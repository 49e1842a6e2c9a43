"""The published database: the audited snapshot of the candidate without what is not published.

Here: dropping tables, reloading some from their Parquet files, and comments. Not here: the snapshot
(assets.warehouse.snapshot), and the views and macros (assets.release.outputs.duckdb_views).
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from assets.release.outputs.duckdb_views import write_views_and_macros
from assets.release.publish.file_names import DATABASE
from assets.release.publish.manifest import PublishedFile, describe_file
from assets.release.publish.staging import parquet_file
from assets.warehouse.connection import Connection, connect_in_memory, quote_identifier, quote_literal, transaction
from assets.warehouse.tables import Table

# Part of the memory of a run, which the candidate uses at the same time.
_MEMORY = "1GB"


def finish_database(
    snapshot: Path, folder: Path, tables: Sequence[Table], reloaded: Collection[Table], spill: Path
) -> PublishedFile:
    """Move the snapshot into the release and turn it into the published database.

    The reloaded tables come from their Parquet files, because the snapshot has different rows or another order.
    """
    database = folder / DATABASE
    shutil.move(snapshot, database)
    with connect_in_memory(_MEMORY, spill) as connection:
        connection.execute(f"attach {quote_literal(database)} as published")
        _drop_tables(connection, [table for table in tables if table not in reloaded], tables)
        with transaction(connection):
            for table in tables:
                name = f"published.{table.qualified_name}"
                if table in reloaded:
                    connection.execute(f"create schema if not exists published.{quote_identifier(table.schema_name)}")
                    file = quote_literal(parquet_file(folder, table))
                    connection.execute(f"create table {name} as select * from read_parquet({file})")
                table.persist_docs(connection, name)
        write_views_and_macros(connection, "published", tables)
        connection.execute("checkpoint published")
        connection.execute("detach published")
    return describe_file(folder, database)


def _drop_tables(connection: Connection, kept: Sequence[Table], published: Sequence[Table]) -> None:
    """Drop all tables but these, and unpublished schemas; the checkpoint frees their space for the reloaded tables."""
    names = {(table.schema_name, table.name) for table in kept}
    existing = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'published'"
    ).fetchall()
    with transaction(connection):
        for schema, name in set(existing) - names:
            connection.execute(f"drop table published.{quote_identifier(schema)}.{quote_identifier(name)}")
        for schema in {schema for schema, _ in existing} - {table.schema_name for table in published}:
            connection.execute(f"drop schema published.{quote_identifier(schema)}")
    connection.execute("checkpoint published")
