"""Newest figures: the last figure of each series against its history and against the move of the other cities.

Here: the predictive distribution of a city, the move of the others, and the other cities where there is no history. Not
here: the random walk (assets.core.random_walk), years between others (assets.quality.anomalies.outliers).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from assets.core.random_walk import Floats, Points, Scale, Shrinkage, choose_scales, fit_random_walk
from assets.quality.anomalies.observation import MAD_TO_SIGMA, Anomaly, Observation, Parameters, Series
from assets.quality.anomalies.panel import Panel, SeriesMetadata

# As in the projections: half of the median change of all cities is carried forward.
_DRIFT_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class _Deviation:
    """The last figure of a series, its distance from what was expected in standard errors, and the expected value."""

    observation: Observation
    size: float
    expected: float

    def report(self, threshold: float) -> Anomaly:
        """Return the anomaly."""
        return Anomaly(self.observation, self.size, threshold, f"≈ {self.expected:.4g}")


def detect_unlikely_figures(panel: Panel, parameters: Parameters) -> Iterator[Anomaly]:
    """Yield newest figures that are far from what was expected; the furthest are also implausible.

    The statistic is the smaller of two distances in standard errors: from the forecast of the city's history, and the
    same after subtracting the median distance of the other cities in that year, which is limited to `maximum_move`.
    Without enough history it is the distance of a rate from the other cities, in robust deviations.
    """
    yield from detect_implausible_figures(panel, parameters)
    for deviation in _from_cities(panel, parameters):
        if deviation.size > parameters["cities_threshold"]:
            yield deviation.report(parameters["cities_threshold"])


def detect_implausible_figures(panel: Panel, parameters: Parameters) -> Iterator[Anomaly]:
    """Yield newest figures that are further from the forecast of their history than almost any change of a year."""
    for deviation in _from_history(panel, parameters):
        if deviation.size > parameters["threshold"]:
            yield deviation.report(parameters["threshold"])


def _from_history(panel: Panel, parameters: Parameters) -> Iterator[_Deviation]:
    """Yield the newest figures of series with enough earlier years."""
    series = [_since_break(figures, panel.metadata) for figures in panel.series if figures[0].kind != "yes_no"]
    series = [figures for figures in series if len(figures) > parameters["minimum_years"]]
    if not series:
        return
    scale, points = _arrange(series, panel.metadata)
    last = np.array([len(figures) - 1 for figures in series])
    rows = np.arange(len(series))
    year, value = points.years[rows, last], points.values[rows, last]
    years, values = points.years.copy(), points.values.copy()
    years[rows, last] = values[rows, last] = np.nan
    shrinkage = Shrinkage(_DRIFT_SHARE, parameters["prior_points"])
    walk = fit_random_walk(Points(years, values, points.indicator), scale, shrinkage)
    distance = (value - walk.middle(year)) / walk.error(year)
    move = _move_of_others(distance, points, year, parameters)
    size = np.minimum(np.abs(distance), np.abs(distance - move))
    expected = scale.restore(scale.limit(walk.middle(year) + move * walk.error(year)))
    for i, figures in enumerate(series):
        yield _Deviation(figures[-1], float(size[i]), float(expected[i]))


def _since_break(figures: Series, metadata: SeriesMetadata) -> Series:
    """Return the figures since the last listed break of the series."""
    starts = [i for i, figure in enumerate(figures) if metadata.has_break(figure)]
    return figures[starts[-1] :] if starts else figures


def _arrange(series: list[Series], metadata: SeriesMetadata) -> tuple[Scale, Points]:
    """Return the series as arrays on the scales of their units, each row from the left."""
    names = sorted({(figures[0].indicator_id, figures[0].scope) for figures in series})
    number = {name: i for i, name in enumerate(names)}
    indicator = np.array([number[figures[0].indicator_id, figures[0].scope] for figures in series], dtype=np.int64)
    years = np.full((len(series), max(map(len, series))), np.nan)
    values = years.copy()
    for row, figures in enumerate(series):
        years[row, : len(figures)] = [figure.year for figure in figures]
        values[row, : len(figures)] = [figure.value for figure in figures]
    limits = [metadata.limits.get(figures[0].indicator_id, (None, None, 2)) for figures in series]
    low, high = (
        np.array([np.nan if (end := limit[side]) is None else end for limit in limits], dtype=np.float64)
        for side in (0, 1)
    )
    scale = choose_scales(values, indicator, low, high, np.array([limit[2] for limit in limits]))
    on_scale = np.array([scale.transform(column) for column in values.T]).T
    return scale, Points(years, on_scale, indicator)


def _move_of_others(distance: Floats, points: Points, year: Floats, parameters: Parameters) -> Floats:
    """Return for each series the median distance of the other cities whose newest figure is of the same year."""
    groups: dict[tuple[int, float], list[int]] = defaultdict(list)
    for row, key in enumerate(zip(points.indicator.tolist(), year.tolist(), strict=True)):
        groups[key].append(row)
    move = np.zeros(len(distance))
    for rows in groups.values():
        if len(rows) > parameters["minimum_cities"]:
            for row in rows:
                move[row] = np.median([distance[other] for other in rows if other != row])
    return np.clip(move, -parameters["maximum_move"], parameters["maximum_move"])


def _from_cities(panel: Panel, parameters: Parameters) -> Iterator[_Deviation]:
    """Yield rates without enough history, by their distance from the other cities of the year in robust deviations."""
    short = {
        id(figures[-1])
        for figures in panel.series
        if len(_since_break(figures, panel.metadata)) <= parameters["minimum_years"]
    }
    for figures in panel.cross_sections:
        if figures[0].kind != "rate" or len(figures) <= parameters["minimum_cities"]:
            continue
        values = _arrange([[figure] for figure in figures], panel.metadata)[1].values[:, 0]
        for i, figure in enumerate(figures):
            if id(figure) in short:
                others = np.delete(values, i)
                middle = np.median(others)
                spread = MAD_TO_SIGMA * np.median(np.abs(others - middle))
                size = abs(values[i] - middle) / max(spread, 1e-9)
                yield _Deviation(figure, float(size), float(np.median([f.value for f in figures])))
