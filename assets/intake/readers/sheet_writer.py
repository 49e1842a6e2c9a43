"""Sheets of workbooks in files of bounded blocks: written by the process that reads a workbook, used by the run.

Here: rows as Arrow blocks, what is hidden or merged, and the limits on what cells become. Not here: how a kind of
workbook becomes rows (assets.intake.readers.xlsx, xls, ods, markup), and in which process (reader_process).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assets.core.errors import Issue
from assets.core.settings import Limits
from assets.intake.readers.cell_styles import problem
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.raw_rows import (
    MERGED,
    TEXT_TYPE,
    CellProblem,
    ChunkSchema,
    Lines,
    Merge,
    RawChunk,
    RawRow,
    Texts,
    to_csv_record,
)

_ROWS_PER_BLOCK, _CELLS_PER_BLOCK = 50_000, 500_000
_MAX_PROBLEMS = 100_000
# Rows with cells beyond the limit of columns, which are kept one by one.
_MAX_WIDE_ROWS = 1_000
_LINE = "line"


@dataclass(slots=True)
class SheetDetails:
    """What a reader finds in a sheet besides its rows. Merged cells must be known before their first row."""

    name: str
    is_hidden: bool = False
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merges: list[Merge] = field(default_factory=list)
    problems: dict[tuple[int, int], CellProblem] = field(default_factory=dict)
    physical_rows: int = 0


# Lines with their texts by column, and sheets with their rows, as the readers yield them.
SheetRows = Iterator[tuple[int, dict[int, str]]]
Sheets = Iterator[tuple[SheetDetails, SheetRows]]


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows in a file: the lines of the first and the last, and the number of columns."""

    file: Path
    first_line: int
    last_line: int
    width: int

    def read(self) -> pa.RecordBatch:
        """Return the rows; their memory is the file itself."""
        with pa.memory_map(str(self.file)) as source, pa.ipc.open_file(source) as reader:
            return reader.get_batch(0)


@dataclass(frozen=True, slots=True)
class WorkbookSheet:
    """One sheet of a workbook, without what is hidden. It has no blank rows: they are only gaps in the lines.

    Attributes:
        width: the number of columns up to the last one with a text, within the limit of columns.
        wide_rows: the cells of the rows that have a text beyond the limit of columns.
        digest: the same for sheets of the same rows.
        copy_of: the name of an earlier sheet with the same rows.
    """

    name: str
    width: int
    blocks: tuple[Block, ...]
    wide_rows: Mapping[int, Mapping[int, str]]
    digest: str
    is_hidden: bool
    hidden_rows: frozenset[int]
    hidden_columns: frozenset[int]
    merges: tuple[Merge, ...]
    cell_problems: Mapping[tuple[int, int], CellProblem]
    row_count: int
    copy_of: str | None = None
    encoding: None = None
    delimiter: str = ","

    def physical_rows(self) -> int:
        return self.row_count

    def head(self, count: int) -> list[RawRow]:
        rows: list[RawRow] = []
        for block in self.blocks:
            rows += self._rows(block.read().slice(0, count - len(rows)))
            if len(rows) >= count:
                break
        return rows

    def chunks(self, after: int, schema: ChunkSchema) -> Iterator[Callable[[], RawChunk]]:
        for block in self.blocks:
            if block.last_line > after:
                yield partial(self._chunk, block, after, schema)

    def rows(self, after: int, schema: ChunkSchema) -> list[RawRow]:
        rows = [row for row in self.head(self.blocks[-1].last_line) if row.line > after]
        return [row if any(row.cells[schema.width :]) else self._fit(row, schema.width) for row in rows]

    def texts(self, after: int, schema: ChunkSchema, lines: Lines) -> Iterator[Callable[[], Texts]]:
        for block in self.blocks:
            own_lines = lines[(lines >= block.first_line) & (lines <= block.last_line)]
            if len(own_lines):
                yield partial(self._texts, block, own_lines)

    def _fit(self, row: RawRow, width: int) -> RawRow:
        cells = (*row.cells[:width], *[""] * (width - len(row.cells)))
        return RawRow(row.line, cells, row.text)

    def text(self, line: int) -> str | None:
        """Return the row on a line as a record of a CSV file, None where it is blank or hidden."""
        for block in self.blocks:
            if block.first_line <= line <= block.last_line:
                _, texts = self._texts(block, np.array([line], dtype=np.int64))
                return texts[0] if texts else None
        return None

    def _chunk(self, block: Block, after: int, schema: ChunkSchema) -> RawChunk:
        rows = block.read()
        lines = rows[_LINE].to_numpy()
        rows, lines = rows.slice(int(np.searchsorted(lines, after, "right"))), lines[lines > after]
        wide = self._wide_lines(rows, schema.width)
        is_fitting = ~np.isin(lines, wide)
        columns = [
            rows[str(position)].filter(pa.array(is_fitting)) if position < block.width else None
            for position in range(schema.width)
        ]
        count = int(is_fitting.sum())
        filled = [pa.array([""] * count, TEXT_TYPE) if column is None else column for column in columns]
        typed = [
            column.dictionary_encode() if position in schema.categories else column
            for position, column in enumerate(filled)
        ]

        def texts(numbers: Iterable[int]) -> dict[int, str]:
            wanted = np.array(sorted(numbers), dtype=np.int64)
            return dict(zip(*self._texts_of(rows, wanted), strict=True))

        malformed = list(self._rows(rows.filter(pa.array(~is_fitting))))
        return RawChunk(lines[is_fitting], typed, texts, malformed)

    def _wide_lines(self, rows: pa.RecordBatch, width: int) -> list[int]:
        """The lines of the rows with a text beyond a width."""
        wide = set(self.wide_rows)
        lines = rows[_LINE].to_numpy()
        for position in range(width, rows.num_columns - 1):
            is_filled = pc.not_equal(rows[str(position)], "").to_numpy(zero_copy_only=False)
            wide.update(lines[is_filled].tolist())
        return list(wide)

    def _texts(self, block: Block, lines: Lines) -> Texts:
        return self._texts_of(block.read(), lines)

    def _texts_of(self, rows: pa.RecordBatch, lines: Lines) -> Texts:
        chosen = rows.filter(pa.array(np.isin(rows[_LINE].to_numpy(), lines)))
        found = list(self._rows(chosen))
        return [row.line for row in found], [row.text for row in found]

    def _rows(self, rows: pa.RecordBatch) -> Iterator[RawRow]:
        lines, *columns = (column.to_pylist() for column in rows.columns)
        blanks = [""] * (self.width - len(columns))
        for line, *cells in zip(lines, *columns, strict=True):
            cells += blanks
            if line in self.wide_rows:
                wide = self.wide_rows[line]
                cells += [wide.get(position, "") for position in range(self.width, max(wide) + 1)]
            yield RawRow(line, tuple(cells), to_csv_record(cells))


class SheetWriter:
    """Writes the rows of the sheets of one workbook into a folder, within the limits of all of them together."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._cells = 0
        self._characters = 0
        self._blocks = 0

    def write(self, details: SheetDetails, rows: Iterable[tuple[int, dict[int, str]]]) -> WorkbookSheet:
        """Write one sheet.

        Args:
            details: filled while the rows are read.
            rows: line and texts by column, lines ascending; blank rows and cells may be left out.

        Raises:
            FileRejectedError: a cell, or all cells together, are above a limit.
        """
        blocks: list[Block] = []
        wide: dict[int, dict[int, str]] = {}
        hidden = _Hidden()
        digest = hashlib.sha256()
        for batch in self._batches(details, rows, wide, hidden):
            blocks.append(self._write_block(batch))
            digest.update(repr(batch).encode("utf-8", "surrogatepass"))
        digest.update(repr(details.problems).encode("utf-8", "surrogatepass"))
        return WorkbookSheet(
            name=details.name,
            width=max((block.width for block in blocks), default=0),
            blocks=tuple(blocks),
            wide_rows=wide,
            digest=digest.hexdigest(),
            is_hidden=details.is_hidden,
            hidden_rows=frozenset(hidden.rows),
            hidden_columns=frozenset(hidden.columns),
            merges=tuple(details.merges),
            cell_problems={place: found for place, found in details.problems.items() if place[0] not in hidden.rows},
            row_count=details.physical_rows,
        )

    def _batches(
        self,
        details: SheetDetails,
        rows: Iterable[tuple[int, dict[int, str]]],
        wide: dict[int, dict[int, str]],
        hidden: _Hidden,
    ) -> Iterator[list[tuple[int, dict[int, str]]]]:
        merged = _MergedCells(details)
        batch: list[tuple[int, dict[int, str]]] = []
        cells = 0
        for line, row in rows:
            is_filled = all(map(str.strip, row.values()))
            texts = row if is_filled else {column: text for column, text in row.items() if text.strip()}
            if not texts:
                continue
            self._check(details.name, line, texts)
            merged.fill(line, texts)
            _check_problems(details)
            if line in details.hidden_rows:
                hidden.rows.add(line)
                continue
            for column in details.hidden_columns & texts.keys():
                hidden.columns.add(column)
                del texts[column]
            if not texts:
                hidden.rows.add(line)
                continue
            last = max(texts)
            if last >= self._limits.columns:
                wide[line] = texts
                if len(wide) > _MAX_WIDE_ROWS:
                    actual, expected = str(last + 1), str(self._limits.columns)
                    raise FileRejectedError(Issue("too_many_columns", actual, expected, line=line, sheet=details.name))
            batch.append((line, texts))
            cells += last + 1
            if len(batch) >= _ROWS_PER_BLOCK or cells >= _CELLS_PER_BLOCK:
                yield batch
                batch, cells = [], 0
        if batch:
            yield batch

    def _check(self, sheet: str, line: int, texts: Mapping[int, str]) -> None:
        limits = self._limits
        longest = max(map(len, texts.values()))
        if longest > limits.cell_characters:
            actual, expected = str(longest), str(limits.cell_characters)
            raise FileRejectedError(Issue("cell_too_long", actual, expected, line=line, sheet=sheet))
        self._cells += len(texts)
        self._characters += sum(map(len, texts.values()))
        if self._cells > limits.sheet_cells:
            raise FileRejectedError(Issue("workbook_too_large", str(self._cells), str(limits.sheet_cells)))
        if self._characters > limits.workbook_characters:
            actual, expected = str(self._characters), str(limits.workbook_characters)
            raise FileRejectedError(Issue("workbook_too_large", actual, expected))

    def _write_block(self, batch: Sequence[tuple[int, Mapping[int, str]]]) -> Block:
        width = min(max(max(texts) for _, texts in batch) + 1, self._limits.columns)
        lines = [line for line, _ in batch]
        columns = [pa.array(lines, pa.int64())]
        columns += [pa.array([texts.get(column, "") for _, texts in batch], TEXT_TYPE) for column in range(width)]
        names = [_LINE, *map(str, range(width))]
        self._blocks += 1
        file = self._folder / f"{self._blocks}.arrow"
        rows = pa.RecordBatch.from_arrays(columns, names)
        with pa.OSFile(str(file), "wb") as target, pa.ipc.new_file(target, rows.schema) as writer:
            writer.write_batch(rows)
        return Block(file, lines[0], lines[-1], width)


@dataclass(slots=True)
class _Hidden:
    """The rows and columns with a text that are hidden."""

    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)


class _MergedCells:
    """The merged cells of a sheet, row by row: cells merged downwards get the text of the first one.

    Who reads a column decides whether its text may stand in several rows: a place may, a figure may not. So each of
    the cells has a problem.
    """

    def __init__(self, details: SheetDetails) -> None:
        self._details = details
        self._count = 0
        self._waiting: list[Merge] = []
        self._open: list[tuple[Merge, str]] = []

    def fill(self, line: int, texts: dict[int, str]) -> None:
        """Fill the merged cells of a row; its own merges must be known by now."""
        if self._count < len(self._details.merges):
            self._waiting += self._details.merges[self._count :]
            self._waiting.sort(key=lambda merge: merge.first_line, reverse=True)
            self._count = len(self._details.merges)
        if not self._open and (not self._waiting or self._waiting[-1].first_line > line):
            return
        self._open = [(merge, text) for merge, text in self._open if merge.last_line >= line]
        while self._waiting and self._waiting[-1].first_line <= line:
            merge = self._waiting.pop()
            if merge.first_line == line and merge.last_line >= line:
                self._open.append((merge, texts.get(merge.first_column, "")))
        for merge, text in self._open:
            if not text:
                continue
            texts[merge.first_column] = text
            last = min(merge.last_column, max(texts))
            for column in range(merge.first_column, last + 1):
                self._details.problems.setdefault((line, column), problem(MERGED, text))


def _check_problems(details: SheetDetails) -> None:
    """A sheet with so many cells that need a decision is refused, with the first of them."""
    if len(details.problems) > _MAX_PROBLEMS:
        (line, _), first = next(iter(details.problems.items()))
        raise FileRejectedError(Issue(first.code, first.shown, first.stored, line=line, sheet=details.name))
