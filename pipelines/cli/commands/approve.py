"""gancheng approve: the approval of flagged values.

Here: finding the flags that a person names in the current release and in a blocked candidate. Not here: the record of
the approval (assets.quality.approvals).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from pipelines.cli.options import AsJson, InLanguage, argument, option, write_result

Row = dict[str, Any]

_FLAGS = "select * from quality.flags order by all"
_MINIMUM_PREFIX = 4
_MAXIMUM_OFFERED = 5


def approve(
    flags: Annotated[list[str], argument("flags")],
    *,
    reason: Annotated[str, option("reason")],
    by: Annotated[str | None, option("by")] = None,
    as_json: AsJson = False,
    language: InLanguage,
) -> None:
    """Approve flagged values after checking them; the approval ends when the value changes."""
    from pipelines.cli.render.tables import render_approved

    file, approved = approve_flags(Paths.from_environment(), flags, reason, by)
    content = {"file": str(file), "flags": approved}
    write_result(as_json, content, lambda: render_approved(file, approved, language))


def approve_flags(paths: Paths, names: Sequence[str], reason: str, by: str | None) -> tuple[Path, list[Row]]:
    """Record that flagged values are approved.

    Args:
        paths: The data directory.
        names: Each the id of a flag, the beginning of one, or a file: all blocking flags in it.
        reason: Why the values are right.
        by: Who approves them; None for the login name.

    Returns:
        The file of the record, and the flags.

    Raises:
        UsageError: the reason is empty, a name fits no flag or several, or a flag is already approved.
    """
    import getpass
    from datetime import UTC, datetime

    from assets.quality.approvals import ApprovedFlag, write_decision

    if not reason.strip():
        raise UsageError(Issue("approval_without_reason"))
    known = _read_flags(paths)
    chosen = {row["flag_id"]: row for name in names for row in _find_flags(known, name)}
    identities = [ApprovedFlag(**{key: row[key] for key in ApprovedFlag.model_fields}) for row in chosen.values()]
    moment = datetime.now(UTC).replace(microsecond=0)
    file = write_decision(paths.approvals, identities, by or getpass.getuser(), reason.strip(), moment)
    return file, list(chosen.values())


def _read_flags(paths: Paths) -> list[Row]:
    """Return the flags of the current release and of a blocked candidate, which may have more."""
    from assets.release.publish.quarantine import load_blocked
    from assets.release.read.reader import find_current_release

    sources = [source for source in (find_current_release(paths), load_blocked(paths)) if source is not None]
    if not sources:
        raise UsageError(Issue("no_release"))
    return list({row["flag_id"]: row for source in sources for row in source.rows(_FLAGS)}.values())


def _find_flags(known: Sequence[Row], name: str) -> list[Row]:
    """Return the flags of a name that are not approved yet."""
    flags = [row for row in known if row["file"] == name and row["severity"] == "blocking"]
    if not flags:
        flags = [row for row in known if len(name) >= _MINIMUM_PREFIX and row["flag_id"].startswith(name)]
        if len(flags) != 1:
            offered = ", ".join(row["flag_id"] for row in flags[:_MAXIMUM_OFFERED])
            raise UsageError(Issue("unknown_flag", name, offered or "-"))
    pending = [row for row in flags if not row["is_approved"]]
    if not pending:
        raise UsageError(Issue("flag_already_approved", name, flags[0]["approved_by"]))
    return pending
