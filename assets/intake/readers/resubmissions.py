"""Files that come back: rows that we returned as CSV, in which texts like formulas carry an apostrophe of ours.

Here: taking the apostrophe away, in files that carry the numbers of returned rows and in no others. Not here: how it
got there (assets.core.text), what the numbers mean (assets.intake.assets).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from assets.core.text import unescape_formula
from assets.intake.readers.raw_rows import ChunkSchema, Lines, RawChunk, RawRow, RawSheet, Texts
from assets.intake.tables.contracts import RETURN_HEADERS, RETURN_ID, normalise_header
from assets.intake.values.arrow_utils import dictionary_encode, take_values

_NUMBERED = frozenset(normalise_header(header) for header, column in RETURN_HEADERS.items() if column == RETURN_ID)


@dataclass(frozen=True, slots=True)
class ResubmittedSheet:
    """A sheet as it was before it was returned; the text of a row stays as it was sent."""

    sent: RawSheet

    @property
    def name(self) -> str | None:
        return self.sent.name

    @property
    def encoding(self) -> str | None:
        return self.sent.encoding

    @property
    def delimiter(self) -> str:
        return self.sent.delimiter

    def head(self, count: int) -> list[RawRow]:
        return [replace(row, cells=tuple(map(unescape_formula, row.cells))) for row in self.sent.head(count)]

    def chunks(self, after: int, shape: ChunkSchema) -> Iterator[Callable[[], RawChunk]]:
        for task in self.sent.chunks(after, shape):
            yield lambda task=task: _restored(task())  # type: ignore[misc]

    def texts(self, after: int, shape: ChunkSchema, wanted: Lines) -> Iterator[Callable[[], Texts]]:
        yield from self.sent.texts(after, shape, wanted)


def restore_resubmission(sheet: RawSheet, head_rows: int) -> RawSheet:
    """The sheet without our apostrophes, where one of its first rows has the header of our numbers."""
    rows = sheet.head(head_rows)
    is_returned = any(normalise_header(cell) in _NUMBERED for row in rows for cell in row.cells)
    return ResubmittedSheet(sheet) if is_returned else sheet


def _restored(chunk: RawChunk) -> RawChunk:
    return replace(chunk, columns=[_column(column) for column in chunk.columns])


def _column(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        texts, indices = dictionary_encode(column)
        return take_values([unescape_formula(text) for text in texts], indices)
    if not pc.any(pc.starts_with(column, "'")).as_py():
        return column
    return pa.array([unescape_formula(text) for text in column.to_pylist()], column.type)
