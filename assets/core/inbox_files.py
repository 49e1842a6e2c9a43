"""The files of the inbox as the system has them: listing and opening them, whatever their senders name or exchange.

Here: names as text, and opening a file once, below a descriptor of its folder, without following links and without
waiting; what counts is the state of the open file. Not here: which files are refused, and copying them
(assets.intake.receipts.archive).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from assets.core.text import escape_control

# Windows has few of these flags, and opens nothing below a descriptor.
_FLAGS = sum(getattr(os, name, 0) for name in ("O_RDONLY", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
_FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_HAS_DESCRIPTORS = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
# Each level needs a descriptor while the inbox is listed.
MAX_DEPTH = 50
# Suffixes that programs give to a file that they have not finished.
_UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".tmp", "~")
# Another kind of entry has taken the name since it was listed.
_CHANGED = (errno.ENOENT, errno.ELOOP, errno.EMLINK, errno.ENOTDIR, errno.ENXIO, errno.ESTALE)

# A descriptor; a path where the system has no such descriptors.
_Folder = int | Path


class EntryChangedError(OSError):
    """Something else has the name now; the next look at the inbox finds it."""


class EntryUnreadableError(OSError):
    """The file is not readable, by its permissions or by a fault of its disk."""


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """A name in the inbox that is no folder, or a folder that is not entered.

    Attributes:
        parts: the names of its folders below the inbox and its own, as the system has them.
        status: its state when it was listed, that of a link itself.
        target: where a link points to, else empty.
    """

    parts: tuple[str, ...]
    status: os.stat_result
    target: str = ""

    @property
    def name(self) -> str:
        """Its path below the inbox as text."""
        return escape_path(self.parts)

    @property
    def is_link(self) -> bool:
        return stat.S_ISLNK(self.status.st_mode)

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.status.st_mode)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder that is too deep or must not be read."""
        return stat.S_ISDIR(self.status.st_mode)


def escape_path(parts: tuple[str, ...]) -> str:
    r"""Return a path as text in which no character steers a terminal; two paths never have one text.

    Bytes that are not UTF-8, as GBK names unpacked on another system, become `\xd6`, control characters and overrides
    of direction `\u202e`, and a backslash `\x5c`.
    """
    names = (os.fsencode(part.replace("\\", "\\x5c")).decode("utf-8", "backslashreplace") for part in parts)
    return escape_control("/".join(names), keep="")


def is_ignored(name: str) -> bool:
    """Return whether a file has the name of a hidden file, a lock file of Office or an unfinished download."""
    return _is_hidden(name) or name.lower().endswith(_UNFINISHED)


def list_inbox(inbox: Path, folder_name: str | None = None) -> list[InboxEntry]:
    """Return what is in the inbox, or in the folder of this name, in the order of the names; without ignored files.

    Folders deeper than `MAX_DEPTH` and folders that cannot be read are returned instead of what they hold.
    """
    with suppress(FileNotFoundError), _open_folder(inbox) as folder:
        names = _names(folder) if folder_name is None else [folder_name]
        return list(_list_entries(folder, names, ()))
    return []


@contextmanager
def open_inbox_file(inbox: Path, parts: tuple[str, ...]) -> Iterator[BufferedReader]:
    """Open a file of the inbox; `parts` are the names of its folders below the inbox and its own.

    Raises:
        EntryChangedError: it is gone, or no longer a regular file below real folders.
        EntryUnreadableError: it cannot be opened.
    """
    try:
        descriptor = _open_below(inbox, parts)
    except OSError as error:
        kind = EntryChangedError if error.errno in _CHANGED else EntryUnreadableError
        raise kind(error.errno, error.strerror, escape_path(parts)) from error
    # Before it becomes a stream, which a folder cannot.
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise EntryChangedError(errno.ESTALE, "no regular file", escape_path(parts))
    with os.fdopen(descriptor, "rb") as stream:
        yield stream


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$"))


def _names(folder: _Folder) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def _list_entries(folder: _Folder, names: list[str], above: tuple[str, ...]) -> Iterator[InboxEntry]:
    for name in sorted(names):
        with suppress(FileNotFoundError):  # deleted since it was listed
            status = _status(folder, name)
            parts = (*above, name)
            if _is_hidden(name) or (is_ignored(name) and not stat.S_ISDIR(status.st_mode)):
                continue
            target = _target(folder, name) if stat.S_ISLNK(status.st_mode) else ""
            entry = InboxEntry(parts, status, target)
            yield from _list_folder(folder, entry) if entry.is_folder else [entry]


def _list_folder(parent: _Folder, entry: InboxEntry) -> list[InboxEntry]:
    """Return what a folder holds, or the folder itself where it is not entered."""
    if len(entry.parts) > MAX_DEPTH:
        return [entry]
    try:
        with _open_folder(entry.parts[-1], parent) as folder:
            return list(_list_entries(folder, _names(folder), entry.parts))
    except OSError as error:
        # Exchanged since it was listed: the next look finds what it is now.
        return [] if error.errno in _CHANGED else [entry]


def _open_below(inbox: Path, parts: tuple[str, ...]) -> int:
    with ExitStack() as stack:
        folder = stack.enter_context(_open_folder(inbox))
        for name in parts[:-1]:
            folder = stack.enter_context(_open_folder(name, folder))
        return _open(parts[-1], folder, _FLAGS)


@contextmanager
def _open_folder(name: str | Path, parent: _Folder | None = None) -> Iterator[_Folder]:
    """Open a folder; only the inbox itself, which is opened without a parent, may be a link."""
    if not _HAS_DESCRIPTORS:
        path = Path(name) if parent is None else Path(str(parent), name)
        if parent is not None and path.is_symlink():
            raise EntryChangedError(errno.ELOOP, "a link", str(name))
        yield path
        return
    descriptor = os.open(name, _FOLDER_FLAGS) if parent is None else _open(str(name), parent, _FLAGS | _FOLDER_FLAGS)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open(name: str, folder: _Folder, flags: int) -> int:
    return os.open(name, flags, dir_fd=folder) if isinstance(folder, int) else os.open(folder / name, flags)


def _status(folder: _Folder, name: str) -> os.stat_result:
    return os.stat(name, dir_fd=folder, follow_symlinks=False) if isinstance(folder, int) else (folder / name).lstat()


def _target(folder: _Folder, name: str) -> str:
    return os.readlink(name, dir_fd=folder) if isinstance(folder, int) else str((folder / name).readlink())
