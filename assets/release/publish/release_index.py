"""The list of releases, and `index.json`, which keeps it for readers over HTTP and for the next listing.

Here: what is listed of a release; paths are relative to the list. An entry of the file counts only where it has the
checksum of the manifest: a file that is missing, old or damaged costs time alone. Not here: the manifest itself, and
the list as people read it (assets.release.publish.retention).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from assets.core.files import write_atomically
from assets.core.paths import Paths
from assets.core.sealed import read_sealed, seal
from assets.core.strict_model import StrictModel
from assets.release.publish.current import find_current_folder
from assets.release.publish.file_names import CSV, DATABASE, PARQUET, REPORT_INDEX, WORKBOOK
from assets.release.publish.manifest import MANIFEST_NAME, Manifest

INDEX = "index.json"
_FILES = {
    "database": DATABASE,
    "scorecard_long_parquet": f"{PARQUET}/scorecard_long.parquet",
    "scorecard_wide_parquet": f"{PARQUET}/scorecard_wide.parquet",
    "scorecard_long_csv": f"{CSV}/scorecard_long.csv",
    "scorecard_wide_csv": f"{CSV}/scorecard_wide.csv",
    "workbook": WORKBOOK,
    "report": REPORT_INDEX,
}


class ListedRelease(StrictModel):
    """A complete release as the list has it; `release_id` is the name of its folder, `bytes` the size of its files."""

    release_id: str
    released_at: datetime
    as_of: date | None
    method_version: str
    content_digest: str
    previous_release_id: str | None
    files_received: int
    rows_accepted: int
    bytes: int
    manifest: str
    manifest_sha256: str
    files: dict[str, str]


class _Index(StrictModel):
    current: str | None
    releases: tuple[ListedRelease, ...]


def write_index(paths: Paths) -> None:
    """Write the list of all complete releases, the newest first, with the one that is current."""
    current = find_current_folder(paths)
    index = _Index(
        current=None if current is None else current.name, releases=tuple(reversed(read_releases(paths).values()))
    )
    write_atomically(paths.releases / INDEX, seal(index.model_dump(mode="json")))


def read_releases(paths: Paths) -> dict[str, ListedRelease]:
    """Return all complete releases by id, the oldest first.

    Each follows the release that its manifest names as the previous one. Ids begin with a time, but clocks may have
    been set back.
    """
    releases = {release.release_id: release for release in _find_releases(paths)}
    ordered: dict[str, ListedRelease] = {}
    for release_id in sorted(releases):
        chain: dict[str, ListedRelease] = {}
        while release_id in releases and release_id not in ordered and release_id not in chain:
            chain[release_id] = releases[release_id]
            release_id = releases[release_id].previous_release_id or ""
        ordered.update(reversed(chain.items()))
    return ordered


def _find_releases(paths: Paths) -> Iterator[ListedRelease]:
    """Yield the complete releases; a manifest is only parsed where the index does not know its bytes."""
    known = {(release.release_id, release.manifest_sha256): release for release in _read_index(paths)}
    for folder in paths.releases.iterdir() if paths.releases.is_dir() else ():
        if folder.is_symlink() or folder.name[0] == "." or folder == paths.current_release:
            continue
        try:
            content = (folder / MANIFEST_NAME).read_bytes()
            sha256 = hashlib.sha256(content).hexdigest()
            yield known.get((folder.name, sha256)) or _describe(folder, content, sha256)
        except (OSError, ValueError):
            continue  # no readable manifest, so no complete release


def _read_index(paths: Paths) -> tuple[ListedRelease, ...]:
    try:
        return _Index.model_validate(read_sealed(paths.releases / INDEX)).releases
    except ValueError:
        return ()


def _describe(folder: Path, content: bytes, sha256: str) -> ListedRelease:
    manifest = Manifest.model_validate_json(content)
    listed = {file.path for file in manifest.files}
    return ListedRelease(
        release_id=folder.name,
        released_at=manifest.run.released_at,
        as_of=manifest.run.as_of,
        method_version=manifest.method_version,
        content_digest=manifest.content_digest,
        previous_release_id=manifest.previous_release_id,
        files_received=len(manifest.inputs),
        rows_accepted=sum(file.rows_accepted for file in manifest.inputs),
        bytes=sum(file.bytes for file in manifest.files),
        manifest=f"{folder.name}/{MANIFEST_NAME}",
        manifest_sha256=sha256,
        files={name: f"{folder.name}/{path}" for name, path in _FILES.items() if path in listed},
    )
