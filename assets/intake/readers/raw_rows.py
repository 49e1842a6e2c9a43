"""Rows of text as they were sent: the form that every kind of file is brought into before its cells are read.

Here: rows, chunks of rows by column, and what a file of rows can do. Not here: how a kind of file becomes rows
(assets.intake.readers.delimited, assets.intake.readers.spreadsheet).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Lines = npt.NDArray[np.int64]
# Lines, and what stands on each.
Texts = tuple[list[int], list[str]]
TEXT_TYPE = pa.string()
CATEGORY_TYPE = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it was sent. `line` is where it begins in the file; `fault` is why it could not be split into cells."""

    line: int
    cells: tuple[str, ...]
    text: str
    fault: str | None = None

    @property
    def is_blank(self) -> bool:
        return self.fault is None and all(not cell.strip() for cell in self.cells)


@dataclass(frozen=True)
class RawChunk:
    """Rows that have as many cells as the header, by column, and beside them those that have not.

    `lines` and every column have one length; `texts` gives the rows on some lines as they were sent. `blank` counts the
    lines of nothing that are not among the rows.
    """

    lines: npt.NDArray[np.int64]
    columns: list[pa.Array]
    texts: Callable[[Collection[int]], Mapping[int, str]]
    odd: list[RawRow] = field(default_factory=list)
    blank: int = 0


@dataclass(frozen=True, slots=True)
class ChunkSchema:
    """How wide the table is, and which of its columns hold few different words and are kept as a dictionary."""

    width: int
    words: frozenset[int]

    def type_of(self, position: int) -> pa.DataType:
        return CATEGORY_TYPE if position in self.words else TEXT_TYPE


class RawSheet(Protocol):
    """One table of a file: a CSV file has one, a workbook has several. `name` is None where sheets have no names."""

    @property
    def name(self) -> str | None: ...

    @property
    def encoding(self) -> str | None: ...

    @property
    def delimiter(self) -> str: ...

    def head(self, count: int) -> list[RawRow]:
        """The first rows, blank ones too."""
        ...

    def chunks(self, after: int, shape: ChunkSchema) -> Iterator[Callable[[], RawChunk]]:
        """The rows below line `after`, in order; each is work that may be done in any thread."""
        ...

    def texts(self, after: int, shape: ChunkSchema, wanted: Lines) -> Iterator[Callable[[], Texts]]:
        """The rows on some lines, ascending, as they were sent; each part is work that may be done in any thread."""
        ...


def build_chunk(rows: Sequence[RawRow], shape: ChunkSchema) -> RawChunk:
    """Rows read one by one, as a chunk."""
    fitting = [row for row in rows if row.fault is None and len(row.cells) == shape.width]
    known = {row.line: row.text for row in rows}
    columns = [
        pa.array([row.cells[position] for row in fitting], TEXT_TYPE).cast(shape.type_of(position))
        if shape.type_of(position) is TEXT_TYPE
        else pa.array([row.cells[position] for row in fitting], TEXT_TYPE).dictionary_encode()
        for position in range(shape.width)
    ]
    return RawChunk(
        np.array([row.line for row in fitting], dtype=np.int64),
        columns,
        lambda lines: {line: known[line] for line in lines if line in known},
        [row for row in rows if row.fault is not None or len(row.cells) != shape.width],
    )


def to_csv_record(cells: Sequence[str], delimiter: str = ",") -> str:
    """Cells as one record of a CSV file, without a line end."""
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter, lineterminator="").writerow(cells)
    return target.getvalue()
