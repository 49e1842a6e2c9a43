"""Validation of rows: every cell is parsed, every rule is checked, and a row becomes a typed row or one with errors.

Here: one chunk of rows at a time, column by column. Not here: parsing a cell (assets.intake.values.cell_parsers), rules
that need all rows of a file (assets.intake.rows.duplicate_keys), writing the results (assets.intake.file_parser).

A column is parsed by its distinct texts: a parser in Python runs once for each, and Arrow distributes the results over
the rows. Numbers are mostly distinct; assets.intake.values.numeric_columns parses them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assets.core.text import BLANKS, may_be_same_measure, most_similar, odd_characters
from assets.intake.readers.raw_rows import CATEGORY_TYPE, MERGED, CellProblem, ChunkSchema, RawChunk
from assets.intake.receipts.receipts import SheetNote
from assets.intake.rows.accounts import RowCounts
from assets.intake.rows.row_errors import RowErrors, SourceColumn, malformed_row_errors
from assets.intake.tables.contracts import (
    GAP_REASONS,
    OTHER_CELLS,
    RETURN_ID,
    SCOPE,
    SIGN_OFF_HEADERS,
    SOURCE_GRADE,
    SOURCE_ID,
    SOURCE_TEXT,
    Contract,
    ContractColumn,
    normalise_header,
    qualifier_column,
)
from assets.intake.tables.detection import ROW_CLASSES, TableLayout
from assets.intake.tables.headers import YEAR
from assets.intake.tables.row_kinds import RowKind
from assets.intake.tables.table_rows import FIGURE_CELLS, FIRST_COLUMN
from assets.intake.values import cell_parsers
from assets.intake.values.arrow_utils import (
    Indices,
    Mask,
    cast_column,
    dictionary_encode,
    repeat_value,
    string_buffers,
    strip_blanks,
    take_categories,
    take_strings,
    take_values,
    to_mask,
    to_plain_text,
)
from assets.intake.values.cell_parsers import PLAUSIBLE_YEARS, CellParseError
from assets.intake.values.lookups import Lookups
from assets.intake.values.numeric_columns import LongFormat, NumericColumnParser, Remarks
from assets.intake.values.places import Place, UnknownPlaceError

_DAMAGED = r"[\x{FFFD}\x{E000}-\x{F8FF}\x00-\x08\x0B\x0C\x0E-\x1F\x7F]|[?？]{2,}"
# Control codes, question marks, and the first bytes of U+E000 to U+FFFF, among them `？`.
_SUSPICIOUS = bytes([*range(9), *range(11, 13), *range(14, 32), 0x7F, ord("?"), 0xEE, 0xEF])
_HARMLESS = bytes(byte for byte in range(256) if byte not in _SUSPICIOUS)
# A registered code, or a slip in one; the name of a source has other characters.
_CODE = re.compile(r"[!-~]+")
_TYPES: dict[str, pa.DataType] = {
    "number": pa.float64(),
    "integer": pa.float64(),
    "date": pa.date32(),
    "boolean": pa.bool_(),
}


def accepted_rows_schema(contract: Contract) -> pa.Schema:
    """Return the columns of the accepted rows: sheet and line, then those of the table of the dataset."""
    fields = [
        ("sheet", pa.string()),
        ("line", pa.int64()),
        ("city_code", CATEGORY_TYPE),
        ("province_code", CATEGORY_TYPE),
    ]
    for name, column in contract.columns.items():
        if not column.is_place:
            fields.append((name, _TYPES.get(column.type, CATEGORY_TYPE if column.is_categorical else pa.string())))
        if column.allow_qualifier:
            fields.append((qualifier_column(name), CATEGORY_TYPE))
    more = [(name, pa.string()) for name in (GAP_REASONS, SOURCE_TEXT, OTHER_CELLS, RETURN_ID, FIGURE_CELLS)]
    return pa.schema([*fields, *more, (FIRST_COLUMN, pa.int64())])


@dataclass
class ChunkResult:
    """What became of one chunk: rows read = valid rows + rows with `errors`. A valid row may still repeat a key."""

    valid: pa.Table
    errors: pa.Table
    counts: RowCounts
    notes: list[SheetNote]
    remarks: Remarks
    years: set[int]
    sign_off: dict[str, set[str]]


@dataclass(frozen=True)
class RowValidator:
    """The validator of the rows of one table, by its layout.

    `problems` are the cells that must not be taken, by line and position from 0 (assets.intake.readers.raw_rows);
    `check_row` looks at rows of no known place by line, cells and kind.
    """

    contract: Contract
    registry: Lookups
    layout: TableLayout
    sheet: str | None
    problems: Mapping[tuple[int, int], CellProblem] = field(default_factory=dict)
    check_row: Callable[[int, Sequence[str], RowKind], None] | None = None

    @cached_property
    def chunk_schema(self) -> ChunkSchema:
        """The columns of the sheet."""
        return self.layout.schema(self.contract)

    @cached_property
    def source_columns(self) -> dict[str, SourceColumn]:
        """Where the sheet has each column of the contract."""
        present = {header.column: (number, header.unit) for number, header in enumerate(self.layout.headers, start=1)}
        return {
            name: SourceColumn(name, position, *present.get(name, (None, None)))
            for position, name in enumerate(self.contract.columns, start=1)
        }

    @property
    def header_remarks(self) -> Remarks:
        """The invisible characters in the headers."""
        cells = (cell for row in self.layout.header_rows for cell in row.cells)
        return Counter(("invisible_removed", character) for cell in cells for character in odd_characters(cell))

    @cached_property
    def accepted_schema(self) -> pa.Schema:
        """The columns of the accepted rows."""
        return accepted_rows_schema(self.contract)

    def validate(self, chunk: RawChunk) -> ChunkResult:
        """Validate every row of a chunk; rows that are no data (blank, repeated headers, notes) are only counted."""
        counts: RowCounts = Counter({"blank": chunk.blank, "wrapped": chunk.wrapped})
        notes: list[SheetNote] = []
        malformed = [
            row for row in chunk.malformed if row.error is not None or self._is_data(row.line, row.cells, counts, notes)
        ]
        sign_off = self._read_sign_off(chunk)
        chunk = self._select_filled(self._select_data(chunk, counts, notes), counts)
        counts["read"] = len(chunk.lines) + len(malformed)
        validation = _ChunkValidation(self, chunk, RowErrors(len(chunk.lines)))
        typed = validation.parse_columns()
        errors = pa.concat_tables(
            [
                validation.errors.to_table(self.sheet, chunk, validation.parsed[RETURN_ID]),
                malformed_row_errors(self.sheet, malformed, self.layout.width),
            ]
        )
        return ChunkResult(
            typed.filter(pa.array(~validation.errors.is_bad)),
            errors,
            counts=counts,
            notes=notes,
            remarks=validation.remarks,
            years=validation.years(),
            sign_off=sign_off,
        )

    def _read_sign_off(self, chunk: RawChunk) -> dict[str, set[str]]:
        """What the columns of the signatures say, by their meaning."""
        cells: dict[str, set[str]] = {}
        for number, header in enumerate(self.layout.headers):
            if header.role == "sign_off":
                texts, _ = dictionary_encode(chunk.columns[number])
                name = SIGN_OFF_HEADERS[normalise_header(header.text)]
                cells.setdefault(name, set()).update(filter(None, map(cell_parsers.parse_text, texts)))
        return cells

    def _select_filled(self, chunk: RawChunk, counts: RowCounts) -> RawChunk:
        """The chunk without the rows of a form in which nothing was filled in."""
        if self.layout.form is None or not len(chunk.lines):
            return chunk
        is_filled = np.zeros(len(chunk.lines), dtype=np.bool_)
        for number, header in enumerate(self.layout.headers):
            is_answer = header.column is not None and header.column not in self.contract.given_columns
            if is_answer or header.role == "empty":
                is_filled |= to_mask(pc.not_equal(strip_blanks(to_plain_text(chunk.columns[number])), ""))
        counts["unfilled"] += int(np.count_nonzero(~is_filled))
        return _keep_rows(chunk, is_filled)

    def _is_data(self, line: int, cells: Sequence[str], counts: RowCounts, notes: list[SheetNote]) -> bool:
        """Whether a row is data; otherwise it is counted, and a footnote is noted."""
        kind = self.layout.kind_of(cells)
        if self.check_row is not None:
            self.check_row(line, cells, kind)
        if kind != "data":
            counts[ROW_CLASSES[kind]] += 1
        if kind in ("note", "footer"):
            notes.append(
                SheetNote(
                    sheet=self.sheet, line=line, kind="footnote", text=" ".join(cell for cell in cells if cell.strip())
                )
            )
        return kind == "data"

    def _select_data(self, chunk: RawChunk, counts: RowCounts, notes: list[SheetNote]) -> RawChunk:
        """The chunk without rows that are no data; only a row without a known place can be one."""
        position = self.source_columns[self.contract.place].source_position or self._code_position()
        if position is None or not len(chunk.lines):
            return chunk
        names, indices = dictionary_encode(chunk.columns[position - 1])
        places = self.registry.places
        is_unknown = np.array([not places.is_known(name) for name in names], dtype=np.bool_)[indices]
        numbers = np.flatnonzero(is_unknown)
        if not len(numbers):
            return chunk
        rows = zip(*(take_strings(column, numbers) for column in chunk.columns), strict=True)
        is_kept = np.ones(len(chunk.lines), dtype=np.bool_)
        is_kept[numbers] = [
            self._is_data(int(chunk.lines[number]), cells, counts, notes)
            for number, cells in zip(numbers.tolist(), rows, strict=True)
        ]
        return _keep_rows(chunk, is_kept)

    def _code_position(self) -> int | None:
        code = self.contract.place_code
        return self.source_columns[code].source_position if code else None


@dataclass
class _ChunkValidation:
    """The validation of one chunk: `parsed` holds the typed columns so far, `errors` what is wrong with its rows."""

    validator: RowValidator
    chunk: RawChunk
    errors: RowErrors
    remarks: Remarks = field(default_factory=Counter)
    parsed: dict[str, pa.Array] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return len(self.chunk.lines)

    def parse_columns(self) -> pa.Table:
        """Return the typed rows of the chunk, valid or not."""
        contract = self.validator.contract
        self.parsed["sheet"] = repeat_value(self.validator.sheet, self.size)
        self.parsed["line"] = pa.array(self.chunk.lines)
        self._parse_place()
        for name, column in contract.columns.items():
            if not column.is_place and not column.is_numeric:
                self._parse_column(self.validator.source_columns[name], column)
        self._grade_own_sources()
        self._check_header_scopes()
        self._check_plan()
        # Numbers come last: in a long layout their limits and units are those of the row's indicator.
        self._parse_numbers()
        self._check_header_years()
        self._check_problems()
        self._check_cells_without_header()
        self.parsed[OTHER_CELLS] = self._other_cells()
        self.parsed[RETURN_ID] = self._return_ids()
        # Only rows of a rearranged sheet have these; they are filled afterwards.
        self.parsed[FIGURE_CELLS] = self.parsed[FIRST_COLUMN] = pa.nulls(self.size)
        schema = self.validator.accepted_schema
        return pa.table([cast_column(self.parsed[entry.name], entry.type) for entry in schema], schema=schema)

    def years(self) -> set[int]:
        """Return the years of the rows, where the dataset has a column `year`."""
        if YEAR not in self.parsed or not pa.types.is_floating(self.parsed[YEAR].type):
            return set()
        return {int(year) for year in self.parsed[YEAR].unique().to_pylist() if year is not None and year < 1e4}

    def _texts(self, source: SourceColumn) -> pa.Array:
        if source.source_position is None:
            return repeat_value("", self.size)
        return self.chunk.columns[source.source_position - 1]

    # --- places -------------------------------------------------------------------------------------------------

    def _parse_place(self) -> None:
        contract = self.validator.contract
        source = self.validator.source_columns[contract.place]
        texts = self._texts(source)
        names, indices = dictionary_encode(texts)
        pairs = [(name, "") for name in names]
        if contract.place_code is not None and self.validator.source_columns[contract.place_code].source_position:
            codes, code_indices = dictionary_encode(self._texts(self.validator.source_columns[contract.place_code]))
            numbers, indices = np.unique(indices * len(codes) + code_indices, return_inverse=True)
            pairs = [(names[number // len(codes)], codes[number % len(codes)]) for number in numbers.tolist()]
        results = [self._resolve_place(name, code) for name, code in pairs]
        self._remark_distinct([f"{name}{code}" for name, code in pairs], indices)
        self.parsed["city_code"] = take_values([place.city_code for place, _, _ in results], indices)
        self.parsed["province_code"] = take_values([place.province_code for place, _, _ in results], indices)
        error_codes, expected = [code for _, code, _ in results], [text for _, _, text in results]
        self.errors.add_by_distinct(source, texts, error_codes, expected, indices)

    def _resolve_place(self, name: str, code: str) -> tuple[Place, str | None, str]:
        """The place, or the code of the error with the expected value."""
        contract, places = self.validator.contract, self.validator.registry.places
        column = contract.columns[contract.place]
        stripped_name, stripped_code = name.strip(BLANKS), code.strip(BLANKS)
        if not stripped_name and not stripped_code:
            return Place(), "missing_value", column.zh
        try:
            by_code = places.resolve(stripped_code) if stripped_code else None
            is_code_decisive = not stripped_name or places.is_homophone(stripped_name)
            place = by_code if by_code and is_code_decisive else places.resolve(stripped_name)
        except UnknownPlaceError as error:
            return Place(), error.code, error.nearest
        if by_code is not None and by_code != place:
            return Place(), "place_code_mismatch", code
        if place.county_code is not None and not column.accept_counties:
            return Place(), "county_not_city", places.name_of(place.city_code or "")
        return place, None, ""

    # --- texts, dates, booleans ---------------------------------------------------------------------------------

    def _parse_column(self, source: SourceColumn, column: ContractColumn) -> None:
        texts = self._texts(source)
        if column.type == "text" and not column.is_categorical:
            self.parsed[source.name] = self._parse_free_text(source, column, texts)
            return
        parse = self._cell_parser(source.name, column)
        distinct, indices = dictionary_encode(texts)
        is_required = self.validator.contract.is_needed(source.name)
        results = [_parse_cell(parse, text, column, is_required) for text in distinct]
        self._remark_distinct(distinct, indices)
        self.parsed[source.name] = take_values([value for value, _, _ in results], indices, _TYPES.get(column.type))
        codes, expected = [code for _, code, _ in results], [text for _, _, text in results]
        self.errors.add_by_distinct(source, texts, codes, expected, indices)

    def _remark_distinct(self, distinct: Sequence[str], indices: Indices) -> None:
        """Count the rows with invisible characters in a text."""
        for number, text in enumerate(distinct):
            for character in odd_characters(text):
                self.remarks["invisible_removed", character] += int(np.count_nonzero(indices == number))

    def _parse_free_text(self, source: SourceColumn, column: ContractColumn, texts: pa.Array) -> pa.Array:
        stripped = strip_blanks(texts)
        is_empty = pc.equal(stripped, "")
        if _may_be_damaged(stripped):
            is_damaged = to_mask(pc.match_substring_regex(stripped, _DAMAGED))
            self.errors.add(is_damaged, source, "text_damaged", texts)
        if column.required:
            self.errors.add(to_mask(is_empty), source, "missing_value", None, column.zh)
        elif source.name in self.validator.contract.key:
            # A dash as district is no district: the row is about the whole city.
            is_sign = pc.match_substring_regex(stripped, rf"^(?:{cell_parsers.MISSING_SIGNS.pattern})$")
            is_empty = pc.or_(is_empty, pc.or_(is_sign, pc.is_in(stripped, pa.array(sorted(cell_parsers.MISSING)))))
        return pc.if_else(is_empty, pa.scalar(None, pa.string()), stripped)

    def _cell_parser(self, name: str, column: ContractColumn) -> Callable[[str], Any]:
        """The parser of the cells of a column that holds few different texts."""
        if column.type == "date":
            first, last = PLAUSIBLE_YEARS
            years = (int(column.min or first), int(column.max or last))
            return partial(cell_parsers.parse_date, years=years)
        if column.type == "boolean":
            return cell_parsers.parse_boolean
        if column.type == "unit":
            return cell_parsers.parse_text
        values = self._values_of(column)
        own_source = self.validator.contract.own_source if name == SOURCE_ID else None
        return partial(_parse_listed, values=values, own=own_source.source_id if own_source else None)

    def _values_of(self, column: ContractColumn) -> dict[str, str]:
        """The value that each text of a list stands for; width, blanks and case make no difference."""
        registry = self.validator.registry
        if column.allowed is not None:
            values = {label: value for value in column.allowed for label in (*column.labels_of(value), value)}
        elif column.references is not None:
            values = dict(registry.references[column.references])
        else:
            values = {**registry.indicator_names, **{name: name for name in self.validator.contract.indicators}}
        return {**{normalise_header(text): value for text, value in values.items()}, **values}

    def _grade_own_sources(self) -> None:
        """Keep what a sender writes in place of a registered source, with the grade that the contract gives to it."""
        own = self.validator.contract.own_source
        self.parsed[SOURCE_TEXT] = pa.nulls(self.size, pa.string())
        if own is None:
            return
        is_own = pc.equal(to_plain_text(self.parsed[SOURCE_ID]), own.source_id)
        texts = strip_blanks(to_plain_text(self._texts(self.validator.source_columns[SOURCE_ID])))
        is_named = pc.and_(is_own, pc.not_equal(texts, own.source_id))
        self.parsed[SOURCE_TEXT] = pc.if_else(is_named, texts, pa.scalar(None, pa.string()))
        grades = pc.if_else(is_own, own.grade, to_plain_text(self.parsed[SOURCE_GRADE]))
        self.parsed[SOURCE_GRADE] = pc.fill_null(grades, own.grade)
        for text in self.parsed[SOURCE_TEXT].drop_null().value_counts().to_pylist():
            self.remarks["own_source", text["values"] or "-"] += text["counts"]

    def _check_header_scopes(self) -> None:
        """A header that names a scope is valid for rows of that scope only."""
        for scope in sorted({header.scope for header in self.validator.layout.headers if header.scope is not None}):
            source = self.validator.source_columns[SCOPE]
            is_other = pc.fill_null(pc.not_equal(to_plain_text(self.parsed[SCOPE]), scope), False)
            self.errors.add(to_mask(is_other), source, "scope_mismatch", self._texts(source), scope)

    def _check_plan(self) -> None:
        """A title that says plan is valid for planned figures only."""
        word, stage = self.validator.layout.plan_word, self.validator.contract.stage
        if word is None or stage is None:
            return
        source, planned = self.validator.source_columns[stage], self.validator.contract.columns[stage].planned_values
        stages = cast_column(self.parsed[stage], pa.string())
        is_other = pc.and_(pc.is_valid(stages), pc.invert(pc.is_in(stages, pa.array(planned))))
        self.errors.add(to_mask(is_other), source, "planned_figure", self._texts(source), word)

    def _check_header_years(self) -> None:
        """A header that names a year is valid for rows of that year only."""
        for year in sorted({header.year for header in self.validator.layout.headers if header.year is not None}):
            source = self.validator.source_columns[YEAR]
            is_other = pc.fill_null(pc.not_equal(self.parsed[YEAR], float(year)), False)
            self.errors.add(to_mask(is_other), source, "year_mismatch", self._texts(source), str(year))

    def _parse_numbers(self) -> None:
        contract = self.validator.contract
        self._check_units()
        long_format = LongFormat.of(contract, self.parsed, self.size)
        parser = NumericColumnParser(
            self.validator.registry, long_format, self.size, self.errors, self.remarks, frozenset(contract.key)
        )
        for name, column in contract.columns.items():
            if column.is_numeric:
                source = self.validator.source_columns[name]
                self.parsed[name], qualifiers = parser.parse(source, column, self._texts(source))
                if column.allow_qualifier:
                    self.parsed[qualifier_column(name)] = qualifiers
        texts = {row: json.dumps(reasons) for row, reasons in parser.gaps.items()}
        self.parsed[GAP_REASONS] = take_categories(texts, self.size)

    def _check_units(self) -> None:
        """Report units that are none; the number beside one is parsed as if no unit were there."""
        contract, registry = self.validator.contract, self.validator.registry
        name, indicator_name = contract.column_of("unit"), contract.column_of("indicator")
        if name is None or indicator_name is None:
            return
        units = to_plain_text(self.parsed[name])
        unknown = [unit for unit in pc.unique(units).drop_null().to_pylist() if not registry.units.is_unit(unit)]
        is_unknown = pc.is_in(units, pa.array(unknown, pa.string()))
        indicators = to_plain_text(self.parsed[indicator_name]).filter(is_unknown).to_pylist()
        limits = [registry.indicators.get(indicator or "") for indicator in indicators]
        source, texts = self.validator.source_columns[name], self._texts(self.validator.source_columns[name])
        expected = [indicator.unit if indicator else "" for indicator in limits]
        self.errors.add(to_mask(is_unknown), source, "unknown_unit", texts, expected)
        self.parsed[name] = pc.if_else(is_unknown, pa.scalar(None, pa.string()), units)

    def _check_problems(self) -> None:
        """Reject the cells of the contract's columns that show something else than they hold.

        Merged cells are rejected as figures only: a merged place, text or year counts for each of its rows.
        """
        problems = self.validator.problems
        if not problems:
            return
        rows = {line: row for row, line in enumerate(self.chunk.lines.tolist())}
        columns = {
            source.source_position - 1: source
            for source in self.validator.source_columns.values()
            if source.source_position is not None
        }
        self.errors.replace(
            {
                (rows[line], columns[position]): (problem.code, problem.shown, problem.stored)
                for (line, position), problem in problems.items()
                if line in rows
                and position in columns
                and not (problem.code == MERGED and self._may_be_merged(columns[position].name))
            }
        )

    def _may_be_merged(self, column: str) -> bool:
        contract = self.validator.contract
        return column in contract.key or not contract.columns[column].is_numeric

    # --- columns that the contract does not know ----------------------------------------------------------------

    def _check_cells_without_header(self) -> None:
        for number, header in enumerate(self.validator.layout.headers):
            if header.role == "empty":
                texts = self.chunk.columns[number]
                is_filled = pc.not_equal(strip_blanks(to_plain_text(texts)), "")
                self.errors.add(to_mask(is_filled), SourceColumn("", 0, number + 1), "cell_without_header", texts)

    def _other_cells(self) -> pa.Array:
        """The cells of unknown columns that the contract keeps, as JSON."""
        columns: dict[str, list[str]] = {}
        for number, header in enumerate(self.validator.layout.headers):
            if header.role == "kept":
                name = header.text if header.text not in columns else f"{header.text} ({number + 1})"
                columns[name] = to_plain_text(self.chunk.columns[number]).to_pylist()
        if not columns:
            return pa.nulls(self.size, pa.string())
        rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
        return pa.array([json.dumps(row, ensure_ascii=False) for row in rows], pa.string())

    def _return_ids(self) -> pa.Array:
        """The numbers of the rejected rows that the rows correct, where the file was returned before."""
        for number, header in enumerate(self.validator.layout.headers):
            if header.role == "return_id":
                text = strip_blanks(to_plain_text(self.chunk.columns[number]))
                return pc.if_else(pc.match_substring_regex(text, "^[0-9a-f]{12}$"), text, pa.scalar(None, pa.string()))
        return pa.nulls(self.size, pa.string())


class _UnlistedTextError(CellParseError):
    """A text that is not on the list of its column; `suggestion` is the one of the list that may be meant, if any."""

    def __init__(self, text: str, suggestion: str) -> None:
        self.suggestion = suggestion
        super().__init__(text)


def _parse_listed(cell: str, values: Mapping[str, str], own: str | None) -> str | None:
    """The value of a listed text; `own` is that of an empty cell and of the name of a source that is not listed."""
    text = cell_parsers.parse_text(cell)
    if own is not None and (text is None or cell_parsers.is_missing(text)):
        return own
    if text is None:
        return None
    value = values.get(text) or values.get(normalise_header(text))
    if value is None and own is not None and not _CODE.fullmatch(text):
        return own
    if value is None:
        similar = most_similar(text, [name for name in values if may_be_same_measure(name, text)])
        raise _UnlistedTextError(text, similar)
    return value


def _parse_cell(
    parse: Callable[[str], Any], text: str, column: ContractColumn, is_required: bool
) -> tuple[Any, str | None, str]:
    """The value of one distinct text, or the code of the error with the expected value."""
    try:
        value = parse(text)
    except _UnlistedTextError as error:
        if column.allowed is not None:
            return None, "value_not_allowed", "、".join(column.shown_values)
        if column.references is not None:
            return None, "unknown_reference", column.references
        return None, "unknown_indicator_name", error.suggestion
    except CellParseError:
        if column.type == "date":
            return None, "invalid_date", "2026-02-05"
        if column.type == "boolean":
            return None, "invalid_boolean", f"{cell_parsers.YES[0]} / {cell_parsers.NO[0]}"
        return None, "text_damaged", ""
    if value is None and is_required:
        return None, "missing_value", column.zh
    return value, None, ""


def _keep_rows(chunk: RawChunk, is_kept: Mask) -> RawChunk:
    if is_kept.all():
        return chunk
    columns = [column.filter(pa.array(is_kept)) for column in chunk.columns]
    return replace(chunk, lines=chunk.lines[is_kept], columns=columns)


def _may_be_damaged(texts: pa.Array) -> bool:
    """Whether any byte of a column can be part of damage: the expression that finds it takes far longer."""
    bounds, data = string_buffers(texts)
    return bool(data[bounds[0] : bounds[-1]].tobytes().translate(None, _HARMLESS))
