"""What Excel accepts: names of sheets, rows and columns of a sheet, characters of a cell.

Here: the limits, and texts that keep them. Not here: formats and layout (assets.release.outputs.workbook).
"""

from __future__ import annotations

import re
from datetime import datetime

from assets.core.text import escape_xlsx_markup

MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
MAX_CELL_CHARACTERS = 32_767
_MAX_NAME_CHARACTERS = 31
# Written as the time of creation, so that the same rows give the same bytes.
FIXED_CREATION_TIME = datetime(2000, 1, 1)


class SheetNames:
    """The names of the sheets of one workbook: valid, and different whatever their case."""

    def __init__(self) -> None:
        # Excel keeps this name for itself.
        self._used = {"history"}

    def add(self, wanted: str) -> str:
        """Return a free name that is close to the wanted one, and reserve it."""
        base = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "_", wanted)[:_MAX_NAME_CHARACTERS].strip("' ") or "_"
        name, number = base, 1
        while name.casefold() in self._used:
            number += 1
            ending = f" ({number})"
            name = base[: _MAX_NAME_CHARACTERS - len(ending)] + ending
        self._used.add(name.casefold())
        return name


def fit_cell_text(text: str, cut_note: str) -> str:
    """Return a text that xlsxwriter writes into a cell as it is; one that is too long is cut and ends in the note."""
    if len(text) > MAX_CELL_CHARACTERS:
        text = text[: MAX_CELL_CHARACTERS - len(cut_note)] + cut_note
    return escape_xlsx_markup(text)
