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
from assets.warehouse.connection import (
    STORAGE_VERSION,
    Connection,
    connect_in_memory,
    quote_identifier,
    quote_literal,
    transaction,
)
from assets.warehouse.tables import Table

# Part of the memory of a run, which the candidate uses at the same time.
_MEMORY = "1GB"
# Every column of every table fills blocks of its own: with the default of 256 KB a release of a province is ten times
# as large as its Parquet files. Smaller blocks mean copying all rows, which a large release is not worth.
_SMALL_SNAPSHOT, _SMALL_BLOCK = 256_000_000, 16_384


def finish_database(
    snapshot: Path, folder: Path, tables: Sequence[Table], reloaded: Collection[Table], spill: Path
) -> PublishedFile:
    """Turn the snapshot into the published database: a small one is copied into a dense file, a large one is moved.

    The reloaded tables come from their Parquet files, because the snapshot has different rows or another order.
    """
    database = folder / DATABASE
    is_small = snapshot.stat().st_size <= _SMALL_SNAPSHOT
    if not is_small:
        shutil.move(snapshot, database)
    with connect_in_memory(_MEMORY, spill) as connection:
        if is_small:
            connection.execute("set disabled_compression_methods = 'fsst'")
            options = f"storage_version {quote_literal(STORAGE_VERSION)}, block_size {_SMALL_BLOCK}"
            connection.execute(f"attach {quote_literal(database)} as published ({options})")
            connection.execute(f"attach {quote_literal(snapshot)} as audited (read_only)")
        else:
            connection.execute(f"attach {quote_literal(database)} as published")
            _drop_tables(connection, [table for table in tables if table not in reloaded], tables)
        with transaction(connection):
            for table in tables:
                name = f"published.{table.qualified_name}"
                if table in reloaded or is_small:
                    connection.execute(f"create schema if not exists published.{quote_identifier(table.schema_name)}")
                    file = f"read_parquet({quote_literal(parquet_file(folder, table))})"
                    source = file if table in reloaded else f"audited.{table.qualified_name}"
                    connection.execute(f"create table {name} as from {source}")
                table.persist_docs(connection, name)
        write_views_and_macros(connection, "published", tables)
        connection.execute("checkpoint published")
        connection.execute("detach published")
    snapshot.unlink(missing_ok=True)
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
