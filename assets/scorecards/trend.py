"""Trend: a random walk with drift through the yearly points of many series, on the scale of their unit.

Here: scales, the fit, predictive distributions, and the backtest that calibrates them, on numpy arrays; a series is a
row. Not here: which points a series has (sql/scorecards/projection_points.sql), reading and writing tables
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
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]

SCALES = ("identity", "log", "logit")
_IDENTITY, _LOG, _LOGIT = range(len(SCALES))
# Chosen by the backtest of the shipped rates: a smaller one widens their intervals, a larger one bends them less.
LIMIT_MARGIN = 0.02
# No forecast looks further ahead; the shortest series of the backtest leave at most as many years.
MAX_HORIZON_YEARS = 10
_MIN_HORIZON_YEARS = 2


@dataclass(frozen=True, slots=True)
class Scale:
    """How the values of each series are transformed, so that a forecast stays inside the limits of its unit.

    logit of the place between two limits, which are moved apart by LIMIT_MARGIN of their distance so that a figure at
    a limit has a finite place and the step from 99.9 to 100 stays small; log above a limit of 0 where all figures of
    the indicator are positive; the values themselves elsewhere. Restored values are limited to the unit.

    Attributes:
        kind: index into SCALES.
        minimum: lower limit of the unit, -inf where there is none.
        maximum: upper limit, inf where there is none.
        step: half of the last published decimal.
    """

    kind: NDArray[np.integer[Any]]
    minimum: Floats
    maximum: Floats
    step: Floats

    def select(self, series: Any) -> Scale:
        """Return the scale of some of the series."""
        return Scale(self.kind[series], self.minimum[series], self.maximum[series], self.step[series])

    def transform(self, values: Floats) -> Floats:
        """Return values, one a series, on the scale."""
        with np.errstate(invalid="ignore", divide="ignore"):
            margin = LIMIT_MARGIN * (self.maximum - self.minimum)
            inside = np.clip(values, self.minimum, self.maximum)
            odds = (inside - self.minimum + margin) / (self.maximum - inside + margin)
            return np.select(
                [self.kind == _LOGIT, self.kind == _LOG], [np.log(odds), np.log(np.maximum(values, self.step))], values
            )

    def restore(self, values: Floats) -> Floats:
        """Return values of the scale, one a series, in the unit of the indicator."""
        with np.errstate(invalid="ignore", over="ignore"):
            span = self.maximum - self.minimum
            place = self.minimum - LIMIT_MARGIN * span + span * (1 + 2 * LIMIT_MARGIN) / (1 + np.exp(-values))
            figures = np.select([self.kind == _LOGIT, self.kind == _LOG], [place, np.exp(values)], values)
        inside: Floats = np.clip(figures, self.minimum, self.maximum)
        return inside

    def limit(self, values: Floats) -> Floats:
        """Return values of the scale limited to those of the limits of the unit."""
        return np.clip(values, self.transform(self.minimum), self.transform(self.maximum))


@dataclass(frozen=True, slots=True)
class Points:
    """The points of the series (series by point, from the left), on the scale, and the indicator of each series."""

    years: Floats
    values: Floats
    indicator: Integers

    @property
    def is_present(self) -> Flags:
        return ~np.isnan(self.years)

    def until(self, year: float) -> Points:
        """Return the points up to a year."""
        is_earlier = self.years <= year
        return Points(
            np.where(is_earlier, self.years, np.nan), np.where(is_earlier, self.values, np.nan), self.indicator
        )


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """Parameters of the method: how far a city follows all cities of its indicator.

    Attributes:
        drift_share: share of the median yearly change of all cities that is carried forward.
        prior_points: yearly changes of a city that weigh as much as the variance of all cities.
        degrees: degrees of freedom of the Student t distribution of a forecast.
    """

    drift_share: float
    prior_points: float
    degrees: float


@dataclass(frozen=True, slots=True)
class RandomWalk:
    """One random walk a series, on its scale: the last point, the drift a year and the innovation variance a year."""

    count: Integers
    last_year: Floats
    last: Floats
    drift: Floats
    variance: Floats

    def middle(self, years: Floats) -> Floats:
        """Return the median forecast in a year of each series."""
        return self.last + self.drift * (years - self.last_year)

    def error(self, years: Floats) -> Floats:
        """Return the standard error of the forecast, sqrt(variance * years ahead)."""
        return np.sqrt(self.variance * np.maximum(years - self.last_year, 0))


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


def choose_scales(
    values: Floats, indicator: Integers, minimum: Floats, maximum: Floats, decimals: NDArray[Any]
) -> Scale:
    """Choose the scale of each series from the limits of its unit and the figures of its indicator.

    Args:
        values: points in the unit, series by point; nan where there is none.
        indicator: number of the indicator of each series, 0 to n - 1.
        minimum: lower limit of the unit; nan where there is none.
        maximum: upper limit; nan where there is none.
        decimals: published decimals.
    """
    is_positive = np.ones(int(indicator.max(initial=-1)) + 1, dtype=np.bool_)
    np.logical_and.at(is_positive, indicator, ~(values <= 0).any(axis=1))
    is_log = (minimum == 0) & np.isnan(maximum) & is_positive[indicator]
    kind = np.where(~np.isnan(minimum) & ~np.isnan(maximum), _LOGIT, np.where(is_log, _LOG, _IDENTITY))
    low, high = np.where(np.isnan(minimum), -np.inf, minimum), np.where(np.isnan(maximum), np.inf, maximum)
    return Scale(kind, low, high, 0.5 * 10.0 ** -np.asarray(decimals, dtype=np.float64))


def fit_random_walk(points: Points, scale: Scale, shrinkage: Shrinkage) -> RandomWalk:
    """Fit a random walk to each series; needs no minimum of points, a caller decides which series count.

    drift = drift_share * median of the yearly changes of the indicator;
    variance = (sum of r^2 / gap + prior_points * pooled) / (changes + prior_points), r = change - drift * gap, where
    pooled is the mean of r^2 / gap over the indicator. It is never below the step of the published decimals.
    """
    gaps, changes = np.diff(points.years, axis=1), np.diff(points.values, axis=1)
    has_change = ~np.isnan(gaps)
    groups = int(points.indicator.max(initial=-1)) + 1
    group = np.broadcast_to(points.indicator[:, None], gaps.shape)[has_change]
    medians = _group_medians((changes[has_change] / gaps[has_change]), group, groups)
    drift = shrinkage.drift_share * medians[points.indicator]
    squares = np.where(has_change, (changes - drift[:, None] * gaps) ** 2 / gaps, 0.0)
    own, count = squares.sum(axis=1), has_change.sum(axis=1)
    sums = np.bincount(points.indicator, own, groups)
    pooled = sums / np.maximum(np.bincount(points.indicator, count, groups), 1)
    variance = own + shrinkage.prior_points * pooled[points.indicator]
    variance /= np.maximum(count + shrinkage.prior_points, 1)
    number = points.is_present.sum(axis=1)
    ends = (np.arange(len(number)), np.maximum(number, 1) - 1)
    last = points.values[ends]
    return RandomWalk(number, points.years[ends], last, drift, np.maximum(variance, _resolution(scale, last) ** 2))


def _resolution(scale: Scale, values: Floats) -> Floats:
    """Half a step of the published decimals around a value, on the scale."""
    figures = scale.restore(values)
    width: Floats = scale.transform(figures + scale.step) - scale.transform(figures - scale.step)
    return width / 2


def _group_medians(values: Floats, group: Integers, groups: int) -> Floats:
    """The median of the values of each group, 0 for a group without values."""
    ordered = values[np.lexsort((values, group))]
    counts = np.bincount(group, minlength=groups)
    starts = np.cumsum(counts) - counts
    low, high = starts + np.maximum(counts - 1, 0) // 2, starts + counts // 2
    if not len(ordered):
        return np.zeros(groups)
    middle = (ordered[np.minimum(low, len(ordered) - 1)] + ordered[np.minimum(high, len(ordered) - 1)]) / 2
    return np.where(counts > 0, middle, 0.0)


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


def prediction_quantile(level: float, degrees: float) -> float:
    """Return the half width, in standard errors, of the interval of a level (Student t)."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + level) / 2))


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
