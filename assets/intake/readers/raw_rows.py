"""Rows of text as they are in the file: the common form of all file types before cells are parsed.

Here: rows, chunks of rows by column, and the protocol of a sheet. Not here: how a file type becomes rows
(assets.intake.readers.delimited, assets.intake.readers.workbook).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assets.intake.readers.split_numbers import ColumnKind

Lines = npt.NDArray[np.int64]
# Lines, and the text of each.
Texts = tuple[list[int], list[str]]
_RECORD_END = "\r\n"
TEXT_TYPE = pa.string()
CATEGORY_TYPE = pa.dictionary(pa.int32(), pa.string())
# The limits of a data directory bound rows; csv would raise an error at a cell of 131,072 characters.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it is in the file. `line` is where it begins; `error` says why it is not taken, `code` of what kind.

    `line_count` is the number of lines of the file: a cell of a CSV file may span several, a row of a workbook is one.
    """

    line: int
    cells: tuple[str, ...]
    text: str
    error: str | None = None
    line_count: int = 1
    code: str = "malformed_row"

    @property
    def is_blank(self) -> bool:
        """Whether no cell holds anything."""
        return self.error is None and all(not cell.strip() for cell in self.cells)


@dataclass(frozen=True)
class RawChunk:
    """A part of the rows of a sheet, by column.

    Attributes:
        lines: the line on which each row begins; as long as every column.
        columns: the texts of the rows that have as many cells as the header.
        texts: returns the rows on some lines as they are in the file.
        malformed: the rows with another number of cells, or none.
        blank: the number of blank lines that are not among the rows.
        wrapped: the number of lines that continue a row, because a cell contains line ends.
    """

    lines: npt.NDArray[np.int64]
    columns: list[pa.Array]
    texts: Callable[[Collection[int]], Mapping[int, str]]
    malformed: list[RawRow] = field(default_factory=list)
    blank: int = 0
    wrapped: int = 0


@dataclass(frozen=True, slots=True)
class ChunkSchema:
    """The columns of a table.

    Attributes:
        width: their number.
        categories: the numbers (from 0) of those with few different texts, kept as dictionaries.
        min_width: a row with so many cells or more may lack only empty ones at its end; None where every cell counts.
        kinds: what each column takes, to find numbers that commas have split; none where that is not looked for.
    """

    width: int
    categories: frozenset[int]
    min_width: int | None = None
    kinds: tuple[ColumnKind, ...] = ()

    def has_row(self, cells: Sequence[str]) -> bool:
        """Return whether cells are a row of the table, where only empty ones at its end are missing or too many."""
        shortest = self.width if self.min_width is None else self.min_width
        return len(cells) >= shortest and not any(cell.strip() for cell in cells[self.width :])

    def type_of(self, position: int) -> pa.DataType:
        """Return the Arrow type of the texts of a column."""
        return CATEGORY_TYPE if position in self.categories else TEXT_TYPE


# The problem of a cell that is merged with others.
MERGED = "merged_cells"


@dataclass(frozen=True, slots=True)
class Merge:
    """Cells merged into one, which shows the first one's text. Columns count from 0, the last ones belong to it."""

    first_line: int
    first_column: int
    last_line: int
    last_column: int


@dataclass(frozen=True, slots=True)
class CellProblem:
    """A cell that cannot be taken silently, because it shows something else than it holds, or is struck out.

    Attributes:
        code: a message, whose `{actual}` is `shown` and whose `{expected}` is `stored`.
        shown: what a person sees in the sheet.
        stored: what the file holds.
    """

    code: str
    shown: str
    stored: str


class RawSheet(Protocol):
    """One sheet of a file; a CSV file is one sheet, whose `name` is None.

    Lines are those that Excel shows or that an editor counts. Columns count from 0: column A, also where it is empty.
    Only workbooks hide, merge or format cells: UnformattedSheet has the properties about that for text files.
    """

    @property
    def name(self) -> str | None: ...

    @property
    def encoding(self) -> str | None: ...

    @property
    def delimiter(self) -> str: ...

    @property
    def is_hidden(self) -> bool: ...

    @property
    def copy_of(self) -> str | None: ...

    @property
    def hidden_rows(self) -> Collection[int]: ...

    @property
    def hidden_columns(self) -> Collection[int]: ...

    @property
    def merges(self) -> Sequence[Merge]: ...

    @property
    def cell_problems(self) -> Mapping[tuple[int, int], CellProblem]: ...

    def physical_rows(self) -> int:
        """Return how many rows the file holds, counted independently of the parser that splits them into cells.

        In a workbook the rows with a cell that is not blank; in a text file all lines, blank ones included.
        """
        ...

    def head(self, count: int) -> list[RawRow]:
        """Return the first rows, blank ones included."""
        ...

    def chunks(self, after: int, schema: ChunkSchema) -> Iterator[Callable[[], RawChunk]]:
        """Yield tasks that read the rows below line `after`, in order; a task may run in any thread."""
        ...

    def rows(self, after: int, schema: ChunkSchema) -> list[RawRow]:
        """Return the rows below line `after` one by one, split as `chunks` splits them."""
        ...

    def texts(self, after: int, schema: ChunkSchema, lines: Lines) -> Iterator[Callable[[], Texts]]:
        """Yield tasks that read the rows on some lines (ascending) as they are in the file."""
        ...


class UnformattedSheet:
    """A sheet that hides, merges and formats nothing, as in a text file."""

    is_hidden: bool = False
    hidden_rows: Collection[int] = ()  # hidden or filtered out
    hidden_columns: Collection[int] = ()
    merges: Sequence[Merge] = ()  # only the first cell of each has a text

    @property
    def copy_of(self) -> str | None:
        """The name of an earlier sheet with the same rows."""
        return None

    @property
    def cell_problems(self) -> Mapping[tuple[int, int], CellProblem]:
        """The cells that cannot be taken silently, by line and column; each cell of a struck-out row is one."""
        return {}


@cache
def column_letters(column: int) -> str:
    """Return the letters of a column: 0 is A, 26 is AA."""
    letters = ""
    column += 1
    while column:
        column, digit = divmod(column - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


def build_chunk(rows: Sequence[RawRow], schema: ChunkSchema) -> RawChunk:
    """Return rows that were read one by one as a chunk."""
    fitting = [row for row in rows if row.error is None and len(row.cells) == schema.width]
    texts = {row.line: row.text for row in rows}
    columns = [pa.array([row.cells[position] for row in fitting], TEXT_TYPE) for position in range(schema.width)]
    columns = [
        column.dictionary_encode() if position in schema.categories else column
        for position, column in enumerate(columns)
    ]
    return RawChunk(
        np.array([row.line for row in fitting], dtype=np.int64),
        columns,
        lambda lines: {line: texts[line] for line in lines if line in texts},
        [row for row in rows if row.error is not None or len(row.cells) != schema.width],
        wrapped=sum(row.line_count - 1 for row in rows),
    )


def to_csv_record(cells: Sequence[str], delimiter: str = ",") -> str:
    """Return cells as one record of a CSV file, without a line end."""
    target = io.StringIO()
    # Up to Python 3.12.1 cells with line ends are only quoted where the record itself ends with them.
    csv.writer(target, delimiter=delimiter, lineterminator=_RECORD_END).writerow(cells)
    return target.getvalue().removesuffix(_RECORD_END)
