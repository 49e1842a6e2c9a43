"""Reading releases: finding one by its id, and queries on its database.

Here: the one way in which commands read published tables. Not here: the queries (assets.release.read.queries), and
releases as folders (assets.release.publish.retention).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from assets.release.publish.current import find_current_folder
from assets.release.publish.file_names import DATABASE
from assets.release.publish.manifest import Manifest, raise_on_other_format, read_manifest
from assets.release.publish.release_index import read_releases
from assets.warehouse.connection import Connection, DatabaseError, connect_read_only, fetch_rows

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Release:
    """A published release; `folder` is its own folder, not `current`, so that a reader stays with one release."""

    folder: Path
    manifest: Manifest

    @property
    def database(self) -> Path:
        """The published database.

        Raises:
            UsageError: its tables have names that this version does not know.
        """
        raise_on_other_format(self.manifest.format, self.manifest.release_id)
        return self.folder / DATABASE

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Open the database; queries are faster while a connection is held, because opening it takes time."""
        with connect_read_only(self.database) as connection:
            yield connection

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Return the rows of a query.

        Raises:
            UsageError: with the message of DuckDB if the query fails.
        """
        with self.connect() as connection:
            try:
                return fetch_rows(connection, sql, parameters)
            except DatabaseError as error:
                raise UsageError(Issue("query_failed", str(error))) from error


def find_current_release(paths: Paths) -> Release | None:
    """Return the release that `current` points to now, if there is one."""
    folder = find_current_folder(paths)
    return _open_release(folder) if folder is not None else None


def get_current_release(paths: Paths) -> Release:
    """Return the current release.

    Raises:
        UsageError: there is none yet.
    """
    release = find_current_release(paths)
    if release is None:
        raise UsageError(Issue("no_release"))
    return release


def get_release(paths: Paths, text: str) -> Release:
    """Return the release of an id or the beginning of one, of `current` or of `previous`.

    Raises:
        UsageError: no release matches, or more than one does.
    """
    if text == "current":
        return get_current_release(paths)
    if text == "previous":
        return find_previous_release(paths, get_current_release(paths))
    release_ids = list_release_ids(paths)
    matches = [release_id for release_id in release_ids if text and release_id.startswith(text)]
    release = _open_release(paths.releases / matches[0]) if len(matches) == 1 else None
    if release is None:
        raise UsageError(Issue("unknown_release", text, ", ".join(release_ids)))
    return release


def find_previous_release(paths: Paths, release: Release) -> Release:
    """Return the release that was current before this one.

    Raises:
        UsageError: there is none.
    """
    previous_id = release.manifest.previous_release_id
    if previous_id is None:
        release_ids = list_release_ids(paths)
        position = release_ids.index(release.folder.name) if release.folder.name in release_ids else 0
        previous_id = release_ids[position - 1] if position else None
    previous = _open_release(paths.releases / previous_id) if previous_id is not None else None
    if previous is None:
        raise UsageError(Issue("no_previous_release", release.manifest.release_id))
    return previous


def list_release_ids(paths: Paths) -> list[str]:
    """Return the ids of all complete releases, the oldest first."""
    return list(read_releases(paths))


def _open_release(folder: Path) -> Release | None:
    manifest = read_manifest(folder)
    return Release(folder, manifest) if manifest is not None else None
