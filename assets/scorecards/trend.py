"""Projections: a straight line through the latest yearly points of many series at once, with its uncertainty.

Here: least squares, prediction intervals, probabilities and years of attainment, on numpy arrays; a series is a row.
Not here: which points a series has (sql/scorecards/projection_points.sql), reading and writing tables
(assets.scorecards.assets).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Beyond this many years from the last figure a straight line says nothing.
MAX_HORIZON_YEARS = 30


@dataclass(frozen=True, slots=True)
class OlsFit:
    """Least squares lines, one a series; years are counted from the last point of each, to keep the sums small."""

    points: NDArray[np.int64]
    last_year: Floats
    mean_year: Floats
    mean_value: Floats
    spread: Floats
    slope: Floats
    deviation: Floats

    def at(self, years: Floats) -> Floats:
        """The value of each line in a year."""
        return self.mean_value + self.slope * (years - self.last_year - self.mean_year)

    def error_at(self, years: Floats) -> Floats:
        """Standard error of a new observation in a year."""
        away = years - self.last_year - self.mean_year
        return self.deviation * np.sqrt(1 + 1 / self.points + away**2 / self.spread)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Physical limits of the unit, infinite where there is none."""

    minimum: Floats
    maximum: Floats

    def hold(self, values: Floats) -> Floats:
        return np.clip(values, self.minimum, self.maximum)


@dataclass(frozen=True, slots=True)
class TargetRange:
    """What a series is to reach: a value in [low, high]; `is_strict` where the end itself does not count."""

    low: Floats
    high: Floats
    is_strict: Flags


def fit_ols(years: Floats, values: Floats, is_there: Flags) -> OlsFit:
    """Lines through the points that are there: arrays of series by point. A series needs three points or more."""
    points = is_there.sum(axis=1)
    last = np.where(is_there, years, -np.inf).max(axis=1)
    x = np.where(is_there, years - last[:, None], 0.0)
    y = np.where(is_there, values, 0.0)
    mean_x, mean_y = x.sum(axis=1) / points, y.sum(axis=1) / points
    dx = np.where(is_there, x - mean_x[:, None], 0.0)
    dy = np.where(is_there, y - mean_y[:, None], 0.0)
    spread = (dx * dx).sum(axis=1)
    slope = (dx * dy).sum(axis=1) / spread
    residuals = np.where(is_there, dy - slope[:, None] * dx, 0.0)
    deviation = np.sqrt((residuals * residuals).sum(axis=1) / (points - 2))
    # what is left of a series on a straight line is the rounding of doubles, no uncertainty
    scale = np.abs(np.where(is_there, values, 0.0)).max(axis=1)
    deviation = np.where(deviation <= 1e-12 * np.maximum(scale, 1e-300), 0.0, deviation)
    return OlsFit(points, last, mean_x, mean_y, spread, slope, deviation)


def prediction_interval(lines: OlsFit, years: Floats, level: float, bounds: Bounds) -> tuple[Floats, Floats, Floats]:
    """Value, low and high end of the prediction interval (Student t) in a year, held to the limits of the unit."""
    from scipy.special import stdtrit  # its import would cost every command; only projections need it

    half = stdtrit(lines.points - 2, (1 + level) / 2) * lines.error_at(years)
    middle = lines.at(years)
    return bounds.hold(middle), bounds.hold(middle - half), bounds.hold(middle + half)


def target_probability(lines: OlsFit, years: Floats, goals: TargetRange, bounds: Bounds) -> Floats:
    """Probability that an observation in a year lies within the goal, given what the unit can be at all."""
    over = _probability_above(lines, years, goals.low, ~goals.is_strict)
    under = 1 - _probability_above(lines, years, goals.high, goals.is_strict)
    # an observation beyond a limit of the unit would be seen at that limit
    floor, ceiling = bounds.minimum, bounds.maximum
    over = np.where(_within(goals.low, floor, goals.is_strict), 1.0, over)
    over = np.where(_within(ceiling, goals.low, ~goals.is_strict), 0.0, over)
    under = np.where(_within(ceiling, goals.high, goals.is_strict), 1.0, under)
    under = np.where(_within(goals.high, floor, ~goals.is_strict), 0.0, under)
    return np.clip(over + under - 1, 0.0, 1.0)


def _within(lower: Floats, upper: Floats, is_strict: Flags) -> Flags:
    return np.where(is_strict, lower < upper, lower <= upper)


def _probability_above(lines: OlsFit, years: Floats, limit: Floats, including: Flags) -> Floats:
    from scipy.special import stdtr

    middle, error = lines.at(years), lines.error_at(years)
    certain = np.where(including, middle >= limit, middle > limit).astype(np.float64)
    distance = np.divide(middle - limit, error, out=np.zeros_like(middle), where=(error > 0) & np.isfinite(limit))
    uncertain = np.where(np.isfinite(limit), stdtr(lines.points - 2, distance), (limit < 0).astype(np.float64))
    return np.where(error > 0, uncertain, certain)


def expected_year(lines: OlsFit, goals: TargetRange, bounds: Bounds, is_met: Flags) -> Floats:
    """First year in which the line lies within the goal: that of the last figure where it is met, nan out of sight."""
    last = lines.at(lines.last_year)
    goal = np.where(last < goals.low, goals.low, goals.high)
    possible = (goal >= bounds.minimum) & (goal <= bounds.maximum) & np.isfinite(goal)
    moves_toward = np.where(last < goals.low, lines.slope > 0, lines.slope < 0)
    ahead = np.divide(goal - last, lines.slope, out=np.full_like(last, np.nan), where=possible & moves_toward)
    # the line may have passed a goal that the last figure has not: then the next year is the first that counts
    has_passed = (last >= goals.low) & (last <= goals.high)
    # less a breath, or a line that meets the goal in a whole year would be told the year after
    years = np.where(has_passed, 1.0, np.maximum(np.ceil(ahead - 1e-9), 1.0))
    away = has_passed & np.where(np.isfinite(goals.low), lines.slope < 0, lines.slope > 0)
    years = np.where((years <= MAX_HORIZON_YEARS) & ~away, years, np.nan)
    return lines.last_year + np.where(is_met, 0.0, years)
