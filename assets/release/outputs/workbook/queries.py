"""What the sheets read of the candidate: rows by name, and the cities in their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assets.warehouse.connection import Connection

Row = dict[str, Any]


def fetch_rows(connection: Connection, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def fetch_row(connection: Connection, sql: str) -> Row:
    """The one row of a select that has exactly one."""
    (found,) = fetch_rows(connection, sql)
    return found


def read_cities(connection: Connection) -> list[Row]:
    """Every city with its score."""
    return fetch_rows(
        connection,
        """
        select cities.name_zh, cities.short_zh, cities.name_en, scores.*
        from scorecards.city_scores as scores
        inner join reference.cities as cities on scores.city_code = cities.city_code
        order by scores.city_code
        """,
    )
