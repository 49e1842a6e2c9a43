"""The archive: every byte that ever arrived, under the hash of its content. Files are only ever added.

Here: finding the files in the inbox, and keeping their bytes. Not here: what is in them.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from assets.core.file_hash_cache import FileHashCache, inbox_name
from assets.core.settings import Limits
from assets.intake.receipts import temp_files

_BLOCK = 1 << 20
# What programs call a file that they have not finished.
_UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".tmp", "~")
UNARCHIVED_REFUSALS = ("file_is_link", "file_too_large", "file_unreadable")


@dataclass(frozen=True, slots=True)
class InboxFile:
    """A file of the inbox. `name` is its path below the inbox; its bytes are in the archive unless it is `refused`."""

    name: str
    sha256: str
    size: int
    refused: str | None = None


def scan_inbox(
    inbox: Path, dataset: str, archive: Path, limits: Limits, seen: FileHashCache | None = None
) -> Iterator[InboxFile]:
    """The files that lie in a folder of the inbox, or that one file, each kept before anything reads it.

    A file that is as it was `seen`, and is kept, is not read again.

    Lock files of Office (`~$...`), hidden files and unfinished downloads are nobody's data and are passed over. A link
    is not followed: what it points to was not sent. A file that is still being written is left for the next run.
    """
    folder = inbox / dataset
    files = sorted(folder.rglob("*")) if folder.is_dir() and not folder.is_symlink() else [folder]
    _let_writers_finish(files, limits.still_written_seconds)
    for file in files:
        if any(part.startswith((".", "~$")) for part in file.relative_to(inbox).parts):
            continue
        if file.name.lower().endswith(_UNFINISHED):
            continue
        name = inbox_name(file, inbox)
        try:
            arrival = _arrival(file, name, archive, limits, seen)
        except FileNotFoundError:
            arrival = None  # taken away while we looked
        if arrival is not None:
            yield arrival
    if seen is not None:
        seen.write()


def _arrival(file: Path, name: str, archive: Path, limits: Limits, seen: FileHashCache | None) -> InboxFile | None:
    """One file of the inbox; None for a folder, and for a file that is still being written."""
    if file.is_symlink():
        digest = hashlib.sha256(b"link:" + bytes(file.readlink())).hexdigest()
        return InboxFile(name, digest, 0, "file_is_link")
    found = file.stat()
    kind = found.st_mode
    if stat.S_ISDIR(kind):
        return None
    # To open a pipe or a device may take for ever.
    if not stat.S_ISREG(kind) or not _may_be_read(file):
        return _unread(name, "unreadable", "file_unreadable")
    before = _state(found)
    size = before[0]
    if size > limits.file_bytes:
        return _unread(name, f"too large:{before}", "file_too_large", size)
    if _is_fresh(before, limits.still_written_seconds):
        return None
    known = seen.find_sha256(name, found) if seen is not None else None
    if known is not None and archived_path(archive, known).is_file():
        return InboxFile(name, known, size)
    sha256, size = archive_file(file, archive)
    if _state(file.stat()) != before:
        return None
    if seen is not None:
        seen.add(name, found, sha256)
    return InboxFile(name, sha256, size)


def _may_be_read(file: Path) -> bool:
    try:
        with file.open("rb"):
            return True
    except PermissionError:
        return False


def _unread(name: str, state: str, refused: str, size: int = 0) -> InboxFile:
    return InboxFile(name, hashlib.sha256(f"{state}:{name}".encode()).hexdigest(), size, refused)


def _state(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns


def _is_fresh(state: tuple[int, int], seconds: float) -> bool:
    age = time.time() - state[1] / 1e9
    return 0 <= age < seconds


def _let_writers_finish(files: Iterable[Path], seconds: float) -> None:
    """Wait, once and not long, until the youngest file is old enough to tell whether it still grows."""
    ages = []
    for file in files:
        with suppress(FileNotFoundError):
            if file.is_file() and not file.is_symlink():
                ages.append(time.time() - file.stat().st_mtime)
    youngest = min((age for age in ages if age >= 0), default=seconds)
    if youngest < seconds:
        time.sleep(seconds - youngest)


def archive_file(file: Path, archive: Path) -> tuple[str, int]:
    """Copy a file's bytes into the archive and return their sha256 and number.

    The copy is hashed while it is made, so a file replaced in the meantime cannot give the hash of one and the bytes of
    the other. It gets its name by rename: a kill leaves a temporary file, never half a content.
    """
    archive.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(
        dir=archive, prefix=temp_files.temp_prefix(temp_files.ARRIVING_FILE), delete=False
    ) as copy:
        try:
            with file.open("rb") as source:
                while block := source.read(_BLOCK):
                    digest.update(block)
                    size += len(block)
                    copy.write(block)
            copy.flush()
            os.fsync(copy.fileno())
            target = archived_path(archive, digest.hexdigest())
            target.parent.mkdir(exist_ok=True)
            if target.is_file():
                Path(copy.name).unlink()
            else:
                Path(copy.name).chmod(0o444)
                Path(copy.name).rename(target)
        except BaseException:
            Path(copy.name).unlink(missing_ok=True)
            raise
    return digest.hexdigest(), size


def archived_path(archive: Path, sha256: str) -> Path:
    """Where the bytes with this hash are kept."""
    return archive / sha256[:2] / sha256
