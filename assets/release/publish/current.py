"""Which release is current: `releases/current`, a link to the folder of the release, on Windows a file with its name.

Here: reading and switching it, and repairing what copying makes of it: a folder where links were followed, a file where
links became text, as in a ZIP file on Windows. Not here: reading tables (assets.release.read.reader).
"""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from assets.core.system import sync_path, write_pointer
from assets.release.publish.manifest import Manifest, is_intact, read_manifest

SWITCHING, PRUNING = ".current-", ".pruning-"
_LONGEST_NAME = 255


def find_current_folder(paths: Paths) -> Path | None:
    """Return the folder of the current release, None where nothing names one; the folder may be missing or damaged."""
    pointer = paths.current_release
    if is_copied_folder(paths):
        manifest = read_manifest(pointer)
        own = _own_folder(paths, manifest) if manifest is not None else pointer
        return own if own.is_dir() else pointer
    return _follow(paths, pointer)


def is_copied_folder(paths: Paths) -> bool:
    """Return whether `current` is a folder, as in a copy that followed links."""
    return paths.current_release.is_dir() and not paths.current_release.is_symlink()


def switch_current(paths: Paths, release_id: str) -> None:
    """Let `current` be this release in one step; readers that opened another one keep it."""
    _put_in_place(paths, _write_pointer(paths, release_id))


def repair_current(paths: Paths) -> None:
    """Make `current` a link again where it is a folder, and keep one intact folder of its release.

    Where a kill left the link only under the name that it has while it is written, it is put in place.

    Raises:
        UsageError: the folder is no complete release, so what it was is not known.
    """
    if not os.path.lexists(paths.current_release):
        _restore_pointer(paths)
    if not is_copied_folder(paths):
        return
    copy = paths.current_release
    manifest = read_manifest(copy)
    if manifest is None or not is_intact(copy, manifest):
        raise UsageError(Issue("current_is_folder", file="releases/current"))
    own = _own_folder(paths, manifest)
    is_spare = own.is_dir() and read_manifest(own) == manifest and is_intact(own, manifest)
    removed = paths.releases / f"{PRUNING}{uuid.uuid4().hex}"
    # Written before `current` is moved: killed in between, the next repair finds it.
    pointer = _write_pointer(paths, own.name)
    if is_spare:
        copy.replace(removed)
    else:
        if own.exists():
            own.replace(removed)
        copy.replace(own)
    _put_in_place(paths, pointer)
    shutil.rmtree(removed, ignore_errors=True)


def _write_pointer(paths: Paths, release_id: str) -> Path:
    pointer = paths.releases / f"{SWITCHING}{uuid.uuid4().hex}"
    write_pointer(pointer, release_id)
    return pointer


def _put_in_place(paths: Paths, pointer: Path) -> None:
    pointer.replace(paths.current_release)
    sync_path(paths.releases)


def _restore_pointer(paths: Paths) -> None:
    """Put the newest pointer that names a release in place of the missing `current`."""
    pointers = sorted(paths.releases.glob(f"{SWITCHING}*"), key=lambda pointer: pointer.lstat().st_mtime_ns)
    for pointer in reversed(pointers):
        folder = _follow(paths, pointer)
        if folder is not None and read_manifest(folder) is not None:
            _put_in_place(paths, pointer)
            return


def _follow(paths: Paths, pointer: Path) -> Path | None:
    """Return the folder that a link, or a file with its name, points to; None where it names no folder."""
    try:
        text = str(pointer.readlink()) if pointer.is_symlink() else _read_text(pointer)
    except (OSError, UnicodeError):
        return None
    name = Path(text.strip()).name
    return paths.releases / name if name not in ("", "..", pointer.name) else None


def _own_folder(paths: Paths, manifest: Manifest) -> Path:
    return paths.releases / Path(manifest.release_id).name


def _read_text(pointer: Path) -> str:
    if not pointer.is_file() or pointer.stat().st_size > _LONGEST_NAME:
        return ""
    return pointer.read_text(encoding="utf-8")
