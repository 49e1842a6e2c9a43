"""Misplaced blocks: figures of a source and year that stand in the rows of other places, in whatever order.

Here: which figures may have been moved together, which exchange of rows fits them best, and whether chance explains
it. Not here: outliers of single figures (assets.quality.anomalies.outliers), the severity (data/reference).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np

from assets.core.random_walk import Flags, Floats, Integers
from assets.quality.anomalies.cube import Cube, Expectation, expect, median_of_known
from assets.quality.anomalies.observation import Anomaly, Parameters
from assets.quality.anomalies.panel import Panel

# Degrees of freedom of Student's t: its heavy tails keep one gross figure from deciding.
DEGREES = 3.0
# A block of more places is compared in parts of this size, because the work grows with the square.
_MOST_PLACES = 100


@dataclass(frozen=True, slots=True)
class _Block:
    """Figures of one year that may have been moved together.

    Attributes:
        year: Position of the year in the cube.
        columns: Positions of the columns.
        cities: Positions of the cities.
        part: For each column and city the number of the part that it belongs to, -1 for what is no member: the files
            of a source, or the columns of a file.
        is_joint: Whether the parts are files.
    """

    year: int
    columns: Integers
    cities: Integers
    part: Integers
    is_joint: bool

    def select(self, table: Floats) -> Floats:
        """Return the members of a table (column, city); nan for others."""
        return np.where(self.part >= 0, table[np.ix_(self.columns, self.cities)], np.nan)

    def drop_unknown(self, values: Floats) -> _Block:
        """Return the block without the figures, columns and cities that the values do not have."""
        is_known = ~np.isnan(values[:, :, self.year][np.ix_(self.columns, self.cities)])
        part = np.where(is_known, self.part, -1)
        columns, cities = ((part >= 0).any(axis=axis) for axis in (1, 0))
        return replace(
            self, columns=self.columns[columns], cities=self.cities[cities], part=part[np.ix_(columns, cities)]
        )


@dataclass(frozen=True, slots=True)
class _Exchange:
    """A block that fits better with its rows exchanged.

    Attributes:
        block: The figures.
        order: For each city the city whose place its figures fit, as positions in the block.
        is_proven: For each city whether that place is certain.
        is_moved: For each column whether it was moved with the others.
        gain: How much more likely the exchange is, as a natural logarithm.
        threshold: What chance reaches; the least that counts, as long as chance is not known.
        is_beyond_chance: Whether chance is known.
    """

    block: _Block
    order: Integers
    is_proven: Flags
    is_moved: Flags
    gain: float
    threshold: float
    is_beyond_chance: bool = False

    @property
    def excess(self) -> float:
        return self.gain - self.threshold


def detect_misplaced_blocks(panel: Panel, parameters: Parameters) -> Iterator[Anomaly]:
    """Yield the figures of blocks in which cities carry the figures of other cities.

    The loss of a row in the place of a city is its negative log-likelihood (Student t), summed over the columns: the
    distances from what the other years of that city let expect. The statistic is how much less the best assignment of
    rows to cities loses than the rows as they stand. It counts if no permutation of the deviations of other years
    reaches it. The block that exceeds chance most is removed first, so that it is no longer the past or future of
    other years.
    """
    cube = panel.cube
    values = cube.values.copy()
    held = _remove_exchanges(cube, values, parameters)
    for exchange in held:
        # A year between two misplaced ones looks misplaced until both are removed.
        values[_positions(exchange)] = cube.values[_positions(exchange)]
        confirmed = _confirm(exchange, values, cube, parameters)
        if confirmed is not None:
            values[_positions(exchange)] = np.nan
            yield from _anomalies(confirmed, cube)


def _remove_exchanges(cube: Cube, values: Floats, parameters: Parameters) -> list[_Exchange]:
    """Remove misplaced figures from the values, the worst exchange first, and return the exchanges.

    Columns do not affect each other: the exchanges of a round share none, and only blocks with a column of one of
    them are compared again. Chance, which takes long, is drawn for an exchange that would be the next.
    """
    blocks = list(_blocks(cube, values))
    found: dict[int, _Exchange] = {}
    held: list[_Exchange] = []
    changed = set(range(len(cube.columns)))
    while changed:
        expectation = expect(values, cube.years, parameters)
        for number, block in enumerate(blocks):
            if not changed.isdisjoint(block.columns.tolist()):
                found.pop(number, None)
                if exchange := _examine(block.drop_unknown(values), expectation, parameters):
                    found[number] = exchange
        changed = set()
        queue = [(-exchange.excess, number) for number, exchange in found.items()]
        heapify(queue)
        while queue:
            number = heappop(queue)[1]
            exchange = found[number]
            columns = exchange.block.columns.tolist()
            if not changed.isdisjoint(columns):
                continue
            if exchange.is_beyond_chance:
                held.append(exchange)
                values[_positions(exchange)] = np.nan
                changed.update(columns)
            elif judged := _judge(exchange, expectation, parameters):
                found[number] = judged
                heappush(queue, (-judged.excess, number))
            else:
                del found[number]
    return held


def _confirm(exchange: _Exchange, values: Floats, cube: Cube, parameters: Parameters) -> _Exchange | None:
    """Return an exchange as it looks beside all other removed figures, or None where it no longer does."""
    columns = exchange.block.columns
    block = replace(exchange.block, columns=np.arange(len(columns)))
    expectation = expect(values[columns], cube.years, parameters)
    found = _examine(block, expectation, parameters)
    if found is None or (found := _judge(found, expectation, parameters)) is None:
        return None
    # Nothing contradicts a column that another exchange has taken out, and yet it is not of this one.
    found = replace(found, block=exchange.block, is_moved=found.is_moved & exchange.is_moved)
    return found if _cells(found) else None


def _positions(exchange: _Exchange) -> tuple[Any, Any, int]:
    """Return the positions of the moved figures in the cube."""
    columns, cities = zip(*_cells(exchange), strict=True)
    return np.array(columns), np.array(cities), exchange.block.year


def _blocks(cube: Cube, values: Floats) -> Iterator[_Block]:
    """Yield the figures of each source in each year; of each of its files; and of each column of a file."""
    for year in range(len(cube.years)):
        files: dict[tuple[str, str, str], list[tuple[int, int]]] = defaultdict(list)
        for column, city in zip(*np.nonzero(~np.isnan(values[:, :, year])), strict=True):
            o = cube.observations[column, city, year]
            files[o.source_id, o.file_sha256, o.sheet or ""].append((int(column), int(city)))
        sources: dict[str, list[list[tuple[int, int]]]] = defaultdict(list)
        for (source, *_), cells in sorted(files.items()):
            sources[source].append(cells)
            columns = [[cell for cell in cells if cell[0] == column] for column in sorted({c for c, _ in cells})]
            for column in columns:
                yield from _split(year, [column])
            if len(columns) > 1:
                yield from _split(year, columns)
        for parts in sources.values():
            if len(parts) > 1:
                yield from _split(year, parts, is_joint=True)


def _split(year: int, parts: list[list[tuple[int, int]]], is_joint: bool = False) -> Iterator[_Block]:
    """Yield a block of parts, or several where it has too many cities."""
    columns, cities = (np.unique([cell[axis] for cells in parts for cell in cells]) for axis in (0, 1))
    part = np.full((len(columns), len(cities)), -1)
    for number, cells in enumerate(parts):
        at = np.array(cells).T
        part[np.searchsorted(columns, at[0]), np.searchsorted(cities, at[1])] = number
    for start in range(0, len(cities), _MOST_PLACES):
        some = slice(start, start + _MOST_PLACES)
        yield _Block(year, columns, cities[some], part[:, some], is_joint)


def _examine(block: _Block, expectation: Expectation, parameters: Parameters) -> _Exchange | None:
    """Return the best exchange of the rows of a block, or None where it gains too little; chance is not known yet."""
    middle, trend = (block.select(table[:, :, block.year]) for table in (expectation.middle, expectation.trend))
    values = block.select(expectation.values[:, :, block.year])
    sigma = expectation.sigma[np.ix_(block.columns, block.cities)]
    is_compared = ~np.isnan(values) & ~np.isnan(middle)
    if is_compared.any(axis=0).sum() < parameters["minimum_cities"]:
        return None
    order, gains, loss = _compare(values, middle, trend, sigma, parameters["minimum_share"])
    gain = float(gains.sum())
    parts = [gains[block.part == number].sum() for number in range(block.part.max() + 1)]
    minimum = parameters["joint_threshold" if block.is_joint else "threshold"]
    if gain <= minimum or (len(parts) > 1 and gain - max(parts) <= parameters["part_threshold"]):
        return None
    return _Exchange(
        block,
        order,
        _is_proven(loss, order, parameters["joint_threshold"]),
        gains.sum(axis=1) > -parameters["threshold"],
        gain,
        minimum,
    )


def _compare(
    values: Floats, middle: Floats, trend: Floats, sigma: Floats, minimum_share: float
) -> tuple[Integers, Floats, Floats]:
    """Return the best assignment of rows to cities, its gain by column and city, and its losses (row, city).

    The common change of all cities is not known: it is the median change of the rows as they stand, or the change of
    the median, which an exchange of rows does not affect. The rows as they stand have the choice in every column, and
    each of them that of its own trend: cities that grow at different rates are not exchanged where a series ends.
    """
    is_known = ~np.isnan(values) & ~np.isnan(middle)
    x, e, own = (np.where(is_known, table, np.nan) for table in (values, middle, trend))
    commons = median_of_known(x - e, axis=1), median_of_known(x, axis=1) - median_of_known(e, axis=1)
    places = np.arange(values.shape[1])
    losses = [_losses(values - np.nan_to_num(common)[:, None], middle, sigma) for common in commons]
    kept = [loss[:, places, places] for loss in losses]
    is_first = kept[0].sum(axis=1) <= kept[1].sum(axis=1)
    as_it_stands = np.where(is_first[:, None], kept[0], kept[1])
    from_trend = _loss(x - own - median_of_known(x - own, axis=1)[:, None], sigma)
    as_it_stands = np.where(from_trend.sum(axis=0) < as_it_stands.sum(axis=0), from_trend, as_it_stands)
    options = [losses[1], np.where(is_first[:, None, None], losses[0], losses[1])]
    for option in options:
        option[:, places, places] = as_it_stands
    orders = [_best_order(option.sum(axis=0), minimum_share) for option in options]
    gains = [as_it_stands - option[:, places, order] for option, order in zip(options, orders, strict=True)]
    best = int(gains[1].sum() > gains[0].sum())
    return orders[best], gains[best], options[best].sum(axis=0)


def _losses(values: Floats, middle: Floats, sigma: Floats) -> Floats:
    """Return the loss (column, row, city) of the values of a row in the place of a city; 0 where unknown."""
    return _loss(values[:, :, None] - middle[:, None, :], sigma[:, None, :])


def _loss(distance: Floats, sigma: Floats) -> Floats:
    z = distance / sigma
    return np.nan_to_num((DEGREES + 1) / 2 * np.log1p(z * z / DEGREES) + np.log(sigma))


def _best_order(loss: Floats, minimum_share: float) -> Integers:
    """Return the best assignment of rows to cities.

    Only exchanges count in which at least `minimum_share` of the rows fit their new place better: an outlier
    that fits another city by chance sends a row to a place where it does not belong.
    """
    from scipy.optimize import linear_sum_assignment  # takes long to import

    order: Integers = linear_sum_assignment(loss)[1]
    places = np.arange(len(loss))
    gains = loss[places, places] - loss[places, order]
    remaining = set(np.nonzero(order != places)[0].tolist())
    while remaining:
        cycle = [remaining.pop()]
        while (following := int(order[cycle[-1]])) != cycle[0]:
            cycle.append(following)
            remaining.discard(following)
        if (gains[cycle] > 0).mean() < minimum_share:
            order[cycle] = cycle
    return order


def _judge(exchange: _Exchange, expectation: Expectation, parameters: Parameters) -> _Exchange | None:
    """Return the exchange with its threshold, or None where it does not exceed what chance reaches.

    Each permutation gives each city the deviations, in all columns, that it had in one of its other years. The
    threshold is the highest gain of all permutations, and at least the parameter; drawing ends at the first that
    reaches the gain (Besag and Clifford, Sequential Monte Carlo p-values, Biometrika 78, 1991).
    """
    block, threshold = exchange.block, exchange.threshold
    middle, trend = (block.select(table[:, :, block.year]) for table in (expectation.middle, expectation.trend))
    sigma = expectation.sigma[np.ix_(block.columns, block.cities)]
    deviation = expectation.deviation[np.ix_(block.columns, block.cities)] / sigma[:, :, None]
    is_known = ~np.isnan(deviation)
    years = np.nonzero(is_known.sum(axis=(0, 1)) * 2 >= is_known[:, :, block.year].sum())[0]
    years = years[years != block.year]
    if len(years) < parameters["minimum_years"]:
        return None
    random = np.random.default_rng(0)
    cities = np.arange(len(block.cities))
    for _ in range(int(parameters["permutations"])):
        drawn = np.nan_to_num(deviation[:, cities, random.choice(years, len(cities))])
        _, gains, _ = _compare(middle + drawn * sigma, middle, trend, sigma, parameters["minimum_share"])
        threshold = max(threshold, float(gains.sum()))
        if threshold + parameters["margin"] >= exchange.gain:
            return None
    return replace(exchange, threshold=threshold, is_beyond_chance=True)


def _is_proven(loss: Floats, order: Integers, threshold: float) -> Flags:
    """Return for each row whether every assignment that puts it elsewhere is less likely by the threshold."""
    from scipy.optimize import linear_sum_assignment

    best = loss[np.arange(len(order)), order].sum()
    is_proven = np.zeros(len(order), dtype=np.bool_)
    for row in np.nonzero(order != np.arange(len(order)))[0]:
        other = loss.copy()
        other[row, order[row]] += 1e9
        rows, cities = linear_sum_assignment(other)
        is_proven[row] = other[rows, cities].sum() - best > threshold
    return is_proven


def _cells(exchange: _Exchange) -> list[tuple[Any, Any]]:
    """Return column and city of the moved figures."""
    block = exchange.block
    rows, cities = np.nonzero((block.part >= 0) & exchange.is_moved[:, None])
    return list(zip(block.columns[rows], block.cities[cities], strict=True))


def _anomalies(exchange: _Exchange, cube: Cube) -> Iterator[Anomaly]:
    """Yield the moved figures; each with the figure that belongs to its city, where that is proven."""
    block = exchange.block
    owner = {
        int(block.cities[place]): int(block.cities[row])
        for row, place in enumerate(exchange.order)
        if exchange.is_proven[row]
    }
    moved: set[tuple[int, int]] = {(int(column), int(city)) for column, city in _cells(exchange)}
    for column, city in sorted(moved):
        own = ""
        if (column, owner.get(city, -1)) in moved:
            o = cube.observations[column, owner[city], block.year]
            own = f"{o.text} ({o.file}:{o.line})"
        yield Anomaly(cube.observations[column, city, block.year], exchange.gain, exchange.threshold, own)
