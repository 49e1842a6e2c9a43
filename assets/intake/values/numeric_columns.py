"""Figures of a chunk: every cell of a column of numbers into a double in the unit of its column or indicator.

Here: numbers by column, their units, qualifiers and limits. Not here: how one cell is written
(assets.intake.values.cell_parsers).

Plain numbers, which are mostly distinct, are cast by Arrow; only what it refuses, and what is sent in another unit, is
parsed text by text, each distinct text once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from assets.core.text import format_number
from assets.intake.readers.raw_rows import CATEGORY_TYPE
from assets.intake.rows.row_errors import RowErrors, SourceColumn
from assets.intake.tables.contracts import Contract, ContractColumn
from assets.intake.values import cell_parsers
from assets.intake.values.arrow_utils import (
    Indices,
    Mask,
    cast_column,
    dictionary_encode,
    take_categories,
    take_strings,
    to_mask,
    to_plain_text,
)
from assets.intake.values.cell_parsers import CellParseError, ParsedNumber
from assets.intake.values.lookups import IndicatorLimits, Lookups

_LONGEST_PLAIN = 16  # with its point, 15 digits: what a double keeps
_PLAIN = r"^[+-]?[0-9]+(\.[0-9]+)?$"
_EXAMPLES = {"number": "1234.5", "integer": "1234"}
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RowUnits:
    """The unit in which each row's figure was sent and the one it is kept in: `kinds[kind[row]]`."""

    kinds: list[tuple[str | None, str | None]]
    kind: Indices
    differ: Mask


@dataclass(frozen=True, slots=True)
class _Read:
    """One distinct cell: its value, or the error code with what was expected."""

    value: float | None = None
    qualifier: str | None = None
    code: str | None = None
    expected: str = ""


@dataclass(frozen=True)
class LongFormat:
    """In a long layout a row names its indicator, and sometimes its unit; both decide how its figure is read."""

    names: list[str | None]
    rows: Indices
    units: list[str]
    unit_rows: Indices

    @classmethod
    def of(cls, contract: Contract, made: Mapping[str, pa.Array], size: int) -> LongFormat | None:
        """From the columns already read; None in a wide layout, where the column decides."""
        name = contract.column_of("indicator")
        if name is None:
            return None
        names, rows = dictionary_encode(cast_column(made[name], CATEGORY_TYPE))
        unit = contract.column_of("unit")
        units, unit_rows = (
            dictionary_encode(cast_column(made[unit], CATEGORY_TYPE)) if unit else ([], np.full(size, -1, np.int64))
        )
        # The last of each list stands for rows that say nothing.
        return cls(
            [*names, None],
            np.where(rows < 0, len(names), rows),
            [*units, ""],
            np.where(unit_rows < 0, len(units), unit_rows),
        )

    def indicators(self, registry: Lookups) -> list[IndicatorLimits | None]:
        return [registry.indicators.get(name) if name else None for name in self.names]


@dataclass(frozen=True)
class NumericColumnParser:
    """Reads columns of figures of one chunk; faults and conversions are added to the ones given."""

    registry: Lookups
    long: LongFormat | None
    size: int
    faults: RowErrors
    conversions: Counter[str]

    def read(self, where: SourceColumn, said: ContractColumn, column: pa.Array) -> tuple[pa.Array, pa.Array]:
        """The values and the qualifiers of one column."""
        texts = to_plain_text(column)
        plain = parse_plain_numbers(texts)
        cast = texts if plain.all() else pc.if_else(pa.array(plain), texts, None)
        values = pc.cast(cast, pa.float64()).to_numpy(zero_copy_only=False).copy()
        units = self._units(where, said)
        qualifiers = self._parse(where, said, texts, units, np.flatnonzero(~plain | units.differ), values)
        self._check_limits(where, said, texts, values)
        return pa.array(values, mask=np.isnan(values)), qualifiers

    def _units(self, where: SourceColumn, said: ContractColumn) -> RowUnits:
        if self.long is None or said.type != "number":
            sent = where.header_unit or said.unit
            differs = sent is not None and said.unit is not None and self.registry.units.factor(sent, said.unit) != 1
            kind = np.zeros(self.size, dtype=np.int64)
            return RowUnits([(sent, said.unit)], kind, np.full(self.size, differs, dtype=np.bool_))
        width = len(self.long.units)
        pairs, kind = np.unique(self.long.rows * width + self.long.unit_rows, return_inverse=True)
        indicators = self.long.indicators(self.registry)
        kinds: list[tuple[str | None, str | None]] = []
        for pair in pairs.tolist():
            indicator = indicators[pair // width]
            unit = indicator.unit if indicator else None
            kinds.append((self.long.units[pair % width] or unit, unit))
        return RowUnits(kinds, kind, np.array([sent != unit for sent, unit in kinds], dtype=np.bool_)[kind])

    def _parse(
        self,
        where: SourceColumn,
        said: ContractColumn,
        column: pa.Array,
        units: RowUnits,
        rows: Indices,
        values: Doubles,
    ) -> pa.Array:
        """What Arrow could not cast, or what is in another unit: into `values`; the qualifiers are returned."""
        qualifiers: dict[int, str] = {}
        seen: dict[tuple[str, int], _Read] = {}
        bad: dict[str, dict[int, str]] = {}
        kinds = units.kind[rows].tolist()
        for row, text, kind in zip(rows.tolist(), take_strings(column, rows), kinds, strict=True):
            read = seen.get((text, kind))
            if read is None:
                read = seen[text, kind] = self._figure(text, said, *units.kinds[kind])
            values[row] = np.nan if read.value is None else read.value
            if read.qualifier is not None:
                qualifiers[row] = read.qualifier
            if read.code is not None:
                bad.setdefault(read.code, {})[row] = read.expected
        for code, expected in bad.items():
            mask = np.zeros(self.size, dtype=np.bool_)
            mask[list(expected)] = True
            self.faults.add(mask, where, code, column, list(expected.values()))
        return take_categories(qualifiers, self.size)

    def _figure(self, text: str, said: ContractColumn, sent_unit: str | None, unit: str | None) -> _Read:
        """A cell that is no plain number in the right unit."""
        try:
            figure = cell_parsers.parse_number(text)
            if figure is None:
                return _Read(code="cell_missing", expected=said.zh) if said.required else _Read()
            if figure.qualifier is not None and not said.qualified:
                return _Read(code="number_approximate", expected=_EXAMPLES[said.type])
            factor = self._factor(figure, sent_unit, unit)
            if factor is None:
                return _Read(code="unit_differs", expected=unit or "")
            if factor == 1:
                return _Read(cell_parsers.to_number(figure.value), figure.qualifier)
            # A converted figure has no more digits than the one that was sent could have.
            return _Read(float(f"{float(Fraction(figure.value) * factor):.15g}"), figure.qualifier)
        except (CellParseError, OverflowError):
            return _Read(code="number_unreadable", expected=_EXAMPLES[said.type])

    def _factor(self, figure: ParsedNumber, sent_unit: str | None, unit: str | None) -> Fraction | None:
        """What the figure is multiplied with: its own unit decides, then that of the header or row."""
        units = self.registry.units
        stated = figure.unit or (units.base_of(sent_unit) if figure.is_scaled and sent_unit else sent_unit)
        if unit is None or stated is None:
            if figure.unit is not None:
                raise CellParseError(figure.unit)
            return Fraction(1)
        if figure.unit is not None and figure.unit != ":" and not units.is_unit(figure.unit):
            raise CellParseError(figure.unit)
        factor = units.factor(stated, unit)
        if factor is not None and factor != 1:
            self.conversions[f"{stated} → {unit}: × {factor}"] += 1
        return factor

    def _check_limits(self, where: SourceColumn, said: ContractColumn, column: pa.Array, values: Doubles) -> None:
        lows, highs = np.full(self.size, _limit(said.min)), np.full(self.size, _limit(said.max))
        if self.long is not None and said.type == "number":
            indicators = self.long.indicators(self.registry)
            least = np.array([_limit(indicator.minimum if indicator else None) for indicator in indicators])
            most = np.array([_limit(indicator.maximum if indicator else None) for indicator in indicators])
            lows, highs = np.fmax(lows, least[self.long.rows]), np.fmin(highs, most[self.long.rows])
        below, above = values < lows, values > highs
        self.faults.add(below, where, "number_below_minimum", column, [format_number(limit) for limit in lows[below]])
        self.faults.add(above, where, "number_above_maximum", column, [format_number(limit) for limit in highs[above]])
        if said.type == "integer":
            with np.errstate(invalid="ignore"):
                self.faults.add(~np.isnan(values) & (values != np.floor(values)), where, "integer_expected", column)


def parse_plain_numbers(column: pa.Array) -> Mask:
    """Which texts are digits with at most one point between them and at most one sign before."""
    plain = to_mask(pc.ascii_is_decimal(column))
    # Ten times as slow, so asked only of what is more than digits.
    plain[~plain] = to_mask(pc.match_substring_regex(column.filter(pa.array(~plain)), _PLAIN))
    return plain & to_mask(pc.less_equal(pc.binary_length(column), _LONGEST_PLAIN))


def _limit(value: float | None) -> float:
    return np.nan if value is None else value
