"""From the Parquet files of the lake to one table: the accepted rows of all files of a dataset.

Here: loading many files in one statement, however many there are. Not here: what is in them
(assets.intake.rows.validator), and the rejected rows, which get a number each (assets.intake.rejects).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from assets.intake.receipts.receipts import Receipt, accepted_files, reject_files
from assets.warehouse.connection import Connection, quote_identifier, quote_literal, transaction
from assets.warehouse.tables import Table

# The content that a row comes from: the hash with which the name of its file begins.
FILE_SHA256 = "split_part(parse_filename(filename), '.', 1)"


def select_rows(files: Iterable[Path]) -> str:
    """The rows of files of the lake, in this order, for a `from`; `FILE_SHA256` says which file a row is of."""
    return f"read_parquet([{', '.join(map(quote_literal, files))}], filename = true)"


def load_accepted(connection: Connection, table: Table, folder: Path, receipts: Sequence[Receipt]) -> None:
    """Make the table anew from the files that were read: their readable rows without those that repeat a key.

    All rows go in, and those come out again. An anti join on the way in would lose the order of the rows, which is
    that of the key unless the sheets of a workbook stand otherwise, and a big table would be sorted to be published.
    """
    table.create(connection)
    read = sorted(
        (receipt for receipt in receipts if receipt.status == "read"), key=lambda receipt: receipt.file_sha256
    )
    if read:
        columns = ", ".join(FILE_SHA256 if name == "file_sha256" else quote_identifier(name) for name in table.columns)
        rows = select_rows(file for _, file in accepted_files(folder, read))
        connection.execute(f"insert into {table.qualified_name} select {columns} from {rows}")
    refusing = [receipt for receipt in read if receipt.rows_rejected]
    if refusing:
        rejects = select_rows(file for _, file in reject_files(folder, refusing))
        connection.execute(
            f"""
            delete from {table.qualified_name} as loaded
            using (select {FILE_SHA256} as file_sha256, sheet, line from {rejects}) as rejects
            where loaded.file_sha256 = rejects.file_sha256 and loaded.line = rejects.line
                and loaded.sheet is not distinct from rejects.sheet
            """
        )
    with transaction(connection):
        table.persist_docs(connection)
