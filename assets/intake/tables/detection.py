"""Detection of the table in a sheet: title rows, the rows of its headers, and the kinds of the rows below.

Here: where the headers are, over one row or several. Not here: the meaning of a header (assets.intake.tables.headers),
kinds of rows by their cells alone (assets.intake.tables.row_kinds).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from assets.core.errors import Issue
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.raw_rows import Merge, RawRow
from assets.intake.tables.contracts import Contract, normalise_header
from assets.intake.tables.headers import Header, HeaderMatcher, match_header_rows
from assets.intake.tables.row_kinds import (
    RowKind,
    is_column_numbers,
    is_continuation,
    is_footer,
    is_note,
    is_number,
    plain_form,
)
from assets.intake.tables.unit_statements import UnitStatement, apply_unit_statements, find_unit_statements
from assets.intake.values.units import Units

HEAD_ROWS = 40
_MIN_HEADERS = 2
# Groups of headers above them; below them further levels, units, English names.
_MAX_ROWS_ABOVE, _MAX_ROWS_BELOW = 2, 3
_YEAR = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})(?![0-9])\s*年?")
_DATE = re.compile(r"[0-9]{4}[-/.年][0-9]{1,2}([-/.月][0-9]{0,2}日?)?|[0-9]{8}")
# What a title ends with, and no group of headers.
_TITLE_LIKE = re.compile(r"(?:表|情况|统计|汇总|台账|清单|报告|年报|公报|资料|一览|概况|名单)(?:[(][^()]*[)])?")
IsPlace = Callable[[str], bool]


class TableNotFoundError(FileRejectedError):
    """No row of the sheet holds headers of the contract."""


@dataclass(frozen=True)
class TableLayout:
    """The headers of a sheet, the rows that hold them, the title rows above, and the units stated beside them."""

    headers: tuple[Header, ...]
    header_rows: tuple[RawRow, ...]
    titles: tuple[RawRow, ...]
    unit_statements: tuple[UnitStatement, ...] = ()

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
        filled = [form for form in map(plain_form, cells) if form]
        if not filled:
            return "blank"
        if len(filled) >= _MIN_HEADERS and any(_is_repetition(cells, row.cells) for row in self.header_rows):
            return "header"
        if is_column_numbers(filled):
            return "header"
        if is_footer(filled):
            return "footer"
        if is_note(filled):
            return "note"
        return "continuation" if is_continuation(filled, self._title_cells()) else "data"

    def _title_cells(self) -> frozenset[str]:
        return frozenset(plain_form(cell) for row in self.titles for cell in row.cells if cell.strip())

    def title_years(self) -> set[int]:
        """Return the year that the titles name; empty where they name none or several."""
        years = {int(year) for row in self.titles for cell in row.cells for year in _YEAR.findall(cell)}
        return years if len(years) == 1 else set()


def detect_table(
    head: Sequence[RawRow],
    contract: Contract,
    units: Units,
    sheet: str | None = None,
    *,
    merges: Sequence[Merge] = (),
    is_place: IsPlace = lambda _: False,
) -> TableLayout:
    """Return the table in the first rows of a sheet.

    Args:
        head: the rows.
        contract: the contract of the dataset.
        units: the registered units.
        sheet: the name of the sheet.
        merges: the merged cells of the sheet, which tell how far a group of headers reaches.
        is_place: whether a cell names a place; a row with one is data.

    Raises:
        TableNotFoundError: no row looks like headers.
        FileRejectedError: one does, with everything that is wrong with it.
    """
    matcher = HeaderMatcher(contract, units)
    rows = [row for row in head[:HEAD_ROWS] if not row.is_blank]
    number = _find_header_row(rows, matcher)
    if number is None:
        raise _not_found(rows, contract, matcher, sheet)
    first, last = _header_block(rows, number, matcher, is_place)
    block = rows[first : last + 1]
    headers, issues = match_header_rows(_levels(block, merges), matcher, block[-1].line, sheet)
    if issues:
        raise FileRejectedError(*issues)
    texts = [pair for row in rows[: last + 1] for pair in _joined_cells(row)] + ([(sheet, None)] if sheet else [])
    statements = find_unit_statements(texts, matcher, are_titles=True)
    headers, issues = apply_unit_statements(headers, statements, matcher, sheet)
    if issues:
        raise FileRejectedError(*issues)
    return TableLayout(tuple(headers), tuple(block), tuple(rows[:first]), tuple(statements))


def _find_header_row(rows: Sequence[RawRow], matcher: HeaderMatcher) -> int | None:
    """The first row of which at least half are headers; a title or a row of data never is. Else the nearest to it."""
    counts = [sum(_is_column(matcher.match(cell)) for cell in row.cells) if not row.error else 0 for row in rows]
    enough = min(_MIN_HEADERS, len(matcher.contract.columns))
    for number, (row, count) in enumerate(zip(rows, counts, strict=True)):
        if count >= enough and 2 * count >= sum(bool(cell.strip()) for cell in row.cells):
            return number
    best = max(counts, default=0)
    return counts.index(best) if best >= enough else None


def _header_block(rows: Sequence[RawRow], number: int, matcher: HeaderMatcher, is_place: IsPlace) -> tuple[int, int]:
    """The first and the last row of the headers around one row of them."""
    first, last = number, number
    left = _first_filled(rows[number])
    while (
        first > 0
        and number - first < _MAX_ROWS_ABOVE
        and _is_adjacent(rows[first - 1], rows[first])
        and _is_group_row(rows[first - 1], left, matcher)
    ):
        first -= 1
    while (
        last + 1 < len(rows)
        and last - number < _MAX_ROWS_BELOW
        and _is_adjacent(rows[last], rows[last + 1])
        and _continues_headers(rows[last + 1], rows[number], matcher, is_place)
    ):
        last += 1
    return first, last


def _is_group_row(row: RawRow, left: int, matcher: HeaderMatcher) -> bool:
    """Whether a row above headers groups them, or is itself one of headers; else it is a title."""
    if row.error is not None:
        return False
    cells = {column: cell for column, cell in enumerate(row.cells) if cell.strip()}
    if sum(_is_column(matcher.match(cell)) for cell in cells.values()) >= _MIN_HEADERS:
        return True
    return any(column > left and not _is_annotation(cell, matcher) for column, cell in cells.items())


def _is_annotation(cell: str, matcher: HeaderMatcher) -> bool:
    """Whether a cell above headers belongs to the title: a unit, a date, a label with a colon, or a centred title."""
    plain = plain_form(cell)
    is_label = ":" in plain and not plain.startswith("其中")
    is_title = _TITLE_LIKE.search(plain) is not None and not matcher.is_neutral(plain)
    return (
        is_label
        or is_title
        or bool(_DATE.fullmatch(plain))
        or bool(find_unit_statements([(cell, None)], matcher, are_titles=False))
    )


def _continues_headers(row: RawRow, headers: RawRow, matcher: HeaderMatcher, is_place: IsPlace) -> bool:
    """Whether a row below headers belongs to them: it has words alone, and some of them below groups or figures."""
    filled = [form for form in map(plain_form, row.cells) if form]
    if row.error is not None or not filled or is_note(filled) or is_footer(filled) or is_column_numbers(filled):
        return False
    pairs = [pair for pair in zip_longest(headers.cells, row.cells, fillvalue="") if pair[1].strip()]
    is_data = any(is_number(form) or _DATE.fullmatch(form) for form in filled) or any(map(is_place, row.cells))
    if is_data or _is_repetition(row.cells, headers.cells):
        return False
    columns = [matcher.match(above) for above, _ in pairs]
    is_below_place = any(
        header is not None and header.column == matcher.contract.place and not _says_the_same(cell, header, matcher)
        for header, (_, cell) in zip(columns, pairs, strict=True)
    )
    return not is_below_place and any(
        header is None or header.role == "empty" or header.column in matcher.figures or _is_column(matcher.match(cell))
        for header, (_, cell) in zip(columns, pairs, strict=True)
    )


def _says_the_same(cell: str, header: Header, matcher: HeaderMatcher) -> bool:
    below = matcher.match_levels((header.text, cell))
    return below is not None and below.column == header.column


def _is_adjacent(upper: RawRow, lower: RawRow) -> bool:
    return upper.line + upper.line_count == lower.line


def _first_filled(row: RawRow) -> int:
    return next((column for column, cell in enumerate(row.cells) if cell.strip()), 0)


def _levels(block: Sequence[RawRow], merges: Sequence[Merge]) -> list[list[str]]:
    """The header cells of each column from top to bottom; an upper cell also counts for blanks to its right."""
    width = max(len(row.cells) for row in block)
    rows = [[*row.cells, *[""] * (width - len(row.cells))] for row in block]
    for upper, row, raw in zip(rows, rows[1:], block, strict=False):
        ends = {m.first_column: m.last_column for m in merges if m.first_line <= raw.line <= m.last_line}
        group, end = "", -1
        for column, below in enumerate(row):
            if upper[column].strip():
                group, end = upper[column], ends.get(column, width if len(block) > 1 else column)
            elif column <= end and below.strip():
                upper[column] = group
    return [list(levels) for levels in zip(*rows, strict=True)]


def _joined_cells(row: RawRow) -> Iterator[tuple[str, int]]:
    """The filled cells of a row with its line; a label that ends in a colon is followed by its value."""
    filled = [cell for cell in row.cells if cell.strip()]
    for cell, following in zip(filled, [*filled[1:], ""], strict=True):
        yield (f"{cell}{following}" if plain_form(cell).endswith(":") else cell), row.line


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
        _, issues = match_header_rows([(cell,) for cell in widest.cells], matcher, widest.line, sheet)
        return TableNotFoundError(*issues)
    return TableNotFoundError(
        Issue("unknown_header", header, matcher.nearest(header), line=widest.line, column=header, sheet=sheet)
    )
