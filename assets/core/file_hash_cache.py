"""A cache of the hashes of the files in the inbox, so that an unchanged file is not read again.

Here: size, times and inode of each file, and the hash of its content. Without the cache, or where anything differs, the
file is hashed and archived again, and the receipts are the same. Not here: listing and archiving files
(assets.intake.receipts.archive).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from assets.core.files import write_cache
from assets.core.inbox_files import InboxEntry, escape_path
from assets.core.paths import Paths
from assets.core.sealed import read_sealed, seal

# A file that was changed just before it was hashed may change again within the same tick of the file system's clock.
_SETTLED_SECONDS = 1.0


def cached_sha256(paths: Paths) -> Callable[[InboxEntry], str | None]:
    """Return a function that gives the cached hash of a file of the inbox; None where it must be read."""

    @cache
    def read_folder(folder: str) -> FileHashCache:
        return FileHashCache(paths.file_hashes / f"{escape_path((folder,))}.json")

    return lambda entry: read_folder(entry.parts[0]).find_sha256(entry.name, entry.status)


class FileHashCache:
    """The hashes of one folder: those of the last scan, and those of the current one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._last_scan = _read(file)
        self._this_scan: dict[str, list[object]] = {}

    def find_sha256(self, name: str, stat: os.stat_result) -> str | None:
        """Return the hash of a file that has not changed since it was hashed; None where it must be read."""
        entry = self._last_scan.get(name)
        if entry is None or entry[:-1] != _describe(stat):
            return None
        self._this_scan[name] = entry
        return str(entry[-1])

    def add(self, name: str, stat: os.stat_result, sha256: str) -> None:
        """Add the hash of a file that was read in this state."""
        # The change time is set by the system with every write; a person cannot set it.
        if time.time() - stat.st_ctime > _SETTLED_SECONDS:
            self._this_scan[name] = [*_describe(stat), sha256]

    def write(self) -> None:
        """Write the entries of this scan and no older ones, where they differ."""
        if self._this_scan != self._last_scan:
            write_cache(self._file, seal(self._this_scan))


def _describe(stat: os.stat_result) -> list[object]:
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_dev]


def _read(file: Path) -> dict[str, list[object]]:
    content = read_sealed(file) or {}
    return {name: entry for name, entry in content.items() if isinstance(entry, list) and entry}
