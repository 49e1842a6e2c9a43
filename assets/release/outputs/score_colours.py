"""The colours of scores: five classes of twenty points, the same in report and workbook.

Here: the classes by the score as it is shown, and their colours. Not here: style sheets and formats of cells.
"""

from __future__ import annotations

from assets.core.text import format_decimal

POINTS = 20
# Of each class the colour behind the score and that of its text, which differ to colour-blind readers and in grey.
COLOURS = (
    ("#eff3ff", "#17222e"),
    ("#c6dbef", "#17222e"),
    ("#8fc0e0", "#17222e"),
    ("#2171b5", "#ffffff"),
    ("#084594", "#ffffff"),
)


def score_class_number(value: float) -> int:
    """Return the number of the class of a score, rounded as it is shown: what is shown as 80.0 is in the last class."""
    return min(int(float(format_decimal(value, 1)) // POINTS), len(COLOURS) - 1)
