"""The manifest of a release: what is in it, with the sha256 of each file, and from what it was made.

Here: its shape, how it is written, read and verified. The content digest covers the Parquet files and nothing of the
run, so that two runs from the same inputs, at two times and places, have the same one.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from assets.core.errors import Issue

MANIFEST_NAME = "MANIFEST.json"


class PublishedFile(BaseModel):
    """A file of the release; `rows` of a Parquet file, `is_content` where the content digest covers it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    sha256: str
    bytes: int
    rows: int | None = None
    is_content: bool = False


class InputFile(BaseModel):
    """A file that arrived, and what became of its rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    file: str
    sha256: str
    status: str
    rows_read: int
    rows_accepted: int
    rows_set_aside: int
    rows_rejected: int


class RunFacts(BaseModel):
    """When and by which run the release was made; no part of the content. `as_of` is when its newest file arrived."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run_id: str
    released_at: datetime
    as_of: date | None = None


class Manifest(BaseModel):
    """The manifest. `content_digest` is the same wherever and whenever the same inputs are released."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    release_id: str
    content_digest: str
    method_version: str
    files: tuple[PublishedFile, ...]
    inputs: tuple[InputFile, ...]
    run: RunFacts
    previous_release_id: str | None = None  # what its changes are told against

    def write(self, folder: Path) -> Path:
        target = folder / MANIFEST_NAME
        target.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        return target


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a release folder, or None where there is none that can be read."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def content_digest(files: tuple[PublishedFile, ...]) -> str:
    """The digest of the files that are content, by path and sha256."""
    lines = sorted(f"{file.path} {file.sha256}\n" for file in files if file.is_content)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def hash_file(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def published_file(folder: Path, file: Path, rows: int | None = None, is_content: bool = False) -> PublishedFile:
    """A file below the folder of a release, as it stands."""
    return PublishedFile(
        path=file.relative_to(folder).as_posix(),
        sha256=hash_file(file),
        bytes=file.stat().st_size,
        rows=rows,
        is_content=is_content,
    )


def is_whole(folder: Path, manifest: Manifest) -> bool:
    """Whether all that the manifest lists is there, byte for byte; what a person laid beside it does no harm."""
    return all((folder / f.path).is_file() and hash_file(folder / f.path) == f.sha256 for f in manifest.files)


def find_damages(folder: Path, manifest: Manifest) -> list[Issue]:
    """What in the folder is not as the manifest says, and what is there beside it; empty for a whole release."""
    found = []
    for file in manifest.files:
        path = folder / file.path
        if not path.is_file():
            found.append(Issue("release_file_missing", file=file.path))
        elif hash_file(path) != file.sha256:
            found.append(Issue("release_file_changed", file=file.path))
    listed = {MANIFEST_NAME, *(file.path for file in manifest.files)}
    found += [Issue("release_file_unlisted", file=path) for path in _files_below(folder) if path not in listed]
    if content_digest(manifest.files) != manifest.content_digest:
        found.append(Issue("release_digest_wrong", file=MANIFEST_NAME))
    return found


def _files_below(folder: Path) -> list[str]:
    """The files of a folder, without those that programs hide beside a file that they hold open."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith((".", "~$")))
    return [path.relative_to(folder).as_posix() for path in files]
