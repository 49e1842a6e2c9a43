"""Cells that show something else than their value: percent, errors and formulas without a value are not lost."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from assets.intake.tables.contracts import Contract
from tests.unit.conftest import ParseFile

HEADER = ["city", "date", "posts", "share", "source_id", "source_grade"]
ROW = ["甲市", "2026-02-05", 12, 3.5, "book", "A"]


def workbook(rows: list[list[Any]], formats: dict[str, str] | None = None, corner: tuple[int, int] = (1, 1)) -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    page = book.active
    assert page is not None
    page.title = "一 & <二>"
    for line, row in enumerate(rows, start=corner[0]):
        for column, value in enumerate(row, start=corner[1]):
            page.cell(line, column, value)
    for place, form in (formats or {}).items():
        page[place].number_format = form
    book.save(target)
    return target.getvalue()


@pytest.fixture
def percent(fairs: Contract) -> Contract:
    share = fairs.columns["share"].model_copy(update={"unit": "%"})
    return fairs.model_copy(update={"columns": {**fairs.columns, "share": share}})


@pytest.mark.parametrize("form", ["0%", "0.00%", "0.0_ %", "[Red]0.0%;-0.0%"])
@pytest.mark.parametrize("corner", [(1, 1), (4, 3)])
def test_a_cell_that_shows_percent_is_read_as_percent(
    percent: Contract, parse_file: ParseFile, form: str, corner: tuple[int, int]
) -> None:
    place = f"{'ABCDEFGHI'[corner[1] + 2]}{corner[0] + 1}"
    content = workbook([HEADER, [*ROW[:3], 0.4325, *ROW[4:]]], {place: form}, corner)
    (row,) = parse_file(percent, content, "a.xlsx").accepted
    assert (row["share"], row["posts"], row["line"]) == (43.25, 12, corner[0] + 1)


def test_a_cell_that_shows_no_percent_is_read_as_it_is(percent: Contract, parse_file: ParseFile) -> None:
    content = workbook([HEADER, ROW, [*ROW[:1], "2026-02-06", 1, 0.5, *ROW[4:]]], {"D3": "0.00%", "C2": "0.00"})
    assert [row["share"] for row in parse_file(percent, content, "a.xlsx").accepted] == [3.5, 50]


@pytest.mark.parametrize("form", ['0.00"%"', "0.00\\%", "General"])
def test_a_percent_sign_that_is_only_written_behind_multiplies_nothing(
    percent: Contract, parse_file: ParseFile, form: str
) -> None:
    content = workbook([HEADER, [*ROW[:3], 43.25, *ROW[4:]]], {"D2": form})
    assert [row["share"] for row in parse_file(percent, content, "a.xlsx").accepted] == [43.25]


def test_a_formula_counts_as_the_value_that_was_saved_with_it(percent: Contract, parse_file: ParseFile) -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        page = book.add_worksheet()
        for line, row in enumerate((HEADER, ROW)):
            page.write_row(line, 0, row)
        page.write_formula("D2", "=1/4", book.add_format({"num_format": "0%"}), 0.25)
    assert [row["share"] for row in parse_file(percent, target.getvalue(), "a.xlsx").accepted] == [25]


def test_percent_where_it_cannot_be_rejects_the_row(fairs: Contract, parse_file: ParseFile) -> None:
    content = workbook([HEADER, [*ROW[:2], 0.12, *ROW[3:]]], {"C2": "0%"})
    assert parse_file(fairs, content, "a.xlsx").errors == [(2, "posts", "incompatible_unit", "12%")]


@pytest.mark.parametrize("error", ["#DIV/0!", "#REF!", "#VALUE!"])
def test_an_error_is_reported_and_not_missing(fairs: Contract, parse_file: ParseFile, error: str) -> None:
    parsed = parse_file(fairs, workbook([HEADER, [*ROW[:3], error, *ROW[4:]]]), "a.xlsx")
    assert parsed.errors == [(2, "share", "error_in_cell", error)]


def test_a_formula_saved_without_its_value_is_reported_and_not_missing(fairs: Contract, parse_file: ParseFile) -> None:
    parsed = parse_file(fairs, workbook([HEADER, [*ROW[:3], "=1+1", *ROW[4:]]]), "a.xlsx")
    assert parsed.errors == [(2, "share", "formula_without_value", "=1+1")]
