"""What is late, as commands and alerts show it: read from a release, as of a day.

Here: the question put to a release. Not here: what late means (assets.quality.freshness).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from assets.quality.freshness import LATE_ON
from assets.release.read.reader import Release

Row = dict[str, Any]


def find_overdue(release: Release, as_of: date) -> list[Row]:
    """What is overdue on this day, a row for each dataset and year; nothing in a release of an older make."""
    known = release.rows("from duckdb_tables() where schema_name = 'quality' and table_name = 'freshness'")
    return release.rows(LATE_ON, [as_of]) if known else []
