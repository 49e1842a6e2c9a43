"""Random workbooks: the figures that are read are those that the sheet shows.

Two witnesses: what the test wrote into each cell, and where LibreOffice is installed, the text that it shows.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest
import xlwt
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.styles import Font

from assets.core.settings import Limits
from assets.intake.readers.workbook import read_workbook
from tests.helpers.needs import needs
from tests.helpers.proof_scale import inputs

Place = tuple[int, int]


@dataclass(frozen=True)
class Cell:
    """What is written into a cell, with its format; the text that is read, or the problem."""

    value: object
    code: str = "General"
    text: str = ""
    problem: str | None = None
    is_struck: bool = False


Sheet = dict[Place, Cell]


def number(value: int, places: int) -> str:
    digits = f"{value / 10**places:.{places}f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    value, places = draw(st.integers(1, 99_999_999)), draw(st.integers(0, 4))
    figure, text = value / 10**places, number(value, places)
    hundredfold = number(value, places - 2) if places > 2 else number(value * 10 ** (2 - places), 0)
    struck = Cell(figure, text=text, problem="struck_out_cell", is_struck=True)
    return draw(
        st.sampled_from(
            [
                Cell(figure, text=text),
                Cell(figure, "#,##0.00", text),
                Cell(-figure, "0.0_);[Red]\\(0.0\\)", f"-{text}"),
                Cell(figure, "0.00%", f"{hundredfold}%"),
                Cell(figure, '0.00"%"', f"{text}%"),
                Cell(figure, '0.0"万户"', f"{text}万户"),
                Cell(figure, '0"米"', f"{text}米"),
                Cell(value, '0!.0,"万"', f"{number(value, 4)}万"),
                Cell(value, "#,##0,", str(value), "cell_shows_other_number"),
                Cell(-figure, "0;[Red]0", f"-{text}", "cell_shows_other_number"),
                Cell(figure, ";;;", text, "cell_shows_nothing"),
                Cell(dt.date(2020, 1, 1) + dt.timedelta(value % 3000), 'yyyy"年"m"月"d"日"'),
                Cell("南昌市\n（本级）", text="南昌市\n（本级）"),
                Cell(None),
                struck,
            ]
        )
    )


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    """Cells by row and column from 1: titles, gaps and tables anywhere."""
    rows = draw(st.lists(st.integers(1, 60), min_size=1, max_size=8, unique=True))
    columns = draw(st.lists(st.integers(1, 30), min_size=1, max_size=6, unique=True))
    return {(row, column): draw(cells()) for row in rows for column in columns}


def xlsx(sheet: Sheet) -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    page = book.active
    assert page is not None
    for (row, column), cell in sheet.items():
        place = page.cell(row, column, cell.value)
        place.number_format = cell.code.replace("!", "\\")
        place.font = Font(strike=True) if cell.is_struck else Font()
    book.save(target)
    return target.getvalue()


def xls(sheet: Sheet) -> bytes:
    book, target = xlwt.Workbook(encoding="utf-8", style_compression=2), io.BytesIO()
    page = book.add_sheet("一")
    for (row, column), cell in sheet.items():
        style = xlwt.XFStyle()
        style.num_format_str = cell.code.replace("!", "\\")
        style.font.struck_out = cell.is_struck
        page.write(row - 1, column - 1, cell.value, style)
    book.save(target)
    return target.getvalue()


def texts(folder: Path, content: bytes) -> tuple[dict[tuple[int, int], str], dict[tuple[int, int], str], int]:
    """The texts and the problems by row and column, and the rows counted independently."""
    with tempfile.TemporaryDirectory(dir=folder) as work:
        file = Path(work) / "sent"
        file.write_bytes(content)
        found = read_workbook(file, Limits(), Path(work))
        if not found:
            return {}, {}, 0
        (sheet,) = found
        shown = {
            (row.line, column): text
            for row in sheet.head(999)
            for column, text in enumerate(row.cells, start=1)
            if text
        }
        problems = {(line, column + 1): problem.code for (line, column), problem in sheet.cell_problems.items()}
        return shown, problems, sheet.physical_rows()


def expected(cell: Cell) -> str:
    return cell.value.isoformat() if isinstance(cell.value, dt.date) else cell.text


@pytest.mark.parametrize("write", [xlsx, xls])
@inputs(60, 1_000)
@given(sheet=sheets())
def test_what_is_read_is_what_the_sheet_shows(tmp_path: Path, write: Callable[[Sheet], bytes], sheet: Sheet) -> None:
    shown, problems, count = texts(tmp_path, write(sheet))
    assert shown == {place: text for place, cell in sheet.items() if (text := expected(cell))}
    assert problems == {place: cell.problem for place, cell in sheet.items() if cell.problem is not None}
    assert count == len({row for row, _ in shown})


@needs("soffice", "libreoffice-calc")
@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_libreoffice_shows_the_figures_that_are_read(tmp_path: Path, kind: str) -> None:
    """LibreOffice writes the same cells in each form; its CSV export has the texts that it shows."""
    columns = [
        Cell(12.5, "0.00", "12.5"),
        Cell(0.4325, "0.00%", "43.25%"),
        Cell(0.43, '0.00"%"', "0.43%"),
        Cell(12000, '0"米"', "12000米"),
        Cell(12.5, '0.0"万户"', "12.5万户"),
        Cell(-3.5, "0.0_);[Red]\\(0.0\\)", "-3.5"),
        Cell(12_345_678, "#,##0,", "12345678", "cell_shows_other_number"),
        Cell(-12, "0;[Red]0", "-12", "cell_shows_other_number"),
        Cell(dt.date(2026, 2, 5), 'yyyy"年"m"月"d"日"'),
    ]
    sheet = {(row, column): cell for row in (2, 5) for column, cell in enumerate(columns, start=2)}
    (tmp_path / "sent.xlsx").write_bytes(xlsx(sheet))
    convert(tmp_path, tmp_path / "sent.xlsx", kind)
    file = tmp_path / "out" / f"sent.{kind}"
    shown, problems, count = texts(tmp_path, file.read_bytes())
    assert shown == {place: expected(cell) for place, cell in sheet.items()}
    assert problems == {place: cell.problem for place, cell in sheet.items() if cell.problem is not None}
    convert(tmp_path, file, "csv")
    rows = list(csv.reader((tmp_path / "out" / "sent.csv").read_text("utf-8-sig").splitlines()))
    assert count == sum(any(cells) for cells in rows)
    for (row, column), text in shown.items():
        if (row, column) not in problems and not isinstance(sheet[row, column].value, dt.date):
            assert rows[row - 1][column - 1].replace(",", "").strip(" -()").startswith(text.strip("-%万户米")[:4])


def convert(folder: Path, file: Path, kind: str) -> None:
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", kind, "--outdir", str(folder / "out"), str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
