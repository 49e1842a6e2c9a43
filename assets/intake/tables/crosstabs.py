"""Crosstabs: tables with years or places in columns, read as one row for each place and year.

Here: finding the headers of such a table, what its rows and columns stand for, and its figures as ordinary rows. Not
here: ordinary tables (assets.intake.tables.detection), statements for all rows (assets.intake.tables.titles).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from assets.core.errors import Issue
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.raw_rows import ChunkSchema, RawRow
from assets.intake.readers.split_numbers import ColumnKind
from assets.intake.tables.contracts import SCOPE, Contract
from assets.intake.tables.detection import HEAD_ROWS, HeaderBlock, TableDetector, header_levels
from assets.intake.tables.headers import Header, HeaderMatcher
from assets.intake.tables.row_kinds import is_number, plain_form
from assets.intake.tables.table_rows import Cell, TableRow, header_key
from assets.intake.tables.titles import is_year

_MIN_KEYS, _YEAR_DIGITS, _SHOWN_KEYS = 2, 4, 3
_WITH_UNIT = re.compile(r"(?P<name>.+)[（(](?P<unit>[^（）()]+)[）)]\s*")


@dataclass(frozen=True, slots=True)
class _Column:
    """What the header cells of a column say: its year or place (`keys`, by column of the contract), and other words."""

    keys: Mapping[str, Cell]
    words: tuple[str, ...]


@dataclass
class CrosstabReader:
    """The reading of one table with keys in columns.

    Attributes:
        detector: the detection of tables in the sheet.
        block: the rows of its headers, and the title rows above them.
        data: the rows of data below.
        normalise_place: one form for all spellings of a place.
        strip_title: a title without the words that are not about the figure.
        headers: the headers of the ordinary table, by column, after all rows were read.
        issues: what is wrong with the headers and the labels of rows.
    """

    detector: TableDetector
    block: HeaderBlock
    data: Sequence[RawRow]
    normalise_place: Callable[[str], str]
    strip_title: Callable[[str], str]
    headers: dict[str, Header] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    _taken: set[tuple[int, int | None]] = field(default_factory=set)

    @cached_property
    def keys(self) -> set[str | None]:
        """The columns of the contract for which rows or columns have a cell."""
        names = {name for column in self._columns for name in column.keys}
        return {*names, *(header.column for header in self._stubs.values())}

    def read(self, rows: Sequence[RawRow], constants: Mapping[str, str]) -> list[TableRow]:
        """Return some of the rows of data as ordinary rows, and keep their headers and what is wrong with them.

        Args:
            rows: the rows.
            constants: what titles say about all of them, by column.

        Raises:
            FileRejectedError: nothing says which figure the cells hold.
        """
        result: list[TableRow] = []
        groups: dict[tuple[object, ...], TableRow] = {}
        for measure in self._measures.values():
            if measure.role == "column":
                self._add_header(measure, self._line)
        for row in rows:
            if row.error is not None or len(row.cells) != len(self._columns):
                result.append(TableRow(row.line, malformed=row))
                continue
            for number, measure in self._figures(row):
                self._add_header(measure, row.line)
                self._add_figure(groups, row, number, measure, constants)
        return sorted([*result, *groups.values()], key=lambda row: (row.line, row.first_column or 0))

    # --- what rows and columns stand for ------------------------------------------------------------------------

    @cached_property
    def _columns(self) -> list[_Column]:
        levels = header_levels(self.block.rows, self.detector.merges)
        columns = [self._read_column(cells, number) for number, cells in enumerate(levels)]
        width = max((len(row.cells) for row in self.data if row.error is None), default=0)
        return [*columns, *[_Column({}, ())] * (width - len(columns))]

    def _read_column(self, levels: Sequence[str], number: int) -> _Column:
        keys: dict[str, Cell] = {}
        words: list[str] = []
        for text, row in zip(levels, self.block.rows, strict=True):
            is_key = is_year(text) or self.detector.is_place(text)
            name = (self._contract.year if is_year(text) else self._contract.place) if is_key else None
            if name is not None and name not in keys:
                keys[name] = Cell(text, row.line, number)
            elif text.strip():
                words.append(text)
        return _Column(keys, tuple(words))

    @cached_property
    def _keyed(self) -> list[int]:
        return [number for number, column in enumerate(self._columns) if column.keys]

    @cached_property
    def _measures(self) -> dict[int, Header]:
        """The figures of the columns with keys that name one."""
        named = {number: self._columns[number].words for number in self._keyed if self._columns[number].words}
        return {
            n: self._checked(self._matcher.match_levels(words), "".join(words), self._line)
            for n, words in named.items()
        }

    @cached_property
    def _stubs(self) -> dict[int, Header]:
        """The columns without keys, each with its header; `label` says which figure a row is about."""
        stubs: dict[int, Header] = {}
        for number, column in enumerate(self._columns):
            if not column.keys:
                stubs[number] = self._stub(number, {header.column for header in stubs.values()})
        return stubs

    def _stub(self, number: int, present: set[str | None]) -> Header:
        """What a column without keys holds, judged by its header, and by its cells where the header says nothing."""
        contract, words, cells = self._contract, self._columns[number].words, self._cells(number)
        text, header = "".join(words), self._matcher.match_levels(words)
        if header is not None and header.role != "empty" and header.column not in (contract.place, contract.year):
            if header.column is not None and header.column in present:
                self._add_issue("duplicate_header", text, contract.titles([header.column]), self._line, text)
            if header.column in self._matcher.figures:
                # A figure of no year, or of no place.
                self._add_issue("figure_beside_keys", text, "", self._line, text)
            return header
        indicator = contract.column_of("indicator")
        if indicator is None and any(map(self._is_figure, cells)):
            return Header(text, "label")
        if any(map(self.detector.is_place, cells)) and contract.place not in present:
            return Header(text, "column", contract.place)
        if cells and all(map(is_year, cells)) and contract.year not in present:
            return Header(text, "column", contract.year)
        if header is not None and (header.role == "column" or not cells):
            return header
        if indicator is not None and indicator not in present and number < self._keyed[0]:
            return Header(text, "column", indicator)
        self._add_issue(*self._matcher.explain(None, text or cells[0]), self._line, text)
        return Header(text, "kept")

    def _cells(self, number: int) -> list[str]:
        cells = (row.cells[number] for row in self.data if row.error is None and number < len(row.cells))
        return [cell for cell in cells if cell.strip()]

    def _stub_of(self, role: str) -> int | None:
        return next((number for number, header in self._stubs.items() if header.role == role), None)

    def _is_figure(self, label: str) -> bool:
        header = self._matcher.match(label)
        return header is not None and header.column in self._matcher.figures

    @cached_property
    def _measure_of_table(self) -> Header | None:
        """The figure of all cells: the only one of the contract, else the one that the titles or the sheet name."""
        if self._contract.column_of("indicator") is not None:
            name = next(iter(self._matcher.figures))
            return Header(self._contract.columns[name].zh, "column", name)
        texts = [cell for row in self.block.titles for cell in row.cells] + [self.detector.sheet or ""]
        named = (self._matcher.match(self.strip_title(text)) for text in texts if text.strip())
        measures = [header for header in named if header is not None and header.column in self._matcher.figures]
        return measures[0] if len({header.column for header in measures}) == 1 else None

    # --- figures ------------------------------------------------------------------------------------------------

    def _figures(self, row: RawRow) -> Iterator[tuple[int, Header]]:
        """The filled cells of a row below keys, each with the figure that it holds."""
        filled = [number for number in self._keyed if row.cells[number].strip()]
        has_label = self._stub_of("label") is not None
        label = self._label(row) if filled and has_label else None
        for number in filled:
            measure = label or self._measures.get(number) or self._measure_of_table
            if measure is None or (has_label and number in self._measures):
                keys = dict.fromkeys(cell.text.strip() for column in self._columns for cell in column.keys.values())
                shown, line = "、".join(list(keys)[:_SHOWN_KEYS]), self.block.rows[0].line
                raise FileRejectedError(Issue("crosstab_without_figure", shown, line=line, sheet=self.detector.sheet))
            if measure.role == "column":
                yield number, measure

    def _label(self, row: RawRow) -> Header:
        """The figure that a row is about; its unit may stand in a column of its own."""
        number, units = self._stub_of("label"), self._stub_of("units")
        label = row.cells[number or 0].strip()
        unit = row.cells[units].strip() if units is not None else ""
        if unit and not self._matcher.is_neutral(unit):
            label = f"{label}（{unit}）"
        return self._checked(self._matcher.match(label), label, row.line)

    def _checked(self, header: Header | None, text: str, line: int) -> Header:
        """The header of a figure; one that names none, or a unit of another kind, is an issue."""
        if header is None or header.modifier is not None or header.column not in self._matcher.figures:
            known = header if header is not None and header.modifier is not None else None
            self._add_issue(*self._matcher.explain(known, text), line, text)
            return Header(text, "kept")
        unit, expected = header.unit, self._contract.columns[header.column or ""].unit
        if unit is not None and (expected is None or self._matcher.units.factor(unit, expected) is None):
            self._add_issue("incompatible_header_unit", unit, expected or "", line, header.column or "")
        return header

    def _add_issue(self, code: str, actual: str, expected: str, line: int, column: str) -> None:
        issue = Issue(code, actual, expected, line=line, column=column, sheet=self.detector.sheet)
        if issue not in self.issues:
            self.issues.append(issue)

    def _add_header(self, measure: Header, line: int) -> None:
        name = header_key(measure)
        known = self.headers.setdefault(name, replace(measure, scope=None, year=None))
        if known.unit != measure.unit:
            self._add_issue("conflicting_units", f"{known.text} / {measure.text}", known.unit or "", line, name)

    def _add_figure(
        self,
        groups: dict[tuple[object, ...], TableRow],
        row: RawRow,
        number: int,
        measure: Header,
        constants: Mapping[str, str],
    ) -> None:
        of_row = self._cells_of_row(row)
        of_table = {name: Cell(text, row.line, None) for name, text in constants.items()}
        cells = {**of_table, **of_row, **self._columns[number].keys}
        self._add_year(cells, measure, row.line)
        if measure.scope is not None:
            cells[SCOPE] = Cell(measure.scope, row.line, None)
        for name in cells:
            self.headers.setdefault(name, Header(self._contract.columns[name].zh, "column", name))
        key: tuple[object, ...] = tuple((n, self._comparable(n, cells[n].text)) for n in sorted(cells))
        name, figure = header_key(measure), Cell(row.cells[number], row.line, number)
        group = groups.get(key)
        if group is not None and name not in group.cells:
            groups[key] = replace(group, cells={**group.cells, name: figure})
            return
        # A figure that is there twice makes two rows of the same key, which the checks of rows report.
        key = key if group is None else (*key, row.line, number)
        has_keys = any(cell.text.strip() for cell in of_row.values())
        place = (row.line if has_keys else self._line, number + 1)
        place = (row.line, number + 1) if place in self._taken else place
        self._taken.add(place)
        groups[key] = TableRow(place[0], {**cells, name: figure}, first_column=place[1])

    def _add_year(self, cells: dict[str, Cell], measure: Header, line: int) -> None:
        """Add the year that the name of a figure has; one that differs from that of the cell is an issue."""
        year = self._contract.year
        if measure.year is None or year is None:
            return
        stated = cells.setdefault(year, Cell(str(measure.year), line, None))
        if self._comparable(year, stated.text) != str(measure.year):
            text = f"{measure.text} / {stated.text.strip()}"
            self._add_issue("header_with_modifier", text, self._contract.columns[header_key(measure)].zh, line, text)

    def _cells_of_row(self, row: RawRow) -> dict[str, Cell]:
        """The cells that say what a row is about, by column; an indicator may have its unit in brackets."""
        stubs = {header.column: number for number, header in self._stubs.items() if header.role == "column"}
        cells = {name: Cell(row.cells[number], row.line, number) for name, number in stubs.items() if name is not None}
        indicator, unit = self._contract.column_of("indicator"), self._contract.column_of("unit")
        if indicator in cells and unit is not None and unit not in cells:
            match = _WITH_UNIT.fullmatch(cells[indicator].text)
            if match is not None and self._matcher.units.is_unit(match["unit"]):
                cells[unit] = cells[indicator]._replace(text=match["unit"])
                cells[indicator] = cells[indicator]._replace(text=match["name"])
        return cells

    def _comparable(self, name: str, text: str) -> str:
        column = self._contract.columns[name]
        return self.normalise_place(text) if column.is_place else plain_form(text).removesuffix("年")

    @property
    def _line(self) -> int:
        return self.block.rows[-1].line

    @property
    def _matcher(self) -> HeaderMatcher:
        return self.detector.matcher

    @property
    def _contract(self) -> Contract:
        return self.detector.matcher.contract


def find_crosstab(rows: Sequence[RawRow], detector: TableDetector) -> HeaderBlock | None:
    """Return the headers of the first table of a sheet if years or places stand in its columns, else None."""
    rows = [row for row in rows if not row.is_blank]
    for number, row in enumerate(rows[:HEAD_ROWS]):
        keys = find_keys(row, detector)
        upper = rows[number - 1] if number and detector.is_header_row(rows[number - 1]) else None
        if keys and (upper is None or _are_below_figures(keys, row, upper, detector)):
            first, last = detector.header_rows(rows, number)[0], _last_header_row(rows, number, keys, detector)
            if any(_has_number(below, keys) for below in rows[last + 1 :]):
                return HeaderBlock(tuple(rows[:first]), tuple(rows[first : last + 1]), is_crosstab=True)
        if upper is not None:
            return None
    return None


def find_next_crosstab(rows: Sequence[RawRow], above: HeaderBlock, detector: TableDetector) -> HeaderBlock | None:
    """Return the headers of the next table with years or places in columns, None without one.

    The headers of the table above again, without a title that names a figure, do not begin another table.
    """
    rows = [row for row in rows if not row.is_blank]
    for number, row in enumerate(rows):
        keys = find_keys(row, detector)
        last = _last_header_row(rows, number, keys, detector) if keys else number
        if keys and any(_has_number(below, keys) for below in rows[last + 1 :]):
            first = detector.header_rows(rows, number)[0]
            titles = tuple(rows[detector.title_start(rows, first) : first])
            is_repeated = any(row.cells == other.cells for other in above.rows)
            if not is_repeated or any(detector.matcher.mentions_figure(cell) for row in titles for cell in row.cells):
                return HeaderBlock(titles, tuple(rows[first : last + 1]), is_crosstab=True)
    return None


def crosstab_schema(block: HeaderBlock, detector: TableDetector) -> ChunkSchema:
    """Return the columns of the rows below keys: those of a year or a place hold figures."""
    levels = header_levels(block.rows, detector.merges)
    kinds: list[ColumnKind] = [
        "figure" if any(is_year(cell) or detector.is_place(cell) for cell in cells) else "other" for cells in levels
    ]
    return ChunkSchema(len(kinds), frozenset(), len(kinds), tuple(kinds))


def find_keys(row: RawRow, detector: TableDetector) -> list[int]:
    """Return the columns in which a row has years or places beside each other, if the contract allows them there."""
    layouts = detector.matcher.contract.layouts
    # Most rows are of figures; to compare the forms of their cells would take a third of the time of a plain file.
    if row.error is not None or not layouts or any(map(_is_plain_figure, row.cells)):
        return []
    filled = {number: plain_form(cell) for number, cell in enumerate(row.cells) if cell.strip()}
    years = [number for number, cell in filled.items() if is_year(cell)]
    places = [n for n, cell in filled.items() if detector.is_place(row.cells[n]) and not is_number(cell)]
    if years and places:
        return []
    if any(is_number(cell) for number, cell in filled.items() if number not in years):
        return []
    # A row that begins with its place, and goes on with other words, is one of data.
    if places and places[0] == min(filled) and len(filled) > len(places):
        return []
    keys = years if "years_in_columns" in layouts else []
    keys = keys or (places if "places_in_columns" in layouts else [])
    is_interrupted = any(keys[0] < number < keys[-1] for number in filled.keys() - set(keys)) if keys else False
    return keys if len({filled[number] for number in keys}) >= _MIN_KEYS and not is_interrupted else []


def _is_plain_figure(cell: str) -> bool:
    text = cell.strip()
    return text.isascii() and is_number(text) and len(text) != _YEAR_DIGITS


def keys_in_columns(keys: Sequence[str], row: RawRow, sheet: str | None) -> Issue:
    """Return the issue of a table with keys in columns that is not read."""
    return Issue("keys_in_columns", "、".join(keys[:_SHOWN_KEYS]), line=row.line, sheet=sheet)


def _are_below_figures(keys: Sequence[int], row: RawRow, upper: RawRow, detector: TableDetector) -> bool:
    """Whether the keys are a level below the headers of figures, and not a row of data."""
    cells = dict(enumerate(upper.cells))
    above = [detector.matcher.match(cells.get(number, "")) for number in keys]
    is_figure = [header is not None and header.column in detector.matcher.figures for header in above]
    is_blank = [header is not None and header.role == "empty" for header in above]
    has_others = any(cell.strip() for number, cell in enumerate(row.cells) if number not in keys)
    return not has_others and any(is_figure) and all(map(bool.__or__, is_figure, is_blank))


def _last_header_row(rows: Sequence[RawRow], number: int, keys: Sequence[int], detector: TableDetector) -> int:
    """The last of the rows below the keys that name figures or units there, and nothing else."""
    last = number
    while last + 1 < len(rows) and all(_names_figure(rows[last + 1], key, detector) for key in keys):
        last += 1
    return last


def _names_figure(row: RawRow, number: int, detector: TableDetector) -> bool:
    cell = row.cells[number].strip() if row.error is None and number < len(row.cells) else ""
    header = detector.matcher.match(cell)
    is_header = header is not None and header.role == "column"
    return bool(cell) and (is_header or detector.matcher.units.is_unit(cell.strip("()（）")))


def _has_number(row: RawRow, keys: Sequence[int]) -> bool:
    return any(is_number(plain_form(row.cells[number])) for number in keys if number < len(row.cells))
