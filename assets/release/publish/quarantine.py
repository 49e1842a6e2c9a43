"""The blocked candidate: the database that a run made and did not publish, kept for inspection.

Here: marking a candidate as blocked, moving it when the run ends, reading and deleting it; only the latest one is kept.
Not here: whether a candidate is blocked (assets.release.publish.gate).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assets.core.files import write_atomically
from assets.core.paths import Paths
from assets.core.strict_model import StrictModel
from assets.release.publish.current import find_current_folder
from assets.release.publish.manifest import FORMAT, raise_on_other_format, read_manifest
from assets.warehouse.connection import connect_read_only, fetch_rows

_PENDING = "blocked.pending.json"


class BlockedCandidate(StrictModel):
    """The database of a candidate that failed its audit, and the run that made it.

    `release_id` is the release that was current then, `format` that of its tables.
    """

    database: Path
    run_id: str
    blocked_at: datetime
    release_id: str | None = None
    format: int = 1

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Return the rows of a query; raise a UsageError if an earlier version made the candidate."""
        raise_on_other_format(self.format, self.database.name)
        with connect_read_only(self.database) as connection:
            return fetch_rows(connection, sql, parameters)

    def failed_checks(self) -> list[dict[str, Any]]:
        """Return every failed check with its failing rows by key, the blocking ones first."""
        return self.rows(
            """
            select
                table_name, check_name, is_blocking, rows_failing, failing_sample, description_zh, description_en
            from quality.check_results where not is_passed
            order by is_blocking desc, table_name, check_name
            """
        )


def mark_blocked(paths: Paths, run_id: str) -> None:
    """Note that the candidate is blocked; it stays in its place as long as the run goes on."""
    moment = datetime.now(UTC).replace(microsecond=0)
    blocked = BlockedCandidate(
        database=paths.blocked, run_id=run_id, blocked_at=moment, release_id=_current_id(paths), format=FORMAT
    )
    write_atomically(_pending_note(paths), blocked.model_dump_json(exclude={"database"}))


def quarantine_candidate(paths: Paths) -> None:
    """Move a candidate that is marked as blocked out of the way; after a kill the next call completes it."""
    if not _pending_note(paths).is_file():
        return
    if paths.candidate.exists():
        paths.candidate.replace(paths.blocked)
    _pending_note(paths).replace(_note(paths))


def load_blocked(paths: Paths) -> BlockedCandidate | None:
    """Return the blocked candidate, if there is one."""
    try:
        blocked = BlockedCandidate(database=paths.blocked, **json.loads(_note(paths).read_bytes()))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return blocked if paths.blocked.is_file() else None


def is_superseded(paths: Paths, blocked: BlockedCandidate) -> bool:
    """Return whether there is a release made after it; compares ids, since the clock may have been set back."""
    return _current_id(paths) not in (None, blocked.release_id)


def drop_superseded(paths: Paths) -> bool:
    """Delete the blocked candidate if there is a release made after it, and return whether this was done."""
    blocked = load_blocked(paths)
    if blocked is None or not is_superseded(paths, blocked):
        return False
    for file in (_note(paths), paths.blocked):
        file.unlink(missing_ok=True)
    return True


def _current_id(paths: Paths) -> str | None:
    folder = find_current_folder(paths)
    current = read_manifest(folder) if folder is not None else None
    return current.release_id if current is not None else None


def _pending_note(paths: Paths) -> Path:
    return paths.candidate.with_name(_PENDING)


def _note(paths: Paths) -> Path:
    return paths.blocked.with_suffix(".json")
