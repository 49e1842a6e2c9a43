"""Projections: the line, its interval and its probabilities are those of the textbook, recomputed with scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from assets.scorecards.trend import (
    Bounds,
    OlsFit,
    TargetRange,
    expected_year,
    fit_ols,
    prediction_interval,
    target_probability,
)

FREE = Bounds(np.array([-np.inf]), np.array([np.inf]))
PERCENT = Bounds(np.array([0.0]), np.array([100.0]))
NOISY = {2016: 40.0, 2017: 42.0, 2019: 41.0, 2020: 45.0, 2021: 44.5, 2023: 49.0}


def line(series: dict[int, float]) -> OlsFit:
    """A series laid out with holes, as a matrix of many would be."""
    years = np.full((1, 12), np.nan)
    values = np.full((1, 12), np.nan)
    years[0, : len(series)] = list(series)
    values[0, : len(series)] = list(series.values())
    return fit_ols(years, values, ~np.isnan(years))


def goals(low: float = -np.inf, high: float = np.inf, is_strict: bool = False) -> TargetRange:
    return TargetRange(np.array([low]), np.array([high]), np.array([is_strict]))


def at(year: float) -> np.ndarray:
    return np.array([float(year)])


def by_hand(series: dict[int, float], year: int) -> tuple[float, float]:
    """Value and standard error of a new observation, by the sums of a textbook."""
    x, y = list(series), list(series.values())
    found = stats.linregress(x, y)
    n, mean = len(x), sum(x) / len(x)
    rest = sum((b - found.intercept - found.slope * a) ** 2 for a, b in series.items())
    spread = sum((a - mean) ** 2 for a in x)
    return found.intercept + found.slope * year, math.sqrt(rest / (n - 2) * (1 + 1 / n + (year - mean) ** 2 / spread))


def test_value_and_interval_are_those_of_the_textbook() -> None:
    value, error = by_hand(NOISY, 2030)
    half = stats.t.ppf(0.95, 4) * error
    found = [float(part[0]) for part in prediction_interval(line(NOISY), at(2030), 0.9, FREE)]
    assert found == pytest.approx([value, value - half, value + half], rel=1e-9)


@pytest.mark.parametrize("target", [45.0, 55.0, 60.0])
def test_the_probability_is_that_of_the_t_distribution(target: float) -> None:
    value, error = by_hand(NOISY, 2030)
    reached = stats.t.sf((target - value) / error, 4)
    assert target_probability(line(NOISY), at(2030), goals(low=target), FREE)[0] == pytest.approx(reached, rel=1e-9)
    assert target_probability(line(NOISY), at(2030), goals(high=target), FREE)[0] == pytest.approx(
        1 - reached, rel=1e-9
    )


def test_the_probability_of_a_range_is_that_between_its_ends() -> None:
    value, error = by_hand(NOISY, 2030)
    between = stats.t.cdf((60 - value) / error, 4) - stats.t.cdf((50 - value) / error, 4)
    assert target_probability(line(NOISY), at(2030), goals(50, 60), FREE)[0] == pytest.approx(between, rel=1e-9)


def test_a_projection_is_held_to_the_limits_of_the_unit() -> None:
    steep = {2018: 80.0, 2019: 88.0, 2020: 93.0, 2021: 99.0}
    middle, low, high = prediction_interval(line(steep), at(2030), 0.9, PERCENT)
    assert (middle[0], high[0]) == (100, 100)
    assert low[0] <= 100


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        (goals(low=101), 0),
        (goals(low=100, is_strict=True), 0),
        (goals(low=0), 1),
        (goals(high=100), 1),
        (goals(high=-1), 0),
    ],
)
def test_what_the_unit_cannot_be_has_no_probability_and_what_it_must_be_is_sure(
    goal: TargetRange, expected: float
) -> None:
    assert target_probability(line(NOISY), at(2030), goal, PERCENT)[0] == expected


@pytest.mark.parametrize(("target", "expected"), [(60.0, 1.0), (60.5, 0.0)])
def test_a_series_on_a_straight_line_is_certain(target: float, expected: float) -> None:
    straight = line({2020: 40.0, 2021: 42.0, 2022: 44.0, 2023: 46.0})
    assert [float(part[0]) for part in prediction_interval(straight, at(2030), 0.9, FREE)] == [60, 60, 60]
    assert target_probability(straight, at(2030), goals(low=target), FREE)[0] == expected


@pytest.mark.parametrize(
    ("series", "goal", "is_met", "expected"),
    [
        ({2020: 40, 2021: 42, 2022: 44, 2023: 46}, goals(low=50), False, 2025),
        ({2020: 40, 2021: 42, 2022: 44, 2023: 46}, goals(low=51), False, 2026),
        ({2020: 46, 2021: 44, 2022: 42, 2023: 40}, goals(high=35), False, 2026),
        ({2020: 46, 2021: 44, 2022: 42, 2023: 40}, goals(30, 35), False, 2026),
        ({2020: 46, 2021: 44, 2022: 42, 2023: 40}, goals(low=50), False, None),
        ({2020: 40, 2021: 40, 2022: 40, 2023: 40}, goals(low=50), False, None),
        ({2020: 40, 2021: 42, 2022: 44, 2023: 46}, goals(low=30), True, 2023),
        ({2020: 40, 2021: 40.1, 2022: 40.2, 2023: 40.3}, goals(low=90), False, None),
        ({2020: 94, 2021: 96, 2022: 98, 2023: 99}, goals(low=101), False, None),
    ],
)
def test_year_of_attainment(series: dict[int, float], goal: TargetRange, is_met: bool, expected: int | None) -> None:
    year = expected_year(line(series), goal, PERCENT, np.array([is_met]))[0]
    assert (None if np.isnan(year) else year) == expected


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(st.integers(2010, 2024), st.integers(-10_000, 10_000), min_size=4, max_size=10),
    st.sampled_from([0.5, 2.0, 1024.0]),
)
def test_a_change_of_unit_changes_the_unit_of_the_projection_alone(series: dict[int, int], factor: float) -> None:
    plain = {year: float(value) for year, value in sorted(series.items())}
    other = {year: value * factor for year, value in plain.items()}
    first, second = (prediction_interval(line(it), at(2030), 0.9, FREE) for it in (plain, other))
    for a, b in zip(first, second, strict=True):
        assert b[0] == pytest.approx(a[0] * factor, rel=1e-9, abs=1e-6)
    p, q = (
        target_probability(line(it), at(2030), goals(low=t), FREE)[0]
        for it, t in ((plain, 50.0), (other, 50.0 * factor))
    )
    assert 0 <= p <= 1
    assert p == pytest.approx(q, abs=1e-9)
