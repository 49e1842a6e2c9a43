"""The kinds of mess that arrive, one test or more for each: what is read, what is rejected with which message.

Here: what the intake decides. Kinds that only the neighbours of a figure give away are kept and flagged; they are
tested where they are found:

27  a county becomes a district: tests/unit/test_outliers.py
    test_a_jump_to_a_new_level_is_flagged_in_the_first_year_of_it,
    test_a_listed_break_explains_a_jump_of_that_city_or_of_all
28  a definition flips and flips back: tests/unit/test_outliers.py
    test_a_stock_that_returns_twice_to_a_level_it_left_flips
31  a block in the rows of other places: tests/unit/test_misplaced_blocks.py
    test_a_block_in_the_rows_of_other_places_is_held_alone_whatever_the_order,
    test_a_shifted_block_that_lost_its_last_row_is_found; held back: tests/sql/test_flags.py
    test_a_shifted_block_is_held_back_and_its_earlier_vintage_is_not_current_again
33  a constant series: tests/unit/test_outliers.py
    test_three_equal_years_are_stale_in_a_flow_alone, test_zeros_of_a_flow_may_repeat
39  invented values: tests/unit/test_outliers.py test_digits_in_a_row_look_invented, test_other_digits_do_not
40  a district's figure taken for the city's: tests/unit/test_outliers.py test_an_order_of_magnitude_is_flagged
42  0 for missing: tests/unit/test_outliers.py test_zero_is_flagged_where_it_cannot_be
24  a total against the sum of its cities: tests/unit/test_outliers.py
    test_cities_that_do_not_add_up_flag_the_total, test_some_of_the_cities_may_be_less_than_the_total_but_not_more

29 and 30 are in test_flags.py; of 24 and 42 the part that the intake decides is here.
"""

from __future__ import annotations

import datetime as dt

import pytest

from tests.builders.inbox import Inbox, Take
from tests.builders.intake_files import (
    FAIRS,
    PARKS,
    SOURCE,
    STATISTICS,
    Cells,
    fair,
    park,
    parks,
    statistic,
    text_of,
    xls,
    xlsx,
)

AREA, COVER = "park_area_per_capita_m2", "green_coverage_pct"
NETWORKS = ("城市", "年份", "统计口径")
NANCHANG, JIUJIANG, YICHUN = "360100", "360400", "360900"
TWO = parks(park("南昌市"), park("九江市", area=18.75, cover=49.5))
TWO_ROWS = [(2, NANCHANG, 2024, 12.5, 43.25), (3, JIUJIANG, 2024, 18.75, 49.5)]
FIGURES = ("line", "city_code", "year", AREA, COVER)


def title(text: str, width: int = len(PARKS)) -> Cells:
    """A row that holds one text and otherwise blanks, as a merged row does."""
    return (text, *[""] * (width - 1))


# --- bytes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["gbk", "gb18030"])
def test_01_gb18030_from_chinese_excel_is_read(take: Take, codec: str) -> None:
    outcome = take("parks", TWO.encode(codec))
    assert outcome.values(*FIGURES) == TWO_ROWS
    assert outcome.counts == (2, 0, 0, 0, 0)
    assert [sheet.encoding for sheet in outcome.receipt.sheets] == ["gb18030"]


def test_01_a_character_of_four_bytes_is_read(take: Take) -> None:
    content = text_of((*PARKS, "备注"), (*park("南昌市"), "㐀𠀀"))
    assert take("parks", content.encode("gb18030")).values("note") == [("㐀𠀀",)]


def test_02_a_mark_of_utf8_is_no_part_of_the_first_header(take: Take) -> None:
    outcome = take("parks", TWO.encode("utf-8-sig"))
    assert outcome.values(*FIGURES) == TWO_ROWS
    assert [sheet.encoding for sheet in outcome.receipt.sheets] == ["utf-8-sig"]


def test_03_text_that_is_both_utf8_and_gb18030_is_read_as_utf8(take: Take) -> None:
    content = text_of((*PARKS, "备注"), (*park("南昌市"), "聯通"))
    assert content.encode().decode("gb18030", "replace") != content
    outcome = take("parks", content.encode())
    assert outcome.values("city_code", "note") == [(NANCHANG, "聯通")]
    assert [sheet.encoding for sheet in outcome.receipt.sheets] == ["utf-8"]


def test_03_one_broken_byte_does_not_make_utf8_into_gb18030(take: Take) -> None:
    outcome = take("parks", TWO.encode().replace("九江市".encode(), "九江市".encode() + b"\xff"))
    assert outcome.refusals == [("invalid_encoding", "0xff")]
    assert outcome.receipt.issues[0].line == 3


@pytest.mark.parametrize(("codec", "mark"), [("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")])
def test_04_unicode_text_of_excel_is_read(take: Take, codec: str, mark: bytes) -> None:
    content = text_of(PARKS, park("南昌市"), park("九江市", area=18.75, cover=49.5), delimiter="\t")
    outcome = take("parks", mark + content.encode(codec), "synthetic.txt")
    assert outcome.values(*FIGURES) == TWO_ROWS
    (sheet,) = outcome.receipt.sheets
    assert (sheet.encoding, sheet.delimiter) == ("utf-16", "\t")


def test_05_a_mark_read_as_gbk_is_reported_with_the_header_that_was_meant(take: Take) -> None:
    content = text_of(("锘縞ity", *PARKS[1:]), park("南昌市"))
    outcome = take("parks", content.encode())
    assert outcome.refusals == [("unknown_header", "锘縞ity")]
    assert (outcome.receipt.issues[0].line, outcome.receipt.issues[0].expected) == (1, "city")


def test_05_a_mark_of_utf8_before_gbk_refuses_the_file(take: Take) -> None:
    outcome = take("parks", b"\xef\xbb\xbf" + TWO.encode("gbk"))
    assert [code for code, _ in outcome.refusals] == ["invalid_encoding"]


# --- headers and rows that are no data --------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["城　市", "城 市", " 城市 ", "城\u00a0市", "城\n市"])
def test_06_blanks_in_headers_do_not_count(take: Take, header: str) -> None:
    outcome = take("parks", text_of((header, "年　份", *PARKS[2:]), park("南昌市")))
    assert outcome.values("city_code", "year", AREA) == [(NANCHANG, 2024, 12.5)]


def test_07_headers_repeated_on_every_page_are_skipped_and_counted(take: Take) -> None:
    outcome = take("parks", text_of(PARKS, park("南昌市"), PARKS, park("九江市"), title(""), PARKS, park("新余市")))
    assert outcome.values("line", "city_code") == [(2, NANCHANG), (4, JIUJIANG), (7, "360500")]
    assert outcome.counts == (3, 0, 0, 1, 2)


@pytest.mark.parametrize(
    "mark",
    [
        title("续表"),
        title("2-11续表1 continued"),
        title("续表2-11（Continued）"),
        ("", "", "续表", "", "", "", ""),
        ("续表", "", "", "", "", "", "单位：%"),
        ("续表",),
        title("2024年江西省城市建设统计表（续）"),
    ],
)
def test_08_continuation_tables_are_one_table(take: Take, mark: Cells) -> None:
    outcome = take("parks", text_of(PARKS, park("南昌市"), mark, PARKS, park("九江市", area=18.75, cover=49.5)))
    assert outcome.values(*FIGURES) == [(2, NANCHANG, 2024, 12.5, 43.25), (5, JIUJIANG, 2024, 18.75, 49.5)]
    assert outcome.counts == (2, 0, 0, 0, 2)


def test_08_a_title_printed_again_on_the_next_page_is_skipped(take: Take) -> None:
    top = title("2024年江西省城市建设统计表")
    outcome = take("parks", text_of(top, PARKS, park("南昌市"), top, PARKS, park("九江市")))
    assert outcome.values("line", "city_code") == [(3, NANCHANG), (6, JIUJIANG)]
    assert outcome.counts == (2, 0, 0, 0, 2)


@pytest.mark.parametrize(
    "note",
    [
        "注：本表为合成数字。",
        "数据来源：合成",
        "注1：市区不含县。",
        "资料来源: 合成年鉴",
        "Note: synthetic",
        "备注：无",
    ],
)
def test_09_footnotes_are_kept_as_notes(take: Take, note: str) -> None:
    outcome = take("parks", text_of(PARKS, park("南昌市"), title(note)))
    assert outcome.counts == (1, 0, 0, 0, 1)
    assert outcome.notes("footnote") == [(3, note)]


def test_09_a_footnote_in_one_cell_alone_is_kept_as_a_note(take: Take) -> None:
    outcome = take("parks", TWO + "注：本表为合成数字，不得引用。\r\n")
    assert outcome.counts == (2, 0, 0, 0, 1)
    assert outcome.notes("footnote") == [(4, "注：本表为合成数字，不得引用。")]


# --- cells ------------------------------------------------------------------------------------------------------


def test_10_marks_of_nothing_are_missing_and_never_zero(take: Take) -> None:
    marks = ("", " ", "　", "-", "—", "——", "–", "…", "…… ", "/", "N/A", "n/a", "无", "暂无", "－", "／")
    outcome = take("parks", parks(*(park("南昌市", 2000 + number, cover=mark) for number, mark in enumerate(marks))))
    assert outcome.values(AREA, COVER) == [(12.5, None)] * len(marks)
    assert outcome.counts == (len(marks), 0, 0, 0, 0)


def test_10_nothing_in_a_required_cell_is_a_reject(take: Take) -> None:
    outcome = take("city_statistics", text_of(STATISTICS, statistic("gdp_100m_yuan", "…", "亿元")))
    assert outcome.errors == [(2, "value", "missing_value", "…")]


@pytest.mark.parametrize(
    ("sent", "value"),
    [("４３．２５", 43.25), ("４３．２５％", 43.25), ("43.25％", 43.25), ("＋４３", 43.0), ("43.25%", 43.25)],
)
def test_11_full_width_digits_are_digits(take: Take, sent: str, value: float) -> None:
    outcome = take("parks", parks(park("南昌市", "２０２４", cover=sent)))
    assert outcome.values("year", COVER) == [(2024, value)]


def test_11_full_width_commas_set_thousands_apart(take: Take) -> None:
    outcome = take("city_statistics", text_of(STATISTICS, statistic("gdp_100m_yuan", "５，７４５．５", "亿元")))
    assert outcome.values("value") == [(5745.5,)]


def test_12_what_is_nearly_a_number_is_a_reject(take: Take) -> None:
    forms = ("1O.5", "l2.5", "12. 3", "12.", "2..04%", "1,2,3", "12,34.5", "1.2.3", "--5", "0x1F")
    outcome = take("parks", parks(*(park("南昌市", area=form) for form in forms), park("九江市")))
    assert outcome.errors == [(line, AREA, "invalid_number", form) for line, form in enumerate(forms, start=2)]
    assert {row["position"] for row in outcome.rejects} == {4}
    assert outcome.values("city_code") == [(JIUJIANG,)]


@pytest.mark.parametrize(
    ("dataset", "header", "column"),
    [
        ("parks", "人均公园绿地面积（平方米）", AREA),
        ("parks", "人均公园绿地面积（平方米/人）", AREA),
        ("parks", "人均公园绿地面积(㎡)", AREA),
        ("parks", "建成区绿化覆盖率%", COVER),
        ("parks", "建成区绿化覆盖率（％）", COVER),
        ("parks", "绿道长度[公里]", "greenway_length_km"),
        ("pipe_networks", "漏损率(%)", "water_leakage_pct"),
        ("pipe_networks", "公共供水管网漏损率（%）", "water_leakage_pct"),
        ("pipe_networks", "建成区排水管道密度（公里/平方公里）", "drainage_density_km_per_km2"),
        ("pipe_networks", "建成区排水管道密度（km/km²）", "drainage_density_km_per_km2"),
    ],
)
def test_13_a_unit_in_the_header_is_read_and_checked(take: Take, dataset: str, header: str, column: str) -> None:
    headers = (*NETWORKS, header, "来源代码", "来源等级")
    outcome = take(dataset, text_of(headers, ("南昌市", 2024, "城区", 8.5, *SOURCE)))
    assert outcome.values("city_code", column) == [(NANCHANG, 8.5)]
    assert outcome.notes("converted") == []


@pytest.mark.parametrize(
    ("header", "unit"), [("人均公园绿地面积（公顷）", "公顷"), ("建成区绿化覆盖率（平方米）", "平方米")]
)
def test_13_a_unit_of_another_kind_in_the_header_refuses_the_file(take: Take, header: str, unit: str) -> None:
    headers = (*NETWORKS, header, "来源代码", "来源等级")
    outcome = take("parks", text_of(headers, ("南昌市", 2024, "城区", 8.5, *SOURCE)))
    assert outcome.refusals == [("incompatible_header_unit", unit)]


@pytest.mark.parametrize(
    ("header", "scope", "column"),
    [
        ("建成区绿化覆盖率_全市_百分比", "全市", COVER),
        ("建成区绿化覆盖率_市辖区_%", "市辖区", COVER),
        ("人均公园绿地面积_城区_平方米", "城区", AREA),
        ("绿道长度_全市", "全市", "greenway_length_km"),
        ("绿道长度（市辖区）", "市辖区", "greenway_length_km"),
        ("人均公园绿地面积（城区）（平方米）", "城区", AREA),
        ("绿地率_百分比", "全市", "green_space_pct"),
    ],
)
def test_14_scope_and_unit_glued_to_the_name_are_read(take: Take, header: str, scope: str, column: str) -> None:
    headers = (*NETWORKS, header, "来源代码", "来源等级")
    outcome = take("parks", text_of(headers, ("南昌市", 2024, scope, 8.5, *SOURCE)))
    assert outcome.values("scope", column) == [(scope, 8.5)]


def test_14_a_glued_scope_that_is_not_the_row_s_is_a_reject(take: Take) -> None:
    headers = (*NETWORKS, "建成区绿化覆盖率_全市_百分比", "来源代码", "来源等级")
    rows = (("南昌市", 2024, "城区", 8.5, *SOURCE), ("九江市", 2024, "全市", 8.5, *SOURCE))
    outcome = take("parks", text_of(headers, *rows))
    assert outcome.errors == [(2, "scope", "scope_mismatch", "城区")]
    assert outcome.values("city_code", COVER) == [(JIUJIANG, 8.5)]


def test_15_units_that_differ_are_converted(take: Take) -> None:
    cases = [
        ("resident_population_10k", 6_253_000, "人", 625.3),
        ("registered_population_10k", 625.3, "万人", 625.3),
        ("gdp_100m_yuan", 57_455_100, "万元", 5745.51),
        ("urban_land_km2", 36_512, "公顷", 365.12),
        ("industrial_land_km2", 365_120_000, "平方米", 365.12),
        ("good_air_days_pct", 905, "‰", 90.5),
        ("tallest_new_housing_m", 0.054, "公里", 54.0),
        ("charging_piles_per_100_ev", "1:8", "个/百辆", 12.5),
        ("road_area_per_capita_m2", 20.5, "平方米", 20.5),
    ]
    rows = [statistic(indicator, sent, unit) for indicator, sent, unit, _ in cases]
    outcome = take("city_statistics", text_of(STATISTICS, *rows))
    assert outcome.values("indicator", "value") == [(f"city_statistics.{one}", value) for one, _, _, value in cases]


def test_15_a_conversion_is_recorded(take: Take) -> None:
    rows = (statistic("urban_land_km2", 36_512, "公顷"), statistic("urban_land_km2", 25_000, "公顷", "九江市"))
    outcome = take("city_statistics", text_of(STATISTICS, *rows))
    assert outcome.notes("converted") == [(None, "公顷 → 平方公里: × 1/100 (2)")]


def test_15_the_unit_of_a_header_converts_the_column(take: Take) -> None:
    headers = (*NETWORKS, "新建改造地下管网长度（米）", "来源代码", "来源等级")
    outcome = take("pipe_networks", text_of(headers, ("南昌市", 2024, "城区", 81_500, *SOURCE)))
    assert outcome.values("pipes_renewed_km") == [(81.5,)]
    assert outcome.notes("converted") == [(None, "米 → 公里: × 1/1000 (1)")]


def test_15_an_impossible_unit_is_a_reject(take: Take) -> None:
    outcome = take("city_statistics", text_of(STATISTICS, statistic("gdp_100m_yuan", 5745.51, "万人")))
    assert outcome.errors == [(2, "value", "incompatible_unit", "5745.51")]
    assert outcome.rejects[0]["expected"] == "亿元"


def test_16_a_renamed_indicator_is_one_and_a_like_one_another(take: Take) -> None:
    headers = (*NETWORKS, "污水处理率", "污水集中处理率", "污水集中收集率", "来源代码", "来源等级")
    outcome = take("pipe_networks", text_of(headers, ("南昌市", 2014, "城区", 95, 91, 62, *SOURCE)))
    columns = ("sewage_treatment_pct", "sewage_plant_treatment_pct", "sewage_collection_pct")
    assert outcome.values(*columns) == [(95.0, 91.0, 62.0)]


def test_16_two_names_of_one_indicator_in_one_file_refuse_it(take: Take) -> None:
    headers = (*NETWORKS, "污水处理厂集中处理率", "污水集中处理率", "来源代码", "来源等级")
    outcome = take("pipe_networks", text_of(headers, ("南昌市", 2014, "城区", 95, 91, *SOURCE)))
    assert outcome.refusals == [("duplicate_header", "污水集中处理率")]


# --- tables -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 7])
def test_17_title_rows_stand_above_the_headers(take: Take, count: int) -> None:
    titles = [title(text) for text in ("2024年江西省城市建设统计表", "表2-11", "（合成）", "单位：%", "", "甲", "乙")]
    outcome = take("parks", text_of(*titles[:count], PARKS, park("南昌市")))
    assert outcome.values("line", "city_code") == [(count + 2, NANCHANG)]
    assert outcome.receipt.sheets[0].header_line == count + 1
    assert outcome.notes("title")[0] == (1, "2024年江西省城市建设统计表")


@pytest.mark.parametrize("name", ["Sheet1", "2024年", "附表2-11（续）", "城市 建设"])
def test_17_a_sheet_may_have_any_name(take: Take, name: str) -> None:
    rows = [["2024年江西省城市建设统计表"], [], PARKS, park("南昌市")]
    outcome = take("parks", xlsx({name: rows}), "synthetic.xlsx")
    assert outcome.values("sheet", "line", "city_code", AREA) == [(name, 4, NANCHANG, 12.5)]


@pytest.mark.parametrize("between", [(), ("",)])
def test_18_two_halves_side_by_side_refuse_the_file(take: Take, between: tuple[str, ...]) -> None:
    row = (*park("南昌市"), *between, *park("九江市"))
    outcome = take("parks", text_of((*PARKS, *between, *PARKS), row))
    assert outcome.refusals == [("tables_side_by_side", "城市")]


def test_18_so_do_halves_with_remarks_and_serial_numbers(take: Take) -> None:
    headers = ("序号", *PARKS, "备注")
    outcome = take("parks", text_of((*headers, *headers), (1, *park("南昌市"), "", 2, *park("九江市"), "")))
    assert outcome.refusals == [("tables_side_by_side", "序号")]


@pytest.mark.parametrize("name", ["江西省 南昌市", "江西省南昌市", "江西南昌", "江西省　南昌市", "江西省\n南昌市"])
def test_19_the_province_may_be_glued_to_its_city(take: Take, name: str) -> None:
    outcome = take("parks", parks(park(name)))
    assert outcome.values("city_code", AREA) == [(NANCHANG, 12.5)]
    assert outcome.totals == []


# --- places -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "near"),
    [("宪湖市", ""), ("甫田市", ""), ("宣春市", "宜春市"), ("九汪市", "九江市"), ("南昌市本级", "南昌市")],
)
def test_20_a_misread_name_is_a_reject_with_one_like_it(take: Take, sent: str, near: str) -> None:
    outcome = take("parks", parks(park("南昌市"), park(sent)))
    assert outcome.errors == [(3, "city", "unknown_place", sent)]
    (reject,) = outcome.rejects
    assert reject["expected"] == near
    assert near in reject["remedy_zh"]
    assert "“”" not in reject["remedy_zh"]


def test_21_every_way_of_writing_a_city_is_that_city(take: Take) -> None:
    forms = {
        NANCHANG: ("南昌", "南昌市", "360100000000", "360100"),
        "360200": ("景德鎮", "Jingdezhen City", "JINGDEZHEN", "jingdezhen"),
        "360500": ("新馀", "新馀市", "新餘"),
        "360700": ("贛州", "贛州市", "Ganzhou"),
        "360800": ("Ji'an", "Ji’an", "Ji＇an", "Jian", "Ji'an City"),
    }
    rows = [park(form, 2000 + number) for names in forms.values() for number, form in enumerate(names)]
    outcome = take("parks", parks(*rows))
    assert outcome.values("city_code") == [(code,) for code, names in forms.items() for _ in names]


@pytest.mark.parametrize("sent", ["yichun", "Yichun City", "fuzhou", "Fuzhou"])
def test_22_pinyin_of_two_cities_is_a_reject(take: Take, sent: str) -> None:
    outcome = take("parks", parks(park(sent)))
    assert outcome.errors == [(2, "city", "ambiguous_place", sent)]


@pytest.mark.parametrize(
    ("name", "code"),
    [("Yichun, Jiangxi", ""), ("Yichun City Jiangxi", ""), ("yichun", "360900"), ("Yichun", "360900.0")],
)
def test_22_code_or_province_settles_it(take: Take, name: str, code: str) -> None:
    outcome = take("parks", text_of((*PARKS, "区划代码"), (*park(name), code)))
    assert outcome.values("city_code") == [(YICHUN,)]


@pytest.mark.parametrize("code", ["360100", "360100.0", "360100000000", "３６０１００", " 360100 "])
def test_23_a_code_may_be_written_as_number_or_text(take: Take, code: str) -> None:
    named = take("parks", text_of((*PARKS, "行政区划代码"), (*park("南昌市"), code)))
    alone = take("parks", text_of(("行政区划代码", *PARKS[1:]), park(code)))
    assert named.values("city_code") == alone.values("city_code") == [(NANCHANG,)]


@pytest.mark.parametrize("code", [360100, 360100.0, "360100", 360100000000, "360100000000"])
def test_23_a_code_may_be_any_cell_of_excel(take: Take, code: object) -> None:
    content = xlsx({"合成": [("行政区划代码", *PARKS[1:]), park(code)]})
    assert take("parks", content, "synthetic.xlsx").values("city_code") == [(NANCHANG,)]


def test_23_a_code_of_another_city_than_the_name_is_a_reject(take: Take) -> None:
    outcome = take("parks", text_of((*PARKS, "行政区划代码"), (*park("南昌市"), "360400")))
    assert outcome.errors == [(2, "city", "place_code_mismatch", "南昌市")]


def test_24_totals_are_set_aside(take: Take) -> None:
    forms = ("全省", "合计", "合　计", "总计", "江西省", "江西", "360000", "全国")
    rows = [park(form, 2000 + number, area=14.5) for number, form in enumerate(forms)]
    outcome = take("parks", parks(*rows, park("南昌市")))
    assert [(row["line"], row["province_code"], row[AREA]) for row in outcome.totals] == [
        (line, "100000" if form == "全国" else "360000", 14.5) for line, form in enumerate(forms, start=2)
    ]
    assert outcome.values("line", "city_code") == [(len(forms) + 2, NANCHANG)]
    assert outcome.counts == (1, len(forms), 0, 0, 0)


def test_25_bilingual_headers_are_read(take: Take) -> None:
    headers = (
        "城市City",
        "年份Year",
        "统计口径Scope",
        "人均公园绿地面积（平方米）",
        "绿化覆盖率",
        "来源代码",
        "来源等级",
    )
    assert take("parks", text_of(headers, park("南昌市"))).values(*FIGURES) == TWO_ROWS[:1]


@pytest.mark.parametrize(
    ("header", "value"), [("绿道长度km", 12.5), ("绿道长度m", 0.0125), ("绿道长度 Length of greenways", 12.5)]
)
def test_25_a_unit_or_the_english_name_may_be_glued_to_a_header(take: Take, header: str, value: float) -> None:
    outcome = take("parks", text_of((*PARKS[:3], header, *PARKS[4:]), park("南昌市")))
    assert outcome.values("greenway_length_km") == [(value,)]


@pytest.mark.parametrize("header", ["绿道长度(mile)", "绿道长度2023", "绿道长度$", "绿道长度 Width", "绿道长度year"])
def test_25_other_latin_behind_a_header_refuses_the_file(take: Take, header: str) -> None:
    outcome = take("parks", text_of((*PARKS[:3], header, *PARKS[4:]), park("南昌市")))
    assert [code for code, _ in outcome.refusals] in (["unknown_unit"], ["header_with_modifier"])


def test_25_headers_of_two_rows_are_read(take: Take) -> None:
    upper = ("城市", "年份", "统计口径", "建成区", "", "来源", "来源")
    lower = ("", "", "", "绿化覆盖率", "绿地率", "代码", "等级")
    outcome = take("parks", text_of(upper, lower, ("南昌市", 2024, "城区", 43.25, 40.5, *SOURCE)))
    assert outcome.values("line", COVER, "green_space_pct") == [(3, 43.25, 40.5)]
    assert outcome.counts == (1, 0, 0, 0, 0)


def test_25_english_or_units_below_the_headers_are_headers(take: Take) -> None:
    headers = ("城市", "年份", "统计口径", "绿道长度", "建成区绿化覆盖率", "来源代码", "来源等级")
    english = ("city", "year", "scope", "", "green_coverage_pct", "source_id", "source_grade")
    units = ("", "", "", "（米）", "（%）", "", "")
    for second in (english, units):
        outcome = take("parks", text_of(headers, second, park("南昌市", area=12)))
        assert outcome.values("line", COVER) == [(3, 43.25)]
    assert outcome.values("greenway_length_km") == [(0.012,)]


def test_25_merged_headers_of_a_workbook_are_read(take: Take) -> None:
    upper = ("城市", "年份", "统计口径", "建成区", None, "来源代码", "来源等级")
    lower = (None, None, None, "绿化覆盖率（%）", "绿地率（%）", None, None)
    rows = [["2024年江西省城市建设统计表"], upper, lower, ("南昌市", 2024, "城区", 43.25, 40.5, *SOURCE)]
    outcome = take("parks", xlsx({"合成": rows}), "synthetic.xlsx")
    assert outcome.values("line", COVER, "green_space_pct") == [(4, 43.25, 40.5)]


def test_25_headers_that_stay_ambiguous_refuse_the_file(take: Take) -> None:
    upper = ("城市", "年份", "统计口径", "建成区", "", "来源代码", "来源等级")
    lower = ("", "", "", "覆盖率", "绿地率", "", "")
    outcome = take("parks", text_of(upper, lower, park("南昌市")))
    assert [code for code, _ in outcome.refusals] == ["unknown_header"] * len(outcome.refusals)
    assert outcome.receipt.status == "refused"


def test_26_scope_is_part_of_the_key(take: Take) -> None:
    scopes = ("全市", "市辖区", "城区", "县城", "建成区")
    rows = [park("南昌市", area=10 + number, scope=scope) for number, scope in enumerate(scopes)]
    outcome = take("parks", parks(*rows))
    assert outcome.values("scope", AREA) == [(scope, 10.0 + number) for number, scope in enumerate(scopes)]
    assert outcome.rejects == []


def test_26_two_figures_of_one_scope_are_both_rejects(take: Take) -> None:
    outcome = take("parks", parks(park("南昌市", area=10), park("南昌", area=11)))
    assert outcome.errors == [(2, "city", "key_conflict", "3"), (3, "city", "key_conflict", "2")]


def test_26_an_unknown_scope_is_a_reject(take: Take) -> None:
    outcome = take("parks", parks(park("南昌市", scope="全域")))
    assert outcome.errors == [(2, "scope", "value_not_allowed", "全域")]


# --- figures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noisy", [81.13000000000001, "81.13000000000001", "81.129999999999995"])
def test_32_the_noise_of_a_binary_fraction_goes(take: Take, noisy: object) -> None:
    assert take("parks", parks(park("南昌市", cover=noisy))).values(COVER) == [(81.13,)]
    content = xlsx({"合成": [PARKS, park("南昌市", cover=noisy)]})
    assert take("parks", content, "synthetic.xlsx").values(COVER) == [(81.13,)]


def test_34_approximate_numbers_keep_their_qualifier(take: Take) -> None:
    forms = [
        ("80余家", "500多个", "近千名"),
        ("超50", "约3万", "不足200人"),
        ("５０", "3万余个", "1,000人"),
    ]
    columns = ("enterprises", "posts", "attendance")
    rows = [fair(f"2026-02-0{day}", **dict(zip(columns, form, strict=True))) for day, form in enumerate(forms, 1)]
    outcome = take("employment_events", text_of(FAIRS, *rows))
    assert outcome.values(*columns) == [(80.0, 500.0, 1000.0), (50.0, 30_000.0, 200.0), (50.0, 30_000.0, 1000.0)]
    assert outcome.values(*(f"{column}_qualifier" for column in columns)) == [
        ("at_least", "at_least", "about"),
        ("at_least", "about", "under"),
        (None, "at_least", None),
    ]


def test_34_a_column_of_exact_figures_takes_no_other(take: Take) -> None:
    outcome = take("parks", parks(park("南昌市", cover="约43")))
    assert outcome.errors == [(2, COVER, "approximate_number", "约43")]


def test_35_plans_starts_and_completions_are_never_mixed(take: Take) -> None:
    headers = (
        "城市",
        "年份",
        "改造类别",
        "阶段",
        "累计起始年",
        "小区数",
        "户数",
        "项目数",
        "建筑面积",
        "统计口径",
        "来源代码",
        "来源等级",
    )
    cases: list[Cells] = [
        ("planned", "", 247, "", "", ""),
        ("started", "", 230, "", "", ""),
        ("completed", "", 210, 90_000, 12, "4.5万平方米"),
        ("completed", 2021, 1618, "", "", ""),
    ]
    rows = [("南昌市", 2024, "old_communities", *figures, "城镇", *SOURCE) for figures in cases]
    outcome = take("housing_renewal", text_of(headers, *rows))
    columns = ("stage", "since_year", "communities", "households", "projects", "floor_area_m2")
    assert outcome.values(*columns) == [
        ("planned", None, 247.0, None, None, None),
        ("started", None, 230.0, None, None, None),
        ("completed", None, 210.0, 90_000.0, 12.0, 45_000.0),
        ("completed", 2021.0, 1618.0, None, None, None),
    ]


@pytest.mark.parametrize("sent", ["1200户", "3.5万平方米", "12栋"])
def test_35_a_figure_of_another_thing_is_a_reject(take: Take, sent: str) -> None:
    headers = ("城市", "年份", "改造类别", "阶段", "小区数", "统计口径", "来源代码", "来源等级")
    outcome = take(
        "housing_renewal", text_of(headers, ("南昌市", 2024, "old_communities", "completed", sent, "城镇", *SOURCE))
    )
    assert outcome.errors == [(2, "communities", "incompatible_unit", sent)]


# --- damage -----------------------------------------------------------------------------------------------------


def test_36_a_damaged_name_of_a_city_is_a_reject(take: Take) -> None:
    forms = ("南chang昌市", "南\ue123昌市", "南?市", "??市", "\ufffd昌市")
    outcome = take("parks", parks(*map(park, forms)))
    assert outcome.errors == [(line, "city", "unknown_place", form) for line, form in enumerate(forms, start=2)]


def test_36_lost_and_private_characters_are_a_reject(take: Take) -> None:
    forms = ("春风行动\ue5e5招聘会", "春风行动??招聘会", "春风\ufffd动", "春风\x07行动")
    outcome = take("employment_events", text_of(FAIRS, *(fair("2026-02-05", form) for form in forms)))
    assert outcome.errors == [(line, "event", "text_damaged", form) for line, form in enumerate(forms, start=2)]


def test_36_junk_in_a_figure_is_a_reject(take: Take) -> None:
    outcome = take("parks", parks(park("南昌市", cover="43.jb5")))
    assert outcome.errors == [(2, COVER, "invalid_number", "43.jb5")]


@pytest.mark.parametrize("city", ["更多精彩请关注公众号", "扫码领取红包 http://example.com"])
def test_37_an_advertisement_is_no_city(take: Take, city: str) -> None:
    outcome = take("parks", parks(park(city), park("南昌市")))
    assert outcome.errors == [(2, "city", "unknown_place", city)]
    assert outcome.values("line", "city_code") == [(3, NANCHANG)]


def test_38_a_paraphrased_header_refuses_the_file(take: Take) -> None:
    headers = (*PARKS[:4], "建成区美化掩盖率", *PARKS[5:])
    outcome = take("parks", text_of(headers, park("南昌市")))
    assert outcome.refusals == [("unknown_header", "建成区美化掩盖率")]
    assert outcome.receipt.issues[0].expected == "建成区绿化覆盖率"


def test_38_a_paraphrased_indicator_is_a_reject(take: Take) -> None:
    row = ("南昌市", "美化掩盖率", 2024, 43.25, "%", "城区", *SOURCE)
    outcome = take("city_statistics", text_of(STATISTICS, row))
    assert outcome.errors == [(2, "indicator", "unknown_indicator_name", "美化掩盖率")]


# --- files ------------------------------------------------------------------------------------------------------


def test_41_files_of_other_programs_are_skipped_by_name(inbox: Inbox) -> None:
    for name in ("~$synthetic.xlsx", ".synthetic.csv", "synthetic.csv.part", "synthetic.xlsx.tmp"):
        inbox.put("parks", TWO, name)
    assert inbox.outcomes("parks") == {}


@pytest.mark.parametrize("name", ["synthetic.zip", "synthetic.rar", "synthetic.pdf", "synthetic.docx", "synthetic"])
def test_41_other_kinds_of_file_are_refused_by_name(take: Take, name: str) -> None:
    outcome = take("parks", b"PK\x03\x04 synthetic", name)
    assert [code for code, _ in outcome.refusals] == ["unsupported_file_type"]


def test_41_old_and_new_workbooks_lie_side_by_side(inbox: Inbox) -> None:
    inbox.put("parks", xls({"2024": [PARKS, park("南昌市")]}), "synthetic.xls")
    inbox.put("parks", xlsx({"2024": [PARKS, park("南昌市")]}), "synthetic.xlsx")
    outcomes = inbox.outcomes("parks")
    assert sorted(outcomes) == ["synthetic.xls", "synthetic.xlsx"]
    for outcome in outcomes.values():
        assert outcome.values("sheet", "line", "city_code", "year", AREA, COVER) == [
            ("2024", 2, NANCHANG, 2024.0, 12.5, 43.25)
        ]


@pytest.mark.parametrize("name", ["synthetic.xls", "synthetic.xlsx"])
def test_41_every_sheet_with_a_table_is_read(take: Take, name: str) -> None:
    sheets = {
        "2023": [PARKS, park("南昌市", 2023)],
        "说明": [["本簿为合成数字"]],
        "2024": [["表"], PARKS, park("南昌市")],
        "空": [],
    }
    outcome = take("parks", xls(sheets) if name.endswith("xls") else xlsx(sheets), name)
    assert outcome.values("sheet", "line", "year") == [("2023", 2, 2023.0), ("2024", 3, 2024.0)]
    assert outcome.notes("sheet_skipped") == [(None, "说明")]


def test_41_one_row_on_two_sheets_is_a_repeat(take: Take) -> None:
    sheets = {"甲": [PARKS, park("南昌市")], "乙": [PARKS, park("南昌市"), park("九江市")]}
    outcome = take("parks", xlsx(sheets), "synthetic.xlsx")
    assert outcome.counts == (2, 0, 1, 0, 0)
    assert [code for _, _, code, _ in outcome.errors] == ["duplicate_row"]


def test_42_zero_is_a_figure_and_not_nothing(take: Take) -> None:
    headers = (*NETWORKS, "易涝积水点数量", "来源代码", "来源等级")
    outcome = take(
        "pipe_networks", text_of(headers, ("南昌市", 2024, "城区", 0, *SOURCE), ("九江市", 2024, "城区", "", *SOURCE))
    )
    assert outcome.values("flood_points") == [(0.0,), (None,)]


def test_42_a_figure_that_cannot_be_below_zero_is_a_reject(take: Take) -> None:
    outcome = take("parks", parks(park("南昌市", area=-1), park("九江市", cover=101)))
    assert [errors[:3] for errors in outcome.errors] == [
        (2, AREA, "number_below_minimum"),
        (3, COVER, "number_above_maximum"),
    ]


def test_43_a_date_that_is_determined_is_read(take: Take) -> None:
    fifth = (
        "2026年2月5日",
        "20260205",
        "2026/2/5",
        "2026.2.5",
        "2026-02-05 00:00:00",
        "２０２６年２月５日",
        "46058",
        "46058.0",
    )
    days = {5: fifth, 2: ("2026年2月2日起", "2026年2月2日—5日", "2026年2月2日至2月5日")}
    rows = [fair(form, f"合成招聘会{form}") for forms in days.values() for form in forms]
    outcome = take("employment_events", text_of(FAIRS, *rows))
    assert outcome.values("date") == [(dt.date(2026, 2, day),) for day, forms in days.items() for _ in forms]


@pytest.mark.parametrize("cell", [dt.date(2026, 2, 5), dt.datetime(2026, 2, 5), 46058, "2026年2月5日"])
def test_43_a_date_of_excel_is_read(take: Take, cell: object) -> None:
    content = xlsx({"合成": [FAIRS, fair(cell)]})
    outcome = take("employment_events", content, "synthetic.xlsx")
    assert outcome.values("date") == [(dt.date(2026, 2, 5),)]


def test_43_a_date_that_is_not_determined_is_a_reject(take: Take) -> None:
    forms = ("11月2日—5日", "2月2日起", "2026年2月", "2026年2月30日", "上半年", "2026-13-01", "26.2.5")
    outcome = take("employment_events", text_of(FAIRS, *map(fair, forms)))
    assert outcome.errors == [(line, "date", "invalid_date", form) for line, form in enumerate(forms, start=2)]


def test_44_a_city_of_another_province_is_a_reject(take: Take) -> None:
    forms = ("长沙市", "福州市", "伊春市", "430100", "湖南省长沙市")
    outcome = take("parks", parks(park("南昌市"), *map(park, forms)))
    assert outcome.errors == [(line, "city", "unknown_place", form) for line, form in enumerate(forms, start=3)]
    assert outcome.values("line", "city_code") == [(2, NANCHANG)]
