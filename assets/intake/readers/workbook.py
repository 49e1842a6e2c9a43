"""Workbooks of all kinds: which kind a file is, and its sheets.

Here: the kinds that are read, and a clear word for each that is not. Not here: how a kind is read
(assets.intake.readers.xlsx, xls), and in which process (assets.intake.readers.reader_process).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from assets.core.errors import Issue
from assets.core.settings import Limits
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.ods import CONTENT, OdsWorkbook
from assets.intake.readers.sheet_writer import SheetDetails, SheetWriter, WorkbookSheet
from assets.intake.readers.xls import XlsWorkbook
from assets.intake.readers.xlsx import XlsxWorkbook
from assets.intake.readers.zip_parts import ZipParts

ZIP_MAGIC, OLE_MAGIC = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# A file of two kinds at once would be another table in another program.
_OTHER_WORKBOOKS = (CONTENT, "xl/workbook.bin")
Sheets = Iterator[tuple[SheetDetails, Iterator[tuple[int, dict[int, str]]]]]


def is_workbook(file: Path) -> bool:
    """Return whether a file is one that is read here, judged by its first bytes; otherwise it is text."""
    with file.open("rb") as stream:
        return stream.read(len(OLE_MAGIC)).startswith((ZIP_MAGIC, OLE_MAGIC))


def read_workbook(file: Path, limits: Limits, folder: Path) -> list[WorkbookSheet]:
    """Return the sheets that are not empty.

    Args:
        file: the workbook.
        limits: what it may have at most.
        folder: an empty folder for the rows; it must be kept as long as the sheets are used.

    Raises:
        FileRejectedError: the file is damaged, locked, too large, or of a kind that is not read.
    """
    with file.open("rb") as stream:
        start = stream.read(len(OLE_MAGIC))
    if start.startswith(ZIP_MAGIC):
        with ZipParts(file, limits) as parts:
            return _write(_sheets_of_zip(parts, limits), limits, folder)
    return _write(XlsWorkbook(file, limits).sheets(), limits, folder)


def _write(sheets: Sheets, limits: Limits, folder: Path) -> list[WorkbookSheet]:
    writer = SheetWriter(folder, limits)
    written: list[WorkbookSheet] = []
    for number, (details, rows) in enumerate(sheets, start=1):
        if number > limits.sheets:
            raise FileRejectedError(Issue("too_many_sheets", str(number), str(limits.sheets)))
        written.append(writer.write(details, rows))
    return _mark_copies(sheet for sheet in written if sheet.blocks or sheet.hidden_rows)


def _mark_copies(sheets: Iterable[WorkbookSheet]) -> list[WorkbookSheet]:
    """The sheets, each that has the rows of an earlier one with its name. A hidden sheet is no copy and has none."""
    names: dict[str, str] = {}
    marked = []
    for sheet in sheets:
        first = sheet.name if sheet.is_hidden else names.setdefault(sheet.digest, sheet.name)
        marked.append(sheet if first == sheet.name else replace(sheet, copy_of=first))
    return marked


def _sheets_of_zip(parts: ZipParts, limits: Limits) -> Sheets:
    if CONTENT in parts and not any(name.startswith("xl/") for name in parts.names()):
        return OdsWorkbook(parts).sheets()
    workbook = XlsxWorkbook(parts, limits)
    if not workbook.is_workbook or any(name in parts for name in _OTHER_WORKBOOKS):
        raise FileRejectedError(Issue("unsupported_file_type", "zip", "CSV, XLSX"))
    return workbook.sheets()
