"""Excel workbooks: every sheet into rows, each with the row number that Excel shows.

Here: `.xlsx` and `.xls`, their guards, and how a typed cell is written as text. Not here: which row is the header
(assets.intake.layout), what a cell means (assets.intake.cells).

A workbook is read into memory as a rectangle, however few of its cells are filled: what it spans and what it unpacks to
is measured before that. A cell with a formula counts as the value that was saved with it.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

from python_calamine import CalamineSheet, CalamineWorkbook

from assets.errors import Finding
from assets.intake.encoding import FileRefused
from assets.intake.limits import Limits
from assets.intake.rowtext import Chunk, Row, Shape, chunk_of, record

_ROWS_PER_CHUNK = 50_000
_BLOCK = 1 << 20
_CELL = re.compile(rb'<c [^>]*?r="([A-Z]{1,3})([0-9]{1,7})"')
_LONGEST_REFERENCE = 64


@dataclass(frozen=True, slots=True)
class WorkbookSheet:
    """One sheet of a workbook."""

    name: str
    rows: Sequence[Sequence[object]]
    first_line: int
    encoding: None = None
    delimiter: str = ","

    def head(self, count: int) -> list[Row]:
        return list(self._rows(0, count))

    def chunks(self, after: int, shape: Shape) -> Iterator[Callable[[], Chunk]]:
        begin = max(after + 1 - self.first_line, 0)
        for start in range(begin, len(self.rows), _ROWS_PER_CHUNK):
            yield partial(self._chunk, start, shape)

    def _chunk(self, start: int, shape: Shape) -> Chunk:
        return chunk_of(list(self._rows(start, start + _ROWS_PER_CHUNK)), shape)

    def _rows(self, start: int, end: int) -> Iterator[Row]:
        for number, cells in enumerate(self.rows[start:end], start=self.first_line + start):
            texts = tuple(text_of(cell) for cell in cells)
            yield Row(number, texts, record(texts))


def read_workbook(file: Path, limits: Limits, *, is_zip: bool) -> list[WorkbookSheet]:
    """Every sheet that holds anything. Raises FileRefused where the file is broken, locked or above a limit."""
    if is_zip:
        _stays_within(file, limits)
    elif file.stat().st_size > limits.unpacked_bytes:
        raise FileRefused(Finding("workbook_too_large", str(file.stat().st_size), str(limits.unpacked_bytes)))
    try:
        with CalamineWorkbook.from_object(file) as workbook:
            if len(workbook.sheet_names) > limits.sheets:
                raise FileRefused(Finding("too_many_sheets", str(len(workbook.sheet_names)), str(limits.sheets)))
            sheets = [_sheet(workbook.get_sheet_by_name(name)) for name in workbook.sheet_names]
    except (FileRefused, KeyboardInterrupt, SystemExit):
        raise
    # A panic of the Rust library is no Exception; a workbook that brings it about is broken all the same.
    except BaseException as error:
        raise FileRefused(Finding("workbook_unreadable", str(error).splitlines()[0] if str(error) else "")) from error
    return [sheet for sheet in sheets if any(not row.is_blank for row in sheet.head(len(sheet.rows)))]


def _sheet(sheet: CalamineSheet) -> WorkbookSheet:
    start = sheet.start or (0, 0)
    return WorkbookSheet(sheet.name, sheet.to_python(skip_empty_area=True), start[0] + 1)


def text_of(cell: object) -> str:
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
            for entry in archive.infolist():
                with archive.open(entry) as part:
                    is_sheet = entry.filename.startswith("xl/worksheets/")
                    total += _measure(part, is_sheet, limits, limits.unpacked_bytes - total)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise FileRefused(Finding("workbook_unreadable", str(error))) from error


def _measure(part: zipfile.ZipExtFile | object, is_sheet: bool, limits: Limits, left: int) -> int:
    size, before = 0, b""
    rows, columns = 0, 0
    while block := part.read(_BLOCK):  # type: ignore[union-attr]
        size += len(block)
        if size > left:
            raise FileRefused(Finding("workbook_too_large", f"> {limits.unpacked_bytes}", str(limits.unpacked_bytes)))
        if is_sheet:
            text = before + block
            for letters, digits in _CELL.findall(text):
                rows, columns = max(rows, int(digits)), max(columns, _column_number(letters))
            before = text[-_LONGEST_REFERENCE:]
            if rows * columns > limits.sheet_cells:
                raise FileRefused(Finding("workbook_too_large", f"{rows} × {columns}", str(limits.sheet_cells)))
    return size


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
