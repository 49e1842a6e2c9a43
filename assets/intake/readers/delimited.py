"""CSV and TSV: text into rows, each with the physical line on which it begins.

Here: splitting lines into cells, quickly where a block of lines is regular and carefully where it is not. Not here:
encodings (assets.intake.readers.encoding), which row is the header (assets.intake.tables.detection).

Regular means: no line end inside a cell, and every quote at the edge of a cell. Then each line is a row, Arrow may
split the whole block, and line numbers need no counting. All else goes line by line through the csv module.
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
from assets.intake.readers.encoding import count_line_ends, count_line_feeds, read_utf8_blocks
from assets.intake.readers.raw_rows import ChunkSchema, Lines, RawChunk, RawRow, Texts, build_chunk

DELIMITERS = (",", "\t", ";")
# Of the first rows, which may be titles of several lines.
_LINES_PER_ROW = 4
_QUOTE, _LINE_END, _RETURN = ord('"'), ord("\n"), ord("\r")
_ANY_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class DelimitedSheet:
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
            lines += _lines_of(block[: _offset_of_line(block, missing)])
            # A lone carriage return ends a line too, and then a block of one line feed holds many.
            if len(lines) >= count * _LINES_PER_ROW:
                break
        # Beyond these lines nothing is looked at, so that a quote that never ends does not make a row of them all.
        some = lines[: count * _LINES_PER_ROW]
        rows, _ = parse_irregular_rows(some, 1, self.delimiter, None, self.limits, is_last=True)
        return rows[:count]

    def chunks(self, after: int, shape: ChunkSchema) -> Iterator[Callable[[], RawChunk]]:
        for block in self._blocks(after, shape.width):
            if block.rows is None:
                yield partial(_split_block, block.data, block.line, self.delimiter, shape, self.limits)
            else:
                yield partial(build_chunk, block.rows, shape)

    def texts(self, after: int, shape: ChunkSchema, wanted: Lines) -> Iterator[Callable[[], Texts]]:
        for block in self._blocks(after, shape.width):
            yield partial(block.texts, wanted)

    def _blocks(self, after: int, width: int) -> Iterator[_Block]:
        """Blocks of whole rows below line `after`; those that are not regular come split."""
        line, waiting = 1, b""
        for block, is_last in _with_last(read_utf8_blocks(self.file, self.encoding, self.limits)):
            data = waiting + block
            if line <= after:
                start = _offset_of_line(data, after + 1 - line)
                line += count_line_ends(data[:start])
                data = data[start:]
            waiting = b""
            if not data:
                continue
            if has_regular_rows(data, self.delimiter):
                yield _Block(data, line, None)
                line += count_line_feeds(data)
            else:
                rows, left = parse_irregular_rows(_lines_of(data), line, self.delimiter, width, self.limits, is_last)
                yield _Block(data, line, rows)
                waiting = "".join(left).encode()
                line += count_line_ends(data) - count_line_ends(waiting)


@dataclass(frozen=True, slots=True)
class _Block:
    """Whole rows as bytes, the line of the first, and the rows themselves where they had to be read one by one."""

    data: bytes
    line: int
    rows: list[RawRow] | None

    def texts(self, wanted: Lines) -> Texts:
        if self.rows is not None:
            known = {row.line: row.text for row in self.rows}
            lines = wanted[np.isin(wanted, list(known))].tolist()
            return lines, [known[number] for number in lines]
        starts = _line_starts(self.data)
        first, last = np.searchsorted(wanted, (self.line, self.line + len(starts)))
        lines = wanted[first:last].tolist()
        return lines, [_text_of(self.data, starts, number - self.line) for number in lines]


def _with_last(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    before: bytes | None = None
    for block in blocks:
        if before is not None:
            yield before, False
        before = block
    if before is not None:
        yield before, True


def _offset_of_line(data: bytes, lines: int) -> int:
    """Where the line after the first `lines` ones begins."""
    if lines == 0:
        return 0
    end = next(islice(_ANY_LINE_END.finditer(data), lines - 1, None), None)
    return end.end() if end is not None else len(data)


def _lines_of(block: bytes) -> list[str]:
    """Physical lines with their ends; a lone carriage return ends a line too, as on an old Macintosh."""
    return list(io.StringIO(block.decode(), newline=""))


def has_regular_rows(data: bytes, delimiter: str) -> bool:
    """Whether each line is a row and each quote stands at the edge of a cell."""
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
    """Rows line by line, and the lines left over at the end because a cell that began in them goes on.

    A quote without its other half breaks its own line alone: what follows is read as if the line were not there.
    """
    rows: list[RawRow] = []
    position = 0
    while position < len(lines):
        taken = _lines_of_row(lines, position, limits)
        if taken is None and not is_last and len(lines) - position < limits.row_lines:
            return rows, lines[position:]
        row, count = _row(lines[position : position + (taken or 1)], first_line + position, delimiter)
        if count > 1 and width is not None and len(row.cells) != width:
            row, count = _row([lines[position]], first_line + position, delimiter)
        rows.append(row)
        position += count
    return rows, []


def _lines_of_row(lines: list[str], position: int, limits: Limits) -> int | None:
    """How many lines it takes until every quote has its other half; None where that does not happen soon."""
    quotes = 0
    for count, line in enumerate(lines[position : position + limits.row_lines], start=1):
        quotes += line.count('"')
        if quotes % 2 == 0:
            return count
    return None


def _row(lines: list[str], first_line: int, delimiter: str) -> tuple[RawRow, int]:
    """The row that begins in the first of the lines, and how many of them it takes."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        cells = tuple(next(reader))
    except (csv.Error, StopIteration) as error:
        return RawRow(first_line, (), lines[0].rstrip("\r\n"), str(error)), 1
    return RawRow(first_line, cells, "".join(lines[: reader.line_num]).rstrip("\r\n")), reader.line_num


def _split_block(data: bytes, line: int, delimiter: str, shape: ChunkSchema, limits: Limits) -> RawChunk:
    """A regular block, split by Arrow; rows of another width are handed over by number and split carefully."""
    odd_numbers: list[int] = []

    def set_aside(row: pa_csv.InvalidRow) -> str:
        odd_numbers.append(row.number)
        return "skip"

    names = [str(position) for position in range(shape.width)]
    table = pa_csv.read_csv(
        pa.py_buffer(data),
        read_options=pa_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
        parse_options=pa_csv.ParseOptions(
            delimiter=delimiter, quote_char='"' if b'"' in data else False, invalid_row_handler=set_aside
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types={name: shape.type_of(position) for position, name in enumerate(names)},
            strings_can_be_null=False,
            check_utf8=False,
        ),
    ).combine_chunks()
    starts = _line_starts(data)
    lines = line + _filled(data, starts)
    odd_lines = lines[np.array(odd_numbers, dtype=np.int64) - 1]
    lines = np.delete(lines, np.array(odd_numbers, dtype=np.int64) - 1)
    if len(lines) != table.num_rows:  # pragma: no cover - Arrow and we disagree about what a line is: go carefully
        rows, _ = parse_irregular_rows(_lines_of(data), line, delimiter, shape.width, limits, is_last=True)
        return build_chunk([row for row in rows if row.cells or row.fault], shape)

    def texts(wanted: Collection[int]) -> dict[int, str]:
        return {number: _text_of(data, starts, number - line) for number in wanted if 0 <= number - line < len(starts)}

    odd = [_row([texts([number])[number]], number, delimiter)[0] for number in odd_lines.tolist()]
    columns = [column.chunk(0) if column.num_chunks else pa.array([], column.type) for column in table.itercolumns()]
    return RawChunk(lines, columns, texts, odd, blank=len(starts) - len(lines) - len(odd))


def _line_starts(data: bytes) -> npt.NDArray[np.int64]:
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == _LINE_END)
    starts = np.concatenate(([0], ends + 1))
    return starts[starts < len(data)]


def _filled(data: bytes, starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Which lines, counted from 0, hold anything: Arrow passes over the others."""
    lengths = np.diff(starts, append=len(data))
    is_empty = lengths <= len(b"\r\n")
    short = np.flatnonzero(is_empty)
    first = np.frombuffer(data, dtype=np.uint8)[starts[short]]
    is_empty[short] = (first == _LINE_END) | (first == _RETURN)
    return np.flatnonzero(~is_empty).astype(np.int64)


def _text_of(data: bytes, starts: npt.NDArray[np.int64], number: int) -> str:
    end = int(starts[number + 1]) if number + 1 < len(starts) else len(data)
    return data[int(starts[number]) : end].decode().rstrip("\r\n")
