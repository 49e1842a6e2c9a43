"""Units and their conversion, from the table `reference.units`.

Not here: the unit of a column (its contract) or of an indicator (the registry). A unit is one of the table, one with
万, 千万 or the like before it, or a quotient of two (公里/平方公里). A number per head often has the unit of the total,
as in 人均…（平方米）: per head is in the name.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

MULTIPLIERS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_MAX_MULTIPLIERS = 2
_RATIO = "ratio"
_PER_HEAD = "/人"


@dataclass(frozen=True, slots=True)
class Units:
    """The registered units: `known` has the quantity of each, and its factor to the base unit of the quantity."""

    known: dict[str, tuple[str, Fraction]]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, float]]) -> Units:
        """Return the units of rows (unit, quantity, factor)."""
        return cls({_form(unit): (quantity, Fraction(str(factor))) for unit, quantity, factor in rows})

    def is_unit(self, unit: str) -> bool:
        """Return whether the text is a unit."""
        return self._parse(unit) is not None

    def quantity(self, unit: str) -> str | None:
        """Return the quantity that the unit measures, None where the text is no unit."""
        parsed = self._parse(unit)
        return parsed[0] if parsed is not None else None

    def is_multiplier(self, text: str) -> bool:
        """Return whether the text is 万, 亿 or the like, or two of them (千万)."""
        return 0 < len(text) <= _MAX_MULTIPLIERS and set(text) <= set(MULTIPLIERS)

    def factor(self, unit: str, expected: str) -> Fraction | None:
        """Return the factor that converts a number in `unit` to `expected`; None where they are incompatible."""
        if _form(unit) == _form(expected):
            return Fraction(1)
        source, target = self._parse(unit), self._parse(expected)
        if source is None or target is None:
            return None
        (source_quantity, source_factor), (target_quantity, target_factor) = source, target
        if source_quantity == target_quantity:
            return source_factor / target_factor
        # Only the same unit: 公顷 for 平方米/人 is more likely the area of the city than the area per head.
        if _form(expected).endswith(_PER_HEAD) and self.factor(unit, _form(expected).removesuffix(_PER_HEAD)) == 1:
            return Fraction(1)
        # A ratio without units (1:8) may be any quotient, with one unit each.
        return source_factor / target_factor if source_quantity == _RATIO and "/" in target_quantity else None

    def base_of(self, unit: str) -> str:
        """Return the unit without 万 or 亿: 3万 in a column of 万人 are 30,000 人."""
        form = _form(unit)
        count = self._count_multipliers(form)
        return form[count:] if count and self._parse(form[count:]) is not None else form

    def _parse(self, unit: str) -> tuple[str, Fraction] | None:
        form = _form(unit)
        above, slash, below = form.partition("/")
        if not slash or form in self.known:
            return self._parse_simple(form)
        numerator, denominator = self._parse_simple(above), self._parse_simple(below)
        if numerator is None or denominator is None:
            return None
        return f"{numerator[0]}/{denominator[0]}", numerator[1] / denominator[1]

    def _parse_simple(self, form: str) -> tuple[str, Fraction] | None:
        """A unit of the table, also with 万, 千万 or the like before it."""
        count = 0 if form in self.known else self._count_multipliers(form)
        if form[count:] not in self.known:
            return None
        quantity, factor = self.known[form[count:]]
        return quantity, factor * math.prod(MULTIPLIERS[word] for word in form[:count])

    def _count_multipliers(self, form: str) -> int:
        return next((count for count in range(_MAX_MULTIPLIERS, 0, -1) if self.is_multiplier(form[:count])), 0)


def _form(unit: str) -> str:
    return "".join(unicodedata.normalize("NFKC", unit).split()).lower().replace("每", "/")
