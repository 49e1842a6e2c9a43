"""From the Parquet files of the lake to one table: the accepted rows of all files of a dataset.

Here: loading many files in one statement. Not here: which rows are accepted (assets.intake.file_parser), and the
rejected rows, each of which gets a number (assets.intake.rejects).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from assets.core.errors import DataError, Issue
from assets.intake.receipts.receipts import Receipt, accepted_files
from assets.warehouse.connection import Connection, quote_identifier, quote_literal, transaction
from assets.warehouse.tables import Table

# The content from which a row comes: the hash with which the name of its Parquet file begins.
FILE_SHA256 = "split_part(parse_filename(filename), '.', 1)"


def select_rows(files: Iterable[Path]) -> str:
    """Return a table expression of the rows of files of the lake, in this order; `FILE_SHA256` names a row's file."""
    return f"read_parquet([{', '.join(map(quote_literal, files))}], filename = true)"


def load_accepted(connection: Connection, table: Table, folder: Path, receipts: Sequence[Receipt]) -> None:
    """Create the table again, with the accepted rows of all files that were read, in the order of its key."""
    table.create(connection)
    files = sorted(file for _, file in accepted_files(folder, receipts))
    if files:
        columns = ", ".join(FILE_SHA256 if name == "file_sha256" else quote_identifier(name) for name in table.columns)
        connection.execute(f"insert into {table.qualified_name} select {columns} from {select_rows(files)}")
        _check_counts(connection, table, receipts)
    with transaction(connection):
        table.persist_docs(connection)


def _check_counts(connection: Connection, table: Table, receipts: Sequence[Receipt]) -> None:
    """Compare the rows of each file in the table with its receipt; raise DataError with those that differ."""
    counted = connection.execute(f"select file_sha256, count(*) from {table.qualified_name} group by all").fetchall()
    rows: dict[str, int] = dict(counted)
    issues = [
        Issue("rows_differ_from_receipt", str(present), str(expected), receipt.file)
        for receipt in receipts
        if (present := rows.get(receipt.file_sha256, 0)) != (expected := receipt.rows_accepted + receipt.rows_aggregate)
    ]
    if issues:
        raise DataError(issues)
