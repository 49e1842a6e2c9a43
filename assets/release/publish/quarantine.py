"""The blocked candidate, kept aside for a look: what a run made and did not publish.

Here: marking a candidate as blocked, putting it aside when the run ends, and reading it. Not here: whether a candidate
is blocked (assets.release.publish.gate). One is kept at a time: the latest.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assets.core.paths import Paths
from assets.release.publish.manifest import read_manifest
from assets.warehouse.connection import connect_read_only

_PENDING = "blocked.pending.json"


@dataclass(frozen=True, slots=True)
class BlockedCandidate:
    """A candidate that failed its audit: its database, which nobody writes any more, and the run that made it.

    `release_id` is the release that was current then.
    """

    database: Path
    run_id: str
    blocked_at: datetime
    release_id: str | None

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        with connect_read_only(self.database) as connection:
            cursor = connection.execute(sql, list(parameters))
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def failed_checks(self) -> list[dict[str, Any]]:
        """Every check that did not pass, the blocking ones first, with its failing rows by key."""
        return self.rows(
            """
            select table_name, check_name, is_blocking, rule_zh, rule_en, rows_failing, failing_sample
            from quality.check_results where not is_passed
            order by is_blocking desc, table_name, check_name
            """
        )


def mark_blocked(paths: Paths, run_id: str) -> None:
    """Note that the candidate as it stands is blocked. The run that made it may still look at it."""
    note = _folder(paths) / _PENDING
    temporary = note.with_suffix(".tmp")
    moment = datetime.now(UTC).replace(microsecond=0)
    said = {"run_id": run_id, "blocked_at": moment.isoformat(), "release_id": _current_id(paths)}
    temporary.write_text(json.dumps(said), encoding="utf-8")
    temporary.rename(note)


def quarantine_candidate(paths: Paths) -> None:
    """Put a candidate that is marked as blocked aside, by rename; killed in between, the next run goes on with it."""
    note = _folder(paths) / _PENDING
    if not note.is_file():
        return
    if paths.candidate.exists():
        paths.candidate.replace(paths.blocked)
    note.replace(_note(paths))


def load_blocked(paths: Paths) -> BlockedCandidate | None:
    """The blocked candidate that is kept, if there is one."""
    try:
        said = json.loads(_note(paths).read_text(encoding="utf-8"))
        moment = datetime.fromisoformat(said["blocked_at"])
        found = BlockedCandidate(paths.blocked, str(said["run_id"]), moment, said.get("release_id"))
    except (OSError, ValueError, KeyError):
        return None
    return found if paths.blocked.is_file() else None


def is_superseded(paths: Paths, blocked: BlockedCandidate) -> bool:
    """Whether a release has been made since; told by the releases, for the clock may have been set back."""
    return _current_id(paths) not in (None, blocked.release_id)


def drop_superseded(paths: Paths) -> bool:
    """Take the blocked candidate away where a release has been made since; whether it did."""
    blocked = load_blocked(paths)
    if blocked is None or not is_superseded(paths, blocked):
        return False
    for file in (_note(paths), paths.blocked):
        file.unlink(missing_ok=True)
    return True


def _current_id(paths: Paths) -> str | None:
    current = read_manifest(paths.current_release)
    return current.release_id if current is not None else None


def _folder(paths: Paths) -> Path:
    return paths.candidate.parent


def _note(paths: Paths) -> Path:
    return paths.blocked.with_suffix(".json")
