"""The archive: every byte that ever arrived, under the hash of its content. Files are only ever added.

Here: which files of the inbox are archived, and archiving their bytes. Not here: names and opening
(assets.core.inbox_files), reading (assets.intake.file_parser).
"""

from __future__ import annotations

import errno
import hashlib
import math
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from assets.core.errors import Issue
from assets.core.file_hash_cache import FileHashCache
from assets.core.files import hash_file
from assets.core.inbox_files import EntryChangedError, EntryUnreadableError, InboxEntry, list_inbox, open_inbox_file
from assets.core.paths import Paths
from assets.core.settings import Limits
from assets.intake.receipts import temp_files

_BLOCK_BYTES = 1 << 20
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

    A link is not followed. A file that is still being written, or is exchanged while it is looked at, is left for the
    next run. One that has not changed since its hash was noted in the cache is not read again.
    """
    entries = list_inbox(paths.inbox, folder_name)
    if _wait_for_writers(entries, limits.still_written_seconds):
        entries = list_inbox(paths.inbox, folder_name)
    for entry in entries:
        refusal = _find_refusal(entry, limits)
        if refusal is not None:
            yield _refused(entry, refusal)
            continue
        try:
            inbox_file = _archive_entry(entry, paths, limits, cache)
        except EntryChangedError:
            continue
        except EntryUnreadableError:
            inbox_file = _refused(entry, "file_unreadable")
        if inbox_file is not None:
            yield inbox_file
    if cache is not None:
        cache.write()


def find_refusal(file: Path, limits: Limits) -> Issue | None:
    """Return why a file on the disk of its sender would be refused unread; None where it can be read.

    Raises:
        FileNotFoundError: it was deleted meanwhile.
    """
    entry = InboxEntry((file.name,), file.lstat())
    code = _find_refusal(entry, limits)
    if code is None and not os.access(file, os.R_OK):
        code = "file_unreadable"
    if code != "file_too_large":
        return None if code is None else Issue(code)
    return Issue(code, str(entry.status.st_size), str(limits.file_bytes))


def _find_refusal(entry: InboxEntry, limits: Limits) -> str | None:
    """Return the code of the refusal of an entry that is not opened; opening a pipe or a device may block for ever."""
    if entry.is_link:
        return "file_is_link"
    if not entry.is_file:
        return "file_unreadable"
    return "file_too_large" if entry.status.st_size > limits.file_bytes else None


def _archive_entry(entry: InboxEntry, paths: Paths, limits: Limits, cache: FileHashCache | None) -> InboxFile | None:
    """Archive one file; return None for one that is still being written."""
    known = cache.find_sha256(entry.name, entry.status) if cache is not None else None
    if known is not None and not _is_young(entry.status, limits) and is_archived_intact(paths.archived(known)):
        return InboxFile(entry.name, known, entry.status.st_size, state=_state(entry.status))
    with open_inbox_file(paths.inbox, entry.parts) as stream:
        status = os.fstat(stream.fileno())
        if _is_young(status, limits) or status.st_size > limits.file_bytes:
            return None
        sha256, size = archive_file(stream, paths, status.st_size)
        if _size_and_mtime(os.fstat(stream.fileno())) != _size_and_mtime(status):
            return None
    if cache is not None:
        cache.add(entry.name, status, sha256)
    return InboxFile(entry.name, sha256, size, state=_state(status))


def _is_young(status: os.stat_result, limits: Limits) -> bool:
    return 0 <= time.time() - status.st_mtime_ns / 1e9 < limits.still_written_seconds


def _refused(entry: InboxEntry, code: str) -> InboxFile:
    """A file that is not archived; another link or another size has another digest, and is another arrival."""
    size = 0
    if code == "file_is_link":
        state = b"link:" + os.fsencode(entry.target)
    elif code == "file_too_large":
        size = entry.status.st_size
        state = f"too large:{_size_and_mtime(entry.status)}:{entry.name}".encode()
    else:
        state = f"unreadable:{entry.name}".encode()
    return InboxFile(entry.name, hashlib.sha256(state).hexdigest(), size, code)


def _state(status: os.stat_result) -> FileState:
    return FileState(status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _size_and_mtime(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _wait_for_writers(entries: Iterable[InboxEntry], seconds: float) -> bool:
    """Wait once, at most `seconds`, until the newest file is old enough to know whether it still grows."""
    ages = [time.time() - entry.status.st_mtime for entry in entries if entry.is_file]
    youngest = min((age for age in ages if age >= 0), default=seconds)
    if youngest < seconds:
        time.sleep(seconds - youngest)
    return youngest < seconds


def is_archived_intact(file: Path) -> bool:
    """Return whether a file of the archive has the content whose hash is its name."""
    return file.is_file() and hash_file(file) == file.name


def _read_block(source: BinaryIO) -> bytes:
    try:
        return source.read(_BLOCK_BYTES)
    except OSError as error:  # a fault of the disk of the inbox, not of the archive
        raise EntryUnreadableError(error.errno, error.strerror) from error


def archive_file(source: BinaryIO, paths: Paths, max_bytes: float = math.inf) -> tuple[str, int]:
    """Copy the bytes of an open file into the archive and return their sha256 and number.

    The hash is that of the bytes copied, so a file replaced meanwhile cannot get the hash of other bytes. The copy gets
    its name by rename: a kill leaves a temporary file, never half a content. Blocks of zeros take no disk space.

    Raises:
        EntryChangedError: the file has grown to more than `max_bytes`; one that never stops growing ends here too.
        EntryUnreadableError: it cannot be read.
    """
    paths.archive.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    prefix = temp_files.temp_prefix(temp_files.ARRIVING_FILE)
    with tempfile.NamedTemporaryFile(dir=paths.archive, prefix=prefix, delete=False) as stream:
        copy = Path(stream.name)
        try:
            while block := _read_block(source):
                digest.update(block)
                size += len(block)
                if size > max_bytes:
                    raise EntryChangedError(errno.EFBIG, "grown")
                if block.count(0) == len(block):
                    stream.seek(size)
                else:
                    stream.write(block)
            stream.truncate(size)
            stream.flush()
            os.fsync(stream.fileno())
            target = paths.archived(digest.hexdigest())
            target.parent.mkdir(exist_ok=True)
            if is_archived_intact(target):
                copy.unlink()
            else:
                copy.chmod(0o444)
                copy.replace(target)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
    return digest.hexdigest(), size
