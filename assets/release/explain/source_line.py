"""A row as it stands in the file that was sent, read from the archive.

Here: finding the text of one line again, of a text file or a sheet. Not here: reading rows for what they say
(assets.intake); the encoding is the one that intake found.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from typing import Literal, NamedTuple

from assets.core.paths import Paths

_LARGEST_FILE = 64 << 20
_MOST_LINES = 200

Status = Literal["read", "not_in_archive", "too_large", "damaged"]


class SourceLine(NamedTuple):
    """The row, or why it is not shown; a line that the file does not have is read and empty."""

    status: Status
    text: str | None = None


def read_source_line(paths: Paths, sha256: str, sheet: str | None, line: int, encoding: str | None) -> SourceLine:
    """The row that begins on a line; one of several lines whole, one of a workbook as a record of its cells.

    `encoding` is that of intake.sheets: None for a workbook.
    """
    file = paths.archived(sha256)
    if not file.is_file():
        return SourceLine("not_in_archive")
    if file.stat().st_size > _LARGEST_FILE:
        return SourceLine("too_large")
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        return SourceLine("damaged")
    if encoding is None:
        return SourceLine("read", _row_of_workbook(content, sheet, line))
    return SourceLine("read", _row_at(io.StringIO(content.decode(encoding), newline="").readlines(), line))


def _row_at(lines: Sequence[str], line: int) -> str | None:
    if not 1 <= line <= len(lines):
        return None
    reader = csv.reader(io.StringIO("".join(lines[line - 1 : line - 1 + _MOST_LINES]), newline=""))
    next(reader, None)
    return "".join(lines[line - 1 : line - 1 + max(reader.line_num, 1)]).rstrip("\r\n")


def _row_of_workbook(content: bytes, sheet: str | None, line: int) -> str | None:
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
        if sheet not in workbook.sheet_names:
            return None
        rows = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    if not 1 <= line <= len(rows):
        return None
    target = io.StringIO()
    csv.writer(target, lineterminator="").writerow(rows[line - 1])
    return target.getvalue()
