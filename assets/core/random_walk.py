"""Random walks with drift through the yearly points of many series, on the scale of their unit.

Here: scales, the fit and the quantile of a forecast, on numpy arrays; a series is a row. Not here: projections to a
target year and their backtest (assets.scorecards.trend), detectors of implausible figures (assets.quality.anomalies).
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
    """

    drift_share: float
    prior_points: float


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


def prediction_quantile(level: float, degrees: float) -> float:
    """Return the half width, in standard errors, of the interval of a level (Student t)."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + level) / 2))
