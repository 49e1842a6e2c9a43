"""The balance of rows: a file whose rows read are not all accepted, aggregate or rejected stops the run."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from assets.intake.file_parser import FileParser, ParseResult
from assets.intake.ingest import IngestJob, RowBalanceError, check_row_balance
from tests.builders.fairs import HEADER, NOW, counts, send

ROWS = HEADER + "甲市,2026-02-05,3,book,A\n全省,2026-02-05,3,book,A\n丙市,2026-02-05,3,book,A\n"
BALANCED = ParseResult(rows_read=6, rows_accepted=3, rows_aggregate=2, rows_rejected=1)


def test_rows_that_add_up_are_balanced() -> None:
    check_row_balance("fairs/a.csv", BALANCED)


@pytest.mark.parametrize("name", ["rows_read", "rows_accepted", "rows_aggregate", "rows_rejected"])
@pytest.mark.parametrize("difference", [-1, 1])
def test_one_row_more_or_less_in_any_count_is_an_error(name: str, difference: int) -> None:
    result = dataclasses.replace(BALANCED, **{name: getattr(BALANCED, name) + difference})
    total = result.rows_accepted + result.rows_aggregate + result.rows_rejected
    with pytest.raises(RowBalanceError, match=rf"^fairs/a\.csv: {result.rows_read} rows read, {total} accounted for$"):
        check_row_balance("fairs/a.csv", result)


def test_blank_and_skipped_rows_are_no_rows_of_data() -> None:
    check_row_balance("fairs/a.csv", dataclasses.replace(BALANCED, rows_blank=9, rows_skipped=9))


@pytest.mark.parametrize("lost", ["rows_accepted", "rows_aggregate", "rows_rejected"])
def test_a_parser_that_loses_a_row_stops_the_run_before_anything_is_written(
    intake: IngestJob, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    parse = FileParser.parse

    def parse_and_lose(*args: Any) -> ParseResult:
        result = parse(*args)
        setattr(result, lost, getattr(result, lost) - 1)
        return result

    send(intake, "a.csv", ROWS)
    with monkeypatch.context() as patch:
        patch.setattr(FileParser, "parse", parse_and_lose)
        with pytest.raises(RowBalanceError, match=r"fairs/a\.csv: 3 rows read, 2 accounted for"):
            intake.ingest(NOW)
    assert _files(intake.folder) == []
    (receipt,) = intake.ingest(NOW)
    assert counts([receipt]) == [("fairs/a.csv", "read", 1, 1)]
    assert receipt.rows_aggregate == 1


def _files(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]
