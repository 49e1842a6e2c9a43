"""Cells: what is read is what was written, in every form of it, and what cannot be read is never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.intake.values import cell_parsers
from assets.intake.values.cell_parsers import (
    CellParseError,
    ParsedNumber,
    parse_boolean,
    parse_date,
    parse_number,
    parse_text,
    parse_year,
)
from assets.intake.values.gaps import GAP_REASONS, parse_gap

WIDE = str.maketrans("0123456789.,-%", "０１２３４５６７８９．，－％")
GAPS = [
    "",
    " ",
    "　",
    "-",
    "--",
    "—",
    "——",
    "──",
    "━",
    "ー",
    "⸺",
    "。。。",
    "–",
    "…",
    "……",
    "/",
    "N/A",
    "n/a",
    "NA",
    "无",
    "暂无",
    "没有",
    "Nil",
    "···",
    "———",
    "不详",
    "······",
    " 无　",
    "\u200b\u202f",
    "\ufeff-\u00a0",
]
HOSTILE = ["=cmd|' /C calc'!A0", "'; drop table typed; --", "<script>", "a\x00b", '"', "{actual}"]
YEARS = (2000, 2035)
numbers = st.builds(Decimal.scaleb, st.integers(-(10**12) + 1, 10**12 - 1).map(Decimal), st.integers(-12, 0))


def value(text: str) -> float | None:
    figure = parse_number(text)
    return None if figure is None else cell_parsers.to_number(figure.value)


def is_unreadable(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except CellParseError:
        return True
    return False


@settings(max_examples=300)
@given(numbers)
def test_a_number_of_up_to_twelve_digits_is_read_in_all_its_forms(sent: Decimal) -> None:
    plain, grouped = f"{sent:f}", f"{sent:,f}"
    for text in (plain, grouped, plain.translate(WIDE), grouped.translate(WIDE), f" {plain}　", plain.lstrip("+")):
        assert value(text) == float(sent)


@settings(max_examples=200)
@given(
    st.decimals(min_value=0, max_value=10**6, places=3, allow_nan=False), st.sampled_from(["万", "亿", "千", "百万"])
)
def test_a_chinese_multiplier_multiplies(sent: Decimal, word: str) -> None:
    times = {"万": 10**4, "亿": 10**8, "千": 10**3, "百万": 10**6}[word]
    figure = parse_number(f"{sent}{word}")
    assert figure == ParsedNumber(sent * times, None, None, is_scaled=True)


@settings(max_examples=300)
@given(st.text(st.sampled_from("0123456789.,+-eExX_ a٣²"), min_size=1, max_size=8))
def test_only_digits_with_one_point_and_commas_in_their_places_are_a_number(sent: str) -> None:
    shape = re.compile(r"[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?")
    try:
        figure = parse_number(sent)
    except CellParseError:
        figure = None
    is_plain = figure is not None and figure.unit is None and figure.qualifier is None and not figure.mark
    assert is_plain == bool(shape.fullmatch(sent.strip()))


@pytest.mark.parametrize("text", GAPS)
def test_a_gap_is_missing_and_never_zero(text: str) -> None:
    assert parse_number(text) is None
    assert parse_date(text) is None


@pytest.mark.parametrize("text", ["0", "0.0", "０", "-0"])
def test_zero_is_a_value(text: str) -> None:
    assert value(text) == 0


@pytest.mark.parametrize(
    "text",
    [
        *("1O.5", "12. 3", "2..04", "2..04%", "12.", ".5", "0x1F", "1_000", "1,00", "1,0000", "--1", "1;2"),
        *("1e5", "1E+05", "1.23457E+11", "(80)", "￥80", "80\n90", "80 90", "80-90", "八十", "٣", "²", "①", "共80"),
        *(
            "0,075",
            "012,345",
            "00,123",
            "12,3",
            ">12.3",
            "≥12",
            "<5",
            "12至13",
            "12~13",
            "12±0.1",
            "12.3(2022)",
            "######",
        ),
        *("‘12.3", "'12.3", "12 345", "12\u202f345", "\u202e5.21", "↑12.3", "3m24", "12.3(2)", "12.3[123]", "–12.3"),
        *(
            "约",
            "余",
            "80余多",
            "约1,00",
            "八十余",
            "80余\n90余",
            "1:",
            ":8",
            "1:0",
            "1:8:9",
            "12:3",
            "12:30",
            "#DIV/0!",
            "#REF!",
        ),
    ],
)
def test_what_is_no_number_is_not_read(text: str) -> None:
    assert is_unreadable(parse_number, text)


@pytest.mark.parametrize("text", ["inf", "-inf", "Infinity"])
def test_what_a_programmer_calls_a_number_is_none(text: str) -> None:
    assert is_unreadable(parse_number, text)


@pytest.mark.parametrize("text", ["9" * 309, "-" + "9" * 400, "1," + ",".join(["000"] * 110)])
def test_a_number_too_large_is_none_and_not_infinite(text: str) -> None:
    assert is_unreadable(value, text)


def test_the_noise_of_a_binary_fraction_is_no_digit() -> None:
    assert value("81.13000000000001") == 81.13
    assert value("0.30000000000000004") == 0.3


@pytest.mark.parametrize(
    ("text", "number", "qualifier", "unit"),
    [
        ("80", 80, None, None),
        ("80家", 80, None, "家"),
        ("80余家", 80, "at_least", "家"),
        ("８０余家", 80, "at_least", "家"),
        ("500多个", 500, "at_least", "个"),
        ("近千名", 1000, "about", "名"),
        ("超50", 50, "at_least", None),
        ("超过1,000人", 1000, "at_least", "人"),
        ("约3万", 30_000, "about", None),
        ("3万余人", 30_000, "at_least", "人"),
        ("20以上", 20, "at_least", None),
        ("20个以上", 20, "at_least", "个"),
        ("80左右", 80, "about", None),
        ("近1.5亿元", 150_000_000, "about", "元"),
        ("不足12户", 12, "under", "户"),
        ("约80余", 80, "about", None),
        ("12.5‰", 12.5, None, "‰"),
        ("１２．５％", 12.5, None, "%"),
        ("3.2公顷", 3.2, None, "公顷"),
        ("1:8", 0.125, None, ":"),
        ("1：8", 0.125, None, ":"),
        ("12.3m2", 12.3, None, "m²"),
        ("12.3 KM2", 12.3, None, "KM²"),
        ("12.3m3", 12.3, None, "m³"),
        ("12.3平方米／人", 12.3, None, "平方米/人"),
        ("12.3（公里）", 12.3, None, "公里"),
        ("12.3↑", 12.3, None, None),
        ("43.2%↓", 43.2, None, "%"),
        ("−12.3", -12.3, None, None),
        ("12\u200b.3\u202f", 12.3, None, None),
        ("7203.5 亿元", 720_350_000_000, None, "元"),
    ],
)
def test_a_number_is_read_with_its_qualifier_and_its_unit(
    text: str, number: float, qualifier: str | None, unit: str | None
) -> None:
    figure = parse_number(text)
    assert figure is not None
    assert (float(figure.value), figure.qualifier, figure.unit) == (number, qualifier, unit)


DATES = ("{0:%Y-%m-%d}", "{0:%Y/%m/%d}", "{0:%Y%m%d}", "{0:%Y年%m月%d日}", "{0.year}/{0.month}/{0.day}")
MORE_DATES = (
    *("{0.year}.{0.month}.{0.day}", "{0.year}年{0.month}月{0.day}日", "{0:%Y-%m-%d} 00:00:00", "{0:%Y-%m-%d}T09:30:00"),
    *("{0.year} 年 {0.month} 月 {0.day} 日", "{0.year}年{0.month}月{0.day}日（星期四）", "{0:%Y/%m/%d} 周日"),
    *("{0.year}年{0.month}月{0.day}日上午9时", "{0.year}年{0.month}月{0.day}日 9:00-11:30", "{0:%Y-%m-%d}\u200b"),
)
HAN = "〇一二三四五六七八九"


def in_han(day: date) -> str:
    """A day as official documents write it: 二〇二六年二月五日."""
    year = "".join(HAN[int(digit)] for digit in f"{day.year}")
    month, number = ("".join(_han_number(value)) for value in (day.month, day.day))
    return f"{year}年{month}月{number}日"


def _han_number(value: int) -> str:
    tens, units = divmod(value, 10)
    return ("" if tens == 0 else "十" if tens == 1 else f"{HAN[tens]}十") + (HAN[units] if units else "")


@settings(max_examples=200)
@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_a_date_is_read_in_all_its_forms(sent: date) -> None:
    for form in (*DATES, *MORE_DATES):
        text = form.format(sent)
        assert parse_date(text) == parse_date(text.translate(WIDE)) == sent
    assert parse_date(in_han(sent)) == parse_date(in_han(sent).replace("〇", "零")) == sent


@settings(max_examples=100)
@given(st.dates(date(2000, 1, 1), date(2035, 12, 31)))
def test_a_serial_of_excel_is_the_day_that_excel_shows(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    assert parse_date(f"{serial}", YEARS) == parse_date(f"{serial}.0", YEARS) == day


@pytest.mark.parametrize("text", ["26205", "25131", "20000", "99999", "35123"])
def test_five_digits_that_may_be_another_day_are_none(text: str) -> None:
    assert is_unreadable(lambda cell: parse_date(cell, YEARS), text)


@pytest.mark.parametrize("text", ["1971-09-29", "1999-12-31", "2036-01-01", "2206-02-05", "2062年2月5日"])
def test_a_day_outside_the_plausible_years_is_none(text: str) -> None:
    assert is_unreadable(lambda cell: parse_date(cell, YEARS), text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "2024",
            "2024年",
            "2024年度",
            "2024 年",
            "2024.0",
            "２０２４年",
            "FY2024",
            "fy 2024",
            "二〇二四年",
            "二零二四年",
        ),
        *("2024年末", "2024年底", "2024-12-31", "2024/12/31", "2024年12月31日", "2024-12-31 00:00:00", "2024\u200e"),
    ],
)
def test_a_year_is_read_in_all_its_forms(text: str) -> None:
    assert parse_year(text) == ParsedNumber(Decimal(2024))


@pytest.mark.parametrize(
    "text",
    [
        *("24", "'24", "2024E", "2024P", "2024e", "2023-2024", "2023—2024", "2023/2024", "2024上半年", "2024年上半年"),
        *(
            "2024年1-6月",
            "2024Q1",
            "2024年一季度",
            "2024-06-30",
            "2024-12",
            "2024年12月",
            "2024-01-01",
            "45657",
            "二四年",
        ),
        *("2024万", "2千", "约2024", "2024以上", "2024.5", "2024及以前", "2024-12-30", "2024-12/31", "20241231"),
    ],
)
def test_what_is_no_whole_year_is_not_read(text: str) -> None:
    assert is_unreadable(parse_year, text)


@pytest.mark.parametrize("text", ["", "-", "无"])
def test_a_missing_year_is_missing(text: str) -> None:
    assert parse_year(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "2026年11月2日—5日",
            "2026-11-02至2026-11-05",
            "2026年11月2日-11月5日",
            "2026年11月2日起",
            "2026年11月2日、5日",
        ),
        *(
            "2026年11月2日（周一）-5日",
            "2026年11月2日 至 2026年11月5日",
            "2026年11月2日、3日、4日",
            "自2026年11月2日起",
        ),
        *("2026-11-02T09:00:00+08:00", "2026-11-02 9:00 AM", "2026—11—02", "2026 11 02", "2026年11月2日\n星期一"),
        *("2026年11月2日晚", "截至2026年11月2日", "2026/11/2（一）", "2026年11月2日14:30—16:00"),
        *("2026年11月2、5日", "2026年11月2日和5日", "2026年11月2号至5号", "2026/11/2-5"),
    ],
)
def test_of_a_range_or_an_open_start_the_first_day_is_read(text: str) -> None:
    assert parse_date(text) == date(2026, 11, 2)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "11月2日—5日",
            "2月2日起",
            "11月2日",
            "2026-02",
            "2026",
            "2026-13-01",
            "05/02/2026",
            "2026-02-30",
            "2025-02-29",
        ),
        *("2026-00-01", "20260230", "26-02-05", "26/2/5", "5-2-20", "26年2月5日", "026-02-05", "0000-01-01", "2026115"),
        *("1600-01-01", "9999-01-01", "soon", "2026-02-051", "2026-02-05 24", "2026年2月5日前", "二〇二六年二月"),
        *("2026-02-05T16:00:00Z", "2026-02/05", "2026.0205", "2026-02-05-2026"),
        *("2026年2月5日（雨）", "2026.02.05.", "十一月二日", "2026年2月30日（星期一）"),
    ],
)
def test_a_date_that_is_not_determined_is_not_read(text: str) -> None:
    assert is_unreadable(parse_date, text)


def test_yes_and_no_are_read_and_nothing_else_is() -> None:
    assert [parse_boolean(text) for text in ("是", " TRUE ", "Yes", "1", "１", "有", "√")] == [True] * 7
    assert [parse_boolean(text) for text in ("否", "false", "NO", "0", "无", "×")] == [False] * 6
    assert [parse_boolean(text) for text in ("", "　")] == [None, None]
    assert all(is_unreadable(parse_boolean, text) for text in ("-", "y", "是的", "2", "不", "?"))


def test_a_text_loses_the_blanks_around_it_alone() -> None:
    assert [parse_text(text) for text in (" 甲 乙　", "\ufeff\u00a0a  b\r\n", "\tＡ\t", "无", " - ", " ")] == [
        *("甲 乙", "a  b", "Ａ", "无", "-", None)
    ]


@pytest.mark.parametrize("text", ["南昌\ufffd", "\ue5d2南昌", "南??市", "？？", "a\x00b", "a\x1fb"])
def test_a_text_with_lost_or_private_characters_is_not_read(text: str) -> None:
    assert is_unreadable(parse_text, text)


@pytest.mark.parametrize("text", ["是否达标?", "为什么？", "=1+1", "<script>", "'", "a|b"])
def test_a_question_or_a_sign_is_text(text: str) -> None:
    assert parse_text(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_no_figure_date_or_truth(text: str) -> None:
    assert all(is_unreadable(read, text) for read in (parse_number, parse_date, parse_boolean))


@settings(max_examples=300)
@given(st.text(max_size=15))
def test_any_text_is_read_or_unreadable(text: str) -> None:
    for read in (value, parse_date, parse_boolean, parse_text):
        is_unreadable(read, text)
    if not any(character.isdigit() for character in text) and not re.search("[十百千万亿]", text):
        assert is_unreadable(value, text) or value(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("不适用", "not_applicable"),
        ("（不适用）", "not_applicable"),
        (" 未统计\u200b", "not_collected"),
        ("未开展", "not_carried_out"),
        ("保密", "confidential"),
        ("暂缺", "pending"),
        ("不足最小单位", "below_unit"),
        ("*", "unexplained"),
        ("×", "unexplained"),
        ("零报告", "confirmed_zero"),
        ("依法不予公开", "confidential"),
        ("数据待核实", "pending"),
        ("正在统计", "pending"),
        ("暂未统计", "pending"),
        ("缺", "pending"),
        ("未纳入统计范围", "not_collected"),
        ("未开展统计", "not_collected"),
        ("尚未开展", "not_carried_out"),
        ("本市不涉及", "not_applicable"),
        ("不足本表最小单位数", "below_unit"),
        ("***", "unexplained"),
    ],
)
def test_a_reason_for_a_gap_is_read(text: str, reason: str) -> None:
    assert parse_gap(text) == reason
    assert reason in GAP_REASONS


@pytest.mark.parametrize(
    "text",
    ["", "-", "无", "0", "12.3", "不足12", "未统计2个", "保密，详见附件", "1*", "……", "x", "缺1", "零", "零报告但有一"],
)
def test_other_texts_give_no_reason(text: str) -> None:
    assert parse_gap(text) is None


@settings(max_examples=300)
@given(
    st.text(st.sampled_from("0123456789.,，。%‰万亿千百余约近-－—~至年月日:/（）()m²2 \u200b\u202f'‘*#↑"), max_size=9)
)
def test_a_number_has_the_digits_that_a_person_sees(text: str) -> None:
    """Every digit of a text that is read as a number is one of the number, in the same order."""
    try:
        number = parse_number(text)
    except CellParseError:
        return
    if number is None or number.unit == ":":
        return
    seen = text.translate(str.maketrans("，", ",", "\u200b, \u202f")).replace("，", "")
    digits = re.search(r"[0-9]+(?:[.][0-9]+)?", seen)
    assert digits is None or Decimal(digits[0]) == abs(number.value) or number.is_scaled
    rest = re.sub(r"(?i)m[23²]", "", seen[digits.end() :] if digits else "")
    assert not re.search("[0-9]", rest)
