"""Trend: a straight line through the latest yearly points of many series, with its uncertainty.

Here: ordinary least squares, prediction intervals, probabilities and years of attainment, on numpy arrays; a series
is a row. Not here: which points a series has (sql/scorecards/projection_points.sql), reading and writing tables
(assets.scorecards.tables).

The formulas are those of simple linear regression in any textbook (Montgomery, Peck and Vining, Introduction to Linear
Regression Analysis, chapter 2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# A straight line is not extrapolated further than this from the last figure.
MAX_HORIZON_YEARS = 30


@dataclass(frozen=True, slots=True)
class OlsFit:
    """Least squares lines, one a series; years are counted from the last point of each, to keep the sums small.

    Attributes:
        points: number n of points of the series.
        last_year: year of its last point.
        mean_year: mean of x, the years from the last point.
        mean_value: mean of y, in the unit of the indicator.
        spread: Sxx, the sum of (x - mean x)^2.
        slope: Sxy / Sxx, in the unit a year.
        deviation: residual standard deviation, sqrt(SSE / (n - 2)).
    """

    points: NDArray[np.int64]
    last_year: Floats
    mean_year: Floats
    mean_value: Floats
    spread: Floats
    slope: Floats
    deviation: Floats

    def at(self, years: Floats) -> Floats:
        """Return the value of each line in a year of its own."""
        return self.mean_value + self.slope * (years - self.last_year - self.mean_year)

    def error_at(self, years: Floats) -> Floats:
        """Return the standard error of a new observation: deviation * sqrt(1 + 1/n + (x - mean x)^2 / Sxx)."""
        distance = years - self.last_year - self.mean_year
        return self.deviation * np.sqrt(1 + 1 / self.points + distance**2 / self.spread)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Physical limits of the unit, infinite where there is none."""

    minimum: Floats
    maximum: Floats

    def clip(self, values: Floats) -> Floats:
        return np.clip(values, self.minimum, self.maximum)


@dataclass(frozen=True, slots=True)
class TargetRange:
    """The values that meet the target: [low, high], without its ends where `is_strict`."""

    low: Floats
    high: Floats
    is_strict: Flags


def fit_ols(years: Floats, values: Floats, is_present: Flags) -> OlsFit:
    """Fit a line to each series (arrays of series by point, `is_present` marks the points); each needs three points."""
    points = is_present.sum(axis=1)
    last = np.where(is_present, years, -np.inf).max(axis=1)
    x = np.where(is_present, years - last[:, None], 0.0)
    y = np.where(is_present, values, 0.0)
    mean_x, mean_y = x.sum(axis=1) / points, y.sum(axis=1) / points
    dx = np.where(is_present, x - mean_x[:, None], 0.0)
    dy = np.where(is_present, y - mean_y[:, None], 0.0)
    spread = (dx * dx).sum(axis=1)
    slope = (dx * dy).sum(axis=1) / spread
    residuals = np.where(is_present, dy - slope[:, None] * dx, 0.0)
    deviation = np.sqrt((residuals * residuals).sum(axis=1) / (points - 2))
    # The residuals of points on a straight line are rounding of doubles, not uncertainty.
    scale = np.abs(np.where(is_present, values, 0.0)).max(axis=1)
    deviation = np.where(deviation <= 1e-12 * np.maximum(scale, 1e-300), 0.0, deviation)
    return OlsFit(points, last, mean_x, mean_y, spread, slope, deviation)


def prediction_interval(fit: OlsFit, years: Floats, level: float, bounds: Bounds) -> tuple[Floats, Floats, Floats]:
    """Return value, low and high end of the prediction interval (Student t, n - 2 degrees of freedom) in a year.

    `level` is a probability such as 0.8; the values are clipped to the limits of the unit.
    """
    from scipy.special import stdtrit  # takes long to import, and only projections need it

    half = stdtrit(fit.points - 2, (1 + level) / 2) * fit.error_at(years)
    middle = fit.at(years)
    return bounds.clip(middle), bounds.clip(middle - half), bounds.clip(middle + half)


def target_probability(fit: OlsFit, years: Floats, targets: TargetRange, bounds: Bounds) -> Floats:
    """Return the probability that an observation in a year meets the target, given the limits of the unit."""
    above = _probability_above(fit, years, targets.low, ~targets.is_strict)
    below = 1 - _probability_above(fit, years, targets.high, targets.is_strict)
    # An observation beyond a limit of the unit would be reported at that limit.
    floor, ceiling = bounds.minimum, bounds.maximum
    above = np.where(_is_below(targets.low, floor, targets.is_strict), 1.0, above)
    above = np.where(_is_below(ceiling, targets.low, ~targets.is_strict), 0.0, above)
    below = np.where(_is_below(ceiling, targets.high, targets.is_strict), 1.0, below)
    below = np.where(_is_below(targets.high, floor, ~targets.is_strict), 0.0, below)
    return np.clip(above + below - 1, 0.0, 1.0)


def _is_below(lower: Floats, upper: Floats, is_strict: Flags) -> Flags:
    return np.where(is_strict, lower < upper, lower <= upper)


def _probability_above(fit: OlsFit, years: Floats, limit: Floats, including: Flags) -> Floats:
    from scipy.special import stdtr

    middle, error = fit.at(years), fit.error_at(years)
    certain = np.where(including, middle >= limit, middle > limit).astype(np.float64)
    distance = np.divide(middle - limit, error, out=np.zeros_like(middle), where=(error > 0) & np.isfinite(limit))
    uncertain = np.where(np.isfinite(limit), stdtr(fit.points - 2, distance), (limit < 0).astype(np.float64))
    return np.where(error > 0, uncertain, certain)


def expected_year(fit: OlsFit, targets: TargetRange, bounds: Bounds, is_met: Flags) -> Floats:
    """Return the first year in which the line meets the target; nan beyond MAX_HORIZON_YEARS or in the wrong direction.

    Where the last figure meets the target (`is_met`), it is the year of that figure.
    """
    last = fit.at(fit.last_year)
    limit = np.where(last < targets.low, targets.low, targets.high)
    possible = (limit >= bounds.minimum) & (limit <= bounds.maximum) & np.isfinite(limit)
    moves_towards = np.where(last < targets.low, fit.slope > 0, fit.slope < 0)
    ahead = np.divide(limit - last, fit.slope, out=np.full_like(last, np.nan), where=possible & moves_towards)
    # The line may have passed a target that the last figure has not: then the next year is the first that counts.
    has_passed = (last >= targets.low) & (last <= targets.high)
    # Without the tolerance, rounding would add a year where the line meets the target in exactly a whole year.
    years = np.where(has_passed, 1.0, np.maximum(np.ceil(ahead - 1e-9), 1.0))
    moves_away = has_passed & np.where(np.isfinite(targets.low), fit.slope < 0, fit.slope > 0)
    years = np.where((years <= MAX_HORIZON_YEARS) & ~moves_away, years, np.nan)
    return fit.last_year + np.where(is_met, 0.0, years)
