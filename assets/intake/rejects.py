"""The rejected rows of all files in one table, each with a number, and whether it is resolved.

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
    """Insert the rejected rows of a dataset into intake.rejects; reads intake.files, which must have its files.

    A row that was sent again and is rejected again keeps the number under which it was returned.
    """
    files = [file for receipt, file in reject_files(folder, receipts) if receipt.rows_rejected]
    if not files:
        return
    row = f"concat_ws('|', {quote_literal(dataset)}, file_sha256, coalesce(sheet, ''), line, first_column)"
    connection.execute(
        f"""
        insert into intake.rejects by name
        with rejects as (select {FILE_SHA256} as file_sha256, * exclude (filename) from {select_rows(files)})
        select files.dataset, files.file, coalesce(resubmitted_return_id, substr(sha256({row}), 1, 12)) as return_id,
            false as is_resolved, rejects.* exclude (resubmitted_return_id)
        from rejects
        inner join intake.files as files using (file_sha256)
        where files.dataset = {quote_literal(dataset)}
        """
    )


def resolve_rejects(connection: Connection, dataset: str) -> None:
    """Mark rejects as resolved whose row came again: accepted, or rejected again, so that only the later is open."""
    connection.execute(
        f"""
        with attempts as (
            select rejects.return_id, max(files.arrival_sequence) as latest
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
                files.arrival_sequence < attempts.latest
                or rejects.return_id in (
                    select {RETURN_ID} from intake.{quote_identifier(dataset)} where {RETURN_ID} is not null
                )
            )
        """
    )
