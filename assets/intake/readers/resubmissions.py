"""Resubmissions: CSV files of rejected rows that were returned, in which an apostrophe escapes texts like formulas.

Here: removing the apostrophe, only in files that have the numbers of returned rows. Not here: escaping
(assets.core.text), the meaning of the numbers (assets.intake.rejects).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from assets.core.text import unescape_formula
from assets.intake.readers.delimited import DelimitedSheet
from assets.intake.readers.raw_rows import ChunkSchema, RawChunk, RawRow
from assets.intake.tables.contracts import RETURN_HEADERS, RETURN_ID, normalise_header
from assets.intake.values.arrow_utils import dictionary_encode, take_values

_RETURN_ID_HEADERS = frozenset(normalise_header(text) for text, column in RETURN_HEADERS.items() if column == RETURN_ID)


class ResubmittedSheet(DelimitedSheet):
    """A sheet whose cells are unescaped; the texts of complete rows stay as they are in the file."""

    def head(self, count: int) -> list[RawRow]:
        return [replace(row, cells=tuple(map(unescape_formula, row.cells))) for row in super().head(count)]

    def rows(self, after: int, schema: ChunkSchema) -> list[RawRow]:
        return [replace(row, cells=tuple(map(unescape_formula, row.cells))) for row in super().rows(after, schema)]

    def chunks(self, after: int, schema: ChunkSchema) -> Iterator[Callable[[], RawChunk]]:
        for read_chunk in super().chunks(after, schema):
            yield partial(_read_unescaped, read_chunk)


def restore_resubmission(sheet: DelimitedSheet, head_rows: int) -> DelimitedSheet:
    """Return the sheet unescaped if one of its first rows has the header of the return numbers, else as it is."""
    cells = (cell for row in sheet.head(head_rows) for cell in row.cells)
    is_returned = any(normalise_header(cell) in _RETURN_ID_HEADERS for cell in cells)
    return ResubmittedSheet(sheet.file, sheet.encoding, sheet.delimiter, sheet.limits) if is_returned else sheet


def _read_unescaped(read_chunk: Callable[[], RawChunk]) -> RawChunk:
    chunk = read_chunk()
    return replace(chunk, columns=[_unescape(column) for column in chunk.columns])


def _unescape(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        texts, indices = dictionary_encode(column)
        return take_values([unescape_formula(text) for text in texts], indices)
    if not pc.any(pc.starts_with(column, "'")).as_py():
        return column
    return pa.array([unescape_formula(text) for text in column.to_pylist()], column.type)
