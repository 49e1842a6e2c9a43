"""What was seen of the files of the inbox, so that a file that did not change is not read again.

Here: size, times and node of each file, and the hash of its content. It is a note, no truth: without it, or where
anything of it differs, the file is hashed and kept again, and the receipts are the same. Not here: finding the files
and keeping their bytes (assets.intake.receipts.archive).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from assets.core.paths import Paths

# The system changes this time with every write and nobody can set it. A file that was changed just before it was hashed
# may be changed again within the same tick of the clock.
_SETTLED_SECONDS = 1.0


def cached_sha256(paths: Paths) -> Callable[[Path], str | None]:
    """The hash of a file of the inbox that is as it was when it was taken in; None where it has to be read."""

    @cache
    def note(dataset: str) -> FileHashCache:
        return FileHashCache(paths.seen / f"{dataset}.json")

    def sha256_of(file: Path) -> str | None:
        name = inbox_name(file, paths.inbox)
        return note(name.split("/")[0]).sha256_of(name, file.stat())

    return sha256_of


def inbox_name(file: Path, inbox: Path) -> str:
    """Its path below the inbox. One packed on another system may be no UTF-8; it is told as far as it can be."""
    return os.fsencode(file.relative_to(inbox).as_posix()).decode("utf-8", "backslashreplace")


class FileHashCache:
    """The note of the last look at one folder, and that of this one."""

    def __init__(self, note: Path) -> None:
        self._note = note
        self._before = _read(note)
        self._now: dict[str, list[object]] = {}

    def sha256_of(self, name: str, file: os.stat_result) -> str | None:
        """The hash of a file that is as it was when it was hashed; None where it has to be read."""
        known = self._before.get(name)
        if known is None or known[:-1] != _state(file):
            return None
        self._now[name] = known
        return str(known[-1])

    def remember(self, name: str, file: os.stat_result, sha256: str) -> None:
        """Note the hash of a file, read while it was in this state."""
        if time.time() - file.st_ctime > _SETTLED_SECONDS:
            self._now[name] = [*_state(file), sha256]

    def write(self) -> None:
        """Keep what was seen in this look and nothing older; by rename, and only where it changed."""
        if self._now == self._before:
            return
        self._note.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._note.with_name(f".{self._note.name}.{os.getpid()}")
        temporary.write_text(json.dumps(self._now), encoding="utf-8")
        temporary.replace(self._note)


def _state(file: os.stat_result) -> list[object]:
    return [file.st_size, file.st_mtime_ns, file.st_ctime_ns, file.st_ino, file.st_dev]


def _read(note: Path) -> dict[str, list[object]]:
    try:
        said = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(said, dict):
        return {}
    return {name: state for name, state in said.items() if isinstance(state, list) and state}
