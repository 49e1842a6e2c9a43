"""Accepted rows where a cluster finds them by itself: in the shared store, whose results no machine need send again.

Here: which objects of the store hold the rows of a table of the candidate, and the select over them, in the words of
Spark. Not here: the session that reads them (assets.warehouse.spark).
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from assets.core.paths import Paths
from assets.core.settings import read_settings
from assets.core.sync_state import ROWS, read_sync_state, result_folder
from assets.warehouse.connection import Connection

SCHEMA = "intake"


@dataclass(frozen=True, slots=True)
class SharedRows:
    """The folder of accepted rows as the cluster names it, and the files whose rows count, each with its checksum."""

    rows: str
    files: pa.Table

    def select(self, columns: str, rows: str, files: str) -> str:
        """Return the select of the accepted rows from views of the folder and of the files."""
        return f"""
            select {columns}
            from {rows} as rows
            left semi join {files} as files
                on rows.file_sha256 = files.file_sha256 and rows.checksum = files.rows_checksum
        """


def shared_rows(paths: Paths, connection: Connection, table: str) -> SharedRows | None:
    """Where the cluster finds the rows of a table of the candidate.

    None where it does not see a store, where the table is no dataset, and where one of its files is not in the store.
    """
    storage, (schema, dataset) = read_settings(paths).storage, table.split(".")
    note = read_sync_state(paths, dataset) if schema == SCHEMA else None
    if storage.store is None or storage.seen_as is None or note is None or note.store != storage.store.rstrip("/"):
        return None
    found = [sha256 for (sha256,) in connection.execute(f"select distinct file_sha256 from {table}").fetchall()]
    sums = [note.names.get(f"{sha256}.{note.recipe}.json", {}) for sha256 in found]
    if not found or not all(ROWS in one for one in sums):
        return None
    files = {"file_sha256": found, "rows_checksum": [one[ROWS] for one in sums]}
    rows = f"{storage.seen_as.rstrip('/')}/{result_folder(dataset, note.recipe, ROWS)}"
    return SharedRows(rows, pa.table(files))
