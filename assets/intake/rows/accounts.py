"""Accounts of sheets: every physical row is of one class, and every row that was read has one outcome.

Here: the classes, and the comparison with a count that does not depend on the parser. Not here: which class a row is of
(assets.intake.tables), the independent count itself (`RawSheet.physical_rows`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal, get_args

from assets.core.errors import Issue
from assets.core.strict_model import StrictModel

# `wrapped`: a further line of a row of a text file whose cells contain line ends. `set_aside`: hidden or struck out.
# `unfilled`: a row of a form that has no more than the form itself filled in.
RowClass = Literal[
    "title",
    "header",
    "unit",
    "blank",
    "repeated_header",
    "note",
    "footer",
    "unfilled",
    "wrapped",
    "set_aside",
    "passed_over",
    "read",
]
RowCounts = Counter[RowClass]
ROW_CLASSES: tuple[RowClass, ...] = get_args(RowClass)
# Rows below the headers that are neither data nor blank.
SKIPPED: tuple[RowClass, ...] = ("repeated_header", "note", "footer", "unfilled")


class SheetAccount(StrictModel):
    """What became of the rows of one sheet.

    Attributes:
        physical: the rows of the sheet, counted without the parser.
        unfolded: how many rows more than `read` a layout made of them, as with a column for each year; else 0.
        accepted: rows with the figures of a city.
        aggregate: accepted rows of an area above the cities.
        rejected: rows with an error.

    The other fields are the classes of `RowClass`.
    """

    physical: int
    title: int = 0
    header: int = 0
    unit: int = 0
    blank: int = 0
    repeated_header: int = 0
    note: int = 0
    footer: int = 0
    unfilled: int = 0
    wrapped: int = 0
    set_aside: int = 0
    passed_over: int = 0
    read: int = 0
    unfolded: int = 0
    accepted: int = 0
    aggregate: int = 0
    rejected: int = 0

    @property
    def classified(self) -> int:
        """The rows of all classes."""
        return sum(getattr(self, name) for name in ROW_CLASSES)

    @property
    def skipped(self) -> int:
        """The rows below the headers that are neither data nor blank."""
        return sum(getattr(self, name) for name in SKIPPED)

    def find_mismatches(self, sheet: str | None) -> Iterator[Issue]:
        """Yield an error of this project for each of the two sums that does not hold; never one of the data."""
        expected_outcomes = self.read + self.unfolded
        for actual, expected in (
            (self.classified, self.physical),
            (self.accepted + self.aggregate + self.rejected, expected_outcomes),
        ):
            if actual != expected:
                yield Issue("row_account_mismatch", str(actual), str(expected), sheet=sheet)
