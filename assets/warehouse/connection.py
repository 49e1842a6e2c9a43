"""Connections to DuckDB: the candidate that a run writes, and a release that users query.

Here: opening a database with its settings and rights, and quoting for generated SQL. Not here: the tables. Only this
package imports duckdb.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from assets.core.errors import Issue, UsageError
from assets.core.files import remove_path
from assets.core.paths import Paths

Connection = duckdb.DuckDBPyConnection
DatabaseError, OutOfMemoryError = duckdb.Error, duckdb.OutOfMemoryException

# The oldest DuckDB that must open a release; older clients cannot read the default format of DuckDB 2.0. The candidate
# has the same format because a release starts as a copy of its file, which is faster than writing all rows again.
STORAGE_VERSION = "v1.2.0"

# The memory of DuckDB in a run; beyond it DuckDB uses the disk, so that a run of any size needs less than 4 GB.
MEMORY = "2GB"

# No extension is downloaded or loaded automatically: the machines often have no internet.
_NO_DOWNLOADS = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}

# What DuckDB says where another process has the file open, on Linux and macOS and on Windows.
_LOCKED = ("could not set lock on file", "being used by another process")


@dataclass(slots=True)
class Warehouse:
    """The candidate database of one data directory, which only one run at a time opens.

    `ingest_inbox` is false where a release is rebuilt from the files that were ingested before.
    """

    paths: Paths
    ingest_inbox: bool = True
    _open: ExitStack = field(default_factory=ExitStack, init=False, repr=False, compare=False)

    def open(self) -> None:
        """Keep the database open between connections; each closing of it writes all changes into the file.

        A database that cannot be read or has another format than that of a release is replaced: it can be made again.
        """
        if not self._is_usable():
            self.discard()
        self._open.enter_context(self.connect())

    def _is_usable(self) -> bool:
        try:
            with self.connect() as connection:
                return has_release_format(connection)
        except DatabaseError:
            return False

    def discard(self) -> None:
        """Delete the candidate with its write-ahead log, so that the next connection makes another one."""
        for file in (self.paths.candidate, self.paths.candidate.with_name(f"{self.paths.candidate.name}.wal")):
            remove_path(file)

    def close(self) -> None:
        """Close the database, so that another process may open it."""
        self._open.close()

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Open a connection to the candidate with the settings of a run.

        Raises:
            UsageError: another process has it open.
        """
        self.paths.candidate.parent.mkdir(parents=True, exist_ok=True)
        config = {**_NO_DOWNLOADS, "storage_compatibility_version": STORAGE_VERSION}
        try:
            connection = duckdb.connect(str(self.paths.candidate), config=dict(config))
        except duckdb.IOException as error:
            if any(words in str(error).lower() for words in _LOCKED):
                raise UsageError(Issue("database_in_use", str(error).strip().splitlines()[0])) from error
            raise
        try:
            connection.execute(f"set memory_limit = {quote_literal(MEMORY)}")
            connection.execute("set preserve_insertion_order = true")
            # FSST needs a sixth of the time of filling a big table and saves no more space than dictionaries.
            connection.execute("set disabled_compression_methods = 'fsst'")
            # The progress bar would appear in the terminal of `gancheng run` and in the logs of Dagster.
            connection.execute("set enable_progress_bar = false")
            yield connection
        finally:
            connection.close()


def database_file(connection: Connection) -> Path:
    """Return the database file of a connection."""
    ((file,),) = connection.execute(
        "select path from duckdb_databases() where database_name = current_database()"
    ).fetchall()
    return Path(file)


def has_release_format(connection: Connection) -> bool:
    """Return whether the database of a connection has the format that older readers open."""
    ((tags,),) = connection.execute(
        "select tags from duckdb_databases() where database_name = current_database()"
    ).fetchall()
    return str(tags.get("storage_version", "")).rstrip("+") == STORAGE_VERSION


@contextmanager
def connect_in_memory(limit: str | None = None, spill: Path | None = None) -> Iterator[Connection]:
    """Open a database in memory, to work on files; beyond `limit` DuckDB uses the folder `spill`."""
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
def connect_read_only(file: Path, memory: str | None = None) -> Iterator[Connection]:
    """Open a published database read-only: its SQL reaches no file, network, extension, setting or Python variable.

    A query that does not fit into memory (by default, most of the machine's) fails, because DuckDB would write
    temporary files into the release.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        **_NO_DOWNLOADS,
        "enable_external_access": "false",
        "python_enable_replacements": "false",
        "temp_directory": "",
        "lock_configuration": "true",
        **({} if memory is None else {"memory_limit": memory}),
    }
    connection = duckdb.connect(str(file), read_only=True, config=config)
    try:
        yield connection
    finally:
        connection.close()


def fetch_rows(connection: Connection, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
    """Return the rows of a query as dictionaries."""
    cursor = connection.execute(sql, list(parameters))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Run the statements of the block as one transaction, which waits for the disk only once."""
    connection.execute("begin transaction")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


def quote_identifier(name: str) -> str:
    """Return a name quoted for SQL; names come from contracts, which people write."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str | Path | float | bool | None) -> str:
    """Return a value quoted for SQL, where DuckDB accepts no parameter."""
    if text is None:
        return "null"
    if isinstance(text, bool):
        return "true" if text else "false"
    if isinstance(text, int | float):
        return repr(text)
    return "'" + str(text).replace("'", "''") + "'"
