"""The published database: a snapshot of the candidate, made into what people query.

Here: what is taken out of it, what comes into it from the Parquet files, and its comments. Not here: the snapshot
(assets.warehouse.snapshot), and the views and macros (assets.release.outputs.duckdb_views).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from assets.release.outputs.duckdb_views import write_views_and_macros
from assets.release.publish.file_names import DATABASE
from assets.release.publish.staging import parquet_file
from assets.warehouse.connection import Connection, connect_in_memory, quote_identifier, quote_literal, transaction
from assets.warehouse.tables import Table

# Of the memory of a run, which the candidate shares.
_MEMORY = "1GB"


def finish_database(
    snapshot: Path, folder: Path, tables: Sequence[Table], afresh: Sequence[Table], spill: Path
) -> Path:
    """Move the snapshot into the folder of the release and make it what is published; returns its place there.

    `afresh` are the tables that come from their Parquet files, which stand in the order of the key, and not from the
    snapshot, which has other rows of them, or in another order.
    """
    target = folder / DATABASE
    shutil.move(snapshot, target)
    with connect_in_memory(_MEMORY, spill) as connection:
        connection.execute(f"attach {quote_literal(target)} as published")
        _drop(connection, tables, afresh)
        with transaction(connection):
            for table in tables:
                name = f"published.{table.qualified_name}"
                if table in afresh:
                    connection.execute(f"create schema if not exists published.{quote_identifier(table.schema_name)}")
                    file = quote_literal(parquet_file(folder, table))
                    connection.execute(f"create table {name} as select * from read_parquet({file})")
                table.persist_docs(connection, name)
        write_views_and_macros(connection, "published", tables)
        connection.execute("checkpoint published")
        connection.execute("detach published")
    return target


def _drop(connection: Connection, tables: Sequence[Table], afresh: Sequence[Table]) -> None:
    """Take out of the snapshot what is not published, and what is to come anew; their space is free for that."""
    kept = {(table.schema_name, table.name) for table in tables if table not in afresh}
    found = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'published'"
    ).fetchall()
    with transaction(connection):
        for schema, name in set(found) - kept:
            connection.execute(f"drop table published.{quote_identifier(schema)}.{quote_identifier(name)}")
        for schema in {schema for schema, _ in found} - {table.schema_name for table in tables}:
            connection.execute(f"drop schema published.{quote_identifier(schema)}")
    connection.execute("checkpoint published")
