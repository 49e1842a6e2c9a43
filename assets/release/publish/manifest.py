"""The manifest of a release: its files with their sha256, the inputs it was made from, and the format of its tables.

Here: its fields, how it is written, read and verified, and the names of earlier releases. The content digest covers the
Parquet files that are content and nothing of the run, so that the same inputs give the same digest at any time.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from pathlib import Path

from pydantic import AliasChoices, Field

from assets.core.errors import Issue, UsageError
from assets.core.files import hash_file
from assets.core.sealed import merkle_root
from assets.core.strict_model import StrictModel

MANIFEST_NAME = "MANIFEST.json"
# Increased when published tables or columns get other names. Manifests without a number are of format 1.
FORMAT = 3
# Columns of format 1 that are still read: the counts of the manifest and the release log, which no release loses.
RENAMED_COLUMNS = {"rows_set_aside": "rows_aggregate"}


class PublishedFile(StrictModel):
    """A file of the release; `rows` of a Parquet file, `is_content` where the content digest covers it."""

    path: str
    sha256: str
    bytes: int
    rows: int | None = None
    is_content: bool = False


class InputFile(StrictModel):
    """A received file and the number of its rows by outcome."""

    dataset: str
    file: str
    sha256: str
    status: str
    rows_read: int
    rows_accepted: int
    rows_aggregate: int = Field(validation_alias=AliasChoices("rows_aggregate", *RENAMED_COLUMNS))
    rows_rejected: int
    receipt_sha256: str | None = None


class WrittenFile(StrictModel):
    """A file that people write and a run reads: reference tables, contracts, corrections, approvals, settings, SQL."""

    path: str
    sha256: str


class RunFacts(StrictModel):
    """The run that made the release, no part of the content. `as_of` is the day on which its newest file arrived."""

    run_id: str
    released_at: datetime
    as_of: date | None = None


class Manifest(StrictModel):
    """The manifest; `content_digest` depends on the inputs alone.

    `root` is the Merkle root over everything else: the files, the received and the written inputs, and `previous_root`,
    that of the release before. Manifests without one are of earlier versions.
    """

    format: int = 1
    release_id: str
    content_digest: str
    method_version: str
    files: tuple[PublishedFile, ...]
    inputs: tuple[InputFile, ...]
    run: RunFacts
    previous_release_id: str | None = None
    written: tuple[WrittenFile, ...] = ()
    previous_root: str | None = None
    root: str | None = None

    def compute_root(self) -> str:
        """Return the root over the facts of the manifest and each of its entries."""
        lists = ("files", "inputs", "written")
        # Without defaults: a field that a later version adds leaves the roots of earlier manifests as they are.
        content = self.model_dump(mode="json", exclude={"root"}, exclude_defaults=True)
        facts = {name: value for name, value in content.items() if name not in lists}
        return merkle_root([facts, *(entry for name in lists for entry in content.get(name, ()))])

    @property
    def has_its_root(self) -> bool:
        """Whether nothing was changed since it was written; manifests of earlier versions have no root."""
        return self.root in (None, self.compute_root())

    def write(self, folder: Path) -> None:
        sealed = self.model_copy(update={"root": self.compute_root()})
        (folder / MANIFEST_NAME).write_text(sealed.model_dump_json(indent=2) + "\n", encoding="utf-8", newline="\n")


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of a release folder, or None where there is no readable one."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def raise_on_other_format(tables_format: int, name: str) -> None:
    """Raise a UsageError that names the release if this version does not know the names of its tables."""
    if tables_format != FORMAT:
        raise UsageError(Issue("other_release_format", name, str(FORMAT)))


def compute_content_digest(files: tuple[PublishedFile, ...]) -> str:
    """Return the sha256 over path and sha256 of the files that are content."""
    lines = sorted(f"{file.path} {file.sha256}\n" for file in files if file.is_content)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def describe_file(folder: Path, file: Path, rows: int | None = None, is_content: bool = False) -> PublishedFile:
    """Return the entry of the manifest for a file below the folder of a release."""
    return PublishedFile(
        path=file.relative_to(folder).as_posix(),
        sha256=hash_file(file),
        bytes=file.stat().st_size,
        rows=rows,
        is_content=is_content,
    )


def is_intact(folder: Path, manifest: Manifest) -> bool:
    """Return whether the manifest has its root and every file its hash; files that a person added do no harm."""
    files = {folder / file.path: file.sha256 for file in manifest.files}
    return manifest.has_its_root and all(file.is_file() and hash_file(file) == sha256 for file, sha256 in files.items())


def find_damages(folder: Path, manifest: Manifest) -> list[Issue]:
    """Return every difference between a folder and its manifest: missing, changed and unlisted files."""
    issues = []
    for file in manifest.files:
        path = folder / file.path
        if not path.is_file():
            issues.append(Issue("missing_release_file", file=file.path))
        elif hash_file(path) != file.sha256:
            issues.append(Issue("release_file_changed", file=file.path))
    listed = {MANIFEST_NAME, *(file.path for file in manifest.files)}
    issues += [Issue("release_file_unlisted", file=path) for path in _list_files(folder) if path not in listed]
    if compute_content_digest(manifest.files) != manifest.content_digest or not manifest.has_its_root:
        issues.append(Issue("release_digest_mismatch", file=MANIFEST_NAME))
    return issues


def _list_files(folder: Path) -> list[str]:
    """Return the files of a folder without the hidden ones that programs put next to a file that they hold open."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith((".", "~$")))
    return [path.relative_to(folder).as_posix() for path in files]
