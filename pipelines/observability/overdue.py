"""Data of a release that is overdue, due soon or partly sent as of a day, for commands, alerts and metrics.

What belongs here: asking a release. What does not: the definition of overdue (assets.quality.freshness).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from assets.quality.freshness import DUE_SOON_ON, LATE_ON, PARTLY_SENT_ON
from assets.release.read.reader import Release


def find_overdue(release: Release, as_of: date) -> list[dict[str, Any]]:
    """Return what is overdue on this day, a row for each dataset and year; none from a release without deadlines."""
    return _rows(release, LATE_ON, [as_of])


def find_due_soon(release: Release, as_of: date, days: int) -> list[dict[str, Any]]:
    """Return what is due within this number of days and has not arrived, with the columns of `find_overdue`."""
    return _rows(release, DUE_SOON_ON, [as_of, as_of + timedelta(days=days)])


def find_partly_sent(release: Release, as_of: date, days: int) -> list[dict[str, Any]]:
    """Return years of which only a part arrived, overdue or due within this number of days, with those columns."""
    return _rows(release, PARTLY_SENT_ON, [as_of + timedelta(days=max(days, 0))], needs="delivery")


def _rows(release: Release, sql: str, parameters: list[date], needs: str = "due_date") -> list[dict[str, Any]]:
    """The rows of a query; none from an earlier release without this column."""
    columns = release.rows(
        "from duckdb_columns() where schema_name = 'quality' and table_name = 'freshness' and column_name = ?", [needs]
    )
    return release.rows(sql, parameters) if columns else []
