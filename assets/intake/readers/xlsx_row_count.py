"""The rows of a sheet of an `.xlsx`, counted independently of the parser that reads its cells; its merged cells too.

Here: a search for tags in the bytes of a part. Not here: the cells (assets.intake.readers.xlsx).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_PREFIX = rb"<(?:[\w.-]{1,40}:)?"
_ROW = re.compile(_PREFIX + rb"row(?=[\s/>])")
_CELL = re.compile(_PREFIX + rb"c(?=[\s/>])([^<>]{0,1000})>")
_END = re.compile(rb"</(?:[\w.-]{1,40}:)?sheetData")
_VALUE = re.compile(_PREFIX + rb"(?:v|t)(?:\s[^<>]{0,200})?>([^<]+)<")
_FORMULA = re.compile(_PREFIX + rb"f(?=[\s/>])")
_TYPE = re.compile(rb"""\st\s?=\s?["'](\w+)["']""")
_MERGE = re.compile(_PREFIX + rb"""mergeCell\s[^<>]{0,200}?ref\s?=\s?["']([A-Za-z0-9$:]{1,40})["']""")
# More text of one row than this is judged in pieces.
_MAX_ROW_BYTES, _MAX_TAG_BYTES = 1 << 20, 4096
_MAX_MERGES = 200_000


@dataclass(slots=True)
class RowCount:
    """The number of rows with a cell that is not blank, and the references of the merged cells."""

    rows: int = 0
    merges: list[str] = field(default_factory=list)


def count_rows(blocks: Iterator[bytes], blank_texts: frozenset[int]) -> RowCount:
    """Count the rows of a sheet; `blank_texts` are the numbers of the shared texts that are blank."""
    count = RowCount()
    rest, is_counted = b"", False
    for block in blocks:
        text = rest + block
        starts = [match.start() for match in _ROW.finditer(text)]
        rest_start = starts[-1] if starts else 0
        for start, end in zip([0, *starts], starts, strict=False):
            is_counted = _count(count, text[start:end], blank_texts, is_counted and start == 0)
            is_counted = False
        rest = text[rest_start:]
        if len(rest) > _MAX_ROW_BYTES:
            is_counted = _count(count, rest, blank_texts, is_counted)
            rest = rest[rest.rfind(b"<") :][-_MAX_TAG_BYTES:]
    _count(count, rest, blank_texts, is_counted)
    return count


def _count(count: RowCount, text: bytes, blank_texts: frozenset[int], is_counted: bool) -> bool:
    if not is_counted and _has_content(text, blank_texts):
        count.rows += 1
        is_counted = True
    if b"mergeCell" in text and len(count.merges) < _MAX_MERGES:
        count.merges += [reference.decode() for reference in _MERGE.findall(text)]
    return is_counted


def _has_content(text: bytes, blank_texts: frozenset[int]) -> bool:
    """Whether a cell of a row is not blank."""
    text = _END.split(text, maxsplit=1)[0]
    following = _CELL.search(text)
    while following is not None:
        cell, following = following, _CELL.search(text, following.end())
        if cell[1].endswith(b"/"):
            continue
        body = text[cell.end() : following.start() if following is not None else len(text)]
        kind = _TYPE.search(cell[1])
        values = [html.unescape(value.decode("utf-8", "replace")).strip() for value in _VALUE.findall(body)]
        if kind is not None and kind[1] == b"s":
            if any(value.isdecimal() and int(value) not in blank_texts for value in values):
                return True
        elif any(values) or (_FORMULA.search(body) is not None and (kind is None or kind[1] != b"str")):
            return True
    return False
