"""Units that occur in the files, and what one is in another.

Here: the table `reference.units` as a converter. Not here: which unit a column or an indicator has (its contract, the
registry). A unit is a word of the table, 万 or 亿 before one, or a quotient of two (公里/平方公里). A figure per head
often comes with the unit of the whole, 人均…（平方米）: its name says the rest.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

MULTIPLIERS = {"百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_RATIO = "ratio"
_PER_HEAD = "/人"


@dataclass(frozen=True, slots=True)
class Units:
    """`known`: a written unit, its quantity, and how many base units it is."""

    known: dict[str, tuple[str, Fraction]]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, float]]) -> Units:
        return cls({_form(unit): (quantity, Fraction(str(factor))) for unit, quantity, factor in rows})

    def is_unit(self, unit: str) -> bool:
        return self._measured(unit) is not None

    def factor(self, sent: str, expected: str) -> Fraction | None:
        """What a figure in `sent` is multiplied with to be in `expected`; None where the one is not the other."""
        if _form(sent) == _form(expected):
            return Fraction(1)
        one, other = self._measured(sent), self._measured(expected)
        if one is None or other is None:
            return None
        if one[0] == other[0]:
            return one[1] / other[1]
        # 公顷 for 平方米/人 is more likely the area of the whole city than that of one head.
        if _form(expected).endswith(_PER_HEAD) and self.factor(sent, _form(expected).removesuffix(_PER_HEAD)) == 1:
            return Fraction(1)
        # A bare ratio (1:8) may stand for any quotient: its parts are counted one by one.
        return one[1] / other[1] if one[0] == _RATIO and "/" in other[0] else None

    def base_of(self, unit: str) -> str:
        """The unit in which 万 and 亿 count: 3万 under 万人 are three times ten thousand 人."""
        form = _form(unit)
        return form[1:] if form[:1] in MULTIPLIERS and self._measured(form[1:]) is not None else form

    def _measured(self, unit: str) -> tuple[str, Fraction] | None:
        form = _form(unit)
        above, slash, below = form.partition("/")
        if not slash or form in self.known:
            return self._measured_alone(form)
        one, other = self._measured_alone(above), self._measured_alone(below)
        return (f"{one[0]}/{other[0]}", one[1] / other[1]) if one and other else None

    def _measured_alone(self, form: str) -> tuple[str, Fraction] | None:
        """A word of the table, or 万 and the like before one."""
        if form in self.known:
            return self.known[form]
        if form[:1] in MULTIPLIERS and form[1:] in self.known:
            quantity, factor = self.known[form[1:]]
            return quantity, factor * MULTIPLIERS[form[0]]
        return None


def _form(unit: str) -> str:
    return "".join(unicodedata.normalize("NFKC", unit).split()).lower().replace("每", "/")
