"""The workbook says what the tables say, nothing in it is a formula, and it is ready for the printer."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from assets.core.i18n import labels
from assets.release.outputs.excel_limits import MAX_CELL_CHARACTERS
from assets.release.outputs.metadata import ReleaseIdentity, read_metadata
from assets.release.outputs.score_colours import COLOURS, POINTS
from assets.release.outputs.workbook.cell_styles import fit_text, target_cell, value_cell
from assets.release.outputs.workbook.cover_sheet import MAX_CITIES
from assets.release.outputs.workbook.sheet import WorkbookWriter, row_height
from assets.release.outputs.workbook.sheets import build_sheet
from assets.release.outputs.workbook.workbook import write_workbook
from assets.warehouse.connection import Connection
from assets.warehouse.tables import Table
from tests.builders.candidates import COMMAND, HOSTILE, SCRIPT, published_tables, workbook_candidate

WORDS_ZH = {"awaiting_data": "待报数据", "not_in_basket": "不在篮中", "too_narrow": "篮内指标过少"}

Sheet = Any


def written(connection: Connection, folder: Path, tables: Sequence[Table] | None = None) -> tuple[Path, ...]:
    """The workbook alone, of the candidate as it is."""
    published = published_tables() if tables is None else tables
    release = ReleaseIdentity("20260101T000000Z-x", datetime(2026, 1, 1, tzinfo=UTC))
    return write_workbook(connection, folder, published, read_metadata(connection, published_tables()), release)


@pytest.fixture(scope="module")
def opened() -> Iterator[Connection]:
    with workbook_candidate() as connection:
        yield connection


@pytest.fixture(scope="module")
def file(opened: Connection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    (file,) = written(opened, tmp_path_factory.mktemp("data"))
    return file


@pytest.fixture(scope="module")
def book(file: Path) -> Any:
    return openpyxl.load_workbook(file)


def cells(sheet: Sheet) -> list[list[Any]]:
    """The rows of the table of a sheet, below its headings."""
    first, last = (int(number) for number in re.findall(r"\d+", sheet.auto_filter.ref))
    return [list(row) for row in sheet.iter_rows(min_row=first + 1, max_row=last)]


def values(sheet: Sheet) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in cells(sheet)]


def visible_text(sheet: Sheet) -> str:
    return "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None)


def test_the_same_release_has_the_same_bytes(opened: Connection, tmp_path: Path) -> None:
    first = written(opened, tmp_path)[0].read_bytes()
    assert written(opened, tmp_path)[0].read_bytes() == first


def test_there_is_none_where_the_tables_that_it_shows_are_not_published(opened: Connection, tmp_path: Path) -> None:
    assert written(opened, tmp_path, published_tables()[:3]) == ()


# --- text is text -----------------------------------------------------------------------------------------------


def test_no_cell_is_a_formula_and_hostile_names_are_text(book: Any) -> None:
    for sheet in book:
        assert [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"] == []
    assert COMMAND in visible_text(book["总览 Overview"])
    assert SCRIPT in visible_text(book["总览 Overview"])
    assert HOSTILE in visible_text(book["指标 Indicators"])
    assert COMMAND in visible_text(book["退回的行 Rejected"])


def test_nothing_of_the_data_is_markup_a_link_or_a_formula_in_the_file_itself(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")}
        assert not [name for name in archive.namelist() if "externalLink" in name or "vbaProject" in name]
        links = "".join(archive.read(name).decode() for name in archive.namelist() if name.endswith(".rels"))
    for text in parts.values():
        assert "<f>" not in text
        assert "<script" not in text
    assert 'TargetMode="External"' not in links


def test_texts_have_the_text_format_so_that_editing_makes_no_formula(book: Any) -> None:
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str):
                    assert cell.number_format == "@", (sheet.title, cell.coordinate)


def test_names_of_sheets_are_valid_different_and_linked_from_the_cover(book: Any) -> None:
    titles = [sheet.title for sheet in book]
    assert len({title.casefold() for title in titles}) == len(titles)
    assert all(len(title) <= 31 and not re.search(r"[\[\]:*?/\\]", title) for title in titles)
    targets = [cell.hyperlink.location for row in book["封面 Cover"].iter_rows() for cell in row if cell.hyperlink]
    assert [target.removesuffix("!A1").strip("'").replace("''", "'") for target in targets] == titles[1:]


@pytest.mark.parametrize("wanted", ["History", "a/b[c]:*?\\", "'quoted'", "", "长" * 40, "x\x07y"])
def test_a_name_that_no_sheet_may_have_is_made_one(wanted: str, tmp_path: Path) -> None:
    book = WorkbookWriter(tmp_path / "b.xlsx", "foot & note", {})
    (first, _), (second, _) = (book.add_sheet(name, is_landscape=True) for name in (wanted, wanted.upper()))
    book.close()
    assert openpyxl.load_workbook(tmp_path / "b.xlsx").sheetnames == [first, second]


def test_a_text_too_long_for_a_cell_is_cut_and_says_so() -> None:
    assert fit_text("x" * MAX_CELL_CHARACTERS) == "x" * MAX_CELL_CHARACTERS
    cut = fit_text("x" * (MAX_CELL_CHARACTERS + 1))
    assert len(cut) == MAX_CELL_CHARACTERS
    assert cut.endswith("in full in Parquet）")


# --- the figures of the tables ----------------------------------------------------------------------------------


def test_city_by_dimension_shows_score_and_rank_of_the_tables(opened: Connection, book: Any) -> None:
    expected = opened.execute(
        """
        select city.indicators_scored, city.indicators_total, city.evidenced, city.rank, dimension.evidenced,
            dimension.rank
        from scorecards.city_scores as city
        inner join scorecards.dimension_scores as dimension using (basket_id, city_code)
        order by city_code
        """
    ).fetchall()
    rows = cells(book["总览 Overview"])
    for row, (scored, total, *scores) in zip(rows, expected, strict=True):
        assert [cell.value for cell in row[2:6]] == pytest.approx(scores)
        assert (row[1].value, row[1].number_format) == (scored / total, f'"{scored}/{total}"')


def test_a_range_has_both_ends_and_three_parts_that_add_up_to_100_as_shown(opened: Connection, tmp_path: Path) -> None:
    opened.execute("begin transaction")
    opened.execute(
        """
        update scorecards.dimension_scores set evidenced = 61.25, possible = 73.84, open = 12.59, lost = 26.16,
            rank = null, best_rank = null, worst_rank = null, score_status = 'too_open' where city_code = 'A'
        """
    )
    try:
        changed = openpyxl.load_workbook(*written(opened, tmp_path))
    finally:
        opened.execute("rollback")
    row, complete = values(changed["区间 Ranges"])
    assert row[3:8] == ["61–74", 61.3, 12.5, 26.2, "█" * 12 + "▒" * 3 + "·" * 5]
    assert round(sum(row[4:7]), 9) == 100
    assert [row[8], row[11].split("\n")[0]] == [None, "未报过多"]
    assert (complete[3], complete[5]) == (complete[4], 0)


def test_open_figures_are_listed_with_their_points(opened: Connection, tmp_path: Path) -> None:
    opened.execute("begin transaction")
    opened.execute(
        "update scorecards.indicator_scores set attainment = null, data_status = 'awaiting_data' "
        "where city_code = 'A' and indicator_id = 'sheet.one'"
    )
    try:
        changed = openpyxl.load_workbook(*written(opened, tmp_path))
    finally:
        opened.execute("rollback")
    (row,) = values(changed["未报 Open"])
    assert (row[0].split("\n")[0], row[4], row[5]) == (COMMAND, 50, "待报数据\nawaiting data")


def test_a_missing_score_is_a_word_and_never_a_zero(opened: Connection, book: Any) -> None:
    rows = values(book["措施 Measures"])
    expected = opened.execute(
        "select measure_id, score_status, evidenced from scorecards.measure_scores where city_code = 'A' order by all"
    ).fetchall()
    assert len(rows) == len(expected) == 4
    for row, (measure_id, status, score) in zip(rows, expected, strict=True):
        assert row[0] == measure_id
        if score is None:
            assert row[4].split("\n")[0] == WORDS_ZH[status]
        else:
            assert row[4] == pytest.approx(score)


def test_the_sheet_of_a_city_shows_every_indicator_as_the_tables_have_it(opened: Connection, book: Any) -> None:
    expected = opened.execute(
        """
        select value, year, unit, target_value, target_year, attainment, source_grade, file, line
        from scorecards.indicator_scores where city_code = 'A' order by indicator_id
        """
    ).fetchall()
    sheet = book[book.sheetnames[6]]
    rows = values(sheet)
    assert COMMAND in sheet["A1"].value
    assert len(rows) == len(expected)
    for row, (value, year, unit, target, by, attainment, grade, file, line) in zip(rows, expected, strict=True):
        assert row[2] == value
        assert row[3:5] == [unit, year]
        assert row[5:7] == [target, by]
        assert row[8] == pytest.approx(attainment)
        assert [row[18], row[19], row[20]] == [grade, file, line]


def test_a_reference_never_reads_like_a_duty(book: Any) -> None:
    (with_target, without) = values(book[book.sheetnames[6]])
    assert with_target[7] == "国家参照，非本市任务\nnational, not a duty of the city"
    assert without[7] == "无目标\nno target"


def test_status_stands_by_both_rules_with_the_headline(opened: Connection, book: Any) -> None:
    expected = opened.execute(
        """
        select status_linear, status_compound, pace_rule, trend
        from scorecards.indicator_scores where city_code = 'A' order by indicator_id
        """
    ).fetchall()
    assert [trend is None for *_, trend in expected] == [True, False]
    statuses, rules, trends = (labels(group) for group in ("statuses", "pace_rules", "trends"))
    for row, (linear, compound, rule, trend) in zip(values(book[book.sheetnames[6]]), expected, strict=True):
        # without a target both cells have the trend
        words = (statuses[linear], statuses[compound]) if trend is None else (trends[trend],) * 2
        assert row[9:12] == ["\n".join(each) for each in (*words, rules[rule])]


def test_rejected_rows_come_with_reason_and_remedy_and_what_is_left_out_is_counted(
    opened: Connection, book: Any
) -> None:
    (row,) = values(book["退回的行 Rejected"])
    assert row[4] == COMMAND
    assert row[5].startswith(SCRIPT)
    assert row[6]
    page = build_sheet(opened, "rejects", limit=0)
    assert page.rows == []
    assert page.notes[0][0].startswith("共 1 处错误，列出 0 处")


def test_numbers_are_numbers_behind_their_signs() -> None:
    assert value_cell(1234.5678, 4).content == 1234.5678
    assert dict(value_cell(1, 4, "at_least").style)["num_format"] == '"≥ "#,##0.00'
    assert dict(value_cell(1, 0).style)["num_format"] == "#,##0"
    assert dict(target_cell(">=", 14.8, None).style)["num_format"] == '"≥ "#,##0.0'
    assert target_cell("between", 5.0, 5.5).content == "5–5.5"


def test_without_ranks_the_cover_says_why_and_with_them_intervals_have_a_sheet(
    opened: Connection, book: Any, tmp_path: Path
) -> None:
    assert "名次 Ranks" not in book.sheetnames
    assert "本次没有名次" in visible_text(book["封面 Cover"])
    opened.execute("begin transaction")
    opened.execute(
        """
        insert into scorecards.rank_intervals by name
        select 'index' as level, city_code, 1 as nominal_rank, 1.2 as mean_rank, 1.0 as median_rank, 1.0 as rank_low,
            2.0 as rank_high, 0.9 as probability_top_three, 2 as cities_ranked
        from reference.cities
        """
    )
    opened.execute(
        """
        insert into scorecards.rankings by name
        select 'index' as level, 'ranked' as ranking_status, 2 as cities_ranked, 2 as cities_total, 2 as indicators,
            false as has_pairs, 200 as simulations, 1 as seed, 0.25 as weight_variation
        """
    )
    try:
        ranked = openpyxl.load_workbook(*written(opened, tmp_path))
    finally:
        opened.execute("rollback")
    assert [[row[2], *row[6:9]] for row in values(ranked["名次 Ranks"])] == [[1, 1, 1, 2]] * 2
    assert "本次没有名次" not in visible_text(ranked["封面 Cover"])
    assert "1 (1–2 / 2)" in visible_text(ranked[ranked.sheetnames[7]])


def test_beyond_so_many_cities_there_is_no_sheet_for_each(opened: Connection, tmp_path: Path) -> None:
    opened.execute("begin transaction")
    for table in ("reference.cities", "scorecards.city_scores", "scorecards.dimension_scores"):
        opened.execute(
            f"""
            insert into {table}
            select * exclude (number) replace (city_code || number as city_code)
            from {table}, range({MAX_CITIES}) as more(number)
            where city_code = 'A'
            """
        )
    try:
        many = openpyxl.load_workbook(*written(opened, tmp_path))
    finally:
        opened.execute("rollback")
    assert len(cells(many["总览 Overview"])) == MAX_CITIES + 2
    assert "措施 Measures" not in many.sheetnames
    assert "gancheng export" in visible_text(many["封面 Cover"])


# --- print ------------------------------------------------------------------------------------------------------


def test_every_sheet_is_ready_for_a4_with_repeated_headings_and_page_numbers(book: Any) -> None:
    for sheet in book:
        # One page wide is the default; height 0 means as many pages as needed.
        assert (sheet.page_setup.paperSize, sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (9, 1, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_area
        assert "&P" in (sheet.oddFooter.center.text or "")
        if sheet.title == "封面 Cover":
            continue
        assert sheet.page_setup.orientation == "landscape"
        heading = int(re.findall(r"\d+", sheet.auto_filter.ref)[0])
        assert sheet.print_title_rows.endswith(f"${heading}")
        assert re.fullmatch(rf"[A-Z]+{heading + 1}", sheet.freeze_panes)


def test_scores_and_coverage_are_coloured_on_fixed_scales(book: Any) -> None:
    kinds = {rule.type for ranges in book["总览 Overview"].conditional_formatting for rule in ranges.rules}
    assert kinds == {"expression", "dataBar"}
    fills = {
        rule.formula[0].partition(">=")[2].partition(",")[0]: rule.dxf.fill.bgColor.rgb
        for ranges in book["总览 Overview"].conditional_formatting
        for rule in ranges.rules
        if rule.type == "expression"
    }
    assert fills == {str(POINTS * number): f"FF{fill[1:].upper()}" for number, (fill, _) in enumerate(COLOURS)}


def test_fonts_are_chinese_by_name_and_by_character_set(book: Any) -> None:
    fonts = {(cell.font.name, cell.font.charset) for sheet in book for row in sheet.iter_rows() for cell in row}
    assert fonts == {("等线", 134), ("黑体", 134)}


def test_rows_are_as_high_as_their_texts_need() -> None:
    single, double = row_height([("短", 10)]), row_height([("一\n二", 10)])
    assert single < double
    assert row_height([("long words that wrap over lines", 10)]) >= double
    assert row_height([("a_path/without_any_place_to_break_it_at_all_2014_2022.csv", 20)]) > double
    assert row_height([("长" * 100_000, 10)]) <= 409
