"""The scorecard as two files for analysts, `scorecard_long` and `scorecard_wide`, each as Parquet and as CSV.

Here: writing the rows of the two views. Not here: their selects and columns (sql/presentation,
assets.release.read.wide_scorecard), and the files of the tables (assets.release.publish.staging).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assets.release.outputs.export import write_csv
from assets.release.outputs.metadata import ReleaseMetadata, file_metadata
from assets.release.publish.file_names import CSV
from assets.release.publish.manifest import PublishedFile, describe_file
from assets.release.publish.staging import parquet_file
from assets.release.read.queries import build_views
from assets.warehouse.connection import Connection
from assets.warehouse.models import Model
from assets.warehouse.parquet import write_parquet
from assets.warehouse.tables import Table


def select_views(connection: Connection, tables: Sequence[Table]) -> list[Model]:
    """Return the views that a release contains as files too; none where a table that they read is not published."""
    views = build_views(connection, [table.qualified_name for table in tables])
    return [view for view in views if view.table.published]


def write_scorecard_files(
    connection: Connection, folder: Path, views: Sequence[Model], metadata: ReleaseMetadata
) -> list[PublishedFile]:
    """Write each view in the order of its key below the folder of the release."""
    (folder / CSV).mkdir(exist_ok=True)
    written = []
    for view in views:
        select = f"from ({view.sql}) order by {', '.join(view.table.key)}"
        parquet, csv = parquet_file(folder, view.table), folder / CSV / f"{view.table.name}.csv"
        rows = write_parquet(connection, select, parquet, file_metadata(view.table, metadata))
        write_csv(connection.cursor(), select, None, csv)
        written += [describe_file(folder, parquet, rows=rows), describe_file(folder, csv)]
    return written
