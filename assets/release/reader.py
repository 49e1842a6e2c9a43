"""Reading a release: the one way in which every command looks at published figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.errors import Finding, WrongCall
from assets.paths import Paths
from assets.release.manifest import Manifest, read_manifest
from assets.release.publish import DATABASE
from assets.warehouse.connection import Connection, DatabaseError, read_only


@dataclass(frozen=True, slots=True)
class Release:
    """A published folder. `folder` is its own name, not `current`: a reader keeps the release that it began with."""

    folder: Path
    manifest: Manifest

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with read_only(self.folder / DATABASE) as connection:
            yield connection

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        """The rows of a query, as dictionaries. Raises WrongCall with DuckDB's words where it cannot be answered."""
        with self.connect() as connection:
            try:
                cursor = connection.execute(sql, list(parameters))
                names = [column[0] for column in cursor.description or ()]
                return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            except DatabaseError as error:
                raise WrongCall(Finding("query_failed", str(error))) from error


def current_release(paths: Paths) -> Release | None:
    """The release that `current` points to now."""
    folder = paths.current_release.resolve()
    manifest = read_manifest(folder)
    return Release(folder, manifest) if manifest is not None else None


def required_release(paths: Paths) -> Release:
    """The current release; WrongCall where there is none yet."""
    release = current_release(paths)
    if release is None:
        raise WrongCall(Finding("no_release"))
    return release
