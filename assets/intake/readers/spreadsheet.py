"""Excel workbooks: every sheet into rows, each with the row number that Excel shows.

Here: `.xlsx` and `.xls`, their guards, and how a typed cell is written as text. Not here: which row is the header
(assets.intake.tables.detection), what a cell means (assets.intake.values.cell_parsers).

A workbook is read into memory as a rectangle, however few of its cells are filled: what it spans and what it unpacks to
is measured before that. A cell with a formula counts as the value that was saved with it; what a cell shows and the
value does not tell comes from assets.intake.readers.excel_cell_formats.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import IO

from python_calamine import CalamineSheet, CalamineWorkbook

from assets.core.errors import Issue
from assets.core.settings import Limits
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.excel_cell_formats import CellOverrides, read_cell_overrides
from assets.intake.readers.raw_rows import ChunkSchema, Lines, RawChunk, RawRow, Texts, build_chunk, to_csv_record

_ROWS_PER_CHUNK = 50_000
_BLOCK = 1 << 20
# A row or a cell, with the reference that it may have, however the XML is written. What stands before the reference
# is bounded, or a hostile part would be searched for ever; a tag that does not fit is not read at all.
_TAG = re.compile(rb"<(?:[\w.-]+:)?(?:row|c)(?=[\s/>])")
_PLACED = re.compile(
    rb"""<(?:[\w.-]+:)?(?:(row)|c)(?=[\s/>])(?:[^<>"']|"[^"]*"|'[^']*'){0,1000}?"""
    rb"""(?:\sr\s*=\s*["']\s*([A-Za-z]{0,3})([0-9]{1,10})\s*["']|>)"""
)


@dataclass(frozen=True, slots=True)
class WorkbookSheet:
    """One sheet of a workbook."""

    name: str
    rows: Sequence[Sequence[object]]
    first_line: int
    first_column: int = 1
    marks: CellOverrides = field(default_factory=dict)
    encoding: None = None
    delimiter: str = ","

    def head(self, count: int) -> list[RawRow]:
        return list(self._rows(0, count))

    def chunks(self, after: int, shape: ChunkSchema) -> Iterator[Callable[[], RawChunk]]:
        begin = max(after + 1 - self.first_line, 0)
        for start in range(begin, len(self.rows), _ROWS_PER_CHUNK):
            yield partial(self._chunk, start, shape)

    def texts(self, after: int, shape: ChunkSchema, wanted: Lines) -> Iterator[Callable[[], Texts]]:
        yield partial(self._texts, wanted.tolist())

    def _texts(self, lines: list[int]) -> Texts:
        rows = (next(self._rows(line - self.first_line, line - self.first_line + 1)) for line in lines)
        return lines, [row.text for row in rows]

    def _chunk(self, start: int, shape: ChunkSchema) -> RawChunk:
        return build_chunk(list(self._rows(start, start + _ROWS_PER_CHUNK)), shape)

    def _rows(self, start: int, end: int) -> Iterator[RawRow]:
        for number, cells in enumerate(self.rows[start:end], start=self.first_line + start):
            texts = tuple(self._text(number, column, cell) for column, cell in enumerate(cells, self.first_column))
            yield RawRow(number, texts, to_csv_record(texts))

    def _text(self, line: int, column: int, cell: object) -> str:
        if (line, column) not in self.marks:
            return cell_text(cell)
        told = self.marks[line, column]
        if told is None:
            return f"{cell_text(cell * 100)}%" if isinstance(cell, int | float) else cell_text(cell)
        return told


def read_workbook(file: Path, limits: Limits, *, is_zip: bool) -> list[WorkbookSheet]:
    """Every sheet that holds anything. Raises FileRefused where the file is broken, locked or above a limit."""
    if is_zip:
        _stays_within(file, limits)
    elif file.stat().st_size > limits.unpacked_bytes:
        raise FileRejectedError(Issue("workbook_too_large", str(file.stat().st_size), str(limits.unpacked_bytes)))
    try:
        with CalamineWorkbook.from_object(file) as workbook:
            if len(workbook.sheet_names) > limits.sheets:
                raise FileRejectedError(Issue("too_many_sheets", str(len(workbook.sheet_names)), str(limits.sheets)))
            sheets = list(_sheets(workbook, read_cell_overrides(file) if is_zip else {}, limits))
    except (FileRejectedError, KeyboardInterrupt, SystemExit):
        raise
    # A panic of the Rust library is no Exception; a workbook that brings it about is broken all the same.
    except BaseException as error:
        raise FileRejectedError(
            Issue("workbook_unreadable", str(error).splitlines()[0] if str(error) else "")
        ) from error
    return [sheet for sheet in sheets if any(not row.is_blank for row in sheet.head(len(sheet.rows)))]


def _sheets(workbook: CalamineWorkbook, marks: Mapping[str, CellOverrides], limits: Limits) -> Iterator[WorkbookSheet]:
    """Sheet by sheet: each is below the limit, but all of them together need not be."""
    cells = 0
    for name in workbook.sheet_names:
        sheet = _sheet(workbook.get_sheet_by_name(name), marks.get(name, {}))
        cells += sum(map(len, sheet.rows))
        if cells > limits.sheet_cells:
            raise FileRejectedError(Issue("workbook_too_large", str(cells), str(limits.sheet_cells)))
        yield sheet


def _sheet(sheet: CalamineSheet, marks: CellOverrides) -> WorkbookSheet:
    line, column = sheet.start or (0, 0)
    return WorkbookSheet(sheet.name, sheet.to_python(skip_empty_area=True), line + 1, column + 1, marks)


def cell_text(cell: object) -> str:
    """A typed cell as the text that a person would type: 15 digits, as Excel keeps them, and ISO dates."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return f"{Decimal(f'{cell:.15g}'):f}" if math.isfinite(cell) else str(cell)
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return str(cell)


def _stays_within(file: Path, limits: Limits) -> None:
    """Unpack every part once, counting, without keeping it: what a zip says of its own size need not be true."""
    total = 0
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _stay_below(sum(entry.file_size for entry in entries), limits)
            for entry in entries:
                # Python stops where the zip says that a part ends; the library that reads the cells does not.
                entry.file_size = limits.unpacked_bytes + 2 * _BLOCK
                with archive.open(entry) as part:
                    total += _measure(part, limits, total)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise FileRejectedError(Issue("workbook_unreadable", str(error))) from error


def _stay_below(size: int, limits: Limits) -> None:
    if size > limits.unpacked_bytes:
        raise FileRejectedError(Issue("workbook_too_large", str(size), str(limits.unpacked_bytes)))


def _measure(part: IO[bytes], limits: Limits, before: int) -> int:
    """The size of a part. Raises FileRefused where it, or what was measured before with it, is above a limit.

    Every part is looked at: a workbook may call any of them a sheet.
    """
    size, rest, span = 0, b"", _Span()
    while block := part.read(_BLOCK):
        size += len(block)
        _stay_below(before + size, limits)
        text = rest + block
        last = text[text.rfind(b"<") :]
        rest = last if b">" not in last and len(last) <= _BLOCK else b""
        span.extend(text[: len(text) - len(rest)])
        if span.rows * span.columns > limits.sheet_cells:
            found = f"{span.rows} × {span.columns}"
            raise FileRejectedError(Issue("workbook_too_large", found, str(limits.sheet_cells)))
    return size


@dataclass
class _Span:
    """How far a sheet reaches; a row or a cell without a reference follows the one before it."""

    rows: int = 0
    columns: int = 0
    row: int = 0
    column: int = 0

    def extend(self, xml: bytes) -> None:
        placed = _PLACED.findall(xml)
        if len(placed) != len(_TAG.findall(xml)):
            raise FileRejectedError(Issue("workbook_unreadable", "xl/worksheets: <row>, <c>"))
        for is_row, letters, digits in placed:
            if is_row:
                self.row, self.column = int(digits) if digits else self.row + 1, 0
            else:
                self.row = int(digits) if digits else self.row
                self.column = _column_number(letters) if letters else self.column + 1
            self.rows, self.columns = max(self.rows, self.row), max(self.columns, self.column)


@cache
def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
