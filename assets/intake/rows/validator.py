"""From rows of text to typed rows and faults: every cell read, every rule checked, every row in one of the two.

Here: one chunk of rows at a time, column by column. Not here: how a cell is read (assets.intake.values.cell_parsers),
rules that need the whole file (assets.intake.rows.duplicate_keys), where the results are kept
(assets.intake.file_parser).

A column is read by its distinct texts: a parser written for people to read runs once for each, and Arrow spreads the
results over the rows. Figures, which are mostly distinct, are read in assets.intake.values.numeric_columns.
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
from assets.intake.rows.row_errors import RowErrors, SourceColumn, malformed_row_errors
from assets.intake.tables.contracts import RETURN_ID, Contract, ContractColumn, normalise_header, qualifier_column
from assets.intake.tables.detection import TableLayout
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
_TYPES: dict[str, pa.DataType] = {
    "number": pa.float64(),
    "integer": pa.float64(),
    "date": pa.date32(),
    "boolean": pa.bool_(),
}


def accepted_rows_schema(contract: Contract) -> pa.Schema:
    """The columns of the accepted rows of a dataset, in the order of its table, with sheet and line before them."""
    fields = [
        ("sheet", pa.string()),
        ("line", pa.int64()),
        ("city_code", CATEGORY_TYPE),
        ("province_code", CATEGORY_TYPE),
    ]
    for name, said in contract.columns.items():
        if said.type not in ("place", "place_code"):
            fields.append((name, _TYPES.get(said.type, CATEGORY_TYPE if _is_word(said) else pa.string())))
        if said.qualified:
            fields.append((qualifier_column(name), CATEGORY_TYPE))
    return pa.schema([*fields, ("other_cells", pa.string()), (RETURN_ID, pa.string())])


@dataclass(frozen=True, slots=True)
class SheetNote:
    """Something that a file says beside its rows, or that was done to it."""

    sheet: str | None
    line: int | None
    kind: str
    text: str


@dataclass
class ChunkResult:
    """What became of one chunk. Rows of data = rows accepted + lines in the faults."""

    accepted: pa.Table
    faults: pa.Table
    read: int
    blank: int
    skipped: int
    notes: list[SheetNote]
    conversions: Counter[str]
    years: set[int]


@dataclass(frozen=True)
class RowValidator:
    """Reads the rows of one sheet by its layout."""

    contract: Contract
    registry: Lookups
    layout: TableLayout
    sheet: str | None

    @cached_property
    def shape(self) -> ChunkSchema:
        words = frozenset(
            number
            for number, header in enumerate(self.layout.headers)
            if header.column is not None and _is_word(self.contract.columns[header.column])
        )
        return ChunkSchema(self.layout.width, words)

    @cached_property
    def columns(self) -> dict[str, SourceColumn]:
        sent = {header.column: (number, header.unit) for number, header in enumerate(self.layout.headers, start=1)}
        return {
            name: SourceColumn(name, position, *sent.get(name, (None, None)))
            for position, name in enumerate(self.contract.columns, start=1)
        }

    @cached_property
    def schema(self) -> pa.Schema:
        return accepted_rows_schema(self.contract)

    def read(self, chunk: RawChunk) -> ChunkResult:
        """Read every row of a chunk. Rows that are no data (blank, repeated headers, notes) are counted and told."""
        kinds = Counter({"blank": chunk.blank})
        notes: list[SheetNote] = []
        odd = [row for row in chunk.odd if not self._is_passed_over(row.line, row.cells, row.fault, kinds, notes)]
        chunk = self._data_only(chunk, kinds, notes)
        reading = _Reading(self, chunk, RowErrors(len(chunk.lines)))
        accepted = reading.typed()
        faults = pa.concat_tables(
            [
                reading.faults.table(self.sheet, chunk, reading.made[RETURN_ID]),
                malformed_row_errors(self.sheet, odd, self.layout.width),
            ]
        )
        return ChunkResult(
            accepted.filter(pa.array(~reading.faults.is_bad)),
            faults,
            len(chunk.lines) + len(odd),
            kinds["blank"],
            kinds["header"] + kinds["continuation"] + kinds["note"],
            notes,
            reading.conversions,
            reading.years(),
        )

    def _is_passed_over(
        self, line: int, texts: Sequence[str], fault: str | None, kinds: Counter[str], notes: list[SheetNote]
    ) -> bool:
        kind = self.layout.kind_of(texts) if fault is None else "data"
        kinds[kind] += 1
        if kind == "note":
            notes.append(SheetNote(self.sheet, line, "footnote", " ".join(text for text in texts if text.strip())))
        return kind != "data"

    def _data_only(self, chunk: RawChunk, kinds: Counter[str], notes: list[SheetNote]) -> RawChunk:
        """Without rows that are no data; only a row that names no known place can be one."""
        named = self.columns[self.contract.place].sent_position or self._code_position()
        if named is None or not len(chunk.lines):
            return chunk
        names, indices = dictionary_encode(chunk.columns[named - 1])
        places = self.registry.places
        unknown = np.array([not places.is_known(name) for name in names], dtype=np.bool_)[indices]
        numbers = np.flatnonzero(unknown)
        if not len(numbers):
            return chunk
        rows = zip(*(take_strings(column, numbers) for column in chunk.columns), strict=True)
        passed = [
            self._is_passed_over(int(chunk.lines[number]), texts, None, kinds, notes)
            for number, texts in zip(numbers.tolist(), rows, strict=True)
        ]
        keep = np.ones(len(chunk.lines), dtype=np.bool_)
        keep[numbers[np.array(passed, dtype=np.bool_)]] = False
        if keep.all():
            return chunk
        columns = [column.filter(pa.array(keep)) for column in chunk.columns]
        return replace(chunk, lines=chunk.lines[keep], columns=columns)

    def _code_position(self) -> int | None:
        code = self.contract.place_code
        return self.columns[code].sent_position if code else None


@dataclass
class _Reading:
    """One chunk being read."""

    reader: RowValidator
    chunk: RawChunk
    faults: RowErrors
    conversions: Counter[str] = field(default_factory=Counter)
    made: dict[str, pa.Array] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return len(self.chunk.lines)

    def typed(self) -> pa.Table:
        contract = self.reader.contract
        self.made["sheet"] = repeat_value(self.reader.sheet, self.size)
        self.made["line"] = pa.array(self.chunk.lines)
        self._place()
        for name, said in contract.columns.items():
            if said.type not in ("place", "place_code", "number", "integer"):
                self._column(self.reader.columns[name], said)
        self._glued_scopes()
        # Figures come last: in a long layout their limits and units are those of the row's indicator.
        long = LongFormat.of(contract, self.made, self.size)
        figures = NumericColumnParser(self.reader.registry, long, self.size, self.faults, self.conversions)
        for name, said in contract.columns.items():
            if said.type in ("number", "integer"):
                where = self.reader.columns[name]
                self.made[name], qualifiers = figures.read(where, said, self._sent(where))
                if said.qualified:
                    self.made[qualifier_column(name)] = qualifiers
        self.made["other_cells"] = self._other_cells()
        self.made[RETURN_ID] = self._return_ids()
        schema = self.reader.schema
        return pa.table([cast_column(self.made[entry.name], entry.type) for entry in schema], schema=schema)

    def years(self) -> set[int]:
        """The years of the rows, where the dataset has a column of that name."""
        if "year" not in self.made or not pa.types.is_floating(self.made["year"].type):
            return set()
        return {int(year) for year in self.made["year"].unique().to_pylist() if year is not None and year < 1e4}

    def _sent(self, where: SourceColumn) -> pa.Array:
        if where.sent_position is None:
            return repeat_value("", self.size)
        return self.chunk.columns[where.sent_position - 1]

    # --- places -------------------------------------------------------------------------------------------------

    def _place(self) -> None:
        contract = self.reader.contract
        where = self.reader.columns[contract.place]
        column = self._sent(where)
        texts, indices = dictionary_encode(column)
        if contract.place_code is not None and self.reader.columns[contract.place_code].sent_position is not None:
            code_column = self._sent(self.reader.columns[contract.place_code])
            codes, code_indices = dictionary_encode(code_column)
            pairs, indices = np.unique(indices * len(codes) + code_indices, return_inverse=True)
            sent = [(texts[int(pair) // len(codes)], codes[int(pair) % len(codes)]) for pair in pairs]
        else:
            sent = [(text, "") for text in texts]
        results = [self._resolve(text, code) for text, code in sent]
        self.made["city_code"] = take_values([place.city_code for place, _, _ in results], indices)
        self.made["province_code"] = take_values([place.province_code for place, _, _ in results], indices)
        told, expected = [code for _, code, _ in results], [wanted for _, _, wanted in results]
        self.faults.add_by_distinct(where, column, told, expected, indices)

    def _resolve(self, text: str, code: str) -> tuple[Place, str | None, str]:
        """The place, and where it cannot be taken the error with what was expected."""
        said, places = self.reader.contract.columns[self.reader.contract.place], self.reader.registry.places
        named, coded = text.strip(BLANKS), code.strip(BLANKS)
        if not named and not coded:
            return Place(), "cell_missing", said.zh
        try:
            by_code = places.resolve(coded) if coded else None
            place = by_code if by_code and (not named or places.is_homophone(named)) else places.resolve(named)
        except UnknownPlaceError as unknown:
            return Place(), unknown.code, unknown.nearest
        if by_code is not None and by_code != place:
            return Place(), "place_code_differs", code
        if place.county_code is not None and not said.takes_counties:
            return Place(), "county_not_city", place.city_code or ""
        return place, None, ""

    # --- words, dates, yes or no --------------------------------------------------------------------------------

    def _column(self, where: SourceColumn, said: ContractColumn) -> None:
        column = self._sent(where)
        if said.type == "text" and not _is_word(said):
            self.made[where.name] = self._free_text(where, said, column)
            return
        readers: dict[str, Callable[[str], Any]] = {
            "date": cell_parsers.parse_date,
            "boolean": cell_parsers.parse_boolean,
        }
        read = readers.get(said.type) or self._word_reader(said)
        texts, indices = dictionary_encode(column)
        values: list[Any] = []
        codes: list[str | None] = []
        expected: list[str] = []
        for text in texts:
            value, code, wanted = _tried(read, text, said)
            values.append(value)
            codes.append(code)
            expected.append(wanted)
        self.made[where.name] = take_values(values, indices, _TYPES.get(said.type))
        self.faults.add_by_distinct(where, column, codes, expected, indices)

    def _free_text(self, where: SourceColumn, said: ContractColumn, column: pa.Array) -> pa.Array:
        text = strip_blanks(column)
        empty = pc.equal(text, "")
        if _may_be_damaged(text):
            self.faults.add(to_mask(pc.match_substring_regex(text, _DAMAGED)), where, "text_damaged", column)
        if said.required:
            self.faults.add(to_mask(empty), where, "cell_missing", None, said.zh)
        return pc.if_else(empty, pa.scalar(None, pa.string()), text)

    def _word_reader(self, said: ContractColumn) -> Callable[[str], str | None]:
        """A text that is one of a list; width, blanks and case do not tell two words apart."""
        contract, registry = self.reader.contract, self.reader.registry
        if said.type == "unit":
            return cell_parsers.parse_text
        lists: list[Sequence[str]] = [said.allowed] if said.allowed is not None else []
        lists += [sorted(registry.references[said.references])] if said.references is not None else []
        lists += [contract.feeds] if said.type == "indicator" else []
        known = [
            {**{normalise_header(word): word for word in words}, **{word: word for word in words}} for words in lists
        ]

        def read(cell: str) -> str | None:
            text = cell_parsers.parse_text(cell)
            for words in known:
                if text is not None:
                    text = words.get(text) or words.get(normalise_header(text)) or _unlisted(text)
            return text

        return read

    def _glued_scopes(self) -> None:
        """A header that names a scope speaks for rows of that scope alone."""
        for scope in sorted({header.scope for header in self.reader.layout.headers if header.scope is not None}):
            where = self.reader.columns[SCOPE]
            differs = pc.fill_null(pc.not_equal(to_plain_text(self.made[SCOPE]), scope), False)
            self.faults.add(to_mask(differs), where, "header_scope", self._sent(where), scope)

    # --- columns that the contract does not know ----------------------------------------------------------------

    def _other_cells(self) -> pa.Array:
        headers = list(enumerate(self.reader.layout.headers))
        for number, header in headers:
            if header.role == "empty":
                column = self.chunk.columns[number]
                where = SourceColumn("", 0, number + 1)
                filled = pc.not_equal(strip_blanks(to_plain_text(column)), "")
                self.faults.add(to_mask(filled), where, "cell_without_header", column)
        columns: dict[str, list[str]] = {}
        for number, header in headers:
            if header.role == "set_aside":
                name = header.sent if header.sent not in columns else f"{header.sent} ({number + 1})"
                columns[name] = to_plain_text(self.chunk.columns[number]).to_pylist()
        if not columns:
            return pa.nulls(self.size, pa.string())
        rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
        return pa.array([json.dumps(row, ensure_ascii=False) for row in rows], pa.string())

    def _return_ids(self) -> pa.Array:
        for number, header in enumerate(self.reader.layout.headers):
            if header.role == "return_id":
                text = strip_blanks(to_plain_text(self.chunk.columns[number]))
                return pc.if_else(pc.match_substring_regex(text, "^[0-9a-f]{12}$"), text, pa.scalar(None, pa.string()))
        return pa.nulls(self.size, pa.string())


class _Unlisted(CellParseError):
    """A word that is not on its list."""


def _unlisted(text: str) -> str:
    raise _Unlisted(text)


def _tried(read: Callable[[str], Any], text: str, said: ContractColumn) -> tuple[Any, str | None, str]:
    """Value, error code and what was expected, of one distinct text."""
    try:
        value = read(text)
    except _Unlisted:
        if said.allowed is not None:
            return None, "value_not_allowed", "、".join(said.allowed)
        return None, "reference_unknown", said.references or "indicators.indicator_id"
    except CellParseError:
        if said.type == "date":
            return None, "date_unreadable", "2026-02-05"
        if said.type == "boolean":
            return None, "boolean_unreadable", f"{cell_parsers.YES[0]} / {cell_parsers.NO[0]}"
        return None, "text_damaged", ""
    if value is None and said.required:
        return None, "cell_missing", said.zh
    return value, None, ""


def _may_be_damaged(column: pa.Array) -> bool:
    """Whether any byte of a column occurs in damaged texts at all: the expression that decides takes far longer."""
    bounds, data = string_buffers(column)
    return bool(data[bounds[0] : bounds[-1]].tobytes().translate(None, _HARMLESS))


def _is_word(said: ContractColumn) -> bool:
    """Whether a column holds few different texts."""
    if said.type == "text":
        return said.allowed is not None or said.references is not None
    return said.type not in ("number", "integer")
