"""Matching of headers to columns: by name or alias of the contract, never by similarity; and the words beside them.

Here: one header, over one row or several: its column, unit, scope and year, and words that change its meaning. Not
here: which rows have the headers (assets.intake.tables.detection), units stated elsewhere
(assets.intake.tables.unit_statements).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from assets.core.errors import Issue
from assets.core.text import find_odd_line_end, may_be_same_measure, most_similar, split_footnote_mark
from assets.intake.tables.contracts import (
    REFERENCE_PREFIX,
    RETURN_HEADERS,
    SCOPE,
    SIGN_OFF_HEADERS,
    Contract,
    normalise_header,
)
from assets.intake.values.units import Units

# `normalise_header` has replaced full-width brackets and signs already.
_BRACKETS = str.maketrans("【〔〖〈《「『[{】〕〗〉》」』]}", "(" * 9 + ")" * 9)
_MARKS_OF_REQUIRED = "*★☆"
_MARK_BEFORE_UNIT = re.compile(r"(?<=[\u4e00-\u9fff])[①-⑳](?=\s*[（(])")
_BRACKETED = re.compile(r"(?P<name>.+?)\((?P<word>[^()]+)\)")
_SEPARATOR = re.compile(r"[_:,、/;|—–-]")
_BRACKETED_BEFORE = re.compile(r"\((?P<word>[^()]+)\)(?P<name>.+)")
_SIGNED = re.compile(r"(?P<name>.+?)(?P<word>[%‰])")
_LATIN = re.compile(r"(?P<name>.*[^\x00-\x7f])(?P<word>[a-z][\x00-\x7f]*)")
_UNIT_HEADERS = frozenset(("计量单位", "数量单位", "单位", "unit", "units"))
_UNIT_LABEL = re.compile(r"(?:计量)?单位:?|unit:?")
# The number of a header: 一、 (二) 3. ①
_NUMBERED = re.compile(r"[(]?(?:[一二三四五六七八九十]{1,3}|[0-9]{1,2})(?:[)][、.]?|[、.])?")
_YEARED = re.compile(r"(?P<word>(?:19|20)[0-9]{2}年[度末底]?)(?P<name>.+)")
_YEAR_WORD = re.compile(r"((?:19|20)[0-9]{2})(?:年[度末底]?)?")
_DASHES = frozenset(("-", "--", "—", "——", "/", "…", "……"))
_LIKE_A_UNIT = re.compile(r"[a-z0-9./³²^]{1,8}|[^_:]{0,3}[里米亩顷元吨斤克升户人个座家处套栋项件次尺寸坪度万亿]")
YEAR = "year"
# No header of a contract is half as long; the search takes too long for longer texts.
_MAX_HEADER_LENGTH = 200
_MAX_GROUP_LENGTH = 20
_MAX_LEVELS = 6
# The code of a message, its actual and its expected value.
Problem = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Header:
    """A header of the file: its role, its column of the contract, and unit, scope and year of the figures below it.

    Roles: `column` of the contract, `return_id` and `for_sender` in a returned file or a form, `units` (those of the
    figures, of a contract without such a column), `sign_off` (who filled in a form), `ignored` (serial numbers and the
    like), `kept` (unknown), `empty`, and in a crosstab `label` (the figure that each row is about).
    `modifier` is a word that may change the meaning of the column.
    """

    text: str
    role: Literal["column", "return_id", "for_sender", "units", "sign_off", "ignored", "kept", "empty", "label"]
    column: str | None = None
    unit: str | None = None
    scope: str | None = None
    year: int | None = None
    modifier: str | None = None


@dataclass(frozen=True)
class HeaderMatcher:
    """The headers that a contract knows, by normalised text."""

    contract: Contract
    units: Units

    @cached_property
    def columns(self) -> dict[str, str]:
        """The column that a name or an alias names."""
        return {
            normalise_header(header).translate(_BRACKETS): name
            for name, column in self.contract.columns.items()
            for header in (name, column.zh, *column.aliases)
        }

    @cached_property
    def _any_name(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, self.columns)))

    @cached_property
    def english(self) -> dict[str, str]:
        """The column that an English title names, which may only follow the Chinese one."""
        return {normalise_header(column.en): name for name, column in self.contract.columns.items()}

    @cached_property
    def scopes(self) -> dict[str, str]:
        """The scopes of the contract."""
        scope = self.contract.columns.get(SCOPE)
        return {normalise_header(text): text for text in (scope.allowed if scope is not None else None) or ()}

    @cached_property
    def _neutral(self) -> re.Pattern[str]:
        words = map(re.escape, map(_comparable, self.contract.neutral_groups))
        return re.compile(rf"(?:{_NUMBERED.pattern})?(?:{'|'.join(words) or '(?!)'})+")

    @cached_property
    def ignored(self) -> frozenset[str]:
        """Headers of columns that are not read."""
        return frozenset(map(_comparable, self.contract.ignored_headers))

    @cached_property
    def figures(self) -> frozenset[str]:
        """The columns of figures: the words beside their headers decide what a figure means."""
        return frozenset(self.contract.figures)

    def count(self, cells: Sequence[str]) -> int:
        """Return how many cells are known headers."""
        return sum(self.match(cell) is not None for cell in cells if cell.strip())

    def match(self, text: str) -> Header | None:
        """Return the header, None where it is unknown. Unit, scope, year or English may follow its name: 年份Year."""
        return self.match_levels((text,))

    def match_levels(self, levels: Sequence[str]) -> Header | None:
        """Return the header of a column whose header cells stand one below the other, None where it is unknown."""
        levels = [_without_footnote_mark(level) for level in levels]
        written = {_comparable(level): level.strip() for level in levels if _comparable(level)}
        texts = list(written)
        if not texts:
            return Header("".join(levels), "empty")
        # Serial numbers and the like below a group; below a column it would be a word about that.
        other: Header | None = None
        for first in range(len(texts)):
            shown = "".join(written[text] for text in texts[first:])
            header = self._match_text(shown, "".join(texts[first:]))
            if header is not None and header.role == "column":
                return self._add_groups(header, texts[:first])
            other = other or header
        # The last cell may hold only the unit, the year or the English name of the one above.
        upper = self.match_levels([written[text] for text in texts[:-1]]) if len(texts) > 1 else None
        if upper is not None and upper.role == "column":
            return self._add_lower(upper, texts[-1])
        if other is not None:
            return other
        lines = [line for level in levels for line in level.splitlines() if line.strip()]
        filled = sum(bool(level.strip()) for level in levels)
        return self.match_levels(lines) if filled < len(lines) <= _MAX_LEVELS else None

    def _add_groups(self, header: Header, groups: Sequence[str]) -> Header:
        """The header of a figure with the words above it; those above other columns say nothing about them."""
        for word in groups if header.column in self.figures else ():
            if not self.is_neutral(word) and not self._names(word, header.column):
                header = self._add_word(header, word.strip("()")) or replace(header, modifier=word)
        return header

    def _add_lower(self, upper: Header, word: str) -> Header | None:
        """The header with the word below it, None where the word says something else."""
        header = self._add_word(upper, word.strip("()"))
        return replace(upper, modifier=word) if header is None and upper.column in self.figures else header

    def _match_text(self, text: str, header: str) -> Header | None:
        if header in RETURN_HEADERS:
            return Header(text, "return_id" if RETURN_HEADERS[header] else "for_sender")
        if header in self.columns:
            return Header(text, "column", self.columns[header])
        if header in _UNIT_HEADERS and self.contract.column_of("unit") is None:
            return Header(text, "units")
        if header in SIGN_OFF_HEADERS:
            return Header(text, "sign_off")
        if header.startswith(REFERENCE_PREFIX):
            return Header(text, "for_sender")
        if header in self.ignored:
            return Header(text, "ignored")
        return self._match_parts(text, header, {}) if len(header) <= _MAX_HEADER_LENGTH else None

    def _match_parts(self, text: str, header: str, known: dict[str, Header | None]) -> Header | None:
        """A name with words before or behind it; `known` has the results for parts of the same header."""
        if header not in known:
            known[header] = self._split_off_word(text, header, known) if self._any_name.search(header) else None
        return known[header]

    def _split_off_word(self, text: str, header: str, known: dict[str, Header | None]) -> Header | None:
        if header in self.columns:
            return Header(text, "column", self.columns[header])
        for name, word in _split(header):
            base = self._match_parts(text, name, known)
            if base is not None and (result := self._add_word(base, word)) is not None:
                return result
        # 户数 万户: blanks between a name and its unit are gone.
        name = max(filter(header.startswith, self.columns), key=len, default="")
        column, unit = self.columns.get(name), header[len(name) :]
        if column in self.figures and self.units.factor(unit, self.contract.columns[column].unit or "") is not None:
            return self._add_word(Header(text, "column", column), unit)
        number = _NUMBERED.match(header)
        return self._match_parts(text, header[number.end() :], known) if number is not None else None

    def _add_word(self, header: Header, word: str) -> Header | None:
        """The header with what a word beside it says; None where the word is unknown or says another thing again."""
        # A header of city and year in one cell is neither of them.
        if header.column not in self.figures and self.columns.get(word) not in (None, header.column):
            return None
        if self.is_neutral(word) or self._names(word, header.column):
            return header
        text = f"{header.text}({word})" if word not in _comparable(header.text) else header.text
        unit = self._unit_of(_UNIT_LABEL.sub("", word, count=1) or word, header.column)
        if unit is not None:
            return replace(header, text=text, unit=unit) if header.unit in (None, unit) else None
        if word in self.scopes:
            return replace(header, text=text, scope=self.scopes[word]) if header.scope is None else None
        can_have_year = header.column in self.figures and YEAR in self.contract.columns
        year = _YEAR_WORD.fullmatch(word) if can_have_year else None
        return replace(header, text=text, year=int(year[1])) if year is not None and header.year is None else None

    def _unit_of(self, word: str, column: str | None) -> str | None:
        """The unit that a word is; 万 alone multiplies the unit of the column."""
        expected = self.contract.columns[column or ""].unit or ""
        options = (word, f"{word}{expected}" if self.units.is_multiplier(word) else "")
        return next((option for option in options if self.units.is_unit(option)), None)

    def _names(self, word: str, column: str | None) -> bool:
        return column in (self.columns.get(word), self.english.get(word))

    def is_neutral(self, word: str) -> bool:
        """Return whether a word beside a header says nothing: a mark for nothing, or neutral words of the contract."""
        form = _comparable(word)
        return form in _DASHES or (len(form) <= _MAX_GROUP_LENGTH and self._neutral.fullmatch(form) is not None)

    def mentions_figure(self, text: str) -> bool:
        """Return whether the name of a figure is part of a text."""
        form = _comparable(text)
        return any(name in form for name, column in self.columns.items() if column in self.figures)

    def is_ignored(self, text: str) -> bool:
        """Return whether columns with this header are not read, unless the contract has one."""
        return _comparable(text) in self.ignored

    def explain(self, known: Header | None, text: str) -> Problem:
        """Return the code of the message about a header that cannot be read, its actual and its expected value.

        Args:
            known: the header with a word that may change its meaning, None where it is unknown.
            text: its cells.
        """
        if known is not None:
            return self._modified(known.modifier or "", known.column or "")
        header = _comparable(text)[:_MAX_HEADER_LENGTH]
        for name, word in _split(header):
            base = self._match_parts(text, name, {})
            if base is not None and base.column in self.figures:
                unit = self.contract.columns[base.column].unit
                is_like_unit = unit is not None and _LIKE_A_UNIT.fullmatch(word) is not None
                return ("unknown_unit", word, unit or "") if is_like_unit else self._modified(word, base.column or "")
        names = (name for name in self.columns if self.columns[name] in self.figures and not name.isascii())
        inside = max((name for name in names if name in header), key=len, default=None)
        if inside is not None:
            return self._modified(header.replace(inside, "", 1).strip("()_:,、/;|—–-"), self.columns[inside])
        return "unknown_header", text, self.nearest(text)

    def _modified(self, word: str, column: str) -> Problem:
        return "header_with_modifier", word, self.contract.columns[column].zh

    def nearest(self, text: str) -> str:
        """Return the known header that may be meant, for the message only; empty where none is similar enough."""
        header = _comparable(text)[:_MAX_HEADER_LENGTH]
        # A unit behind the name decides which columns can be meant.
        name, unit = next(((n, u) for n, u in _split(header) if self.units.is_unit(u)), (header, None))
        return self._most_similar(name, unit) or self._most_similar(header, None)

    def _most_similar(self, name: str, unit: str | None) -> str:
        names = {}
        for column, rules in self.contract.columns.items():
            if unit is None or (rules.unit is not None and self.units.factor(unit, rules.unit) is not None):
                names.update({_comparable(text): text for text in (*rules.aliases, rules.zh, column)})
        figures = (form for form in names if self.columns[form] in self.figures)
        others = {form for form in figures if not may_be_same_measure(form, name)}
        return names.get(most_similar(name, [form for form in names if form not in others]), "")


def _without_footnote_mark(text: str) -> str:
    """A header without the mark of a footnote behind it, or before its unit: 绿道长度①（公里）."""
    return text if text.isascii() else split_footnote_mark(_MARK_BEFORE_UNIT.sub("", text))[0]


def _comparable(text: str) -> str:
    return normalise_header(text).translate(_BRACKETS).lstrip(_MARKS_OF_REQUIRED)


def _split(header: str) -> Iterator[tuple[str, str]]:
    """Yield the ways in which a header may be a name with one word beside it."""
    for pattern in (_BRACKETED, _SIGNED, _LATIN, _BRACKETED_BEFORE, _YEARED):
        match = pattern.fullmatch(header)
        if match is not None:
            yield match["name"], match["word"]
    for separator in _SEPARATOR.finditer(header):
        before, after = header[: separator.start()], header[separator.end() :]
        if before and after:
            yield before, after
            yield after, before


def match_header_rows(
    columns: Sequence[Sequence[str]],
    matcher: HeaderMatcher,
    line: int,
    sheet: str | None = None,
    *,
    hidden: Collection[int] = (),
) -> tuple[list[Header], list[Issue]]:
    """Return the headers in the order of the file, and everything that is wrong with them except missing ones.

    Args:
        columns: the header cells of each column, from top to bottom.
        matcher: the headers that the contract knows.
        line: the line of the last header row, for the issues.
        sheet: the name of the sheet, for the issues.
        hidden: the columns that are hidden; those with an unknown header are not read.
    """
    headers: list[Header] = []
    issues: list[Issue] = []
    for number, levels in enumerate(columns):
        present = {header.column for header in headers if header.column is not None}
        header, problem = _match_column(levels, matcher, present)
        if problem is not None and number in hidden:
            header, problem = replace(header, role="ignored", column=None), None
        if problem is not None:
            code, actual, expected = problem
            column = header.column if code == "incompatible_header_unit" else header.text
            issues.append(Issue(code, actual, expected, line=line, column=column, sheet=sheet))
        headers.append(header)
    odd = find_odd_line_end("".join(map("".join, columns)))
    if issues and odd is not None:
        return headers, [Issue("odd_line_end", odd, line=line, sheet=sheet)]
    if _are_side_by_side(headers):
        first = next(text for text in map("".join, columns) if text.strip())
        return headers, [Issue("tables_side_by_side", first, line=line, sheet=sheet)]
    return headers, issues


def _match_column(
    levels: Sequence[str], matcher: HeaderMatcher, present: Collection[str]
) -> tuple[Header, Problem | None]:
    """The header of one column and what is wrong with it, after the columns that are already present."""
    header = matcher.match_levels(levels)
    text = "".join(level.strip() for level in levels)
    if header is None or header.modifier is not None:
        is_kept = matcher.contract.on_unknown_column == "keep"
        return Header(text, "kept"), None if is_kept else matcher.explain(header, text)
    if header.column not in present:
        return header, _unit_problem(header, matcher)
    if matcher.is_ignored(header.text):
        return Header(text, "ignored"), None
    return replace(header, text=text), ("duplicate_header", text, matcher.contract.titles([header.column or ""]))


def _unit_problem(header: Header, matcher: HeaderMatcher) -> Problem | None:
    if header.column is None or header.unit is None:
        return None
    expected = matcher.contract.columns[header.column].unit
    if expected is not None and matcher.units.factor(header.unit, expected) is not None:
        return None
    return "incompatible_header_unit", header.unit, expected or ""


def _are_side_by_side(headers: Sequence[Header]) -> bool:
    texts = [_comparable(header.text) for header in headers if header.role != "empty"]
    half = len(texts) // 2
    has_column = any(header.column is not None for header in headers)
    return has_column and half >= 2 and len(texts) % 2 == 0 and texts[:half] == texts[half:]
