"""Retention of releases: listing, verifying and deleting them.

Not here: making releases (assets.release.publish.publish), and reading their tables (assets.release.read.reader).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from assets.core.errors import Issue
from assets.core.paths import Paths
from assets.core.system import rename_unless_open
from assets.release.publish import quarantine
from assets.release.publish.current import PRUNING, find_current_folder
from assets.release.publish.file_names import DATABASE
from assets.release.publish.manifest import find_damages, read_manifest
from assets.release.publish.release_index import read_releases, write_index
from assets.release.read.reader import get_release, list_release_ids


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """A release as an entry of a list."""

    release_id: str
    released_at: datetime
    method_version: str
    files_received: int
    rows_accepted: int
    bytes: int
    is_current: bool


# What an entry takes from the list of releases.
_LISTED = {*ReleaseInfo.__slots__} - {"is_current"}


@dataclass(frozen=True, slots=True)
class PruneResult:
    """Ids of the deleted releases, the kept ones, and those not deleted because a process reads them, oldest first."""

    removed: tuple[str, ...]
    kept: tuple[str, ...]
    in_use: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """How many files the manifest of a release lists, and the differences between it and the folder."""

    release_id: str
    files: int
    issues: tuple[Issue, ...]


def list_releases(paths: Paths) -> list[ReleaseInfo]:
    """Return all complete releases, the newest first."""
    current = _current_id(paths)
    return [
        ReleaseInfo(**release.model_dump(include=_LISTED), is_current=release.release_id == current)
        for release in reversed(read_releases(paths).values())
    ]


def verify_release(paths: Paths, text: str) -> VerifyResult:
    """Compare every file of a release with its manifest; `text` is as for `get_release`.

    Raises:
        UsageError: there is no such release.
    """
    folder = _find_folder(paths, text)
    manifest = read_manifest(folder)
    if manifest is None:
        return VerifyResult(folder.name, 0, (Issue("invalid_manifest", file=folder.name),))
    return VerifyResult(folder.name, len(manifest.files), tuple(find_damages(folder, manifest)))


def prune_releases(paths: Paths, keep: int) -> PruneResult:
    """Delete all but the newest releases, never the current one nor one whose database a process holds open.

    Where none of them is current, the newest stays. A blocked candidate is deleted too if a release was made after it.
    """
    for leftover in paths.releases.glob(f"{PRUNING}*"):
        shutil.rmtree(leftover)
    release_ids = list_release_ids(paths)
    # Read after the list: a release that a run makes current in the meantime is not in the list.
    current = _current_id(paths)
    most = keep if current in release_ids else max(keep, 1)
    kept = {*release_ids[max(len(release_ids) - most, 0) :], current}
    removed: list[str] = []
    in_use: list[str] = []
    for release_id in release_ids:
        if release_id not in kept:
            (removed if _remove(paths, release_id) else in_use).append(release_id)
    quarantine.drop_superseded(paths)
    write_index(paths)
    return PruneResult(tuple(removed), tuple(name for name in release_ids if name in kept), tuple(in_use))


def _remove(paths: Paths, release_id: str) -> bool:
    """Delete a release that no process reads, after a rename so that no reader finds half of it."""
    folder, renamed = paths.releases / release_id, paths.releases / f"{PRUNING}{release_id}"
    if not rename_unless_open(folder, renamed, folder / DATABASE):
        return False
    shutil.rmtree(renamed)
    return True


def _current_id(paths: Paths) -> str | None:
    folder = find_current_folder(paths)
    return folder.name if folder is not None else None


def _find_folder(paths: Paths, text: str) -> Path:
    """Return the folder of a release, also where its manifest is not readable."""
    current = find_current_folder(paths)
    if text == "current" and current is not None:
        return current
    folders = [folder for folder in paths.releases.glob("[!.]*/") if folder.name.startswith(text or "/")]
    matches = [folder for folder in folders if not folder.is_symlink()]
    return matches[0] if len(matches) == 1 else get_release(paths, text).folder
