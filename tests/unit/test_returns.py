"""Returns: what is rejected goes back to its sender as it was sent, and can be sent again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from assets.core.paths import Paths
from assets.core.text import escape_formula, unescape_formula
from assets.release.outputs.returns import ADDED_HEADERS, REFUSED, _split, write_returns
from assets.release.publish.manifest import find_damages, read_manifest
from assets.release.publish.publish import publish
from assets.warehouse.connection import Warehouse
from assets.warehouse.tables import Column, Table
from tests.builders.returns_candidate import HEADER, SHA, Candidate


@pytest.fixture
def candidate(tmp_path: Path) -> Iterator[Candidate]:
    with Warehouse(Paths(tmp_path)).connect() as connection:
        yield Candidate(connection)


def relative_names(folder: Path, paths: Iterable[Path]) -> list[str]:
    return [path.relative_to(folder / "returns").as_posix() for path in paths]


def csv_rows(path: Path) -> list[list[str]]:
    """The rows of a CSV file; the numbers of the rows without the tab that makes texts of them."""
    rows = csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True)
    return [[row[0].removesuffix("\t"), *row[1:]] for row in rows]


def sheet_rows(path: Path, name: str | None = None) -> list[list[Any]]:
    book = openpyxl.load_workbook(path)
    page = book[name] if name else book.worksheets[0]
    return [[cell.value or "" for cell in row] for row in page.iter_rows()]


def test_the_number_of_a_row_is_no_number_to_excel(candidate: Candidate, tmp_path: Path) -> None:
    candidate.sheet("parks/a.csv")
    candidate.reject("parks/a.csv", 3, "甲市,2024,x", return_id="1234567890e5")
    text, workbook = write_returns(candidate.connection, tmp_path)
    assert b'\r\n"1234567890e5\t",' in text.read_bytes()
    assert openpyxl.load_workbook(workbook).worksheets[0]["A2"].value == "1234567890e5"


def test_nothing_rejected_nothing_returned(candidate: Candidate, tmp_path: Path) -> None:
    candidate.sheet("parks/a.csv")
    assert write_returns(candidate.connection, tmp_path / "release") == []
    assert not (tmp_path / "release").exists()


def test_a_row_goes_back_as_sent_with_its_number_reasons_and_remedies(candidate: Candidate, tmp_path: Path) -> None:
    candidate.sheet("parks/a.csv")
    candidate.reject("parks/a.csv", 3, "甲市,2024,十二")
    workbook, text = reversed(write_returns(candidate.connection, tmp_path))
    assert relative_names(tmp_path, [workbook, text]) == ["甲市/parks/a.01234567.xlsx", "甲市/parks/a.01234567.csv"]
    added = ("000000000003", "面积: 不是数字", "面积: 请填数字", "面积: No number", "面积: Write digits")
    expected = [[*ADDED_HEADERS, "城市", "年份", "面积"], [*added, "甲市", "2024", "十二"]]
    assert csv_rows(text) == sheet_rows(workbook) == expected
    assert text.read_bytes().startswith(b"\xef\xbb\xbf")
    assert text.read_bytes().count(b"\r\n") == text.read_bytes().count(b"\n") == 2


def test_bad_cells_are_coloured_the_panes_frozen_and_every_cell_is_text(candidate: Candidate, tmp_path: Path) -> None:
    candidate.sheet("parks/a.csv")
    candidate.reject("parks/a.csv", 3, "甲市,2024,十二")
    candidate.reject("parks/a.csv", 4, "甲市,2024", position=None, code="cell_count_mismatch", column_name=None)
    candidate.reject("parks/a.csv", 5, "甲市,2024", position=3, code="missing_value")
    page = openpyxl.load_workbook(write_returns(candidate.connection, tmp_path)[1]).worksheets[0]
    coloured = {
        cell.coordinate for row in page.iter_rows(min_row=2) for cell in row if cell.fill.fgColor.rgb != "00000000"
    }
    assert coloured == {"H2", "F3", "G3", "H4"}
    assert page.freeze_panes == "B2"
    assert {cell.number_format for row in page.iter_rows() for cell in row if cell.value} == {"@"}


def test_it_prints_one_page_wide_and_rows_are_as_high_as_their_text(candidate: Candidate, tmp_path: Path) -> None:
    candidate.sheet("parks/a.csv")
    candidate.reject("parks/a.csv", 3, "甲市,2024,十二")
    candidate.reject("parks/a.csv", 4, "甲市,2024,十二", remedy_zh="请填写阿拉伯数字" * 12, reason_en="No number" * 40)
    page = openpyxl.load_workbook(write_returns(candidate.connection, tmp_path)[1]).worksheets[0]
    assert page.page_setup.orientation == "landscape"
    assert page.page_setup.paperSize == 9  # A4
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert (page.page_setup.fitToWidth, page.page_setup.fitToHeight) == (None, 0)  # a width of 1 is not written
    assert page.print_title_rows == "$1:$1"
    assert all(cell.alignment.wrap_text for row in page.iter_rows() for cell in row)
    heights = [page.row_dimensions[number].height for number in (1, 2, 3)]
    # 360 narrow characters in a cell of 24 are 14 lines or more.
    assert heights[0] <= heights[1] < 8 * 13 < 14 * 13 <= heights[2]


def test_several_errors_of_a_row_are_numbered_together(candidate: Candidate, tmp_path: Path) -> None:
    candidate.sheet("parks/a.csv")
    candidate.reject("parks/a.csv", 3, "甲市,x,y", position=2, column_name="year", reason_zh="不是年份")
    candidate.reject("parks/a.csv", 3, "甲市,x,y", error_number=2)
    rows = csv_rows(write_returns(candidate.connection, tmp_path)[0])
    assert [row[0] for row in rows[1:]] == ["000000000003"]
    assert rows[1][1] == "1. 年份: 不是年份\n2. 面积: 不是数字"


def test_each_sender_gets_its_own_rows(candidate: Candidate, tmp_path: Path) -> None:
    candidate.sheet("parks/province.csv", "年份,地 区,面积")
    for line, place in enumerate(("甲城", "2", "ALPHA", "某地", ""), start=2):
        candidate.reject("parks/province.csv", line, f"2024,{place},x")
    candidate.sheet("parks/甲/2024.csv")
    candidate.reject("parks/甲/2024.csv", 2, "乙市,2024,x")
    candidate.sheet("parks/园林局/深/2024.csv")
    candidate.reject("parks/园林局/深/2024.csv", 2, "乙市,2024,x")
    written = write_returns(candidate.connection, tmp_path)
    rows = {
        name: len(csv_rows(path)) - 1
        for name, path in zip(relative_names(tmp_path, written), written, strict=True)
        if ".csv" in name
    }
    assert rows == {
        "甲市/parks/province.01234567.csv": 2,
        "乙市/parks/province.01234567.csv": 1,
        "province/parks/province.01234567.csv": 2,
        "甲市/parks/2024.01234567.csv": 1,
        "园林局/parks/2024.01234567.csv": 1,
    }


def test_senders_of_the_same_bytes_get_the_same_rows_each(candidate: Candidate, tmp_path: Path) -> None:
    candidate.sheet("parks/甲/2024.csv")
    candidate.reject("parks/甲/2024.csv", 2, "乙市,2024,x")
    for number, file in enumerate(("parks/甲/2024.csv", "parks/园林局/same.csv", "parks/ALPHA/again.csv"), start=1):
        candidate.arrival(number, file)
    names = relative_names(tmp_path, write_returns(candidate.connection, tmp_path))
    assert {name.rpartition("/")[0] for name in names} == {"甲市/parks", "园林局/parks"}


def test_an_error_of_a_complete_row_has_no_column(candidate: Candidate, tmp_path: Path) -> None:
    candidate.sheet("parks/a.csv")
    candidate.reject("parks/a.csv", 3, "甲市,2024", position=None, column_name=None)
    assert csv_rows(write_returns(candidate.connection, tmp_path)[0])[1][1] == "不是数字"


def test_a_row_of_an_unlisted_sheet_is_an_error(candidate: Candidate, tmp_path: Path) -> None:
    candidate.reject("parks/a.csv", 3, "甲市,2024,x")
    with pytest.raises(KeyError):
        write_returns(candidate.connection, tmp_path)


def test_corrected_rows_are_not_returned_again(candidate: Candidate, tmp_path: Path) -> None:
    candidate.sheet("parks/a.csv")
    candidate.reject("parks/a.csv", 3, "甲市,2024,x", is_resolved=True)
    assert write_returns(candidate.connection, tmp_path) == []


def test_a_row_that_cannot_be_split_goes_back_in_one_cell(candidate: Candidate, tmp_path: Path) -> None:
    candidate.sheet("parks/a.csv")
    candidate.reject("parks/a.csv", 3, '甲市,2024,"12', position=None, code="malformed_row")
    text, workbook = write_returns(candidate.connection, tmp_path)
    assert csv_rows(text)[1][5:] == ['甲市,2024,"12']
    assert sheet_rows(workbook)[1][5:] == ['甲市,2024,"12', "", ""]


def test_cells_too_many_stand_beyond_the_header_and_a_delimiter_is_that_of_the_file(
    candidate: Candidate, tmp_path: Path
) -> None:
    candidate.sheet("parks/a.csv", "城市\t年份\t面积", delimiter="\t")
    candidate.reject("parks/a.csv", 3, "甲市\t2024\t1,5\t\t6", position=None)
    assert csv_rows(write_returns(candidate.connection, tmp_path)[0])[1][5:] == ["甲市", "2024", "1,5", "", "6"]


def test_a_returned_file_that_is_rejected_again_has_our_columns_once(candidate: Candidate, tmp_path: Path) -> None:
    candidate.sheet("parks/a.csv", ",".join([*ADDED_HEADERS, "城市", "年份", "面积"]))
    candidate.reject("parks/a.csv", 3, "00000000abcd,a,b,c,d,甲市,2024,x", position=8)
    text, workbook = write_returns(candidate.connection, tmp_path)
    assert csv_rows(text)[0] == [*ADDED_HEADERS, "城市", "年份", "面积"]
    assert csv_rows(text)[1][0] == "000000000003"
    assert csv_rows(text)[1][5:] == ["甲市", "2024", "x"]
    assert openpyxl.load_workbook(workbook).worksheets[0]["H2"].fill.fgColor.rgb == "FFFFC7CE"


def test_every_sheet_of_a_workbook_stays_a_sheet(candidate: Candidate, tmp_path: Path) -> None:
    for name, header in (("一季度", HEADER), ("二季度", "年份,城市")):
        candidate.sheet("parks/a.xlsx", header, sheet=name)
    candidate.reject("parks/a.xlsx", 3, "甲市,2024,x", sheet="一季度")
    candidate.reject("parks/a.xlsx", 3, "x,甲市", sheet="二季度", position=1)
    written = write_returns(candidate.connection, tmp_path)
    assert relative_names(tmp_path, written) == [
        "甲市/parks/a.01234567.xlsx",
        "甲市/parks/a.01234567.一季度.csv",
        "甲市/parks/a.01234567.二季度.csv",
    ]
    assert [sheet_rows(written[0], name)[1][5:] for name in ("一季度", "二季度")] == [
        ["甲市", "2024", "x"],
        ["x", "甲市"],
    ]


def test_more_rows_than_a_sheet_holds_go_on_in_another(candidate: Candidate, tmp_path: Path) -> None:
    candidate.sheet("parks/a.csv")
    for line in range(2, 7):
        candidate.reject("parks/a.csv", line, f"甲市,2024,x{line}")
    written = write_returns(candidate.connection, tmp_path, most_rows=3)
    (workbook,) = (path for path in written if path.suffix == ".xlsx")
    assert openpyxl.load_workbook(workbook).sheetnames == ["退回", "退回 (2)", "退回 (3)"]
    rows = [csv_rows(path) for path in written if path.suffix == ".csv"]
    assert [[row[-1] for row in page[1:]] for page in rows] == [["x2", "x3"], ["x4", "x5"], ["x6"]]
    assert sheet_rows(workbook, "退回 (3)")[1][-1] == "x6"


def test_refused_files_are_listed_with_their_reasons(candidate: Candidate, tmp_path: Path) -> None:
    candidate.add("intake.files", dataset="parks", file="parks/甲/a.doc", file_sha256=SHA, status="refused")
    candidate.reject("parks/甲/a.doc", None, None, code="unsupported_file_type")
    (path,) = write_returns(candidate.connection, tmp_path)
    assert relative_names(tmp_path, [path]) == [f"甲市/{REFUSED}"]
    assert csv_rows(path)[1] == ["parks/甲/a.doc", "", "", "不是数字", "请填数字", "No number", "Write digits"]


HOSTILE = ["=cmd|'/c calc'!A1", "+1+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "＠SUM(A1)", "'=1", "''@x"]


def test_what_looks_like_a_formula_is_text_in_both_files(candidate: Candidate, tmp_path: Path) -> None:
    candidate.sheet("parks/a.csv", '城市,"=1+1",面积')
    for line, text in enumerate(HOSTILE, start=2):
        candidate.reject("parks/a.csv", line, f'甲市,"{text}",x', actual=text)
    text, workbook = write_returns(candidate.connection, tmp_path)
    cells = [row[6] for row in csv_rows(text)]
    assert all(cell.startswith("'") for cell in cells)
    assert [unescape_formula(cell) for cell in cells] == ["=1+1", *HOSTILE]
    page = openpyxl.load_workbook(workbook).worksheets[0]
    kinds = {cell.data_type for row in page.iter_rows() for cell in row if cell.value is not None}
    assert kinds <= {"s", "inlineStr"}
    read = CalamineWorkbook.from_path(str(workbook)).get_sheet_by_index(0).to_python()
    assert [row[6] for row in read] == ["=1+1", *HOSTILE]


# xlsxwriter takes a text between these two for markup that it made itself, and writes it into the file as it is.
MARKUP = ["<r>&</r>", "<r><t>x</t></r>", "<r></c></row></r>"]


def test_markup_of_a_workbook_is_text_in_it(candidate: Candidate, tmp_path: Path) -> None:
    candidate.sheet("parks/a.csv", "城市,区,面积")
    for line, text in enumerate(MARKUP, start=2):
        candidate.reject("parks/a.csv", line, f"甲市,{text},x", actual=text)
    _, workbook = write_returns(candidate.connection, tmp_path)
    assert [str(row[6]).rstrip() for row in sheet_rows(workbook)] == ["区", *MARKUP]


@pytest.mark.parametrize("text", ["-5", "+5", "-1,234.5", "-3%", "-", "--", "+", "12", "a-b", "甲市", "", "'"])
def test_figures_and_dashes_stay_as_they_are(text: str) -> None:
    assert escape_formula(text) == unescape_formula(text) == text


@given(st.text())
def test_what_is_neutralised_is_read_back_and_is_no_formula(text: str) -> None:
    safe = escape_formula(text)
    assert unescape_formula(safe) == text or safe == text
    assert safe == text or safe[0] == "'"
    assert safe[:1] not in ("=", "@", "＝", "＠", "\t", "\r")


@given(st.text(alphabet="'=+-@\t\r＝＋－＠15a"))
def test_what_a_return_says_is_what_was_sent(text: str) -> None:
    assert unescape_formula(escape_formula(text)) == text


def test_invalid_characters_are_escaped_and_long_cells_are_cut(candidate: Candidate, tmp_path: Path) -> None:
    candidate.sheet("parks/a.csv")
    candidate.reject("parks/a.csv", 2, "甲市,\x01<b>_x0041_&,x")
    candidate.reject("parks/a.csv", 3, f"甲市,{'长' * 40_000},x")
    text, workbook = write_returns(candidate.connection, tmp_path)
    assert csv_rows(text)[2][6] == "长" * 40_000
    odd, long = (row[6] for row in sheet_rows(workbook)[1:])
    assert "<b>" in odd
    assert len(long) == 32_767
    assert long.endswith("in full in the CSV）")


@pytest.mark.parametrize("name", ["..", "../../etc", "a/../b", "CON?", "a\nb", " .x. ", "长" * 200, "<script>"])
def test_a_sender_is_a_folder_below_the_returns_whatever_its_name(
    candidate: Candidate, tmp_path: Path, name: str
) -> None:
    candidate.sheet(f"parks/{name}/a.csv")
    candidate.reject(f"parks/{name}/a.csv", 2, "甲市,2024,x")
    written = write_returns(candidate.connection, tmp_path)
    assert len(written) == 2
    for path in written:
        assert path.resolve().parent.parent.parent == (tmp_path / "returns").resolve()


def test_two_senders_whose_names_differ_in_a_sign_have_folders_of_their_own(
    candidate: Candidate, tmp_path: Path
) -> None:
    for name in ("a?b", "a*b"):
        candidate.sheet(f"parks/{name}/x.csv")
        candidate.reject(f"parks/{name}/x.csv", 2, "甲市,2024,x")
    written = write_returns(candidate.connection, tmp_path)
    assert len({path.parent for path in written}) == 2


def test_a_release_holds_its_returns_and_its_manifest_lists_them_outside_the_content(
    candidate: Candidate, tmp_path: Path
) -> None:
    candidate.sheet("parks/a.csv")
    candidate.reject("parks/a.csv", 3, "甲市,2024,x")
    candidate.connection.execute("create table reference.parameters as select '1' as method_version")
    candidate.connection.execute("create table intake.datasets as select 'parks' as dataset")
    arrival = (
        "'parks' as dataset, 'a' as file_sha256, 1 as arrival, 'a' as file, true as is_last, 'b' as receipt_sha256"
    )
    candidate.connection.execute(f"create or replace table intake.file_arrivals as select {arrival}")
    counts = ", ".join(f"1 as rows_{name}" for name in ("read", "accepted", "aggregate", "rejected"))
    columns = "'parks' as dataset, 'a' as file, 'a' as file_sha256, 'read' as status"
    candidate.connection.execute(f"create or replace table intake.files as select {columns}, {counts}")
    column = Column(type="varchar", zh="文件", en="File")
    sheets = Table(schema_name="intake", name="sheets", zh="表", en="Sheets", key=("file",), columns={"file": column})
    publish(candidate.connection, [sheets], Paths(tmp_path), "run")
    folder = Paths(tmp_path).current_release
    manifest = read_manifest(folder)
    assert manifest is not None
    assert find_damages(folder, manifest) == []
    returned = {file.path: file.is_content for file in manifest.files if file.path.startswith("returns/")}
    assert returned == {f"returns/甲市/parks/a.01234567.{kind}": False for kind in ("csv", "xlsx")}


def test_the_same_rows_give_the_same_bytes(candidate: Candidate, tmp_path: Path) -> None:
    candidate.sheet("parks/a.csv")
    for line in range(2, 40):
        candidate.reject("parks/a.csv", line, f"{'甲乙'[line % 2]}市,2024,x")
    first = write_returns(candidate.connection, tmp_path / "first")
    second = write_returns(candidate.connection, tmp_path / "second")
    assert relative_names(tmp_path / "first", first) == relative_names(tmp_path / "second", second)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@given(st.text(alphabet='a甲,;\t"\r\n \x00', max_size=12), st.sampled_from(",;\t"))
def test_a_row_is_split_as_the_reader_of_csv_splits_it(text: str, delimiter: str) -> None:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        rows = []
    assert _split(text, delimiter) == (rows[0] if len(rows) == 1 else None)
