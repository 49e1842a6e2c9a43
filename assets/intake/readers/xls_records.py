"""The records of an `.xls`: rows counted independently of the library that reads the cells, and unsaved formulas.

Here: the records of the cells of a sheet. Not here: the cells (assets.intake.readers.xls).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

_BEGIN, _END, _SHEET = {0x0809, 0x0409, 0x0209, 0x0009}, 0x000A, 0x0085
_SHARED_TEXT, _TEXTS, _VALUES = 0x00FD, {0x0204, 0x00D6}, {0x0203, 0x027E, 0x00BD, 0x0205}
_FORMULAS, _FORMULA_TEXT = {0x0006, 0x0206, 0x0406}, 0x0207
_NO_NUMBER, _IS_TEXT, _IS_EMPTY = b"\xff\xff", 0, 3
# A formula without a text in it gives no empty text.
_TEXT_TOKEN, _TOKENS_START = b"\x17", 22


@dataclass(slots=True)
class SheetRecords:
    """The lines of the rows with a cell that is not blank, and the unsaved formulas by line and column."""

    lines: set[int] = field(default_factory=set)
    unsaved_formulas: set[tuple[int, int]] = field(default_factory=set)


def read_records(stream: bytes, blank_texts: frozenset[int]) -> list[SheetRecords]:
    """Return what the records of each sheet say, in the order of the workbook; some of its shared texts are blank."""
    starts = [
        struct.unpack_from("<I", data)[0] for kind, data in _records(stream, 0) if kind == _SHEET and len(data) > 6
    ]
    return [_read_sheet(stream, start, blank_texts) for start in starts]


def _records(stream: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """The records up to the end of the part that begins at a position; charts within it are left out."""
    depth = 0
    while start + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, start)
        if kind in _BEGIN:
            depth += 1
        elif kind == _END:
            depth -= 1
        if depth <= 0:
            return
        if depth == 1:
            yield kind, stream[start + 4 : start + 4 + length]
        start += 4 + length


def _read_sheet(stream: bytes, start: int, blank_texts: frozenset[int]) -> SheetRecords:
    found = SheetRecords()
    formula_line = 0
    for kind, data in _records(stream, start):
        if kind == _FORMULA_TEXT and len(data) > 3 and data[3:].strip(b"\0 \t\r\n"):
            found.lines.add(formula_line)
        if len(data) < 6:
            continue
        line, column = (number + offset for number, offset in zip(struct.unpack_from("<HH", data), (1, 0), strict=True))
        is_filled = kind in _VALUES or (kind in _TEXTS and data[8:].strip(b"\0 \t\r\n") != b"")
        if kind == _SHARED_TEXT and len(data) >= 10:
            is_filled = struct.unpack_from("<I", data, 6)[0] not in blank_texts
        elif kind in _FORMULAS and len(data) >= 16:
            formula_line = line
            is_filled = _has_number(data)
            if data[12:14] == _NO_NUMBER and data[6] == _IS_EMPTY and _TEXT_TOKEN not in data[_TOKENS_START:]:
                found.unsaved_formulas.add((line, column))
                is_filled = True
        if is_filled:
            found.lines.add(line)
    return found


def _has_number(formula: bytes) -> bool:
    """Whether the saved value of a formula is a number, a truth value or an error; a text is a record of its own."""
    return formula[12:14] != _NO_NUMBER or formula[6] not in (_IS_TEXT, _IS_EMPTY)
