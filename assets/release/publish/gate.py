"""The gate before publishing: a candidate that fails a blocking check, or that lost a file, is not published."""

from __future__ import annotations

from assets.core.errors import DataError, Issue
from assets.release.publish.manifest import Manifest
from assets.warehouse.connection import Connection


def raise_on_lost_files(connection: Connection, current: Manifest | None) -> None:
    """Raise a DataError with files that the current release read and that have no receipt any more.

    Nothing deletes receipts. A refused file gave no rows, so nothing is lost with it.
    """
    datasets = {str(row[0]) for row in connection.execute("select dataset from intake.datasets").fetchall()}
    received = set(connection.execute("select dataset, file_sha256 from intake.files").fetchall())
    issues = [
        Issue("missing_receipt", file.sha256, file=file.file)
        for file in (current.inputs if current is not None else ())
        if file.status == "read" and file.dataset in datasets and (file.dataset, file.sha256) not in received
    ]
    if issues:
        raise DataError(issues)


def raise_on_blocking_failures(connection: Connection) -> None:
    """Raise a DataError with the failing rows of each blocking check; the current release stays as it is."""
    failures = connection.execute(
        """
        select table_name, check_name, description_zh, description_en, rows_failing, failing_sample
        from quality.check_results
        where is_blocking and not is_passed
        order by table_name, check_name
        """
    ).fetchall()
    if failures:
        raise DataError(
            [
                Issue("check_failed", f"{name} ({rows}): {sample}", f"{description_zh} / {description_en}", file=table)
                for table, name, description_zh, description_en, rows, sample in failures
            ]
            + [Issue("candidate_quarantined", str(len(failures)))]
        )
