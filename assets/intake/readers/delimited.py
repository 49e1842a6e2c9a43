"""CSV and TSV: text into rows, each with the physical line on which it begins.

Here: splitting lines into cells. Not here: encodings (assets.intake.readers.encoding), which row has the headers
(assets.intake.tables.detection).

A block of lines is regular if no cell contains a line end and every quote is at the edge of a cell. Then each line is a
row, and Arrow splits the block. All other blocks are read row by row with the csv module.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from assets.core.settings import Limits
from assets.intake.readers.encoding import count_line_ends, count_line_feeds, count_lines, read_utf8_blocks
from assets.intake.readers.raw_rows import ChunkSchema, Lines, RawChunk, RawRow, Texts, UnformattedSheet, build_chunk

DELIMITERS = (",", "\t", ";")
# The first rows may be titles of several lines.
_LINES_PER_ROW = 4
_QUOTE, _LINE_END, _RETURN = ord('"'), ord("\n"), ord("\r")
_ANY_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class DelimitedSheet(UnformattedSheet):
    """The one table of a text file."""

    file: Path
    encoding: str
    delimiter: str
    limits: Limits
    name: str | None = None

    def head(self, count: int) -> list[RawRow]:
        lines: list[str] = []
        for block in read_utf8_blocks(self.file, self.encoding, self.limits):
            missing = count * _LINES_PER_ROW - len(lines)
            lines += _split_lines(block[: _offset_of_line(block, missing)])
            # A lone carriage return ends a line too, and then a block of one line feed holds many.
            if len(lines) >= count * _LINES_PER_ROW:
                break
        # No more lines than these, so that a quote that is never closed does not make one row of all of them.
        rows, _ = parse_irregular_rows(
            lines[: count * _LINES_PER_ROW], 1, self.delimiter, None, self.limits, is_last=True
        )
        return rows[:count]

    def chunks(self, after: int, schema: ChunkSchema) -> Iterator[Callable[[], RawChunk]]:
        for block in self._blocks(after, schema.width):
            if block.rows is None:
                yield partial(_split_regular_block, block.data, block.line, self.delimiter, schema, self.limits)
            else:
                yield partial(build_chunk, block.rows, schema)

    def texts(self, after: int, schema: ChunkSchema, lines: Lines) -> Iterator[Callable[[], Texts]]:
        for block in self._blocks(after, schema.width):
            yield partial(block.texts, lines)

    def physical_rows(self) -> int:
        return count_lines(self.file, self.encoding, self.limits)

    def _blocks(self, after: int, width: int) -> Iterator[_Block]:
        """Blocks of complete rows below line `after`; irregular ones are split into rows."""
        line, incomplete = 1, b""
        for block, is_last in _with_last(read_utf8_blocks(self.file, self.encoding, self.limits)):
            data = incomplete + block
            if line <= after:
                start = _offset_of_line(data, after + 1 - line)
                line += count_line_ends(data[:start])
                data = data[start:]
            incomplete = b""
            if not data:
                continue
            if has_regular_rows(data, self.delimiter):
                yield _Block(data, line, None)
                line += count_line_feeds(data)
            else:
                rows, remaining = parse_irregular_rows(
                    _split_lines(data), line, self.delimiter, width, self.limits, is_last
                )
                yield _Block(data, line, rows)
                incomplete = "".join(remaining).encode()
                line += count_line_ends(data) - count_line_ends(incomplete)


@dataclass(frozen=True, slots=True)
class _Block:
    """Complete rows as bytes, the line of the first, and the rows themselves where the block is irregular."""

    data: bytes
    line: int
    rows: list[RawRow] | None

    def texts(self, lines: Lines) -> Texts:
        if self.rows is not None:
            by_line = {row.line: row.text for row in self.rows}
            own_lines = lines[np.isin(lines, list(by_line))].tolist()
            return own_lines, [by_line[line] for line in own_lines]
        starts = _line_starts(self.data)
        first, last = np.searchsorted(lines, (self.line, self.line + len(starts)))
        own_lines = lines[first:last].tolist()
        return own_lines, [_text_of_line(self.data, starts, line - self.line) for line in own_lines]


def _with_last(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    before: bytes | None = None
    for block in blocks:
        if before is not None:
            yield before, False
        before = block
    if before is not None:
        yield before, True


def _offset_of_line(data: bytes, lines: int) -> int:
    """Where the line after the first `lines` lines begins."""
    if lines == 0:
        return 0
    end = next(islice(_ANY_LINE_END.finditer(data), lines - 1, None), None)
    return end.end() if end is not None else len(data)


def _split_lines(block: bytes) -> list[str]:
    """Physical lines with their ends; a lone carriage return ends a line too, as on an old Macintosh."""
    return list(io.StringIO(block.decode(), newline=""))


def has_regular_rows(data: bytes, delimiter: str) -> bool:
    """Return whether each line is a row and each quote is at the edge of a cell."""
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return False
    if b'"' not in data:
        return True
    text = np.frombuffer(data, dtype=np.uint8)
    quotes = np.flatnonzero(text == _QUOTE)
    ends = np.append(np.flatnonzero(text == _LINE_END), len(text))
    if np.any(np.diff(np.searchsorted(quotes, ends), prepend=0) % 2):
        return False
    framed = np.concatenate(([_LINE_END], text, [_LINE_END]))
    edges = (_QUOTE, ord(delimiter), _LINE_END)
    # Quotes come in pairs on every line: the first opens a cell or ends an escaped quote, the second is its mirror.
    opens, closes = framed[quotes[0::2]], framed[quotes[1::2] + 2]
    return bool(np.all(np.isin(opens, edges)) and np.all(np.isin(closes, (*edges, _RETURN))))


def parse_irregular_rows(
    lines: list[str], first_line: int, delimiter: str, width: int | None, limits: Limits, is_last: bool
) -> tuple[list[RawRow], list[str]]:
    """Return rows read one by one, and the lines at the end whose row continues in the next block.

    A quote that is not closed breaks only its own line; the next line begins a new row.

    Args:
        lines: physical lines with their ends.
        first_line: the number of the first line, from 1.
        delimiter: one character.
        width: a row of several lines with another number of cells is read as rows of one line; None: no such check.
        limits: `row_lines` bounds the search for the end of a quote.
        is_last: whether the file ends with these lines.
    """
    rows: list[RawRow] = []
    position = 0
    while position < len(lines):
        line_count = _count_lines_of_row(lines, position, limits)
        if line_count is None and not is_last and len(lines) - position < limits.row_lines:
            return rows, lines[position:]
        row, count = _parse_row(lines[position : position + (line_count or 1)], first_line + position, delimiter)
        if count > 1 and width is not None and len(row.cells) != width:
            row, count = _parse_row([lines[position]], first_line + position, delimiter)
        rows.append(row)
        position += count
    return rows, []


def _count_lines_of_row(lines: list[str], position: int, limits: Limits) -> int | None:
    """The number of lines until every quote is closed; None where that does not happen within the limit."""
    quotes = 0
    for count, line in enumerate(lines[position : position + limits.row_lines], start=1):
        quotes += line.count('"')
        if quotes % 2 == 0:
            return count
    return None


def _parse_row(lines: list[str], first_line: int, delimiter: str) -> tuple[RawRow, int]:
    """The row that begins in the first line, and the number of its lines."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        cells = tuple(next(reader))
    except (csv.Error, StopIteration) as error:
        return RawRow(first_line, (), lines[0].rstrip("\r\n"), str(error)), 1
    count = reader.line_num
    return RawRow(first_line, cells, "".join(lines[:count]).rstrip("\r\n"), line_count=count), count


def _split_regular_block(data: bytes, line: int, delimiter: str, schema: ChunkSchema, limits: Limits) -> RawChunk:
    """Split a block with Arrow, which skips the rows of another width; the csv module splits those."""
    skipped: list[int] = []

    def skip(row: pa_csv.InvalidRow) -> str:
        skipped.append(row.number)
        return "skip"

    names = [str(position) for position in range(schema.width)]
    table = pa_csv.read_csv(
        pa.py_buffer(data),
        read_options=pa_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
        parse_options=pa_csv.ParseOptions(
            delimiter=delimiter, quote_char='"' if b'"' in data else False, invalid_row_handler=skip
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types={name: schema.type_of(position) for position, name in enumerate(names)},
            strings_can_be_null=False,
            check_utf8=False,
        ),
    ).combine_chunks()
    starts = _line_starts(data)
    lines = line + _filled_lines(data, starts)
    skipped_indices = np.array(skipped, dtype=np.int64) - 1
    skipped_lines, lines = lines[skipped_indices], np.delete(lines, skipped_indices)
    if len(lines) != table.num_rows:  # pragma: no cover - Arrow counts lines in another way: use the csv module
        rows, _ = parse_irregular_rows(_split_lines(data), line, delimiter, schema.width, limits, is_last=True)
        return build_chunk([row for row in rows if row.cells or row.error], schema)

    def texts(numbers: Collection[int]) -> dict[int, str]:
        return {
            number: _text_of_line(data, starts, number - line) for number in numbers if 0 <= number - line < len(starts)
        }

    malformed = [_parse_row([texts([number])[number]], number, delimiter)[0] for number in skipped_lines.tolist()]
    columns = [column.chunk(0) if column.num_chunks else pa.array([], column.type) for column in table.itercolumns()]
    return RawChunk(lines, columns, texts, malformed, blank=len(starts) - len(lines) - len(malformed))


def _line_starts(data: bytes) -> npt.NDArray[np.int64]:
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == _LINE_END)
    starts = np.concatenate(([0], ends + 1))
    return starts[starts < len(data)]


def _filled_lines(data: bytes, starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The numbers, from 0, of the lines that are not empty: Arrow skips empty lines."""
    lengths = np.diff(starts, append=len(data))
    is_empty = lengths <= len(b"\r\n")
    short = np.flatnonzero(is_empty)
    first = np.frombuffer(data, dtype=np.uint8)[starts[short]]
    is_empty[short] = (first == _LINE_END) | (first == _RETURN)
    return np.flatnonzero(~is_empty).astype(np.int64)


def _text_of_line(data: bytes, starts: npt.NDArray[np.int64], number: int) -> str:
    end = int(starts[number + 1]) if number + 1 < len(starts) else len(data)
    return data[int(starts[number]) : end].decode().rstrip("\r\n")
