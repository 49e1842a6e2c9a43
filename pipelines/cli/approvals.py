"""Letting flagged values pass: finding the flags that a person means, and recording the decision.

Here: looking flags up in the current release and in a candidate that was blocked. Not here: the record itself
(assets.quality.approvals), layouts (pipelines.cli.render.tables).
"""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from assets.quality.approvals import ApprovedFlag, write_decision
from assets.release.publish.quarantine import load_blocked
from assets.release.read.reader import find_current_release

Row = dict[str, Any]

_FLAGS = "select * from quality.flags order by all"
_SHORTEST = 4


def approve_flags(paths: Paths, wanted: Sequence[str], reason: str, by: str | None) -> tuple[Path, list[Row]]:
    """Record that these flags may pass; returns the record and the flags.

    A flag is named by its id, the beginning of one, or a file: all that is held back of it. WrongCall where a name fits
    no flag or several, and where a flag is approved already.
    """
    if not reason.strip():
        raise UsageError(Issue("approval_without_reason"))
    known = _flags(paths)
    found = {row["flag_id"]: row for name in wanted for row in _named(known, name)}
    identities = [ApprovedFlag(**{key: row[key] for key in ApprovedFlag.model_fields}) for row in found.values()]
    moment = datetime.now(UTC).replace(microsecond=0)
    return write_decision(paths.approvals, identities, by or getpass.getuser(), reason.strip(), moment), list(
        found.values()
    )


def _flags(paths: Paths) -> list[Row]:
    """Every flag there is to approve: of the current release, and of a blocked candidate, which may know more."""
    release, blocked = find_current_release(paths), load_blocked(paths)
    if release is None and blocked is None:
        raise UsageError(Issue("no_release"))
    rows = release.rows(_FLAGS) if release is not None else []
    rows += blocked.rows(_FLAGS) if blocked is not None else []
    # A release of an older make has no ids; the next run gives them.
    return list({row["flag_id"]: row for row in rows if "flag_id" in row}.values())


def _named(known: Sequence[Row], name: str) -> list[Row]:
    of_file = [row for row in known if row["file"] == name and row["severity"] == "blocking"]
    if of_file:
        found = of_file
    else:
        found = [row for row in known if len(name) >= _SHORTEST and row["flag_id"].startswith(name)]
        if len(found) != 1:
            raise UsageError(Issue("no_such_flag", name, ", ".join(row["flag_id"] for row in found[:5]) or "-"))
    waiting = [row for row in found if not row["is_approved"]]
    if not waiting:
        raise UsageError(Issue("flag_approved", name, found[0]["approved_by"]))
    return waiting
