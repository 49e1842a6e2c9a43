"""The current figures of cities as one array, and what the other years of a city let expect.

Here: columns (an indicator in a scope), cities and years as axes, the scale of each column, expected values and the
usual deviations from them. Not here: what a deviation means (the detectors).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.core.random_walk import Flags, Floats, Integers, Scale, choose_scales
from assets.quality.anomalies.observation import MAD_TO_SIGMA, Observation, Parameters

Limits = Mapping[str, tuple[float | None, float | None, int]]

# Years of one column that weigh as much as all its cities together in the usual deviation of a city.
_PRIOR_YEARS = 4
# The usual deviation is at least this share of the spread between cities: constant figures are not infinitely certain.
_SPREAD_SHARE = 0.05
# A line through two years fits them whatever they are.
_LINE_YEARS = 3


@dataclass(frozen=True)
class Cube:
    """Figures on the scale of their unit; nan where there is none.

    Attributes:
        columns: (indicator, scope) of the first axis.
        cities: Codes of the second axis.
        years: The third axis.
        scale: The scale of each column.
        values: The values on the scale.
        observations: The observation of each cell, or None.
    """

    columns: Sequence[tuple[str, str]]
    cities: Sequence[str]
    years: Integers
    scale: Scale
    values: Floats
    observations: NDArray[np.object_]


def build_cube(observations: Sequence[Observation], limits: Limits) -> Cube:
    """Arrange the observations of cities; yes-no answers are left out, because they have no distances."""
    cells = [o for o in observations if o.city_code is not None and o.kind != "yes_no"]
    columns = sorted({(o.indicator_id, o.scope) for o in cells})
    cities = sorted({o.city_code or "" for o in cells})
    years = sorted({o.year for o in cells})
    position: list[dict[Any, int]] = [{name: i for i, name in enumerate(axis)} for axis in (columns, cities, years)]
    raw = np.full((len(columns), len(cities), len(years)), np.nan)
    kept = np.full(raw.shape, None, dtype=object)
    for o in cells:
        cell = position[0][o.indicator_id, o.scope], position[1][o.city_code], position[2][o.year]
        raw[cell], kept[cell] = o.value, o
    flat = raw.reshape(len(columns), len(cities) * len(years))
    scale = _choose_scales(columns, flat, limits)
    values = scale.select(np.s_[:, None]).transform(flat).reshape(raw.shape)
    return Cube(columns, cities, np.array(years, dtype=np.int64), scale, values, kept)


def _choose_scales(columns: Sequence[tuple[str, str]], values: Floats, limits: Limits) -> Scale:
    """Return the scale of each column, chosen from its figures."""
    known = [limits.get(name, (None, None, 2)) for name, _ in columns]
    low, high = (np.array([limit[end] for limit in known], dtype=np.float64) for end in (0, 1))
    return choose_scales(values, np.arange(len(columns)), low, high, np.array([limit[2] for limit in known]))


@dataclass(frozen=True)
class Expectation:
    """What the other years let expect of each cell of an array of values on the scale.

    Attributes:
        values: The values on the scale; nan where there is none.
        middle: The median of the nearest other years of the city, near years weighing more; also of a year
            without a value.
        trend: The line through those years, or the median where they are fewer than three.
    """

    values: Floats
    middle: Floats
    trend: Floats

    @cached_property
    def deviation(self) -> Floats:
        """The distance from the expected value, without the common change of all cities in the year."""
        distance = self.values - self.middle
        return distance - median_of_known(distance, axis=1)[:, None, :]

    @cached_property
    def sigma(self) -> Floats:
        """The usual deviation of each city in each column, drawn towards that of all cities."""
        size = np.abs(self.deviation)
        count = (~np.isnan(size)).sum(axis=2)
        pooled = MAD_TO_SIGMA * median_of_known(size.reshape(len(size), -1), axis=1)[:, None]
        own = np.nan_to_num(MAD_TO_SIGMA * median_of_known(size, axis=2))
        sigma = np.sqrt((count * own**2 + _PRIOR_YEARS * np.nan_to_num(pooled) ** 2) / (count + _PRIOR_YEARS))
        spread = np.nan_to_num(median_of_known(_deviation_of_cities(self.values), axis=1))[:, None]
        floored: Floats = np.maximum(sigma, _SPREAD_SHARE * spread + 1e-4)
        return floored


def expect(values: Floats, years: Integers, parameters: Parameters) -> Expectation:
    """Return what the nearest other years of each series let expect, where there are enough of them."""
    nearest, minimum = int(parameters["nearest_years"]), parameters["minimum_years"]
    series = values.reshape(-1, values.shape[2]) if values.size else values.reshape(0, len(years))
    is_known: Flags = ~np.isnan(series)
    middle, trend = np.full(series.shape, np.nan), np.full(series.shape, np.nan)
    patterns, pattern_of = np.unique(is_known, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        rows = np.nonzero(pattern_of.ravel() == number)[0]
        present = np.nonzero(pattern)[0]
        for year in range(len(years)):
            others = sorted(present[present != year], key=lambda i: (abs(years[i] - years[year]), years[i]))[:nearest]
            if len(others) >= minimum:
                distances, near = years[others] - years[year], series[np.ix_(rows, others)]
                middle[rows, year] = _weighted_median(near, 1.0 / np.abs(distances) ** 1.5)
                is_line = len(others) >= _LINE_YEARS
                trend[rows, year] = np.polyfit(distances, near.T, 1)[1] if is_line else middle[rows, year]
    return Expectation(values, middle.reshape(values.shape), trend.reshape(values.shape))


def _weighted_median(values: Floats, weights: Floats) -> Floats:
    """Return the weighted median of each row, interpolated between the two middle values."""
    order = np.argsort(values, axis=1, kind="stable")
    ordered, share = np.take_along_axis(values, order, axis=1), weights[order]
    places = (np.cumsum(share, axis=1) - share / 2) / share.sum(axis=1, keepdims=True)
    right = np.clip((places < 0.5).sum(axis=1), 1, values.shape[1] - 1) if values.shape[1] > 1 else None
    if right is None:
        return ordered[:, 0]
    rows = np.arange(len(values))
    low, high = places[rows, right - 1], places[rows, right]
    part = np.clip((0.5 - low) / (high - low), 0.0, 1.0)
    middle: Floats = ordered[rows, right - 1] * (1 - part) + ordered[rows, right] * part
    return middle


def median_of_known(values: Floats, axis: int) -> Floats:
    """Return the median without nan; nan where nothing is known, without a warning."""
    is_empty = np.isnan(values).all(axis=axis)
    filled = np.where(np.expand_dims(is_empty, axis), 0.0, values)
    return np.where(is_empty, np.nan, np.nanmedian(filled, axis=axis))


def _deviation_of_cities(values: Floats) -> Floats:
    is_empty = np.isnan(values).all(axis=1)
    filled = np.where(np.expand_dims(is_empty, 1), 0.0, values)
    return np.where(is_empty, np.nan, np.nanstd(filled, axis=1))
