"""What moved between two published releases."""

from __future__ import annotations

from typing import Any

from assets.core.paths import PROJECT_ROOT
from assets.release.explain.recompute import attach_release
from assets.release.explain.score_diff import CHANGES, find_score_changes, read_named_changes
from assets.release.read.reader import Release
from assets.warehouse.connection import connect_in_memory
from assets.warehouse.tables import read_table


def diff_releases(old: Release, new: Release) -> tuple[list[dict[str, Any]], list[str]]:
    """Every change from one release to the other, and the older models that could not be run."""
    table = read_table(PROJECT_ROOT / "sql" / f"{CHANGES.replace('.', '/')}.yml")
    with connect_in_memory() as connection:
        before, after = (
            attach_release(connection, old.folder, "before"),
            attach_release(connection, new.folder, "after"),
        )
        left = find_score_changes(connection, before, after, table)
        return [dict(row) for row in read_named_changes(connection)], left
