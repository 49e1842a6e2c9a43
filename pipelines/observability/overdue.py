"""Data of a release that is overdue or due soon as of a day, for commands, alerts and metrics.

What belongs here: asking a release. What does not: the definition of overdue (assets.quality.freshness).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from assets.quality.freshness import DUE_SOON_ON, LATE_ON
from assets.release.read.reader import Release


def find_overdue(release: Release, as_of: date) -> list[dict[str, Any]]:
    """Return what is overdue on this day, a row for each dataset and year; none from a release without deadlines."""
    return _rows(release, LATE_ON, [as_of])


def find_due_soon(release: Release, as_of: date, days: int) -> list[dict[str, Any]]:
    """Return what is due within this number of days and has not arrived, with the columns of `find_overdue`."""
    return _rows(release, DUE_SOON_ON, [as_of, as_of + timedelta(days=days)])


def _rows(release: Release, sql: str, parameters: list[date]) -> list[dict[str, Any]]:
    tables = release.rows("from duckdb_tables() where schema_name = 'quality' and table_name = 'freshness'")
    return release.rows(sql, parameters) if tables else []
