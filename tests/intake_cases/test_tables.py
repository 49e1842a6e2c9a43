"""Kinds of mess in the structure of a sheet: wrapped headers, units above the table, several tables, other layouts.

Here: what the intake decides about synthetic sheets. Not here: the kinds of cells (test_kinds.py).
"""

from __future__ import annotations

import io

import openpyxl
import pytest

from tests.builders.inbox import Outcome, Take
from tests.builders.intake_files import PARKS, SOURCE, Cells, park, text_of, xls, xlsx

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
    assert [text for _, text in outcome.notes("column_ignored")] == ["序号", "填报人", "联系电话", "备注"]


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
