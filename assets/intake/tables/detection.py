"""Detection of the table in a sheet, and of its rows that are no data.

Here: title rows, one or two rows of headers, repeated headers, continuation marks, footnotes. Not here: the meaning of
a header (assets.intake.tables.headers).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from assets.core.errors import Issue
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.raw_rows import RawRow
from assets.intake.tables.contracts import Contract, normalise_header
from assets.intake.tables.headers import Header, HeaderMatcher, match_headers
from assets.intake.values.units import Units

HEAD_ROWS = 40
_MIN_HEADERS = 2
_CONTINUED = re.compile(r"续\s*表|[(（]续[)）]|(?i:continued)")
_NOTE = re.compile(
    r"\s*[(（\[]?\s*(?:注释?|附注|说明|备注|资料来源|数据来源|来源|单位|制表|填报|审核"
    r"|(?i:notes?|sources?|data sources?))\s*[0-9一二三]*\s*[)）\]]?\s*[:：]"
)
# A row with a number in it is data, however it begins.
_NUMBER = re.compile(r"\s*[+-]?[0-9][0-9.,]*\s*[%％‰]?\s*")
_YEAR = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})(?![0-9])\s*年?")

RowKind = Literal["data", "blank", "header", "continuation", "note"]


class TableNotFoundError(FileRejectedError):
    """No row of the sheet holds headers of the contract."""


@dataclass(frozen=True)
class TableLayout:
    """The headers of a sheet, the rows that hold them, and the title rows above them."""

    headers: tuple[Header, ...]
    header_rows: tuple[RawRow, ...]
    titles: tuple[RawRow, ...]

    @property
    def last_line(self) -> int:
        """The last line of the header rows; the rows of the table begin below it."""
        return self.header_rows[-1].line + self.header_rows[-1].line_count - 1

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.headers)

    def kind_of(self, cells: Sequence[str]) -> RowKind:
        """Return what a row below the headers is, judged by its cells alone."""
        filled = [cell for cell in cells if cell.strip()]
        if not filled:
            return "blank"
        if len(filled) >= _MIN_HEADERS and any(_is_repetition(cells, row.cells) for row in self.header_rows):
            return "header"
        if _NOTE.match(filled[0]) and not any(_NUMBER.fullmatch(cell) for cell in filled[1:]):
            return "note"
        # A title repeated on the next page, or a mark of continuation, with a unit or not.
        if all(cell == filled[0] or _NOTE.match(cell) for cell in filled) and (
            _CONTINUED.search(filled[0]) or filled[0] in self._title_cells()
        ):
            return "continuation"
        return "data"

    def _title_cells(self) -> set[str]:
        return {cell for row in self.titles for cell in row.cells if cell.strip()}

    def title_years(self) -> set[int]:
        """Return the year that the titles name; empty where they name none or several."""
        years = {int(year) for row in self.titles for cell in row.cells for year in _YEAR.findall(cell)}
        return years if len(years) == 1 else set()


def detect_table(head: Sequence[RawRow], contract: Contract, units: Units, sheet: str | None = None) -> TableLayout:
    """Return the table in the first rows of a sheet.

    Raises:
        TableNotFoundError: no row looks like headers.
        FileRejectedError: one does, with everything that is wrong with it.
    """
    matcher = HeaderMatcher.of(contract, units)
    rows = [row for row in head[:HEAD_ROWS] if not row.is_blank]
    scores = [sum(_is_column(matcher.match(cell)) for cell in row.cells) if not row.error else 0 for row in rows]
    best = max(scores, default=0)
    if best < min(_MIN_HEADERS, len(contract.columns)):
        raise _not_found(rows, contract, matcher, sheet)
    number = scores.index(best)
    for first, last in ((number, number), (number - 1, number), (number, number + 1)):
        if first >= 0 and last < len(rows):
            texts = _join_header_rows(rows[first : last + 1], matcher)
            headers, issues = match_headers(texts, contract, units, rows[last].line, sheet)
            if not issues:
                return _layout(rows, first, last, headers, matcher)
    _, issues = match_headers(rows[number].cells, contract, units, rows[number].line, sheet)
    raise FileRejectedError(*issues)


def _layout(
    rows: Sequence[RawRow], first: int, last: int, headers: Sequence[Header], matcher: HeaderMatcher
) -> TableLayout:
    """The layout with the row below, where that repeats the headers in another language or has their units."""
    merged = tuple(headers)
    if last + 1 < len(rows) and (below := _merge_second_row(rows[last + 1].cells, merged, matcher)) is not None:
        merged, last = below, last + 1
    return TableLayout(merged, tuple(rows[first : last + 1]), tuple(rows[:first]))


def _merge_second_row(
    cells: Sequence[str], headers: Sequence[Header], matcher: HeaderMatcher
) -> tuple[Header, ...] | None:
    if not any(cell.strip() for cell in cells) or len(cells) > len(headers):
        return None
    result = []
    for header, cell in zip(headers, (*cells, *[""] * len(headers)), strict=False):
        unit = normalise_header(cell).strip("()[]")
        second = matcher.match(cell)
        if not unit or (second is not None and second.column == header.column and header.column is not None):
            result.append(header)
        elif header.unit is None and header.column is not None and matcher.units.is_unit(unit):
            result.append(replace(header, unit=unit))
        else:
            return None
    return tuple(result)


def _join_header_rows(rows: Sequence[RawRow], matcher: HeaderMatcher) -> list[str]:
    """One row of headers; two rows are joined cell by cell, and an upper cell also counts for blanks to its right."""
    if len(rows) == 1:
        return list(rows[0].cells)
    width = max(len(row.cells) for row in rows)
    upper, lower = ((*row.cells, *[""] * width)[:width] for row in rows)
    result, group = [], ""
    for above, below in zip(upper, lower, strict=True):
        group = above if above.strip() else group
        options = [option for option in (f"{group}{below}", below, above) if option.strip()]
        result.append(next((option for option in options if _is_column(matcher.match(option))), below or above))
    return result


def _is_column(header: Header | None) -> bool:
    return header is not None and header.role == "column"


def _is_repetition(cells: Sequence[str], headers: Sequence[str]) -> bool:
    pairs = zip(cells, headers, strict=False)
    return all(normalise_header(cell) == normalise_header(header) for cell, header in pairs if cell.strip())


def _not_found(
    rows: Sequence[RawRow], contract: Contract, matcher: HeaderMatcher, sheet: str | None
) -> TableNotFoundError:
    widest = max(rows, key=lambda row: len(row.cells), default=None)
    if widest is None:
        return TableNotFoundError(Issue("missing_header_row", expected=", ".join(contract.columns), sheet=sheet))
    # The widest row may be data; a malformed row above it may be the headers.
    malformed = next((row for row in rows if row.error is not None and row.line <= widest.line), None)
    if malformed is not None:
        return TableNotFoundError(Issue("malformed_row", malformed.error or "", line=malformed.line, sheet=sheet))
    header = next((cell for cell in widest.cells if cell.strip() and not _is_column(matcher.match(cell))), "")
    if not header:
        _, issues = match_headers(widest.cells, contract, matcher.units, widest.line, sheet)
        return TableNotFoundError(*issues)
    return TableNotFoundError(
        Issue("unknown_header", header, matcher.nearest(header), line=widest.line, column=header, sheet=sheet)
    )
