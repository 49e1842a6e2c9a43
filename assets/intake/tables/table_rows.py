"""Rows of a table whose cells may stand anywhere in a sheet, and the sheet that holds them in one order.

Here: the common form of several tables in one sheet and of other layouts, so that they are validated as an ordinary
table is. Not here: how they are found (assets.intake.tables.arrangement).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assets.intake.readers.raw_rows import (
    CellProblem,
    ChunkSchema,
    Lines,
    RawChunk,
    RawRow,
    RawSheet,
    Texts,
    UnformattedSheet,
    build_chunk,
    column_letters,
    to_csv_record,
)
from assets.intake.tables.headers import Header

# Columns of the accepted and the rejected rows that only rows of a rearranged sheet fill.
FIRST_COLUMN, FIGURE_CELLS, CELL = "first_column", "figure_cells", "cell"
# Excel has 16,384 columns.
_COLUMN_BITS = 15


class Cell(NamedTuple):
    """A text of a sheet, and where it stands; the column counts from 0. What a title says has no column."""

    text: str
    line: int
    column: int | None

    @property
    def address(self) -> str | None:
        """The cell as Excel names it: D7."""
        return None if self.column is None else f"{column_letters(self.column)}{self.line}"


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table: its cells by header (`header_key`).

    `line` is where its place stands, or the line of its figures; `first_column` the column where a layout has several
    rows on one line, counted from 1. A `malformed` row has no cells.
    """

    line: int
    cells: Mapping[str, Cell] = field(default_factory=dict)
    first_column: int | None = None
    malformed: RawRow | None = None


def header_key(header: Header) -> str:
    """Return what identifies a column: that of the contract, else role and text."""
    return header.column or f"{header.role}: {header.text}"


@dataclass(frozen=True)
class RearrangedSheet(UnformattedSheet):
    """A sheet whose rows were brought under one row of headers.

    Its own lines, the numbers of the rows from 1, only identify rows while they are validated; `restore_places`
    replaces them by those of the file.

    Attributes:
        original: the sheet.
        headers: the columns.
        table_rows: the rows.
    """

    original: RawSheet
    headers: tuple[Header, ...]
    table_rows: tuple[TableRow, ...]

    @property
    def name(self) -> str | None:
        return self.original.name

    @property
    def copy_of(self) -> str | None:
        return self.original.copy_of

    @property
    def encoding(self) -> str | None:
        return self.original.encoding

    @property
    def delimiter(self) -> str:
        return self.original.delimiter

    @cached_property
    def cell_problems(self) -> Mapping[tuple[int, int], CellProblem]:
        """The problems of the cells, where they stand in the rearranged rows."""
        problems = self.original.cell_problems
        if not problems:
            return {}
        return {
            (number, position): problems[cell.line, cell.column or 0]
            for number, row in enumerate(self.table_rows, start=1)
            for position, header in enumerate(self.headers)
            if (cell := row.cells.get(header_key(header))) and (cell.line, cell.column) in problems
        }

    def physical_rows(self) -> int:
        return self.original.physical_rows()

    def head(self, count: int) -> list[RawRow]:
        return self._raw_rows[:count]

    def chunks(self, after: int, schema: ChunkSchema) -> Iterator[Callable[[], RawChunk]]:
        yield lambda: build_chunk(self._raw_rows, schema)

    def rows(self, after: int, schema: ChunkSchema) -> list[RawRow]:
        return self._raw_rows

    def texts(self, after: int, schema: ChunkSchema, lines: Lines) -> Iterator[Callable[[], Texts]]:
        yield lambda: ([row.line for row in self._raw_rows], [row.text for row in self._raw_rows])

    def has_rows_of(self, other: RawSheet | None) -> bool:
        """Return whether another sheet was rearranged into the same rows."""
        return isinstance(other, RearrangedSheet) and self._raw_rows == other._raw_rows

    def located_texts(self, lines: Lines) -> list[list[object]]:
        """Return the rows on some lines of the file as columns: sheet, line, first column and text."""
        wanted = set(lines.tolist())
        pairs = [(row, raw) for row, raw in zip(self.table_rows, self._raw_rows, strict=True) if row.line in wanted]
        rows = [row for row, _ in pairs]
        names: list[object] = [self.name] * len(rows)
        return [names, [row.line for row in rows], [row.first_column for row in rows], [raw.text for _, raw in pairs]]

    @cached_property
    def _raw_rows(self) -> list[RawRow]:
        return [self._raw_row(number, row) for number, row in enumerate(self.table_rows, start=1)]

    def _raw_row(self, number: int, row: TableRow) -> RawRow:
        if row.malformed is not None:
            # Of another width than the rearranged rows, as it was among the rows of its own table.
            cells = row.malformed.cells
            return replace(row.malformed, line=number, cells=(*cells, "") if len(cells) == len(self.headers) else cells)
        keys = map(header_key, self.headers)
        cells = tuple(row.cells[key].text if key in row.cells else "" for key in keys)
        return RawRow(number, cells, to_csv_record(cells, self.delimiter))

    def restore_places(self, accepted: pa.Table, errors: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Return accepted rows and errors with the lines of the file, and the cells from which their texts come."""
        rows = self._rows_of(accepted)
        accepted = _replace(accepted, FIGURE_CELLS, [_addresses(row) for row in rows])
        accepted = _replace(accepted, FIRST_COLUMN, [row.first_column for row in rows])
        accepted = _replace(accepted, "line", [row.line for row in rows])
        rows = self._rows_of(errors)
        bad = [row.cells.get(name or "") for row, name in zip(rows, errors["column_name"].to_pylist(), strict=True)]
        errors = _replace(errors, CELL, [cell.address if cell is not None else None for cell in bad])
        errors = _replace(errors, FIRST_COLUMN, [row.first_column for row in rows])
        return accepted, _replace(errors, "line", [row.line for row in rows])

    def _rows_of(self, table: pa.Table) -> list[TableRow]:
        return [self.table_rows[number - 1] for number in table["line"].to_pylist()]


@dataclass(frozen=True)
class RowKeys:
    """Rows by their line and first column (0 for none); `keys` has one number for each."""

    lines: Lines
    keys: Lines

    @classmethod
    def of(cls, lines: npt.ArrayLike, first_columns: npt.ArrayLike) -> RowKeys:
        """Return the keys of rows; the lines ascend where the rows do."""
        numbers = np.asarray(lines, dtype=np.int64)
        return cls(numbers, (numbers << _COLUMN_BITS) + np.asarray(first_columns, dtype=np.int64))


def _addresses(row: TableRow) -> str:
    cells = {name: cell.address for name, cell in row.cells.items() if cell.column is not None and cell.text.strip()}
    return json.dumps(cells, ensure_ascii=False)


def _replace(table: pa.Table, name: str, values: Sequence[object]) -> pa.Table:
    position = table.schema.get_field_index(name)
    return table.set_column(position, table.schema.field(position), pa.array(values, table.schema.field(position).type))
