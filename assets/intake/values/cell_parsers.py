"""Parsers of one cell: number with qualifier and unit, year, date, boolean, text.

Here: one parser per type, from text to value. Not here: columns (assets.intake.rows.validator), places
(assets.intake.values.places), units (assets.intake.values.units), reasons for a missing figure
(assets.intake.values.gaps).

Every parser returns None for a missing value and raises CellParseError where a person must decide: a letter O is never
taken for a zero.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from assets.core.text import BLANKS, remove_invisible, split_footnote_mark
from assets.intake.values.units import MULTIPLIERS

Qualifier = Literal["at_least", "about", "under"]

_WIDE = str.maketrans("０１２３４５６７８９．，－＋％（）：／　﹣−", "0123456789.,-+%():/ --")
MISSING = frozenset(
    (
        *("n/a", "n.a.", "na", "nan", "nil", "none", "null", "#n/a"),
        *("无", "没有", "暂无", "无数据", "暂无数据", "空", "缺失", "不详", "未知"),
    )
)
# A dash is whatever looks like one: also lines of a box, and the long vowel of Japanese input.
MISSING_SIGNS = re.compile(r"[-－−‐‑‒–—―⸺⸻─━﹘ーｰ…⋯·•]+|/+|\.{3,}|。{3,}")
_BEFORE: dict[str, Qualifier] = {
    "近": "about", "约": "about", "大约": "about", "超": "at_least", "超过": "at_least", "逾": "at_least",
    "至少": "at_least", "上": "at_least", "不足": "under", "不到": "under",
}  # fmt: skip
_AFTER: dict[str, Qualifier] = {
    "余": "at_least", "多": "at_least", "以上": "at_least", "左右": "about", "上下": "about", "以内": "under",
}  # fmt: skip
# A group before a comma does not begin with zero: 0,075 is a slip for 0.075, not 75.
_DIGITS = r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?"
# In Switzerland, and where a keyboard has no comma: 1'234'567.
_APOSTROPHES_OF_THOUSANDS = re.compile(r"(?<![0-9.,])[1-9][0-9]{0,2}(?:['’][0-9]{3})+(?![0-9'’,])")
# Whether the figure rose or fell, behind it.
_ARROWS = "↑↓▲▼△▽"
_RAISED = tuple("¹²³⁰⁴⁵⁶⁷⁸⁹")
_SQUARE = re.compile(r"(?i)(?<![a-z])([kch]?m)([23])(?![0-9])")
_BRACKETS = "()[]【】〔〕"
_NUMBER = re.compile(
    rf"(?P<before>{'|'.join(sorted(_BEFORE, key=len, reverse=True))})?\s?"
    rf"(?P<sign>[+-])?(?P<digits>{_DIGITS})?(?::(?P<to>{_DIGITS}))?"
    rf"(?P<more>[余多])?\s?(?:(?P<times>万亿|亿|[十百千]?万|[十百千])(?P<again>[余多])?)?\s?"
    rf"(?P<unit>(?!{'|'.join(_AFTER)})[^\s0-9.,:+-][^0-9.,:+]{{0,15}}?)?"
    rf"(?P<after>{'|'.join(sorted(_AFTER, key=len, reverse=True))})?"
)
_TIMES = {"十": 10, **MULTIPLIERS}
# Excel and every double keep 15 digits; the digits after them are noise of the binary fraction.
_SIGNIFICANT_DIGITS = 15

_YEAR = re.compile(r"(?:fy\s?)?([0-9]{4})(?:\.0+)?\s?(?:年度?|财年|年末|年底|全年)?", re.IGNORECASE)
# Annual figures are often dated by the end of their year; any other day is not certain to mean the year.
_LAST_DAY = re.compile(r"([0-9]{4})(?:([-/.])12\2|年12月)31日?(?:[T ]00:00(?::00(?:\.0+)?)?)?")

_DATE = re.compile(
    r"(?:自|从|截[至止]到?)?(?P<year>[0-9]{4})(?:(?P<sign>[-–—/. ])(?P<m1>[0-9]{1,2})(?P=sign)(?P<d1>[0-9]{1,2})"
    r"|年(?P<m2>[0-9]{1,2})月(?P<d2>[0-9]{1,2})[日号]?|(?P<m3>[0-9]{2})(?P<d3>[0-9]{2}))"
    r"(?P<rest>(?:(?<=[日号])|(?![0-9])).*)",
    re.DOTALL,
)
_SPACES_IN_DATE = re.compile(r"(?<=[0-9])\s+(?=[年月日号/.-])|(?<=[年月/.-])\s+(?=[0-9])")
# A time, a weekday, a later day of the same event, or "from this day on": the first day is certain. A time of another
# zone is not among them, because there it may be another day. Without limits a search takes longer with each part.
_TIME = r"[0-9]{1,2}(?::[0-9]{2}){1,2}(?:\.[0-9]+)?|[0-9]{1,2}[时点](?:[0-9]{1,2}分|半|整)?"
_WEEKDAY = r"[(（]?(?:星期|周|礼拜)[一二三四五六日天][)）]?|[(（][一二三四五六日][)）]"
_PART_OF_DAY = r"上午|下午|早上|中午|晚上?|全天|[aApP][mM]|\+08:00"
_LATER_DAY = r"[-—–~、,和及至到]+\s*(?:[0-9]{4}[-/.年])?(?:[0-9]{1,2}[-/.月])?[0-9]{1,2}[日号]?"
_REST = re.compile(rf"T?(?:\s*(?:[-—–~至到]?\s*(?:{_TIME})|{_WEEKDAY}|{_PART_OF_DAY}|{_LATER_DAY}|起|开始)){{0,12}}")
_MAX_REST = 80
_SERIAL = re.compile(r"([2-9][0-9])([0-9])([0-9]{2})(?:\.0+)?")
_SERIAL_EPOCH = dt.date(1899, 12, 30)
PLAUSIBLE_YEARS = (1900, 2200)
_HAN_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_HAN_DATE = re.compile(
    r"([〇零○一二三四五六七八九]{4})年(?:([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})[日号])?"
)

YES = ("是", "true", "yes", "1", "有", "√")
NO = ("否", "false", "no", "0", "无", "×")

# Replaced characters, private ones of a font, and control codes.
_DAMAGED = re.compile("[\ufffd\ue000-\uf8ff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[?？]{2,}")


class CellParseError(ValueError):
    """The cell is not empty, and its text is no value of the type."""


@dataclass(frozen=True, slots=True)
class ParsedNumber:
    """A number as written: `unit` is the text after it, `is_scaled` whether 万 or the like is included in `value`.

    `mark` is that of a footnote behind it.
    """

    value: Decimal
    qualifier: Qualifier | None = None
    unit: str | None = None
    is_scaled: bool = False
    mark: str = ""


def parse_text(cell: str) -> str | None:
    """Return the text without blanks around it; raise CellParseError where characters are damaged."""
    text = cell.strip(BLANKS)
    if _DAMAGED.search(text):
        raise CellParseError(text)
    return text or None


def parse_number(cell: str) -> ParsedNumber | None:
    """Return a number: 1,234.5 · 1'234 · １２．３ · 120① · 3万 · 12.5‰ · 12.3m2 · 80余家 · 近千名 · 1:8."""
    text, mark = split_footnote_mark(_to_plain(cell))
    if is_missing(text):
        return None
    # 10³ may be a power.
    if mark.startswith(_RAISED) and text.endswith("10"):
        raise CellParseError(text + mark)
    number = _APOSTROPHES_OF_THOUSANDS.sub(lambda digits: re.sub("['’]", "", digits[0]), text.rstrip(_ARROWS))
    match = _NUMBER.fullmatch(_SQUARE.sub(lambda unit: unit[1] + "²³"[int(unit[2]) - 2], number))
    if match is None:
        raise CellParseError(text)
    return ParsedNumber(_value(match), _qualifier(match), _unit(match), bool(match["times"]), mark)


def _to_plain(cell: str) -> str:
    """The text in half width, without blanks around it and without invisible characters."""
    return remove_invisible(cell).strip(BLANKS).translate(_WIDE)


def is_missing(text: str) -> bool:
    """Return whether a text only says that there is no value."""
    return not text or text.lower() in MISSING or MISSING_SIGNS.fullmatch(text) is not None


def _value(match: re.Match[str]) -> Decimal:
    digits, times = match["digits"], match["times"] or ""
    if digits is None and not (match["before"] and times):
        raise CellParseError(match.string)
    try:
        value = Decimal((match["sign"] or "") + (digits or "1").replace(",", ""))
        if match["to"]:
            # 12:3 is a slip for 12.3.
            if "1" not in (digits, match["to"]):
                raise CellParseError(match.string)
            value /= Decimal(match["to"].replace(",", ""))
        for word in times:
            value *= _TIMES[word]
    except ArithmeticError as error:
        raise CellParseError(match.string) from error
    return value


def _qualifier(match: re.Match[str]) -> Qualifier | None:
    after_words = [word for word in (match["more"], match["again"], match["after"]) if word]
    if len(after_words) > 1:
        raise CellParseError(match.string)
    before, after = _BEFORE.get(match["before"] or ""), _AFTER.get("".join(after_words))
    return before if before in ("about", "under") else (after or before)


def _unit(match: re.Match[str]) -> str | None:
    if match["to"]:
        if match["unit"]:
            raise CellParseError(match.string)
        return ":"
    return match["unit"].strip(_BRACKETS) if match["unit"] else None


def to_number(value: Decimal) -> float:
    """Return the double nearest to the first 15 digits; raise CellParseError beyond the range of a double."""
    number = float(f"{value:.{_SIGNIFICANT_DIGITS}g}")
    if math.isinf(number):
        raise CellParseError(str(value))
    return number


def parse_year(cell: str) -> ParsedNumber | None:
    """Return a year: 2024 · 2024年 · FY2024 · 二〇二四年 · 2024-12-31; not 24, 2024E or a part of a year."""
    text = _read_han_date(_to_plain(cell))
    if is_missing(text):
        return None
    match = _YEAR.fullmatch(text) or _LAST_DAY.fullmatch(text)
    if match is None:
        raise CellParseError(text)
    return ParsedNumber(Decimal(match[1]))


def parse_date(cell: str, years: tuple[int, int] = PLAUSIBLE_YEARS) -> dt.date | None:
    """Return a day: 2026-02-05 · 2026/2/5 10:30 · 2026年2月5日（星期四） · 二〇二六年二月五日; the first of several.

    Args:
        cell: the text. Five digits are a serial number of Excel if they cannot be a date such as 26205 as well.
        years: the first and the last plausible year.
    """
    text = _SPACES_IN_DATE.sub("", _read_han_date(_to_plain(cell)))
    if is_missing(text):
        return None
    if serial := _SERIAL.fullmatch(text):
        return _read_serial(serial, years)
    match = _DATE.fullmatch(text)
    if match is None or len(match["rest"]) > _MAX_REST or not _REST.fullmatch(match["rest"].strip()):
        raise CellParseError(text)
    month, day = (next(match[f"{part}{n}"] for n in range(1, 4) if match[f"{part}{n}"]) for part in "md")
    date = _to_date(int(match["year"]), int(month), int(day), years)
    if date is None:
        raise CellParseError(text)
    return date


def _to_date(year: int, month: int, day: int, years: tuple[int, int]) -> dt.date | None:
    try:
        return dt.date(year, month, day) if years[0] <= year <= years[1] else None
    except ValueError:
        return None


def _read_serial(match: re.Match[str], years: tuple[int, int]) -> dt.date:
    date = _SERIAL_EPOCH + dt.timedelta(days=int(float(match.string)))
    typed = _to_date(2000 + int(match[1]), int(match[2]), int(match[3]), years)
    if typed is not None or not years[0] <= date.year <= years[1]:
        raise CellParseError(match.string)
    return date


def _read_han_date(text: str) -> str:
    """The text with the digits of a year or a date in Chinese numerals: 二〇二六年二月五日."""
    match = _HAN_DATE.match(text)
    if match is None:
        return text
    year = f"{match[1].translate(_HAN_DIGITS)}年"
    date = f"{year}{_read_han_number(match[2])}月{_read_han_number(match[3])}日" if match[2] else year
    return date + text[match.end() :]


def _read_han_number(text: str) -> int:
    """A number of up to two digits: 五, 十, 十二, 二十, 二十五."""
    tens, ten, units = text.rpartition("十")
    return (int(tens.translate(_HAN_DIGITS) or 1) if ten else 0) * 10 + int(units.translate(_HAN_DIGITS) or 0)


def parse_boolean(cell: str) -> bool | None:
    """Return a boolean: 是 否 true false yes no 1 0 有 无 √ ×."""
    text = _to_plain(cell).lower()
    if not text:
        return None
    if text in YES or text in NO:
        return text in YES
    raise CellParseError(text)
