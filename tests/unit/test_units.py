"""Units: a conversion there and back is none, and what cannot be converted is not."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.intake.units import Units
from tests.unit.conftest import shipped_units

UNITS = shipped_units()
WORDS = st.sampled_from(sorted(UNITS.known))
SIMPLE = st.builds("{}{}".format, st.sampled_from(["", "百", "千", "万", "亿"]), WORDS)
ANY = st.one_of(SIMPLE, st.builds("{}/{}".format, SIMPLE, SIMPLE))


@settings(max_examples=200, deadline=None)
@given(ANY, ANY)
def test_there_and_back_is_one(one: str, other: str) -> None:
    there, back = UNITS.factor(one, other), UNITS.factor(other, one)
    if there is not None and back is not None:
        assert there * back == 1
    assert UNITS.factor(one, one) == 1


@settings(max_examples=100, deadline=None)
@given(SIMPLE, SIMPLE, SIMPLE)
def test_two_conversions_are_one(one: str, other: str, third: str) -> None:
    first, second = UNITS.factor(one, other), UNITS.factor(other, third)
    if first is not None and second is not None:
        assert UNITS.factor(one, third) == first * second


@pytest.mark.parametrize(
    ("sent", "expected", "factor"),
    [
        ("万人", "人", 10_000),
        ("人", "万人", Fraction(1, 10_000)),
        ("亿元", "万元", 10_000),
        ("万元", "亿元", Fraction(1, 10_000)),
        ("公顷", "平方公里", Fraction(1, 100)),
        ("平方公里", "平方米", 1_000_000),
        ("平方米", "公顷", Fraction(1, 10_000)),
        ("万平方米", "公顷", 1),
        ("米", "公里", Fraction(1, 1000)),
        ("千米", "公里", 1),
        ("‰", "%", Fraction(1, 10)),
        ("%", "‰", 10),
        ("百分比", "%", 1),
        ("公里/平方公里", "米/公顷", 10),
        ("平方米/人", "平方米/万人", 10_000),
        ("元/人", "万元/万人", 1),
        (":", "人/个", 1),
        ("1:8", "人/个", None),
    ],
)
def test_the_units_that_files_differ_in_are_converted(sent: str, expected: str, factor: int | None) -> None:
    assert UNITS.factor(sent, expected) == factor


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        *(("人", "元"), ("平方米", "米"), ("%", "人"), ("户", "人"), ("套", "户"), ("栋", "套"), ("人次", "人")),
        *(("公里/平方公里", "公里"), ("人/个", ":"), ("%", ":"), (":", "%"), ("吨", "立方米"), ("年", "天")),
        *(("斤", "吨"), ("人", "斤"), ("万万万", "人"), ("", "人"), ("/", "人"), ("人/", "人")),
    ],
)
def test_an_impossible_conversion_is_none(sent: str, expected: str) -> None:
    assert UNITS.factor(sent, expected) is None


@pytest.mark.parametrize("unit", ["Ｋｍ", " k m", "KM", "km"])
def test_width_blanks_and_case_do_not_tell_units_apart(unit: str) -> None:
    assert (UNITS.is_unit(unit), UNITS.factor(unit, "公里")) == (True, 1)
    assert UNITS.factor("元每人", "元/人") == 1


@pytest.mark.parametrize("unit", ["O", "余", "", "万", "城区", "平方", "1", "%%"])
def test_what_is_no_unit_is_none(unit: str) -> None:
    assert not UNITS.is_unit(unit)


@pytest.mark.parametrize(("unit", "base"), [("万人", "人"), ("亿元", "元"), ("人", "人"), ("百分比", "百分比")])
def test_wan_counts_in_the_unit_without_it(unit: str, base: str) -> None:
    assert UNITS.base_of(unit) == base


def test_a_unit_that_nobody_registered_is_itself_alone() -> None:
    empty = Units.of([])
    assert (empty.factor("斤", "斤"), empty.factor("斤", "吨"), empty.is_unit("斤")) == (1, None, False)
