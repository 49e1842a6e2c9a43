"""Accounts of sheets: a file with a row that is not accounted for is refused as an error of this project."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from assets.intake.file_parser import FileParser
from assets.intake.ingest import IngestJob
from assets.intake.readers.delimited import DelimitedSheet
from assets.intake.readers.raw_rows import RawChunk
from assets.intake.readers.spreadsheet import WorkbookSheet
from assets.intake.rows.accounts import ROW_CLASSES, SheetAccount
from tests.builders.fairs import HEADER, NOW, counts, send
from tests.builders.intake_files import xlsx

ROWS = HEADER + "甲市,2026-02-05,3,book,A\n全省,2026-02-05,3,book,A\n丙市,2026-02-05,3,book,A\n"
TABLE = [line.split(",") for line in ROWS.splitlines()]
BALANCED = SheetAccount(physical=9, title=1, header=1, blank=1, read=6, accepted=3, aggregate=2, rejected=1)


def mismatches(account: SheetAccount) -> list[tuple[str, str, str, str | None]]:
    return [(issue.code, issue.actual, issue.expected, issue.sheet) for issue in account.find_mismatches("a")]


def test_rows_that_add_up_are_no_error() -> None:
    assert mismatches(BALANCED) == []


@pytest.mark.parametrize("name", [name for name in ROW_CLASSES if name != "read"])
def test_one_row_more_in_any_class_is_an_error_with_both_counts(name: str) -> None:
    account = BALANCED.model_copy(update={name: getattr(BALANCED, name) + 1})
    assert mismatches(account) == [("row_account_mismatch", "10", "9", "a")]


@pytest.mark.parametrize("name", ["accepted", "aggregate", "rejected"])
@pytest.mark.parametrize("difference", [-1, 1])
def test_one_outcome_more_or_less_is_an_error_with_both_counts(name: str, difference: int) -> None:
    account = BALANCED.model_copy(update={name: getattr(BALANCED, name) + difference})
    assert mismatches(account) == [("row_account_mismatch", str(6 + difference), "6", "a")]


def test_rows_that_a_layout_makes_of_one_have_an_outcome_each() -> None:
    account = BALANCED.model_copy(update={"unfolded": 4, "accepted": 7})
    assert mismatches(account) == []
    assert len(mismatches(account.model_copy(update={"unfolded": 3}))) == 1


def _drop_row(read_chunk: Callable[[], RawChunk]) -> RawChunk:
    chunk = read_chunk()
    return replace(chunk, lines=chunk.lines[1:], columns=[column[1:] for column in chunk.columns])


@pytest.mark.parametrize(
    ("sheet_type", "content", "rows"),
    [(DelimitedSheet, ROWS.encode(), 4), (WorkbookSheet, xlsx({"a": [["标题"], *TABLE]}), 5)],
)
def test_a_parser_that_drops_a_row_refuses_the_file_and_nothing_of_it_is_taken(
    intake: IngestJob, monkeypatch: pytest.MonkeyPatch, sheet_type: Any, content: bytes, rows: int
) -> None:
    read_chunks = sheet_type.chunks

    def chunks(*arguments: Any) -> Iterator[Callable[[], RawChunk]]:
        return (partial(_drop_row, read_chunk) for read_chunk in read_chunks(*arguments))

    name = "a.csv" if sheet_type is DelimitedSheet else "a.xlsx"
    (intake.paths.inbox / "fairs" / name).write_bytes(content)
    with monkeypatch.context() as patch:
        patch.setattr(sheet_type, "chunks", chunks)
        (receipt,) = intake.ingest(NOW)
    (issue,) = receipt.issues
    assert (issue.code, issue.actual, issue.expected) == ("row_account_mismatch", str(rows - 1), str(rows))
    assert sorted(file.suffix for file in intake.folder.iterdir()) == [".json"]


@pytest.mark.parametrize("lost", ["accepted", "aggregate", "rejected"])
def test_an_outcome_that_is_lost_refuses_the_file(
    intake: IngestJob, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    count = FileParser._count_outcomes

    def count_and_lose(*arguments: Any) -> dict[str | None, dict[str, int]]:
        return {sheet: {**found, lost: found[lost] - 1} for sheet, found in count(*arguments).items()}

    send(intake, "a.csv", ROWS)
    monkeypatch.setattr(FileParser, "_count_outcomes", count_and_lose)
    (receipt,) = intake.ingest(NOW)
    assert [(issue.code, issue.actual, issue.expected) for issue in receipt.issues] == [
        ("row_account_mismatch", "2", "3")
    ]


def test_each_sheet_of_a_workbook_has_an_account_also_one_that_is_passed_over(intake: IngestJob) -> None:
    remarks = [["说明"], [""], ["本表由各市填报"]]
    (intake.paths.inbox / "fairs" / "a.xlsx").write_bytes(
        xlsx({"数据": [["2026年招聘活动"], [], *TABLE, [], ["注：合成数据"]], "说明": remarks})
    )
    (receipt,) = intake.ingest(NOW)
    assert counts([receipt]) == [("fairs/a.xlsx", "read", 1, 1)]
    table, passed_over = receipt.sheets
    assert table.account == SheetAccount(
        physical=8, title=1, blank=2, header=1, note=1, read=3, accepted=1, aggregate=1, rejected=1
    )
    assert (table.issue, table.header_line) == (None, 3)
    assert passed_over.account == SheetAccount(physical=2, passed_over=2)
    assert passed_over.header_line is None
    assert passed_over.issue is not None
    assert passed_over.issue.reason("zh")


def test_lines_of_a_text_file_are_accounted_for_also_those_within_a_cell(intake: IngestJob) -> None:
    wrapped = '"甲\n市",2026-02-06,3,book,A\n'
    send(intake, "a.csv", '"标题\n第二行"\n\n' + ROWS + wrapped + "\n,,,,\n" + HEADER + "注：合成数据,,,,\n")
    (receipt,) = intake.ingest(NOW)
    (sheet,) = receipt.sheets
    assert sheet.account is not None
    counted = sheet.account.model_dump(exclude_defaults=True)
    outcomes = {name: counted.pop(name) for name in ("accepted", "aggregate", "rejected")}
    assert counted == {
        "physical": 13, "title": 1, "header": 1, "blank": 3, "repeated_header": 1, "note": 1, "wrapped": 2, "read": 4
    }  # fmt: skip
    assert sum(outcomes.values()) == 4
