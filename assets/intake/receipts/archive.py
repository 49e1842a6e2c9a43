"""The archive: every byte that ever arrived, under the hash of its content. Files are only ever added.

Here: listing the files of the inbox and archiving their bytes. Not here: reading them (assets.intake.file_parser).
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from assets.core.errors import Issue
from assets.core.file_hash_cache import FileHashCache, inbox_name
from assets.core.files import hash_file
from assets.core.paths import Paths
from assets.core.settings import Limits
from assets.intake.receipts import temp_files

_BLOCK_BYTES = 1 << 20
# Suffixes that programs give to a file that they have not finished.
_UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".tmp", "~")
UNARCHIVED_REFUSALS = ("file_is_link", "file_too_large", "file_unreadable")


class FileState(NamedTuple):
    """What tells whether a file was put in its place again, with the same bytes.

    Attributes:
        modified_ns: when its content was written, as its sender may have set it.
        changed_ns: when the file system last changed anything about it.
        inode: its number in the file system.
    """

    modified_ns: int
    changed_ns: int
    inode: int


_NO_STATE = FileState(0, 0, 0)


@dataclass(frozen=True, slots=True)
class InboxFile:
    """A file of the inbox.

    Attributes:
        name: its path below the inbox.
        sha256: the hash of its bytes; of a file with a `refusal` a digest of its name and state.
        size: in bytes.
        refusal: the code of the error for which the file was not archived; None where it is in the archive.
        state: of a file in the inbox that was archived.
    """

    name: str
    sha256: str
    size: int
    refusal: str | None = None
    state: FileState = field(default=_NO_STATE, compare=False)


def scan_inbox(
    paths: Paths, folder_name: str, limits: Limits, cache: FileHashCache | None = None
) -> Iterator[InboxFile]:
    """Yield the files below one folder of the inbox, or the one file of that name, each after it was archived.

    Lock files of Office (`~$...`), hidden files and unfinished downloads are skipped. A link is not followed. A file
    that is still being written is left for the next run.

    Args:
        paths: the data directory.
        folder_name: the folder or file directly below the inbox.
        limits: files above the limit of bytes are refused.
        cache: files that have not changed since their hash was noted there are not read again.
    """
    folder = paths.inbox / folder_name
    files = sorted(folder.rglob("*")) if folder.is_dir() and not folder.is_symlink() else [folder]
    _wait_for_writers(files, limits.still_written_seconds)
    for file in files:
        if is_ignored(file.relative_to(paths.inbox)):
            continue
        with suppress(FileNotFoundError):  # it was deleted meanwhile
            inbox_file = _archive_inbox_file(file, paths, limits, cache)
            if inbox_file is not None:
                yield inbox_file
    if cache is not None:
        cache.write()


def is_ignored(file: Path) -> bool:
    """Return whether the path of a file is hidden, or the name of a lock file of Office or an unfinished download."""
    return file.name.lower().endswith(_UNFINISHED) or any(part.startswith((".", "~$")) for part in file.parts)


def find_refusal(file: Path, limits: Limits) -> Issue | None:
    """Return why a file is refused unread; None where it can be read.

    Raises:
        FileNotFoundError: it was deleted meanwhile.
    """
    if file.is_symlink():
        return Issue("file_is_link")
    status = file.stat()
    # Opening a pipe or a device may block for ever.
    if not stat.S_ISREG(status.st_mode) or not _is_readable(file):
        return Issue("file_unreadable")
    is_too_large = status.st_size > limits.file_bytes
    return Issue("file_too_large", str(status.st_size), str(limits.file_bytes)) if is_too_large else None


def _archive_inbox_file(file: Path, paths: Paths, limits: Limits, cache: FileHashCache | None) -> InboxFile | None:
    """Archive one file; return None for a folder and for a file that is still being written."""
    name = inbox_name(file, paths.inbox)
    if file.is_dir() and not file.is_symlink():
        return None
    refusal = find_refusal(file, limits)
    if refusal is not None:
        return _refused(file, name, refusal)
    status = file.stat()
    size_and_mtime = _size_and_mtime(status)
    if 0 <= time.time() - status.st_mtime_ns / 1e9 < limits.still_written_seconds:
        return None
    known = cache.find_sha256(name, status) if cache is not None else None
    if known is not None and paths.archived(known).is_file():
        return InboxFile(name, known, status.st_size, state=_state(status))
    sha256, size = archive_file(file, paths)
    if _size_and_mtime(file.stat()) != size_and_mtime:
        return None
    if cache is not None:
        cache.add(name, status, sha256)
    return InboxFile(name, sha256, size, state=_state(status))


def _is_readable(file: Path) -> bool:
    try:
        with file.open("rb"):
            return True
    except PermissionError:
        return False


def _refused(file: Path, name: str, refusal: Issue) -> InboxFile:
    """A file that is not archived; another link or another size has another digest, and is another arrival."""
    size = 0
    if refusal.code == "file_is_link":
        state = b"link:" + bytes(file.readlink())
    elif refusal.code == "file_too_large":
        size = int(refusal.actual)
        state = f"too large:{_size_and_mtime(file.stat())}:{name}".encode()
    else:
        state = f"unreadable:{name}".encode()
    return InboxFile(name, hashlib.sha256(state).hexdigest(), size, refusal.code)


def _state(status: os.stat_result) -> FileState:
    return FileState(status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _size_and_mtime(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _wait_for_writers(files: Iterable[Path], seconds: float) -> None:
    """Wait once, at most `seconds`, until the newest file is old enough to know whether it still grows."""
    ages = []
    for file in files:
        with suppress(FileNotFoundError):
            if file.is_file() and not file.is_symlink():
                ages.append(time.time() - file.stat().st_mtime)
    youngest = min((age for age in ages if age >= 0), default=seconds)
    if youngest < seconds:
        time.sleep(seconds - youngest)


def is_archived_intact(file: Path) -> bool:
    """Return whether a file of the archive has the content whose hash is its name."""
    return file.is_file() and hash_file(file) == file.name


def archive_file(file: Path, paths: Paths) -> tuple[str, int]:
    """Copy the bytes of a file into the archive and return their sha256 and number.

    The hash is that of the bytes copied, so a file replaced meanwhile cannot get the hash of other bytes. The copy gets
    its name by rename: a kill leaves a temporary file, never half a content.
    """
    paths.archive.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    prefix = temp_files.temp_prefix(temp_files.ARRIVING_FILE)
    with tempfile.NamedTemporaryFile(dir=paths.archive, prefix=prefix, delete=False) as stream:
        copy = Path(stream.name)
        try:
            with file.open("rb") as source:
                while block := source.read(_BLOCK_BYTES):
                    digest.update(block)
                    size += len(block)
                    stream.write(block)
            stream.flush()
            os.fsync(stream.fileno())
            target = paths.archived(digest.hexdigest())
            target.parent.mkdir(exist_ok=True)
            if is_archived_intact(target):
                copy.unlink()
            else:
                copy.chmod(0o444)
                copy.rename(target)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
    return digest.hexdigest(), size
