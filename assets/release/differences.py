"""What moved between two published releases."""

from __future__ import annotations

from typing import Any

from assets.paths import PROJECT_ROOT
from assets.release.changes import CHANGES, find_changes, named_changes
from assets.release.reader import Release
from assets.release.recompute import attach
from assets.warehouse.connection import in_memory
from assets.warehouse.tables import read_table


def between(old: Release, new: Release) -> tuple[list[dict[str, Any]], list[str]]:
    """Every change from one release to the other, and the older models that could not be run."""
    table = read_table(PROJECT_ROOT / "sql" / f"{CHANGES.replace('.', '/')}.yml")
    with in_memory() as connection:
        before, after = attach(connection, old.folder, "before"), attach(connection, new.folder, "after")
        left = find_changes(connection, before, after, table)
        return [dict(row) for row in named_changes(connection)], left
