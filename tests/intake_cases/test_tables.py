"""Kinds of mess in the structure of a sheet: wrapped headers, units above the table, several tables, other layouts.

Here: what the intake decides about synthetic sheets. Not here: the kinds of cells (test_kinds.py).
"""

from __future__ import annotations

import io
import json

import openpyxl
import pytest

from tests.builders.inbox import Outcome, Take
from tests.builders.intake_files import PARKS, SOURCE, STATISTICS, Cells, park, statistic, text_of, xls, xlsx

AREA, COVER = "park_area_per_capita_m2", "green_coverage_pct"
CITIES = ("南昌市", "景德镇市", "萍乡市", "九江市", "新余市", "鹰潭市", "赣州市")
CITIES += ("吉安市", "宜春市", "抚州市", "上饶市")
CODES = ("360100", "360200", "360300", "360400", "360500", "360600", "360700", "360800", "360900", "361000", "361100")


def workbook(form: str, *rows: Cells) -> tuple[bytes, str]:
    """The rows as the one sheet of a file, and its name."""
    content = {"csv": lambda: text_of(*rows).encode(), "xlsx": lambda: xlsx({"Sheet1": rows})}
    content["xls"] = lambda: xls({"Sheet1": rows})
    return content[form](), f"synthetic.{form}"


def take_rows(take: Take, form: str, *rows: Cells, dataset: str = "parks") -> Outcome:
    return take(dataset, *workbook(form, *rows))


# --- 45 line ends in headers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "xlsx", "xls"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n\n"])
def test_45_a_wrapped_header_eats_no_row(take: Take, form: str, end: str) -> None:
    headers = ("城市", "年份", f"统计{end}口径", f"人均公园{end}绿地面积{end}（平方米）", *PARKS[4:])
    outcome = take_rows(take, form, headers, *(park(city) for city in CITIES))
    assert tuple(code for (code,) in outcome.values("city_code")) == CODES
    assert outcome.counts == (11, 0, 0, 0, 0)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_45_wrapped_titles_two_header_rows_and_wrapped_cells_move_no_line(take: Take, form: str) -> None:
    titles = (("城市\n公园\n绿地",), ("城市", "年份", "统计\n口径", "绿地\n指标", "", *PARKS[5:]))
    lower = ("", "", "", "人均公园\n绿地面积", "建成区绿化\n覆盖率", "", "")
    outcome = take_rows(take, form, *titles, lower, park("南昌\n市"), park("九江市"))
    assert outcome.values("city_code") == [("360100",), ("360400",)]
    lines = [4, 5] if form == "xlsx" else [10, 12]
    assert outcome.values("line") == [(line,) for line in lines]


# --- 49 units that are stated once ------------------------------------------------------------------------------

WAYS = ("城市", "年份", "统计口径", "绿道长度", "来源代码", "来源等级")
HOMES = ("城市", "年份", "更新类别", "阶段", "户数", "来源代码", "来源等级", "统计口径")


def way(length: object, year: object = 2023) -> Cells:
    """A row below WAYS."""
    return ("南昌市", year, "城区", length, *SOURCE)


def homes(count: object) -> Cells:
    """A row below HOMES."""
    return ("南昌市", 2024, "old_communities", "completed", count, *SOURCE, "城镇")


@pytest.mark.parametrize("form", ["csv", "xlsx", "xls"])
@pytest.mark.parametrize(
    "above",
    [
        [("2023年绿道", "", "", "", "", "单位：米")],
        [("2023年绿道",), ("", "", "", "", "", "计量单位：米")],
        [("2023年绿道（单位：米）",)],
        [("2023年绿道（米）",)],
        [("单位：", "米")],
        [("2023年绿道", "", "", "单位：个、米、%")],
        [("Greenways, unit: m",)],
    ],
)
def test_49_a_unit_above_the_table_is_applied(take: Take, form: str, above: list[Cells]) -> None:
    outcome = take_rows(take, form, *above, WAYS, way(120_000))
    assert outcome.values("greenway_length_km") == [(120,)]
    assert [text for _, text in outcome.notes("converted")] == ["米 → 公里: × 1/1000 (1)"] or "m" in above[0][0]
    assert len(outcome.notes("unit_statement")) == 1


def test_49_a_unit_in_the_name_of_the_sheet_is_applied(take: Take) -> None:
    outcome = take("parks", xlsx({"绿道（单位：米）": [WAYS, way(120_000)]}), "synthetic.xlsx")
    assert outcome.values("greenway_length_km") == [(120,)]


@pytest.mark.parametrize(
    "units",
    [("", "", "", "米", "", ""), ("计量单位", "—", "—", "米", "—", "—"), ("", "年", "-", "（米）", "/", "")],
)
def test_49_a_row_of_units_is_applied(take: Take, units: Cells) -> None:
    outcome = take("parks", text_of(WAYS, units, way(120_000)))
    assert outcome.values("line", "greenway_length_km") == [(3, 120)]


def test_49_a_unit_applies_to_columns_of_its_kind_alone(take: Take) -> None:
    headers = (*WAYS[:4], "建成区绿化覆盖率", "新增口袋公园数", *WAYS[4:])
    row = (*way(1_500)[:4], 43.5, 12, *SOURCE)
    outcome = take("parks", text_of(("单位：米",), headers, row))
    assert outcome.values("greenway_length_km", COVER, "pocket_parks_built") == [(1.5, 43.5, 12)]


@pytest.mark.parametrize(
    ("above", "header", "code"),
    [
        ("单位：米", "绿道长度（公里）", "conflicting_units"),
        ("单位：米、公里", "绿道长度", "conflicting_units"),
        ("单位：万户", "绿道长度", "unit_without_column"),
        ("单位：英里", "绿道长度", "unknown_unit"),
    ],
)
def test_49_a_unit_that_contradicts_or_fits_nothing_refuses_the_file(
    take: Take, above: str, header: str, code: str
) -> None:
    outcome = take("parks", text_of((above,), (*WAYS[:3], header, *WAYS[4:]), way(120)))
    assert [refusal for refusal, _ in outcome.refusals] == [code]
    assert above in outcome.receipt.issues[0].actual


@pytest.mark.parametrize(
    "above",
    [
        "单位：南昌市城市管理局",
        "填报单位：南昌市",
        "单位：见表头",
        "单位负责人：某某",
        "各单位绿道情况",
        "编制单位：某规划院",
        "单位（盖章）：",
    ],
)
def test_49_the_name_of_an_office_is_no_unit(take: Take, above: str) -> None:
    outcome = take("parks", text_of((above,), WAYS, way(120)))
    assert outcome.values("greenway_length_km") == [(120,)]


@pytest.mark.parametrize(
    "header",
    [
        *[
            "户数（万）",
            "户数（万户）",
            "户数【万户】",
            "户数〔万户〕",
            "户数[万户]",
            "户数（单位：万户）",
            "户数(单位 万户)",
            "户数-万户",
            "户数/万户",
        ],
        *["户数：万户", "户数\n（万户）", "户数\n万户", "户数_万户", "户数，万户", "户数（ 万 户 ）", "户数《万户》"],
    ],
)
def test_49_ten_thousands_in_a_header_are_read_in_every_bracket(take: Take, header: str) -> None:
    outcome = take("housing_renewal", xlsx({"合成": [(*HOMES[:4], header, *HOMES[5:]), homes(3.5)]}), "synthetic.xlsx")
    assert outcome.values("households") == [(35_000,)]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("建筑面积（万㎡）", 35_000),
        ("建筑面积(万M2)", 35_000),
        ("建筑面积(平米)", 3.5),
        ("建筑面积（公顷）", 35_000),
        ("建筑面积（百万平方米）", 3_500_000),
        ("建筑面积（千万㎡）", 35_000_000),
        ("建筑面积（亿平方米）", 350_000_000),
    ],
)
def test_49_units_of_area_in_a_header_are_converted(take: Take, header: str, value: float) -> None:
    outcome = take("housing_renewal", text_of((*HOMES[:4], header, *HOMES[5:]), homes(3.5)))
    assert outcome.values("floor_area_m2") == [(value,)]


# --- 53 words that change the meaning of a header ---------------------------------------------------------------

TARGETS = ("2030年目标值", "比上年增加", "其中：县城", "计划", "同比", "累计", "规划")


@pytest.mark.parametrize("word", TARGETS)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_53_a_word_above_a_header_refuses_the_file_by_that_word(take: Take, form: str, word: str) -> None:
    lower = ("", "", "", "绿道长度", "", "")
    headers = (*WAYS[:3], word, *WAYS[4:])
    (issue,) = take_rows(take, form, headers, lower, way(120)).receipt.issues
    assert (issue.code, issue.actual, issue.expected) == ("header_with_modifier", word.replace("：", ":"), "绿道长度")
    (issue,) = take_rows(take, form, ("2023年绿道",), ("", "", "", word), WAYS, way(120)).receipt.issues
    assert issue.code == "header_with_modifier"


@pytest.mark.parametrize(
    "header",
    [
        "其中：绿道长度",
        "绿道长度（累计）",
        "绿道长度（自2019年累计）",
        "计划绿道长度",
        "绿道长度同比",
        "绿道长度（2030年目标）",
    ],
)
def test_53_a_word_in_a_header_refuses_the_file_by_that_word(take: Take, header: str) -> None:
    outcome = take("parks", text_of((*WAYS[:3], header, *WAYS[4:]), way(120)))
    assert [code for code, _ in outcome.refusals] == ["header_with_modifier"]


def test_53_a_word_below_a_header_refuses_the_file_too(take: Take) -> None:
    outcome = take("parks", text_of(WAYS, ("", "", "", "2030年目标", "", ""), way(120)))
    assert [code for code, _ in outcome.refusals] == ["header_with_modifier"]


@pytest.mark.parametrize("word", ["建成区", "绿地", "一、绿化指标", "公园绿地情况", "现状", "基本情况"])
def test_53_a_neutral_word_above_a_header_changes_nothing(take: Take, word: str) -> None:
    upper, lower = (*WAYS[:3], word, *WAYS[4:]), ("", "", "", "绿道长度", "", "")
    assert take("parks", text_of(upper, lower, way(120))).values("greenway_length_km") == [(120,)]


def test_53_a_group_reaches_as_far_as_its_merge(take: Take) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ("城市", "年份", "统计口径", "目标", "", "现状", "来源代码", "来源等级"),
        ("", "", "", "建成区绿化覆盖率", "建成区绿地率", "绿道长度", "", ""),
        ("南昌市", 2023, "城区", 43.5, 40.1, 120, *SOURCE),
    ):
        sheet.append(row)
    sheet.merge_cells("D1:E1")
    target = io.BytesIO()
    book.save(target)
    issues = take("parks", target.getvalue(), "synthetic.xlsx").receipt.issues
    assert [(issue.code, issue.expected) for issue in issues] == [
        ("header_with_modifier", "建成区绿化覆盖率"),
        ("header_with_modifier", "建成区绿地率"),
    ]


@pytest.mark.parametrize("header", ["2023年绿道长度", "绿道长度（2023年）", "2023年末绿道长度"])
def test_53_a_year_in_a_header_must_be_that_of_the_row(take: Take, header: str) -> None:
    outcome = take("parks", text_of((*WAYS[:3], header, *WAYS[4:]), way(120), way(110, 2022)))
    assert outcome.values("year", "greenway_length_km") == [(2023, 120)]
    assert outcome.errors == [(3, "year", "year_mismatch", "2022")]


# --- 62 columns and rows of official forms ----------------------------------------------------------------------


def test_62_serial_numbers_and_contacts_are_not_read_and_not_kept(take: Take) -> None:
    headers = ("序号", *WAYS, "填报人", "联系电话", "备注", "备注")
    outcome = take("parks", text_of(headers, (1, *way(120), "某某", "0791-0000000", "甲", "乙")))
    assert outcome.values("greenway_length_km", "note", "other_cells") == [(120, "甲", None)]
    assert [text for _, text in outcome.notes("column_ignored")] == ["序号", "联系电话", "备注"]


@pytest.mark.parametrize("quote", ["", '"'])
def test_62_a_contact_of_any_length_is_not_kept_with_a_rejected_row(take: Take, quote: str) -> None:
    contact = f"{quote}{'甲' * 140_000}{quote}"
    outcome = take("parks", f"{','.join((*WAYS, '联系电话'))}\n{','.join(map(str, way('x')))},{contact}\n")
    (error,) = outcome.rejects
    assert (error["line"], error["code"]) == (2, "invalid_number")
    assert error["raw_row"] == f"{','.join(map(str, way('x')))},"


@pytest.mark.parametrize(
    "footer",
    [
        ("单位负责人：甲", "统计负责人：乙", "", "填表人：丙"),
        ("联系电话：0791-00000000", "", "报出日期：2024年3月1日"),
        ("联系电话", "07910000000", "填表人", "某某"),
        ("（盖章）",),
        ("审核人（签字）：", "某某"),
        ("第1页，共1页",),
        ("第 1 页 共 2 页",),
        ("— 1 —",),
    ],
)
def test_62_footers_of_official_forms_are_no_rows(take: Take, footer: Cells) -> None:
    outcome = take("parks", text_of(WAYS, way(120), (*footer, *[""] * (len(WAYS) - len(footer)))))
    assert outcome.counts == (1, 0, 0, 0, 1)


@pytest.mark.parametrize(
    "numbers",
    [
        ("甲", "乙", "丙", 1, 2, 3),
        (1, 2, 3, 4, 5, 6),
        ("（1）", "（2）", "（3）", "（4）", "（5）", "（6）"),
        ("栏次", 1, 2, 3, "4=2+3", 5),
    ],
)
def test_62_a_row_that_numbers_the_columns_is_no_data(take: Take, numbers: Cells) -> None:
    outcome = take("parks", text_of(WAYS, numbers, way(120)))
    assert outcome.values("line") == [(3,)]
    assert outcome.counts == (1, 0, 0, 0, 1)


def test_62_headers_of_three_levels_are_read(take: Take) -> None:
    rows = (
        ("2023年城市建设统计表",),
        ("城市", "年份", "统计口径", "园林绿化", "", "", "来源", ""),
        ("", "", "", "建成区", "", "绿道", "代码", "等级"),
        ("", "", "", "绿化覆盖率（%）", "绿地率（%）", "绿道长度（米）", "", ""),
        ("甲", "乙", "丙", 1, 2, 3, 4, 5),
        ("南昌市", 2023, "城区", 43.5, 40.1, 120_000, *SOURCE),
    )
    outcome = take("parks", xlsx({"合成": rows}), "synthetic.xlsx")
    assert outcome.values("line", COVER, "green_space_pct", "greenway_length_km") == [(6, 43.5, 40.1, 120)]


def test_62_numbers_of_columns_may_have_stems_between_them(take: Take) -> None:
    outcome = take("parks", text_of(WAYS, ("甲", "乙", "丙", 1, "丁", "戊"), way(120)))
    assert outcome.counts == (1, 0, 0, 0, 1)


# --- 53 titles --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", ["2024年老旧小区改造计划表", "2024年改造任务分解", "2024年预计完成情况"])
def test_53_below_the_title_of_a_plan_other_stages_are_rejects(take: Take, title: str) -> None:
    planned = (*homes(3)[:3], "planned", *homes(3)[4:])
    outcome = take("housing_renewal", text_of((title,), HOMES, homes(5), planned))
    assert outcome.values("stage", "households") == [("planned", 3)]
    assert [error[:3] for error in outcome.errors] == [(3, "stage", "planned_figure")]


@pytest.mark.parametrize("title", ["2023年绿道建设计划", "绿道建设目标任务表", "2023年绿道预计数"])
def test_53_a_plan_refuses_a_dataset_of_actual_figures(take: Take, title: str) -> None:
    outcome = take("parks", text_of((title,), WAYS, way(120)))
    assert [code for code, _ in outcome.refusals] == ["planned_figures"]


def test_53_the_name_of_a_sheet_may_say_plan_too(take: Take) -> None:
    outcome = take("parks", xlsx({"绿道计划": [WAYS, way(120)]}), "synthetic.xlsx")
    assert [code for code, _ in outcome.refusals] == ["planned_figures"]


@pytest.mark.parametrize("title", ["2023年绿道建设计划完成情况", "目标任务落实情况表", "2023年绿道建设情况"])
def test_53_what_was_done_of_a_plan_is_read(take: Take, title: str) -> None:
    assert take("parks", text_of((title,), WAYS, way(120))).values("greenway_length_km") == [(120,)]


@pytest.mark.parametrize("form", ["csv", "xlsx", "xls"])
@pytest.mark.parametrize("title", ["续表 单位：米", "续表（单位：米）", "单位：米", "表2 绿道长度（米）"])
@pytest.mark.parametrize("first", [(), (("表1 单位：公里",),)])
def test_49_another_unit_between_the_rows_refuses_the_file(
    take: Take, form: str, title: str, first: tuple[Cells, ...]
) -> None:
    outcome = take_rows(take, form, *first, WAYS, way(120), (title,), WAYS, way(210_000, 2022))
    assert [code for code, _ in outcome.refusals] == ["conflicting_units"]


def test_49_the_same_unit_between_the_rows_is_read(take: Take) -> None:
    outcome = take_rows(take, "csv", WAYS, way(120), ("续表 单位：公里",), WAYS, way(210, 2022))
    assert outcome.values("greenway_length_km") == [(120,), (210,)]


@pytest.mark.parametrize("year", ["2023.5", 2023.5, "2023.5年"])
def test_57_a_year_with_a_fraction_is_a_reject(take: Take, year: object) -> None:
    outcome = take("parks", text_of(WAYS, way(120, year)))
    assert [error[1:3] for error in outcome.errors] == [("year", "invalid_year")]


# --- 35 figures of a part of a year ---------------------------------------------------------------------------------

PARTS = ["2023年1—9月绿道情况", "2023年上半年绿道建设", "绿道情况（截至2023年9月底）", "截止日期：2023-09-30"]
PARTS += ["前三季度绿道", "一至十一月"]


@pytest.mark.parametrize("title", PARTS)
def test_35_figures_of_a_part_of_a_year_are_not_those_of_the_year(take: Take, title: str) -> None:
    assert [code for code, _ in take("parks", text_of((title,), WAYS, way(120))).refusals] == ["part_of_year"]
    sheets = {title.replace("：", " ")[:20]: [(*WAYS, "截至日期"), (*way(120), "2023-09-30")]}
    assert take("parks", xlsx(sheets), "synthetic.xlsx").values("greenway_length_km") == [(120,)]


WHOLE = ["2023年1-12月绿道情况", "一至十二月", "截至2023年12月31日", "截至2023年底"]
WHOLE += ["填报日期：2024年3月5日", "截止日期：2023-12-31"]


@pytest.mark.parametrize("title", WHOLE)
def test_35_the_whole_of_a_year_is_read(take: Take, title: str) -> None:
    assert take("parks", text_of((title,), WAYS, way(120))).values("greenway_length_km") == [(120,)]


@pytest.mark.parametrize("title", ["2021—2024年累计完成改造情况", "2021年以来改造情况", "“十四五”以来改造情况"])
def test_35_a_running_count_is_not_the_figure_of_the_year(take: Take, title: str) -> None:
    outcome = take("housing_renewal", text_of((title,), HOMES, homes(5)))
    assert [code for code, _ in outcome.refusals] == ["running_count"]
    counted = text_of((title,), (*HOMES, "累计起始年"), (*homes(5), 2021))
    assert take("housing_renewal", counted).values("since_year", "households") == [(2021, 5)]


@pytest.mark.parametrize("title", ["2024年累计完成改造情况", "2021—2024年改造情况", "全年累计完成情况"])
def test_35_the_total_of_a_year_is_read(take: Take, title: str) -> None:
    assert take("housing_renewal", text_of((title,), HOMES, homes(5))).values("households") == [(5,)]


@pytest.mark.parametrize(
    "title", ["2021年以来绿道", "2021年起新增绿道", "2022年至2023年绿道", "2022/2023年度绿道", "2022年度-2023年度绿道"]
)
def test_63_a_span_of_years_in_a_title_is_no_year(take: Take, title: str) -> None:
    headers, row = (tuple(cells[n] for n in (0, 2, 3, 4, 5)) for cells in (WAYS, way(120)))
    assert [code for code, _ in take("parks", text_of((title,), headers, row)).refusals] == ["missing_column"]


# --- 26 the whole city ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["—", "/", "-", "－－", "无", "", "──"])
def test_26_a_sign_for_nothing_is_no_district(take: Take, sign: str) -> None:
    outcome = take("parks", text_of((*WAYS, "县（市、区）"), (*way(120), sign), (*way(20), "东湖区")))
    assert outcome.values("district", "greenway_length_km") == [(None, 120), ("东湖区", 20)]


# --- 47 sheets without headers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("title", [[], [("续表",)], [("2022年",)]])
def test_47_a_sheet_with_data_and_no_headers_refuses_the_file(take: Take, title: list[Cells]) -> None:
    sheets = {"表1": [WAYS, way(120)], "续表": [*title, ("九江市", 2023, "城区", 210, *SOURCE)]}
    (issue,) = take("parks", xlsx(sheets), "synthetic.xlsx").receipt.issues
    assert (issue.code, issue.sheet, issue.line) == ("sheet_without_headers", "续表", len(title) + 1)


def test_63_places_beside_each_other_on_a_cover_are_no_table(take: Take) -> None:
    sheets = {"封面": [("江西省", "南昌市"), ("报送单位", "九江市", "赣州市")], "表1": [WAYS, way(120)]}
    assert take("parks", xlsx(sheets), "synthetic.xlsx").values("greenway_length_km") == [(120,)]


def test_47_a_cover_is_passed_over_by_name(take: Take) -> None:
    outcome = take(
        "parks", xlsx({"封面": [("绿道统计",), ("江西省 2023年",)], "表1": [WAYS, way(120)]}), "synthetic.xlsx"
    )
    assert outcome.notes("sheet_skipped") == [(None, "封面")]
    assert outcome.values("greenway_length_km") == [(120,)]


# --- 54 several tables in one sheet -----------------------------------------------------------------------------

LANDS = ("城市", "年份", "统计口径", "人均公园绿地面积", "建成区绿化覆盖率", "来源代码", "来源等级")
EXCHANGED = ("年份", "城市", "统计口径", "建成区绿化覆盖率（%）", "人均公园绿地面积", "来源代码", "来源等级")


def exchanged(city: str, area: object, cover: object) -> Cells:
    """A row below EXCHANGED."""
    return (2024, city, "城区", cover, area, *SOURCE)


@pytest.mark.parametrize("form", ["csv", "xlsx", "xls"])
def test_54_a_table_with_its_columns_exchanged_is_read_by_its_own_headers(take: Take, form: str) -> None:
    rows = (LANDS, park("南昌市"), ("",), ("表2",), EXCHANGED, exchanged("九江市", 18.75, 49.5), EXCHANGED)
    outcome = take_rows(take, form, *rows, exchanged("新余市", 10, 40), ("注：合成",))
    assert outcome.values("line", "city_code", AREA, COVER) == [
        (2, "360100", 12.5, 43.25),
        (6, "360400", 18.75, 49.5),
        (8, "360500", 10, 40),
    ]
    assert [json.loads(cells) for (cells,) in outcome.values("figure_cells")][1] == {
        **{"city": "B6", "year": "A6", "scope": "C6", AREA: "E6", COVER: "D6", "source_id": "F6", "source_grade": "G6"}
    }
    account = outcome.receipt.sheets[0].account
    assert (account.read, account.header, account.repeated_header, account.title, account.note) == (3, 2, 1, 1, 1)


def test_54_a_reject_below_the_second_headers_names_its_cell(take: Take) -> None:
    outcome = take("parks", text_of(LANDS, park("南昌市"), EXCHANGED, exchanged("九江市", "12..5", 49.5)))
    assert [(row["line"], row["cell"], row["code"]) for row in outcome.rejects] == [(4, "E4", "invalid_number")]
    assert outcome.rejects[0]["raw_row"] == "九江市,2024,城区,12..5,49.5,mohurd_yearbook,A"


def test_54_units_of_each_table_count_for_it_alone(take: Take) -> None:
    lower = (*WAYS[:3], "绿道长度（米）", *WAYS[4:])
    rows = (WAYS, way(120), ("单位：%",)[:0], lower, ("九江市", 2023, "城区", 210_000, *SOURCE))
    outcome = take("parks", text_of(*(row for row in rows if row)))
    assert outcome.values("city_code", "greenway_length_km") == [("360100", 120), ("360400", 210)]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_54_a_table_continued_with_other_columns_is_joined_by_its_keys(take: Take, form: str) -> None:
    upper = (LANDS, park("南昌市"), park("九江市", area=18.75, cover=49.5))
    lower = (
        ("续表",),
        ("城市", "年份", "统计口径", "绿道长度（公里）"),
        ("九江", 2024, "城区", 210),
        ("南昌", 2024, "城区", 120),
    )
    outcome = take_rows(take, form, *upper, *lower)
    assert outcome.values("line", "city_code", AREA, "greenway_length_km") == [
        (2, "360100", 12.5, 120),
        (3, "360400", 18.75, 210),
    ]
    cells = json.loads(outcome.rows[0]["figure_cells"])
    assert (cells[AREA], cells["greenway_length_km"]) == ("D2", "D7")
    account = outcome.receipt.sheets[0].account
    assert (account.read, account.unfolded, account.accepted) == (4, -2, 2)


def test_54_a_continued_table_of_other_rows_refuses_the_file(take: Take) -> None:
    lower = (("城市", "年份", "绿道长度"), ("新余市", 2024, 210))
    outcome = take("parks", text_of(LANDS, park("南昌市"), *lower))
    assert {code for code, _ in outcome.refusals} == {"missing_column"}
    assert outcome.receipt.issues[0].line == 3


def test_54_whole_tables_of_the_same_rows_are_joined_too(take: Take) -> None:
    outcome = take("parks", text_of(LANDS, park("南昌市"), WAYS, way(120, 2024)))
    assert outcome.values(AREA, "greenway_length_km") == [(12.5, 120)]


def test_54_a_long_sheet_with_a_second_table_is_refused(take: Take) -> None:
    rows = [park("南昌市", year=1990 + number % 100) for number in range(5_001)]
    outcome = take("parks", text_of(LANDS, *rows, EXCHANGED, exchanged("九江市", 18.75, 49.5)))
    assert [(issue.code, issue.line) for issue in outcome.receipt.issues] == [("second_table", 5_003)]


# --- 61 what stands beside a table ------------------------------------------------------------------------------


def test_61_a_cell_far_from_the_table_is_noted_and_not_read(take: Take) -> None:
    far = (*way(120), *[""] * 40, "请核对")
    outcome = take("parks", xlsx({"合成": [WAYS, ("九江市", 2023, "城区", 210, *SOURCE), far]}), "synthetic.xlsx")
    assert outcome.values("greenway_length_km") == [(210,), (120,)]
    assert outcome.notes("stray_cell") == [(3, "AU3 请核对")]


def test_61_a_cell_beside_the_table_is_a_reject(take: Take) -> None:
    outcome = take("parks", text_of((*WAYS, ""), (*way(120), "12.5")))
    assert [code for _, _, code, _ in outcome.errors] == ["cell_without_header"]


def test_61_numbers_of_rows_without_a_header_are_not_read(take: Take) -> None:
    outcome = take("parks", text_of(("", *WAYS), (1, *way(120)), (2, *way(110, 2022))))
    assert outcome.values("greenway_length_km") == [(120,), (110,)]


def test_61_a_table_may_begin_in_row_7_and_column_c(take: Take) -> None:
    rows = [("2023年绿道统计表",), *[("",)] * 5, ("", "", *WAYS), ("", "", *way(120))]
    outcome = take("parks", xlsx({"合成": rows}), "synthetic.xlsx")
    assert outcome.values("line", "greenway_length_km") == [(8, 120)]


# --- 63 what stands once for all rows ---------------------------------------------------------------------------

NO_YEAR, NO_CITY = (WAYS[0], *WAYS[2:]), WAYS[1:]


def without(row: Cells, number: int) -> Cells:
    return (*row[:number], *row[number + 1 :])


@pytest.mark.parametrize("form", ["csv", "xlsx", "xls"])
@pytest.mark.parametrize("title", ["江西省2023年绿道统计表", "绿道（2023年度）", "年份：2023"])
def test_63_the_year_may_stand_in_the_title(take: Take, form: str, title: str) -> None:
    outcome = take_rows(take, form, (title,), ("报出日期：2024年3月1日",), NO_YEAR, without(way(120), 1))
    assert outcome.values("line", "year", "greenway_length_km") == [(4, 2023, 120)]


@pytest.mark.parametrize(
    "title", ["2020-2023年绿道", "2024年上半年绿道", "2024年1-6月绿道", "2024年三季度", "绿道", "2022年、2023年绿道"]
)
def test_63_a_title_without_one_whole_year_gives_none(take: Take, title: str) -> None:
    outcome = take("parks", text_of((title,), NO_YEAR, without(way(120), 1)))
    assert outcome.refusals == [("missing_column", "年份")]


def test_63_each_sheet_may_be_a_year(take: Take) -> None:
    rows = [NO_YEAR, without(way(120), 1)]
    outcome = take("parks", xlsx({"2022年": rows, "2023": rows}), "synthetic.xlsx")
    assert outcome.values("sheet", "year") == [("2022年", 2022), ("2023", 2023)]


def test_63_each_block_may_have_its_year_above_it(take: Take) -> None:
    row = without(way(120), 1)
    rows = (("一、2022年",), NO_YEAR, row, ("二、2023年",), NO_YEAR, row, ("2024年",), row)
    outcome = take("parks", text_of(*rows))
    assert outcome.values("line", "year") == [(3, 2022), (6, 2023), (8, 2024)]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "title", ["南昌市2023年绿道统计表", "江西省南昌市绿道", "填报单位：南昌市城市管理局", "360100"]
)
def test_63_the_city_may_stand_in_the_title(take: Take, form: str, title: str) -> None:
    outcome = take_rows(take, form, (title,), NO_CITY, without(way(120), 0))
    assert outcome.values("city_code", "greenway_length_km") == [("360100", 120)]


def test_63_each_sheet_may_be_a_city(take: Take) -> None:
    rows = [NO_CITY, without(way(120), 0)]
    outcome = take("parks", xlsx({"南昌": rows, "九江市2023": rows}), "synthetic.xlsx")
    assert outcome.values("sheet", "city_code") == [("南昌", "360100"), ("九江市2023", "360400")]


def test_63_the_city_may_be_the_sender(take: Take) -> None:
    content = text_of(NO_CITY, without(way(120), 0))
    assert take("parks", content, "赣州市林业局/synthetic.csv").values("city_code") == [("360700",)]


@pytest.mark.parametrize(
    ("name", "title", "codes"),
    [
        ("南昌市/synthetic.csv", "九江市绿道", ["conflicting_titles"]),
        ("synthetic.csv", "南昌市、九江市绿道", ["missing_column"]),
        ("synthetic.csv", "江西省绿道", ["missing_column"]),
    ],
)
def test_63_a_city_that_is_not_certain_refuses_the_file(take: Take, name: str, title: str, codes: list[str]) -> None:
    outcome = take("parks", text_of((title,), NO_CITY, without(way(120), 0)), name)
    assert [code for code, _ in outcome.refusals] == codes


def test_63_a_county_in_the_title_is_no_city(take: Take) -> None:
    outcome = take("parks", text_of(("南昌县2023年绿道",), NO_CITY, without(way(120), 0)))
    assert [code for _, _, code, _ in outcome.errors] == ["county_not_city"]


# --- 49 units in a column or for rows that have units -----------------------------------------------------------

WITH_UNITS = (*WAYS[:4], "计量单位", *WAYS[4:])


def with_unit(length: object, unit: str, year: object = 2023) -> Cells:
    """A row below WITH_UNITS."""
    return ("南昌市", year, "城区", length, unit, *SOURCE)


def test_49_a_column_of_units_is_applied_where_all_rows_have_one(take: Take) -> None:
    outcome = take("parks", text_of(WITH_UNITS, with_unit(120_000, "米"), with_unit(110_000, "米", 2022)))
    assert outcome.values("greenway_length_km") == [(120,), (110,)]
    outcome = take("parks", text_of(WITH_UNITS, with_unit(120_000, "米"), with_unit(110, "公里", 2022)))
    assert [code for code, _ in outcome.refusals] == ["unit_column_differs"]


def test_49_a_column_of_offices_is_no_column_of_units(take: Take) -> None:
    outcome = take("parks", text_of((*WAYS, "单位"), (*way(120), "南昌市城市管理局")))
    assert outcome.values("greenway_length_km") == [(120,)]
    assert outcome.notes("column_ignored") == [(1, "单位")]


def test_49_the_units_of_rows_must_agree_with_the_title(take: Take) -> None:
    row = statistic("gdp_100m_yuan", 5745.51, "亿元")
    assert take("city_statistics", text_of(("单位：亿元",), STATISTICS, row)).values("value") == [(5745.51,)]
    outcome = take("city_statistics", text_of(("单位：万元",), STATISTICS, row))
    assert outcome.refusals == [("conflicting_units", "亿元 / 单位：万元")]
    outcome = take("city_statistics", text_of(("单位：万元",), without(STATISTICS, 4), without(row, 4)))
    assert outcome.values("value", "unit") == [(0.574551, "万元")]


def scoped(title: str, scope: str, note: str = "") -> str:
    rows = [[title], ["城市", "年份", "统计口径", "绿道长度（公里）"], ["南昌市", 2023, scope, 12.5], [note]]
    return text_of(*rows)


@pytest.mark.parametrize(
    ("title", "scope", "note"),
    [
        ("2023年县城绿道情况", "城区", ""),
        ("2023年县城绿道（单位：公里）", "城区", ""),
        ("江西省县绿道情况表", "城区", ""),
        ("2023年建制镇绿道", "城区", ""),
        ("2023年村庄公园绿地", "全市", ""),
        ("江西省市辖区绿道", "城区", ""),
        ("2023年市区绿道", "全市", ""),
        ("建成区绿道", "全市", ""),
        ("全域绿道", "城区", ""),
        ("城区（含县）绿道", "城区", ""),
        ("全市（不含县）绿道", "全市", ""),
        ("绿道（不含城区）", "城区", ""),
        ("口径：全市", "城区", ""),
        ("绿道情况", "全市", "注：不含县城"),
        ("绿道情况", "城区", "注：本表数据包括所辖县"),
        ("绿道情况", "城区", "注：1月上报，以上数据均为县城口径。"),
    ],
)
def test_53_words_that_name_another_area_than_the_rows_refuse_the_file(
    take: Take, title: str, scope: str, note: str
) -> None:
    outcome = take("parks", scoped(title, scope, note))
    assert outcome.refusals == [("conflicting_scopes", f"{note or title} / {scope}")]


@pytest.mark.parametrize(
    ("title", "scope", "note"),
    [
        ("2023年县城绿道情况", "县城", ""),
        ("江西省城市（县城）建设统计", "城区", ""),
        ("城区及县城绿道", "城区", ""),
        ("中心城区绿道", "城区", ""),
        ("2023年建成区绿化", "城区", ""),
        ("2023年全市绿道（含县）", "全市", ""),
        ("填报单位：南昌市城区园林处", "全市", ""),
        ("各县（市、区）绿道", "全市", ""),
        ("南昌市区划调整后绿道", "全市", ""),
        ("绿道", "全市", "注：县城数据另表报送"),
        ("绿道", "全市", "注：不含省直管县"),
        ("绿道", "城区", "注：本表不含县城"),
        ("绿道", "城区", "注：数据来源于全市统计年鉴"),
    ],
)
def test_53_words_that_name_the_area_of_the_rows_or_none_change_nothing(
    take: Take, title: str, scope: str, note: str
) -> None:
    assert take("parks", scoped(title, scope, note)).values("scope", "greenway_length_km") == [(scope, 12.5)]


def test_53_an_area_in_the_name_of_a_sheet_or_between_rows_is_that_of_the_rows(take: Take) -> None:
    header = ["城市", "年份", "统计口径", "绿道长度（公里）"]
    rows = [header, ["南昌市", 2023, "城区", 12.5]]
    assert take("parks", xlsx({"县城": rows}), "synthetic.xlsx").refusals == [("conflicting_scopes", "县城 / 城区")]
    below = text_of(*rows, ["二、县城"], ["九江市", 2023, "城区", 8])
    assert take("parks", below).refusals == [("conflicting_scopes", "二、县城 / 城区")]
    assert take("parks", below.replace("市,2023,城区,8", "市,2023,县城,8")).values("scope") == [("城区",), ("县城",)]


def test_53_rows_of_several_areas_may_stand_below_a_title_that_names_one_of_them(take: Take) -> None:
    rows = [["2023年全市绿道"], ["城市", "年份", "统计口径", "绿道长度（公里）"]]
    rows += [["南昌市", "2023", "全市", "12.5"], ["南昌市", "2023", "城区", "8"]]
    assert take("parks", text_of(*rows)).values("scope", "greenway_length_km") == [("全市", 12.5), ("城区", 8)]


def test_53_the_built_up_area_in_the_name_of_a_figure_is_no_scope(take: Take) -> None:
    rows = [
        ["2023年建成区绿化"],
        ["城市", "年份", "统计口径", "建成区绿化覆盖率（%）"],
        ["南昌市", 2023, "城区", 43.25],
    ]
    assert take("parks", text_of(*rows)).values("green_coverage_pct") == [(43.25,)]


@pytest.mark.parametrize(
    "rows",
    [
        [["指标", "计量单位", "数值"], ["人均公园绿地面积", "平方米", 12.5], ["绿道长度", "公里", 120]],
        [["城市", "南昌市"], ["年份", 2023], ["人均公园绿地面积（平方米）", 12.5], ["绿道长度（公里）", 120]],
        [["序号", "指标", "本年", "上年"], [1, "绿道长度", 120, 110], [2, "口袋公园数", 12, 10]],
    ],
)
def test_63_a_form_with_indicators_as_rows_is_told_from_an_unknown_header(take: Take, rows: list[Cells]) -> None:
    content = xlsx({"合成": [["南昌市2023年公园绿地情况表"], *rows]})
    assert [code for code, _ in take("parks", content, "synthetic.xlsx").refusals] == ["figures_in_rows"]


def test_55_a_required_column_that_is_hidden_is_named(take: Take) -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx({"合成": [PARKS, park("南昌市")]})))
    book.active.column_dimensions["B"].hidden = True
    content = io.BytesIO()
    book.save(content)
    outcome = take("parks", content.getvalue(), "synthetic.xlsx")
    assert outcome.refusals == [("missing_column_hidden", "年份 / B")]


@pytest.mark.parametrize("note", ["绿道长度按米计", "绿道长度以米为单位", "表中绿道长度的单位是米"])
def test_49_a_unit_in_a_text_below_that_begins_as_no_note_applies(take: Take, note: str) -> None:
    rows = [["城市", "年份", "统计口径", "绿道长度"], ["南昌市", 2023, "城区", 120500], [note]]
    outcome = take("parks", text_of(*rows))
    assert outcome.values("greenway_length_km") == [(120.5,)]
    assert [line for line, *_ in outcome.errors] == [3]


@pytest.mark.parametrize(
    ("figure", "note", "code"),
    [
        ("120*", "* 为2022年数据", "footnote_of_other_year"),
        ("120①", "注：①截至2023年9月底", "footnote_of_other_year"),
        ("120[1]", "[1] 2021年数", "footnote_of_other_year"),
        ("120", "注：2023年数据截至9月底", "part_of_year"),
        ("120", "注：表中数据为2023年计划数", "planned_figures"),
        ("120*", "* 含湿地公园", None),
        ("120*", "* 2023年起改用遥感测量", None),
        ("120", "* 为2022年数据", None),
        ("120", "注：计划2025年全部建成", None),
    ],
)
def test_53_a_note_that_gives_figures_another_period_refuses_the_file(
    take: Take, figure: str, note: str, code: str | None
) -> None:
    outcome = take("parks", text_of(["城市", "年份", "统计口径", "绿道长度"], ["南昌市", 2023, "城区", figure], [note]))
    assert [issue for issue, _ in outcome.refusals] == ([code] if code else [])
