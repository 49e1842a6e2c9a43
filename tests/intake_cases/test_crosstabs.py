"""Tables with years or places in columns: every figure gets its place and year, or the file is refused by name.

Here: what the intake decides about synthetic crosstabs. Not here: ordinary tables (test_tables.py).
"""

from __future__ import annotations

import io
import json

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders.inbox import Outcome, Take
from tests.builders.intake_files import Cells, text_of
from tests.intake_cases.test_tables import CITIES, CODES, WAYS, take_rows, way

FORMS = ("csv", "xlsx", "xls")
WAY = "greenway_length_km"
PARKS_BUILT = "pocket_parks_built"


def figures(outcome: Outcome, *columns: str) -> dict[tuple[str, int], tuple[object, ...]]:
    """The accepted figures by city and year."""
    return {(row["city_code"], row["year"]): tuple(row[column] for column in columns) for row in outcome.rows}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "title", ["各市绿道长度（公里）", "表1 江西省历年绿道长度统计表（单位：公里）", "2022-2023年分市绿道长度"]
)
def test_years_in_columns_are_rows_of_a_place_and_a_year(take: Take, form: str, title: str) -> None:
    rows = [(title,), ("城市", "统计口径", "2022年", "2023年")]
    rows += [("南昌市", "城区", 12, 13.5), ("九江市", "城区", 20, "暂缺")]
    outcome = take_rows(take, form, *rows)
    assert outcome.refusals == []
    assert figures(outcome, WAY) == {
        ("360100", 2022): (12,),
        ("360100", 2023): (13.5,),
        ("360400", 2022): (20,),
        ("360400", 2023): (None,),
    }
    cells = [(row["line"], row["first_column"], json.loads(row["figure_cells"])[WAY]) for row in outcome.rows]
    assert cells == [(3, 3, "C3"), (3, 4, "D3"), (4, 3, "C4"), (4, 4, "D4")]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("corner", ["指标", "", "项目", "指标\\城市", "城市"])
def test_places_in_columns_and_figures_in_rows(take: Take, form: str, corner: str) -> None:
    rows = [("2023年公园绿地情况",), ("统计口径：城区",), (corner, "计量单位", "南昌市", "九江市")]
    rows += [("绿道长度", "米", 12000, 20000), ("新增口袋公园数", "个", 3, 4)]
    outcome = take_rows(take, form, *rows)
    assert outcome.refusals == []
    assert figures(outcome, WAY, PARKS_BUILT) == {("360100", 2023): (12, 3), ("360400", 2023): (20, 4)}
    assert [(row["line"], row["first_column"]) for row in outcome.rows] == [(3, 3), (3, 4)]
    assert json.loads(outcome.rows[1]["figure_cells"])[PARKS_BUILT] == "D5"


@pytest.mark.parametrize("form", FORMS)
def test_years_in_columns_of_one_city(take: Take, form: str) -> None:
    rows = [("南昌市公园绿地情况（城区）",), ("指标", "2021", "2022", "2023")]
    rows += [("绿道长度（公里）", 11, 12, 13), ("口袋公园数（个）（城区）", 3, "", 5)]
    outcome = take_rows(take, form, *rows[1:])
    assert {code for code, _ in outcome.refusals} == {"missing_column"}
    outcome = take_rows(take, form, rows[0], ("口径：城区",), *rows[1:])
    assert figures(outcome, WAY, "pocket_parks_total") == {
        ("360100", 2021): (11, 3),
        ("360100", 2022): (12, None),
        ("360100", 2023): (13, 5),
    }


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("is_year_above", [True, False])
def test_two_levels_of_columns(take: Take, form: str, is_year_above: bool) -> None:
    upper = ("城市", "口径", "2022年", "", "2023年", "")
    lower = ("", "", "绿道长度（公里）", "口袋公园数（个）", "绿道长度（公里）", "口袋公园数（个）")
    row = ("南昌市", "城区", 12, 3, 13, 4)
    if not is_year_above:
        upper = ("城市", "口径", "绿道长度（公里）", "", "口袋公园数（个）", "")
        lower = ("", "", "2022年", "2023年", "2022年", "2023年")
        row = ("南昌市", "城区", 12, 13, 3, 4)
    outcome = take_rows(take, form, upper, lower, row)
    assert outcome.refusals == []
    expected = {("360100", 2022): (12, 3), ("360100", 2023): (13, 4)}
    assert figures(outcome, WAY, "pocket_parks_total") == expected


@pytest.mark.parametrize("form", FORMS)
def test_indicators_with_their_units_in_rows_and_years_in_columns(take: Take, form: str) -> None:
    rows = [("城市", "指标", "口径", "2022", "2023")]
    rows += [("南昌市", "常住人口（万人）", "全市", 650, 651), ("南昌市", "常住人口城镇化率（%）", "全市", 78, 79)]
    rows += [("九江市", "常住人口（万人）", "全市", 455, 456)]
    outcome = take_rows(take, form, *rows, dataset="city_statistics")
    assert outcome.refusals == []
    found = {(row["city_code"], row["indicator"].split(".")[1], row["year"], row["value"]) for row in outcome.rows}
    assert ("360100", "resident_population_10k", 2023, 651) in found
    assert len(found) == 6


@pytest.mark.parametrize("form", FORMS)
def test_two_crosstabs_below_each_other_and_a_note(take: Take, form: str) -> None:
    years = ("城市", "口径", "2022年", "2023年")
    rows: list[Cells] = [("各市绿道长度",), years, ("南昌市", "城区", 12, 13), ("注：绿道长度单位为公里",), ("",)]
    rows += [("各市口袋公园数（个）",), years, ("南昌市", "城区", 3, 4)]
    outcome = take_rows(take, form, *rows)
    assert outcome.refusals == []
    assert figures(outcome, WAY, "pocket_parks_total") == {("360100", 2022): (12, 3), ("360100", 2023): (13, 4)}


@pytest.mark.parametrize("form", FORMS)
def test_an_ordinary_table_below_a_crosstab_is_read_by_its_own_headers(take: Take, form: str) -> None:
    rows: list[Cells] = [
        ("各市绿道长度（公里）",),
        ("城市", "统计口径", "2021年", "2022年"),
        ("南昌市", "城区", 11, 12),
    ]
    outcome = take_rows(take, form, *rows, ("",), WAYS, way(13))
    assert outcome.refusals == []
    assert figures(outcome, WAY) == {("360100", 2021): (11,), ("360100", 2022): (12,), ("360100", 2023): (13,)}


def test_a_place_merged_over_its_rows_and_a_year_merged_over_its_columns(take: Take) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["城市", "口径", "2022年", "", "2023年", ""])
    sheet.append(["", "", "绿道长度（公里）", "口袋公园数（个）", "绿道长度（公里）", "口袋公园数（个）"])
    sheet.append(["南昌市", "城区", 12, 3, 13, 4])
    for merged in ("A1:A2", "B1:B2", "C1:D1", "E1:F1"):
        sheet.merge_cells(merged)
    target = io.BytesIO()
    book.save(target)
    outcome = take("parks", target.getvalue(), "synthetic.xlsx")
    assert outcome.refusals == []
    assert figures(outcome, WAY, "pocket_parks_total") == {("360100", 2022): (12, 3), ("360100", 2023): (13, 4)}


@pytest.mark.parametrize("form", FORMS)
def test_headers_again_after_a_page_break_go_on_and_below_another_title_begin_a_table(take: Take, form: str) -> None:
    years = ("城市", "口径", "2022年", "2023年")
    rows: list[Cells] = [
        ("各市绿道长度（公里）",),
        years,
        ("南昌市", "城区", 12, 13),
        years,
        ("九江市", "城区", 20, 21),
    ]
    outcome = take_rows(take, form, *rows)
    assert figures(outcome, WAY)["360400", 2023] == (21,)
    rows[3:3] = [("各市口袋公园数（个）",)]
    outcome = take_rows(take, form, *rows)
    assert figures(outcome, WAY, "pocket_parks_total")["360400", 2023] == (None, 21)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([("城市", "口径", "2022年", "2023年"), ("南昌市", "城区", 12, 13)], "crosstab_without_figure"),
        (
            [("各市绿道长度比上年增加（公里）",), ("城市", "口径", "2022年", "2023年"), ("南昌市", "城区", 12, 13)],
            "crosstab_without_figure",
        ),
        (
            [("各市绿道长度、口袋公园数",), ("城市", "口径", "2022年", "2023年"), ("南昌市", "城区", 12, 13)],
            "crosstab_without_figure",
        ),
        (
            [("各市绿道长度",), ("城市", "口径", "2022年", "2023年", "增长%"), ("南昌市", "城区", 12, 13, 8)],
            "unknown_header",
        ),
        (
            [("各市绿道长度",), ("城市", "口径", "2022年", "2023年1-6月", "2021年"), ("南昌市", "城区", 12, 13, 8)],
            "unknown_header",
        ),
        (
            [("2023年",), ("指标", "口径", "南昌市", "九江市"), ("绿道长度（万户）", "城区", 12, 13)],
            "incompatible_header_unit",
        ),
        (
            [("2023年",), ("指标", "口径", "南昌市", "九江市"), ("绿道长度", "城区", 1, 2), ("不知名", "城区", 12, 13)],
            "unknown_header",
        ),
        ([("指标", "口径", "南昌市", "九江市"), ("绿道长度（公里）", "城区", 12, 13)], "missing_column"),
        (
            [("各市绿道长度",), ("城市", "口径", "口袋公园数", "2022年", "2023年"), ("南昌市", "城区", 3, 12, 13)],
            "figure_beside_keys",
        ),
        (
            [("各市绿道长度",), ("城市", "统计口径", "口径", "2022年", "2023年"), ("南昌市", "城区", "市区", 12, 13)],
            "duplicate_header",
        ),
        (
            [
                ("各市绿道长度（米）",),
                ("城市", "口径", "2022年", "2023年"),
                ("南昌市", "城区", 12, 13),
                ("注：单位为公里",),
            ],
            "conflicting_units",
        ),
    ],
)
def test_a_crosstab_that_leaves_a_question_is_refused(take: Take, form: str, rows: list[Cells], code: str) -> None:
    outcome = take_rows(take, form, *rows)
    assert {found for found, _ in outcome.refusals} == {code}
    assert outcome.rows == []


def test_a_figure_that_stands_twice_is_rejected(take: Take) -> None:
    rows = [
        ("2023年",),
        ("指标", "口径", "南昌市", "九江市"),
        ("绿道长度", "城区", 12, 13),
        ("绿道长度", "城区", 14, 13),
    ]
    outcome = take_rows(take, "csv", *rows)
    assert ("360100", 2023) not in figures(outcome, WAY)
    assert {row["code"] for row in outcome.rejects} == {"key_conflict", "duplicate_row"}


def test_a_year_in_the_name_of_a_figure_must_be_that_of_its_cell(take: Take) -> None:
    rows: list[Cells] = [("城市", "口径", "2022年", "2023年"), ("南昌市", "城区", 12, 13)]
    outcome = take_rows(take, "csv", ("2023年绿道长度（公里）",), *rows)
    assert figures(outcome, WAY) == {("360100", 2022): (12,), ("360100", 2023): (13,)}
    labels: list[Cells] = [("指标", "口径", "2022年", "2023年"), ("2023年绿道长度（公里）", "城区", 12, 13)]
    outcome = take_rows(take, "csv", ("南昌市",), *labels)
    assert {code for code, _ in outcome.refusals} == {"header_with_modifier"}
    cities: list[Cells] = [("指标", "口径", "南昌市", "九江市"), ("2023年绿道长度（公里）", "城区", 12, 13)]
    outcome = take_rows(take, "csv", *cities)
    assert figures(outcome, WAY) == {("360100", 2023): (12,), ("360400", 2023): (13,)}


def test_rows_of_words_with_two_years_among_them_begin_no_crosstab(take: Take) -> None:
    headers = ("更新类别", "阶段", "年份", "户数", "累计起始年", "统计口径")
    rows = [("老旧小区改造", "已完工", year, "暂缺", 2021, "城镇") for year in (2022, 2023, 2024)]
    outcome = take_rows(take, "csv", ("南昌市",), headers, *rows, dataset="housing_renewal")
    assert outcome.refusals == []
    assert [row["year"] for row in outcome.rows] == [2022, 2023, 2024]


def test_a_contract_without_layouts_refuses_keys_in_columns(take: Take) -> None:
    rows = [("各市招聘会",), ("活动名称", "南昌市", "九江市"), ("参会企业数", "12", "13")]
    outcome = take_rows(take, "csv", *rows, dataset="employment_events")
    assert outcome.refusals == [("keys_in_columns", "南昌市、九江市")]


MEASURES = {
    WAY: "绿道长度（公里）",
    "pocket_parks_total": "口袋公园数（个）",
    "park_area_per_capita_m2": "人均公园绿地面积（平方米）",
}
Panel = dict[tuple[int, int, str], int]


@st.composite
def panels(draw: st.DrawFn) -> tuple[list[int], list[int], list[str], Panel]:
    """Cities, years and figures in any order, with some of the cells blank."""
    cities = draw(st.lists(st.integers(0, 10), min_size=2, max_size=11, unique=True))
    years = draw(st.lists(st.integers(2015, 2025), min_size=2, max_size=5, unique=True))
    measures = draw(st.lists(st.sampled_from(sorted(MEASURES)), min_size=2, max_size=3, unique=True))
    cells = [(city, year, measure) for city in cities for year in years for measure in measures]
    values = draw(st.lists(st.none() | st.integers(0, 150), min_size=len(cells), max_size=len(cells)))
    panel = {cell: value for cell, value in zip(cells, values, strict=True) if value is not None}
    return cities, years, measures, {**panel, cells[0]: 7}


def _rows(layout: str, cities: list[int], years: list[int], measures: list[str], panel: Panel) -> list[Cells]:
    """A panel as a person lays it out."""
    if layout == "years over figures":
        upper = ["城市", "口径", *(f"{year}年" if n == 0 else "" for year in years for n in range(len(measures)))]
        lower = ["", "", *(MEASURES[measure] for _ in years for measure in measures)]
        return [upper, lower] + [
            [CITIES[c], "城区", *(panel.get((c, y, m), "") for y in years for m in measures)] for c in cities
        ]
    if layout == "figures in rows":
        return [["城市", "指标", "口径", *map(str, years)]] + [
            [CITIES[c], MEASURES[m], "城区", *(panel.get((c, y, m), "") for y in years)]
            for c in cities
            for m in measures
        ]
    return [["指标", "年份", "口径", *(CITIES[c] for c in cities)]] + [
        [MEASURES[m], y, "城区", *(panel.get((c, y, m), "") for c in cities)] for m in measures for y in years
    ]


@pytest.mark.parametrize("layout", ["years over figures", "figures in rows", "places in columns"])
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=panels())
def test_every_figure_of_a_random_crosstab_gets_its_place_and_year(
    take: Take, layout: str, drawn: tuple[list[int], list[int], list[str], Panel]
) -> None:
    *order, panel = drawn
    outcome = take("parks", text_of(*_rows(layout, *order, panel)))
    assert outcome.refusals == []
    assert outcome.rejects == []
    found = {
        (CODES.index(row["city_code"]), row["year"], measure): row[measure]
        for row in outcome.rows
        for measure in MEASURES
        if row[measure] is not None
    }
    assert found == panel


@pytest.mark.parametrize(
    ("header", "word"), [("2023年（预计）", "预计"), ("2023年1-9月", "1-9月"), ("2023年比上年增长", "比上年增长")]
)
def test_63_a_word_at_one_of_the_years_in_columns_is_named(take: Take, header: str, word: str) -> None:
    rows = [["各市绿道长度（公里）"], ["统计口径：城区"], ["城市", "2022年", header], ["南昌市", 3, 1]]
    assert take("parks", text_of(*rows)).refusals == [("header_with_modifier", word)]
