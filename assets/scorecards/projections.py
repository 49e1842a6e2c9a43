"""The tables of projections and of their backtest.

Here: the layout of series as arrays, which series is projected how far, and the columns of the results. Not here: the
arithmetic (assets.scorecards.trend).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.core import random_walk
from assets.scorecards import trend
from assets.scorecards.arrays import (
    Columns,
    read_arrays,
    read_parameters,
    to_columns,
    to_floats,
    to_integers,
    to_numbers,
)
from assets.warehouse.connection import Connection

_SERIES = """
    select
        scores.city_code, scores.indicator_id, scores.data_status, indicators.kind, indicators.direction,
        indicators.minimum, indicators.maximum, indicators.decimals, scores.target_operator,
        scores.target_value, scores.target_value_high, scores.pace_year, scores.is_target_met,
        -- a target whose year has passed was met or missed: nothing is projected toward it
        case when scores.target_authority <> 'expired' then scores.target_id end as target_id
    from scorecards.indicator_scores as scores
    inner join reference.indicators as indicators on scores.indicator_id = indicators.indicator_id
    where scores.value is not null
    order by scores.city_code, scores.indicator_id
"""
_POINTS = "from scorecards.projection_points order by city_code, indicator_id, year"
# Rates and amounts err in different ways and are calibrated apart.
_KINDS = ("rate", "amount")


@dataclass(frozen=True, slots=True)
class _Layout:
    """The series as arrays: one row a series, its points from the left, on the scale of its unit."""

    points: random_walk.Points
    scale: random_walk.Scale
    targets: trend.TargetRange
    has_target: random_walk.Flags
    break_years: random_walk.Floats
    kind: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Calibration:
    """The backtest by kind (row) and years ahead (column): nan or 0 where nothing was tested."""

    factor: random_walk.Floats
    coverage: random_walk.Floats
    count: NDArray[np.int64]
    is_calibrated: random_walk.Flags


def build_projection_tables(connection: Connection) -> dict[str, Columns]:
    """Return the columns of scorecards.projections and scorecards.projection_backtest."""
    parameters = read_parameters(connection)
    series = read_arrays(connection, _SERIES)
    layout = _arrange(series, read_arrays(connection, _POINTS), int(parameters["projection_points_max"]))
    shrinkage = random_walk.Shrinkage(
        float(parameters["projection_drift_share"]), float(parameters["projection_prior_points"])
    )
    forecasts = trend.backtest(layout.points, layout.scale, shrinkage, int(parameters["projection_points_min"]))
    calibration, rows = _calibrate(layout, forecasts, parameters)
    walk = random_walk.fit_random_walk(layout.points, layout.scale, shrinkage)
    return {
        "projections": _projections(series, layout, walk, calibration, parameters),
        "projection_backtest": to_columns(rows),
    }


def _arrange(series: Mapping[str, NDArray[Any]], points: Mapping[str, NDArray[Any]], width: int) -> _Layout:
    """Lay out points by series; both inputs are in the order of city and indicator."""
    number = {key: n for n, key in enumerate(zip(series["city_code"], series["indicator_id"], strict=True))}
    keys = zip(points["city_code"], points["indicator_id"], strict=True)
    rows = np.array([number[key] for key in keys], dtype=np.int64)
    counts = np.bincount(rows, minlength=len(number)).astype(np.int64)
    columns = np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]
    years, values, breaks = (np.full((len(number), width), np.nan) for _ in range(3))
    years[rows, columns] = points["year"]
    values[rows, columns] = points["value"]
    breaks[rows, columns] = to_numbers(points["break_year"])
    _, indicator = np.unique(series["indicator_id"].astype(str), return_inverse=True)
    scale = random_walk.choose_scales(
        values, indicator, to_numbers(series["minimum"]), to_numbers(series["maximum"]), series["decimals"]
    )
    transformed = np.stack([scale.transform(values[:, column]) for column in range(width)], axis=1)
    return _Layout(
        random_walk.Points(years, transformed, indicator),
        scale,
        _target_ranges(series),
        np.array([target is not None for target in series["target_id"]], dtype=np.bool_),
        breaks[:, 0],
        np.where(series["kind"] == "rate", _KINDS.index("rate"), _KINDS.index("amount")),
    )


def _target_ranges(series: Mapping[str, NDArray[Any]]) -> trend.TargetRange:
    operator, direction = series["target_operator"], series["direction"]
    value, high = to_numbers(series["target_value"]), to_numbers(series["target_value_high"])
    is_range = operator == "between"
    is_floor = np.isin(operator, [">=", ">"]) | (np.isin(operator, ["=", "about"]) & (direction == 1))
    return trend.TargetRange(
        np.where(is_range | is_floor, value, -np.inf), np.where(is_range, high, np.where(is_floor, np.inf, value))
    )


def _calibrate(
    layout: _Layout, forecasts: trend.Forecasts, parameters: Mapping[str, Any]
) -> tuple[_Calibration, list[dict[str, Any]]]:
    """Calibrate each kind and horizon apart; return the calibration and the rows of the backtest."""
    level, degrees = float(parameters["interval_level"]), float(parameters["projection_degrees"])
    tolerance, minimum = float(parameters["coverage_tolerance"]), int(parameters["backtest_forecasts_min"])
    shape = (len(_KINDS), trend.MAX_HORIZON_YEARS + 1)
    factor, coverage = np.full(shape, np.nan), np.full(shape, np.nan)
    count, rows = np.zeros(shape, dtype=np.int64), []
    width = random_walk.prediction_quantile(level, degrees)
    kinds = layout.kind[forecasts.series]
    for kind, name in enumerate(_KINDS):
        for ahead in range(shape[1]):
            chosen = np.flatnonzero((kinds == kind) & (forecasts.ahead == ahead))
            count[kind, ahead] = len(chosen)
            if len(chosen) < minimum:
                continue
            tested = forecasts.select(chosen)
            factor[kind, ahead], others = trend.calibrate(tested, level, degrees)
            coverage[kind, ahead] = float((tested.ratio <= others * width).mean())
            rows.append(
                {
                    "kind": name,
                    "horizon_years": ahead,
                    "forecasts": len(chosen),
                    "origins": len(np.unique(tested.origin)),
                    "interval_level": level,
                    "uncalibrated_coverage_share": float((tested.ratio <= width).mean()),
                    "interval_factor": float(factor[kind, ahead]),
                    "coverage_share": float(coverage[kind, ahead]),
                    "is_published": bool(abs(coverage[kind, ahead] - level) <= tolerance),
                    **_brier_scores(layout, tested, others, degrees),
                }
            )
    return _Calibration(factor, coverage, count, np.abs(coverage - level) <= tolerance), rows


def _brier_scores(
    layout: _Layout, forecasts: trend.Forecasts, factor: random_walk.Floats, degrees: float
) -> dict[str, float | int | None]:
    """The mean squared error of the probabilities of meeting the target (Brier 1950), beside that of their mean."""
    chosen = np.flatnonzero(layout.has_target[forecasts.series])
    tested, targets = forecasts.select(chosen), layout.targets.select(forecasts.series[chosen])
    scale = layout.scale.select(tested.series)
    is_met = targets.contains(scale.restore(tested.figure)).astype(np.float64)
    if not len(chosen):
        return {"target_forecasts": 0, "brier_score": None, "brier_score_of_the_mean": None}
    probability = trend.target_probability(
        tested.walk, scale, tested.origin + tested.ahead, factor[chosen], targets, degrees
    )
    return {
        "target_forecasts": len(chosen),
        "brier_score": float(((probability - is_met) ** 2).mean()),
        "brier_score_of_the_mean": float(((is_met.mean() - is_met) ** 2).mean()),
    }


def _projections(
    series: Mapping[str, NDArray[Any]],
    layout: _Layout,
    walk: random_walk.RandomWalk,
    calibration: _Calibration,
    parameters: Mapping[str, Any],
) -> Columns:
    level, degrees = float(parameters["interval_level"]), float(parameters["projection_degrees"])
    horizon_year = float(parameters["horizon_year"])
    ahead = horizon_year - walk.last_year
    status = np.select(
        [
            series["kind"] == "yes_no",
            series["data_status"] == "stale",
            walk.count < int(parameters["projection_points_min"]),
            ~_is_calibrated(calibration, layout.kind, ahead),
        ],
        ["yes_no", "stale", "too_few_points", "not_calibrated"],
        "projected",
    )
    is_projected = status == "projected"
    years = np.where(is_projected, horizon_year, np.nan)
    middle, low, high = trend.prediction_interval(
        walk, layout.scale, years, _look_up(calibration.factor, layout.kind, ahead), level, degrees
    )
    target_years = np.where(is_projected & layout.has_target, to_numbers(series["pace_year"]), np.nan)
    target_ahead = target_years - walk.last_year
    is_tested = _is_calibrated(calibration, layout.kind, target_ahead)
    probability = trend.target_probability(
        walk,
        layout.scale,
        target_years,
        _look_up(calibration.factor, layout.kind, target_ahead),
        layout.targets,
        degrees,
    )
    is_met = np.array([flag is not None and bool(flag) for flag in series["is_target_met"]], dtype=np.bool_)
    reached = trend.expected_year(walk, layout.scale, layout.targets, is_met, ahead)
    last = layout.scale.restore(walk.last)
    return {
        "city_code": list(series["city_code"]),
        "indicator_id": list(series["indicator_id"]),
        "projection_status": list(status),
        "points": [int(count) for count in walk.count],
        "first_year": to_integers(layout.points.years[:, 0]),
        "last_year": to_integers(walk.last_year),
        "break_year": to_integers(layout.break_years),
        "scale": [random_walk.SCALES[kind] for kind in layout.scale.kind],
        "change_per_year": to_floats((middle - last) / ahead),
        "projected_year": to_integers(years),
        "projected_value": to_floats(middle),
        "projected_low": to_floats(low),
        "projected_high": to_floats(high),
        "interval_level": [level] * len(status),
        "coverage_share": to_floats(np.where(is_projected, _look_up(calibration.coverage, layout.kind, ahead), np.nan)),
        "coverage_forecasts": to_integers(
            np.where(is_projected, _look_up(calibration.count.astype(np.float64), layout.kind, ahead), np.nan)
        ),
        "target_id": list(series["target_id"]),
        "target_year": to_integers(target_years),
        "probability_met": to_floats(np.where(is_tested, probability, np.nan)),
        "expected_year": to_integers(np.where(is_projected & layout.has_target, reached, np.nan)),
    }


def _is_calibrated(calibration: _Calibration, kind: NDArray[np.int64], ahead: random_walk.Floats) -> random_walk.Flags:
    flags: random_walk.Flags = _look_up(calibration.is_calibrated.astype(np.float64), kind, ahead) == 1
    return flags


def _look_up(table: random_walk.Floats, kind: NDArray[np.int64], ahead: random_walk.Floats) -> random_walk.Floats:
    """The cell of each series in a table by kind and years ahead; nan beyond the table."""
    is_inside = (ahead >= 0) & (ahead < table.shape[1])
    return np.where(is_inside, table[kind, np.where(is_inside, ahead, 0).astype(np.int64)], np.nan)
