"""Which header is which column: by name or by an alias of the contract, never by likeness; and in which unit.

Here: one row of headers. Not here: in which row the headers stand (assets.intake.tables.detection).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assets.core.errors import Issue
from assets.intake.tables.contracts import RETURN_HEADERS, Contract, normalise_header
from assets.intake.values.units import Units

# Half-width by now: `written` has folded （） and ％.
_BRACKETED = re.compile(r"(?P<name>.+?)[(\[](?P<unit>[^()\[\]]+)[)\]]")
_SUFFIXED = re.compile(r"(?P<name>.+?)(?:[_:,、/](?P<word>[^_:,、]+)|(?P<sign>[%‰]))")
SCOPE = "scope"
# No header of a contract is half as long; what stands in longer ones would cost more time than their length.
_LONGEST_HEADER = 200
_LATIN = re.compile(r"(?P<other>.*[^\x00-\x7f])[_/|-]?(?P<latin>[\x00-\x7f]+)")


@dataclass(frozen=True, slots=True)
class Header:
    """What a column of the file is: the contract's column, and the unit and the scope that the header names, if any."""

    sent: str
    role: Literal["column", "return_id", "told", "set_aside", "empty"]
    column: str | None = None
    unit: str | None = None
    scope: str | None = None


@dataclass(frozen=True)
class HeaderMatcher:
    """The headers that a contract understands, and the scopes that may stand behind them, by written form."""

    columns: dict[str, str]
    units: Units
    scopes: dict[str, str]
    english: dict[str, str]

    @classmethod
    def of(cls, contract: Contract, units: Units) -> HeaderMatcher:
        scope = contract.columns.get(SCOPE)
        scopes = (scope.allowed if scope is not None else None) or ()
        return cls(
            {
                normalise_header(form): name
                for name, field in contract.columns.items()
                for form in (name, field.zh, *field.aliases)
            },
            units,
            {normalise_header(form): form for form in scopes},
            {normalise_header(field.en): name for name, field in contract.columns.items()},
        )

    def header(self, sent: str) -> Header | None:
        """The column that a header names, or None. Scope and unit may stand behind it, or English: 年份Year."""
        form = normalise_header(sent)
        if not form:
            return Header(sent, "empty")
        if form in RETURN_HEADERS:
            return Header(sent, "return_id" if RETURN_HEADERS[form] else "told")
        if (named := self._named(form)) is not None:
            return Header(sent, "column", named[0], None, named[1])
        if len(form) > _LONGEST_HEADER:
            return None
        for pattern in (_BRACKETED, _SUFFIXED):
            match = pattern.fullmatch(form)
            if match is not None:
                said = match.groupdict()
                unit = said.get("unit") or said.get("word") or said.get("sign") or ""
                if (named := self._named(match["name"])) is not None and self.units.is_unit(unit):
                    return Header(sent, "column", named[0], unit, named[1])
        return self._bilingual(sent, form)

    def _named(self, form: str) -> tuple[str, str | None] | None:
        """The column, and the scope that may be glued to its name: 绿化覆盖率_全市, 绿化覆盖率(全市)."""
        if form in self.columns:
            return self.columns[form], None
        for pattern in (_BRACKETED, _SUFFIXED):
            match = pattern.fullmatch(form)
            scope = (match.groupdict().get("unit") or match.groupdict().get("word")) if match else None
            if match is not None and scope in self.scopes and match["name"] in self.columns:
                return self.columns[match["name"]], self.scopes[scope]
        return None

    def _bilingual(self, sent: str, form: str) -> Header | None:
        """A header with its English name, or a unit, behind it; other Latin text may say that it is something else."""
        match = _LATIN.fullmatch(form)
        if match is None or match["other"] not in self.columns:
            return None
        column, latin = self.columns[match["other"]], match["latin"].strip("()[]")
        if self.units.is_unit(latin):
            return Header(sent, "column", column, latin)
        return Header(sent, "column", column) if column in (self.columns.get(latin), self.english.get(latin)) else None

    def nearest(self, sent: str) -> str:
        """The known header most like this one, to be named to the sender and to nobody else."""
        near = difflib.get_close_matches(normalise_header(sent)[:_LONGEST_HEADER], list(self.columns), n=1, cutoff=0.0)
        return near[0] if near else ""


def match_headers(
    sent: Sequence[str], contract: Contract, units: Units, line: int, sheet: str | None = None
) -> tuple[list[Header], list[Issue]]:
    """What each header of a row is, in the order of the file, and every fault of the row on `line`."""
    known = HeaderMatcher.of(contract, units)
    headers: list[Header] = []
    issues: list[Issue] = []
    for text in sent:
        header = known.header(text)
        if header is None and contract.unknown_columns == "set_aside":
            header = Header(text, "set_aside")
        if header is None:
            issue = Issue("header_unknown", text, known.nearest(text), line=line, column=text, sheet=sheet)
            issues.append(issue)
        elif header.column is not None and header.column in {other.column for other in headers}:
            issues.append(Issue("header_doubled", text, header.column, line=line, column=text, sheet=sheet))
        else:
            issues += _unit_faults(header, contract, units, line, sheet)
        headers.append(header or Header(text, "set_aside"))
    if _side_by_side(headers):
        return headers, [Issue("tables_side_by_side", sent[0], line=line, sheet=sheet)]
    if issues:
        # An unknown header may be a required one that was misspelt; it would be told twice.
        return headers, issues
    return headers, _missing(headers, contract, line, sheet)


def _unit_faults(header: Header, contract: Contract, units: Units, line: int, sheet: str | None) -> list[Issue]:
    if header.column is None or header.unit is None:
        return []
    expected = contract.columns[header.column].unit
    if expected is not None and units.factor(header.unit, expected) is not None:
        return []
    column = header.column
    return [Issue("header_unit", header.unit, expected or "", line=line, column=column, sheet=sheet)]


def _side_by_side(headers: Sequence[Header]) -> bool:
    columns = [header.column for header in headers if header.role != "empty"]
    half = len(columns) // 2
    return half >= 2 and len(columns) % 2 == 0 and columns[:half] == columns[half:] and None not in columns


def _missing(headers: Sequence[Header], contract: Contract, line: int, sheet: str | None) -> list[Issue]:
    there = {header.column for header in headers}
    if contract.place_code in there:
        there.add(contract.place)
    return [
        Issue("header_missing", name, ", ".join((name, *field.aliases)), line=line, column=name, sheet=sheet)
        for name, field in contract.columns.items()
        if field.required and name not in there
    ]
