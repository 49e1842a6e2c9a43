"""Trend: random walks projected to a target year, and the backtest that calibrates their width.

Here: predictive distributions, on numpy arrays; a series is a row. Not here: scales and the fit
(assets.core.random_walk), which points a series has (sql/scorecards/projection_points.sql), reading and writing tables
(assets.scorecards.projections).

A random walk is chosen over a line with independent errors because yearly figures depend on each other: the 90 %
interval of the line held 60 to 65 % of later figures. Drift and variance are shrunk towards those of all cities, as in
empirical Bayes estimation (Efron and Morris 1973, doi:10.1080/01621459.1973.10481350); the width is calibrated on
past forecasts, as in split conformal prediction (Lei et al. 2018, doi:10.1080/01621459.2017.1307116).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from assets.core.random_walk import (
    Flags,
    Floats,
    Integers,
    Points,
    RandomWalk,
    Scale,
    Shrinkage,
    fit_random_walk,
    prediction_quantile,
)

# No forecast looks further ahead; the shortest series of the backtest leave at most as many years.
MAX_HORIZON_YEARS = 10
_MIN_HORIZON_YEARS = 2


@dataclass(frozen=True, slots=True)
class TargetRange:
    """The values that meet the target, [low, high] in the unit; infinite where there is no such end."""

    low: Floats
    high: Floats

    def select(self, series: Any) -> TargetRange:
        """Return the ranges of some of the series."""
        return TargetRange(self.low[series], self.high[series])

    def contains(self, values: Floats) -> Flags:
        """Return whether each value meets the target of its series."""
        return (values >= self.low) & (values <= self.high)


def prediction_interval(
    walk: RandomWalk, scale: Scale, years: Floats, factor: Floats, level: float, degrees: float
) -> tuple[Floats, Floats, Floats]:
    """Return median, low and high end of the prediction interval in a year, in the unit.

    Half of the width on the scale is factor * t(level, degrees) * sqrt(variance * years ahead).
    """
    middle = scale.limit(walk.middle(years))
    half = factor * prediction_quantile(level, degrees) * walk.error(years)
    return scale.restore(middle), scale.restore(middle - half), scale.restore(middle + half)


def target_probability(
    walk: RandomWalk, scale: Scale, years: Floats, factor: Floats, targets: TargetRange, degrees: float
) -> Floats:
    """Return the probability that the figure of a year meets the target, by the distribution of the interval."""
    from scipy.special import stdtr  # takes long to import, and only projections need it

    middle, error = walk.middle(years), factor * walk.error(years)
    low, high = (
        np.where(np.isfinite(end), (scale.transform(end) - middle) / error, end) for end in (targets.low, targets.high)
    )
    above, below = 1 - stdtr(degrees, low), stdtr(degrees, high)
    # On the scale a target beyond a limit of the unit would count as one at the limit.
    above = np.where(targets.low > scale.maximum, 0.0, np.where(targets.low <= scale.minimum, 1.0, above))
    below = np.where(targets.high < scale.minimum, 0.0, np.where(targets.high >= scale.maximum, 1.0, below))
    probability: Floats = np.clip(above + below - 1, 0.0, 1.0)
    return probability


def expected_year(walk: RandomWalk, scale: Scale, targets: TargetRange, is_met: Flags, horizon: Floats) -> Floats:
    """Return the first year in which the median forecast meets the target; nan beyond `horizon` years ahead.

    Where the last figure meets the target (`is_met`), it is the year of that figure.
    """
    years = np.where(is_met, walk.last_year, np.nan)
    for ahead in range(1, MAX_HORIZON_YEARS + 1):
        is_reached = targets.contains(scale.restore(walk.middle(walk.last_year + ahead))) & (ahead <= horizon)
        years = np.where(np.isnan(years) & is_reached, walk.last_year + ahead, years)
    return years


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Past forecasts and what came: one a series, origin and later figure.

    Attributes:
        series: number of the series.
        origin: year of the last figure that the forecast used.
        ahead: years from there to the later figure.
        ratio: distance between figure and forecast, on the scale, in standard errors.
        walk: the random walk of each forecast.
        figure: the later figure on the scale.
    """

    series: Integers
    origin: Floats
    ahead: Integers
    ratio: Floats
    walk: RandomWalk
    figure: Floats

    def select(self, chosen: Any) -> Forecasts:
        """Return some of the forecasts."""
        walk = RandomWalk(*(getattr(self.walk, name)[chosen] for name in RandomWalk.__slots__))
        return Forecasts(
            self.series[chosen], self.origin[chosen], self.ahead[chosen], self.ratio[chosen], walk, self.figure[chosen]
        )


def backtest(points: Points, scale: Scale, shrinkage: Shrinkage, points_min: int) -> Forecasts:
    """Forecast every later figure of every series from each of its origins, with what was known in that year."""
    parts = []
    for origin in np.unique(points.years[points.is_present])[:-1]:
        ahead = points.years - origin
        is_origin = (ahead == 0).any(axis=1) & ((ahead <= 0).sum(axis=1) >= points_min)
        chosen = is_origin[:, None] & (ahead >= _MIN_HORIZON_YEARS) & (ahead <= MAX_HORIZON_YEARS)
        series, column = np.nonzero(chosen)
        if not len(series):
            continue
        walk = fit_random_walk(points.until(origin), scale, shrinkage)
        own = RandomWalk(*(getattr(walk, name)[series] for name in RandomWalk.__slots__))
        years, figure = points.years[series, column], points.values[series, column]
        ratio = np.abs(figure - own.middle(years)) / own.error(years)
        parts.append(Forecasts(series, own.last_year, (years - origin).astype(np.int64), ratio, own, figure))
    return _join(parts)


def _join(parts: list[Forecasts]) -> Forecasts:
    if not parts:
        none, whole = np.zeros(0), np.zeros(0, dtype=np.int64)
        return Forecasts(whole, none, whole, none, RandomWalk(whole, none, none, none, none), none)
    walk = RandomWalk(*(np.concatenate([getattr(part.walk, name) for part in parts]) for name in RandomWalk.__slots__))
    return Forecasts(
        np.concatenate([part.series for part in parts]),
        np.concatenate([part.origin for part in parts]),
        np.concatenate([part.ahead for part in parts]),
        np.concatenate([part.ratio for part in parts]),
        walk,
        np.concatenate([part.figure for part in parts]),
    )


def calibrate(forecasts: Forecasts, level: float, degrees: float) -> tuple[float, Floats]:
    """Return the factor of the width with which intervals hold a share `level` of past figures.

    Returns:
        The factor, and for each forecast the factor that the forecasts of the other origins give: with it the share
        of figures inside is a fair test. Where all forecasts have one origin, it is the factor of all.
    """
    width = prediction_quantile(level, degrees)
    factor = float(np.quantile(forecasts.ratio, level, method="higher")) / width
    others = np.full(len(forecasts.ratio), factor)
    origins = np.unique(forecasts.origin)
    if len(origins) > 1:
        for origin in origins:
            is_own = forecasts.origin == origin
            others[is_own] = float(np.quantile(forecasts.ratio[~is_own], level, method="higher")) / width
    return factor, others
