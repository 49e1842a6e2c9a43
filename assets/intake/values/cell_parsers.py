"""Parsers of one cell: number with qualifier and unit, date, boolean, text.

Here: one parser per type, from text to value. Not here: columns (assets.intake.rows.validator), places
(assets.intake.values.places), units (assets.intake.values.units).

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

from assets.core.text import BLANKS
from assets.intake.values.units import MULTIPLIERS

Qualifier = Literal["at_least", "about", "under"]

_WIDE = str.maketrans("０１２３４５６７８９．，－＋％（）：／　－", "0123456789.,-+%():/ -")
MISSING = frozenset(
    ("-", "--", "—", "——", "–", "…", "……", "...", "/", "n/a", "na", "nan", "null", "#n/a", "无", "暂无", "无数据")
)
_BEFORE: dict[str, Qualifier] = {
    "近": "about", "约": "about", "大约": "about", "超": "at_least", "超过": "at_least", "逾": "at_least",
    "至少": "at_least", "上": "at_least", "不足": "under", "不到": "under",
}  # fmt: skip
_AFTER: dict[str, Qualifier] = {
    "余": "at_least", "多": "at_least", "以上": "at_least", "左右": "about", "上下": "about", "以内": "under",
}  # fmt: skip
_DIGITS = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?"
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

_DATE = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<m1>[0-9]{1,2})-(?P<d1>[0-9]{1,2})|/(?P<m2>[0-9]{1,2})/(?P<d2>[0-9]{1,2})"
    r"|\.(?P<m3>[0-9]{1,2})\.(?P<d3>[0-9]{1,2})|年(?P<m4>[0-9]{1,2})月(?P<d4>[0-9]{1,2})日?"
    r"|(?P<m5>[0-9]{2})(?P<d5>[0-9]{2}))(?P<rest>.*)"
)
# A later day of the same event, midnight, or "from this day on"; the first day is certain.
_REST = re.compile(
    r"(?:[T ]00:00(?::00)?)?"
    r"|起"
    r"|(?:-|—|–|~|至|到)+(?:[0-9]{4}[-/.年])?(?:[0-9]{1,2}[-/.月])?[0-9]{1,2}日?"
)
_SERIAL = re.compile(r"[2-9][0-9]{4}(?:\.0+)?")
_SERIAL_EPOCH = dt.date(1899, 12, 30)
_FIRST_YEAR, _LAST_YEAR = 1900, 2200

YES = ("是", "true", "yes", "1", "有", "√")
NO = ("否", "false", "no", "0", "无", "×")

# Replaced characters, private ones of a font, and control codes.
_DAMAGED = re.compile("[\ufffd\ue000-\uf8ff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[?？]{2,}")


class CellParseError(ValueError):
    """The cell is not empty, and its text is no value of the type."""


@dataclass(frozen=True, slots=True)
class ParsedNumber:
    """A number as written: `unit` is the text after it, `is_scaled` whether 万 or the like is included in `value`."""

    value: Decimal
    qualifier: Qualifier | None = None
    unit: str | None = None
    is_scaled: bool = False


def parse_text(cell: str) -> str | None:
    """Return the text without blanks around it; raise CellParseError where characters are damaged."""
    text = cell.strip(BLANKS)
    if _DAMAGED.search(text):
        raise CellParseError(text)
    return text or None


def parse_number(cell: str) -> ParsedNumber | None:
    """Return a number: 1,234.5 · １２．３ · 3万 · 12.5‰ · 80余家 · 近千名 · 1:8."""
    text = cell.strip(BLANKS).translate(_WIDE)
    if not text or text.lower() in MISSING:
        return None
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise CellParseError(text)
    return ParsedNumber(_value(match), _qualifier(match), _unit(match), bool(match["times"]))


def _value(match: re.Match[str]) -> Decimal:
    digits, times = match["digits"], match["times"] or ""
    if digits is None and not (match["before"] and times):
        raise CellParseError(match.string)
    try:
        value = Decimal((match["sign"] or "") + (digits or "1").replace(",", ""))
        if match["to"]:
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
    return match["unit"]


def to_number(value: Decimal) -> float:
    """Return the double nearest to the first 15 digits; raise CellParseError beyond the range of a double."""
    number = float(f"{value:.{_SIGNIFICANT_DIGITS}g}")
    if math.isinf(number):
        raise CellParseError(str(value))
    return number


def parse_date(cell: str) -> dt.date | None:
    """Return a day: 2026-02-05 · 2026/2/5 · 2026年2月5日 · 20260205 · serial of Excel; the first of a range."""
    text = cell.strip(BLANKS).translate(_WIDE)
    if not text or text.lower() in MISSING:
        return None
    if _SERIAL.fullmatch(text):
        return _SERIAL_EPOCH + dt.timedelta(days=int(float(text)))
    match = _DATE.fullmatch(text)
    if match is None or not _REST.fullmatch(match["rest"]):
        raise CellParseError(text)
    month, day = (next(match[f"{part}{n}"] for n in range(1, 6) if match[f"{part}{n}"]) for part in "md")
    year = int(match["year"])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise CellParseError(text)
    try:
        return dt.date(year, int(month), int(day))
    except ValueError as error:
        raise CellParseError(text) from error


def parse_boolean(cell: str) -> bool | None:
    """Return a boolean: 是 否 true false yes no 1 0 有 无 √ ×."""
    text = cell.strip(BLANKS).translate(_WIDE).lower()
    if not text:
        return None
    if text in YES or text in NO:
        return text in YES
    raise CellParseError(text)
