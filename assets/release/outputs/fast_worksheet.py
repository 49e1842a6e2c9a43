"""A page of a workbook that holds texts and nothing else, written row by row in constant memory.

xlsxwriter asks of each cell anew what all cells here have in common, which is most of the time it takes. Here: a row at
once, to the letter what it would write itself (tests/unit/test_textpage.py); and it writes itself the rows in which
something is to be escaped or cut. Not here: what stands in the cells (assets.release.outputs.returns).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from assets.core.text import escape_xlsx_markup

_LONGEST_CELL = 32_767
_CUT = "…（全文见 CSV, in full in the CSV）"
# What XML, or Excel on top of it, wants written in another way.
_ESCAPED = re.compile("[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_x")
# A sign beyond the first plane is two to Excel; in a row that is no longer than this no cell needs counting.
_SURELY_FITS = _LONGEST_CELL // 2

_letters = cache(xl_col_to_name)


class TextPage(Worksheet):  # type: ignore[misc]
    """A sheet of a workbook in constant memory; rows come from the top, without gaps."""

    def write_texts(self, row: int, texts: list[str], formats: Sequence[Any]) -> None:
        """One row of cells from the first column on, and behind the texts a blank cell for each further format.

        A cell longer than Excel takes is cut, and says so. Where there is no format, there is no blank cell.
        """
        is_plain = len(formats) <= self.xls_colmax and _is_plain(texts)
        write = self._write_plain if is_plain else self._write_escaped
        write(row, texts, formats)

    def _write_plain(self, row: int, texts: list[str], formats: Sequence[Any]) -> None:
        self._write_single_row(row)  # the one before, where xlsxwriter still holds it
        for column in (0, len(formats) - 1):
            self._check_dimensions(row, column)
        number = row + 1
        cells = [
            f'<c r="{_letters(column)}{number}" s="{style._get_xf_index()}" t="inlineStr"><is><t>{text}</t></is></c>'
            for column, (text, style) in enumerate(zip(texts, formats, strict=False))
        ]
        cells += [
            f'<c r="{_letters(column)}{number}" s="{style._get_xf_index()}"/>'
            for column, style in enumerate(formats[len(texts) :], start=len(texts))
            if style is not None
        ]
        self.fh.write(f'<row r="{number}">{"".join(cells)}</row>')

    def _write_escaped(self, row: int, texts: list[str], formats: Sequence[Any]) -> None:
        for column, (text, style) in enumerate(zip(texts, formats, strict=False)):
            self.write_string(row, column, escape_xlsx_markup(_fitting(text)), style)
        for column, style in enumerate(formats[len(texts) :], start=len(texts)):
            if style is not None:
                self.write_blank(row, column, None, style)


def _is_plain(texts: list[str]) -> bool:
    """Whether the texts stand in XML as they are, blanks at their ends too, and fit into their cells."""
    whole = "\x7f".join(texts)
    return len(whole) <= _SURELY_FITS and not _ESCAPED.search(whole) and [*map(str.strip, texts)] == texts


def _fitting(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - len(_CUT)] + _CUT
