"""Keeping releases: which there are, whether one is whole, and taking away old ones.

Here: looking at release folders and removing them. Not here: making them (assets.release.publish.publish) and reading
what is in them (assets.release.read.reader).
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from assets.core.errors import Issue
from assets.core.paths import Paths
from assets.release.publish import quarantine
from assets.release.publish.file_names import DATABASE
from assets.release.publish.manifest import find_damages, read_manifest
from assets.release.read.reader import get_release, list_release_ids

_PRUNING = ".pruning-"


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """A whole release as a list shows it."""

    release_id: str
    released_at: datetime
    method_version: str
    files_received: int
    rows_accepted: int
    bytes: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class PruneResult:
    """What pruning took away, what stays, and what it left because somebody reads it; ids, the oldest first."""

    removed: tuple[str, ...]
    kept: tuple[str, ...]
    in_use: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """A release folder held against its manifest: how many files it lists, and what is not as it says."""

    release_id: str
    files: int
    issues: tuple[Issue, ...]


def list_releases(paths: Paths) -> list[ReleaseInfo]:
    """All whole releases, the newest first."""
    current = _current_id(paths)
    found = []
    for release_id in reversed(list_release_ids(paths)):
        manifest = read_manifest(paths.releases / release_id)
        if manifest is not None:
            found.append(
                ReleaseInfo(
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


def verify_release(paths: Paths, text: str) -> VerifyResult:
    """Hold a release against its manifest; WrongCall where there is no such release."""
    folder = _folder(paths, text)
    manifest = read_manifest(folder)
    if manifest is None:
        return VerifyResult(folder.name, 0, (Issue("manifest_unreadable", file=folder.name),))
    return VerifyResult(folder.name, len(manifest.files), tuple(find_damages(folder, manifest)))


def prune_releases(paths: Paths, keep: int) -> PruneResult:
    """Take away all but the newest releases; never the current one, and none that a reader of DuckDB holds open.

    A blocked candidate goes too, where a release has been made since.
    """
    for leftover in paths.releases.glob(f"{_PRUNING}*"):
        shutil.rmtree(leftover)
    there = list_release_ids(paths)
    # Looked up after the list: what a run made current meanwhile is not in the list.
    stay = {*there[len(there) - keep :], _current_id(paths)} if keep > 0 else {_current_id(paths)}
    removed: list[str] = []
    in_use: list[str] = []
    for release_id in there:
        if release_id not in stay:
            (removed if _remove(paths, release_id) else in_use).append(release_id)
    quarantine.drop_superseded(paths)
    return PruneResult(tuple(removed), tuple(one for one in there if one in stay), tuple(in_use))


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
    return paths.releases / found[0] if len(found) == 1 else get_release(paths, text).folder


def _beginning(paths: Paths, text: str) -> Sequence[str]:
    folders = paths.releases.glob("[!.]*/") if text else ()
    return [folder.name for folder in folders if not folder.is_symlink() and folder.name.startswith(text)]
