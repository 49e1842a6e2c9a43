"""Matching of headers to columns: by name or alias of the contract, never by similarity; and their units.

Here: one row of headers. Not here: which row has the headers (assets.intake.tables.detection).
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

# Half-width: `normalise_header` has replaced （） and ％.
_BRACKETED = re.compile(r"(?P<name>.+?)[(\[](?P<unit>[^()\[\]]+)[)\]]")
_SUFFIXED = re.compile(r"(?P<name>.+?)(?:[_:,、/](?P<word>[^_:,、]+)|(?P<sign>[%‰]))")
SCOPE = "scope"
# No header of a contract is half as long; the patterns take too long for longer texts.
_MAX_HEADER_LENGTH = 200
_LATIN = re.compile(r"(?P<name>.*[^\x00-\x7f])[_/|-]?(?P<latin>[\x00-\x7f]+)")


@dataclass(frozen=True, slots=True)
class Header:
    """A header of the file: its role, its column of the contract, and the unit and the scope in it, if any.

    Roles: `column` of the contract, `return_id` and `for_sender` in a returned file, `kept` (unknown), `empty`.
    """

    text: str
    role: Literal["column", "return_id", "for_sender", "kept", "empty"]
    column: str | None = None
    unit: str | None = None
    scope: str | None = None


@dataclass(frozen=True)
class HeaderMatcher:
    """The headers, English names and scopes of a contract by normalised text."""

    columns: dict[str, str]
    units: Units
    scopes: dict[str, str]
    english: dict[str, str]

    @classmethod
    def of(cls, contract: Contract, units: Units) -> HeaderMatcher:
        """Return the matcher of a contract."""
        scope = contract.columns.get(SCOPE)
        scopes = (scope.allowed if scope is not None else None) or ()
        return cls(
            {
                normalise_header(header): name
                for name, column in contract.columns.items()
                for header in (name, column.zh, *column.aliases)
            },
            units,
            {normalise_header(scope): scope for scope in scopes},
            {normalise_header(column.en): name for name, column in contract.columns.items()},
        )

    def match(self, text: str) -> Header | None:
        """Return the header, None where it is unknown. Its name may be followed by scope, unit or English: 年份Year."""
        header = normalise_header(text)
        if not header:
            return Header(text, "empty")
        if header in RETURN_HEADERS:
            return Header(text, "return_id" if RETURN_HEADERS[header] else "for_sender")
        if (column := self._match_name(header)) is not None:
            return Header(text, "column", column[0], None, column[1])
        if len(header) > _MAX_HEADER_LENGTH:
            return None
        for pattern in (_BRACKETED, _SUFFIXED):
            match = pattern.fullmatch(header)
            if match is not None:
                groups = match.groupdict()
                unit = groups.get("unit") or groups.get("word") or groups.get("sign") or ""
                if (column := self._match_name(match["name"])) is not None and self.units.is_unit(unit):
                    return Header(text, "column", column[0], unit, column[1])
        return self._match_bilingual(text, header)

    def count(self, cells: Sequence[str]) -> int:
        """Return how many cells are known headers."""
        return sum(self.match(cell) is not None for cell in cells if cell.strip())

    def _match_name(self, header: str) -> tuple[str, str | None] | None:
        """The column, and the scope that may follow its name: 绿化覆盖率_全市, 绿化覆盖率(全市)."""
        if header in self.columns:
            return self.columns[header], None
        for pattern in (_BRACKETED, _SUFFIXED):
            match = pattern.fullmatch(header)
            scope = (match.groupdict().get("unit") or match.groupdict().get("word")) if match else None
            if match is not None and scope in self.scopes and match["name"] in self.columns:
                return self.columns[match["name"]], self.scopes[scope]
        return None

    def _match_bilingual(self, text: str, header: str) -> Header | None:
        """A name followed by its English name or by a unit; any other Latin text may mean another column."""
        match = _LATIN.fullmatch(header)
        if match is None or match["name"] not in self.columns:
            return None
        column, latin = self.columns[match["name"]], match["latin"].strip("()[]")
        if self.units.is_unit(latin):
            return Header(text, "column", column, latin)
        return Header(text, "column", column) if column in (self.columns.get(latin), self.english.get(latin)) else None

    def nearest(self, text: str) -> str:
        """Return the known header most similar to this one, for the message only."""
        near = difflib.get_close_matches(
            normalise_header(text)[:_MAX_HEADER_LENGTH], list(self.columns), n=1, cutoff=0.0
        )
        return near[0] if near else ""


def match_headers(
    texts: Sequence[str], contract: Contract, units: Units, line: int, sheet: str | None = None
) -> tuple[list[Header], list[Issue]]:
    """Return the headers of a row in the order of the file, and everything that is wrong with the row.

    Args:
        texts: the cells of the row.
        contract: the contract of the dataset.
        units: the registered units.
        line: the line of the row, for the issues.
        sheet: the name of the sheet, for the issues.
    """
    matcher = HeaderMatcher.of(contract, units)
    headers: list[Header] = []
    issues: list[Issue] = []
    for text in texts:
        header = matcher.match(text)
        if header is None and contract.on_unknown_column == "keep":
            header = Header(text, "kept")
        if header is None:
            issue = Issue("unknown_header", text, matcher.nearest(text), line=line, column=text, sheet=sheet)
            issues.append(issue)
        elif header.column is not None and header.column in {earlier.column for earlier in headers}:
            issues.append(Issue("duplicate_header", text, header.column, line=line, column=text, sheet=sheet))
        else:
            issues += _unit_issues(header, contract, units, line, sheet)
        headers.append(header or Header(text, "kept"))
    if _are_side_by_side(headers):
        return headers, [Issue("tables_side_by_side", texts[0], line=line, sheet=sheet)]
    if issues:
        # An unknown header may be a misspelt required one, which would then be reported twice.
        return headers, issues
    return headers, _missing_column_issues(headers, contract, line, sheet)


def _unit_issues(header: Header, contract: Contract, units: Units, line: int, sheet: str | None) -> list[Issue]:
    if header.column is None or header.unit is None:
        return []
    expected = contract.columns[header.column].unit
    if expected is not None and units.factor(header.unit, expected) is not None:
        return []
    column = header.column
    return [Issue("incompatible_header_unit", header.unit, expected or "", line=line, column=column, sheet=sheet)]


def _are_side_by_side(headers: Sequence[Header]) -> bool:
    columns = [header.column for header in headers if header.role != "empty"]
    half = len(columns) // 2
    return half >= 2 and len(columns) % 2 == 0 and columns[:half] == columns[half:] and None not in columns


def _missing_column_issues(headers: Sequence[Header], contract: Contract, line: int, sheet: str | None) -> list[Issue]:
    present = {header.column for header in headers}
    if contract.place_code in present:
        present.add(contract.place)
    return [
        Issue("missing_column", name, ", ".join((name, *column.aliases)), line=line, column=name, sheet=sheet)
        for name, column in contract.columns.items()
        if column.required and name not in present
    ]
