"""Detection of the table in a sheet: title rows, the rows of its headers, and the kinds of the rows below.

Here: where the headers are, over one row or several. Not here: the meaning of a header (assets.intake.tables.headers),
kinds of rows by their cells alone (assets.intake.tables.row_kinds).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

from assets.core.errors import Issue
from assets.core.text import find_odd_line_end
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.raw_rows import ChunkSchema, Merge, RawRow, column_letters
from assets.intake.readers.split_numbers import ColumnKind
from assets.intake.rows.accounts import RowClass
from assets.intake.tables.contracts import Contract, ContractColumn, normalise_header
from assets.intake.tables.form_id import FormId, find_form_id
from assets.intake.tables.headers import Header, HeaderMatcher, match_header_rows
from assets.intake.tables.row_kinds import (
    RowKind,
    is_column_numbers,
    is_continuation,
    is_footer,
    is_marked_note,
    is_note,
    is_number,
    plain_form,
)
from assets.intake.tables.titles import find_years, section_year
from assets.intake.tables.unit_statements import UnitStatement, apply_unit_statements, find_unit_statements

HEAD_ROWS = 40
# Beyond so many rows a sheet is read as one table below its first headers, in constant memory.
MAX_ROWS = 5_000
_MIN_HEADERS = 2
# Groups of headers above them; below them further levels, units, English names.
_MAX_ROWS_ABOVE, _MAX_ROWS_BELOW = 2, 3
_TAKES_NUMBERS = re.compile("日期|时间|[序编行]号|No", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}[-/.年][0-9]{1,2}([-/.月][0-9]{0,2}日?)?|[0-9]{8}")
# What a title ends with, and no group of headers.
_TITLE_LIKE = re.compile(r"(?:表|情况|统计|汇总|台账|清单|报告|年报|公报|资料|一览|概况|名单)(?:[(][^()]*[)])?")
ROW_CLASSES: dict[RowKind, RowClass] = {
    "blank": "blank",
    "header": "repeated_header",
    "continuation": "repeated_header",
    "note": "note",
    "footer": "footer",
    "data": "read",
}
IsPlace = Callable[[str], bool]


class TableNotFoundError(FileRejectedError):
    """No row of the sheet holds headers of the contract."""


@dataclass(frozen=True)
class TableLayout:
    """The headers of a table, with the rows and titles around them.

    Attributes:
        headers: the columns.
        header_rows: the rows that hold the headers.
        titles: the rows above them.
        unit_statements: the units that are stated beside the headers.
        plan_word: the word of a title that says that the figures are planned.
    """

    headers: tuple[Header, ...]
    header_rows: tuple[RawRow, ...]
    titles: tuple[RawRow, ...]
    unit_statements: tuple[UnitStatement, ...] = ()
    plan_word: str | None = None

    @property
    def last_line(self) -> int:
        """The last line of the header rows; the rows of the table begin below it."""
        return self.header_rows[-1].line + self.header_rows[-1].line_count - 1

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.headers)

    def schema(self, contract: Contract) -> ChunkSchema:
        """Return which columns hold few different texts, what each takes, and which is the last one of every row."""
        columns = [contract.columns.get(header.column or "") for header in self.headers]
        categories = (number for number, column in enumerate(columns) if column is not None and column.is_categorical)
        needed = (
            number
            for number, (header, column) in enumerate(zip(self.headers, columns, strict=True), start=1)
            if column is not None and (contract.is_needed(header.column or "") or column.is_place)
        )
        kinds = tuple(_kind_of_column(header, column) for header, column in zip(self.headers, columns, strict=True))
        return ChunkSchema(self.width, frozenset(categories), max(needed, default=None), kinds)

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
        if is_note(filled) or (len(filled) == 1 and is_marked_note(next(filter(str.strip, cells)))):
            return "note"
        is_title = section_year(cells) is not None or is_continuation(filled, self._title_cells())
        return "continuation" if is_title else "data"

    def _title_cells(self) -> frozenset[str]:
        return frozenset(plain_form(cell) for row in self.titles for cell in row.cells if cell.strip())

    @cached_property
    def form(self) -> FormId | None:
        """The number of the form, where the table is one that was made from the contract."""
        return find_form_id(cell for row in self.titles for cell in row.cells)

    def title_years(self) -> set[int]:
        """Return the year that the titles name; empty where they name none or several."""
        years = find_years(cell for row in self.titles for cell in row.cells)
        return years if len(years) == 1 else set()


@dataclass(frozen=True)
class HeaderBlock:
    """The rows of headers, and the title rows above them; in a crosstab years or places are among the headers."""

    titles: tuple[RawRow, ...]
    rows: tuple[RawRow, ...]
    is_crosstab: bool = False


@dataclass(frozen=True)
class TableDetector:
    """The detection of tables in one sheet.

    Attributes:
        matcher: the headers that the contract knows.
        sheet: the name of the sheet.
        merges: the merged cells of the sheet, which tell how far a group of headers reaches.
        hidden_columns: the columns that are hidden; one with an unknown header is not read.
        is_place: whether a cell names a place; a row with one is data.
    """

    matcher: HeaderMatcher
    sheet: str | None = None
    merges: Sequence[Merge] = ()
    hidden_columns: Collection[int] = ()
    is_place: IsPlace = lambda _: False

    def find_headers(self, rows: Sequence[RawRow]) -> HeaderBlock:
        """Return the headers among the first rows of a sheet; raise TableNotFoundError where none looks like them."""
        rows = [row for row in rows[:HEAD_ROWS] if not row.is_blank]
        number = self._find_header_row(rows)
        if number is None:
            raise _not_found(rows, self.matcher, self.sheet)
        first, last = self.header_rows(rows, number)
        return HeaderBlock(tuple(rows[:first]), tuple(rows[first : last + 1]))

    def find_next_headers(self, rows: Sequence[RawRow]) -> HeaderBlock | None:
        """Return the next headers below a table, None without any, with the rows above them that are no data."""
        rows = [row for row in rows if not row.is_blank]
        number = next((number for number, row in enumerate(rows) if self.is_header_row(row)), None)
        if number is None:
            return None
        first, last = self.header_rows(rows, number)
        return HeaderBlock(tuple(rows[self.title_start(rows, first) : first]), tuple(rows[first : last + 1]))

    def title_start(self, rows: Sequence[RawRow], first: int) -> int:
        """Return the first of the rows above headers that are titles and not data of the table above."""
        start = first
        while start > 0 and self._is_title(rows[start - 1]):
            start -= 1
        return start

    def read_headers(
        self, block: HeaderBlock, notes: Iterable[RawRow] = (), statements: Iterable[UnitStatement] = ()
    ) -> tuple[TableLayout, list[Issue]]:
        """Return the table below headers, and everything that is wrong with them except missing columns.

        Args:
            block: the headers.
            notes: the notes below the table, which may state units.
            statements: units that are stated in its rows.
        """
        levels = header_levels(block.rows, self.merges)
        headers, issues = match_header_rows(
            levels, self.matcher, block.rows[-1].line, self.sheet, hidden=self.hidden_columns
        )
        stated = [*statements, *self.find_statements(block, notes)]
        if not issues:
            headers, issues = apply_unit_statements(headers, stated, self.matcher, self.sheet)
        return TableLayout(tuple(headers), block.rows, block.titles, tuple(stated)), issues

    def find_statements(self, block: HeaderBlock, notes: Iterable[RawRow]) -> list[UnitStatement]:
        """Return what titles, headers, the name of the sheet and notes below the table say about units."""
        titles: list[tuple[str, int | None]] = [(self.sheet, None)] if self.sheet else []
        titles += [pair for row in (*block.titles, *block.rows) for pair in _joined_cells(row)]
        below = [pair for row in notes for pair in _joined_cells(row)]
        above = find_unit_statements(titles, self.matcher, are_titles=True)
        return above + find_unit_statements(below, self.matcher, are_titles=False)

    def check_long_sheet(self, line: int, cells: Sequence[str], kind: RowKind) -> None:
        """Raise FileRejectedError for a row of a long sheet, of no known place, that says how others are to be read."""
        if kind == "note":
            texts = list(_joined_cells(RawRow(line, tuple(cells), "")))
            for statement in find_unit_statements(texts, self.matcher, are_titles=False)[:1]:
                issue = Issue("distant_unit", statement.text, str(MAX_ROWS), line=line, sheet=self.sheet)
                raise FileRejectedError(issue)
        has_number = any(is_number(plain_form(cell)) for cell in cells)
        if kind == "data" and not has_number and self.is_header_row(RawRow(line, tuple(cells), "")):
            raise FileRejectedError(Issue("second_table", str(MAX_ROWS), line=line, sheet=self.sheet))

    def _find_header_row(self, rows: Sequence[RawRow]) -> int | None:
        """The first row of which at least half are headers, as no title or row of data is; else the nearest to it."""
        number = next((number for number, row in enumerate(rows) if self.is_header_row(row)), None)
        if number is not None:
            return number
        counts = [self._count_headers(row) for row in rows]
        best = max(counts, default=0)
        return counts.index(best) if best >= self._min_headers else None

    @property
    def _min_headers(self) -> int:
        return min(_MIN_HEADERS, len(self.matcher.contract.columns))

    def _count_headers(self, row: RawRow) -> int:
        return 0 if row.error else sum(_is_column(self.matcher.match(cell)) for cell in row.cells)

    def is_header_row(self, row: RawRow) -> bool:
        """Return whether at least half of the cells of a row are headers, as in no title and no row of data."""
        count = self._count_headers(row)
        return count >= self._min_headers and 2 * count >= sum(bool(cell.strip()) for cell in row.cells)

    def header_rows(self, rows: Sequence[RawRow], number: int) -> tuple[int, int]:
        """Return the first and the last row of the headers around one row of them."""
        first, last = number, number
        left = _first_filled(rows[number])
        while (
            first > 0
            and number - first < _MAX_ROWS_ABOVE
            and _is_adjacent(rows[first - 1], rows[first])
            and self._is_group_row(rows[first - 1], left)
        ):
            first -= 1
        while (
            last + 1 < len(rows)
            and last - number < _MAX_ROWS_BELOW
            and _is_adjacent(rows[last], rows[last + 1])
            and self._continues_headers(rows[last + 1], rows[number])
        ):
            last += 1
        return first, last

    def _is_group_row(self, row: RawRow, left: int) -> bool:
        """Whether a row above headers groups them, or is itself one of headers; else it is a title or data."""
        if row.error is not None or self._is_data(row):
            return False
        cells = {column: cell for column, cell in enumerate(row.cells) if cell.strip()}
        if self._count_headers(row) >= _MIN_HEADERS:
            return True
        return any(column > left and not self._is_annotation(cell) for column, cell in cells.items())

    def _is_annotation(self, cell: str) -> bool:
        """Whether a cell above headers belongs to the title: a unit, a date, a label with a colon, a centred title."""
        plain = plain_form(cell)
        is_label = ":" in plain and not plain.startswith("其中")
        is_title = _TITLE_LIKE.search(plain) is not None and not self.matcher.is_neutral(plain)
        if is_label or is_title or _DATE.fullmatch(plain):
            return True
        return bool(find_unit_statements([(cell, None)], self.matcher, are_titles=False))

    def _continues_headers(self, row: RawRow, headers: RawRow) -> bool:
        """Whether a row below headers belongs to them: it has words alone, and some of them below groups or figures."""
        filled = [form for form in map(plain_form, row.cells) if form]
        if row.error is not None or not filled or is_note(filled) or is_footer(filled) or is_column_numbers(filled):
            return False
        if self._is_data(row) or _is_repetition(row.cells, headers.cells):
            return False
        pairs = [pair for pair in zip_longest(headers.cells, row.cells, fillvalue="") if pair[1].strip()]
        columns = [(self.matcher.match(above), cell) for above, cell in pairs]
        place = self.matcher.contract.place
        if any(h is not None and h.column == place and not self._says_the_same(cell, h) for h, cell in columns):
            return False
        return any(
            h is None or h.role == "empty" or h.column in self.matcher.figures or _is_column(self.matcher.match(cell))
            for h, cell in columns
        )

    def _says_the_same(self, cell: str, header: Header) -> bool:
        below = self.matcher.match_levels((header.text, cell))
        return below is not None and below.column == header.column

    def _is_data(self, row: RawRow) -> bool:
        """Whether a row has a figure, a date or a place."""
        forms = [form for form in map(plain_form, row.cells) if form]
        return any(is_number(form) or _DATE.fullmatch(form) for form in forms) or any(map(self.is_place, row.cells))

    def _is_title(self, row: RawRow) -> bool:
        """Whether a row between two tables is the title of the lower one: one text, or words alone that are no note."""
        filled = [form for form in map(plain_form, row.cells) if form]
        if row.error is not None or is_footer(filled) or (is_note(filled) and not filled[0].startswith("单位")):
            return False
        return len(set(filled)) == 1 or not self._is_data(row)


def detect_table(rows: Sequence[RawRow], detector: TableDetector) -> TableLayout:
    """Return the table in the first rows of a sheet.

    Raises:
        TableNotFoundError: no row looks like headers.
        FileRejectedError: one does, with everything that is wrong with it.
    """
    layout, issues = detector.read_headers(detector.find_headers(rows))
    # An unknown header may be a misspelt required one, which would then be reported twice.
    issues = issues or find_missing_columns(layout, detector)
    if issues:
        raise FileRejectedError(*issues)
    return layout


def find_missing_columns(layout: TableLayout, detector: TableDetector) -> list[Issue]:
    """Return an issue for each required column that a table lacks."""
    contract = detector.matcher.contract
    present = {header.column for header in layout.headers}
    if contract.place_code in present:
        present.add(contract.place)
    line = layout.header_rows[-1].line
    hidden = "、".join(map(column_letters, sorted(detector.hidden_columns)))
    return [
        Issue(
            "missing_column" if not hidden else "missing_column_hidden",
            column.title if not hidden else f"{column.title} / {hidden}",
            "、".join(dict.fromkeys((column.title, *column.aliases, name))),
            line=line,
            column=name,
            sheet=detector.sheet,
        )
        for name, column in contract.columns.items()
        if contract.is_needed(name) and name not in present
    ]


def _kind_of_column(header: Header, column: ContractColumn | None) -> ColumnKind:
    if column is not None and column.is_numeric:
        return "year" if column.is_year else "figure"
    if column is not None and column.type == "date":
        return "date"
    # Places, dates in words and serial numbers may be numbers.
    if column is not None:
        is_of_words = column.type in ("text", "indicator", "unit") and _TAKES_NUMBERS.search(column.zh) is None
        return "word" if is_of_words else "other"
    is_of_words = header.role in ("ignored", "sign_off", "units", "empty") and not _TAKES_NUMBERS.search(header.text)
    return "word" if is_of_words else "other"


def _is_adjacent(upper: RawRow, lower: RawRow) -> bool:
    return upper.line + upper.line_count == lower.line


def _first_filled(row: RawRow) -> int:
    return next((column for column, cell in enumerate(row.cells) if cell.strip()), 0)


def header_levels(block: Sequence[RawRow], merges: Sequence[Merge]) -> list[list[str]]:
    """Return the header cells of each column from top to bottom; an upper cell also counts for blanks to its right."""
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


def _joined_cells(row: RawRow) -> Iterator[tuple[str, int | None]]:
    """The filled cells of a row with its line; a label that ends in a colon is followed by its value."""
    filled = [cell for cell in row.cells if cell.strip()]
    for cell, following in zip(filled, [*filled[1:], ""], strict=True):
        yield (f"{cell}{following}" if plain_form(cell).endswith(":") else cell), row.line


def _is_column(header: Header | None) -> bool:
    return header is not None and header.role == "column"


def _is_repetition(cells: Sequence[str], headers: Sequence[str]) -> bool:
    pairs = zip(cells, headers, strict=False)
    return all(normalise_header(cell) == normalise_header(header) for cell, header in pairs if cell.strip())


def _not_found(rows: Sequence[RawRow], matcher: HeaderMatcher, sheet: str | None) -> TableNotFoundError:
    contract = matcher.contract
    widest = max(rows, key=lambda row: len(row.cells), default=None)
    if widest is None:
        return TableNotFoundError(Issue("missing_header_row", expected=contract.needed_titles, sheet=sheet))
    # The widest row may be data; a malformed row above it may be the headers.
    malformed = next((row for row in rows if row.error is not None and row.line <= widest.line), None)
    if malformed is not None:
        return TableNotFoundError(Issue("malformed_row", malformed.error or "", line=malformed.line, sheet=sheet))
    header = next((cell for cell in widest.cells if cell.strip() and not _is_column(matcher.match(cell))), "")
    odd = find_odd_line_end(widest.text)
    if odd is not None:
        return TableNotFoundError(Issue("odd_line_end", odd, line=widest.line, sheet=sheet))
    if not header:
        # It names one column alone.
        return TableNotFoundError(Issue("missing_header_row", expected=contract.needed_titles, sheet=sheet))
    return TableNotFoundError(
        Issue("unknown_header", header, matcher.nearest(header), line=widest.line, column=header, sheet=sheet)
    )
