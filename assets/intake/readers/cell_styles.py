"""What the style of a cell does to its text: number format, strike-through, white letters, superscript.

Here: the text and the problem of one cell, for all kinds of workbooks. Not here: number formats themselves
(assets.intake.readers.number_formats), where a workbook keeps its styles (assets.intake.readers.xlsx, xls).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from assets.intake.readers.number_formats import NumberFormat, Shown, number_format
from assets.intake.readers.raw_rows import CellProblem

STRUCK_OUT, WHITE_TEXT = "struck_out_cell", "white_text"
ERROR_IN_CELL, FORMULA_WITHOUT_VALUE = "error_in_cell", "formula_without_value"
_MAX_SHOWN = 200
_SUPERSCRIPTS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
# What a superscript belongs to where it is no footnote mark: m², 10⁴.
_RAISED = re.compile(r"(?:[a-zA-Zａ-ｚ米]|(?:^|[^0-9.])10)\s*$")
_DIGIT = re.compile(r"[0-9０-９.]")


@dataclass(frozen=True, slots=True)
class CellStyle:
    """The style of a cell, as far as it matters."""

    format: NumberFormat
    is_struck: bool = False
    is_white: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether texts and numbers are shown as they are."""
        return self.format.is_plain and self.format.shows_text_itself and not (self.is_struck or self.is_white)

    def show_number(self, value: float, stored: str, *, is_1904: bool) -> Shown:
        """Return a number as it is shown; `stored` is its text with at most 15 significant digits."""
        return self._mark(self.format.show(value, stored, is_1904=is_1904))

    def show_text(self, text: str) -> Shown:
        """Return a text as it is shown."""
        return self._mark(self.format.show_text(text))

    def _mark(self, shown: Shown) -> Shown:
        if shown.problem is None and (self.is_struck or self.is_white) and shown.text.strip():
            code = STRUCK_OUT if self.is_struck else WHITE_TEXT
            return replace(shown, problem=problem(code, shown.text))
        return shown


PLAIN = CellStyle(number_format("General"))


@dataclass(frozen=True, slots=True)
class Run:
    """A part of a text with a format of its own."""

    text: str
    is_struck: bool = False
    is_superscript: bool = False


def join_runs(runs: Sequence[Run]) -> Shown:
    """Return a text without its footnote marks and without the parts that are struck out.

    A part that is struck out behind digits that stay may be one number with them, so that is a problem.
    """
    whole = "".join(run.text for run in runs)
    kept = [run for run in runs if not run.is_struck]
    if len(kept) < len(runs) and not "".join(run.text for run in kept).strip():
        is_blank = not whole.strip()
        return Shown(whole, None if is_blank else problem(STRUCK_OUT, whole))
    text = ""
    for run in kept:
        text += _superscript(text, run.text) if run.is_superscript else run.text
    if not text.strip():
        return Shown(whole)
    return Shown(text, problem(STRUCK_OUT, whole, text) if _is_cut_number(runs) else None)


def _superscript(before: str, text: str) -> str:
    """A superscript that is part of a unit or a power; a footnote mark is left out."""
    return text.translate(_SUPERSCRIPTS) if _RAISED.search(before) and text.strip().isdigit() else ""


def _is_cut_number(runs: Sequence[Run]) -> bool:
    """Whether digits that are struck out follow digits that stay."""
    pairs = pairwise(runs)
    return any(
        after.is_struck
        and not before.is_struck
        and _DIGIT.match(after.text) is not None
        and _DIGIT.match(before.text[-1:]) is not None
        for before, after in pairs
    )


def problem(code: str, shown: str, stored: str | None = None) -> CellProblem:
    """Return a problem with texts short enough for a message."""
    return CellProblem(code, shown[:_MAX_SHOWN], (shown if stored is None else stored)[:_MAX_SHOWN])


def number_text(value: float) -> str:
    """Return a number with at most 15 significant digits, as in Excel."""
    return f"{Decimal(f'{value:.15g}'):f}" if math.isfinite(value) else str(value)
