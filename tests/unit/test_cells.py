"""Cells: in every form what was written, nothing where nothing is, and no guess where a person must look."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.intake.cells import Figure, Unreadable, number, read_boolean, read_date, read_figure, read_text

WIDE = str.maketrans("0123456789.,-+%:", "０１２３４５６７８９．，－＋％：")
QUICK = settings(max_examples=60, deadline=None)
TWELVE_DIGITS = st.builds(Decimal.scaleb, st.integers(-(10**12) + 1, 10**12 - 1).map(Decimal), st.integers(-12, 0))
ZEROS = {"十": 1, "百": 2, "千": 3, "万": 4, "百万": 6, "千万": 7, "亿": 8, "万亿": 12}


# --- numbers --------------------------------------------------------------------------------------------------------


@QUICK
@given(TWELVE_DIGITS)
def test_a_number_of_up_to_twelve_digits_is_read_in_all_its_forms(sent: Decimal) -> None:
    for text in (f"{sent:f}", f"{sent:,f}"):
        for form in (text, text.translate(WIDE), f" {text}　", f"\ufeff{text}\u00a0", f"\t{text}\r\n"):
            assert read_figure(form) == Figure(sent)
        assert number(sent) == float(sent)


@QUICK
@given(
    TWELVE_DIGITS, st.sampled_from([("十", 1), ("百", 2), ("千", 3), ("万", 4), ("百万", 6), ("亿", 8), ("万亿", 12)])
)
def test_a_number_in_wan_or_yi_is_so_many_ones(sent: Decimal, times: tuple[str, int]) -> None:
    word, zeros = times
    for text in (f"{sent.scaleb(-zeros):f}{word}", f"{sent.scaleb(-zeros):f} {word}".translate(WIDE)):
        figure = read_figure(text)
        assert figure == Figure(sent, is_scaled=True)


@QUICK
@given(TWELVE_DIGITS, st.sampled_from(["%", "‰", "平方米", "㎡", "公里/平方公里", "万元/人", "个百分点"]))
def test_the_unit_behind_a_number_is_told_and_not_counted_in(sent: Decimal, unit: str) -> None:
    wan, rest = ("万", unit.removeprefix("万")) if unit.startswith("万") else ("", unit)
    for text in (f"{sent:f}{unit}", f"{sent:,f} {unit}", f"{sent:f}{unit}".translate(WIDE)):
        figure = read_figure(text)
        assert figure is not None
        assert (figure.value, figure.unit) == (sent * (10_000 if wan else 1), rest)


@QUICK
@given(st.text(st.sampled_from("0123456789.,+-_ ٣²"), min_size=1, max_size=8))
def test_only_digits_with_one_point_and_commas_in_their_places_are_a_number(text: str) -> None:
    shape = re.compile(r"[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?")
    try:
        figure = read_figure(text)
    except Unreadable:
        figure = None
    is_plain = figure is not None and figure.unit is None
    assert is_plain == bool(shape.fullmatch(text.strip()))


@pytest.mark.parametrize(
    "text",
    [
        *("1O.5", "12. 3", "2..04", "2..04%", "12.", ".5", "0x1F", "1_000", "1,00", "1,0000", "--1", "1;2", "1.2.3"),
        *("(80)", "￥80", "共80", "80\n90", "80 90", "80-90", "80余\n90余", "约1,00", "inf", "-inf", "Infinity", "x"),
        *("80余多", "80余万余", "余", "约", "万", "八十", "八十余", "①", "²", "٣", "1:0", "0:0", "1:", ":8", "1:8%"),
        *("=1+1", "=cmd|' /C calc'!A0", "'; drop table typed; --", "<script>", '"', "{found}", "a\x00b"),
    ],
)
def test_what_is_no_number_is_not_read(text: str) -> None:
    with pytest.raises(Unreadable):
        read_figure(text)


MISSING = ("-", "--", "—", "——", "–", "…", "……", "…… ", "/", "N/A", "n/a", "NA", "无", "暂无", " 无　")


@pytest.mark.parametrize("text", [*MISSING, "\ufeff-\u00a0", "", " ", "\u3000", "#N/A", "NULL", "无数据", "－"])
@pytest.mark.parametrize("read", [read_figure, read_date])
def test_a_missing_marker_is_missing_and_never_zero(read: Callable[[str], object], text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize("text", ["0", "0.0", "０", "-0", "0%"])
def test_zero_is_a_value(text: str) -> None:
    figure = read_figure(text)
    assert figure is not None
    assert figure.value == 0


@pytest.mark.parametrize(
    ("text", "value", "qualifier", "unit"),
    [
        ("80", 80, None, None),
        ("80家", 80, None, "家"),
        ("80余", 80, "at_least", None),
        ("８０余家", 80, "at_least", "家"),
        ("500多个", 500, "at_least", "个"),
        ("超过1,000人", 1000, "at_least", "人"),
        ("超50", 50, "at_least", None),
        ("逾3万人", 30_000, "at_least", "人"),
        ("至少5", 5, "at_least", None),
        ("上千人", 1000, "at_least", "人"),
        ("20以上", 20, "at_least", None),
        ("3万余人", 30_000, "at_least", "人"),
        ("3余万人", 30_000, "at_least", "人"),
        ("近千名", 1000, "about", "名"),
        ("近1.5", Decimal("1.5"), "about", None),
        ("约3万", 30_000, "about", None),
        ("大约 80 家", 80, "about", "家"),
        ("约80余", 80, "about", None),
        ("80左右", 80, "about", None),
        ("80家左右", 80, "about", "家"),
        ("不足12户", 12, "under", "户"),
        ("不到百人", 100, "under", "人"),
        ("100人以内", 100, "under", "人"),
        ("1:8", Decimal("0.125"), None, ":"),
        ("１：８", Decimal("0.125"), None, ":"),
        ("约1:8", Decimal("0.125"), "about", ":"),
        ("1.5E+3", 1500, None, None),
    ],
)
def test_an_approximate_number_is_read_with_its_qualifier(
    text: str, value: Decimal | int, qualifier: str | None, unit: str | None
) -> None:
    figure = read_figure(text)
    assert figure is not None
    assert (figure.value, figure.qualifier, figure.unit) == (value, qualifier, unit)


@pytest.mark.parametrize(("text", "value"), [("81.13000000000001", 81.13), ("0.30000000000000004", 0.3)])
def test_the_noise_of_a_binary_fraction_is_no_precision(text: str, value: float) -> None:
    figure = read_figure(text)
    assert figure is not None
    assert number(figure.value) == value


@pytest.mark.parametrize("text", ["9" * 309, "9" * 400, "-" + "9" * 400, "1," + ",".join(["000"] * 110)])
def test_a_number_too_large_is_none_and_not_infinite(text: str) -> None:
    figure = read_figure(text)
    assert figure is not None
    with pytest.raises(Unreadable):
        number(figure.value)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=15))
def test_any_text_is_read_or_refused_and_nothing_else_happens(text: str) -> None:
    for read in (read_figure, read_date, read_boolean, read_text):
        try:
            read(text)
        except Unreadable:
            continue


@QUICK
@given(st.text(st.sampled_from("abO万亿十约近余多-: ％年月日"), max_size=8))
def test_without_a_digit_there_is_a_number_only_in_so_many_words(text: str) -> None:
    try:
        figure = read_figure(text)
    except Unreadable:
        return
    assert figure is None or (figure.qualifier is not None and figure.is_scaled)


# --- dates ----------------------------------------------------------------------------------------------------------

FORMS = (
    "{0:%Y-%m-%d}",
    "{0:%Y/%m/%d}",
    "{0:%Y.%m.%d}",
    "{0:%Y%m%d}",
    "{0:%Y年%m月%d日}",
    "{0.year}/{0.month}/{0.day}",
    "{0.year}.{0.month}.{0.day}",
    "{0.year}年{0.month}月{0.day}日",
    "{0:%Y-%m-%d} 00:00:00",
    "{0:%Y-%m-%d}T00:00",
    "{0.year}年{0.month}月{0.day}日起",
    "{0.year}年{0.month}月{0.day}日—28日",
    "{0:%Y-%m-%d}至{0:%Y-%m-%d}",
)


@QUICK
@given(st.dates(dt.date(1900, 1, 1), dt.date(2200, 12, 31)), st.sampled_from(FORMS))
def test_a_date_is_read_in_all_its_forms(sent: dt.date, form: str) -> None:
    for text in (form.format(sent), form.format(sent).translate(WIDE), f" {form.format(sent)}　"):
        assert read_date(text) == sent


@QUICK
@given(st.dates(dt.date(1954, 10, 4), dt.date(2173, 10, 13)))
def test_a_serial_of_excel_is_the_day_that_it_counts(sent: dt.date) -> None:
    serial = (sent - dt.date(1899, 12, 30)).days
    assert [read_date(text) for text in (str(serial), f"{serial}.0")] == [sent, sent]


@pytest.mark.parametrize(
    "text",
    [
        *("11月2日", "11月2日—5日", "2月2日起", "2026-02", "2026", "2026年2月", "2026-13-01", "05/02/2026", "12345678"),
        *("2026-02-30", "2025-02-29", "2026-00-01", "20260230", "2026115", "0000-01-01", "1899-12-31", "2201-01-01"),
        *("26-02-05", "26/2/5", "5-2-20", "1-2-3", "26年2月5日", "026-02-05"),
        *("2026-02-05 13:30", "2026-02-05左右", "2026/02-05", "45693.5", "19999", "123456", "soon", "a\x00b"),
    ],
)
def test_a_date_that_is_not_determined_is_not_read(text: str) -> None:
    with pytest.raises(Unreadable):
        read_date(text)


# --- yes or no, text ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "value"),
    [
        (("是", " TRUE ", "Yes", "1", "１", "有", "√"), True),
        (("否", "false", "NO", "0", "０", "无", "×"), False),
        (("", " ", "\u3000"), None),
    ],
)
def test_yes_and_no_are_read(texts: tuple[str, ...], value: bool | None) -> None:
    assert [read_boolean(text) for text in texts] == [value] * len(texts)


@pytest.mark.parametrize("text", ["?", "-", "y", "是的", "2", "不", "=1", "a\x00b"])
def test_what_is_neither_yes_nor_no_is_not_read(text: str) -> None:
    with pytest.raises(Unreadable):
        read_boolean(text)


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("甲 乙　", "甲 乙"),
        ("\ufeff\u00a0a  b\r\n", "a  b"),
        ("\tＡ\t", "Ａ"),
        ("无", "无"),
        (" - ", "-"),
        ("", None),
        ("\u3000", None),
        ("为什么?", "为什么?"),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("<script>", "<script>"),
        ("{found}", "{found}"),
        ("一\n二", "一\n二"),
    ],
)
def test_a_text_loses_the_blanks_around_it_alone(sent: str, text: str | None) -> None:
    assert read_text(sent) == text


@pytest.mark.parametrize("text", ["南??", "南？？", "?？", "\ufffd", "a\ue000b", "\uf8ff", "a\x00b", "\x1f", "\x7f"])
def test_a_text_with_lost_characters_is_not_read(text: str) -> None:
    with pytest.raises(Unreadable):
        read_text(text)
