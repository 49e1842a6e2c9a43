"""CSV and TSV: text into rows, each with the physical line on which it begins.

Here: splitting lines into cells. Not here: encodings (assets.intake.readers.encoding), which row has the headers
(assets.intake.tables.detection).

A block of lines is regular if no cell contains a line end and every quote is at the edge of a cell. Then each line is a
row, and Arrow splits the block. All other blocks are read row by row with the csv module.

A row may lack its last cells if they may be empty, as in files of Excel, or have empty cells after the last header.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from assets.core.errors import Issue
from assets.core.settings import Limits
from assets.core.text import find_odd_line_end
from assets.intake.readers.encoding import (
    FileRejectedError,
    count_line_ends,
    count_line_feeds,
    count_lines,
    read_utf8_blocks,
)
from assets.intake.readers.raw_rows import (
    ChunkSchema,
    Lines,
    RawChunk,
    RawRow,
    Texts,
    UnformattedSheet,
    build_chunk,
    to_csv_record,
)
from assets.intake.readers.split_numbers import BARE_NUMBER, find_split_number
from assets.intake.values.arrow_utils import string_buffers, to_mask

DELIMITERS = (",", "\t", ";", "|")
# What people take for a delimiter; they also occur inside cells, so that a file with them is not read.
_UNSUPPORTED_DELIMITERS = ("，", "；", "、", "｜", "　", " ", "^", "~", "#")
# The first line by which Excel is given the delimiter: sep=;
_DELIMITER_LINE = re.compile(r"(?i)\s*\"?sep=(.)\"?")
# A text as a formula, so that Excel keeps its zeros: ="360100"
_TEXT_FORMULA = re.compile(r'="([^"]*)"')
_NUMBER = re.compile(r"\s*[+-]?[0-9][0-9.,]*\s*")
_MAX_EXCERPT, _EXCERPT_BEFORE = 40, 10
# The first rows may be titles of several lines.
_LINES_PER_ROW = 4
# Rows of very short lines take a hundred times the memory of their bytes.
_MAX_LINES = 200_000
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
        for block in self._blocks(after, schema):
            if block.rows is None:
                yield partial(_split_regular_block, block.data, block.line, self.delimiter, schema, self.limits)
            else:
                yield partial(build_chunk, block.rows, schema)

    def rows(self, after: int, schema: ChunkSchema) -> list[RawRow]:
        return [
            row for block in self._blocks(after, schema) for row in block.split(self.delimiter, schema, self.limits)
        ]

    def texts(self, after: int, schema: ChunkSchema, lines: Lines) -> Iterator[Callable[[], Texts]]:
        for block in self._blocks(after, schema):
            yield partial(block.texts, lines)

    def physical_rows(self) -> int:
        return count_lines(self.file, self.encoding, self.limits)

    def _blocks(self, after: int, schema: ChunkSchema) -> Iterator[_Block]:
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
                lines, remaining = _split_lines(data), list[str]()
                for start in range(0, len(lines), _MAX_LINES):
                    piece = [*remaining, *lines[start : start + _MAX_LINES]]
                    is_end = is_last and start + _MAX_LINES >= len(lines)
                    rows, remaining = parse_irregular_rows(piece, line, self.delimiter, schema, self.limits, is_end)
                    yield _Block(b"", line, rows)
                    line += len(piece) - len(remaining)
                incomplete = "".join(remaining).encode()


def detect_delimiter(
    file: Path, encoding: str, limits: Limits, rows: int, count_headers: Callable[[Sequence[str]], int]
) -> str:
    """Return the delimiter that splits one of the first rows into the most headers.

    Args:
        file: the text file.
        encoding: its encoding.
        limits: the limits of the data directory.
        rows: how many rows may be above the headers.
        count_headers: counts the known headers among cells.

    Raises:
        FileRejectedError: something else than a delimiter is between the headers.
    """

    def head(delimiter: str) -> list[RawRow]:
        return DelimitedSheet(file, encoding, delimiter, limits).head(rows)

    def most_headers(rows: Iterable[Sequence[str]]) -> int:
        return max((count_headers(cells[: limits.columns]) for cells in rows), default=0)

    first, *alternatives = DELIMITERS
    first_head = head(first)
    stated = _DELIMITER_LINE.match(first_head[0].text) if first_head else None
    if stated is not None and stated[1] in DELIMITERS:
        return stated[1]
    # A delimiter that does not occur splits nothing.
    occurring = [delimiter for delimiter in alternatives if any(delimiter in row.text for row in first_head)]
    heads = {first: first_head, **{delimiter: head(delimiter) for delimiter in occurring}}
    counts = {delimiter: most_headers(row.cells for row in heads[delimiter]) for delimiter in heads}
    best = max(counts, key=lambda delimiter: counts[delimiter])
    for delimiter in _UNSUPPORTED_DELIMITERS if counts[best] <= 1 else ():
        if most_headers([cell for cell in row.text.split(delimiter) if cell] for row in first_head) > 1:
            raise FileRejectedError(Issue("unsupported_delimiter", delimiter, "; |"))
    return best


@dataclass(frozen=True, slots=True)
class _Block:
    """Complete rows as bytes, the line of the first, and the rows themselves where the block is irregular."""

    data: bytes
    line: int
    rows: list[RawRow] | None

    def split(self, delimiter: str, schema: ChunkSchema, limits: Limits) -> list[RawRow]:
        """Return the rows one by one."""
        if self.rows is not None:
            return self.rows
        rows, _ = parse_irregular_rows(_split_lines(self.data), self.line, delimiter, schema, limits, is_last=True)
        return rows

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
    lines: list[str], first_line: int, delimiter: str, schema: ChunkSchema | None, limits: Limits, is_last: bool
) -> tuple[list[RawRow], list[str]]:
    """Return rows read one by one, and the lines at the end whose row continues in the next block.

    A quote that is not closed breaks only its own line; the next line begins a new row.

    Args:
        lines: physical lines with their ends.
        first_line: the number of the first line, from 1.
        delimiter: one character.
        schema: the columns of the table; None above its headers, where a row may have any number of cells.
        limits: `row_lines` bounds the search for the end of a quote.
        is_last: whether the file ends with these lines.
    """
    rows: list[tuple[RawRow, str]] = []
    position = 0
    while position < len(lines):
        line_count = _count_lines_of_row(lines, position, limits)
        if line_count is None and not is_last and len(lines) - position < limits.row_lines:
            break
        row, count = _parse_row(lines[position : position + (line_count or 1)], first_line + position, delimiter)
        if schema is not None:
            if count > 1 and not _is_one_row(row, lines[position : position + count], delimiter, schema):
                row, count = _parse_row([lines[position]], first_line + position, delimiter)
            row = _read_stray_quotes(row, delimiter, schema)
        rows.append((row, lines[position + count - 1]))
        position += count
    return [row for row, _ in rows] if schema is None else _fit_all(rows, delimiter, schema), lines[position:]


def _count_lines_of_row(lines: list[str], position: int, limits: Limits) -> int | None:
    """The number of lines until every quote is closed; None where that does not happen within the limit."""
    quotes = 0
    for count, line in enumerate(lines[position : position + limits.row_lines], start=1):
        quotes += line.count('"')
        if quotes % 2 == 0:
            return count
    return None


def _parse_row(lines: list[str], first_line: int, delimiter: str) -> tuple[RawRow, int]:
    """The row that begins in the first line, and the number of its lines; its error is the text around the quote."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        cells = next(reader)
    except (csv.Error, StopIteration):
        text = lines[0].rstrip("\r\n")
        return RawRow(first_line, (), text, _excerpt(text)), 1
    if any(cell.startswith('="') for cell in cells):
        cells = [_TEXT_FORMULA.sub(r"\1", cell) if _TEXT_FORMULA.fullmatch(cell) else cell for cell in cells]
    count = reader.line_num
    return RawRow(first_line, tuple(cells), "".join(lines[:count]).rstrip("\r\n"), line_count=count), count


def _excerpt(text: str) -> str:
    """The text around its first quote."""
    return text[max(text.find('"') - _EXCERPT_BEFORE, 0) :][:_MAX_EXCERPT]


def _is_one_row(row: RawRow, lines: list[str], delimiter: str, schema: ChunkSchema) -> bool:
    """Whether a row of several lines is one, and no stray quote has swallowed a line that is a whole row by itself."""
    if row.error is not None or not schema.has_row(row.cells):
        return False
    column = next(number for number, cell in enumerate(row.cells) if "\n" in cell or "\r" in cell)
    return not any(_is_whole_row(line, column, row.cells, delimiter, schema) for line in lines[1:])


def _is_whole_row(line: str, column: int, others: Sequence[str], delimiter: str, schema: ChunkSchema) -> bool:
    """Whether a line is a row; up to the column of a stray quote it must have numbers where another row has them."""
    if line.count('"') % 2 == 0:
        cells: Sequence[str] = _parse_row([line], 0, delimiter)[0].cells
    else:
        cells = line.rstrip("\r\n").split(delimiter)
        if not any(cell.strip('" ') for cell in cells[:column]) or '"' not in cells[min(column, len(cells) - 1)]:
            return False
    return schema.has_row(cells) and list(map(_is_number, cells[:column])) == list(map(_is_number, others[:column]))


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None


def _read_stray_quotes(row: RawRow, delimiter: str, schema: ChunkSchema) -> RawRow:
    """A row with quotes that enclose no cell: they are text, unless they may have been meant to enclose several cells.

    A ditto mark and quotes around a word ("甲"乙) are text; a single quote where a cell begins or ends is an error.
    """
    if row.line_count > 1 or '"' not in row.text:
        return row
    cells = row.text.split(delimiter)
    if row.text.count('"') % 2 == 0:
        if row.error is None:
            return row
        is_text = len(cells) == len(next(csv.reader([row.text], delimiter=delimiter)))
    elif row.error is None and not any(cell.count('"') % 2 and cell.strip().endswith('"') for cell in row.cells):
        return row
    else:
        is_text = all(cell.strip() == '"' for cell in cells if '"' in cell)
    if is_text and len(cells) == schema.width:
        return replace(row, cells=tuple(cells), error=None)
    return replace(row, cells=(), error=row.error or _excerpt(row.text))


def _fit_all(rows: Sequence[tuple[RawRow, str]], delimiter: str, schema: ChunkSchema) -> list[RawRow]:
    """The rows, each with its last line, as `_fit` returns them; those with a number that commas have split are errors.

    A comma too many at the end is a sign of such a number, unless other rows have one too.
    """
    fitted = [_name_odd_line_end(_fit(row, last_line, schema), schema) for row, last_line in rows]
    if delimiter != "," or not schema.kinds:
        return fitted
    numbers = [find_split_number(row.cells, schema.kinds) for row, _ in rows]
    has_extra_commas = any(
        number is None and len(row.cells) > len(fit.cells)
        for number, (row, _), fit in zip(numbers, rows, fitted, strict=True)
    )
    for position, (number, fit) in enumerate(zip(numbers, fitted, strict=True)):
        if number is not None and (not has_extra_commas or find_split_number(fit.cells, schema.kinds)):
            fitted[position] = _to_error(fit, number)
    return fitted


def _name_odd_line_end(row: RawRow, schema: ChunkSchema) -> RawRow:
    """A row with another number of cells than headers, which a line end that is none to an editor explains."""
    odd = find_odd_line_end(row.text) if row.error is None and len(row.cells) != schema.width else None
    return row if odd is None else replace(row, error=odd, code="odd_line_end")


def _to_error(row: RawRow, number: str) -> RawRow:
    return row if row.error is not None else replace(row, error=number, code="split_number")


def _fit(row: RawRow, last_line: str, schema: ChunkSchema) -> RawRow:
    """The row with as many cells as headers, where only empty ones at its end are missing or too many.

    The last line of a file that was cut off is not completed: it may end in the middle of a number.
    """
    missing = schema.width - len(row.cells)
    if row.error is not None or missing == 0 or not schema.has_row(row.cells):
        return row
    if missing < 0:
        return replace(row, cells=row.cells[:missing])
    return replace(row, cells=(*row.cells, *[""] * missing)) if last_line.endswith(("\n", "\r")) else row


def _split_regular_block(data: bytes, line: int, delimiter: str, schema: ChunkSchema, limits: Limits) -> RawChunk:
    """Split a block with Arrow, which skips the rows of another width; the csv module splits those."""
    starts = _line_starts(data)
    filled = _filled_lines(data, starts)
    table, skipped = _read_arrow(data, delimiter, schema)
    if len(filled) != table.num_rows + len(skipped):  # pragma: no cover - Arrow counts lines in another way
        rows, _ = parse_irregular_rows(_split_lines(data), line, delimiter, schema, limits, is_last=True)
        return build_chunk([row for row in rows if row.cells or row.error], schema)
    parsed = []
    for number in filled[skipped].tolist():
        end = int(starts[number + 1]) if number + 1 < len(starts) else len(data)
        text = data[int(starts[number]) : end].decode()
        parsed.append((_parse_row([text], line + number, delimiter)[0], text))
    malformed = dict(zip(filled[skipped].tolist(), _fit_all(parsed, delimiter, schema), strict=True))
    fitting = {n: row for n, row in malformed.items() if row.error is None and len(row.cells) == schema.width}
    if fitting:
        table, skipped = _read_arrow(_replace_lines(data, starts, fitting, delimiter), delimiter, schema)

    def texts(numbers: Collection[int]) -> dict[int, str]:
        return {
            number: _text_of_line(data, starts, number - line) for number in numbers if 0 <= number - line < len(starts)
        }

    columns = [column.chunk(0) if column.num_chunks else pa.array([], column.type) for column in table.itercolumns()]
    if b'=""' in data:
        columns = [_unwrap_formulas(column) for column in columns]
    lines = line + np.delete(filled, skipped)
    errors = [row for number, row in malformed.items() if number not in fitting]
    if delimiter == "," and (split := _find_split_numbers(columns, schema)):
        texts_of_lines = texts(set(lines[list(split)].tolist()))
        for position, (cells, number) in split.items():
            errors.append(_to_error(RawRow(int(lines[position]), cells, texts_of_lines[int(lines[position])]), number))
        is_kept = pa.array(~np.isin(np.arange(len(lines)), list(split)))
        lines, columns = np.delete(lines, list(split)), [column.filter(is_kept) for column in columns]
    return RawChunk(lines, columns, texts, errors, blank=len(starts) - len(filled))


def _find_split_numbers(columns: Sequence[pa.Array], schema: ChunkSchema) -> dict[int, tuple[tuple[str, ...], str]]:
    """The cells of the rows, by their numbers from 0, with a number that commas have split, and that number."""
    first = next((number for number, kind in enumerate(schema.kinds) if kind == "figure"), len(columns))
    of_words = [number for number, kind in enumerate(schema.kinds) if kind in ("word", "date") and number > first]
    candidates = {row for number in of_words for row in _find_bare_numbers(columns[number])}
    found = {}
    for row in sorted(candidates):
        cells = tuple(column[row].as_py() for column in columns)
        split = find_split_number(cells, schema.kinds)
        if split is not None:
            found[row] = (cells, split)
    return found


def _find_bare_numbers(column: pa.Array) -> list[int]:
    """The rows, from 0, whose cell is a short number alone; the first byte excludes most of the others at no cost."""
    if pa.types.is_dictionary(column.type):
        is_number = np.isin(column.indices, _find_bare_numbers(column.dictionary))
        return [int(row) for row in np.flatnonzero(is_number)]
    bounds, data = string_buffers(column)
    firsts = data[np.minimum(bounds[:-1], len(data) - 1)]
    rows = np.flatnonzero((firsts <= ord("9")) & (bounds[1:] > bounds[:-1]))
    if not len(rows):
        return []
    is_number = to_mask(pc.match_substring_regex(column.take(pa.array(rows)), BARE_NUMBER))
    return [int(row) for row in rows[is_number]]


def _read_arrow(data: bytes, delimiter: str, schema: ChunkSchema) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """The rows of a regular block, and the numbers, from 0, of the rows of another width among its filled lines."""
    skipped: list[int] = []

    def skip(row: pa_csv.InvalidRow) -> str:
        skipped.append(row.number - 1)
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
    )
    return table.combine_chunks(), np.array(skipped, dtype=np.int64)


def _replace_lines(data: bytes, starts: npt.NDArray[np.int64], rows: Mapping[int, RawRow], delimiter: str) -> bytes:
    """The block with other cells on some lines, by their numbers from 0 in ascending order."""
    parts, end = [], 0
    for number, row in rows.items():
        parts += [data[end : int(starts[number])], to_csv_record(row.cells, delimiter).encode(), b"\n"]
        end = int(starts[number + 1]) if number + 1 < len(starts) else len(data)
    return b"".join((*parts, data[end:]))


def _unwrap_formulas(column: pa.Array) -> pa.Array:
    """A column with the texts inside of formulas that are only texts: ="360100"."""
    if pa.types.is_dictionary(column.type):
        return pa.DictionaryArray.from_arrays(column.indices, _unwrap_formulas(column.dictionary))
    return pc.replace_substring_regex(column, f"^{_TEXT_FORMULA.pattern}$", r"\1")


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
