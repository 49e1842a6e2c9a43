"""One SQL statement of a user, executed in a process of its own with limits on time and memory.

Some functions of DuckDB answer neither its own limits nor an interrupt; a process always ends. Here: the process, and
what its end means for the caller. Not here: queries of the commands themselves (assets.release.read.reader).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.core.errors import Issue, UsageError
from assets.core.settings import QuerySettings
from assets.core.system import disable_core_files, limit_memory
from assets.core.worker import Worker, WorkerError
from assets.release.read.reader import Release
from assets.warehouse.connection import Connection, DatabaseError, OutOfMemoryError, connect_read_only

_MEGABYTE = 1_000_000
# DuckDB's part of the memory; the rest is for the rows as Python objects, and for what DuckDB does not count.
_DUCKDB_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a query: the names of its columns, each once, and its rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def run_query(release: Release, sql: str, limits: QuerySettings, parameters: dict[str, str] | None = None) -> Answer:
    """Return the result of one statement on a release; `parameters` are the values of the named ones (`$name`).

    Raises:
        UsageError: there is no statement or more than one, a column name occurs twice, the query exceeds a limit, or
            with the message of DuckDB if it fails.
    """
    database = release.database
    with Worker() as worker:
        worker.submit(_prepare).result()
        future = worker.submit(_execute, database, sql, limits.megabytes, parameters or {})
        try:
            outcome = future.result(timeout=limits.seconds)
        except TimeoutError as error:
            raise UsageError(Issue("query_takes_too_long", str(limits.seconds))) from error
        except WorkerError as error:
            raise UsageError(Issue("query_needs_memory", str(limits.megabytes))) from error
    if isinstance(outcome, Issue):
        raise UsageError(outcome)
    return outcome


def _prepare() -> None:
    """Prepare the process: no core files. Its start, with the imports of this module, does not count as time."""
    disable_core_files()


def _execute(database: Path, sql: str, megabytes: int, parameters: dict[str, str]) -> Answer | Issue:
    """Execute the statement; return what is wrong instead of raising it. Runs in the process."""
    try:
        with connect_read_only(database, memory=f"{int(megabytes * _DUCKDB_SHARE)}MB") as connection:
            limit_memory(megabytes * _MEGABYTE)
            return _fetch(connection, sql, parameters)
    except (MemoryError, OutOfMemoryError):
        return Issue("query_needs_memory", str(megabytes))
    except DatabaseError as error:
        return Issue("query_failed", str(error))
    except Exception as error:  # a value that Python cannot represent, say
        return Issue("query_failed", f"{type(error).__name__}: {error}")


def _fetch(connection: Connection, sql: str, parameters: dict[str, str]) -> Answer | Issue:
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        return Issue("query_has_several_statements", str(len(statements))) if statements else Issue("query_is_empty")
    cursor = connection.execute(statements[0], parameters)
    columns = tuple(str(column[0]) for column in cursor.description or ())
    repeated = [name for name, count in Counter(columns).items() if count > 1]
    if repeated:
        return Issue("query_repeats_columns", ", ".join(repeated))
    return Answer(columns, cursor.fetchall())
