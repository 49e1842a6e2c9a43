"""Binary workbooks (.xlsb) are read as what they show, as calamine reads their values; damaged ones are refused."""

from __future__ import annotations

import io
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from assets.core.settings import Limits
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.raw_rows import Merge
from assets.intake.readers.sheet_writer import WorkbookSheet
from assets.intake.readers.workbook import read_workbook
from tests.builders.xlsb_files import Cell, Sheet, rich, xlsb
from tests.helpers.proof_scale import inputs

TABLE: list[list[Cell]] = [["城市", "年份", "面积"], ["南昌市", 2025, 12.5], [], ["九江市", 2025, -0.25, True]]


def read(folder: Path, content: bytes) -> list[WorkbookSheet]:
    file = folder / "book.xlsb"
    file.write_bytes(content)
    return read_workbook(file, Limits(), Path(tempfile.mkdtemp(dir=folder)))


def texts(sheet: WorkbookSheet) -> dict[int, list[str]]:
    return {row.line: list(row.cells) for row in sheet.head(1000)}


def calamine(content: bytes, name: str) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(name).to_python(skip_empty_area=False)


def test_cells_are_read_at_their_places_as_calamine_reads_them(tmp_path: Path) -> None:
    content = xlsb({"表": Sheet(TABLE)})
    (sheet,) = read(tmp_path, content)
    assert sheet.name == "表"
    assert texts(sheet) == {
        1: ["城市", "年份", "面积", ""],
        2: ["南昌市", "2025", "12.5", ""],
        4: ["九江市", "2025", "-0.25", "TRUE"],
    }
    assert sheet.physical_rows() == 3
    assert calamine(content, "表")[3] == ["九江市", 2025, -0.25, True]


@pytest.mark.parametrize("is_short", [False, True])
def test_formulas_have_their_saved_values_and_short_records_their_places(tmp_path: Path, is_short: bool) -> None:
    rows: list[list[Cell]] = [["甲", None, 7, 1e20], [None, "乙"]]
    formulas = frozenset() if is_short else frozenset({(0, 0), (0, 2), (0, 3)})
    (sheet,) = read(tmp_path, xlsb({"a": Sheet(rows, formulas=formulas, is_short=is_short)}))
    assert texts(sheet) == {1: ["甲", "", "7", "100000000000000000000"], 2: ["", "乙", "", ""]}


def test_number_formats_decide_what_is_shown(tmp_path: Path) -> None:
    styles = {(0, 0): 1, (0, 1): 2, (0, 2): 3}
    sheets = {"a": Sheet([[0.432, 12, 45_678, 1]], styles=styles)}
    (sheet,) = read(tmp_path, xlsb(sheets, ("0.0%", '0"万户"', "yyyy-mm-dd")))
    assert texts(sheet)[1] == ["43.2%", "12万户", "2025-01-21", "1"]
    (later,) = read(tmp_path, xlsb(sheets, ("0.0%", '0"万户"', "yyyy-mm-dd"), is_1904=True))
    assert texts(later)[1][2] == "2029-01-22"


def test_errors_struck_and_white_cells_are_problems(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [[b"#\x07", "划去", "白字", 1]]
    (sheet,) = read(tmp_path, xlsb({"a": Sheet(rows, styles={(0, 1): 1, (0, 2): 2})}))
    codes = {place: problem.code for place, problem in sheet.cell_problems.items()}
    assert codes == {(1, 0): "error_in_cell", (1, 1): "struck_out_cell", (1, 2): "white_text"}
    assert texts(sheet)[1][0] == "#DIV/0!"


def test_runs_of_shared_texts_keep_units_and_lose_footnote_marks_and_struck_parts(tmp_path: Path) -> None:
    shared = [rich("面积m2", [(3, 3)]), rich("12.51", [(4, 3)]), rich("旧新", [(0, 1), (1, 0)]), rich("a_x0041_&<b>")]
    (sheet,) = read(tmp_path, xlsb({"a": Sheet([[b"0", b"1", b"2", b"3"]])}, shared=shared))
    assert texts(sheet)[1] == ["面积m²", "12.5", "新", "a_x0041_&<b>"]


def test_hidden_sheets_rows_and_columns_and_merged_cells_are_known(tmp_path: Path) -> None:
    shown = Sheet(
        [["甲", "乙", "丙"], ["1", "2", "3"], ["4", "5", "6"]],
        hidden_rows=frozenset({1}),
        hidden_columns=frozenset({2}),
        merges=[(0, 0, 0, 1)],
    )
    hidden, very = (Sheet([[str(state)]], state=state) for state in (1, 2))
    sheets = read(tmp_path, xlsb({"表": shown, "藏": hidden, "深": very}))
    assert [(sheet.name, sheet.is_hidden) for sheet in sheets] == [("表", False), ("藏", True), ("深", True)]
    assert (sheets[0].hidden_rows, sheets[0].hidden_columns) == ({2}, {2})
    assert sheets[0].merges == (Merge(1, 0, 1, 1),)


VALUES = (
    st.none()
    | st.integers(-(10**9), 10**9)
    | st.floats(-1e9, 1e9).map(lambda x: round(x, 4))
    | st.text("甲乙ab 1", min_size=1)
)


@inputs(20, 300)
@given(rows=st.lists(st.lists(VALUES, max_size=6), min_size=1, max_size=8))
def test_any_values_are_those_that_calamine_reads(tmp_path: Path, rows: list[list[Cell]]) -> None:
    content = xlsb({"a": Sheet(rows)})
    filled = [row for row in rows if any(value is not None and str(value).strip() for value in row)]
    sheets = read(tmp_path, content)
    assert sum(sheet.physical_rows() for sheet in sheets) == len(filled)
    own = {line: cells for sheet in sheets for line, cells in texts(sheet).items()}
    for line, row in enumerate(calamine(content, "a") if filled else [], start=1):
        for column, value in enumerate(row):
            cells = own.get(line, [])
            text = cells[column] if column < len(cells) else ""
            if isinstance(value, str):
                assert text.strip() == value.strip()
            else:
                assert float(text) == pytest.approx(value)


def damaged(content: bytes, part: str, change: bytes | None) -> bytes:
    """A workbook with one part cut off in a record, or exchanged."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as written:
        for name in source.namelist():
            data = source.read(name)
            data = (data[:-3] if change is None else change) if name == part else data
            written.writestr(name, data)
    return target.getvalue()


@pytest.mark.parametrize(
    "part", ["xl/workbook.bin", "xl/worksheets/sheet1.bin", "xl/styles.bin", "xl/sharedStrings.bin"]
)
@pytest.mark.parametrize("change", [None, b"", b"\xff" * 40, b"\x00\x02ab", b"<worksheet/>"])
def test_a_damaged_part_is_refused(tmp_path: Path, part: str, change: bytes | None) -> None:
    with pytest.raises(FileRejectedError) as refused:
        read(tmp_path, damaged(xlsb({"a": Sheet(TABLE)}), part, change))
    assert {issue.code for issue in refused.value.issues} <= {"workbook_unreadable", "unsupported_file_type"}


@inputs(20, 300)
@given(data=st.binary(max_size=60), at=st.integers(0, 400))
def test_whatever_is_changed_in_a_sheet_it_is_read_or_refused(tmp_path: Path, data: bytes, at: int) -> None:
    content = xlsb({"a": Sheet(TABLE)})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.bin")
    changed = damaged(content, "xl/worksheets/sheet1.bin", sheet[:at] + data + sheet[at + len(data) :])
    with suppress(FileRejectedError):
        read(tmp_path, changed)
