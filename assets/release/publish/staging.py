"""The draft of a release: the folder in which it is made, and the Parquet files that do not depend on the audit.

They are written while the audit goes on. Here: one Parquet file a table, in the order of its key, with what it means:
the same content gives the same bytes. Not here: which tables wait for the audit (assets.release.assets), and how the
folder becomes a release (assets.release.publish.publish).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from assets.core.paths import Paths
from assets.release.outputs.metadata import ReleaseMetadata, file_metadata
from assets.release.publish.file_names import PARQUET
from assets.release.publish.manifest import PublishedFile, published_file
from assets.warehouse.connection import Connection, quote_identifier
from assets.warehouse.parquet import write_parquet
from assets.warehouse.sort_check import is_out_of_order
from assets.warehouse.tables import Table

_NOTE = "draft.json"
_UNDONE = ".building-*"


class Staging(BaseModel):
    """The Parquet files of a run's draft; `unordered` are the tables that do not stand in the order of their key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run_id: str
    files: tuple[PublishedFile, ...] = ()
    unordered: tuple[str, ...] = ()

    def adding(self, *files: PublishedFile) -> Staging:
        return self.model_copy(update={"files": (*self.files, *files)})

    def missing(self, tables: Sequence[Table]) -> list[Table]:
        """Those of the tables that have no file in it."""
        there = {file.path for file in self.files}
        return [table for table in tables if _path(table) not in there]


def create_staging(
    folder: Path, run_id: str, connection: Connection, tables: Sequence[Table], about: ReleaseMetadata
) -> Staging:
    """Begin the folder anew with the Parquet files of these tables; what a run that was killed left beside it goes."""
    for leftover in folder.parent.glob(_UNDONE):
        shutil.rmtree(leftover)
    (folder / PARQUET).mkdir(parents=True)
    return add_tables(Staging(run_id=run_id), folder, connection, tables, about)


def save_staging(draft: Staging, folder: Path) -> None:
    """Note in the folder what is drafted, for the publication to take over."""
    (folder / _NOTE).write_text(draft.model_dump_json(), encoding="utf-8")


def load_staging(folder: Path, run_id: str) -> Staging | None:
    """What this run noted of the folder, None where it noted nothing. The note is no part of a release and goes."""
    note = folder / _NOTE
    if not note.is_file():
        return None
    draft = Staging.model_validate_json(note.read_text(encoding="utf-8"))
    note.unlink()
    return draft if draft.run_id == run_id else None


def discard_staging(paths: Paths) -> None:
    """Take away what is drafted, and the snapshot; nothing of a release that stands."""
    shutil.rmtree(paths.staging, ignore_errors=True)
    paths.snapshot.unlink(missing_ok=True)


def add_tables(
    draft: Staging, folder: Path, connection: Connection, tables: Sequence[Table], about: ReleaseMetadata
) -> Staging:
    """The draft with the Parquet files of more tables."""
    files, unordered = [], []
    for table in tables:
        target = parquet_file(folder, table)
        order = _order(connection, table)
        if order:
            unordered.append(table.qualified_name)
        rows = write_parquet(connection, f"from {table.qualified_name}{order}", target, file_metadata(table, about))
        files.append(published_file(folder, target, rows=rows, is_content=table.is_content))
    return draft.model_copy(update={"files": (*draft.files, *files), "unordered": (*draft.unordered, *unordered)})


def parquet_file(folder: Path, table: Table) -> Path:
    return folder / _path(table)


def _path(table: Table) -> str:
    return f"{PARQUET}/{table.name}.parquet"


def _order(connection: Connection, table: Table) -> str:
    """How the rows come into the order of the key: not at all where they stand in it, which is soon seen."""
    unordered = is_out_of_order(table.qualified_name, table.key)
    row = connection.execute(f"select count(*) from ({unordered})").fetchone()
    return (
        "" if row == (0,) else f" order by {', '.join(f'{quote_identifier(name)} nulls first' for name in table.key)}"
    )
