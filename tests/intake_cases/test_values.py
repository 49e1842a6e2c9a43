"""Cells as offices write them: labels, names, sources of their own, reasons for gaps, invisible characters."""

from __future__ import annotations

import json

import pytest

from tests.builders.inbox import Take
from tests.builders.intake_files import PARKS, SOURCE, STATISTICS, park, parks, text_of, xls, xlsx

AREA, COVER = "park_area_per_capita_m2", "green_coverage_pct"
RENEWAL = ("城市", "年份", "更新类别", "阶段", "小区数", "户数", "来源代码", "来源等级", "口径")


def renewal(programme: str, stage: str, *, source: tuple[str, str] = SOURCE, scope: str = "城镇") -> tuple[object, ...]:
    return ("南昌市", 2024, programme, stage, 137, 33735, *source, scope)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "xls"])
@pytest.mark.parametrize(
    ("programme", "stage", "values"),
    [
        ("城镇老旧小区改造", "完成", ("old_communities", "completed")),
        ("老旧小区", "计划开工", ("old_communities", "planned_start")),
        ("加装电梯", "已完成", ("elevators", "completed")),
        ("old_communities", "Planned", ("old_communities", "planned")),
    ],
)
def test_64_chinese_labels_stand_for_allowed_values(
    take: Take, kind: str, programme: str, stage: str, values: tuple[str, str]
) -> None:
    rows = (RENEWAL, renewal(programme, stage))
    content = {"csv": text_of(*rows).encode(), "xlsx": xlsx({"表": rows}), "xls": xls({"表": rows})}[kind]
    assert take("housing_renewal", content, f"synthetic.{kind}").values("programme", "stage") == [values]


def test_64_an_unknown_label_is_a_reject_that_lists_the_labels(take: Take) -> None:
    outcome = take("housing_renewal", text_of(RENEWAL, renewal("老旧小区改造提升", "验收")))
    assert [error[1:3] for error in outcome.errors] == [
        ("programme", "value_not_allowed"),
        ("stage", "value_not_allowed"),
    ]
    assert outcome.rejects[1]["expected"] == "存量、计划、计划开工、计划完工、开工、完成"


@pytest.mark.parametrize("scope", ["中心城区", "市本级", "主城区"])
def test_64_another_scope_is_a_reject_with_the_allowed_words(take: Take, scope: str) -> None:
    outcome = take("parks", parks(park("南昌市", scope=scope)))
    assert outcome.errors == [(2, "scope", "value_not_allowed", scope)]
    assert "全市、市区、市辖区、城区、建成区、县城" in outcome.rejects[0]["remedy_zh"]


@pytest.mark.parametrize("name", ["地区生产总值", "Gross domestic product", "city_statistics.gdp_100m_yuan"])
def test_64_an_indicator_is_known_by_its_names(take: Take, name: str) -> None:
    rows = (
        ("南昌市", name, 2024, "7203.5亿元", "亿元", "全市", *SOURCE),
        ("九江市", name, 2024, 3700.1, "", "全市", *SOURCE),
    )
    outcome = take("city_statistics", text_of(STATISTICS, rows[0]))
    assert outcome.values("indicator", "value") == [("city_statistics.gdp_100m_yuan", 7203.5)]


def test_64_an_unknown_indicator_or_unit_is_called_so(take: Take) -> None:
    rows = [
        ("南昌市", "地区生厂总值", 2024, 1, "亿元", "全市", *SOURCE),
        ("南昌市", "地区生产总值", 2024, 1, "亿圆", "全市", *SOURCE),
    ]
    outcome = take("city_statistics", text_of(STATISTICS, *rows))
    assert outcome.errors == [
        (2, "indicator", "unknown_indicator_name", "地区生厂总值"),
        (3, "unit", "unknown_unit", "亿圆"),
    ]
    assert [row["expected"] for row in outcome.rejects] == ["地区生产总值", "亿元"]


@pytest.mark.parametrize(
    ("source", "grade", "expected"),
    [
        ("中国城市建设统计年鉴", "A", ("mohurd_yearbook", "A", None)),
        ("China Urban Construction Statistical Yearbook", "正式文本", ("mohurd_yearbook", "A", None)),
        ("mohurd_yearbook", "", ("mohurd_yearbook", "C", None)),
        ("市园林局2024年统计年报", "A", ("sender", "C", "市园林局2024年统计年报")),
        ("市园林局2024年统计年报", "", ("sender", "C", "市园林局2024年统计年报")),
        ("", "", ("sender", "C", "")),
        ("无", "B", ("sender", "C", "无")),
    ],
)
def test_64_a_source_is_known_by_its_name_or_is_the_sender_s_own(
    take: Take, source: str, grade: str, expected: tuple[str, str, str | None]
) -> None:
    outcome = take("parks", text_of(PARKS, ("南昌市", 2024, "城区", 12.5, 43.25, source, grade)))
    assert outcome.values("source_id", "source_grade", "source_text") == [expected]
    assert len(outcome.notes("own_source")) == (expected[0] == "sender")


def test_64_a_file_needs_no_columns_of_a_source(take: Take) -> None:
    outcome = take("parks", text_of(PARKS[:5], park("南昌市")[:5]))
    assert outcome.values("city_code", AREA, "source_id", "source_grade") == [("360100", 12.5, "sender", "C")]
    assert outcome.notes("own_source") == [(None, "- (1)")]


@pytest.mark.parametrize("source", ["mohurd_yearbok", "yearbook2024", "123"])
def test_64_a_slip_in_a_code_is_no_source(take: Take, source: str) -> None:
    outcome = take("parks", text_of(PARKS, ("南昌市", 2024, "城区", 12.5, 43.25, source, "A")))
    assert outcome.errors == [(2, "source_id", "unknown_reference", source)]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "xls"])
def test_65_a_reason_for_a_gap_is_kept_beside_the_other_figures(take: Take, kind: str) -> None:
    rows = (PARKS, park("南昌市", area="不适用"), park("九江市", cover="（保密）"), park("新余市", area="", cover="-"))
    content = {"csv": text_of(*rows).encode(), "xlsx": xlsx({"表": rows}), "xls": xls({"表": rows})}[kind]
    outcome = take("parks", content, f"synthetic.{kind}")
    reasons = [row["gap_reasons"] for row in outcome.rows]
    assert [json.loads(text) if text else None for text in reasons] == [
        {AREA: "not_applicable"},
        {COVER: "confidential"},
        None,
    ]
    assert outcome.values(AREA, COVER) == [(None, 43.25), (12.5, None), (None, None)]
    assert [text for _, text in outcome.notes("gap_reason")] == ["不适用 (1)", "（保密） (1)"]


def test_65_a_report_of_zero_is_a_zero(take: Take) -> None:
    outcome = take(
        "housing_renewal", text_of(RENEWAL, ("南昌市", 2024, "老旧小区", "完成", "零报告", "未统计", *SOURCE, "城镇"))
    )
    assert outcome.values("communities", "households") == [(0, None)]
    assert json.loads(outcome.rows[0]["gap_reasons"]) == {
        "communities": "confirmed_zero",
        "households": "not_collected",
    }


def test_65_a_reason_is_enough_where_a_figure_is_required(take: Take) -> None:
    row = ("南昌市", "地区生产总值", 2024, "尚未公布", "亿元", "全市", *SOURCE)
    outcome = take("city_statistics", text_of(STATISTICS, row))
    assert (outcome.errors, outcome.values("value")) == ([], [(None,)])


@pytest.mark.parametrize(
    "mark", ["\u200b", "\u200e", "\u00ad", "\u2060", "\u202f", "\u00a0", "\ufeff", "\u2066", "\u200d"]
)
def test_58_invisible_characters_are_removed_and_counted(take: Take, mark: str) -> None:
    headers = (*PARKS[:3], f"{PARKS[3]}{mark}", *PARKS[4:])
    content = text_of(
        headers, park(f"南昌市{mark}", f"2024{mark}"), park("九江市", area=f"14.1{mark}", scope=f"{mark}城区")
    )
    outcome = take("parks", content)
    assert outcome.values("city_code", "year", AREA, "scope") == [
        ("360100", 2024, 12.5, "城区"),
        ("360400", 2024, 14.1, "城区"),
    ]
    assert outcome.notes("invisible_removed") == [(None, f"U+{ord(mark):04X} (5)")]


def test_58_digits_in_another_order_than_seen_are_no_figure(take: Take) -> None:
    assert take("parks", parks(park("南昌市", area="\u202e5.21\u202c"))).errors[0][2] == "invalid_number"


@pytest.mark.parametrize("mark", ["①", "*", "＊", "†", "※", " ②", "[1]", "【2】", "（注1）", "注1", "¹", "**"])
def test_51_the_mark_of_a_footnote_is_no_part_of_a_figure(take: Take, mark: str) -> None:
    outcome = take("parks", parks(park("南昌市", area=f"12.5{mark}"), park("九江市", area=f"12.5平方米/人{mark}")))
    # A raised digit behind a unit may be its power.
    assert outcome.values("park_area_per_capita_m2") == ([(12.5,)] if mark == "¹" else [(12.5,), (12.5,)])
    shown = mark.strip().replace("（", "(").replace("）", ")")
    assert [text for _, text in outcome.notes("footnote_mark")] == [f"{shown} ({1 if mark == '¹' else 2})"]


@pytest.mark.parametrize(
    "note", ["② 含新区", "②含新区", "[2]不含临空区", "【注2】初步数", "†为初步统计数", "² 含新区的公园"]
)
def test_51_the_text_of_a_footnote_is_a_note_below_the_table(take: Take, note: str) -> None:
    outcome = take("parks", parks(park("南昌市", area="12.5②")) + f"{note}\n")
    assert outcome.values("park_area_per_capita_m2") == [(12.5,)]
    assert outcome.rejects == []
    assert outcome.notes("footnote") == [(3, note)]


@pytest.mark.parametrize("row", ["②,2024,城区", "[2]", "②12.5", "南昌市②"])
def test_51_a_row_of_data_that_begins_with_a_mark_is_no_note(take: Take, row: str) -> None:
    outcome = take("parks", parks(park("南昌市")) + f"{row}\n")
    assert outcome.notes("footnote") == []
    assert len(outcome.rejects) >= 1


@pytest.mark.parametrize(
    "sent", ["10³", "12.5(2)", "12.5#", "①12.5", "12.5^2", "12.5平方米²", "1'20", "1'2000", "0'200"]
)
def test_51_what_may_be_more_than_the_mark_of_a_footnote_is_rejected(take: Take, sent: str) -> None:
    outcome = take("parks", parks(park("南昌市", area=sent)))
    assert [error[1] for error in outcome.errors] == ["park_area_per_capita_m2"]


@pytest.mark.parametrize(
    ("sent", "value"), [("1'200", 1200), ("1’200.5", 1200.5), ("1'234'567", 1234567), ("—①", None)]
)
def test_51_apostrophes_separate_thousands(take: Take, sent: str, value: float | None) -> None:
    rows = [("城市", "年份", "统计口径", "绿道长度"), ("南昌市", 2023, "城区", sent)]
    assert take("parks", text_of(*rows)).values("greenway_length_km") == [(value,)]


@pytest.mark.parametrize(
    "sent",
    [
        "南昌市*",
        "南昌市＊",
        "*南昌市",
        "南昌市†",
        "南昌市[1]",
        "南昌市（1）",
        "南昌市注2",
        "南昌市①",
        "南昌市#",
        "360100*",
    ],
)
def test_51_the_mark_of_a_footnote_is_no_part_of_a_place(take: Take, sent: str) -> None:
    assert take("parks", parks(park(sent))).values("city_code") == [("360100",)]
    assert take("parks", parks(park("南昌市1"))).errors == [(2, "city", "unknown_place", "南昌市1")]


@pytest.mark.parametrize(
    "header", ["绿道长度①", "绿道长度①（公里）", "绿道长度（公里）[1]", "绿道长度（注1）", "绿道长度†"]
)
def test_51_the_mark_of_a_footnote_is_no_part_of_a_header(take: Take, header: str) -> None:
    rows = [("城市*", "年份", "统计口径", header, "备注"), ("南昌市", 2023, "城区", 12.5, "")]
    assert take("parks", text_of(*rows)).values("greenway_length_km") == [(12.5,)]


def test_66_signs_of_a_narrow_column_are_told_from_other_texts(take: Take) -> None:
    outcome = take("parks", parks(park("南昌市", area="####"), park("九江市", cover="######")))
    assert [error[2] for error in outcome.errors] == ["column_too_narrow", "column_too_narrow"]
