"""The staging folder of a release: the Parquet files that do not depend on the audit, written during the audit.

Here: one Parquet file for each table, in the order of its key; the same content gives the same bytes. Not here: which
tables depend on the audit (assets.release.assets), and how the folder becomes a release
(assets.release.publish.publish).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from assets.core.files import remove_path
from assets.core.paths import Paths
from assets.core.strict_model import StrictModel
from assets.release.outputs.metadata import ReleaseMetadata, file_metadata
from assets.release.publish.file_names import PARQUET
from assets.release.publish.manifest import PublishedFile, describe_file
from assets.warehouse.connection import Connection, quote_identifier
from assets.warehouse.parquet import write_parquet
from assets.warehouse.sort_check import is_out_of_order
from assets.warehouse.tables import Table

_NOTE = "draft.json"
_LEFTOVERS = ".building-*"


class Staging(StrictModel):
    """The staged files of a run; `unordered` names the tables whose rows are not in the order of their key."""

    run_id: str
    files: tuple[PublishedFile, ...] = ()
    unordered: tuple[str, ...] = ()

    def missing(self, tables: Sequence[Table]) -> list[Table]:
        """Return the tables without a staged file."""
        staged = {file.path for file in self.files}
        return [table for table in tables if _relative_path(table) not in staged]


def create_staging(
    folder: Path, run_id: str, connection: Connection, tables: Sequence[Table], metadata: ReleaseMetadata
) -> Staging:
    """Create the folder with the Parquet files of these tables, and delete the folders of runs that were killed."""
    for leftover in folder.parent.glob(_LEFTOVERS):
        shutil.rmtree(leftover)
    (folder / PARQUET).mkdir(parents=True)
    return add_tables(Staging(run_id=run_id), folder, connection, tables, metadata)


def save_staging(staging: Staging, folder: Path) -> None:
    """Write down in the folder what is staged, for the publication."""
    (folder / _NOTE).write_text(staging.model_dump_json(), encoding="utf-8", newline="\n")


def load_staging(folder: Path, run_id: str) -> Staging | None:
    """Return what this run staged, None if nothing; delete the note, which is no part of a release."""
    note = folder / _NOTE
    if not note.is_file():
        return None
    staging = Staging.model_validate_json(note.read_text(encoding="utf-8"))
    note.unlink()
    return staging if staging.run_id == run_id else None


def discard_staging(paths: Paths) -> None:
    """Delete the staging folder and the snapshot."""
    remove_path(paths.staging)
    remove_path(paths.snapshot)


def add_tables(
    staging: Staging, folder: Path, connection: Connection, tables: Sequence[Table], metadata: ReleaseMetadata
) -> Staging:
    """Write the Parquet files of more tables and return the staging with them."""
    files, unordered = [], []
    for table in tables:
        file = parquet_file(folder, table)
        order = "" if _is_ordered(connection, table) else f" order by {_key_order(table)}"
        if order:
            unordered.append(table.qualified_name)
        rows = write_parquet(connection, f"from {table.qualified_name}{order}", file, file_metadata(table, metadata))
        files.append(describe_file(folder, file, rows=rows, is_content=table.is_content))
    return staging.model_copy(update={"files": (*staging.files, *files), "unordered": (*staging.unordered, *unordered)})


def parquet_file(folder: Path, table: Table) -> Path:
    return folder / _relative_path(table)


def _relative_path(table: Table) -> str:
    return f"{PARQUET}/{table.name}.parquet"


def _is_ordered(connection: Connection, table: Table) -> bool:
    """Return whether the rows are in the order of the key; the check is much faster than sorting them."""
    unordered = is_out_of_order(table.qualified_name, table.key)
    return connection.execute(f"select count(*) from ({unordered})").fetchone() == (0,)


def _key_order(table: Table) -> str:
    return ", ".join(f"{quote_identifier(name)} nulls first" for name in table.key)
