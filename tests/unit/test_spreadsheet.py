"""Workbooks: every sheet with the row numbers that Excel shows, and typed cells as a person would type them."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.core.settings import Limits
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.raw_rows import ChunkSchema, RawRow
from assets.intake.readers.spreadsheet import WorkbookSheet, cell_text, read_workbook
from assets.intake.tables.contracts import Contract
from tests.unit.conftest import LIMITS, ParseFile

HEADER = ["city", "date", "posts", "share", "is_local", "source_id", "source_grade"]
GOOD = ["甲市", dt.date(2026, 2, 5), 12, 3.5, True, "book", "A"]
Cells = Sequence[Sequence[Any]]


def xlsx(sheets: dict[str, Cells], at: tuple[int, int] = (1, 1)) -> bytes:
    """A workbook whose tables begin in the cell `at`."""
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for y, row in enumerate(rows, start=at[0]):
            for x, value in enumerate(row, start=at[1]):
                sheet.cell(y, x, value)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def xls(sheets: dict[str, Cells]) -> bytes:
    book = xlwt.Workbook()
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for y, row in enumerate(rows):
            for x, value in enumerate(row):
                sheet.write(y, x, value, *([day] if isinstance(value, dt.date) else []))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def read(tmp_path: Path, content: bytes, limits: Limits = LIMITS, *, is_zip: bool = True) -> list[WorkbookSheet]:
    file = tmp_path / "sent"
    file.write_bytes(content)
    return read_workbook(file, limits, is_zip=is_zip)


def errors(rows: Sequence[RawRow]) -> list[tuple[int, tuple[str, ...]]]:
    return [(row.line, row.cells) for row in rows]


def refused(tmp_path: Path, content: bytes, limits: Limits = LIMITS) -> list[str]:
    with pytest.raises(FileRejectedError) as error:
        read(tmp_path, content, limits)
    return [issue.code for issue in error.value.issues]


# --- cells ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("甲市", "甲市"),
        ("", ""),
        (True, "TRUE"),
        (False, "FALSE"),
        (360100.0, "360100"),
        (360100000000.0, "360100000000"),
        (81.13000000000001, "81.13"),
        (0.1 + 0.2, "0.3"),
        (-0.5, "-0.5"),
        (1e15, "1000000000000000"),
        (0.00001, "0.00001"),
        (12, "12"),
        (dt.date(2026, 2, 5), "2026-02-05"),
        (dt.datetime(2026, 2, 5), "2026-02-05"),
        (dt.datetime(2026, 2, 5, 13, 30), "2026-02-05 13:30:00"),
    ],
)
def test_a_typed_cell_is_what_a_person_would_type(cell: object, text: str) -> None:
    assert cell_text(cell) == text


@settings(max_examples=100, deadline=None)
@given(st.integers(-(10**12), 10**12), st.integers(0, 6))
def test_a_figure_of_a_workbook_keeps_its_digits(digits: int, places: int) -> None:
    value = digits / 10**places
    text = cell_text(value)
    assert float(text) == value
    assert "e" not in text.lower()


# --- sheets ---------------------------------------------------------------------------------------------------------


def test_every_sheet_that_holds_anything_is_read_with_its_name(tmp_path: Path) -> None:
    sheets = {"数据": [["a", "b"], [1, "x"]], "空": [], "说明": [["只有说明"]]}
    actual = read(tmp_path, xlsx(sheets))
    assert [(sheet.name, errors(sheet.head(9))) for sheet in actual] == [
        ("数据", [(1, ("a", "b")), (2, ("1", "x"))]),
        ("说明", [(1, ("只有说明",))]),
    ]


def test_an_old_workbook_is_read_alike(tmp_path: Path) -> None:
    (sheet,) = read(tmp_path, xls({"表一": [["城市", "日期", "数"], ["南昌", dt.date(2026, 2, 5), 1.5]]}), is_zip=False)
    assert sheet.name == "表一"
    assert errors(sheet.head(9)) == [(1, ("城市", "日期", "数")), (2, ("南昌", "2026-02-05", "1.5"))]


def test_rows_have_the_numbers_that_excel_shows(tmp_path: Path) -> None:
    (sheet,) = read(tmp_path, xlsx({"a": [["x", "y"], [None, None], ["1", "2"]]}, at=(4, 3)))
    assert errors(sheet.head(9)) == [(4, ("x", "y")), (5, ("", "")), (6, ("1", "2"))]
    (chunk,) = (task() for task in sheet.chunks(5, ChunkSchema(2, frozenset())))
    assert (chunk.lines.tolist(), chunk.texts({6})) == ([6], {6: "1,2"})


def test_a_formula_without_a_saved_value_is_its_own_text_and_is_nowhere_run(tmp_path: Path) -> None:
    (sheet,) = read(tmp_path, xlsx({"a": [["x", "y"], ["=1+1", "kept"]]}))
    assert errors(sheet.head(9))[1] == (2, ("=1+1", "kept"))


# --- guards ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x03\x04" + b"\0" * 99, xlsx({"a": [["x"]]})[:-40]])
def test_a_broken_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    assert refused(tmp_path, content) == ["workbook_unreadable"]


def test_a_broken_old_workbook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRejectedError) as error:
        read(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, is_zip=False)
    assert [issue.code for issue in error.value.issues] == ["workbook_unreadable"]


def test_more_sheets_than_the_limit_are_refused(tmp_path: Path) -> None:
    content = xlsx({str(number): [["x"]] for number in range(4)})
    assert len(read(tmp_path, content, Limits(sheets=4))) == 4
    assert refused(tmp_path, content, Limits(sheets=3)) == ["too_many_sheets"]


def test_a_sheet_that_spans_more_cells_than_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    content = xlsx({"a": [["x"]], "b": [[None] * 99 + ["y"]] * 10})
    assert len(read(tmp_path, content, Limits(sheet_cells=1000))) == 2
    assert refused(tmp_path, content, Limits(sheet_cells=999)) == ["workbook_too_large"]


def test_a_workbook_that_unpacks_to_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    target = io.BytesIO(xlsx({"a": [["x"]]}))
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb.bin", b"\0" * 3_000_000)
    assert len(target.getvalue()) < 20_000
    assert refused(tmp_path, target.getvalue(), Limits(unpacked_bytes=2_000_000)) == ["workbook_too_large"]
    assert len(read(tmp_path, target.getvalue(), Limits(unpacked_bytes=4_000_000))) == 1


# --- as files of a dataset ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [xlsx, xls])
@pytest.mark.parametrize("name", ["a.xlsx", "a.xls", "a.csv"])
def test_a_workbook_gives_the_rows_of_its_text_whatever_its_name_promises(
    fairs: Contract, parse_file: ParseFile, write: Any, name: str
) -> None:
    parsed = parse_file(fairs, write({"招聘": [HEADER, GOOD, ["丙市", *GOOD[1:]]]}), name)
    (row,) = parsed.accepted
    assert (row["sheet"], row["line"], row["city_code"], row["date"]) == ("招聘", 2, "1", dt.date(2026, 2, 5))
    assert (row["posts"], row["share"], row["is_local"]) == (12, 3.5, True)
    (reject,) = parsed.rejects
    assert (reject["sheet"], reject["line"], reject["code"]) == ("招聘", 3, "unknown_place")
    assert reject["raw_row"] == "丙市,2026-02-05,12,3.5,TRUE,book,A"


def test_a_sheet_without_a_table_is_passed_over_and_reported(fairs: Contract, parse_file: ParseFile) -> None:
    sheets = {"封面": [["2026年招聘统计"]], "一月": [HEADER, GOOD], "二月": [HEADER, ["乙市", *GOOD[1:]]]}
    parsed = parse_file(fairs, xlsx(sheets), "a.xlsx")
    assert [(row["sheet"], row["city_code"]) for row in parsed.accepted] == [("一月", "1"), ("二月", "2")]
    passed_over = {sheet.sheet: sheet.issue.code for sheet in parsed.result.sheets if sheet.issue is not None}
    assert passed_over == {"封面": "unknown_header"}
    assert [(note.kind, note.text) for note in parsed.result.notes] == [("sheet_skipped", "封面")]


def test_a_row_repeated_on_another_sheet_is_reported_with_that_sheet(fairs: Contract, parse_file: ParseFile) -> None:
    parsed = parse_file(fairs, xlsx({"一": [HEADER, GOOD], "二": [["标题"], HEADER, GOOD]}), "a.xlsx")
    assert [(row["sheet"], row["line"]) for row in parsed.accepted] == [("一", 2)]
    (reject,) = parsed.rejects
    assert (reject["sheet"], reject["line"], reject["code"], reject["actual"]) == ("二", 3, "duplicate_row", "一 2")


def test_a_workbook_of_no_table_is_refused_with_its_sheet(fairs: Contract, parse_file: ParseFile) -> None:
    with pytest.raises(FileRejectedError) as error:
        parse_file(fairs, xlsx({"封面": [["2026年招聘统计", "x"]]}), "a.xlsx")
    assert [(issue.code, issue.sheet) for issue in error.value.issues] == [("unknown_header", "封面")]


def test_a_zip_that_is_no_workbook_is_refused(fairs: Contract, parse_file: ParseFile) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.csv", "city,date\n")
    with pytest.raises(FileRejectedError) as error:
        parse_file(fairs, target.getvalue(), "a.xlsx")
    assert [issue.code for issue in error.value.issues] == ["unsupported_file_type"]
