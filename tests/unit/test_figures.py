"""Figures: a column of texts into doubles in one unit, within its limits, or faults that say which cell."""

from __future__ import annotations

from collections import Counter
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
from assets.intake.values.numeric_columns import LongFormat, NumericColumnParser

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def said(**rules: Any) -> ContractColumn:
    return ContractColumn.model_validate({"type": "number", "zh": "列", "en": "column", **rules})


class Read:
    """A column that was read: values, qualifiers, faults by row, and what was converted."""

    def __init__(
        self,
        registry: Lookups,
        field: ContractColumn,
        cells: Sequence[str],
        header_unit: str | None = None,
        long: LongFormat | None = None,
    ) -> None:
        faults, self.conversions = RowErrors(len(cells)), Counter[str]()
        reader = NumericColumnParser(registry, long, len(cells), faults, self.conversions)
        values, qualifiers = reader.read(SourceColumn("value", 1, 1, header_unit), field, pa.array(cells, pa.string()))
        self.values, self.qualifiers = values.to_pylist(), qualifiers.to_pylist()
        self.told = sorted(zip(*(faults.rows[name] for name in ("row", "code", "found", "expected")), strict=True))


@QUICK
@given(st.lists(st.builds(Decimal.scaleb, st.integers(-(10**12) + 1, 10**12 - 1).map(Decimal), st.integers(-12, 0))))
def test_what_arrow_casts_and_what_is_parsed_are_the_same(registry: Lookups, sent: list[Decimal]) -> None:
    plain = Read(registry, said(), [f"{number:f}" for number in sent])
    parsed = Read(registry, said(), [f" {number:f} " for number in sent])
    assert plain.values == parsed.values == [float(number) for number in sent]
    assert plain.told == parsed.told == []


@QUICK
@given(st.integers(0, 10**9), st.integers(0, 3))
def test_a_converted_figure_has_the_digits_of_the_one_that_was_sent(
    registry: Lookups, digits: int, places: int
) -> None:
    sent = Decimal(digits).scaleb(-places)
    read = Read(registry, said(unit="公里"), [f"{sent:f}"], header_unit="米")
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
    read = Read(registry, said(unit=unit), [cell], header_unit)
    assert (read.values, read.told) == ([value], [])


def test_every_conversion_is_counted(registry: Lookups) -> None:
    read = Read(registry, said(unit="公里"), ["1", "2", "3公里", "4万米", ""], header_unit="米")
    assert read.values == [0.001, 0.002, 3, 40, None]
    assert sum(read.conversions.values()) == 3
    assert all(text.endswith(("× 1/1000", "× 10")) for text in read.conversions)


@pytest.mark.parametrize(
    ("cell", "unit", "code", "expected"),
    [
        ("3人", "公里", "unit_differs", "公里"),
        ("3公里", "平方公里", "unit_differs", "平方公里"),
        ("3%", None, "number_unreadable", "1234.5"),
        ("1O", "%", "number_unreadable", "1234.5"),
        ("3个家", "个", "number_unreadable", "1234.5"),
        ("1:8", "%", "unit_differs", "%"),
        ("80余", "%", "number_approximate", "1234.5"),
        ("many", "%", "number_unreadable", "1234.5"),
        ("9" * 400, "%", "number_unreadable", "1234.5"),
    ],
)
def test_a_figure_that_cannot_be_taken_is_told_with_its_row(
    registry: Lookups, cell: str, unit: str | None, code: str, expected: str
) -> None:
    read = Read(registry, said(unit=unit), ["1", cell, "2"])
    assert read.told == [(1, code, cell[:200], expected)]
    assert read.values[::2] == [1, 2]


def test_limits_are_checked_in_the_unit_of_the_column(registry: Lookups) -> None:
    read = Read(registry, said(unit="%", min=0, max=100), ["1000", "1001", "-1", "0", "100%", "101%"], header_unit="‰")
    assert read.told == [
        (1, "number_above_maximum", "1001", "100"),
        (2, "number_below_minimum", "-1", "0"),
        (5, "number_above_maximum", "101%", "100"),
    ]


def test_a_count_is_whole_after_its_conversion(registry: Lookups) -> None:
    read = Read(registry, said(type="integer", unit="人"), ["1.2345万", "1.23456万", "8087.0", "0.5"])
    assert read.told == [(1, "integer_expected", "1.23456万", ""), (3, "integer_expected", "0.5", "")]


@pytest.mark.parametrize("gap", ["", "-", "…", "暂无"])
def test_a_gap_is_missing_and_in_a_required_column_a_fault(registry: Lookups, gap: str) -> None:
    assert Read(registry, said(min=1), [gap, "1"]).values == [None, 1]
    assert Read(registry, said(required=True), [gap, "1"]).told == [(0, "cell_missing", gap, "列")]


def test_a_qualified_figure_keeps_its_qualifier(registry: Lookups) -> None:
    read = Read(registry, said(qualified=True, unit="家"), ["80余家", "约3万", "5", "不足7家"])
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
    read = Read(registry, said(), ["50", "1001", "101", "3000", "101", "5", "7", "8"], long=long)
    assert read.told == [
        (1, "number_above_maximum", "1001", "100"),
        (2, "number_above_maximum", "101", "100"),
        (5, "unit_differs", "5", "公里"),
    ]
    assert [read.values[row] for row in (0, 3, 4, 6, 7)] == [50, 3, 101, 7, 8]
