"""Reading a release: the one way in which every command looks at published figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from assets.release.publish.file_names import DATABASE
from assets.release.publish.manifest import Manifest, read_manifest
from assets.warehouse.connection import Connection, DatabaseError, connect_read_only


@dataclass(frozen=True, slots=True)
class Release:
    """A published folder. `folder` is its own name, not `current`: a reader keeps the release that it began with."""

    folder: Path
    manifest: Manifest

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """The published database. As long as one is held, queries share it: to open it anew takes a while each time."""
        with connect_read_only(self.folder / DATABASE) as connection:
            yield connection

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        """The rows of a query, as dictionaries. Raises WrongCall with DuckDB's words where it cannot be answered."""
        with self.connect() as connection:
            try:
                cursor = connection.execute(sql, list(parameters))
                names = [column[0] for column in cursor.description or ()]
                return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            except DatabaseError as error:
                raise UsageError(Issue("query_failed", str(error))) from error


def find_current_release(paths: Paths) -> Release | None:
    """The release that `current` points to now."""
    folder = paths.current_release.resolve()
    manifest = read_manifest(folder)
    return Release(folder, manifest) if manifest is not None else None


def get_current_release(paths: Paths) -> Release:
    """The current release; WrongCall where there is none yet."""
    release = find_current_release(paths)
    if release is None:
        raise UsageError(Issue("no_release"))
    return release


def get_release(paths: Paths, text: str) -> Release:
    """The release of an id or the beginning of one, `current` or `previous`; WrongCall where none or several are."""
    if text == "current":
        return get_current_release(paths)
    if text == "previous":
        return find_previous_release(paths, get_current_release(paths))
    there = list_release_ids(paths)
    found = [release_id for release_id in there if text and release_id.startswith(text)]
    manifest = read_manifest(paths.releases / found[0]) if len(found) == 1 else None
    if manifest is None:
        raise UsageError(Issue("no_such_release", text, ", ".join(there)))
    return Release(paths.releases / found[0], manifest)


def find_previous_release(paths: Paths, release: Release) -> Release:
    """The release that was current before this one; WrongCall where there is none."""
    before = release.manifest.previous_release_id
    if before is None:
        there = list_release_ids(paths)
        earlier = there[: there.index(release.folder.name)] if release.folder.name in there else []
        before = earlier[-1] if earlier else None
    manifest = read_manifest(paths.releases / before) if before is not None else None
    if before is None or manifest is None:
        raise UsageError(Issue("no_previous_release", release.manifest.release_id))
    return Release(paths.releases / before, manifest)


def list_release_ids(paths: Paths) -> list[str]:
    """The ids of all whole releases, the oldest first.

    Each stands after the one before it, which its manifest names: an id begins with a time, and clocks are set back.
    """
    if not paths.releases.is_dir():
        return []
    folders = [folder for folder in paths.releases.iterdir() if not folder.is_symlink() and folder.name[0] != "."]
    manifests = {folder.name: manifest for folder in folders if (manifest := read_manifest(folder)) is not None}
    ordered: list[str] = []
    for release_id in sorted(manifests):
        led: list[str] = []
        while release_id in manifests and release_id not in (*ordered, *led):
            led.append(release_id)
            release_id = manifests[release_id].previous_release_id or ""
        ordered += reversed(led)
    return ordered
