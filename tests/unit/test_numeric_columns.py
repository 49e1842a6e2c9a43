"""Numbers: a column of texts into doubles in one unit, within its limits, or errors with their cell."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.intake.rows.row_errors import RowErrors, SourceColumn
from assets.intake.tables.contracts import ContractColumn
from assets.intake.values.lookups import Lookups
from assets.intake.values.numeric_columns import LongFormat, NumericColumnParser, Remarks

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def column(**rules: Any) -> ContractColumn:
    return ContractColumn.model_validate({"type": "number", "zh": "列", "en": "column", **rules})


class ParsedColumn:
    """A parsed column: values, qualifiers, errors by row, and conversions."""

    def __init__(
        self,
        registry: Lookups,
        rules: ContractColumn,
        cells: Sequence[str],
        header_unit: str | None = None,
        long: LongFormat | None = None,
        name: str = "value",
    ) -> None:
        errors, self.remarks = RowErrors(len(cells)), Remarks()
        parser = NumericColumnParser(registry, long, len(cells), errors, self.remarks, frozenset({"key"}))
        values, qualifiers = parser.parse(SourceColumn(name, 1, 1, header_unit), rules, pa.array(cells, pa.string()))
        self.values, self.qualifiers, self.gaps = values.to_pylist(), qualifiers.to_pylist(), parser.gaps
        self.errors = sorted(
            zip(*(errors.columns[name] for name in ("row", "code", "actual", "expected")), strict=True)
        )


@QUICK
@given(st.lists(st.builds(Decimal.scaleb, st.integers(-(10**12) + 1, 10**12 - 1).map(Decimal), st.integers(-12, 0))))
def test_what_arrow_casts_and_what_is_parsed_are_the_same(registry: Lookups, sent: list[Decimal]) -> None:
    plain = ParsedColumn(registry, column(), [f"{number:f}" for number in sent])
    parsed = ParsedColumn(registry, column(), [f" {number:f} " for number in sent])
    assert plain.values == parsed.values == [float(number) for number in sent]
    assert plain.errors == parsed.errors == []


@QUICK
@given(st.integers(0, 10**9), st.integers(0, 3))
def test_a_converted_figure_has_the_digits_of_the_one_that_was_sent(
    registry: Lookups, digits: int, places: int
) -> None:
    sent = Decimal(digits).scaleb(-places)
    read = ParsedColumn(registry, column(unit="公里"), [f"{sent:f}"], header_unit="米")
    assert read.values == [float(sent / 1000)]


@pytest.mark.parametrize(
    ("cell", "unit", "header_unit", "value"),
    [
        ("3", "公里", None, 3),
        ("3公里", "公里", "米", 3),
        ("3米", "公里", None, 0.003),
        ("3", "公里", "万米", 30),
        ("3万", "人", None, 30_000),
        ("3万", "万人", None, 3),
        ("3万人", "人", "万人", 30_000),
        ("3万人", "万人", None, 3),
        ("3", "人", "万人", 30_000),
        ("2.5亿元", "万元", None, 25_000),
        ("12.5‰", "%", None, 1.25),
        ("12.5%", "%", "‰", 12.5),
        ("12.5", "%", "‰", 1.25),
        ("5", None, None, 5),
        ("5万", None, None, 50_000),
    ],
)
def test_the_unit_of_the_cell_comes_before_that_of_the_header_and_of_the_contract(
    registry: Lookups, cell: str, unit: str | None, header_unit: str | None, value: float
) -> None:
    read = ParsedColumn(registry, column(unit=unit), [cell], header_unit)
    assert (read.values, read.errors) == ([value], [])


def test_every_conversion_is_counted(registry: Lookups) -> None:
    read = ParsedColumn(registry, column(unit="公里"), ["1", "2", "1", "3公里", "4万米", ""], header_unit="米")
    assert read.values == [0.001, 0.002, 0.001, 3, 40, None]
    assert read.remarks == {("converted", "米 → 公里: × 1/1000"): 4}


@pytest.mark.parametrize(
    ("cell", "unit", "code", "expected"),
    [
        ("3人", "公里", "incompatible_unit", "公里"),
        ("3公里", "平方公里", "incompatible_unit", "平方公里"),
        ("3%", None, "invalid_number", "1234.5"),
        ("1O", "%", "invalid_number", "1234.5"),
        ("3个家", "个", "unknown_unit", "个"),
        ("3华里", "公里", "unknown_unit", "公里"),
        ("3#", "公里", "invalid_number", "1234.5"),
        ("1:8", "%", "incompatible_unit", "%"),
        ("80余", "%", "approximate_number", "1234.5"),
        ("many", "%", "invalid_number", "1234.5"),
        ("9" * 400, "%", "invalid_number", "1234.5"),
    ],
)
def test_a_figure_that_cannot_be_taken_is_reported_with_its_row(
    registry: Lookups, cell: str, unit: str | None, code: str, expected: str
) -> None:
    read = ParsedColumn(registry, column(unit=unit), ["1", cell, "2"])
    assert read.errors == [(1, code, cell[:200], expected)]
    assert read.values[::2] == [1, 2]


def test_limits_are_checked_in_the_unit_of_the_column(registry: Lookups) -> None:
    read = ParsedColumn(
        registry, column(unit="%", min=0, max=100), ["1000", "1001", "-1", "0", "100%", "101%"], header_unit="‰"
    )
    assert read.errors == [
        (1, "number_above_maximum", "1001", "100"),
        (2, "number_below_minimum", "-1", "0"),
        (5, "number_above_maximum", "101%", "100"),
    ]


def test_a_count_is_whole_after_its_conversion(registry: Lookups) -> None:
    read = ParsedColumn(registry, column(type="integer", unit="人"), ["1.2345万", "1.23456万", "8087.0", "0.5"])
    assert read.errors == [(1, "integer_expected", "1.23456万", ""), (3, "integer_expected", "0.5", "")]


def test_a_reason_for_a_gap_is_kept_and_is_no_fault(registry: Lookups) -> None:
    read = ParsedColumn(registry, column(required=True, min=0), ["不适用", "5", "保密", "零报告"])
    assert (read.values, read.errors) == ([None, 5, None, 0], [])
    assert read.gaps == {
        0: {"value": "not_applicable"},
        2: {"value": "confidential"},
        3: {"value": "confirmed_zero"},
    }


def test_a_reason_for_a_gap_is_no_value_of_the_key(registry: Lookups) -> None:
    assert ParsedColumn(registry, column(), ["不适用"], name="key").errors == [
        (0, "invalid_number", "不适用", "1234.5")
    ]


def test_a_confirmed_zero_is_rejected_where_zero_cannot_be(registry: Lookups) -> None:
    assert ParsedColumn(registry, column(min=1), ["零报告"]).errors == [(0, "number_below_minimum", "零报告", "1")]


@pytest.mark.parametrize("unit", [None, "%"])
def test_a_fraction_in_a_column_of_percent_is_rejected(registry: Lookups, unit: str | None) -> None:
    read = ParsedColumn(
        registry, column(unit="%"), ["43.2", "0.432", " 0.5", "1", "0", "0.43%", "４"], header_unit=unit
    )
    assert read.errors == [
        (1, "fraction_in_percent", "0.432", "43.2%"),
        (2, "fraction_in_percent", " 0.5", "50%"),
        (3, "fraction_in_percent", "1", "100%"),
    ]
    assert (read.values[0], read.values[4:]) == (43.2, [0, 0.43, 4])


def test_a_small_number_is_no_fraction_in_another_unit(registry: Lookups) -> None:
    assert ParsedColumn(registry, column(unit="%"), ["5", "1"], header_unit="‰").values == [0.5, 0.1]
    assert ParsedColumn(registry, column(unit="公里"), ["0.5"]).errors == []
    assert ParsedColumn(registry, column(unit="%"), ["1"]).errors == []


def test_a_year_is_one_of_the_column(registry: Lookups) -> None:
    rules = column(type="integer", unit="年", required=True, min=1990, max=2100)
    read = ParsedColumn(registry, rules, ["2024", "FY2024", "2024-12-31", "24", "2024E", "45657", "不适用", ""])
    assert read.values[:3] == [2024, 2024, 2024]
    assert [(row, code, expected) for row, code, _, expected in read.errors] == [
        *((row, "invalid_year", "1990–2100") for row in (3, 4, 5)),
        (6, "invalid_year", "1990–2100"),
        (7, "missing_value", "列"),
    ]


@pytest.mark.parametrize("gap", ["", "-", "…", "暂无"])
def test_a_gap_is_missing_and_in_a_required_column_a_fault(registry: Lookups, gap: str) -> None:
    assert ParsedColumn(registry, column(min=1), [gap, "1"]).values == [None, 1]
    assert ParsedColumn(registry, column(required=True), [gap, "1"]).errors == [(0, "missing_value", gap, "列")]


def test_a_qualified_figure_keeps_its_qualifier(registry: Lookups) -> None:
    read = ParsedColumn(registry, column(allow_qualifier=True, unit="家"), ["80余家", "约3万", "5", "不足7家"])
    assert list(zip(read.values, read.qualifiers, strict=True)) == [
        (80, "at_least"),
        (30_000, "about"),
        (5, None),
        (7, "under"),
    ]


def long_rows(indicators: Sequence[str | None], units: Sequence[str | None]) -> LongFormat:
    """Rows that name their indicator and their unit; None is a row that says nothing."""
    names, sent = [*dict.fromkeys(filter(None, indicators)), None], [*dict.fromkeys(filter(None, units)), ""]
    return LongFormat(
        names,
        np.array([names.index(name) for name in indicators], dtype=np.int64),
        sent,
        np.array([sent.index(unit or "") for unit in units], dtype=np.int64),
    )


def test_in_a_long_layout_each_row_has_the_unit_and_limits_of_its_indicator(registry: Lookups) -> None:
    long = long_rows(
        ["long.rate", "long.rate", "long.rate", "long.length", "long.length", "long.length", None, "other.rate"],
        ["%", "‰", None, "米", "公里", "%", None, None],
    )
    read = ParsedColumn(registry, column(), ["50", "1001", "101", "3000", "101", "5", "7", "8"], long=long)
    assert read.errors == [
        (1, "number_above_maximum", "1001", "100"),
        (2, "number_above_maximum", "101", "100"),
        (5, "incompatible_unit", "5", "公里"),
    ]
    assert [read.values[row] for row in (0, 3, 4, 6, 7)] == [50, 3, 101, 7, 8]
