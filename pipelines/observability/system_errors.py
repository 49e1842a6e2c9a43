"""What of an error a person can mend: a full disk, a folder that may not be written, a broken record of runs.

Here: telling such an error from a fault of ours. Not here: looking for what is wrong beforehand (pipelines.cli.doctor).
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator

from assets.core.errors import Issue

_FULL = ("no space left on device", "disk quota exceeded", "database or disk is full")
_DENIED = ("read-only file system", "permission denied", "readonly database", "unable to open database file")
_BROKEN = ("file is not a database", "malformed")
_CODES = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EROFS: "folder_unwritable",
    errno.EACCES: "folder_unwritable",
    errno.EPERM: "folder_unwritable",
}


def classify_system_error(error: BaseException) -> Issue | None:
    """What to tell of an error that says, itself or by what caused it, that the machine is at fault; else None."""
    found = [issue for cause in iter_causes(error) if (issue := _of_one(cause)) is not None]
    # SQLite calls a full disk an error of it, where something else in the chain knows better.
    return next((issue for issue in found if issue.code != "disk_fails"), found[0] if found else None)


def _of_one(cause: BaseException) -> Issue | None:
    code = _CODES.get(cause.errno or 0) if isinstance(cause, OSError) else None
    code = code or _said(str(cause), isinstance(cause, sqlite3.Error))
    return None if code is None else Issue(code, str(cause).strip().splitlines()[0])


def _said(text: str, is_sqlite: bool) -> str | None:
    lowered = text.lower()
    if any(words in lowered for words in _FULL):
        return "disk_full"
    if any(words in lowered for words in _DENIED):
        return "folder_unwritable"
    if "disk i/o error" in lowered:
        return "disk_fails"
    return "dagster_broken" if is_sqlite and any(words in lowered for words in _BROKEN) else None


def iter_causes(error: BaseException | None) -> Iterator[BaseException]:
    """What led to an exception, each once: one that is raised from its own wrapper is its own cause."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
