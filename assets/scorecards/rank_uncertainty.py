"""Rank uncertainty: how far ranks depend on weights, normalisation, aggregation and single indicators.

Here: a Monte Carlo design, the scores and ranks of each draw, and their summary, on numpy arrays. Not here: reading and
writing tables (assets.scorecards.rankings).

The method is the uncertainty and sensitivity analysis of the OECD/JRC Handbook on Constructing Composite Indicators
(2008), chapter 7; the R package COINr does the same. Axes: cities are rows, indicators or draws are columns. Scores of
a draw are sums of whole numbers in doubles below 2^53, which are exact in any order of addition: the same draws give
the same ranks on one thread and on many.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Ranks = NDArray[np.signedinteger[Any]]

NORMALISATIONS = ("goalposts", "min_max", "z_score")
AGGREGATIONS = ("arithmetic", "geometric")
NONE_EXCLUDED = -1

# With more cities pairs are not listed: 200 cities have 19,900 pairs.
MAX_PAIRED_CITIES = 200

_SCORE_SCALE = 1e6
_WEIGHT_SCALE = 2.0**16
_CHUNK_DRAWS = 64
_CITY_BITS = 20


@dataclass(frozen=True, slots=True)
class ScoreMatrix:
    """The input of one ranking: of a dimension where it has one, of the index where it has several.

    Attributes:
        attainments: 0 to 100, cities by indicators; nan without a score.
        values: the same in the unit of the indicator, with the sign that makes higher better.
        weights: of each indicator in its dimension.
        dimension: index of the dimension of each indicator, 0 to n - 1.
        dimension_weights: of each dimension in the index.
        has_dimension_score: cities by dimensions, whether a score is published.
    """

    attainments: Floats
    values: Floats
    weights: Floats
    dimension: Integers
    dimension_weights: Floats
    has_dimension_score: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SimulationDesign:
    """The choices of each draw.

    Attributes:
        weight_factors: draws by indicators, around 1.
        dimension_factors: draws by dimensions, around 1.
        normalisation: index into NORMALISATIONS.
        aggregation: index into AGGREGATIONS.
        excluded: the indicator that is left out, or NONE_EXCLUDED.
    """

    weight_factors: Floats
    dimension_factors: Floats
    normalisation: Integers
    aggregation: Integers
    excluded: Integers


def sample_design(matrix: ScoreMatrix, draws: int, variation: float, seed: int, name: str) -> SimulationDesign:
    """Draw the choices at random, each uniformly; a weight varies by up to `variation` (0.25 is 25 %) of itself.

    `name` selects the stream of random numbers, so that a ranking does not depend on the other rankings.
    """
    stream = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, stream])))
    indicators, dimensions = len(matrix.weights), len(matrix.dimension_weights)
    candidates = np.concatenate([[NONE_EXCLUDED], droppable_indicators(matrix)])
    return SimulationDesign(
        1 + variation * (2 * random.random((draws, indicators)) - 1),
        1 + variation * (2 * random.random((draws, dimensions)) - 1),
        np.floor(random.random(draws) * len(NORMALISATIONS)).astype(np.int64),
        np.floor(random.random(draws) * len(AGGREGATIONS)).astype(np.int64),
        candidates[np.floor(random.random(draws) * len(candidates)).astype(np.int64)],
    )


def nominal_design(matrix: ScoreMatrix, draws: int = 1) -> SimulationDesign:
    """Return the design of the published ranking: no choice is changed."""
    zeros = np.zeros(draws, dtype=np.int64)
    factors = np.ones((draws, len(matrix.weights)))
    return SimulationDesign(
        factors, np.ones((draws, len(matrix.dimension_weights))), zeros, zeros, zeros + NONE_EXCLUDED
    )


def droppable_indicators(matrix: ScoreMatrix) -> Integers:
    """Return the indicators without which every city keeps a score in each dimension that is published for it."""
    has_score = ~np.isnan(matrix.attainments)
    same = matrix.dimension[:, None] == np.arange(len(matrix.dimension_weights))
    scores_in_dimension = has_score.astype(np.int64) @ same.astype(np.int64)
    is_only_score = (
        has_score & (scores_in_dimension[:, matrix.dimension] <= 1) & matrix.has_dimension_score[:, matrix.dimension]
    )
    return np.flatnonzero(~is_only_score.any(axis=0) & (matrix.weights > 0))


def normalise(matrix: ScoreMatrix, normalisation: str) -> Floats:
    """Return scores 0 to 100, cities by indicators; nan stays nan.

    goalposts: the attainments. min_max: 100 (x - min) / (max - min), 50 where all are equal. z_score: 50 + z * 50 / 3
    with z = (x - mean) / standard deviation of the cities, limited to 0..100 (OECD/JRC Handbook, chapter 5).
    """
    if normalisation == "goalposts":
        return matrix.attainments
    values = np.where(np.isnan(matrix.attainments), np.nan, matrix.values)
    has_score = ~np.isnan(values)
    count = np.maximum(has_score.sum(axis=0), 1)
    filled = np.where(has_score, values, 0.0)
    if normalisation == "min_max":
        low = np.where(has_score, values, np.inf).min(axis=0)
        spread = np.where(has_score, values, -np.inf).max(axis=0) - low
        scores = np.divide(100 * (values - low), spread, out=np.full_like(values, 50.0), where=spread > 0)
    else:
        mean = filled.sum(axis=0) / count
        deviation = np.sqrt((np.where(has_score, values - mean, 0.0) ** 2).sum(axis=0) / count)
        z = np.divide(values - mean, deviation, out=np.zeros_like(values), where=deviation > 0)
        scores = np.clip(50 + z * 50 / 3, 0.0, 100.0)
    return np.where(has_score, scores, np.nan)


def weighted_mean(scores: Floats, weights: Floats, aggregation: str) -> Floats:
    """Return the weighted mean over the last axis of scores 0 to 100; a missing score counts with no weight.

    The geometric mean is taken of 1 + 0.99 score, so that a score of 0 does not make it 0. This is the formula for few
    scores; `simulate` gives the same order for many draws.
    """
    has_score = ~np.isnan(scores)
    used = np.where(has_score, weights, 0.0)
    basis = np.log(1 + 0.99 * scores) if aggregation == "geometric" else scores
    mean: Floats = (np.where(has_score, basis, 0.0) @ weights) / used.sum(axis=-1)
    shifted: Floats = (np.exp(mean) - 1) / 0.99
    return shifted if aggregation == "geometric" else mean


def simulate(matrix: ScoreMatrix, design: SimulationDesign) -> Ranks:
    """Return the rank of every city in every draw (cities by draws), 1 the best; equal scores share a rank."""
    cities, draws = len(matrix.attainments), len(design.normalisation)
    ranks: Ranks = np.empty((cities, draws), dtype=np.int16 if cities < 2**15 else np.int32)
    weights = matrix.weights * design.weight_factors
    chosen = np.flatnonzero(design.excluded != NONE_EXCLUDED)
    weights[chosen, design.excluded[chosen]] = 0
    weights = np.floor(weights / matrix.weights.max() * _WEIGHT_SCALE + 0.5)
    dimension_weights = matrix.dimension_weights * design.dimension_factors
    dimension_weights = np.floor(dimension_weights / matrix.dimension_weights.max() * _WEIGHT_SCALE + 0.5)
    has_score = ~np.isnan(matrix.attainments)
    for n, normalisation in enumerate(NORMALISATIONS):
        for a, aggregation in enumerate(AGGREGATIONS):
            draws_alike = np.flatnonzero((design.normalisation == n) & (design.aggregation == a))
            if not len(draws_alike):
                continue
            basis = _to_whole_numbers(_basis(normalise(matrix, normalisation), aggregation), has_score)
            for start in range(0, len(draws_alike), _CHUNK_DRAWS):
                chunk = draws_alike[start : start + _CHUNK_DRAWS]
                scores = _scores(matrix, has_score, basis, weights[chunk].T, dimension_weights[chunk].T, aggregation)
                ranks[:, chunk] = rank(scores)
    return ranks


def _basis(scores: Floats, aggregation: str) -> Floats:
    # Logarithms of 1..100 are 0..4.6; 20 times that has as many digits before the point as a score.
    return 20 * np.log(1 + 0.99 * scores) if aggregation == "geometric" else scores


def _to_whole_numbers(basis: Floats, has_score: NDArray[np.bool_]) -> Floats:
    return np.where(has_score, np.floor(np.where(has_score, basis, 0.0) * _SCORE_SCALE + 0.5), 0.0)


def _scores(
    matrix: ScoreMatrix,
    has_score: NDArray[np.bool_],
    basis: Floats,
    weights: Floats,
    dimension_weights: Floats,
    aggregation: str,
) -> Integers:
    """Return scores, cities by draws, as whole numbers in the order of the scores.

    All means of a draw are of one kind, and the logarithm is monotonic: geometric means of geometric means have the
    order of weighted means of logarithms.
    """
    total = np.zeros((len(basis), weights.shape[1]))
    carried = np.zeros_like(total)
    for dimension in range(len(matrix.dimension_weights)):
        members = matrix.dimension == dimension
        has_all = bool(has_score[:, members].all())
        mass = weights[members].sum(axis=0) if has_all else has_score[:, members].astype(np.float64) @ weights[members]
        sums = basis[:, members] @ weights[members]
        means = np.floor(sums / np.maximum(mass, 1.0) + 0.5)
        if len(matrix.dimension_weights) == 1:
            scores: Integers = means.astype(np.int64)
            return scores
        counts = matrix.has_dimension_score[:, dimension].astype(np.float64)[:, None]
        total += means * (counts * dimension_weights[dimension])
        carried += counts * dimension_weights[dimension]
    return np.floor(total / np.maximum(carried, 1.0) + 0.5).astype(np.int64)


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
    """Return pairs (ahead, behind, share of draws) whose order holds in at least this share of the draws.

    Returns no pair for more than MAX_PAIRED_CITIES cities.
    """
    cities, draws = ranks.shape
    if cities > MAX_PAIRED_CITIES:
        return []
    ranks = np.ascontiguousarray(ranks)
    counts = [(n, _count_true(ranks[n] < ranks)) for n in range(cities)]
    return [
        (n, int(m), int(ahead[m]) / draws) for n, ahead in counts for m in np.flatnonzero(ahead >= share * draws - 1e-9)
    ]


def _count_true(ahead: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count the true values of each row; packed into bits, eight draws are counted in one step."""
    count: NDArray[np.int64] = np.bitwise_count(np.packbits(ahead, axis=1)).sum(axis=1, dtype=np.int64)
    return count


def sensitivity(matrix: ScoreMatrix, design: SimulationDesign, names: list[str]) -> dict[tuple[str, str], float]:
    """Return the mean absolute change of rank for each choice that is changed alone, by (factor, level).

    This is the average shift in rank of the OECD/JRC Handbook, chapter 7. `names` are those of the indicators.
    """
    published, draws = nominal_design(matrix), min(len(design.normalisation), 1000)
    weights, dimensions = design.weight_factors[:draws], design.dimension_factors[:draws]
    changed = {
        ("weights", "all"): replace(nominal_design(matrix, draws), weight_factors=weights, dimension_factors=dimensions)
    }
    one = np.ones(1, dtype=np.int64)
    for n, name in enumerate(NORMALISATIONS[1:], start=1):
        changed["normalisation", name] = replace(published, normalisation=one * n)
    changed["aggregation", AGGREGATIONS[1]] = replace(published, aggregation=one)
    for indicator in droppable_indicators(matrix):
        changed["left_out", names[indicator]] = replace(published, excluded=one * indicator)
    nominal = simulate(matrix, published).astype(np.int64)
    return {choice: _mean_change(simulate(matrix, design), nominal) for choice, design in changed.items()}


def _mean_change(ranks: Ranks, nominal: Integers) -> float:
    return float(np.abs(ranks.astype(np.int64) - nominal).sum() / ranks.size)
