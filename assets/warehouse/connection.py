"""Connections to DuckDB: the candidate that a run writes, and a release that people read.

Here: how a file is opened and with what rights, and the identifiers and literals that go into generated SQL. Not here:
what is written into it. This package is the only one that imports duckdb.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from assets.core.paths import Paths

Connection = duckdb.DuckDBPyConnection
DatabaseError = duckdb.Error

# Oldest reader that must open a release; DuckDB 2.0's own format is unreadable for older clients. The candidate has it
# too: what is published begins as a copy of its file, since to write all rows again would take as long as reading them.
STORAGE_VERSION = "v1.2.0"

# What a run holds of its tables; beyond it DuckDB works on the disk, so that a run of any size stays below 4 GB.
MEMORY = "2GB"

# No extension may be fetched or loaded by itself: the machines that run this often have no internet.
_NO_DOWNLOADS = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


@dataclass(slots=True)
class Warehouse:
    """The candidate database of one data directory. One run writes it at a time; nobody else opens it.

    `ingest_inbox` is false where a release is rebuilt from what was taken in before.
    """

    paths: Paths
    ingest_inbox: bool = True
    _held: ExitStack = field(default_factory=ExitStack, init=False, repr=False, compare=False)

    def open(self) -> None:
        """Keep the database open between connections: to close it writes all that is new into the file, each time.

        A database in another format than what is published is begun anew: a run makes every table anyway.
        """
        with self.connect() as connection:
            is_fit = has_release_format(connection)
        if not is_fit:
            self.paths.candidate.unlink()
        self._held.enter_context(self.connect())

    def close(self) -> None:
        """Close it, so that another process may open it; from here on it is open while a connection is."""
        self._held.close()

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection of one's own to the candidate, with the settings of a run."""
        self.paths.candidate.parent.mkdir(parents=True, exist_ok=True)
        config = {**_NO_DOWNLOADS, "storage_compatibility_version": STORAGE_VERSION}
        connection = duckdb.connect(str(self.paths.candidate), config=dict(config))
        try:
            connection.execute(f"set memory_limit = {quote_literal(MEMORY)}")
            connection.execute("set preserve_insertion_order = true")
            # It takes a sixth of the time of filling a big table, and spares nothing that dictionaries do not.
            connection.execute("set disabled_compression_methods = 'fsst'")
            # DuckDB's own bar would write into the terminal of `gancheng run` and into the logs of Dagster.
            connection.execute("set enable_progress_bar = false")
            yield connection
        finally:
            connection.close()


def database_file(connection: Connection) -> Path:
    """The file of the database behind a connection."""
    ((file,),) = connection.execute(
        "select path from duckdb_databases() where database_name = current_database()"
    ).fetchall()
    return Path(file)


def has_release_format(connection: Connection) -> bool:
    """Whether the database behind a connection has the format that older readers open."""
    ((tags,),) = connection.execute(
        "select tags from duckdb_databases() where database_name = current_database()"
    ).fetchall()
    return str(tags.get("storage_version", "")).rstrip("+") == STORAGE_VERSION


@contextmanager
def connect_in_memory(limit: str | None = None, spill: Path | None = None) -> Iterator[Connection]:
    """A connection for working on files alone; nothing is kept. Beyond the memory limit it works on the disk."""
    connection = duckdb.connect(config=dict(_NO_DOWNLOADS))
    try:
        if limit is not None:
            connection.execute(f"set memory_limit = {quote_literal(limit)}")
        if spill is not None:
            connection.execute(f"set temp_directory = {quote_literal(spill)}")
        connection.execute("set enable_progress_bar = false")
        yield connection
    finally:
        connection.close()


@contextmanager
def connect_read_only(file: Path) -> Iterator[Connection]:
    """A published database, for reading alone: no file, network, extension or setting is within reach of its SQL.

    Nor is a variable of the program that reads it; and what does not fit into memory ends in an error: DuckDB would
    put it beside the database, into the release.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        **_NO_DOWNLOADS,
        "enable_external_access": "false",
        "python_enable_replacements": "false",
        "temp_directory": "",
        "lock_configuration": "true",
    }
    connection = duckdb.connect(str(file), read_only=True, config=config)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """All of it or nothing; and many small statements wait for the disk once."""
    connection.execute("begin transaction")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


def quote_identifier(name: str) -> str:
    """A name quoted for SQL; names come from contracts, which people write."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str | Path | float | bool | None) -> str:
    """A value quoted for SQL, for the places where DuckDB takes no parameter."""
    if text is None:
        return "null"
    if isinstance(text, bool):
        return "true" if text else "false"
    if isinstance(text, int | float):
        return repr(text)
    return "'" + str(text).replace("'", "''") + "'"
