"""The cells with a reason instead of a figure, from the accepted rows of a dataset.

Here: one row a cell, for `intake.gaps`. Not here: which words are reasons (assets.intake.values.gaps), and the
indicators that the cells would be figures of (assets.observations.gap_model).
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from assets.intake.tables.contracts import GAP_REASONS
from assets.warehouse.connection import Connection, quote_identifier


def read_gaps(connection: Connection, dataset: str) -> Iterator[tuple[object, ...]]:
    """Yield the cells of a dataset in the columns of `intake.gaps`; reads intake.files, which must have its files."""
    rows = connection.execute(
        f"""
        select files.file, accepted.file_sha256, accepted.sheet, accepted.line, accepted.first_column,
            accepted.{GAP_REASONS}
        from intake.{quote_identifier(dataset)} as accepted
        inner join intake.files as files on files.dataset = ? and files.file_sha256 = accepted.file_sha256
        where accepted.{GAP_REASONS} is not null
        order by accepted.file_sha256, accepted.sheet, accepted.line, accepted.first_column
        """,
        [dataset],
    ).fetchall()
    for *source, reasons in rows:
        for column, reason in json.loads(reasons).items():
            yield (dataset, *source, column, reason)
