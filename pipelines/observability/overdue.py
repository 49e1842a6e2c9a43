"""Overdue data of a release as of a day, for commands, alerts and metrics.

What belongs here: asking a release. What does not: the definition of overdue (assets.quality.freshness).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from assets.quality.freshness import LATE_ON
from assets.release.read.reader import Release


def find_overdue(release: Release, as_of: date) -> list[dict[str, Any]]:
    """Return what is overdue on this day, a row for each dataset and year; none from a release without deadlines."""
    tables = release.rows("from duckdb_tables() where schema_name = 'quality' and table_name = 'freshness'")
    return release.rows(LATE_ON, [as_of]) if tables else []
