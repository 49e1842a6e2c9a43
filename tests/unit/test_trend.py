"""Trend: the random walk, its scales, its predictive distribution and the calibration of its width."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from assets.core.random_walk import (
    LIMIT_MARGIN,
    SCALES,
    Points,
    RandomWalk,
    Scale,
    Shrinkage,
    choose_scales,
    fit_random_walk,
    prediction_quantile,
)
from assets.scorecards.trend import (
    Forecasts,
    TargetRange,
    backtest,
    calibrate,
    expected_year,
    prediction_interval,
    target_probability,
)

SHRINKAGE = Shrinkage(drift_share=0.5, prior_points=8)
NAN = float("nan")


def scale(kind: str, minimum: float = -np.inf, maximum: float = np.inf, size: int = 1) -> Scale:
    numbers = (np.full(size, SCALES.index(kind)), np.full(size, minimum), np.full(size, maximum), np.full(size, 0.005))
    return Scale(*numbers)


def points(*series: dict[int, float], indicator: list[int] | None = None) -> Points:
    width = max(map(len, series))
    years, values = (np.full((len(series), width), np.nan) for _ in range(2))
    for row, figures in enumerate(series):
        years[row, : len(figures)] = list(figures)
        values[row, : len(figures)] = list(figures.values())
    return Points(years, values, np.array(indicator or [0] * len(series)))


def walk(last: float, drift: float = 0.0, variance: float = 1.0, last_year: float = 2024) -> RandomWalk:
    numbers = (np.array([number], dtype=np.float64) for number in (last_year, last, drift, variance))
    return RandomWalk(np.array([5]), *numbers)


def goal(low: float = -np.inf, high: float = np.inf) -> TargetRange:
    return TargetRange(np.array([low]), np.array([high]))


def at(value: float) -> np.ndarray:
    return np.array([float(value)])


def test_the_scale_follows_from_the_limits_of_the_unit_and_the_figures_of_the_indicator() -> None:
    values = np.array([[50.0, 60.0], [3.0, 0.0], [3.0, 5.0], [3.0, 4.0], [-1.0, 4.0]])
    minimum, maximum = np.array([0, 0, 0, 0, NAN]), np.array([100, NAN, NAN, NAN, NAN])
    chosen = choose_scales(values, np.array([0, 1, 1, 2, 3]), minimum, maximum, np.full(5, 2))
    assert [SCALES[kind] for kind in chosen.kind] == ["logit", "identity", "identity", "log", "identity"]


@given(st.floats(0, 100), st.sampled_from(["identity", "log", "logit"]))
def test_a_value_is_restored(value: float, kind: str) -> None:
    own = scale(kind, 0, 100 if kind == "logit" else np.inf)
    assert own.restore(own.transform(at(value)))[0] == pytest.approx(
        max(value, 0.005 if kind == "log" else 0), abs=1e-9
    )


@given(st.floats(0, 100), st.floats(-3, 3), st.floats(1e-6, 4), st.integers(1, 6))
def test_an_interval_has_width_and_stays_inside_the_limits(
    last: float, drift: float, variance: float, ahead: int
) -> None:
    own = scale("logit", 0, 100)
    model = walk(float(own.transform(at(last))[0]), drift, variance)
    middle, low, high = (part[0] for part in prediction_interval(model, own, at(2024 + ahead), at(1), 0.9, 6))
    assert 0 <= low <= middle <= high <= 100
    assert low < high


def test_the_odds_of_a_limit_are_those_of_the_margin() -> None:
    assert scale("logit", 0, 100).transform(at(100))[0] == pytest.approx(np.log((1 + LIMIT_MARGIN) / LIMIT_MARGIN))


def test_drift_and_variance_are_shrunk_towards_all_cities_of_the_indicator() -> None:
    walks = fit_random_walk(
        points({2020: 1, 2021: 2, 2022: 3}, {2020: 5, 2022: 6}, {2020: 9, 2021: 109}, indicator=[0, 0, 1]),
        scale("identity", size=3),
        SHRINKAGE,
    )
    # Yearly changes of indicator 0: 1, 1 and 0.5; the median is 1, half of it is carried forward.
    assert walks.drift.tolist() == [0.5, 0.5, 50]
    own = [0.25 + 0.25, (1 - 0.5 * 2) ** 2 / 2]
    pooled = sum(own) / 3
    assert walks.variance[:2].tolist() == pytest.approx(
        [(own[0] + 8 * pooled) / (2 + 8), (own[1] + 8 * pooled) / (1 + 8)]
    )
    assert walks.last.tolist() == [3, 6, 109]


def test_a_constant_series_has_the_width_of_its_decimals() -> None:
    model = fit_random_walk(points({2020: 5.0, 2021: 5.0, 2022: 5.0}), scale("identity"), SHRINKAGE)
    assert model.variance[0] == pytest.approx(0.005**2)


def test_the_interval_is_that_of_student_s_t_and_grows_with_the_root_of_the_years_ahead() -> None:
    middle, low, high = prediction_interval(walk(10, 0.5, 4), scale("identity"), at(2028), at(1.5), 0.9, 6)
    half = 1.5 * stats.t.ppf(0.95, 6) * np.sqrt(4 * 4)
    assert [float(part[0]) for part in (middle, low, high)] == pytest.approx([12, 12 - half, 12 + half])


def test_the_probability_is_that_of_the_same_distribution() -> None:
    found = target_probability(walk(10, 0.5, 4), scale("identity"), at(2028), at(1.5), goal(low=13), 6)
    assert found[0] == pytest.approx(1 - stats.t.cdf((13 - 12) / (1.5 * 4), 6))
    between = target_probability(walk(10, 0.5, 4), scale("identity"), at(2028), at(1), goal(11, 13), 6)
    assert between[0] == pytest.approx(stats.t.cdf(1 / 4, 6) - stats.t.cdf(-1 / 4, 6))


@pytest.mark.parametrize(
    ("target", "probability"), [(goal(low=101), 0), (goal(low=0), 1), (goal(high=-1), 0), (goal(high=100), 1)]
)
def test_a_target_beyond_the_limits_of_the_unit_is_certain(target: TargetRange, probability: float) -> None:
    assert target_probability(walk(0.0), scale("logit", 0, 100), at(2030), at(1), target, 6)[0] == probability


def test_the_expected_year_is_the_first_in_which_the_median_meets_the_target() -> None:
    model, own = walk(10, 1), scale("identity")
    assert expected_year(model, own, goal(low=12.5), np.array([False]), at(6))[0] == 2027
    assert expected_year(model, own, goal(low=10), np.array([True]), at(6))[0] == 2024
    assert np.isnan(expected_year(model, own, goal(low=20), np.array([False]), at(6))[0])
    assert np.isnan(expected_year(model, own, goal(high=9), np.array([False]), at(6))[0])


def test_the_backtest_uses_what_was_known_at_each_origin() -> None:
    series = points({year: float(year - 2000) for year in range(2014, 2021)})
    forecasts = backtest(series, scale("identity"), SHRINKAGE, points_min=4)
    assert list(zip(forecasts.origin.astype(int).tolist(), forecasts.ahead.tolist(), strict=True)) == [
        (2017, 2), (2017, 3), (2018, 2),
    ]  # fmt: skip
    # Half of the drift is carried forward, so each forecast is short by half a unit a year.
    assert (forecasts.figure - forecasts.walk.middle(forecasts.origin + forecasts.ahead)).tolist() == [1.0, 1.5, 1.0]


def test_calibration_holds_its_share_on_forecasts_of_other_origins() -> None:
    random = np.random.default_rng(7)
    count, origins = 4000, 4
    ratio = np.abs(random.standard_t(3, count)) * 2
    none = np.zeros(count)
    forecasts = Forecasts(
        np.zeros(count, dtype=np.int64),
        np.repeat(np.arange(2015.0, 2015 + origins), count // origins),
        np.full(count, 3),
        ratio,
        RandomWalk(none.astype(np.int64), none, none, none, none),
        none,
    )
    factor, others = calibrate(forecasts, 0.9, 6)
    width = prediction_quantile(0.9, 6)
    assert (ratio <= factor * width).mean() == pytest.approx(0.9, abs=0.001)
    assert (ratio <= others * width).mean() == pytest.approx(0.9, abs=0.02)
    assert len(set(others.tolist())) == origins


def test_random_walks_of_any_spread_are_held_at_the_nominal_share() -> None:
    random = np.random.default_rng(11)
    cities, years = 300, 12
    values = np.cumsum(random.normal(0.3, random.uniform(0.2, 2, (cities, 1)), (cities, years)), axis=1)
    series = Points(np.tile(np.arange(2013.0, 2013 + years), (cities, 1)), values, np.arange(cities) % 5)
    forecasts = backtest(series, scale("identity", size=cities), SHRINKAGE, points_min=4)
    for ahead in (2, 4, 6):
        tested = forecasts.select(np.flatnonzero(forecasts.ahead == ahead))
        _, others = calibrate(tested, 0.9, 6)
        assert 0.85 <= (tested.ratio <= others * prediction_quantile(0.9, 6)).mean() <= 0.95
