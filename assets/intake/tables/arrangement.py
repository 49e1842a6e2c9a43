"""Arrangement of a sheet: its tables, titles and notes, as one table of ordinary rows.

Here: the tables of a sheet of moderate size, statements for all rows, and rows that are no data. A plain sheet
of one table stays as it is. Not here: one table (assets.intake.tables.detection), joining several
(assets.intake.tables.joins).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from assets.core.errors import Issue
from assets.core.settings import Limits
from assets.core.text import split_footnote_mark
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.raw_rows import RawRow, RawSheet
from assets.intake.receipts.receipts import SheetNote
from assets.intake.rows.accounts import RowCounts
from assets.intake.tables.contracts import (
    AS_OF,
    DISTRICT,
    SCOPE,
    SIGN_OFF_HEADERS,
    SINCE_YEAR,
    Contract,
    normalise_header,
)
from assets.intake.tables.crosstabs import (
    CrosstabReader,
    crosstab_schema,
    find_crosstab,
    find_next_crosstab,
    keys_in_columns,
)
from assets.intake.tables.detection import (
    HEAD_ROWS,
    MAX_ROWS,
    ROW_CLASSES,
    HeaderBlock,
    TableDetector,
    TableLayout,
    TableNotFoundError,
    detect_table,
    find_missing_columns,
)
from assets.intake.tables.headers import Header, HeaderMatcher
from assets.intake.tables.joins import Table, TableJoiner
from assets.intake.tables.row_kinds import RowKind, is_number, plain_form
from assets.intake.tables.scope_words import COUNTY_SEAT, clauses_about_figures, find_other_scope, names_area
from assets.intake.tables.table_rows import Cell, RearrangedSheet, TableRow, header_key
from assets.intake.tables.titles import (
    Titles,
    find_constants,
    find_labelled,
    find_part_of_year,
    find_plan_word,
    find_running_count,
    find_years,
    is_year,
    section_year,
    strip_framing,
)
from assets.intake.tables.unit_statements import (
    UnitStatement,
    apply_unit_statements,
    compare_units,
    find_unit_statements,
)
from assets.intake.values.cell_parsers import parse_text
from assets.intake.values.lookups import Lookups
from assets.intake.values.places import UnknownPlaceError, normalise_place_name

# Columns that the rearranged rows do not have.
_UNREAD = ("empty", "ignored", "units", "sign_off")
# Titles may name another period than the year of a row only where this column says so.
_PERIODS = ((AS_OF, "part_of_year", find_part_of_year), (SINCE_YEAR, "running_count", find_running_count))
# A text file is read up to so many lines for each row of the limit.
_LINES_PER_ROW = 4
_MIN_FIGURES, _SHOWN_FIGURES = 2, 3
_MODIFIED_YEAR = re.compile(r"(?P<year>(?:19|20)[0-9]{2}年?)(?P<word>[^0-9].*|[0-9]{1,2}月.*|[0-9]{1,2}-.*)?")
_MIN_YEARS = 2
_MARKED_NOTE = re.compile(r"\s*(?:注?[:：]?\s*)?(?:[*＊†‡※★☆①-⑳⑴-⒇¹²³⁴-⁹]|[\[【〔(（]?注?[0-9]{1,2}[\]】〕)）:：.、])")
_TextsOfLines = list[tuple[str, int | None]]


@dataclass(frozen=True)
class Arrangement:
    """A sheet as one table.

    Attributes:
        sheet: the sheet, or its rows in another order.
        layout: the headers of the table.
        counts: the rows that are known to be no data, by class.
        notes: remarks about the sheet.
        unfolded: how many rows more than lines with data there are.
        sign_off: what the signatures say that rearranged rows do not have.
        check_row: the check of rows of a long sheet that may be no data, by line, cells and kind.
    """

    sheet: RawSheet
    layout: TableLayout
    counts: RowCounts
    notes: list[SheetNote] = field(default_factory=list)
    unfolded: int = 0
    sign_off: Mapping[str, set[str]] = field(default_factory=dict)
    check_row: Callable[[int, Sequence[str], RowKind], None] | None = None


@dataclass(frozen=True)
class _Section:
    """A part of a table with one title: the rows of data below it, in a crosstab also as ordinary rows."""

    titles: Titles
    rows: tuple[RawRow, ...]
    table_rows: tuple[TableRow, ...] = ()


@dataclass(frozen=True)
class _Block:
    """A table of the sheet, and the rows below its headers."""

    layout: TableLayout
    issues: tuple[Issue, ...]
    sections: tuple[_Section, ...]
    notes: tuple[RawRow, ...]
    counts: RowCounts
    is_crosstab: bool = False


@dataclass(frozen=True)
class SheetArranger:
    """The arrangement of the sheets of one file.

    Attributes:
        contract: the contract of the dataset.
        registry: its places and units.
        limits: rows with more cells than the limit of columns are no headers.
        sender: the folder of the inbox from which the file came, if any.
    """

    contract: Contract
    registry: Lookups
    limits: Limits
    sender: str | None = None

    def arrange(self, sheet: RawSheet) -> Arrangement:
        """Return a sheet as one table.

        Raises:
            TableNotFoundError: the sheet holds no table, and no rows that look like one.
            FileRejectedError: it holds a table that cannot be read, with everything that is wrong with it.
        """
        head = sheet.head(MAX_ROWS + 1)
        try:
            last_line = head[-1].line if head and sheet.encoding is not None else 0
            if len(head) > MAX_ROWS or last_line >= MAX_ROWS * _LINES_PER_ROW:
                return self._arrange_long(sheet, self._narrow(head))
            return self._arrange_short(sheet, self._narrow(head))
        except TableNotFoundError as error:
            self._check_sheet_is_no_table(head, sheet.name, error)
            raise

    @cached_property
    def matcher(self) -> HeaderMatcher:
        """The headers that the contract knows."""
        return HeaderMatcher(self.contract, self.registry.units)

    def _narrow(self, rows: Sequence[RawRow]) -> list[RawRow]:
        """The rows within the limit of columns: comparing the cells of others takes minutes."""
        return [row for row in rows if len(row.cells) <= self.limits.columns]

    def _detector(self, sheet: RawSheet) -> TableDetector:
        is_place = self.registry.places.is_known
        return TableDetector(self.matcher, sheet.name, sheet.merges, sheet.hidden_columns, is_place)

    def _arrange_long(self, sheet: RawSheet, head: Sequence[RawRow]) -> Arrangement:
        detector = self._detector(sheet)
        layout = detect_table(head, detector)
        units = next((header.text for header in layout.headers if header.role == "units"), None)
        if units is not None:
            line = layout.header_rows[-1].line
            raise FileRejectedError(Issue("distant_unit", units, str(MAX_ROWS), line=line, sheet=sheet.name))
        titles = self._titles(layout.titles, sheet.name)
        layout = self._with_plan(layout, titles, sheet.name)
        sections = self._scope_sections(layout, (row for row in head if row.line > layout.last_line))
        if issues := self._check_scopes(layout, sections, (), sheet.name):
            raise FileRejectedError(*issues)
        counts = _count_head(head, layout, self.matcher)
        return Arrangement(sheet, layout, counts, check_row=detector.check_long_sheet)

    def _arrange_short(self, sheet: RawSheet, head: Sequence[RawRow]) -> Arrangement:
        detector = self._detector(sheet)
        first = find_crosstab(head, detector) or detector.find_headers(head)
        blocks = list(self._blocks(sheet, head, first, detector))
        issues = [issue for block in blocks for issue in block.issues]
        if issues:
            raise FileRejectedError(*issues)
        counts = _count_head(head, blocks[0].layout, self.matcher)
        notes = [note for block in blocks if not block.is_crosstab for note in self._year_notes(block, sheet.name)]
        if len(blocks) == 1 and not blocks[0].is_crosstab and not find_missing_columns(blocks[0].layout, detector):
            layout = self._set_stray_cells_aside(blocks[0], notes, sheet.name)
            titles = self._all_titles(blocks, sheet.name)
            return Arrangement(sheet, self._with_plan(layout, titles, sheet.name), counts, notes)
        return self._rearrange(sheet, blocks, detector, counts, notes)

    # --- the tables of a sheet ----------------------------------------------------------------------------------

    def _blocks(
        self, sheet: RawSheet, head: Sequence[RawRow], first: HeaderBlock, detector: TableDetector
    ) -> Iterator[_Block]:
        """The tables of a sheet, each down to the title of the next one."""
        block: HeaderBlock | None = first
        while block is not None:
            if block.is_crosstab:
                layout = TableLayout((), block.rows, block.titles)
                schema = crosstab_schema(block, detector)
            else:
                layout, _ = detector.read_headers(block)
                schema = layout.schema(self.contract)
            below = sheet.rows(layout.last_line, schema)
            following = self._find_next(below, block, layout, detector)
            end = _first_line(following) if following is not None else None
            read = self._read_crosstab if block.is_crosstab else self._read_block
            yield read(block, [row for row in below if end is None or row.line < end], detector)
            block = following

    def _find_next(
        self, below: Sequence[RawRow], block: HeaderBlock, layout: TableLayout, detector: TableDetector
    ) -> HeaderBlock | None:
        """The next headers below a table that are not those of the table again."""
        others = [row for row in below if layout.kind_of(row.cells) != "header"]
        found = (find_next_crosstab(below, block, detector), detector.find_next_headers(others))
        return min((block for block in found if block is not None), key=_first_line, default=None)

    def _read_block(self, block: HeaderBlock, below: Sequence[RawRow], detector: TableDetector) -> _Block:
        layout, _ = detector.read_headers(block)
        kinds = [(row, self._kind_of(row, layout)) for row in below]
        notes = tuple(row for row, kind in kinds if kind in ("note", "footer"))
        data = [row for row, kind in kinds if kind == "data" and row.error is None]
        statements, unit_issues = self._units_of_rows(layout, data, detector.sheet)
        between = _rows_between(kinds)
        below_notes = [row for row, kind in kinds if _may_be_note(row, kind) and row not in between]
        layout, issues = detector.read_headers(block, below_notes, statements)
        issues += unit_issues or self._compare_units(layout, data, detector.sheet)
        issues += self._check_units_between(layout, between, detector.sheet)
        issues += self._check_marks(layout, data, below_notes, detector.sheet)
        counts: RowCounts = Counter(ROW_CLASSES[kind] for _, kind in kinds)
        counts["wrapped"] = sum(row.line_count - 1 for row in below)
        sections = tuple(self._sections(kinds, self._titles(layout.titles, detector.sheet)))
        issues += self._check_scopes(layout, self._scope_sections(layout, data), below_notes, detector.sheet)
        return _Block(layout, tuple(issues), sections, notes, counts)

    def _read_crosstab(self, block: HeaderBlock, below: Sequence[RawRow], detector: TableDetector) -> _Block:
        layout = TableLayout((), block.rows, block.titles)
        kinds = [(row, self._kind_in_crosstab(row, layout)) for row in below]
        notes = tuple(row for row, kind in kinds if kind in ("note", "footer"))
        data = [row for row, kind in kinds if kind == "data"]
        places = self.registry.places
        reader = CrosstabReader(detector, block, data, self._normalise_place, lambda text: strip_framing(text, places))
        missing = [name for name in self.contract.columns if self.contract.is_needed(name) and name not in reader.keys]
        sections, issues = [], []
        for section in self._sections(kinds, self._titles(block.titles, detector.sheet)):
            constants, conflicts = find_constants(section.titles, self.contract, places, missing, detector.sheet)
            issues += conflicts
            sections.append(replace(section, table_rows=tuple(reader.read(section.rows, constants))))
        below_notes = [row for row, kind in kinds if kind == "note"]
        statements = detector.find_statements(block, below_notes)
        headers, conflicts = apply_unit_statements(
            list(reader.headers.values()), statements if not reader.issues else [], self.matcher, detector.sheet
        )
        counts: RowCounts = Counter(ROW_CLASSES[kind] for _, kind in kinds)
        counts["wrapped"] = sum(row.line_count - 1 for row in below)
        layout = replace(layout, headers=tuple(headers), unit_statements=tuple(statements))
        cells = (row.cells.get(SCOPE) for section in sections for row in section.table_rows)
        ((titles, _),) = self._scope_sections(layout, ())
        of_rows = (titles, {cell.text for cell in cells if cell is not None})
        conflicts += self._check_scopes(layout, (of_rows,), notes, detector.sheet)
        return _Block(layout, (*reader.issues, *issues, *conflicts), tuple(sections), notes, counts, is_crosstab=True)

    def _kind_in_crosstab(self, row: RawRow, layout: TableLayout) -> RowKind:
        """What a row below keys is; one of a known place or figure is always data."""
        is_label = any(map(self.registry.places.is_known, row.cells)) or self.matcher.count(row.cells) > 0
        is_data = row.error is not None or (is_label and any(is_number(plain_form(cell)) for cell in row.cells))
        return "data" if is_data else layout.kind_of(row.cells)

    def _units_of_rows(
        self, layout: TableLayout, rows: Sequence[RawRow], sheet: str | None
    ) -> tuple[list[UnitStatement], list[Issue]]:
        """The one unit of all rows in a column of units; where they differ, they would apply to unknown columns."""
        statements: list[UnitStatement] = []
        for number, header in enumerate(layout.headers):
            if header.role == "units":
                texts = dict.fromkeys(
                    text for row in rows if (text := plain_form("".join(row.cells[number : number + 1])))
                )
                units = [text for text in texts if self.registry.units.is_unit(text)]
                if len(texts) > 1 and units:
                    example = f"{header.text}（{units[0]}）"
                    line = layout.header_rows[-1].line
                    return [], [Issue("unit_column_differs", "、".join(texts), example, line=line, sheet=sheet)]
                statements += [UnitStatement(f"{header.text}：{unit}", rows[0].line, (unit,)) for unit in units]
        return statements, []

    def _check_units_between(self, layout: TableLayout, rows: Sequence[RawRow], sheet: str | None) -> list[Issue]:
        """Another unit between rows of data (续表 单位：米): it would apply to those below it alone."""
        cells = [(cell, row.line) for row in rows for cell in row.cells if cell.strip()]
        stated = find_unit_statements(cells, self.matcher, are_titles=True)
        units = {name: self.contract.columns[name].unit for name in self.matcher.figures}
        headers = [replace(header, unit=header.unit or units.get(header.column or "")) for header in layout.headers]
        return apply_unit_statements(headers, stated, self.matcher, sheet)[1]

    def _check_marks(
        self, layout: TableLayout, rows: Sequence[RawRow], notes: Sequence[RawRow], sheet: str | None
    ) -> list[Issue]:
        """A footnote that gives the figures with its mark another year or a part of one: * 为2022年数据."""
        pairs = [
            (cell, header.column, row) for row in rows for cell, header in zip(row.cells, layout.headers, strict=False)
        ]
        years = find_years(cell for cell, column, _ in pairs if column == self.contract.year)
        marked = ((cell, row) for cell, column, row in pairs if column in self.matcher.figures)
        figure = next(((cell, row) for cell, row in marked if split_footnote_mark(cell.strip())[1]), None)
        texts = [cell for note in notes for cell in note.cells if _MARKED_NOTE.match(cell)] if figure else []
        text = next((text for text in texts if find_part_of_year((text,)) or find_years((text,)) - years), None)
        if figure is None or text is None:
            return []
        actual = f"{figure[0].strip()} / {text.strip()}"
        return [Issue("footnote_of_other_year", actual, line=figure[1].line, sheet=sheet)]

    def _compare_units(self, layout: TableLayout, rows: Sequence[RawRow], sheet: str | None) -> list[Issue]:
        unit = self.contract.column_of("unit")
        number = next(
            (n for n, header in enumerate(layout.headers) if unit is not None and header.column == unit), None
        )
        if number is None:
            return []
        cells = ((row.cells[number], row.line) for row in rows if number < len(row.cells))
        return compare_units(cells, layout.unit_statements, self.matcher, sheet)

    def _kind_of(self, row: RawRow, layout: TableLayout) -> RowKind:
        """What a row below headers is; a row of a known place is always data."""
        if row.error is not None:
            return "data"
        places = (self.contract.place, self.contract.place_code)
        cells = [cell for cell, header in zip(row.cells, layout.headers, strict=False) if header.column in places]
        is_of_place = any(self.registry.places.is_known(cell) for cell in cells if cell.strip())
        return "data" if is_of_place else layout.kind_of(row.cells)

    def _sections(self, kinds: Sequence[tuple[RawRow, RowKind]], titles: Titles) -> Iterator[_Section]:
        """The rows of data below the titles of a table, and below each title between them."""
        rows: list[RawRow] = []
        for row, kind in kinds:
            year = section_year(row.cells) if kind == "continuation" else None
            if year is not None:
                yield _Section(titles, tuple(rows))
                rows, titles = [], replace(titles, title=(f"{year}年",), line=row.line)
            elif kind == "data":
                rows.append(row)
        yield _Section(titles, tuple(rows))

    # --- statements for all rows --------------------------------------------------------------------------------

    def _titles(self, rows: Sequence[RawRow], sheet: str | None) -> Titles:
        texts = tuple(cell for row in rows for cell in row.cells if cell.strip())
        line = rows[0].line if rows else None
        return Titles(texts, (sheet,) if sheet else (), (self.sender,) if self.sender else (), line)

    def _with_plan(self, layout: TableLayout, titles: Titles, sheet: str | None) -> TableLayout:
        """The layout with the word of a plan; raise FileRejectedError where the titles are about other figures."""
        for name, code, find in _PERIODS:
            column = self.contract.columns.get(name)
            words = find((*titles.title, *titles.sheet)) if column is not None else None
            if column is not None and words and all(header.column != name for header in layout.headers):
                raise FileRejectedError(Issue(code, words, column.zh, line=titles.line, sheet=sheet))
        word = find_plan_word(titles, self.contract)
        if word is not None and self.contract.stage is None:
            raise FileRejectedError(Issue("planned_figures", word, line=titles.line, sheet=sheet))
        return replace(layout, plan_word=word)

    def _scope_sections(self, layout: TableLayout, rows: Iterable[RawRow]) -> Iterator[tuple[_TextsOfLines, set[str]]]:
        """The titles of a table, and each row below that only names an area, with the scopes of the rows below."""
        numbers = {header.column: number for number, header in enumerate(layout.headers)}
        titles = self._titles(layout.titles, None)
        texts, scopes = [(text, titles.line) for text in titles.title], set[str]()
        for row in rows:
            cells = dict(enumerate(map(str.strip, row.cells)))
            filled = set(filter(None, cells.values()))
            if len(filled) == 1 and names_area(*filled):
                yield texts, scopes
                texts, scopes = [(filled.pop(), row.line)], set()
            elif not cells.get(numbers.get(DISTRICT, -1)):
                scopes.add(cells.get(numbers.get(SCOPE, -1), ""))
        yield texts, scopes

    def _check_scopes(
        self,
        layout: TableLayout,
        sections: Iterable[tuple[_TextsOfLines, set[str]]],
        notes: Iterable[RawRow],
        sheet: str | None,
    ) -> list[Issue]:
        """Words around a table, or over a part of it, that name another area than the scopes of its rows."""
        if COUNTY_SEAT not in self.matcher.scopes:
            return []
        stated = dict(find_labelled(self._titles(layout.titles, None), self.contract, SCOPE))
        is_stated = all(header.column != SCOPE for header in layout.headers)
        below = [(cell, row.line) for row in notes for cell in row.cells if cell.strip()]
        figures = [header.text for header in layout.headers if header.column in self.matcher.figures]
        issues = []
        for texts, scopes in sections:
            titles = [(text, line) for text, line in texts if not (is_stated and text in stated)]
            titles += [(sheet, None)] if sheet else []
            forms = map(normalise_header, (*scopes, *stated.values()) if is_stated else scopes)
            known = {self.matcher.scopes[form] for form in forms if form in self.matcher.scopes}
            issues.append(find_other_scope(titles, below, known, figures, sheet))
        return [issue for issue in issues if issue is not None]

    def _year_notes(self, block: _Block, sheet: str | None) -> Iterator[SheetNote]:
        """A title, or else the name of the sheet, with another year than every row below it: one of them is wrong."""
        is_year = [header.column is not None and header.column == self.contract.year for header in block.layout.headers]
        for section in block.sections:
            cells = (cell for row in section.rows for cell, is_cell in zip(row.cells, is_year, strict=False) if is_cell)
            years = find_years(cells)
            stated = find_years(section.titles.title) or find_years(section.titles.sheet)
            if len(stated) == 1 and years and not stated & years:
                text = f"{min(stated)} / {', '.join(map(str, sorted(years)))}"
                yield SheetNote(sheet=sheet, line=section.titles.line, kind="title_year_differs", text=text)

    def _set_stray_cells_aside(self, block: _Block, notes: list[SheetNote], sheet: str | None) -> TableLayout:
        """The layout that reads no column without header, if it is apart from the table or numbers its rows."""
        rows = [row for section in block.sections for row in section.rows if row.error is None]
        headers = list(block.layout.headers)
        is_filled = [any(row.cells[n].strip() for row in rows if n < len(row.cells)) for n in range(len(headers))]
        for number, header in enumerate(headers):
            if header.role != "empty" or not is_filled[number]:
                continue
            cells = [Cell(row.cells[number], row.line, number) for row in rows if number < len(row.cells)]
            is_apart = not any(_is_part(headers, is_filled, beside) for beside in (number - 1, number + 1))
            is_serial = [plain_form(cell.text) for cell in cells] == [str(n) for n in range(1, len(cells) + 1)]
            if is_apart or is_serial:
                headers[number] = Header(header.text, "ignored")
                filled = [cell for cell in cells if cell.text.strip()]
                text = "、".join(f"{cell.address} {cell.text.strip()}" for cell in filled[:3])
                notes.append(SheetNote(sheet=sheet, line=filled[0].line, kind="stray_cell", text=text))
        return replace(block.layout, headers=tuple(headers))

    def _check_sheet_is_no_table(self, head: Sequence[RawRow], sheet: str | None, error: TableNotFoundError) -> None:
        """Raise the error that says why there is no table, of the whole file where rows look like data."""
        wide = next((row for row in head[:HEAD_ROWS] if len(row.cells) > self.limits.columns), None)
        if wide is not None:
            actual, expected = str(len(wide.cells)), str(self.limits.columns)
            issue = Issue("too_many_columns", actual, expected, line=wide.line, sheet=sheet)
            raise TableNotFoundError(issue) from error
        if any(issue.code not in ("unknown_header", "missing_header_row") for issue in error.issues):
            return
        if (in_rows := self._find_figures_in_rows(head[:HEAD_ROWS], sheet)) is not None:
            raise FileRejectedError(in_rows) from error
        for number, row in enumerate(head):
            forms = [form for form in map(plain_form, row.cells) if form]
            if number < HEAD_ROWS and (modified := _find_modified_year(row)) is not None:
                raise FileRejectedError(Issue("header_with_modifier", *modified, line=row.line, sheet=sheet)) from error
            keys = self._keys_in_columns(row)
            if len(keys) > 1 and any(
                is_number(plain_form(cell)) for below in head[number + 1 :] for cell in below.cells
            ):
                raise FileRejectedError(keys_in_columns(keys, row, sheet)) from error
            if any(map(is_number, forms)) and any(map(self.registry.places.is_known, row.cells)):
                raise FileRejectedError(Issue("sheet_without_headers", line=row.line, sheet=sheet)) from error

    def _find_figures_in_rows(self, rows: Sequence[RawRow], sheet: str | None) -> Issue | None:
        """The names of figures that stand one below the other, each with a number in its row."""
        names: dict[int, dict[str, int]] = {}
        for row in rows:
            if any(is_number(plain_form(cell)) for cell in row.cells):
                for number, cell in enumerate(row.cells):
                    header = self.matcher.match(cell) if cell.strip() else None
                    if header is not None and header.column in self.matcher.figures:
                        names.setdefault(number, {})[cell.strip()] = row.line
        figures = max(names.values(), key=len, default={})
        if len(figures) < _MIN_FIGURES:
            return None
        line, example = min(figures.values()), "、".join((self.contract.needed_titles, *figures))
        return Issue("figures_in_rows", "、".join(list(figures)[:_SHOWN_FIGURES]), example, line=line, sheet=sheet)

    def _keys_in_columns(self, row: RawRow) -> list[str]:
        """The years or places that a row has beside each other; a row that begins with a place is one of data."""
        filled = [cell.strip() for cell in row.cells if cell.strip()]
        years = [cell for cell in filled if is_year(cell)]
        if len(years) > 1 or (filled and self.registry.places.is_known(filled[0])):
            return years
        return [cell for cell in filled if self.registry.places.is_known(cell)]

    # --- rows in another order ----------------------------------------------------------------------------------

    def _rearrange(
        self,
        sheet: RawSheet,
        blocks: Sequence[_Block],
        detector: TableDetector,
        counts: RowCounts,
        notes: list[SheetNote],
    ) -> Arrangement:
        tables = [self._table(block, detector) for block in blocks]
        joiner = TableJoiner(self.contract, self.registry.units, self._normalise_place)
        joined, issues = joiner.join(tables)
        if issues:
            raise FileRejectedError(*issues)
        data_lines = sum(len(section.rows) for block in blocks for section in block.sections)
        for block in blocks:
            counts.update(block.counts)
        for block in blocks[1:]:
            counts["title"] += len(block.layout.titles)
            counts["header"] += len(block.layout.header_rows)
            rows = (*block.layout.titles, *block.layout.header_rows)
            counts["wrapped"] += sum(row.line_count - 1 for row in rows)
        unfolded = len(joined.rows) - data_lines
        # The validator counts the rearranged rows.
        counts["read"] = -unfolded
        notes += [_footnote(row, sheet.name) for block in blocks for row in block.notes]
        layout = self._with_plan(blocks[0].layout, self._all_titles(blocks, sheet.name), sheet.name)
        statements = dict.fromkeys(statement for block in blocks for statement in block.layout.unit_statements)
        layout = replace(layout, headers=joined.headers, unit_statements=tuple(statements))
        return Arrangement(
            RearrangedSheet(sheet, joined.headers, joined.rows),
            layout,
            counts,
            notes,
            unfolded,
            _read_sign_off(blocks),
        )

    def _all_titles(self, blocks: Sequence[_Block], sheet: str | None) -> Titles:
        """The titles of all tables, and what notes below them say about the figures."""
        titles = self._titles([row for block in blocks for row in block.layout.titles], sheet)
        cells = (cell for block in blocks for row in block.notes for cell in row.cells)
        clauses = [clause for cell in cells for clause in clauses_about_figures(cell)]
        return replace(titles, title=(*titles.title, *clauses))

    def _table(self, block: _Block, detector: TableDetector) -> Table:
        """A table with the place and the year of its titles, where it has no columns of them."""
        missing = {issue.column: issue for issue in find_missing_columns(block.layout, detector)}
        if block.is_crosstab:
            table_rows = (row for section in block.sections for row in section.table_rows)
            return Table(block.layout.headers, tuple(table_rows), tuple(missing.values()))
        headers = [header for header in block.layout.headers if header.role not in _UNREAD]
        rows: list[TableRow] = []
        found: dict[str, str] = {}
        for section in block.sections:
            names = [name for name in missing if name is not None]
            constants, issues = find_constants(
                section.titles, self.contract, self.registry.places, names, detector.sheet
            )
            if issues:
                raise FileRejectedError(*issues)
            constants |= self._stated_unit(block.layout, names)
            found = constants if section.rows or not found else found
            rows += [self._table_row(row, block.layout, constants) for row in section.rows]
        added = [Header(self.contract.columns[name].zh, "column", name) for name in found]
        lacking = tuple(issue for name, issue in missing.items() if name not in found)
        return Table((*added, *headers), tuple(rows), lacking)

    def _stated_unit(self, layout: TableLayout, missing: Sequence[str]) -> dict[str, str]:
        """The unit of all rows, where the contract has a column of units and the table has none."""
        unit = self.contract.column_of("unit")
        stated = {one for statement in layout.unit_statements for one in statement.units}
        return {unit: stated.pop()} if unit in missing and unit is not None and len(stated) == 1 else {}

    def _table_row(self, row: RawRow, layout: TableLayout, constants: dict[str, str]) -> TableRow:
        if row.error is not None or len(row.cells) != layout.width:
            return TableRow(row.line, malformed=row)
        cells = {name: Cell(text, row.line, None) for name, text in constants.items()}
        for number, (header, text) in enumerate(zip(layout.headers, row.cells, strict=True)):
            if header.role not in _UNREAD:
                cells[header_key(header)] = Cell(text, row.line, number)
        return TableRow(row.line, cells)

    def _normalise_place(self, text: str) -> str:
        try:
            place = self.registry.places.resolve(text)
        except UnknownPlaceError:
            return normalise_place_name(text)
        return place.county_code or place.city_code or place.province_code or ""


def _read_sign_off(blocks: Iterable[_Block]) -> dict[str, set[str]]:
    """What the columns of the signatures say, by their meaning."""
    cells: dict[str, set[str]] = {}
    for block in blocks:
        rows = [row for section in block.sections for row in section.rows if row.error is None]
        for number, header in enumerate(block.layout.headers):
            if header.role == "sign_off":
                texts = (row.cells[number] for row in rows if number < len(row.cells))
                name = SIGN_OFF_HEADERS[normalise_header(header.text)]
                cells.setdefault(name, set()).update(filter(None, map(parse_text, texts)))
    return cells


def _count_head(head: Iterable[RawRow], layout: TableLayout, matcher: HeaderMatcher) -> RowCounts:
    """The rows down to the last one of the headers, by class."""
    header_lines = {row.line for row in layout.header_rows}
    counts: RowCounts = Counter()
    for row in head:
        if row.line > layout.last_line:
            break
        texts = [cell.strip().strip("()（）[]") for cell in row.cells if cell.strip()]
        if row.is_blank:
            counts["blank"] += 1
        elif row.line not in header_lines:
            counts["title"] += 1
        elif all(map(matcher.units.is_unit, texts)):
            counts["unit"] += 1
        else:
            counts["header"] += 1
        counts["wrapped"] += row.line_count - 1
    return counts


def _first_line(block: HeaderBlock) -> int:
    return (*block.titles, *block.rows)[0].line


def _is_part(headers: Sequence[Header], is_filled: Sequence[bool], number: int) -> bool:
    return 0 <= number < len(headers) and (headers[number].role != "empty" or is_filled[number])


def _rows_between(kinds: Sequence[tuple[RawRow, RowKind]]) -> list[RawRow]:
    """The notes and titles that have rows of data above and below them."""
    is_data = [kind == "data" and len({*filter(None, map(plain_form, row.cells))}) > 1 for row, kind in kinds]
    lines = [row.line for (row, _), is_row in zip(kinds, is_data, strict=True) if is_row]
    others = [row for (row, kind), is_row in zip(kinds, is_data, strict=True) if not is_row and kind != "header"]
    return [row for row in others if row.error is None and lines and lines[0] < row.line < lines[-1]]


def _find_modified_year(row: RawRow) -> tuple[str, str] | None:
    """The word at a year among years in columns, such as 2024年预计, and that year."""
    forms = [form for form in map(plain_form, row.cells) if form]
    matches = [match for form in forms if (match := _MODIFIED_YEAR.fullmatch(form)) is not None]
    words = [match for match in matches if not is_year(match[0])]
    is_row_of_years = (
        len(words) < len(matches) and len(matches) >= _MIN_YEARS and len(forms) - len(matches) <= len(matches)
    )
    return (words[0]["word"].strip("()"), words[0]["year"]) if words and is_row_of_years else None


def _may_be_note(row: RawRow, kind: RowKind) -> bool:
    """Whether a row below a table may say how it is to be read: one text that begins as no note does is not taken."""
    filled = [cell for cell in row.cells if cell.strip()]
    return kind == "note" or (kind == "data" and row.error is None and len(filled) == 1)


def _footnote(row: RawRow, sheet: str | None) -> SheetNote:
    text = " ".join(cell for cell in row.cells if cell.strip())
    return SheetNote(sheet=sheet, line=row.line, kind="footnote", text=text)
