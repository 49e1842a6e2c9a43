"""`.xls`, the form of Excel 97 to 2003: each sheet as rows of the texts that its cells show.

Here: the cells that xlrd reads, with their styles. Not here: what a style does to a text
(assets.intake.readers.cell_styles), the count of rows (xls_records).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import xlrd
from xlrd.compdoc import CompDoc

from assets.core.errors import Issue
from assets.core.settings import Limits
from assets.intake.readers.cell_styles import (
    ERROR_IN_CELL,
    FORMULA_WITHOUT_VALUE,
    CellStyle,
    Run,
    join_runs,
    number_text,
    problem,
)
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.number_formats import Shown, number_format
from assets.intake.readers.raw_rows import Merge
from assets.intake.readers.sheet_writer import SheetDetails, SheetRows, Sheets
from assets.intake.readers.xls_records import SheetRecords, read_records

if TYPE_CHECKING:
    from xlrd.book import Book
    from xlrd.sheet import Sheet

_WHITE = (255, 255, 255)
_SUPERSCRIPT = 1
_STREAMS = ("Workbook", "Book")


class XlsWorkbook:
    """A workbook that xlrd reads, with its formats."""

    def __init__(self, file: Path, limits: Limits) -> None:
        """Read all of it.

        Raises:
            FileRejectedError: it has a password, is of another program, or is damaged.
        """
        size = file.stat().st_size
        if size > limits.unpacked_bytes:
            raise FileRejectedError(Issue("workbook_too_large", str(size), str(limits.unpacked_bytes)))
        content = file.read_bytes()
        try:
            self._stream = _workbook_stream(content)
            self._book: Book = xlrd.open_workbook(
                file_contents=content, formatting_info=True, ragged_rows=True, logfile=io.StringIO()
            )
        except (FileRejectedError, MemoryError):
            raise
        except Exception as error:  # of any kind: xlrd trusts what it reads
            if "encrypted" in str(error):
                raise FileRejectedError(Issue("encrypted_workbook")) from error
            raise FileRejectedError(Issue("workbook_unreadable", f"{type(error).__name__}: {error}")) from error
        self._styles = cache(self._read_style)

    def sheets(self) -> Sheets:
        """Yield the sheets: details and rows."""
        texts = self._book._sharedstrings or ()
        blank = frozenset(number for number, text in enumerate(texts) if not text.strip())
        records = read_records(self._stream, blank)
        positions = [number for number, kind in enumerate(self._book._all_sheets_map) if kind >= 0]
        for position, sheet in zip(positions, self._book.sheets(), strict=True):
            details = SheetDetails(sheet.name, sheet.visibility != 0)
            details.physical_rows = len(records[position].lines)
            details.merges = [Merge(first + 1, left, end, right - 1) for first, end, left, right in sheet.merged_cells]
            details.hidden_rows = {line + 1 for line, row in sheet.rowinfo_map.items() if row.hidden or row.height == 0}
            details.hidden_columns = {
                column for column, info in sheet.colinfo_map.items() if info.hidden or info.width == 0
            }
            yield details, self._rows(sheet, details, records[position])

    def _rows(self, sheet: Sheet, details: SheetDetails, records: SheetRecords) -> SheetRows:
        for row in range(sheet.nrows):
            texts = {}
            for column in range(sheet.row_len(row)):
                shown = self._show(sheet, row, column, records)
                if shown.text:
                    texts[column] = shown.text
                    if shown.problem is not None:
                        details.problems[row + 1, column] = shown.problem
            if texts:
                yield row + 1, texts

    def _show(self, sheet: Sheet, row: int, column: int, records: SheetRecords) -> Shown:
        kind, value = sheet.cell_type(row, column), sheet.cell_value(row, column)
        if (row + 1, column) in records.unsaved_formulas:
            return Shown("=", problem(FORMULA_WITHOUT_VALUE, "="))
        if kind in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
            return Shown("")
        if kind == xlrd.XL_CELL_ERROR:
            text = xlrd.error_text_from_code.get(value, "#")
            return Shown(text, problem(ERROR_IN_CELL, text))
        if kind == xlrd.XL_CELL_BOOLEAN:
            return Shown("TRUE" if value else "FALSE")
        style = self._styles(sheet.cell_xf_index(row, column))
        if kind in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
            return style.show_number(value, number_text(value), is_1904=self._book.datemode == 1)
        runs = sheet.rich_text_runlist_map.get((row, column))
        shown = join_runs(list(self._runs(value, runs))) if runs else Shown(value)
        return shown if shown.problem is not None else style.show_text(shown.text)

    def _runs(self, text: str, runs: list[tuple[int, int]]) -> Iterator[Run]:
        """The parts of a text; the one before the first change has the font of the cell."""
        starts = [(0, None), *runs]
        for (start, number), (end, _) in zip(starts, [*runs, (len(text), None)], strict=True):
            font = None if number is None or number >= len(self._book.font_list) else self._book.font_list[number]
            is_struck = font is not None and bool(font.struck_out)
            if text[start:end]:
                yield Run(text[start:end], is_struck, font is not None and font.escapement == _SUPERSCRIPT)

    def _read_style(self, number: int) -> CellStyle:
        style = self._book.xf_list[number]
        form = self._book.format_map.get(style.format_key)
        font = self._book.font_list[style.font_index]
        is_white = self._book.colour_map.get(font.colour_index) == _WHITE
        background = style.background
        is_dark = background.fill_pattern != 0 and self._book.colour_map.get(background.pattern_colour_index) != _WHITE
        code = form.format_str if form is not None else "General"
        return CellStyle(number_format(code), bool(font.struck_out), is_white and not is_dark)


def _workbook_stream(content: bytes) -> bytes:
    """The stream with the records; a document of another kind has none."""
    document = CompDoc(content, logfile=io.StringIO())
    names = {entry.name for entry in document.dirlist}
    if "EncryptedPackage" in names:
        raise FileRejectedError(Issue("encrypted_workbook"))
    name = next((name for name in _STREAMS if name in names), None)
    if name is None:
        raise FileRejectedError(Issue("unsupported_file_type", "OLE", "CSV, XLSX"))
    stream = document.get_named_stream(name)
    return bytes(stream) if stream is not None else b""
