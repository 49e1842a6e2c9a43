"""Numbers that commas split into several cells: 1,200 without quotes in a CSV file is read as 1 and 200.

Here: the search for such a number in one row, by what its cells would mean with and without it. Not here: splitting
lines into cells (assets.intake.readers.delimited), the kinds of columns (assets.intake.tables.detection).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile
from typing import Literal

from assets.intake.values.cell_parsers import CellParseError, parse_number
from assets.intake.values.gaps import parse_gap

# What a column takes: figures, years, dates, words and no number alone, or other things as well.
ColumnKind = Literal["figure", "year", "date", "word", "other"]
# Longer ones are telephone numbers and codes.
BARE_NUMBER = r"^\s*[+-]?[0-9]{1,6}(?:\.[0-9]+)?%?\s*$"
_NO_VALUES = {"word": re.compile(BARE_NUMBER), "date": re.compile(r"[0-9]{1,4}(?:\.[0-9]+)?")}
_BEGINNING = re.compile(r"[^0-9.]{0,4}[1-9][0-9]{0,2}")
# A group of four digits, as 12,0500, only where it can be no number by itself.
_END = re.compile(r"0?[0-9]{3}(?:\.[0-9]+)?(?:[^0-9.][^0-9]{0,7})?")
_FOUR_DIGITS = re.compile(r",0[0-9]{3}(?![0-9])")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}\s*(?:年度?)?")
_MAX_COMMAS = 8


def find_split_number(cells: Sequence[str], kinds: Sequence[ColumnKind]) -> str | None:
    """Return the number that commas have probably split, None where the row needs no such explanation.

    It does where it has more cells than headers, or a number alone where words belong, and would have neither if cells
    such as 1 and 200 were one.

    Args:
        cells: the cells of a row, as many as its line has.
        kinds: what each column takes.
    """
    cells = [cell.strip() for cell in cells]
    pairs = enumerate(pairwise(cells))
    first = next((n for n, (one, two) in pairs if _BEGINNING.fullmatch(one) and _END.fullmatch(two)), None)
    if first is None or (len(cells) <= len(kinds) and all(map(_fits_kind, cells[first:], kinds[first:]))):
        return None
    # By the number of cells that the columns so far have taken: the first number that was put together for that.
    taken: dict[int, str | None] = {0: None}
    for column, kind in enumerate(kinds):
        following: dict[int, str | None] = {}
        for position, number in taken.items():
            for end in _ends(cells, position, kind):
                text = ",".join(cells[position:end])
                if end - column <= _MAX_COMMAS + 1 and _fits_column(text, kind):
                    following.setdefault(end, number or (text if end > position + 1 else None))
        taken = following
    return next((number for end, number in taken.items() if number is not None and not any(cells[end:])), None)


def _ends(cells: Sequence[str], position: int, kind: ColumnKind) -> Iterator[int]:
    """Where the text of a column may end that begins with a cell."""
    yield position + 1
    if kind == "figure" and position < len(cells) and _BEGINNING.fullmatch(cells[position]):
        groups = takewhile(_END.fullmatch, cells[position + 1 :])
        yield from (position + 2 + number for number, _ in enumerate(groups))


def _fits_kind(cell: str, kind: ColumnKind) -> bool:
    """Whether a cell is no number in a column of words or dates."""
    return kind not in _NO_VALUES or _NO_VALUES[kind].fullmatch(cell) is None


def _fits_column(cell: str, kind: ColumnKind) -> bool:
    if kind == "year":
        return not cell or _YEAR.fullmatch(cell) is not None
    if kind != "figure":
        return _fits_kind(cell, kind)
    try:
        parse_number(cell.replace(",0", "0") if _FOUR_DIGITS.search(cell) else cell)
    except CellParseError:
        return parse_gap(cell) is not None
    return True
