"""Units: what one is in another, and nothing where they measure different things."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.intake.values.units import Units
from tests.unit.conftest import shipped_units

UNITS = shipped_units()
known = st.sampled_from(sorted(UNITS.known))


@pytest.mark.parametrize(
    ("sent", "expected", "factor"),
    [
        ("万人", "人", 10_000),
        ("万元", "亿元", Fraction(1, 10_000)),
        ("公顷", "平方公里", Fraction(1, 100)),
        ("平方米", "公顷", Fraction(1, 10_000)),
        ("米", "公里", Fraction(1, 1000)),
        ("‰", "%", Fraction(1, 10)),
        ("KM", "公里", 1),
        ("ｋｍ²", "平方公里", 1),
        ("公里/平方公里", "米/公顷", 10),
        ("平方米/人", "平方米每人", 1),
        ("人", "万人", Fraction(1, 10_000)),
        ("亿元", "万元", 10_000),
        ("万平方米", "公顷", 1),
        ("平方公里", "平方米", 1_000_000),
        ("千米", "公里", 1),
        ("%", "‰", 10),
        ("百分比", "%", 1),
        ("元/人", "万元/万人", 1),
        ("人", "元", None),
        ("套", "户", None),
        ("人次", "人", None),
        ("公里/平方公里", "公里", None),
        ("%", ":", None),
        (":", "%", None),
        ("万万万", "人", None),
        ("人/", "人", None),
        ("十百千元", "元", None),
        ("人", "公里", None),
        ("%", "公顷", None),
        ("公里", "平方公里", None),
        ("户", "人", None),
        ("", "人", None),
    ],
)
def test_a_unit_is_converted_or_not_at_all(sent: str, expected: str, factor: Fraction | None) -> None:
    assert UNITS.factor(sent, expected) == factor


@given(known, known)
def test_there_and_back_is_nothing(one: str, other: str) -> None:
    there, back = UNITS.factor(one, other), UNITS.factor(other, one)
    assert (there is None) == (back is None) or "ratio" in (UNITS.known[one][0], UNITS.known[other][0])
    if there is not None and back is not None:
        assert there * back == 1


@given(known, known, known)
def test_the_way_over_a_third_unit_is_the_same(one: str, other: str, third: str) -> None:
    direct, first, second = UNITS.factor(one, third), UNITS.factor(one, other), UNITS.factor(other, third)
    if first is not None and second is not None:
        assert direct == first * second


@given(st.text(max_size=8))
def test_any_text_is_a_unit_or_none(text: str) -> None:
    assert UNITS.is_unit(text) in (True, False)
    assert UNITS.factor(text, text) == 1


def test_a_multiplier_counts_in_the_unit_behind_it() -> None:
    assert [UNITS.base_of(unit) for unit in ("万人", "亿元", "人", "%")] == ["人", "元", "人", "%"]


@pytest.mark.parametrize("unit", ["O", "余", "万", "城区", "平方", "1", "%%", "/"])
def test_what_is_no_unit_is_none(unit: str) -> None:
    assert not UNITS.is_unit(unit)


def test_an_unregistered_unit_is_itself_alone() -> None:
    empty = Units.of([])
    assert (empty.factor("斤", "斤"), empty.factor("斤", "吨"), empty.is_unit("斤")) == (1, None, False)
