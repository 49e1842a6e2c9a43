"""Pages of texts: what they write themselves is to the letter what xlsxwriter writes of the same cells."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from assets.core.text import escape_xlsx_markup
from assets.release.outputs import returns
from assets.release.outputs.fast_worksheet import TextPage

# Every row is a text for each of the first cells, and whether a blank cell stands behind them, one further on.
ODD = st.text(alphabet="a甲 \t\n\r\x01\x1f\x7f\u3000<>&\"'_x004r/😀\ufffe\uffff=", max_size=12)
TEXTS = st.lists(ODD | st.text(st.characters(codec="utf-8"), max_size=8) | st.just("<r>x</r>"), min_size=1, max_size=5)
ROWS = st.lists(st.tuples(TEXTS, st.booleans()), min_size=1, max_size=6)


def sheet_of(rows: Sequence[tuple[list[str], bool]], page_class: type | None) -> str:
    """The XML of a page with these rows; of a page of our own they are written at once, else cell by cell."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"constant_memory": True, "strings_to_formulas": False}) as book:
        plain, bad = book.add_format({"num_format": "@"}), book.add_format({"bg_color": "#FFC7CE"})
        page = book.add_worksheet("x", page_class)
        page.set_column(0, 3, 16, plain)
        for number, (texts, has_blank) in enumerate(rows):
            formats = [bad if at % 2 else plain for at in range(len(texts))] + [None, bad] * has_blank
            if page_class is not None:
                page.write_texts(number, texts, formats)
                continue
            for column, style in enumerate(formats):
                if column < len(texts):
                    page.write_string(number, column, escape_xlsx_markup(texts[column]), style)
                elif style is not None:
                    page.write_blank(number, column, None, style)
    return zipfile.ZipFile(target).read("xl/worksheets/sheet1.xml").decode("utf-8")


@given(ROWS)
def test_a_row_at_once_is_what_xlsxwriter_writes_cell_by_cell(rows: list[tuple[list[str], bool]]) -> None:
    assert sheet_of(rows, TextPage) == sheet_of(rows, None)


def test_a_cell_is_counted_as_excel_counts() -> None:
    rows = [(["😀" * 20_000, "甲"], False), (["b" * 32_767, "c" * 16_383], True)]
    assert sheet_of(rows, TextPage) == sheet_of(rows, None)


@given(st.text(alphabet='a甲,;\t"\r\n \x00', max_size=12), st.sampled_from(",;\t"))
def test_a_row_is_split_as_the_reader_of_csv_splits_it(text: str, delimiter: str) -> None:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        rows = []
    assert returns._split(text, delimiter) == (rows[0] if len(rows) == 1 else None)


def test_workbooks_small_and_large_hold_the_same(tmp_path: Path) -> None:
    """Small ones are put together in memory, large ones on the disk."""
    assert zipped(tmp_path / "small", returns._SMALL_BYTES) == zipped(tmp_path / "large", 0)


def zipped(stem: Path, small: int) -> dict[str, bytes]:
    stem.parent.mkdir(exist_ok=True)
    book = returns._Workbook(stem, returns.MOST_ROWS, small)
    sheet = returns.ReturnSheet("parks", "parks/a.csv", "0", None, ",", ("城市", "面积"), (0, 1), None)
    for number in range(3):
        book.write(sheet, returns.ReturnedRow(str(number), ("a", "b", "c", "d"), ("甲市", "x&"), frozenset({2})))
    workbook = zipfile.ZipFile(book.close()[0])
    return {name: workbook.read(name) for name in workbook.namelist()}
