"""Workbooks of all kinds: which kind a file is, and its sheets.

Here: the kinds that are read, and a clear word for each that is not. Not here: how a kind is read
(assets.intake.readers.xlsx, xls), and in which process (assets.intake.readers.reader_process).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from assets.core.errors import Issue
from assets.core.settings import Limits
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.markup import read_html, read_spreadsheet_ml
from assets.intake.readers.ods import CONTENT, OdsWorkbook
from assets.intake.readers.sheet_writer import Sheets, SheetWriter, WorkbookSheet
from assets.intake.readers.xls import XlsWorkbook
from assets.intake.readers.xlsb_parts import XlsbParts
from assets.intake.readers.xlsx import XlsxWorkbook
from assets.intake.readers.zip_parts import ZipParts

ZIP_MAGIC, OLE_MAGIC = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Another program would read another table from a file that is a workbook of two types.
_WORKBOOKS = (CONTENT, "xl/workbook.xml", "xl/workbook.bin")
# Excel 2 to 4, which wrote no container.
_OLD_MAGICS = (b"\x09\x00\x04", b"\x09\x02\x06", b"\x09\x04\x06", b"\x09\x08\x08", b"\x09\x08\x10")
_MHTML_STARTS = (b"mime-version:", b"content-type: multipart/related")
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|meta|body|table|div|style|script)[\s>]")
_START_BYTES = 4096


def is_workbook(file: Path) -> bool:
    """Return whether a file is one that is read here, judged by its first bytes; otherwise it is text."""
    return _kind_of(_first_bytes(file)) is not None


def _first_bytes(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(_START_BYTES)


def _kind_of(start: bytes) -> Literal["zip", "ole", "old", "html", "xml", "mhtml"] | None:
    if start.startswith(ZIP_MAGIC):
        return "zip"
    if start.startswith(OLE_MAGIC):
        return "ole"
    if start.startswith(_OLD_MAGICS):
        return "old"
    text = start.removeprefix(codecs.BOM_UTF8).replace(b"\0", b"").lstrip(b"\xff\xfe \t\r\n").lower()
    if text.startswith(_MHTML_STARTS):
        return "mhtml"
    if not text.startswith(b"<"):
        return None
    if b"urn:schemas-microsoft-com:office:spreadsheet" in text:
        return "xml"
    return "html" if _HTML.search(text) is not None else None


def read_workbook(file: Path, limits: Limits, folder: Path) -> list[WorkbookSheet]:
    """Return the sheets that are not empty; the empty folder gets their rows, and must be kept while they are used.

    Raises:
        FileRejectedError: the file is damaged, locked, too large, or of a kind that is not read.
    """
    kind = _kind_of(_first_bytes(file))
    if kind == "zip":
        with XlsbParts(file, limits) as parts:
            return _write(_sheets_of_zip(parts, limits), limits, folder)
    if kind == "html":
        return _write(read_html(file, limits), limits, folder)
    if kind == "xml":
        return _write(read_spreadsheet_ml(file, limits), limits, folder)
    if kind == "mhtml":
        raise FileRejectedError(Issue("web_page"))
    if kind == "old":
        raise FileRejectedError(Issue("unsupported_file_type", "Excel 95", "CSV, XLSX"))
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
    if not workbook.is_workbook or any(name in parts for name in _WORKBOOKS if name != workbook.part):
        raise FileRejectedError(Issue("unsupported_file_type", "zip", "CSV, XLSX"))
    return workbook.sheets()
