"""Excel workbooks: every sheet into rows, each with the row number that Excel shows.

Here: `.xlsx` and `.xls`, checks of their size, and typed cells as text. Not here: which row has the headers
(assets.intake.tables.detection), the meaning of a cell (assets.intake.values.cell_parsers).

A sheet is read into memory as a rectangle, even if few cells are filled, so its extent and its unpacked size are
measured first. A formula counts as its saved value; assets.intake.readers.excel_cell_formats finds the cells that show
something else than their value.
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
from functools import partial
from pathlib import Path
from typing import IO

from python_calamine import CalamineSheet, CalamineWorkbook

from assets.core.errors import Issue
from assets.core.settings import Limits
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.excel_cell_formats import CellOverrides, column_number, read_cell_overrides
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

_ROWS_PER_CHUNK = 50_000
_BLOCK_BYTES = 1 << 20
# A row or a cell, with its reference if it has one. The text before the reference is bounded, because the search in a
# hostile part would not end; a tag that does not match rejects the workbook.
_TAG = re.compile(rb"<(?:[\w.-]+:)?(?:row|c)(?=[\s/>])")
_WITH_REFERENCE = re.compile(
    rb"""<(?:[\w.-]+:)?(?:(row)|c)(?=[\s/>])(?:[^<>"']|"[^"]*"|'[^']*'){0,1000}?"""
    rb"""(?:\sr\s*=\s*["']\s*([A-Za-z]{0,3})([0-9]{1,10})\s*["']|>)"""
)


@dataclass(frozen=True, slots=True)
class WorkbookSheet(UnformattedSheet):
    """One sheet of a workbook."""

    name: str
    rows: Sequence[Sequence[object]]
    first_line: int
    first_column: int = 1
    overrides: CellOverrides = field(default_factory=dict)
    encoding: None = None
    delimiter: str = ","

    def head(self, count: int) -> list[RawRow]:
        return list(self._rows(0, count))

    def chunks(self, after: int, schema: ChunkSchema) -> Iterator[Callable[[], RawChunk]]:
        begin = max(after + 1 - self.first_line, 0)
        for start in range(begin, len(self.rows), _ROWS_PER_CHUNK):
            yield partial(self._chunk, start, schema)

    def texts(self, after: int, schema: ChunkSchema, lines: Lines) -> Iterator[Callable[[], Texts]]:
        yield partial(self._texts, lines.tolist())

    def physical_rows(self) -> int:
        return sum(not row.is_blank for row in self._rows(0, len(self.rows)))

    def _texts(self, lines: list[int]) -> Texts:
        rows = (next(self._rows(line - self.first_line, line - self.first_line + 1)) for line in lines)
        return lines, [row.text for row in rows]

    def _chunk(self, start: int, schema: ChunkSchema) -> RawChunk:
        return build_chunk(list(self._rows(start, start + _ROWS_PER_CHUNK)), schema)

    def _rows(self, start: int, end: int) -> Iterator[RawRow]:
        for number, cells in enumerate(self.rows[start:end], start=self.first_line + start):
            texts = tuple(self._text(number, column, cell) for column, cell in enumerate(cells, self.first_column))
            yield RawRow(number, texts, to_csv_record(texts))

    def _text(self, line: int, column: int, cell: object) -> str:
        if (line, column) not in self.overrides:
            return cell_text(cell)
        override = self.overrides[line, column]
        if override is None:
            return f"{cell_text(cell * 100)}%" if isinstance(cell, int | float) else cell_text(cell)
        return override


def read_workbook(file: Path, limits: Limits, *, is_zip: bool) -> list[WorkbookSheet]:
    """Return the sheets that are not empty; raise FileRejectedError where the file is damaged, locked or too large."""
    if is_zip:
        _check_unpacked_size(file, limits)
    elif file.stat().st_size > limits.unpacked_bytes:
        raise FileRejectedError(Issue("workbook_too_large", str(file.stat().st_size), str(limits.unpacked_bytes)))
    try:
        with CalamineWorkbook.from_object(file) as workbook:
            if len(workbook.sheet_names) > limits.sheets:
                raise FileRejectedError(Issue("too_many_sheets", str(len(workbook.sheet_names)), str(limits.sheets)))
            sheets = list(_sheets(workbook, read_cell_overrides(file) if is_zip else {}, limits))
    except (FileRejectedError, KeyboardInterrupt, SystemExit):
        raise
    # A panic of the Rust library is no Exception, but it also means that the workbook is damaged.
    except BaseException as error:
        raise FileRejectedError(
            Issue("workbook_unreadable", str(error).splitlines()[0] if str(error) else "")
        ) from error
    return [sheet for sheet in sheets if any(not row.is_blank for row in sheet.head(len(sheet.rows)))]


def _sheets(
    workbook: CalamineWorkbook, overrides: Mapping[str, CellOverrides], limits: Limits
) -> Iterator[WorkbookSheet]:
    """The sheets one after the other, because all of them together may be above the limit of cells."""
    cells = 0
    for name in workbook.sheet_names:
        sheet = _sheet(workbook.get_sheet_by_name(name), overrides.get(name, {}))
        cells += sum(map(len, sheet.rows))
        if cells > limits.sheet_cells:
            raise FileRejectedError(Issue("workbook_too_large", str(cells), str(limits.sheet_cells)))
        yield sheet


def _sheet(sheet: CalamineSheet, overrides: CellOverrides) -> WorkbookSheet:
    line, column = sheet.start or (0, 0)
    return WorkbookSheet(sheet.name, sheet.to_python(skip_empty_area=True), line + 1, column + 1, overrides)


def cell_text(cell: object) -> str:
    """Return a typed cell as a person would type it: at most 15 significant digits, as in Excel, and ISO dates."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return f"{Decimal(f'{cell:.15g}'):f}" if math.isfinite(cell) else str(cell)
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return str(cell)


def _check_unpacked_size(file: Path, limits: Limits) -> None:
    """Unpack every part once and only count its bytes, because the sizes in a zip may be wrong."""
    total = 0
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _check_size(sum(entry.file_size for entry in entries), limits)
            for entry in entries:
                # Python stops at the size in the zip; the library that reads the cells does not.
                entry.file_size = limits.unpacked_bytes + 2 * _BLOCK_BYTES
                with archive.open(entry) as part:
                    total += _measure(part, limits, total)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise FileRejectedError(Issue("workbook_unreadable", str(error))) from error


def _check_size(size: int, limits: Limits) -> None:
    if size > limits.unpacked_bytes:
        raise FileRejectedError(Issue("workbook_too_large", str(size), str(limits.unpacked_bytes)))


def _measure(part: IO[bytes], limits: Limits, before: int) -> int:
    """The size of a part in bytes, checked together with `before`, the size of the parts before it.

    The extent is measured in every part, because a workbook may call any part a sheet.
    """
    size, rest, extent = 0, b"", _Extent()
    while block := part.read(_BLOCK_BYTES):
        size += len(block)
        _check_size(before + size, limits)
        text = rest + block
        last = text[text.rfind(b"<") :]
        rest = last if b">" not in last and len(last) <= _BLOCK_BYTES else b""
        extent.add(text[: len(text) - len(rest)])
        if extent.rows * extent.columns > limits.sheet_cells:
            actual = f"{extent.rows} × {extent.columns}"
            raise FileRejectedError(Issue("workbook_too_large", actual, str(limits.sheet_cells)))
    return size


@dataclass
class _Extent:
    """The extent of a sheet; a row or a cell without a reference follows the previous one."""

    rows: int = 0
    columns: int = 0
    row: int = 0
    column: int = 0

    def add(self, xml: bytes) -> None:
        tags = _WITH_REFERENCE.findall(xml)
        if len(tags) != len(_TAG.findall(xml)):
            raise FileRejectedError(Issue("workbook_unreadable", "xl/worksheets: <row>, <c>"))
        for is_row, letters, digits in tags:
            if is_row:
                self.row, self.column = int(digits) if digits else self.row + 1, 0
            else:
                self.row = int(digits) if digits else self.row
                self.column = column_number(letters.decode()) if letters else self.column + 1
            self.rows, self.columns = max(self.rows, self.row), max(self.columns, self.column)
