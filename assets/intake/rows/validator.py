"""Validation of rows: every cell is parsed, every rule is checked, and a row becomes a typed row or one with errors.

Here: one chunk of rows at a time, column by column. Not here: parsing a cell (assets.intake.values.cell_parsers), rules
that need all rows of a file (assets.intake.rows.duplicate_keys), writing the results (assets.intake.file_parser).

A column is parsed by its distinct texts: a parser in Python runs once for each, and Arrow distributes the results over
the rows. Numbers are mostly distinct; assets.intake.values.numeric_columns parses them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assets.core.text import BLANKS
from assets.intake.readers.raw_rows import CATEGORY_TYPE, ChunkSchema, RawChunk
from assets.intake.receipts.receipts import SheetNote
from assets.intake.rows.accounts import RowClass, RowCounts
from assets.intake.rows.row_errors import RowErrors, SourceColumn, malformed_row_errors
from assets.intake.tables.contracts import RETURN_ID, Contract, ContractColumn, normalise_header, qualifier_column
from assets.intake.tables.detection import RowKind, TableLayout
from assets.intake.tables.headers import SCOPE
from assets.intake.values import cell_parsers
from assets.intake.values.arrow_utils import (
    cast_column,
    dictionary_encode,
    repeat_value,
    string_buffers,
    strip_blanks,
    take_strings,
    take_values,
    to_mask,
    to_plain_text,
)
from assets.intake.values.cell_parsers import CellParseError
from assets.intake.values.lookups import Lookups
from assets.intake.values.numeric_columns import LongFormat, NumericColumnParser
from assets.intake.values.places import Place, UnknownPlaceError

_DAMAGED = r"[\x{FFFD}\x{E000}-\x{F8FF}\x00-\x08\x0B\x0C\x0E-\x1F\x7F]|[?？]{2,}"
# Control codes, question marks, and the first bytes of U+E000 to U+FFFF, among them `？`.
_SUSPICIOUS = bytes([*range(9), *range(11, 13), *range(14, 32), 0x7F, ord("?"), 0xEE, 0xEF])
_HARMLESS = bytes(byte for byte in range(256) if byte not in _SUSPICIOUS)
# A title that is repeated on the next page and a mark of continuation count as repeated headers.
_CLASSES: dict[RowKind, RowClass] = {
    "blank": "blank",
    "header": "repeated_header",
    "continuation": "repeated_header",
    "note": "note",
}
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
    return pa.schema([*fields, ("other_cells", pa.string()), (RETURN_ID, pa.string())])


@dataclass
class ChunkResult:
    """What became of one chunk: rows read = valid rows + rows with `errors`. A valid row may still repeat a key."""

    valid: pa.Table
    errors: pa.Table
    counts: RowCounts
    notes: list[SheetNote]
    conversions: Counter[str]
    years: set[int]


@dataclass(frozen=True)
class RowValidator:
    """The validator of the rows of one sheet, by its layout."""

    contract: Contract
    registry: Lookups
    layout: TableLayout
    sheet: str | None

    @cached_property
    def chunk_schema(self) -> ChunkSchema:
        """The number of columns of the sheet, which of them hold few different texts, and the last one of a row."""
        categories = frozenset(
            number
            for number, header in enumerate(self.layout.headers)
            if header.column is not None and self.contract.columns[header.column].is_categorical
        )
        needed = (
            number
            for number, header in enumerate(self.layout.headers, start=1)
            if header.column is not None
            and (self.contract.columns[header.column].required or self.contract.columns[header.column].is_place)
        )
        return ChunkSchema(self.layout.width, categories, max(needed, default=None))

    @cached_property
    def source_columns(self) -> dict[str, SourceColumn]:
        """Where the sheet has each column of the contract."""
        present = {header.column: (number, header.unit) for number, header in enumerate(self.layout.headers, start=1)}
        return {
            name: SourceColumn(name, position, *present.get(name, (None, None)))
            for position, name in enumerate(self.contract.columns, start=1)
        }

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
        chunk = self._select_data(chunk, counts, notes)
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
            conversions=validation.conversions,
            years=validation.years(),
        )

    def _is_data(self, line: int, cells: Sequence[str], counts: RowCounts, notes: list[SheetNote]) -> bool:
        """Whether a row is data; otherwise it is counted, and a footnote is noted."""
        kind = self.layout.kind_of(cells)
        if kind != "data":
            counts[_CLASSES[kind]] += 1
        if kind == "note":
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
        if is_kept.all():
            return chunk
        columns = [column.filter(pa.array(is_kept)) for column in chunk.columns]
        return replace(chunk, lines=chunk.lines[is_kept], columns=columns)

    def _code_position(self) -> int | None:
        code = self.contract.place_code
        return self.source_columns[code].source_position if code else None


@dataclass
class _ChunkValidation:
    """The validation of one chunk: `parsed` holds the typed columns so far, `errors` what is wrong with its rows."""

    validator: RowValidator
    chunk: RawChunk
    errors: RowErrors
    conversions: Counter[str] = field(default_factory=Counter)
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
        self._check_header_scopes()
        # Numbers come last: in a long layout their limits and units are those of the row's indicator.
        self._parse_numbers()
        self._check_cells_without_header()
        self.parsed["other_cells"] = self._other_cells()
        self.parsed[RETURN_ID] = self._return_ids()
        schema = self.validator.accepted_schema
        return pa.table([cast_column(self.parsed[entry.name], entry.type) for entry in schema], schema=schema)

    def years(self) -> set[int]:
        """Return the years of the rows, where the dataset has a column `year`."""
        if "year" not in self.parsed or not pa.types.is_floating(self.parsed["year"].type):
            return set()
        return {int(year) for year in self.parsed["year"].unique().to_pylist() if year is not None and year < 1e4}

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
            return Place(), "county_not_city", place.city_code or ""
        return place, None, ""

    # --- texts, dates, booleans ---------------------------------------------------------------------------------

    def _parse_column(self, source: SourceColumn, column: ContractColumn) -> None:
        texts = self._texts(source)
        if column.type == "text" and not column.is_categorical:
            self.parsed[source.name] = self._parse_free_text(source, column, texts)
            return
        parsers: dict[str, Callable[[str], Any]] = {
            "date": cell_parsers.parse_date,
            "boolean": cell_parsers.parse_boolean,
        }
        parse = parsers.get(column.type) or self._category_parser(column)
        distinct, indices = dictionary_encode(texts)
        results = [_parse_cell(parse, text, column) for text in distinct]
        self.parsed[source.name] = take_values([value for value, _, _ in results], indices, _TYPES.get(column.type))
        codes, expected = [code for _, code, _ in results], [text for _, _, text in results]
        self.errors.add_by_distinct(source, texts, codes, expected, indices)

    def _parse_free_text(self, source: SourceColumn, column: ContractColumn, texts: pa.Array) -> pa.Array:
        stripped = strip_blanks(texts)
        is_empty = pc.equal(stripped, "")
        if _may_be_damaged(stripped):
            is_damaged = to_mask(pc.match_substring_regex(stripped, _DAMAGED))
            self.errors.add(is_damaged, source, "text_damaged", texts)
        if column.required:
            self.errors.add(to_mask(is_empty), source, "missing_value", None, column.zh)
        return pc.if_else(is_empty, pa.scalar(None, pa.string()), stripped)

    def _category_parser(self, column: ContractColumn) -> Callable[[str], str | None]:
        """A parser of texts of a list; width, blanks and case make no difference."""
        if column.type == "unit":
            return cell_parsers.parse_text
        lists: list[Sequence[str]] = [column.allowed] if column.allowed is not None else []
        if column.references is not None:
            lists.append(sorted(self.validator.registry.references[column.references]))
        if column.type == "indicator":
            lists.append(self.validator.contract.indicators)
        by_form = [
            {**{normalise_header(word): word for word in words}, **{word: word for word in words}} for words in lists
        ]

        def parse(cell: str) -> str | None:
            text = cell_parsers.parse_text(cell)
            for words in by_form:
                if text is not None:
                    word = words.get(text) or words.get(normalise_header(text))
                    if not word:
                        raise _UnlistedTextError(text)
                    text = word
            return text

        return parse

    def _check_header_scopes(self) -> None:
        """A header that names a scope is valid for rows of that scope only."""
        for scope in sorted({header.scope for header in self.validator.layout.headers if header.scope is not None}):
            source = self.validator.source_columns[SCOPE]
            is_other = pc.fill_null(pc.not_equal(to_plain_text(self.parsed[SCOPE]), scope), False)
            self.errors.add(to_mask(is_other), source, "scope_mismatch", self._texts(source), scope)

    def _parse_numbers(self) -> None:
        long_format = LongFormat.of(self.validator.contract, self.parsed, self.size)
        parser = NumericColumnParser(self.validator.registry, long_format, self.size, self.errors, self.conversions)
        for name, column in self.validator.contract.columns.items():
            if column.is_numeric:
                source = self.validator.source_columns[name]
                self.parsed[name], qualifiers = parser.parse(source, column, self._texts(source))
                if column.allow_qualifier:
                    self.parsed[qualifier_column(name)] = qualifiers

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
    """A text that is not on the list of its column."""


def _parse_cell(parse: Callable[[str], Any], text: str, column: ContractColumn) -> tuple[Any, str | None, str]:
    """The value of one distinct text, or the code of the error with the expected value."""
    try:
        value = parse(text)
    except _UnlistedTextError:
        if column.allowed is not None:
            return None, "value_not_allowed", "、".join(column.allowed)
        return None, "unknown_reference", column.references or "indicators.indicator_id"
    except CellParseError:
        if column.type == "date":
            return None, "invalid_date", "2026-02-05"
        if column.type == "boolean":
            return None, "invalid_boolean", f"{cell_parsers.YES[0]} / {cell_parsers.NO[0]}"
        return None, "text_damaged", ""
    if value is None and column.required:
        return None, "missing_value", column.zh
    return value, None, ""


def _may_be_damaged(texts: pa.Array) -> bool:
    """Whether any byte of a column can be part of damage: the expression that finds it takes far longer."""
    bounds, data = string_buffers(texts)
    return bool(data[bounds[0] : bounds[-1]].tobytes().translate(None, _HARMLESS))
