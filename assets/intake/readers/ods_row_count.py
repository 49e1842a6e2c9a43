"""The rows of the sheets of an `.ods`, counted independently of the parser that reads their cells.

Here: a search for tags in the bytes of the content. Not here: the cells (assets.intake.readers.ods).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import pairwise

_TAG = re.compile(
    rb"<(?:[\w.-]{1,40}:)?table-row(?=[\s/>])|<(?:[\w.-]{1,40}:)?table(?=[\s/>])|</(?:[\w.-]{1,40}:)?table>"
)
_REPEATED = re.compile(rb"""^<[^<>]{0,1000}?number-rows-repeated\s?=\s?["']([0-9]{1,9})["']""")
_COVERED = re.compile(
    rb"<(?:[\w.-]{1,40}:)?(covered-table-cell|annotation)(?=[\s>])(?:[^<>]*[^/<>])?>.*?</(?:[\w.-]{1,40}:)?\1>",
    re.DOTALL,
)
_VALUE = re.compile(rb"""office:(?:value|date-value|time-value|boolean-value|string-value)\s?=\s?["']([^"']*)["']""")
_FORMULA = re.compile(rb"""table:formula\s?=\s?["'][^"']""")
_TYPED = re.compile(rb"office:value-type")
_CELL = re.compile(rb"<(?:[\w.-]{1,40}:)?table-cell(?=[\s/>])")
_MARKUP = re.compile(rb"<[^<>]*>")
_MAX_LINE = 1_048_576


def count_rows(blocks: Iterator[bytes]) -> list[int]:
    """Return the number of rows with a cell that is not blank, of each sheet."""
    counts: list[int] = []
    rest = b""
    for block in blocks:
        text = rest + block
        tags = [match.start() for match in _TAG.finditer(text)]
        for start, end in pairwise(tags):
            _count(counts, text[start:end])
        rest = text[tags[-1] :] if tags else text
    _count(counts, rest)
    return counts


def _count(counts: list[int], text: bytes) -> None:
    """Count the row with which a text begins, or begin a sheet."""
    name = text[1:60].partition(b">")[0].split()[0].rpartition(b":")[2].rstrip(b"/") if text.startswith(b"<") else b""
    if name == b"table":
        counts.append(0)
    elif name == b"table-row" and counts:
        repeated = _REPEATED.match(text)
        counts[-1] += _has_content(text) * min(int(repeated[1]) if repeated is not None else 1, _MAX_LINE)


def _has_content(row: bytes) -> bool:
    cells = _CELL.split(_COVERED.sub(b"", row))[1:]
    return any(_is_filled(cell) for cell in cells)


def _is_filled(cell: bytes) -> bool:
    head, _, body = cell.partition(b">")
    if any(value.strip() for value in _VALUE.findall(head)):
        return True
    if _FORMULA.search(head) is not None and _TYPED.search(head) is None:
        return True
    text = html.unescape(_MARKUP.sub(b"", body).decode("utf-8", "replace"))
    return bool(text.strip())
