"""How a score is shown: one number or a range, and the bar of its evidenced, open and lost points.

Here: texts and whole parts, the same in terminal, report, workbook and changelog. Not here: the ends of a range
(sql/scorecards), colours and layouts.
"""

from __future__ import annotations

import math

from assets.core.text import MISSING, format_decimal

PARTS = ("evidenced", "open", "lost")
BAR_MARKS = "█▒·"
_EPSILON = 1e-9


def format_range(evidenced: float | None, possible: float | None, digits: int | None = None) -> str:
    """Return a score as one number where nothing is open, else both ends, as in 61–74.

    Without `digits`, a number has one decimal, and the ends are whole points, rounded outward: no figure can take the
    score out of the range that is shown.
    """
    if evidenced is None or possible is None:
        return MISSING
    if evidenced == possible:
        return format_decimal(evidenced, 1 if digits is None else digits)
    if digits is None:
        return f"{math.floor(evidenced + _EPSILON)}–{math.ceil(possible - _EPSILON)}"
    return f"{format_decimal(evidenced, digits)}–{format_decimal(possible, digits)}"


def split_bar(evidenced: float, possible: float, length: int) -> tuple[int, int, int]:
    """Return the lengths of the evidenced, the open and the lost part of a bar; they add up to its length."""
    lower, upper = (math.floor(end * length / 100 + 0.5) for end in (evidenced, possible))
    return lower, upper - lower, length - upper
