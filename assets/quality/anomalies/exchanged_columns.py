"""Exchanged columns: figures of a source and year that stand under the name of another indicator, in all their rows.

Here: how well the figures of a column fit the history of each column, and which exchange fits best. Not here: figures
in the rows of other places (assets.quality.anomalies.misplaced_blocks).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from assets.core.random_walk import Flags, Floats, Integers, Scale
from assets.quality.anomalies.cube import Cube, expect, median_of_known
from assets.quality.anomalies.misplaced_blocks import DEGREES
from assets.quality.anomalies.observation import MAD_TO_SIGMA, Anomaly, Parameters
from assets.quality.anomalies.panel import Panel

# The gain of figures that cannot stand under a name: too few cities, or outside of the limits of the indicator.
_IMPOSSIBLE = -1e6
# Of more cities these many, evenly spaced, are compared: the work grows with the square of the columns.
_MOST_CITIES = 100


@dataclass(frozen=True, slots=True)
class _Block:
    """The figures of a source and year: their columns, which cities each of them has, and the cities to compare."""

    year: int
    columns: Integers
    is_member: Flags
    cities: Integers

    def positions(self, columns: Integers) -> tuple[Integers, Integers]:
        """Return column and city of the figures of some columns."""
        rows, cities = np.nonzero(self.is_member & np.isin(self.columns, columns)[:, None])
        return self.columns[rows], cities


@dataclass(frozen=True, slots=True)
class _Exchange:
    """Columns whose figures fit other columns.

    Attributes:
        block: The figures.
        target: For each moved column, by its position in the cube, the column whose history its figures fit.
        held: The moved columns, and those of the block whose place they take without fitting their own.
        gain: How much more likely the exchange is, as a natural logarithm.
        threshold: What chance reaches.
    """

    block: _Block
    target: dict[int, int]
    held: Integers
    gain: float
    threshold: float

    @property
    def excess(self) -> float:
        return self.gain - self.threshold


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well columns of figures fit each column of the cube.

    Attributes:
        gain: For each column of the block and each of the cube, how much more likely the figures are there.
        share: The share of their cities that agree.
        distance: The median distance from the expected figures, in usual deviations.
    """

    gain: Floats
    share: Floats
    distance: Floats


def detect_exchanged_columns(panel: Panel, parameters: Parameters) -> Iterator[Anomaly]:
    """Yield the figures of columns that fit the history of another indicator of the same cities.

    The loss of figures under the name of a column is their negative log-likelihood (Student t): the distances from what
    the other years of that column let expect and, once, the common change of all cities. The statistic is how much less
    the columns lose under other names. It counts if the figures fit there, if most cities agree, and if no permutation
    of the deviations of other years reaches it. The exchange that exceeds chance most is removed first, so that it is
    no longer the past or future of other years.
    """
    cube = panel.cube
    values = cube.values.copy()
    blocks = list(_blocks(cube, parameters))
    held: list[_Exchange] = []
    while True:
        history = _History(cube, values, parameters)
        found = [exchange for block in blocks for exchange in _examine(block, history, parameters)]
        if not found:
            break
        held.append(max(found, key=lambda exchange: exchange.excess))
        values[(*held[-1].block.positions(held[-1].held), held[-1].block.year)] = np.nan
    for exchange in held:
        # A year between two exchanged ones looks exchanged until both are removed.
        cells = (*exchange.block.positions(exchange.held), exchange.block.year)
        values[cells] = cube.values[cells]
        confirmed = _examine(exchange.block, _History(cube, values, parameters), parameters)
        if any(other.target == exchange.target for other in confirmed):
            values[cells] = np.nan
            yield from _anomalies(exchange, cube)


class _History:
    """What the other years let expect of each column: on its scale, with its usual deviations."""

    def __init__(self, cube: Cube, values: Floats, parameters: Parameters) -> None:
        self.cube = cube
        self.expectation = expect(values, cube.years, parameters)

    @cached_property
    def common_sigma(self) -> Floats:
        """The usual common change of all cities of each column, at least the usual deviation of a city."""
        common = median_of_known(self.expectation.values - self.expectation.middle, axis=1)
        usual = MAD_TO_SIGMA * np.nan_to_num(median_of_known(np.abs(common), axis=1))
        return np.maximum(usual, median_of_known(self.expectation.sigma, axis=1))

    def compare(self, block: _Block, figures: Floats, parameters: Parameters) -> _Fit:
        """Compare figures (column, city) of a block, on the scale of their column, with each column of the cube."""
        middle = self.expectation.middle[:, block.cities, block.year]
        there = np.nonzero((~np.isnan(middle)).sum(axis=1) >= parameters["minimum_cities"])[0]
        sigma, common_sigma = self.expectation.sigma[:, block.cities], self.common_sigma
        here, scale = block.columns, self.cube.scale
        raw = scale.select(here[:, None]).restore(figures)
        own, slope_here = _place(raw, scale.select(here[:, None]), middle[here])
        new, slope_there = _place(raw[:, None], scale.select(there[:, None]), middle[there])
        is_known = ~np.isnan(new) & ~np.isnan(own)[:, None]
        own = np.where(is_known, own[:, None], np.nan)
        loss_here, common_here, _ = _lose(own, sigma[here][:, None], common_sigma[here][:, None])
        loss_there, common_there, z = _lose(np.where(is_known, new, np.nan), sigma[there], common_sigma[there])
        gains = np.where(is_known, loss_here - loss_there + slope_there - slope_here[:, None], 0.0)
        gain = gains.sum(axis=2) + common_here - common_there
        count = is_known.sum(axis=2)
        is_judged = np.isfinite(gain) & (count >= parameters["minimum_cities"])
        shape = len(here), len(self.cube.columns)
        fit = _Fit(np.full(shape, _IMPOSSIBLE), np.zeros(shape), np.full(shape, np.inf))
        fit.gain[:, there] = np.where(is_judged, gain, _IMPOSSIBLE)
        fit.share[:, there] = (gains > 0).sum(axis=2) / np.maximum(count, 1)
        fit.distance[:, there] = np.where(is_judged, median_of_known(np.abs(z), axis=2), np.inf)
        return fit


def _place(raw: Floats, scale: Scale, middle: Floats) -> tuple[Floats, Floats]:
    """Return the distance of figures from what is expected, and the logarithm of the slope of the scale there.

    The slope makes the densities those of the figure in its unit: two columns may have different scales.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.log((scale.transform(raw + scale.step) - scale.transform(raw - scale.step)) / (2 * scale.step))
    return scale.transform(raw) - middle, slope


def _lose(distance: Floats, sigma: Floats, common_sigma: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the losses by city (the last axis), the loss of their common change, and the distances without it.

    The common change is that of the median, or none, whichever loses less.
    """
    common = np.nan_to_num(median_of_known(distance, axis=-1))
    options = []
    for change in (np.zeros_like(common), common):
        z = (distance - change[..., None]) / sigma
        options.append((np.nan_to_num(_student(z) + np.log(sigma)), _student(change / common_sigma), z))
    without, with_common = options
    is_less = without[0].sum(axis=-1) <= with_common[0].sum(axis=-1) + with_common[1]
    return (
        np.where(is_less[..., None], without[0], with_common[0]),
        np.where(is_less, 0.0, with_common[1]),
        np.where(is_less[..., None], without[2], with_common[2]),
    )


def _student(z: Floats) -> Floats:
    """Return the negative logarithm of the density of Student's t, without its constant."""
    return (DEGREES + 1) / 2 * np.log1p(z * z / DEGREES)


def _blocks(cube: Cube, parameters: Parameters) -> Iterator[_Block]:
    """Yield the figures of each source in each year, without columns of few cities."""
    members: dict[tuple[int, str], list[tuple[int, int]]] = defaultdict(list)
    for column, city, year in zip(*np.nonzero(~np.isnan(cube.values)), strict=True):
        members[int(year), cube.observations[column, city, year].source_id].append((int(column), int(city)))
    for (year, _), cells in sorted(members.items()):
        is_member = np.zeros(cube.values.shape[:2], dtype=np.bool_)
        is_member[tuple(np.array(cells).T)] = True
        columns = np.nonzero(is_member.sum(axis=1) >= parameters["minimum_cities"])[0]
        if len(columns):
            cities = np.nonzero(is_member[columns].any(axis=0))[0]
            yield _Block(year, columns, is_member[columns], cities[:: -(-len(cities) // _MOST_CITIES)])


def _examine(block: _Block, history: _History, parameters: Parameters) -> list[_Exchange]:
    """Return the exchanges of columns that explain a block better than chance does."""
    figures = np.where(block.is_member, history.expectation.values[block.columns, :, block.year], np.nan)
    fit = history.compare(block, figures[:, block.cities], parameters)
    least = parameters["threshold"], parameters["single_threshold"]
    candidates = [
        (target, gain, kind)
        for kind, targets in enumerate((_exchanges(fit, block, parameters), _single_moves(fit, block)))
        for target in targets
        if (gain := _judge(target, fit, block, parameters)) > least[kind] + parameters["margin"]
    ]
    if not candidates:
        return []
    chance = _chance(block, history, max(gain for _, gain, _ in candidates), parameters)
    return [
        _Exchange(block, target, _held(target, fit, block, parameters), gain, max(least[kind], chance[kind]))
        for target, gain, kind in candidates
        if gain > max(least[kind], chance[kind]) + parameters["margin"]
    ]


def _exchanges(fit: _Fit, block: _Block, parameters: Parameters) -> list[dict[int, int]]:
    """Return the exchanges within a block in the best assignment of its figures to its columns, one a cycle.

    A column moves only where that gains more than the margin: a third one that fits as well is not drawn in.
    """
    from scipy.optimize import linear_sum_assignment  # takes long to import

    loss = parameters["margin"] * (1 - np.eye(len(block.columns))) - fit.gain[:, block.columns]
    order = block.columns[linear_sum_assignment(loss)[1]]
    remaining = {int(a): int(b) for a, b in zip(block.columns, order, strict=True) if a != b}
    cycles = []
    while remaining:
        cycle = dict([remaining.popitem()])
        while (following := list(cycle.values())[-1]) in remaining:
            cycle[following] = remaining.pop(following)
        cycles.append(cycle)
    return cycles


def _single_moves(fit: _Fit, block: _Block) -> list[dict[int, int]]:
    """Return for each column of a block the other column of the cube that its figures fit best."""
    gain = fit.gain.copy()
    gain[np.arange(len(gain)), block.columns] = -np.inf
    return [{int(a): int(b)} for a, b in zip(block.columns, gain.argmax(axis=1), strict=True)]


def _judge(target: dict[int, int], fit: _Fit, block: _Block, parameters: Parameters) -> float:
    """Return the gain of an exchange; 0 where its figures do not fit, or too few of the cities agree."""
    rows, columns = np.searchsorted(block.columns, list(target)), list(target.values())
    is_close = fit.distance[rows, columns].max() <= parameters["maximum_distance"]
    is_common = fit.share[rows, columns].mean() >= parameters["minimum_share"]
    return float(fit.gain[rows, columns].sum()) if is_close and is_common else 0.0


def _held(target: dict[int, int], fit: _Fit, block: _Block, parameters: Parameters) -> Integers:
    """Return the moved columns, and the columns of the block whose place they take without fitting their own."""
    rows = np.arange(len(block.columns))
    is_own = fit.distance[rows, block.columns] <= parameters["maximum_distance"]
    is_taken = np.isin(block.columns, list(target.values())) & ~is_own
    return block.columns[is_taken | np.isin(block.columns, list(target))]


def _chance(block: _Block, history: _History, gain: float, parameters: Parameters) -> tuple[float, float]:
    """Return what exchanges and single moves gain by chance; infinity where it is not known.

    Each permutation gives each city the deviations, in all columns, that it had in one of its other years; drawing
    ends at the first that reaches the gain (Besag and Clifford, Biometrika 78, 1991).
    """
    expectation = history.expectation
    is_member = block.is_member[:, block.cities]
    at = np.ix_(block.columns, block.cities)
    middle = expectation.middle[:, :, block.year][at]
    deviation = np.where(is_member[:, :, None], expectation.deviation[at], np.nan)
    is_known = ~np.isnan(deviation)
    years = np.nonzero(is_known.sum(axis=(0, 1)) * 2 >= is_known[:, :, block.year].sum())[0]
    years = years[years != block.year]
    if len(years) < parameters["minimum_years"]:
        return np.inf, np.inf
    random = np.random.default_rng(0)
    cities, highest = np.arange(len(middle[0])), [0.0, 0.0]
    for _ in range(int(parameters["permutations"])):
        drawn = np.nan_to_num(deviation[:, cities, random.choice(years, len(cities))])
        fit = history.compare(block, np.where(is_member, middle + drawn, np.nan), parameters)
        for kind, targets in enumerate((_exchanges(fit, block, parameters), _single_moves(fit, block))):
            gains = [fit.gain[np.searchsorted(block.columns, list(t)), list(t.values())].sum() for t in targets]
            highest[kind] = max(highest[kind], *gains) if gains else highest[kind]
        if min(highest) + parameters["margin"] >= gain:
            break
    return highest[0], highest[1]


def _anomalies(exchange: _Exchange, cube: Cube) -> Iterator[Anomaly]:
    """Yield the held figures; each with the figure that belongs there, where the exchange makes all columns fit."""
    target, year = exchange.target, exchange.block.year
    owner = {b: a for a, b in target.items()} if target.keys() == set(target.values()) else {}
    for column, city in zip(*exchange.block.positions(exchange.held), strict=True):
        o = cube.observations[owner[int(column)], city, year] if owner else None
        own = "" if o is None else f"{o.text} ({o.indicator_id}, {o.file}:{o.line})"
        yield Anomaly(cube.observations[column, city, year], exchange.gain, exchange.threshold, own)
