"""Errors that a person can fix: a full disk, a folder without write permission, a damaged SQLite file.

What belongs here: telling such an error from an internal one. What does not: finding problems before they happen
(pipelines.cli.doctor).
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator

from assets.core.errors import Issue

_CODE_OF_ERRNO = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EROFS: "folder_unwritable",
    errno.EACCES: "folder_unwritable",
    errno.EPERM: "folder_unwritable",
    errno.EEXIST: "path_unusable",
    errno.EISDIR: "path_unusable",
    errno.ENOTDIR: "path_unusable",
    errno.ELOOP: "path_unusable",
    errno.ENAMETOOLONG: "path_unusable",
    errno.EIO: "disk_write_failed",
    errno.EFBIG: "disk_write_failed",
    errno.ESTALE: "disk_write_failed",
}
# DuckDB, SQLite and Dagster pass on only the text of the system's error.
_CODE_OF_TEXT = {
    "no space left on device": "disk_full",
    "disk quota exceeded": "disk_full",
    "database or disk is full": "disk_full",
    "read-only file system": "folder_unwritable",
    "permission denied": "folder_unwritable",
    "readonly database": "folder_unwritable",
    "unable to open database file": "folder_unwritable",
    "disk i/o error": "disk_write_failed",
    "could not set lock on file": "database_in_use",
    "being used by another process": "database_in_use",
    "corrupt database file": "database_damaged",  # a wrong checksum, which has no type of its own
}
# What DuckDB raises where a database file is damaged; it reads no other files of people.
_DATABASE_ERRORS = ("IOException", "SerializationException", "FatalException")
_DAMAGED = ("file is not a database", "malformed")


def classify_system_error(error: BaseException) -> Issue | None:
    """Return the message for an error that the machine caused, directly or through its causes; else None."""
    issues = [issue for cause in iter_causes(error) if (issue := _classify(cause)) is not None]
    # SQLite reports a full disk as an I/O error; another exception of the chain may know better.
    return next((issue for issue in issues if issue.code != "disk_write_failed"), issues[0] if issues else None)


def _classify(error: BaseException) -> Issue | None:
    text = str(error).lower()
    code = _CODE_OF_ERRNO.get(error.errno or 0) if isinstance(error, OSError) else None
    code = code or next((code for words, code in _CODE_OF_TEXT.items() if words in text), None)
    if code is None and type(error).__name__ in _DATABASE_ERRORS:
        code = "database_damaged"
    if code is None and isinstance(error, sqlite3.Error) and any(words in text for words in _DAMAGED):
        code = "dagster_storage_damaged"
    return None if code is None else Issue(code, str(error).strip().splitlines()[0])


def iter_causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and its causes, each once: causes can form a circle."""
    visited: set[int] = set()
    while error is not None and id(error) not in visited:
        visited.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
