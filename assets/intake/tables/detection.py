"""Where the table stands in a sheet, and which of its rows are no data.

Here: title rows, one or two rows of headers, repeated headers, continuation marks, footnotes. Not here: what a header
means (assets.intake.tables.headers).
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
_FEWEST_HEADERS = 2
_CONTINUED = re.compile(r"续\s*表|[(（]续[)）]|(?i:continued)")
_NOTE = re.compile(
    r"\s*[(（\[]?\s*(?:注释?|附注|说明|备注|资料来源|数据来源|来源|单位|制表|填报|审核"
    r"|(?i:notes?|sources?|data sources?))\s*[0-9一二三]*\s*[)）\]]?\s*[:：]"
)
# A row that says a figure beside is data, however it begins.
_FIGURE = re.compile(r"\s*[+-]?[0-9][0-9.,]*\s*[%％‰]?\s*")
_YEAR = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})(?![0-9])\s*年?")

RowKind = Literal["data", "blank", "header", "continuation", "note"]


class TableNotFoundError(FileRejectedError):
    """No row of the sheet holds headers of the contract."""


@dataclass(frozen=True)
class TableLayout:
    """The headers of a sheet, the last line on which they stand, and the title rows above them."""

    headers: tuple[Header, ...]
    header_rows: tuple[RawRow, ...]
    titles: tuple[RawRow, ...]

    @property
    def last_line(self) -> int:
        row = self.header_rows[-1]
        return row.line + row.text.count("\n") + row.text.count("\r") - row.text.count("\r\n")

    @property
    def width(self) -> int:
        return len(self.headers)

    def kind_of(self, cells: Sequence[str]) -> RowKind:
        """What a row below the headers is, seen by its cells alone."""
        filled = [cell for cell in cells if cell.strip()]
        if not filled:
            return "blank"
        if len(filled) >= _FEWEST_HEADERS and any(_repeats(cells, row.cells) for row in self.header_rows):
            return "header"
        if _NOTE.match(filled[0]) and not any(_FIGURE.fullmatch(cell) for cell in filled[1:]):
            return "note"
        # A title printed again on the next page, or the mark that says so, with the unit beside it.
        if all(cell == filled[0] or _NOTE.match(cell) for cell in filled) and (
            _CONTINUED.search(filled[0]) or filled[0] in self._title_cells()
        ):
            return "continuation"
        return "data"

    def _title_cells(self) -> set[str]:
        return {cell for row in self.titles for cell in row.cells if cell.strip()}

    def title_years(self) -> set[int]:
        """The years that the titles name; empty where they name none or a span of them."""
        years = {int(year) for row in self.titles for cell in row.cells for year in _YEAR.findall(cell)}
        return years if len(years) == 1 else set()


def detect_table(head: Sequence[RawRow], contract: Contract, units: Units, sheet: str | None = None) -> TableLayout:
    """The table in the first rows of a sheet.

    Raises NoTable where no row looks like headers, and FileRefused with every fault of the row that does.
    """
    known = HeaderMatcher.of(contract, units)
    rows = [row for row in head[:HEAD_ROWS] if not row.is_blank]
    scores = [sum(_is_column(known.header(cell)) for cell in row.cells) if not row.fault else 0 for row in rows]
    best = max(scores, default=0)
    if best < min(_FEWEST_HEADERS, len(contract.columns)):
        raise _no_table(rows, contract, known, sheet)
    number = scores.index(best)
    for first, last in ((number, number), (number - 1, number), (number, number + 1)):
        if first >= 0 and last < len(rows):
            sent = _joined(rows[first : last + 1], known)
            headers, issues = match_headers(sent, contract, units, rows[last].line, sheet)
            if not issues:
                return _layout(rows, first, last, headers, known)
    _, issues = match_headers(rows[number].cells, contract, units, rows[number].line, sheet)
    raise FileRejectedError(*issues)


def _layout(
    rows: Sequence[RawRow], first: int, last: int, headers: Sequence[Header], known: HeaderMatcher
) -> TableLayout:
    """With the row below, where that says the headers again, in another language or with their units."""
    found = tuple(headers)
    if last + 1 < len(rows) and (below := _second_row(rows[last + 1].cells, found, known)) is not None:
        found, last = below, last + 1
    return TableLayout(found, tuple(rows[first : last + 1]), tuple(rows[:first]))


def _second_row(cells: Sequence[str], headers: Sequence[Header], known: HeaderMatcher) -> tuple[Header, ...] | None:
    if not any(cell.strip() for cell in cells) or len(cells) > len(headers):
        return None
    result = []
    for header, cell in zip(headers, (*cells, *[""] * len(headers)), strict=False):
        unit = normalise_header(cell).strip("()[]")
        said = known.header(cell)
        if not unit or (said is not None and said.column == header.column and header.column is not None):
            result.append(header)
        elif header.unit is None and header.column is not None and known.units.is_unit(unit):
            result.append(replace(header, unit=unit))
        else:
            return None
    return tuple(result)


def _joined(rows: Sequence[RawRow], known: HeaderMatcher) -> list[str]:
    """One row of headers; of two, what each column's two cells say together, the upper one reaching to the right."""
    if len(rows) == 1:
        return list(rows[0].cells)
    width = max(len(row.cells) for row in rows)
    upper, lower = ((*row.cells, *[""] * width)[:width] for row in rows)
    result, reaching = [], ""
    for above, below in zip(upper, lower, strict=True):
        reaching = above if above.strip() else reaching
        options = [option for option in (f"{reaching}{below}", below, above) if option.strip()]
        result.append(next((option for option in options if _is_column(known.header(option))), below or above))
    return result


def _is_column(header: Header | None) -> bool:
    return header is not None and header.role == "column"


def _repeats(cells: Sequence[str], headers: Sequence[str]) -> bool:
    pairs = zip(cells, headers, strict=False)
    return all(normalise_header(cell) == normalise_header(header) for cell, header in pairs if cell.strip())


def _no_table(
    rows: Sequence[RawRow], contract: Contract, known: HeaderMatcher, sheet: str | None
) -> TableNotFoundError:
    widest = max(rows, key=lambda row: len(row.cells), default=None)
    if widest is None:
        return TableNotFoundError(Issue("file_empty", expected=", ".join(contract.columns), sheet=sheet))
    # The widest may be data; a broken row above it may be the headers.
    broken = next((row for row in rows if row.fault is not None and row.line <= widest.line), None)
    if broken is not None:
        return TableNotFoundError(Issue("row_broken", broken.fault or "", line=broken.line, sheet=sheet))
    header = next((cell for cell in widest.cells if cell.strip() and not _is_column(known.header(cell))), "")
    if not header:
        _, issues = match_headers(widest.cells, contract, known.units, widest.line, sheet)
        return TableNotFoundError(*issues)
    return TableNotFoundError(
        Issue("header_unknown", header, known.nearest(header), line=widest.line, column=header, sheet=sheet)
    )
