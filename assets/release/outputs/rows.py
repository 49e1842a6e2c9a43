"""Rows of the candidate as dictionaries by column name, for pages, sheets and documents.

Here: reading and grouping them. Not here: which columns a page or a sheet needs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from assets.warehouse.connection import Connection

Row = dict[str, Any]

_ROWS_PER_BLOCK = 2000


def fetch_rows(connection: Connection, sql: str) -> list[Row]:
    """Return all rows of a select."""
    return list(_read(connection.execute(sql)))


def fetch_row(connection: Connection, sql: str) -> Row:
    """Return the only row of a select that has exactly one."""
    (row,) = fetch_rows(connection, sql)
    return row


def stream_rows(connection: Connection, sql: str) -> Iterator[Row]:
    """Yield the rows of a select that may be long; other selects may run on the connection meanwhile."""
    yield from _read(connection.cursor().execute(sql))


def _read(result: Connection) -> Iterator[Row]:
    names = [column[0] for column in result.description or ()]
    while block := result.fetchmany(_ROWS_PER_BLOCK):
        for row in block:
            yield dict(zip(names, row, strict=True))


def group_rows(rows: Iterable[Row], *names: str) -> dict[Any, list[Row]]:
    """Return the rows by the value of one column, or by the tuple of the values of several."""
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[names[0]] if len(names) == 1 else tuple(row[name] for name in names)].append(row)
    return dict(groups)
