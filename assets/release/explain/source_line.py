"""A row as it was sent, read from the archived file.

Here: finding the text of one line of a text file or a sheet. Not here: parsing rows and detecting the encoding
(assets.intake).
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple

from assets.core.paths import Paths

_MAX_BYTES = 64 << 20
_MAX_LINES = 200

# Returns a row of a workbook as a record of its cells, by file, name of the sheet and row number; None without one.
SheetRowReader = Callable[[Path, str | None, int], str | None]
Status = Literal["read", "not_in_archive", "too_large", "damaged"]


class SourceLine(NamedTuple):
    """The text of the row, or why it cannot be shown; None and `read` if the file has no such line."""

    status: Status
    text: str | None = None


def read_source_line(
    paths: Paths, sha256: str, sheet: str | None, line: int, encoding: str | None, read_sheet_row: SheetRowReader
) -> SourceLine:
    """Return the row that begins on a line: all its lines of a text file, a CSV record of its cells of a workbook.

    `encoding` is that of intake.sheets, None for a workbook, whose row `read_sheet_row` reads.
    """
    file = paths.archived(sha256)
    if not file.is_file():
        return SourceLine("not_in_archive")
    if file.stat().st_size > _MAX_BYTES:
        return SourceLine("too_large")
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        return SourceLine("damaged")
    if encoding is None:
        return SourceLine("read", read_sheet_row(file, sheet, line))
    return SourceLine("read", _read_text_row(io.StringIO(content.decode(encoding), newline="").readlines(), line))


def _read_text_row(lines: Sequence[str], line: int) -> str | None:
    if not 1 <= line <= len(lines):
        return None
    reader = csv.reader(io.StringIO("".join(lines[line - 1 : line - 1 + _MAX_LINES]), newline=""))
    # A cell that is longer than csv reads ends its row with the line.
    with suppress(csv.Error):
        next(reader, None)
    return "".join(lines[line - 1 : line - 1 + max(reader.line_num, 1)]).rstrip("\r\n")
