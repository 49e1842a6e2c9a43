"""Workbooks of LibreOffice, web pages and the XML of Excel 2003: read as they are shown, or refused by name."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import pytest

from assets.core.settings import Limits
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.sheet_writer import WorkbookSheet
from assets.intake.readers.shown_texts import compare
from assets.intake.readers.workbook import is_workbook, read_workbook

OFFICE = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)
STYLES = """
<style:style style:name="struck" style:family="text">
  <style:text-properties style:text-line-through-type="single"/></style:style>
<style:style style:name="raised" style:family="text">
  <style:text-properties style:text-position="super 58%"/></style:style>
<style:style style:name="white" style:family="table-cell"><style:text-properties fo:color="#FFFFFF"/></style:style>
<style:style style:name="heading" style:family="table-cell" style:parent-style-name="white">
  <style:table-cell-properties fo:background-color="#1f4e79"/></style:style>
"""


def ods(rows: str, styles: str = STYLES) -> bytes:
    content = (
        f"<office:document-content {OFFICE}><office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f'<office:spreadsheet><table:table table:name="一">{rows}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    return target.getvalue()


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def cell(shown: str, value: float | str | None = None, attributes: str = "", kind: str = "float") -> str:
    name = "date-value" if kind == "date" else "value"
    typed = f'office:value-type="{kind}" office:{name}="{value}"' if value is not None else 'office:value-type="string"'
    return f"<table:table-cell {typed} {attributes}><text:p>{shown}</text:p></table:table-cell>"


def read(folder: Path, content: bytes | str, limits: Limits | None = None) -> list[WorkbookSheet]:
    file = folder / "sent"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert is_workbook(file)
    sheets = read_workbook(file, limits or Limits(), Path(tempfile.mkdtemp(dir=folder)))
    assert all(len(sheet.head(9999)) + len(sheet.hidden_rows) == sheet.physical_rows() for sheet in sheets)
    return sheets


def cells(sheet: WorkbookSheet) -> list[tuple[int, tuple[str, ...]]]:
    return [(row.line, row.cells) for row in sheet.head(99)]


def problems(sheet: WorkbookSheet) -> list[tuple[int, int, str]]:
    return [(line, column, problem.code) for (line, column), problem in sorted(sheet.cell_problems.items())]


def refused(folder: Path, content: bytes | str) -> str:
    with pytest.raises(FileRejectedError) as error:
        read(folder, content)
    return error.value.issues[0].code


# --- numbers beside their shown texts -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored", "shown", "text"),
    [
        ("43.2499", "43.2", "43.2499"),
        ("12345.678", "12,346", "12345.678"),
        ("12345", "12 345", "12345"),
        ("-12.5", "(12.50)", "-12.5"),
        ("-12.5", "−12.5", "-12.5"),
        ("0.4325", "43.25%", "43.25%"),
        ("0.43", "0.43%", "0.43%"),
        ("12000", "12000米", "12000米"),
        ("12.5", "12.5万户", "12.5万户"),
        ("12345", "1.2万", "1.2345万"),
        ("500", "约500户", "约500户"),
        ("12.5", "¥12.50", "12.5元"),
        ("12500", "1.25E+04", "12500"),
        ("43", "四十三", "43"),
    ],
)
def test_a_number_beside_its_shown_text_is_read_as_shown(stored: str, shown: str, text: str) -> None:
    result = compare(stored, shown)
    assert (result.text, result.problem) == (text, None)


@pytest.mark.parametrize(
    ("stored", "shown", "code"),
    [
        ("12345678", "12,346", "cell_shows_other_number"),
        ("-12", "12", "cell_shows_other_number"),
        ("0", "-", "cell_shows_other_number"),
        ("1", "合格", "cell_shows_other_number"),
        ("999", "", "cell_shows_nothing"),
        ("12345", "1.3万", "cell_shows_other_number"),
    ],
)
def test_a_number_beside_another_text_is_a_problem(stored: str, shown: str, code: str) -> None:
    problem = compare(stored, shown).problem
    assert problem is not None
    assert (problem.code, problem.stored) == (code, stored)


# --- .ods -----------------------------------------------------------------------------------------------------------


def test_repeated_rows_and_cells_are_read_and_far_blank_ones_cost_nothing(tmp_path: Path) -> None:
    content = ods(
        row(cell("甲"), attributes='table:number-rows-repeated="2"')
        + row("<table:table-cell/>", attributes='table:number-rows-repeated="1048000"')
        + row(
            cell("1", 1, 'table:number-columns-repeated="3"'), '<table:table-cell table:number-columns-repeated="999"/>'
        )
    )
    (sheet,) = read(tmp_path, content, Limits(sheet_cells=5))
    assert cells(sheet) == [(1, ("甲", "", "")), (2, ("甲", "", "")), (1_048_003, ("1", "1", "1"))]


def test_a_cell_of_ods_is_read_as_it_is_shown(tmp_path: Path) -> None:
    content = ods(
        row(cell("43.2%", 0.432, kind="percentage"), cell('12.5<text:span text:style-name="raised">1</text:span>'))
        + row(cell("2026年2月5日", "2026-02-05", kind="date"))
        + row(cell('<text:span text:style-name="struck">12</text:span>21'), cell("", 999))
        + row(
            cell("秘密", attributes='table:style-name="white"'), cell("标题", attributes='table:style-name="heading"')
        )
        + row(cell("12<text:s/>3"), cell("备注<office:annotation><text:p>批注</text:p></office:annotation>"))
    )
    (sheet,) = read(tmp_path, content)
    assert [row for _, row in cells(sheet)] == [
        ("43.2%", "12.5"), ("2026-02-05", ""), ("21", "999"), ("秘密", "标题"), ("12 3", "备注")
    ]  # fmt: skip
    assert problems(sheet) == [(3, 1, "cell_shows_nothing"), (4, 0, "white_text")]


def test_hidden_and_merged_cells_of_ods_are_known(tmp_path: Path) -> None:
    content = ods(
        '<table:table-column/><table:table-column table:visibility="collapse"/>'
        + row(cell("南昌市", attributes='table:number-rows-spanned="2"'), cell("隐"), cell("1", 1))
        + row("<table:covered-table-cell/>", cell("藏"), cell("2", 2))
        + row(cell("九江市"), cell("藏"), cell("3", 3), attributes='table:visibility="filter"')
    )
    (sheet,) = read(tmp_path, content)
    assert cells(sheet) == [(1, ("南昌市", "", "1")), (2, ("南昌市", "", "2"))]
    assert (sheet.hidden_rows, sheet.hidden_columns) == ({3}, {1})
    assert problems(sheet) == [(1, 0, "merged_cells"), (2, 0, "merged_cells")]


def test_an_ods_with_a_password_is_refused_by_name(tmp_path: Path) -> None:
    target = io.BytesIO(ods(row(cell("x"))))
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("META-INF/manifest.xml", "<m:manifest xmlns:m='m'><m:encryption-data/></m:manifest>")
    assert refused(tmp_path, target.getvalue()) == "encrypted_workbook"


# --- web pages ------------------------------------------------------------------------------------------------------


def test_the_tables_of_a_web_page_are_read_with_spans_and_marks(tmp_path: Path) -> None:
    page = """<html><head><meta charset="utf-8"><title>x</title><style>td {}</style></head><body>
    <table><tr><td>导航</td></tr></table>
    <table><tr><th>城市<th>年份<th colspan=2>长度<br>（公里）
    <tr><td rowspan="2">南昌&nbsp;市</td><td>2022</td><td>12.5<sup>1</sup></td><td><s>12</s>21</td></tr>
    <tr><td>2023</td><td>1</td><td style="x"></td></tr>
    <tr style="display: none"><td>九江市</td><td>2023</td></tr></table></body></html>"""
    (sheet,) = read(tmp_path, page)
    assert cells(sheet) == [
        (1, ("城市", "年份", "长度\n（公里）", "")),
        (2, ("南昌\xa0市", "2022", "12.5", "21")),
        (3, ("南昌\xa0市", "2023", "1", "")),
    ]
    assert sheet.hidden_rows == {4}
    assert problems(sheet) == [(1, 2, "merged_cells"), (2, 0, "merged_cells"), (3, 0, "merged_cells")]


@pytest.mark.parametrize("content", ["MIME-Version: 1.0\nContent-Type: multipart/related\n", "<html><frameset></html>"])
def test_an_archive_of_web_pages_is_refused_by_name(tmp_path: Path, content: str) -> None:
    assert refused(tmp_path, content) == "web_page"


def test_a_text_that_begins_with_an_angle_is_no_web_page(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("<5,城市\n1,2\n", "utf-8")
    assert not is_workbook(tmp_path / "a.csv")


# --- the XML of Excel 2003 ------------------------------------------------------------------------------------------


def test_the_sheets_of_an_xml_workbook_are_read_as_shown(tmp_path: Path) -> None:
    name = "urn:schemas-microsoft-com:office:spreadsheet"
    xml = f"""<?xml version="1.0"?><Workbook xmlns="{name}" xmlns:ss="{name}">
    <Styles><Style ss:ID="Default"/><Style ss:ID="p"><NumberFormat ss:Format="Percent"/></Style>
    <Style ss:ID="s"><Font ss:StrikeThrough="1"/></Style></Styles>
    <Worksheet ss:Name="一"><Table><Column/><Column ss:Hidden="1"/>
    <Row ss:Index="3"><Cell ss:MergeDown="1"><Data ss:Type="String">南昌市</Data>
        <Comment><ss:Data>批注</ss:Data></Comment></Cell>
      <Cell><Data ss:Type="String">藏</Data></Cell><Cell ss:StyleID="p"><Data ss:Type="Number">0.432</Data></Cell></Row>
    <Row><Cell ss:Index="3" ss:StyleID="s"><Data ss:Type="Number">1</Data></Cell>
      <Cell><Data ss:Type="DateTime">2026-02-05T00:00:00.000</Data></Cell>
      <Cell><ss:Data ss:Type="String" xmlns="http://www.w3.org/TR/REC-html40">12.5<Sup>1</Sup></ss:Data></Cell>
      <Cell ss:Formula="=1+1"/></Row></Table></Worksheet>
    <Worksheet ss:Name="二"><Table><Row><Cell><Data ss:Type="String">x</Data></Cell></Row></Table>
    <WorksheetOptions><Visible>SheetHidden</Visible></WorksheetOptions></Worksheet></Workbook>"""
    first, second = read(tmp_path, xml)
    assert cells(first) == [
        (3, ("南昌市", "", "43.2%", "", "", "")),
        (4, ("南昌市", "", "1", "2026-02-05", "12.5", "=1+1")),
    ]
    assert problems(first) == [
        (3, 0, "merged_cells"), (4, 0, "merged_cells"), (4, 2, "struck_out_cell"), (4, 5, "formula_without_value")
    ]  # fmt: skip
    assert (first.is_hidden, second.is_hidden) == (False, True)


@pytest.mark.parametrize("start", [b"\x09\x00\x04\x00\x02\x00", b"\x09\x04\x06\x00\x00\x00"])
def test_a_workbook_older_than_excel_97_is_refused(tmp_path: Path, start: bytes) -> None:
    assert refused(tmp_path, start + b"\0" * 99) == "unsupported_file_type"
