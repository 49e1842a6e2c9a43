"""Number formats of spreadsheets: the text of a number as its cell shows it.

Here: the sections, literals, scales and dates of a format code. Not here: which cell has which format
(assets.intake.readers.xlsx, xls), units (assets.intake.values.units).

A text keeps the digits that a format only rounds away. Where the shown number is another than the stored one, and no
unit in the format says how much larger, nobody can tell which of them was meant: that is a problem of the cell.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import Literal

from assets.intake.readers.raw_rows import CellProblem

HIDDEN, OTHER_NUMBER, OUT_OF_RANGE = "cell_shows_nothing", "cell_shows_other_number", "cell_shows_no_number"
# The formats without a code of their own in the file; 27 to 58 are the dates of Chinese Excel.
_BUILT_IN = {
    **{9: "0%", 10: "0.00%"},
    **dict.fromkeys((14, 15, 22, *range(27, 32), 36, *range(50, 55), 57, 58), "yyyy-m-d"),
    **dict.fromkeys((16,), "d-mmm"),
    **{17: "yyyy-m", 57: "yyyy-m"},
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56), "h:mm"),
    **dict.fromkeys((41, 42), '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ '),
    **dict.fromkeys((43, 44), '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ '),
    49: "@",
}
_TOKEN = re.compile(
    r"""(?P<quoted>"[^"]*"?)|(?P<escaped>[\\!].)|(?P<space>_.)|(?P<fill>\*.)|(?P<bracket>\[[^\]]*\])
    |(?P<general>(?i:general|g/通用格式))|(?P<half_day>(?i:am/pm|a/p|上午/下午))|(?P<power>[Ee][+-])|(?P<digit>[0#?])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_CONDITION = re.compile(r"\[\s*(<=|>=|<>|<|>|=)\s*(-?[0-9.]+)\s*\]")
_CURRENCY = re.compile(r"\[\$([^\]-]*)(?:-[^\]]*)?\]")
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
# How many times larger than one a unit at the beginning of a text makes a number.
SCALES = {"十": 1, "百": 2, "千": 3, "k": 3, "K": 3, "万": 4, "萬": 4, "十万": 5}
SCALES |= {"百万": 6, "M": 6, "千万": 7, "亿": 8, "億": 8}
_COMPARISONS = {"<": lt, ">": gt, "=": eq, "<=": le, ">=": ge, "<>": ne}
_YUAN = ("¥", "￥", "CN¥")
_MAX_CODE = 255
_EPOCHS = {False: dt.datetime(1899, 12, 30), True: dt.datetime(1904, 1, 1)}
_DAYS = 2_958_466  # 9999-12-31


@dataclass(frozen=True, slots=True)
class Shown:
    """The text of a cell, and its problem if it cannot be taken silently."""

    text: str
    problem: CellProblem | None = None


@dataclass(frozen=True)
class _Section:
    """One of the up to four parts of a format code, each for some of the numbers."""

    tokens: tuple[tuple[str, str], ...]

    @cached_property
    def kind(self) -> Literal["date", "number", "text", "literal"]:
        letters = {text.lower() for kind, text in self.tokens if kind == "other"}
        if letters & set("ymdhsaeg") or any(
            kind == "bracket" and _ELAPSED.fullmatch(text) for kind, text in self.tokens
        ):
            return "date"
        kinds = {kind for kind, _ in self.tokens}
        if kinds & {"digit", "general"}:
            return "number"
        return "text" if "@" in letters else "literal"

    @cached_property
    def date_parts(self) -> str:
        """Which of year, month and day a date shows, and a time as h."""
        letters = {text.lower() for kind, text in self.tokens if kind == "other"}
        letters |= {"h" for kind, text in self.tokens if kind == "bracket" and _ELAPSED.fullmatch(text)}
        return "".join(part for part in "ymdh" if part in letters or (part == "y" and "e" in letters))

    @cached_property
    def condition(self) -> tuple[str, float] | None:
        for kind, text in self.tokens:
            if kind == "bracket" and (match := _CONDITION.fullmatch(text)) is not None:
                return match[1], float(match[2])
        return None

    @cached_property
    def places(self) -> list[int]:
        """The positions of the digits."""
        return [number for number, (kind, _) in enumerate(self.tokens) if kind in ("digit", "general")]

    @cached_property
    def prefix(self) -> str:
        return self.literal(0, self.places[0]) if self.places else self.literal(0, len(self.tokens))

    @cached_property
    def suffix(self) -> str:
        return self.literal(self.places[-1] + 1, len(self.tokens)) if self.places else ""

    @cached_property
    def inner(self) -> str:
        """The literal text between the digits: a point in `0!.0`, which divides by ten."""
        return "".join(self.literal(self.places[0], self.places[-1]).split())

    @cached_property
    def shift(self) -> int:
        """The power of ten by which the shown number is larger than the stored one, percent signs left aside.

        Each comma behind the last digit or the last one before the decimal point divides by a thousand.
        """
        point = next((at for at, token in enumerate(self.tokens) if token == ("other", ".")), len(self.tokens))
        last_whole = max((place for place in self.places if place < point), default=-1)
        commas = [at for at, token in enumerate(self.tokens) if token == ("other", ",")]
        scaling = sum(last_whole < at < point or at > self.places[-1] for at in commas)
        written = next((at for at, token in enumerate(self.tokens) if _is_written_point(*token)), len(self.tokens))
        return -3 * scaling - sum(place > written for place in self.places)

    @cached_property
    def decimals(self) -> int:
        """The number of digits that are shown behind the decimal point."""
        point = next((at for at, token in enumerate(self.tokens) if token == ("other", ".")), len(self.tokens))
        return sum(place > point for place in self.places)

    @cached_property
    def percents(self) -> int:
        return sum(text == "%" and kind == "other" for kind, text in self.tokens)

    @cached_property
    def is_fraction_or_power(self) -> bool:
        between = self.tokens[self.places[0] : self.places[-1]]
        return any(kind == "power" or text == "/" for kind, text in between)

    @cached_property
    def shows_zero(self) -> bool:
        """Whether a zero is shown as a digit: not where all digits are optional."""
        return any(kind == "general" or text == "0" for kind, text in self.tokens)

    def literal(self, start: int, end: int) -> str:
        """Return the literal text of some of the tokens."""
        return "".join(_literal_text(kind, text) for kind, text in self.tokens[start:end]).strip()


def _is_written_point(kind: str, text: str) -> bool:
    return kind in ("quoted", "escaped") and _literal_text(kind, text) == "."


def _literal_text(kind: str, text: str) -> str:
    if kind == "quoted":
        return text.strip('"')
    if kind == "escaped":
        return text[1]
    if kind == "bracket" and (match := _CURRENCY.fullmatch(text)) is not None:
        return match[1]
    return text if kind == "other" and text not in ",.%@" else ""


class NumberFormat:
    """A format code, such as `0.0"万";-0.0"万"`."""

    def __init__(self, code: str) -> None:
        self.code = code[:_MAX_CODE]
        self._sections = tuple(_split(self.code))

    @cached_property
    def is_plain(self) -> bool:
        """Whether each number is shown as itself, at most rounded."""
        return len(self._sections) == 1 and _is_plain(self._sections[0])

    @cached_property
    def shows_text_itself(self) -> bool:
        """Whether a text is shown as it is."""
        section = self._text_section
        return section is None or (section.kind == "text" and not section.prefix + section.suffix)

    @property
    def _text_section(self) -> _Section | None:
        if len(self._sections) > 3:
            return self._sections[3]
        return self._sections[0] if len(self._sections) == 1 and self._sections[0].kind == "text" else None

    def show_text(self, text: str) -> Shown:
        """Return a text with what the format adds to it."""
        section = self._text_section
        if section is None or not text.strip():
            return Shown(text)
        if section.kind != "text":
            shown = section.prefix
            return Shown(text, CellProblem(OTHER_NUMBER if shown else HIDDEN, shown, text))
        at = next(number for number, (_, part) in enumerate(section.tokens) if part == "@")
        before, after = section.literal(0, at), section.literal(at, len(section.tokens))
        return Shown(f"{before}{text}{after}")

    def show(self, value: float, stored: str, *, is_1904: bool = False) -> Shown:
        """Return a number as its cell shows it, with the digits that are only rounded away.

        `stored` is its text with at most 15 significant digits.
        """
        if not math.isfinite(value):
            return Shown(stored)
        position = self._section_of(value)
        section = self._sections[position]
        if section.kind == "date":
            return _show_date(value, stored, section, is_1904)
        if section.kind in ("text", "literal"):
            if section.kind == "text" and not section.prefix + section.suffix:
                return Shown(stored)
            shown = section.prefix
            return Shown(stored, CellProblem(OTHER_NUMBER if shown else HIDDEN, shown, stored))
        is_signed = position == 0 or any(section.condition for section in self._sections)
        return _show_number(value, stored, section, is_signed=is_signed)

    def _section_of(self, value: float) -> int:
        numbers = self._sections[:3]
        if any(section.condition for section in numbers):
            for number, section in enumerate(numbers):
                if section.condition is None or _COMPARISONS[section.condition[0]](value, section.condition[1]):
                    return number
            return len(numbers) - 1
        if value < 0 and len(numbers) > 1:
            return 1
        return 2 if value == 0 and len(numbers) > 2 else 0


@lru_cache(maxsize=4096)
def number_format(code: str) -> NumberFormat:
    """Return the format of a code."""
    return NumberFormat(code)


def built_in_code(number: int) -> str:
    """Return the code of a format that Excel does not write into the file; General where it shows a number as it is."""
    return _BUILT_IN.get(number, "General")


def _split(code: str) -> Iterator[_Section]:
    tokens: list[tuple[str, str]] = []
    for match in _TOKEN.finditer(code or "General"):
        kind, text = str(match.lastgroup), match[0]
        if kind == "other" and text == ";":
            yield _Section(tuple(tokens))
            tokens = []
        else:
            tokens.append((kind, text))
    yield _Section(tuple(tokens))


def _is_plain(section: _Section) -> bool:
    return (
        section.kind == "number"
        and section.condition is None
        and section.shows_zero
        and not section.prefix + section.suffix + section.inner
        and not section.shift
        and not section.percents
    ) or (section.kind == "text" and not section.prefix + section.suffix)


def _show_number(value: float, stored: str, section: _Section, *, is_signed: bool) -> Shown:
    if section.is_fraction_or_power:
        return Shown(stored)
    prefix, suffix = section.prefix, section.suffix
    if value == 0 and not section.shows_zero:
        return Shown(stored, CellProblem(OTHER_NUMBER if prefix + suffix else HIDDEN, prefix + suffix, stored))
    if value < 0 and not is_signed:
        # A section for negative numbers writes their sign itself, as a minus or in brackets.
        if prefix.startswith(("-", "−", "－")) or suffix.endswith("-"):
            prefix, suffix = prefix.lstrip("-−－"), suffix.rstrip("-")
        elif prefix.endswith(("(", "（")) and suffix.startswith((")", "）")):
            prefix, suffix = prefix[:-1], suffix[1:]
        else:
            return Shown(stored, CellProblem(OTHER_NUMBER, _rounded(stored.lstrip("-"), section), stored))
    if prefix in _YUAN:
        prefix, suffix = "", suffix or "元"
    number = _times_ten(stored, section.shift + 2 * section.percents)
    text = f"{prefix}{number}{'%' * section.percents}{suffix}"
    has_other_digits = any(character.isdigit() for character in prefix + suffix + section.inner)
    is_scaled = section.shift != 0 and SCALES.get(find_scale(suffix), 0) != -section.shift
    if has_other_digits or is_scaled or section.inner not in ("", ".") or section.percents > 1:
        return Shown(stored, CellProblem(OTHER_NUMBER, _rounded(stored, section), stored))
    return Shown(text)


def find_scale(text: str) -> str:
    """Return the longest word of `SCALES` with which a text begins, an empty text where it begins with none."""
    return next((scale for scale in sorted(SCALES, key=len, reverse=True) if text.startswith(scale)), "")


def _rounded(stored: str, section: _Section) -> str:
    """The number with its literals, for a message."""
    number = Decimal(stored).scaleb(section.shift + 2 * section.percents)
    return f"{section.prefix}{number:.{section.decimals}f}{'%' * section.percents}{section.suffix}"


def _times_ten(number: str, power: int) -> str:
    if not power:
        return number
    text = f"{Decimal(number).scaleb(power):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _show_date(value: float, stored: str, section: _Section, is_1904: bool) -> Shown:
    moment = to_moment(value, is_1904=is_1904)
    if moment is None:
        return Shown(stored, CellProblem(OUT_OF_RANGE, "#" * 8, stored))
    if value < 1 and "h" in section.date_parts:
        return Shown(moment.time().isoformat())
    return Shown(moment_text(moment, section.date_parts))


def to_moment(value: float, *, is_1904: bool) -> dt.datetime | None:
    """Return the moment of a number of days, None where Excel shows no date for it."""
    if not 0 <= value < _DAYS:
        return None
    # Excel counts 29 February 1900, which never was: the days before it are one later.
    days = value + 1 if not is_1904 and value < 60 else value
    try:
        return _EPOCHS[is_1904] + dt.timedelta(milliseconds=round(days * 86_400_000))
    except OverflowError:
        return None


def moment_text(moment: dt.datetime, parts: str = "ymd") -> str:
    """Return a date as far as it is shown: a year, a year and a month, else the whole date in ISO form."""
    if parts == "y":
        return f"{moment:%Y}"
    if parts == "ym":
        return f"{moment.year}年{moment.month}月"
    return moment.date().isoformat() if moment.time() == dt.time() else str(moment)
