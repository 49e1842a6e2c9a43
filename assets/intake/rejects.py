"""The rejected rows of all files as one table: each with its number, and whether it has come back.

Here: the number of a rejected row, and when it counts as resolved. Not here: why a row is rejected
(assets.intake.rows.validator), the files that go back to the senders (assets.release.outputs.returns).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assets.intake.load import FILE_SHA256, select_rows
from assets.intake.receipts.receipts import Receipt, reject_files
from assets.intake.tables.contracts import RETURN_ID
from assets.warehouse.connection import Connection, quote_identifier, quote_literal


def add_rejects(connection: Connection, dataset: str, folder: Path, receipts: Sequence[Receipt]) -> None:
    """The rejected rows of a dataset; one that came back and is rejected again keeps the number that it came under.

    Reads intake.files, where each receipt stands already.
    """
    files = [file for receipt, file in reject_files(folder, receipts) if receipt.rows_rejected]
    if not files:
        return
    row = f"concat_ws('|', {quote_literal(dataset)}, file_sha256, coalesce(sheet, ''), line)"
    connection.execute(
        f"""
        insert into intake.rejects by name
        with rejects as (select {FILE_SHA256} as file_sha256, * exclude (filename) from {select_rows(files)})
        select files.dataset, files.file, coalesce(carried_id, substr(sha256({row}), 1, 12)) as return_id,
            false as is_resolved, rejects.* exclude (carried_id)
        from rejects
        inner join intake.files as files using (file_sha256)
        where files.dataset = {quote_literal(dataset)}
        """
    )


def resolve_rejects(connection: Connection, dataset: str) -> None:
    """A reject is resolved when its row came back: accepted, or rejected again, and then the later reject is open."""
    connection.execute(
        f"""
        with attempts as (
            select rejects.return_id, max(files.received_order) as latest
            from intake.rejects as rejects
            inner join intake.files as files using (dataset, file_sha256)
            where rejects.dataset = {quote_literal(dataset)} and rejects.return_id is not null
            group by rejects.return_id
        )
        update intake.rejects as rejects
        set is_resolved = true
        from attempts, intake.files as files
        where rejects.dataset = {quote_literal(dataset)} and rejects.return_id = attempts.return_id
            and files.dataset = rejects.dataset and files.file_sha256 = rejects.file_sha256
            and (
                files.received_order < attempts.latest
                or rejects.return_id in (
                    select {RETURN_ID} from intake.{quote_identifier(dataset)} where {RETURN_ID} is not null
                )
            )
        """
    )
