"""Keeping releases: which there are, whether one is whole, and taking away old ones.

Here: looking at release folders and removing them. Not here: making them (assets.release.publish) and reading what is
in them (assets.release.reader).
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from assets.errors import Finding
from assets.paths import Paths
from assets.release import candidates
from assets.release.layout import DATABASE
from assets.release.manifest import damages, read_manifest
from assets.release.reader import named_release, released

_PRUNING = ".pruning-"


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole release as a list shows it."""

    release_id: str
    released_at: datetime
    method_version: str
    files_received: int
    rows_accepted: int
    bytes: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class Pruned:
    """What pruning took away, what stays, and what it left because somebody reads it; ids, the oldest first."""

    removed: tuple[str, ...]
    kept: tuple[str, ...]
    in_use: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """A release folder held against its manifest: how many files it lists, and what is not as it says."""

    release_id: str
    files: int
    findings: tuple[Finding, ...]


def releases(paths: Paths) -> list[Kept]:
    """All whole releases, the newest first."""
    current = _current_id(paths)
    found = []
    for release_id in reversed(released(paths)):
        manifest = read_manifest(paths.releases / release_id)
        if manifest is not None:
            found.append(
                Kept(
                    release_id=release_id,
                    released_at=manifest.run.released_at,
                    method_version=manifest.method_version,
                    files_received=len(manifest.inputs),
                    rows_accepted=sum(file.rows_accepted for file in manifest.inputs),
                    bytes=sum(file.bytes for file in manifest.files),
                    is_current=release_id == current,
                )
            )
    return found


def verify(paths: Paths, text: str) -> Verified:
    """Hold a release against its manifest; WrongCall where there is no such release."""
    folder = _folder(paths, text)
    manifest = read_manifest(folder)
    if manifest is None:
        return Verified(folder.name, 0, (Finding("manifest_unreadable", file=folder.name),))
    return Verified(folder.name, len(manifest.files), tuple(damages(folder, manifest)))


def prune(paths: Paths, keep: int) -> Pruned:
    """Take away all but the newest releases; never the current one, and none that a reader of DuckDB holds open.

    A blocked candidate goes too, where a release has been made since.
    """
    for leftover in paths.releases.glob(f"{_PRUNING}*"):
        shutil.rmtree(leftover)
    there = released(paths)
    # Looked up after the list: what a run made current meanwhile is not in the list.
    stay = {*there[len(there) - keep :], _current_id(paths)} if keep > 0 else {_current_id(paths)}
    removed: list[str] = []
    in_use: list[str] = []
    for release_id in there:
        if release_id not in stay:
            (removed if _remove(paths, release_id) else in_use).append(release_id)
    candidates.forget_past(paths)
    return Pruned(tuple(removed), tuple(one for one in there if one in stay), tuple(in_use))


def _remove(paths: Paths, release_id: str) -> bool:
    """Take one release away in one step, unless it is read; whether it is gone."""
    with _unread(paths.releases / release_id / DATABASE) as is_unread:
        if not is_unread:
            return False
        gone = (paths.releases / release_id).rename(paths.releases / f"{_PRUNING}{release_id}")
    shutil.rmtree(gone)
    return True


@contextmanager
def _unread(database: Path) -> Iterator[bool]:
    """Hold a database for ourselves, as a writer of it would; false where a reader holds it."""
    try:
        stream = database.open("r+b")
    except FileNotFoundError:
        yield True
        return
    with stream:
        try:
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            yield False
            return
        yield True


def _current_id(paths: Paths) -> str | None:
    return paths.current_release.readlink().name if paths.current_release.is_symlink() else None


def _folder(paths: Paths, text: str) -> Path:
    """The folder of a release by name, whether or not its manifest can be read."""
    if text == "current" and paths.current_release.is_symlink():
        return paths.current_release.resolve()
    found = _beginning(paths, text)
    return paths.releases / found[0] if len(found) == 1 else named_release(paths, text).folder


def _beginning(paths: Paths, text: str) -> Sequence[str]:
    folders = paths.releases.glob("[!.]*/") if text else ()
    return [folder.name for folder in folders if not folder.is_symlink() and folder.name.startswith(text)]
