"""From bytes to rows of text: decode strictly, split into cells, and remember on which line each row stands.

Here: UTF-8 CSV, read in constant memory into a Parquet file of text. Not here: what a cell means (assets.intake.cells),
which header is which column (assets.intake.headers).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from assets.errors import Finding

_ROWS_PER_BATCH = 50_000
# A cell longer than this is no figure and no note; the csv module then reports the row instead of filling the memory.
_LONGEST_CELL = 100_000

LINE, CELLS, FAULT, TEXT = "raw:line", "raw:cells", "raw:fault", "raw:text"


class FileRefused(Exception):
    """The file as a whole cannot be taken in; `finding` says why and what to do."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.reason("en"))


@dataclass
class _Lines:
    """The physical lines of a stream, with those remembered that the row being read is made of."""

    stream: io.TextIOBase
    taken: list[str] = field(default_factory=list)

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.stream.readline()
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line


@dataclass(frozen=True, slots=True)
class TextRow:
    """A row as it was sent. `line` is where it begins in the file; `fault` is why it could not be split into cells."""

    line: int
    cells: tuple[str, ...]
    fault: str | None
    text: str

    @property
    def is_blank(self) -> bool:
        return self.fault is None and all(not cell.strip() for cell in self.cells)


def read_rows(file: Path) -> Iterator[TextRow]:
    """The rows of a UTF-8 CSV file, broken ones too. Raises FileRefused at the first byte that is not UTF-8."""
    csv.field_size_limit(_LONGEST_CELL)
    with file.open("rb") as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as stream:
        lines = _Lines(stream)
        reader = csv.reader(lines, strict=True)
        line = 1
        while True:
            cells: tuple[str, ...] = ()
            fault = None
            try:
                cells = tuple(next(reader))
            except StopIteration:
                return
            except csv.Error as error:
                fault = str(error)
            except UnicodeDecodeError as error:
                raise FileRefused(_not_utf8(file)) from error
            yield TextRow(line, cells, fault, "".join(lines.taken).rstrip("\r\n"))
            line += len(lines.taken)
            lines.taken.clear()


def _not_utf8(file: Path) -> Finding:
    """The first byte that is not UTF-8, with its line: the stream was decoded in blocks, and knows neither."""
    with file.open("rb") as raw:
        for number, line in enumerate(raw, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return Finding("file_not_utf8", f"0x{line[error.start]:02x}", "UTF-8", line=number)
    return Finding("file_not_utf8", "", "UTF-8")


def write_text(rows: Iterator[TextRow], columns: Sequence[str], target: Path) -> tuple[int, int]:
    """Write rows of text to Parquet, one column a header; return how many rows there are, and how many blank ones.

    A row with too few or too many cells keeps its text and its number of cells, and none of its cells: which cell
    belongs to which header can then not be told.
    """
    schema = pa.schema(
        [(LINE, pa.int64()), (CELLS, pa.int32()), (FAULT, pa.string()), (TEXT, pa.string())]
        + [(name, pa.string()) for name in columns]
    )
    total = blank = 0
    with pq.ParquetWriter(target, schema) as writer:
        batch: list[TextRow] = []
        for row in rows:
            if row.is_blank:
                blank += 1
                continue
            total += 1
            batch.append(row)
            if len(batch) >= _ROWS_PER_BATCH:
                writer.write_table(_table(batch, schema, len(columns)))
                batch.clear()
        writer.write_table(_table(batch, schema, len(columns)))
    return total, blank


def _table(rows: Sequence[TextRow], schema: pa.Schema, width: int) -> pa.Table:
    cells = [row.cells if len(row.cells) == width else (None,) * width for row in rows]
    arrays = [
        pa.array([row.line for row in rows], pa.int64()),
        pa.array([len(row.cells) for row in rows], pa.int32()),
        pa.array([row.fault for row in rows], pa.string()),
        pa.array([row.text for row in rows], pa.string()),
        *(pa.array([row[position] for row in cells], pa.string()) for position in range(width)),
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
