"""Columns of numbers: every cell of a chunk as a double in the unit of its column or indicator.

Here: numbers by column, their units, qualifiers, limits, and reasons for gaps. Not here: parsing one cell
(assets.intake.values.cell_parsers, assets.intake.values.gaps).

Arrow casts plain numbers, most of which are distinct. Only cells that are no plain numbers, or are in another unit, are
parsed in Python, each distinct text once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from assets.core.text import BLANKS, format_number, odd_characters, remove_invisible
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
from assets.intake.values.cell_parsers import PLAUSIBLE_YEARS, CellParseError, ParsedNumber
from assets.intake.values.gaps import CONFIRMED_ZERO, parse_gap
from assets.intake.values.lookups import IndicatorLimits, Lookups

_MAX_PLAIN_LENGTH = 16  # 15 digits, which a double keeps, and the point
_PLAIN = r"^[+-]?[0-9]+(\.[0-9]+)?$"
_EXAMPLES = {"number": "1234.5", "integer": "1234"}
_HAN = re.compile("[\u4e00-\u9fff]")
PERCENT = "%"
# A cell that Excel turned into a date, as 12-5 into 5 December.
_DATE = re.compile(r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
# What a column shows that is too narrow for its figure.
_TOO_NARROW = re.compile(r"\s*[#＃]{2,}\s*$")
Doubles = npt.NDArray[np.float64]
# How often a chunk gave reason for a note, by its kind and text.
Remarks = Counter[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RowUnits:
    """The units of a column by row: row r has (unit in the file, unit of the result) `pairs[pair_of_row[r]]`."""

    pairs: list[tuple[str | None, str | None]]
    pair_of_row: Indices
    differ: Mask


@dataclass(frozen=True, slots=True)
class _CellResult:
    """One distinct cell: its value or the reason for a gap, or the code of the error with the expected value."""

    value: float | None = None
    qualifier: str | None = None
    gap: str | None = None
    has_unit: bool = False
    remarks: tuple[tuple[str, str], ...] = ()
    code: str | None = None
    expected: str = ""


@dataclass(frozen=True)
class LongFormat:
    """The indicator and the unit of each row of a long layout, which decide how its number is parsed.

    Row r is of indicator `names[rows[r]]` and has the unit `units[unit_rows[r]]`; the last entry of each list is that
    of rows with an empty cell.
    """

    names: list[str | None]
    rows: Indices
    units: list[str]
    unit_rows: Indices

    @classmethod
    def of(cls, contract: Contract, parsed: Mapping[str, pa.Array], size: int) -> LongFormat | None:
        """Return the format of a chunk from the columns already parsed; None in a wide layout."""
        name = contract.column_of("indicator")
        if name is None:
            return None
        names, rows = dictionary_encode(cast_column(parsed[name], CATEGORY_TYPE))
        unit = contract.column_of("unit")
        units, unit_rows = (
            dictionary_encode(cast_column(parsed[unit], CATEGORY_TYPE)) if unit else ([], np.full(size, -1, np.int64))
        )
        return cls(
            [*names, None],
            np.where(rows < 0, len(names), rows),
            [*units, ""],
            np.where(unit_rows < 0, len(units), unit_rows),
        )

    def indicators(self, registry: Lookups) -> list[IndicatorLimits | None]:
        """Return the registered indicator of each name."""
        return [registry.indicators.get(name) if name else None for name in self.names]


@dataclass(frozen=True)
class NumericColumnParser:
    """The parser of the columns of numbers of one chunk; it adds to `errors` and `remarks`.

    Attributes:
        key: the columns that identify a row; a reason for a gap is no value of them.
        gaps: the reasons for gaps by column, by row.
    """

    registry: Lookups
    long_format: LongFormat | None
    size: int
    errors: RowErrors
    remarks: Remarks
    key: frozenset[str] = frozenset()
    gaps: dict[int, dict[str, str]] = field(default_factory=dict)

    def parse(self, source: SourceColumn, column: ContractColumn, texts: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Return the values and the qualifiers of one column."""
        texts = to_plain_text(texts)
        is_plain = parse_plain_numbers(texts)
        plain_texts = texts if is_plain.all() else pc.if_else(pa.array(is_plain), texts, None)
        values = pc.cast(plain_texts, pa.float64()).to_numpy(zero_copy_only=False).copy()
        units = self._units(source, column)
        has_unit = np.zeros(self.size, dtype=np.bool_)
        rows = np.flatnonzero(~is_plain | units.differ)
        qualifiers = self._parse_cells(source, column, texts, units, rows, values, has_unit)
        if column.unit == PERCENT and self.long_format is None and not units.differ.any():
            self._check_fractions(source, texts, values, has_unit)
        self._check_limits(source, column, texts, values)
        return pa.array(values, mask=np.isnan(values)), qualifiers

    def _units(self, source: SourceColumn, column: ContractColumn) -> RowUnits:
        if self.long_format is None or column.type != "number":
            unit = source.header_unit or column.unit
            differs = (
                unit is not None and column.unit is not None and self.registry.units.factor(unit, column.unit) != 1
            )
            pair_of_row = np.zeros(self.size, dtype=np.int64)
            return RowUnits([(unit, column.unit)], pair_of_row, np.full(self.size, differs, dtype=np.bool_))
        width = len(self.long_format.units)
        numbers, pair_of_row = np.unique(
            self.long_format.rows * width + self.long_format.unit_rows, return_inverse=True
        )
        indicators = self.long_format.indicators(self.registry)
        pairs: list[tuple[str | None, str | None]] = []
        for number in numbers.tolist():
            indicator = indicators[number // width]
            result_unit = indicator.unit if indicator else None
            pairs.append((self.long_format.units[number % width] or result_unit, result_unit))
        differ = np.array([unit != result_unit for unit, result_unit in pairs], dtype=np.bool_)[pair_of_row]
        return RowUnits(pairs, pair_of_row, differ)

    def _parse_cells(
        self,
        source: SourceColumn,
        column: ContractColumn,
        texts: pa.Array,
        units: RowUnits,
        rows: Indices,
        values: Doubles,
        has_unit: Mask,
    ) -> pa.Array:
        """Parse the cells of some rows into `values`, each distinct text once; return the qualifiers of all rows."""
        qualifiers: dict[int, str] = {}
        results: dict[tuple[str, int], _CellResult] = {}
        expected_by_code: dict[str, dict[int, str]] = {}
        pairs = units.pair_of_row[rows].tolist()
        accepts_gaps = source.name not in self.key and not column.is_year
        for row, text, pair in zip(rows.tolist(), take_strings(texts, rows), pairs, strict=True):
            result = results.get((text, pair))
            if result is None:
                result = results[text, pair] = self._parse_cell(text, column, units.pairs[pair], accepts_gaps)
            values[row] = np.nan if result.value is None else result.value
            has_unit[row] = result.has_unit
            if result.remarks:
                self.remarks.update(result.remarks)
            if result.qualifier is not None:
                qualifiers[row] = result.qualifier
            if result.gap is not None:
                self.gaps.setdefault(row, {})[source.name] = result.gap
            if result.code is not None:
                expected_by_code.setdefault(result.code, {})[row] = result.expected
        for code, expected in expected_by_code.items():
            is_bad = np.zeros(self.size, dtype=np.bool_)
            is_bad[list(expected)] = True
            self.errors.add(is_bad, source, code, texts, list(expected.values()))
        return take_categories(qualifiers, self.size)

    def _parse_cell(
        self, text: str, column: ContractColumn, units: tuple[str | None, str | None], accepts_gaps: bool
    ) -> _CellResult:
        """Parse one cell; `units` are the one in the file, of its header or row, and the one of the result."""
        unit, result_unit = units
        remarks = tuple(("invisible_removed", character) for character in odd_characters(text))
        if accepts_gaps and (gap := parse_gap(text)) is not None:
            remarks += (("gap_reason", remove_invisible(text).strip(BLANKS)),)
            return _CellResult(0.0 if gap == CONFIRMED_ZERO else None, gap=gap, remarks=remarks)
        try:
            number = cell_parsers.parse_year(text) if column.is_year else cell_parsers.parse_number(text)
            if number is None:
                is_missing = column.required
                return _CellResult(code="missing_value", expected=column.zh) if is_missing else _CellResult()
            if number.qualifier is not None and not column.allow_qualifier:
                return _CellResult(code="approximate_number", expected=_EXAMPLES[column.type])
            remarks += (("footnote_mark", number.mark),) if number.mark else ()
            stated, factor = self._factor(number, unit, result_unit)
            if factor is None:
                if stated is not None and stated != ":" and not self.registry.units.is_unit(stated):
                    return _CellResult(code="unknown_unit", expected=result_unit or "")
                return _CellResult(code="incompatible_unit", expected=result_unit or "")
            value = cell_parsers.to_number(number.value)
            if factor != 1:
                # A converted number cannot be more precise than the one in the file.
                value = float(f"{float(Fraction(number.value) * factor):.15g}")
                remarks += (("converted", f"{stated} → {result_unit}: × {factor}"),)
            return _CellResult(value, number.qualifier, has_unit=number.unit is not None, remarks=remarks)
        except (CellParseError, OverflowError):
            if column.is_year:
                return _CellResult(code="invalid_year", expected=_range_of(column))
            codes = {"date_instead_of_number": _DATE, "column_too_narrow": _TOO_NARROW}
            code = next((code for code, pattern in codes.items() if pattern.match(text)), "invalid_number")
            return _CellResult(code=code, expected=_EXAMPLES[column.type])

    def _factor(
        self, number: ParsedNumber, unit: str | None, result_unit: str | None
    ) -> tuple[str | None, Fraction | None]:
        """The unit of a number and its factor of conversion: a unit in the cell comes before that of header or row.

        Raises:
            CellParseError: the text after the number is no unit.
        """
        units = self.registry.units
        stated = number.unit or (units.base_of(unit) if number.is_scaled and unit else unit)
        if result_unit is None or stated is None:
            if number.unit is not None:
                raise CellParseError(number.unit)
            return stated, Fraction(1)
        is_word = number.unit is not None and number.unit != ":" and not units.is_unit(number.unit)
        if is_word and not _HAN.search(number.unit or ""):
            raise CellParseError(number.unit)
        return stated, units.factor(stated, result_unit)

    def _check_fractions(self, source: SourceColumn, texts: pa.Array, values: Doubles, has_unit: Mask) -> None:
        """Reject numbers below 1 in a column of percent, and 1 beside such: 0.432 may be 0.432 % or 43.2 %.

        A number with its own % is certain.
        """
        with np.errstate(invalid="ignore"):
            is_fraction = ~has_unit & (np.abs(values) > 0) & (np.abs(values) < 1)
            if not is_fraction.any():
                return
            is_fraction |= ~has_unit & (np.abs(values) == 1)
        expected = [f"{format_number(value * 100)}%" for value in values[is_fraction].tolist()]
        self.errors.add(is_fraction, source, "fraction_in_percent", texts, expected)

    def _check_limits(self, source: SourceColumn, column: ContractColumn, texts: pa.Array, values: Doubles) -> None:
        """Check the limits of the column and, in a long layout, of the row's indicator."""
        lows, highs = np.full(self.size, _limit(column.min)), np.full(self.size, _limit(column.max))
        if self.long_format is not None and column.type == "number":
            indicators, rows = self.long_format.indicators(self.registry), self.long_format.rows
            minima = np.array([_limit(indicator.minimum if indicator else None) for indicator in indicators])
            maxima = np.array([_limit(indicator.maximum if indicator else None) for indicator in indicators])
            lows, highs = np.fmax(lows, minima[rows]), np.fmin(highs, maxima[rows])
        if column.is_year:
            is_bad = (values < lows) | (values > highs) | (values % 1 > 0)
            self.errors.add(is_bad, source, "invalid_year", texts, _range_of(column))
            return
        for is_bad, code, limits in (
            (values < lows, "number_below_minimum", lows),
            (values > highs, "number_above_maximum", highs),
        ):
            self.errors.add(is_bad, source, code, texts, [format_number(limit) for limit in limits[is_bad]])
        if column.type == "integer":
            with np.errstate(invalid="ignore"):
                self.errors.add(~np.isnan(values) & (values != np.floor(values)), source, "integer_expected", texts)


def parse_plain_numbers(texts: pa.Array) -> Mask:
    """Return which texts are digits, with at most one sign before and one point between them, short enough to cast."""
    is_plain = to_mask(pc.ascii_is_decimal(texts))
    # Ten times as slow, so applied only to texts that are more than digits.
    is_plain[~is_plain] = to_mask(pc.match_substring_regex(texts.filter(pa.array(~is_plain)), _PLAIN))
    return is_plain & to_mask(pc.less_equal(pc.binary_length(texts), _MAX_PLAIN_LENGTH))


def _range_of(column: ContractColumn) -> str:
    """The years of a column, for a message."""
    limits = (PLAUSIBLE_YEARS[0] if column.min is None else column.min, column.max or PLAUSIBLE_YEARS[1])
    return "–".join(f"{limit:.0f}" for limit in limits)


def _limit(value: float | None) -> float:
    return np.nan if value is None else value
