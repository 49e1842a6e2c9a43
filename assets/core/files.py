"""Writing files so that a kill or a power cut leaves the old content or the new one, never half of it.

Here: the one way to replace a small file, forcing files onto the disk, hashing them. Not here: contents, and the order
of steps that makes several files appear together (assets.intake.receipts, assets.release.publish).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path

from assets.core.system import sync_path

_SYNC_THREADS = 8


def write_atomically(target: Path, content: str | bytes, *, is_durable: bool = False, mode: int | None = None) -> None:
    """Replace a file by rename.

    Args:
        target: the file; its folder is created where it is missing.
        content: text is written as UTF-8 without changing line ends.
        is_durable: also force the content onto the disk before the rename. Not needed for what can be made again.
        mode: permissions of the file; those of the process' umask where None.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    # The process id keeps two programs from writing into the same temporary file.
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        if mode is not None:
            temporary.chmod(mode)
        if is_durable:
            sync_path(temporary)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove_path(path: Path) -> None:
    """Delete a file, a link or a whole folder, whichever is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        with suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()


def write_cache(file: Path, content: str) -> None:
    """Replace a file that can be made again, whatever has taken its place or that of its folder."""
    if file.is_dir():
        remove_path(file)
    if not file.parent.is_dir():
        remove_path(file.parent)
    write_atomically(file, content)


def hash_file(file: Path) -> str:
    """Return the sha256 of the bytes of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_tree(folder: Path) -> None:
    """Force all files and folders below a folder onto the disk, then the folder itself and the one that names it."""
    paths = sorted(folder.rglob("*"))
    from concurrent.futures import ThreadPoolExecutor  # commands that only read do not need it

    # Together they wait for the disk once, and not for each file.
    with ThreadPoolExecutor(_SYNC_THREADS) as executor:
        for part in (filter(Path.is_file, paths), filter(Path.is_dir, paths)):
            list(executor.map(sync_path, part))
    sync_path(folder)
    sync_path(folder.parent)
