"""The rows of many files as one table."""

from __future__ import annotations

import pytest

from assets.core.errors import DataError
from assets.intake.ingest import IngestJob
from assets.intake.load import load_accepted
from tests.builders.fairs import HEADER, NOW, send


def test_all_rows_come_in_but_those_that_repeat_a_key_in_the_order_of_the_key(intake: IngestJob) -> None:
    rows = [f"甲市,2026-01-{day:02},{day},book,A\n" for day in (9, 3, 3, 7)]
    send(intake, "a.csv", HEADER + "".join(rows))
    send(intake, "b.csv", HEADER + "乙市,2026-01-05,5,book,A\n乙市,2026-01-05,6,book,A\n乙市,2026-01-04,4,book,A\n")
    send(intake, "c.csv", "no,header,of,ours\n1,2,3,4\n")
    receipts = intake.ingest(NOW)
    table = intake.contract.table()
    connection = intake.connection
    load_accepted(connection, table, intake.folder, receipts)
    rows_loaded = connection.execute(f"select file_sha256, sheet, line, posts from {table.qualified_name}").fetchall()
    assert rows_loaded == sorted(rows_loaded, key=lambda row: (row[0], row[2]))
    of_file = {receipt.file_sha256: receipt.file for receipt in receipts}
    # Of equal rows the first stays; where they differ none is believed.
    assert sorted((of_file[sha256], line, posts) for sha256, _, line, posts in rows_loaded) == [
        ("fairs/a.csv", 2, 9),
        ("fairs/a.csv", 3, 3),
        ("fairs/a.csv", 5, 7),
        ("fairs/b.csv", 4, 4),
    ]


def test_a_table_without_files_is_empty(intake: IngestJob) -> None:
    table = intake.contract.table()
    load_accepted(intake.connection, table, intake.folder, [])
    assert intake.connection.execute(f"from {table.qualified_name}").fetchall() == []
    assert table.contract_violations(intake.connection) == []


def test_another_number_of_rows_than_the_receipt_records_is_an_error(intake: IngestJob) -> None:
    send(intake, "a.csv", HEADER + "甲市,2026-01-09,9,book,A\n")
    (receipt,) = intake.ingest(NOW)
    changed = receipt.model_copy(update={"rows_accepted": 2})
    with pytest.raises(DataError) as raised:
        load_accepted(intake.connection, intake.contract.table(), intake.folder, [changed])
    (issue,) = raised.value.issues
    assert (issue.code, issue.actual, issue.expected) == ("rows_differ_from_receipt", "1", "2")


def test_of_files_without_a_rejected_row_only_the_readable_rows_are_read(intake: IngestJob) -> None:
    send(intake, "a.csv", HEADER + "甲市,2026-01-09,9,book,A\n")
    receipts = intake.ingest(NOW)
    assert [receipt.rows_rejected for receipt in receipts] == [0]
    for file in intake.folder.glob("*.rejects.parquet"):
        file.unlink()
    table = intake.contract.table()
    load_accepted(intake.connection, table, intake.folder, receipts)
    assert intake.connection.execute(f"select line from {table.qualified_name}").fetchall() == [(2,)]
