"""Layouts: where the table stands in a sheet, and which of its rows are no data."""

from __future__ import annotations

import pytest

from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.raw_rows import RawRow, to_csv_record
from assets.intake.tables.contracts import Contract
from assets.intake.tables.detection import TableLayout, TableNotFoundError, detect_table
from tests.unit.conftest import shipped_units

UNITS = shipped_units()
HEADER = ["city", "date", "posts", "source_id", "source_grade"]


def rows(*sent: list[str]) -> list[RawRow]:
    return [RawRow(line, tuple(cells), to_csv_record(cells)) for line, cells in enumerate(sent, start=1)]


def layout(contract: Contract, *sent: list[str]) -> TableLayout:
    return detect_table(rows(*sent), contract, UNITS)


@pytest.mark.parametrize("titles", range(8))
def test_the_header_is_found_below_title_rows(fairs: Contract, titles: int) -> None:
    above = [[f"2024年招聘统计表{number}"] for number in range(titles)]
    table = layout(fairs, *above, HEADER, ["甲市", "2024-01-01", "3", "book", "A"])
    assert (table.last_line, [row.cells[0] for row in table.titles]) == (titles + 1, [row[0] for row in above])


def test_a_title_that_names_one_year_is_heard(fairs: Contract) -> None:
    assert layout(fairs, ["2024年招聘统计"], HEADER).title_years() == {2024}
    assert layout(fairs, ["2020-2024年招聘统计"], HEADER).title_years() == set()
    assert layout(fairs, ["招聘统计"], HEADER).title_years() == set()


def test_two_rows_of_headers_are_read_where_each_column_is_unambiguous(fairs: Contract) -> None:
    english = layout(fairs, ["城市", "列date", "列posts", "列source_id", "列source_grade"], HEADER)
    assert [header.column for header in english.headers] == HEADER
    assert english.last_line == 2
    merged = layout(
        fairs.model_copy(update={"neutral_groups": ("岗位",)}),
        ["city", "date", "岗位", "", "source_id", "source_grade"],
        ["", "", "posts", "share", "", ""],
    )
    assert [header.column for header in merged.headers] == ["city", "date", "posts", "share", *HEADER[3:]]


def test_units_may_stand_in_a_row_below_the_headers(fairs: Contract) -> None:
    share = fairs.columns["share"].model_copy(update={"unit": "公里"})
    contract = fairs.model_copy(update={"columns": {**fairs.columns, "share": share}})
    table = layout(contract, ["city", "date", "share", *HEADER[3:]], ["", "", "（米）", "", ""])
    assert (table.headers[2].unit, table.last_line) == ("米", 2)


def test_a_row_below_the_headers_that_says_something_else_is_data(fairs: Contract) -> None:
    assert layout(fairs, HEADER, ["甲市", "2024-01-01", "3", "book", "A"]).last_line == 1


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["", " ", "", "", ""], "blank"),
        (HEADER, "header"),
        (["City", " DATE ", "posts", "", ""], "header"),
        (["2024年招聘统计", "", "", "", ""], "continuation"),
        (["续表", "", "", "", ""], "continuation"),
        (["2-11续表1 continued"] * 5, "continuation"),
        (["(续)", "", "", "", ""], "continuation"),
        (["注：本表不含省直管县", "", "", "", ""], "note"),
        (["数据来源：统计局", "", "", "", ""], "note"),
        (["Note: preliminary", "", "", "", ""], "note"),
        (["注1：甲", "", "", "", ""], "note"),
        (["制表：张三", "", "审核：李四", "", ""], "note"),
        (["来源：街道", "", "35", "", ""], "data"),
        (["注册", "", "", "", ""], "data"),
        (["甲市", "", "", "", ""], "data"),
        (["city", "", "", "", ""], "data"),
    ],
)
def test_a_row_is_reported_by_its_cells(fairs: Contract, cells: list[str], kind: str) -> None:
    assert layout(fairs, ["2024年招聘统计"], HEADER).kind_of(cells) == kind


def test_a_sheet_without_headers_holds_no_table(fairs: Contract) -> None:
    with pytest.raises(TableNotFoundError) as refused:
        layout(fairs, ["说明"], ["请填写下表"])
    assert [issue.code for issue in refused.value.issues] == ["unknown_header"]
    with pytest.raises(TableNotFoundError) as empty:
        layout(fairs)
    assert [issue.code for issue in empty.value.issues] == ["missing_header_row"]


def test_a_header_row_with_faults_is_reported_completely(fairs: Contract) -> None:
    with pytest.raises(FileRejectedError) as refused:
        layout(fairs, ["city", "date", "weather", "mood"])
    assert [issue.code for issue in refused.value.issues] == ["unknown_header", "unknown_header"]


def test_a_broken_row_where_the_headers_may_have_been_is_reported_as_broken(fairs: Contract) -> None:
    title, header, *data = rows(["2024年招聘统计"], HEADER, ["甲市", "2024-01-01", "3", "book", "A"])
    broken = RawRow(header.line, (), '"city"x,date', "text after a quote")
    with pytest.raises(TableNotFoundError) as refused:
        detect_table([title, broken, *data], fairs, UNITS)
    assert [(issue.code, issue.line) for issue in refused.value.issues] == [("malformed_row", 2)]
