"""Rank uncertainty: the ranks of many draws in which the choices of the method and the figures themselves vary.

Here: what is drawn, the scores and ranks of each draw, and their summary, on numpy arrays. Not here: which choice
matters how much (assets.scorecards.rank_sensitivity), reading and writing tables (assets.scorecards.rankings).

The method is the uncertainty analysis of the OECD/JRC Handbook on Constructing Composite Indicators (2008), chapter 7,
with goalposts, missing figures and measurement among what is drawn. Axes: cities are rows, indicators or draws are
columns. Scores of a draw are sums of whole numbers in doubles below 2^53, which are exact in any order of addition: the
same draws give the same ranks on one thread and on many.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Ranks = NDArray[np.signedinteger[Any]]
_Draw = Callable[[np.random.Generator, tuple[int, int]], NDArray[Any]]

NORMALISATIONS = ("goalposts", "min_max", "z_score")
AGGREGATIONS = ("arithmetic", "geometric")
# In a design: the choice is not changed.
NOMINAL = -1
# Draws share sets of moved goalposts, because every set needs its own scores.
GOALPOST_SETS = 16

_SCORE_SCALE = 1e6
_WEIGHT_SCALE = 2.0**16
_CHUNK_DRAWS = 64
_BLOCK_ROWS = 16
_CITY_BITS = 20
# The geometric mean is taken of 1 + 0.99 score, so that a score of 0 does not make it 0; logarithms of 1..100 are
# 0..4.6, and 20 times that has as many digits before the point as a score.
_SHIFT, _LOG_FACTOR = 0.99, 20.0


@dataclass(frozen=True)
class ScoreMatrix:
    """The input of one ranking: of a dimension where it has one, of the index where it has several.

    Attributes:
        attainments: on the scale of the goalposts, 0 to 100 between them and not limited to that, cities by
            indicators; nan where the figure is missing.
        values: the same in the unit of the indicator, with the sign that makes higher better.
        attainment_errors: standard error of the measurement of each figure, in points of attainment.
        value_errors: the same in the unit of the indicator.
        has_range: whether an indicator is scored by its distance from a range, 100 inside it.
        weights: of each indicator in its dimension.
        dimension: index of the dimension of each indicator, 0 to n - 1.
        dimension_weights: of each dimension in the index.
    """

    attainments: Floats
    values: Floats
    attainment_errors: Floats
    value_errors: Floats
    has_range: NDArray[np.bool_]
    weights: Floats
    dimension: Integers
    dimension_weights: Floats

    @cached_property
    def is_missing(self) -> NDArray[np.bool_]:
        """Which figures are missing, cities by indicators."""
        return np.isnan(self.attainments)

    @cached_property
    def excludable(self) -> Integers:
        """The indicators without which every dimension keeps one."""
        members = np.bincount(self.dimension, self.weights > 0, len(self.dimension_weights))
        return np.flatnonzero((self.weights > 0) & (members[self.dimension] > 1))


@dataclass(frozen=True)
class Variations:
    """The alternatives among which draws choose, made from one seed.

    Attributes:
        seed: numbers that start the streams of random numbers of this ranking.
        weight_variation: a weight varies by up to this share of itself.
        goalpost_variation: each end of the goalposts moves by up to this share of their distance.
    """

    seed: tuple[int, int]
    weight_variation: float
    goalpost_variation: float

    @classmethod
    def of(cls, name: str, seed: int, weight_variation: float, goalpost_variation: float) -> Variations:
        """Return the variations of a ranking; its name selects its streams, so that rankings do not share any."""
        stream = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
        return cls((seed, stream), weight_variation, goalpost_variation)

    def generator(self, purpose: int, number: int) -> np.random.Generator:
        """Return the generator of one block of alternatives of one purpose."""
        return np.random.Generator(np.random.SFC64(np.random.SeedSequence([*self.seed, purpose, number])))

    def weight_factors(self, numbers: Integers, size: int) -> Floats:
        """Return factors around 1 for weights, one row a number: 1 + U(-variation, variation); 1 where NOMINAL."""
        return (
            self._rows(0, numbers, size, lambda random, shape: self.weight_variation * (2 * random.random(shape) - 1))
            + 1
        )

    def goalpost_moves(self, number: int, indicators: int) -> Floats:
        """Return the moves of the lower and the upper end (rows) of each indicator, in shares of their distance."""
        return np.asarray(self.goalpost_variation * (2 * self.generator(1, number).random((2, indicators)) - 1))

    def missing_scores(self, numbers: Integers, cells: int) -> Floats:
        """Return a score U(0, 100) for each missing figure, one row a number; 0 where NOMINAL."""
        return self._rows(2, numbers, cells, lambda random, shape: 100 * random.random(shape))

    def measurement_errors(self, numbers: Integers, cities: int) -> Floats:
        """Return a standard normal error of the score of each city, one row a number; 0 where NOMINAL."""
        return self._rows(3, numbers, cities, lambda random, shape: random.standard_normal(shape, dtype=np.float32))

    def _rows(self, purpose: int, numbers: Integers, size: int, draw: _Draw) -> Floats:
        """Draw rows by their numbers; a block of rows has one generator, because starting one takes long."""
        rows = np.zeros((len(numbers), size))
        if size:
            for block in np.unique(numbers[numbers != NOMINAL] // _BLOCK_ROWS).tolist():
                chosen = np.flatnonzero((numbers // _BLOCK_ROWS == block) & (numbers != NOMINAL))
                rows[chosen] = draw(self.generator(purpose, block), (_BLOCK_ROWS, size))[numbers[chosen] % _BLOCK_ROWS]
        return rows


@dataclass(frozen=True, slots=True)
class SimulationDesign:
    """The choices of each draw; NOMINAL where a choice is not changed.

    Attributes:
        weights: number of the weight factors.
        normalisation: index into NORMALISATIONS.
        goalposts: number of the moved goalposts, below GOALPOST_SETS.
        aggregation: index into AGGREGATIONS.
        excluded: the indicator that is left out.
        missing: number of the scores of missing figures; NOMINAL counts them as 0.
        measurement: number of the measurement errors.
    """

    weights: Integers
    normalisation: Integers
    goalposts: Integers
    aggregation: Integers
    excluded: Integers
    missing: Integers
    measurement: Integers

    @property
    def size(self) -> int:
        """The number of draws."""
        return len(self.weights)


FACTORS = SimulationDesign.__slots__


def sample_design(matrix: ScoreMatrix, draws: int, variations: Variations) -> SimulationDesign:
    """Draw all choices at random, independently of each other; each draw has its own weights, scores and errors."""
    chosen = choose(matrix, variations.generator(4, 0).random((len(FACTORS), draws)), pool=draws)
    # Draws that share their scores follow each other, so that their random numbers come from few blocks.
    order = np.lexsort((chosen.goalposts, chosen.aggregation, chosen.normalisation))
    own = np.arange(draws)
    return SimulationDesign(
        weights=own,
        normalisation=chosen.normalisation[order],
        goalposts=chosen.goalposts[order],
        aggregation=chosen.aggregation[order],
        excluded=chosen.excluded[order],
        missing=own,
        measurement=own,
    )


def choose(matrix: ScoreMatrix, shares: Floats, pool: int) -> SimulationDesign:
    """Return the choices for numbers in [0, 1), factors by draws; `pool` is the number of weights and of errors."""
    excludable = np.concatenate([[NOMINAL], matrix.excludable])
    sizes = {"normalisation": len(NORMALISATIONS), "aggregation": len(AGGREGATIONS), "goalposts": GOALPOST_SETS}
    sizes["excluded"] = len(excludable)
    numbers = {
        name: np.floor(share * sizes.get(name, pool)).astype(np.int64)
        for name, share in zip(FACTORS, shares, strict=True)
    }
    numbers["excluded"] = excludable[numbers["excluded"]]
    return SimulationDesign(**numbers)


def nominal_design(draws: int = 1, **changed: Integers) -> SimulationDesign:
    """Return the design of the published ranking, apart from the choices given."""
    published = {"normalisation": np.zeros(draws, dtype=np.int64), "aggregation": np.zeros(draws, dtype=np.int64)}
    nominal = np.full(draws, NOMINAL, dtype=np.int64)
    return SimulationDesign(**{name: changed.get(name, published.get(name, nominal)) for name in FACTORS})


def move_goalposts(attainments: Floats, has_range: NDArray[np.bool_], moves: Floats) -> Floats:
    """Return attainments between moved goalposts: 100 (s / 100 - a) / (1 + b - a), a and b the moves of the ends.

    With a range, b widens or narrows the distance at which nothing is left: 100 - (100 - s) / (1 + b).
    """
    lower, upper = moves
    moved: Floats = np.where(
        has_range, 100 - (100 - attainments) / (1 + upper), (attainments - 100 * lower) / (1 + upper - lower)
    )
    return moved


def normalise(matrix: ScoreMatrix, normalisation: str, moves: Floats | None = None) -> tuple[Floats, Floats]:
    """Return scores 0 to 100 and their standard errors, cities by indicators; nan where the figure is missing.

    goalposts: the attainments between goalposts, moved where `moves` are given. min_max: 100 (x - min) / (max - min),
    50 where all are equal. z_score: 50 + z * 50 / 3 with z = (x - mean) / standard deviation of the cities, limited to
    0..100 (OECD/JRC Handbook, chapter 5).
    """
    if normalisation == "goalposts":
        moved = matrix.attainments if moves is None else move_goalposts(matrix.attainments, matrix.has_range, moves)
        return np.clip(moved, 0.0, 100.0), matrix.attainment_errors
    has_figure = ~matrix.is_missing
    values = np.where(has_figure, matrix.values, np.nan)
    if normalisation == "min_max":
        low = np.where(has_figure, values, np.inf).min(axis=0)
        spread = np.where(has_figure, values, -np.inf).max(axis=0) - low
        slope = np.divide(100.0, spread, out=np.zeros_like(spread), where=spread > 0)
        scores = np.where(spread > 0, (values - low) * slope, 50.0)
    else:
        count = np.maximum(has_figure.sum(axis=0), 1)
        mean = np.where(has_figure, values, 0.0).sum(axis=0) / count
        deviation = np.sqrt((np.where(has_figure, values - mean, 0.0) ** 2).sum(axis=0) / count)
        slope = np.divide(50 / 3, deviation, out=np.zeros_like(deviation), where=deviation > 0)
        scores = np.clip(50 + (values - mean) * slope, 0.0, 100.0)
    return np.where(has_figure, scores, np.nan), matrix.value_errors * slope


def _basis(scores: Floats, aggregation: str) -> Floats:
    """What is averaged, as whole numbers: scores, or logarithms for the geometric mean."""
    basis = _LOG_FACTOR * np.log(1 + _SHIFT * scores) if aggregation == "geometric" else scores
    whole: Floats = np.floor(np.nan_to_num(basis) * _SCORE_SCALE + 0.5)
    return whole


def _standard_error(matrix: ScoreMatrix, scores: Floats, errors: Floats, aggregation: str) -> Floats:
    """The standard error of the score of each city at the nominal weights, in the scale of `_basis`.

    For logarithms it is that of the delta method.
    """
    slope = _LOG_FACTOR * _SHIFT / (1 + _SHIFT * scores) if aggregation == "geometric" else 1.0
    mass = np.bincount(matrix.dimension, matrix.weights)[matrix.dimension]
    share = matrix.weights / mass * matrix.dimension_weights[matrix.dimension] / matrix.dimension_weights.sum()
    error: Floats = np.sqrt((np.nan_to_num(errors * slope * share) ** 2).sum(axis=1)) * _SCORE_SCALE
    return error


def simulate(matrix: ScoreMatrix, design: SimulationDesign, variations: Variations) -> Ranks:
    """Return the rank of every city in every draw (cities by draws), 1 the best; equal scores share a rank."""
    cities = len(matrix.attainments)
    by_draw: Ranks = np.empty((design.size, cities), dtype=np.int16 if cities < 2**15 else np.int32)

    def rank_draws(draws: Integers, aggregation: str, basis: Floats, error: Floats) -> None:
        by_draw[draws] = rank(_scores(matrix, design, draws, variations, aggregation, basis, error).T).T

    chunks = []
    # Goalposts only matter where scores are taken between them.
    goalposts = np.where(design.normalisation == 0, design.goalposts, NOMINAL)
    keys = np.stack([design.normalisation, design.aggregation, goalposts])
    alike, group = np.unique(keys, axis=1, return_inverse=True)
    for number, (normalisation, averaging, goalpost) in enumerate(alike.T.tolist()):
        moves = None if goalpost == NOMINAL else variations.goalpost_moves(goalpost, len(matrix.weights))
        scores, errors = normalise(matrix, NORMALISATIONS[normalisation], moves)
        aggregation = AGGREGATIONS[averaging]
        basis, error = _basis(scores, aggregation), _standard_error(matrix, scores, errors, aggregation)
        draws = np.flatnonzero(group.ravel() == number)
        for start in range(0, len(draws), _CHUNK_DRAWS):
            chunks.append((draws[start : start + _CHUNK_DRAWS], aggregation, basis, error))
    if len(chunks) == 1:
        rank_draws(*chunks[0])
    else:
        # Each chunk writes its own rows, and numpy lets threads work side by side.
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            list(threads.map(rank_draws, *zip(*chunks, strict=True)))
    return np.ascontiguousarray(by_draw.T)


def _scores(
    matrix: ScoreMatrix,
    design: SimulationDesign,
    draws: Integers,
    variations: Variations,
    aggregation: str,
    basis: Floats,
    error: Floats,
) -> Integers:
    """Return scores, draws by cities, as whole numbers in the order of the scores.

    All means of a draw are of one kind, and the logarithm is monotonic: geometric means of geometric means have the
    order of weighted means of logarithms.
    """
    weights, dimension_weights = _drawn_weights(matrix, design, draws, variations)
    cells = _MissingCells.of(matrix)
    drawn = _basis(variations.missing_scores(design.missing[draws], len(cells.row)), aggregation)
    total = np.zeros((len(draws), len(basis)))
    for dimension in range(len(matrix.dimension_weights)):
        members = np.flatnonzero(matrix.dimension == dimension)
        sums = weights[:, members] @ basis[:, members].T
        cells.add(sums, drawn, weights, members)
        sums *= dimension_weights[:, [dimension]] / np.maximum(weights[:, members].sum(axis=1, keepdims=True), 1.0)
        total += sums
    total /= np.maximum(dimension_weights.sum(axis=1, keepdims=True), 1.0)
    total += variations.measurement_errors(design.measurement[draws], len(basis)) * error
    scores: Integers = np.floor(total + 0.5).astype(np.int64)
    return scores


def _drawn_weights(
    matrix: ScoreMatrix, design: SimulationDesign, draws: Integers, variations: Variations
) -> tuple[Floats, Floats]:
    """Weights of indicators and of dimensions as whole numbers, one row a draw."""
    indicators, dimensions = len(matrix.weights), len(matrix.dimension_weights)
    factors = variations.weight_factors(design.weights[draws], indicators + dimensions)
    weights = matrix.weights / matrix.weights.max() * factors[:, :indicators]
    excluded = design.excluded[draws]
    rows = np.flatnonzero(excluded != NOMINAL)
    weights[rows, excluded[rows]] = 0
    dimension_weights = matrix.dimension_weights / matrix.dimension_weights.max() * factors[:, indicators:]
    return np.floor(weights * _WEIGHT_SCALE + 0.5), np.floor(dimension_weights * _WEIGHT_SCALE + 0.5)


@dataclass(frozen=True, slots=True)
class _MissingCells:
    """The missing figures in the order of the cities: row and indicator of each."""

    row: Integers
    indicator: Integers

    @classmethod
    def of(cls, matrix: ScoreMatrix) -> _MissingCells:
        return cls(*np.nonzero(matrix.is_missing))

    def add(self, sums: Floats, drawn: Floats, weights: Floats, members: Integers) -> None:
        """Add the drawn scores (draws by cells) of some indicators to the sums (draws by cities)."""
        chosen = np.flatnonzero(np.isin(self.indicator, members))
        if not len(chosen):
            return
        rows = self.row[chosen]
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        sums[:, rows[starts]] += np.add.reduceat(drawn[:, chosen] * weights[:, self.indicator[chosen]], starts, axis=1)


def rank(scores: Integers) -> Ranks:
    """Return ranks of scores (cities by draws), 1 for the highest; equal scores share the best of their ranks."""
    cities = len(scores)
    kind = np.int16 if cities < 2**15 else np.int32
    # One sort of whole numbers that hold score and city is several times as fast as argsort.
    keys = np.ascontiguousarray(((scores.max() - scores) << _CITY_BITS).T)
    keys |= np.arange(cities)
    keys.sort(axis=1)
    order = keys & ((1 << _CITY_BITS) - 1)
    keys >>= _CITY_BITS
    places: Ranks = np.empty(keys.shape, dtype=kind)
    places[:] = np.arange(1, cities + 1)
    np.multiply(places[:, 1:], keys[:, 1:] != keys[:, :-1], out=places[:, 1:])
    np.maximum.accumulate(places, axis=1, out=places)
    # Positions in the flat array of all draws.
    order += np.arange(0, keys.size, cities)[:, None]
    ranks: Ranks = np.empty(keys.size, dtype=kind)
    ranks[order.ravel()] = places.ravel()
    by_draw: Ranks = ranks.reshape(keys.shape)
    return by_draw.T


@dataclass(frozen=True, slots=True)
class RankSummary:
    """The distribution of each city's rank over the draws; `low` and `high` are the 5 % and 95 % quantiles."""

    mean: Floats
    median: Floats
    low: Floats
    high: Floats
    probability_top_three: Floats


def summarise_ranks(ranks: Ranks) -> RankSummary:
    """Summarise ranks (cities by draws); quantiles are interpolated linearly."""
    ordered = np.sort(ranks, axis=1, kind="stable")  # radix sort of short integers
    draws = ranks.shape[1]
    mean = ordered.sum(axis=1, dtype=np.int64) / draws
    top = (ordered <= 3).sum(axis=1) / draws
    return RankSummary(mean, _quantile(ordered, 0.5), _quantile(ordered, 0.05), _quantile(ordered, 0.95), top)


def _quantile(ordered: Ranks, share: float) -> Floats:
    place = share * (ordered.shape[1] - 1)
    below = int(np.floor(place + 1e-9))
    above = min(below + 1, ordered.shape[1] - 1)
    low: Floats = ordered[:, below].astype(np.float64)
    high: Floats = ordered[:, above].astype(np.float64)
    between: Floats = low + max(place - below, 0.0) * (high - low)
    return between


def robust_pairs(ranks: Ranks, share: float) -> list[tuple[int, int, float]]:
    """Return pairs (ahead, behind, share of draws) whose order holds in at least this share of the draws."""
    draws = ranks.shape[1]
    ranks = np.ascontiguousarray(ranks)
    counts = [(n, _count_true(ranks[n] < ranks)) for n in range(len(ranks))]
    return [
        (n, int(m), int(ahead[m]) / draws) for n, ahead in counts for m in np.flatnonzero(ahead >= share * draws - 1e-9)
    ]


def _count_true(ahead: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count the true values of each row; packed into bits, eight draws are counted in one step."""
    count: NDArray[np.int64] = np.bitwise_count(np.packbits(ahead, axis=1)).sum(axis=1, dtype=np.int64)
    return count
