"""Rank intervals: how far ranks depend on weights, normalisation, aggregation and single indicators.

Here: the draws, scores and ranks of each, and what is told of them, on numpy arrays: units by indicators in, units by
draws out. Not here: reading and writing tables (assets.scorecards.ranking).

Scores of a draw are sums of whole numbers in doubles, below 2^53: exact in whatever order a library adds them, so the
same draws give the same ranks on one thread and on many.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Ranks = NDArray[np.signedinteger[Any]]

NORMALISATIONS = ("goalposts", "min_max", "z_score")
AGGREGATIONS = ("arithmetic", "geometric")
NONE_LEFT_OUT = -1

# Beyond this many units pairs are not listed: 200 make 19,900 of them already.
PAIRED_UNITS = 200

_SCORE_SCALE = 1e6
_WEIGHT_SCALE = 2.0**16
_DRAWS_AT_ONCE = 64
_UNIT_BITS = 20


@dataclass(frozen=True, slots=True)
class ScoreMatrix:
    """Units by indicators: attainments 0 to 100 and oriented values (higher is better), nan where there is none.

    `group` says to which dimension each indicator belongs, 0 to n - 1; `group_counts` whether a unit has a published
    score in a dimension. One dimension makes a ranking in it, several one of the index.
    """

    attainments: Floats
    values: Floats
    weights: Floats
    group: Integers
    group_weights: Floats
    group_counts: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SimulationDesign:
    """What each draw changes: factors of the weights, and the normalisation, aggregation and indicator left out."""

    weight_factors: Floats
    group_factors: Floats
    normalisation: Integers
    aggregation: Integers
    left_out: Integers


def sample_design(panel: ScoreMatrix, draws: int, variation: float, seed: int, name: str) -> SimulationDesign:
    """A seeded design; `name` gives each ranking a stream of its own, whatever other rankings there are."""
    stream = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, stream])))
    indicators, groups = len(panel.weights), len(panel.group_weights)
    can_go = np.concatenate([[NONE_LEFT_OUT], droppable_indicators(panel)])
    return SimulationDesign(
        1 + variation * (2 * random.random((draws, indicators)) - 1),
        1 + variation * (2 * random.random((draws, groups)) - 1),
        np.floor(random.random(draws) * len(NORMALISATIONS)).astype(np.int64),
        np.floor(random.random(draws) * len(AGGREGATIONS)).astype(np.int64),
        can_go[np.floor(random.random(draws) * len(can_go)).astype(np.int64)],
    )


def nominal_design(panel: ScoreMatrix, draws: int = 1) -> SimulationDesign:
    """A design that changes nothing."""
    nothing = np.zeros(draws, dtype=np.int64)
    factors = np.ones((draws, len(panel.weights)))
    return SimulationDesign(
        factors, np.ones((draws, len(panel.group_weights))), nothing, nothing, nothing + NONE_LEFT_OUT
    )


def droppable_indicators(panel: ScoreMatrix) -> Integers:
    """Indicators without which every unit still has another in each dimension that counts for it."""
    there = ~np.isnan(panel.attainments)
    same = panel.group[:, None] == np.arange(len(panel.group_weights))
    in_group = there.astype(np.int64) @ same.astype(np.int64)
    is_alone = there & (in_group[:, panel.group] <= 1) & panel.group_counts[:, panel.group]
    return np.flatnonzero(~is_alone.any(axis=0) & (panel.weights > 0))


def normalise(panel: ScoreMatrix, normalisation: str) -> Floats:
    """Scores 0 to 100 by one of the normalisations; nan stays nan."""
    if normalisation == "goalposts":
        return panel.attainments
    values = np.where(np.isnan(panel.attainments), np.nan, panel.values)
    there = ~np.isnan(values)
    count = np.maximum(there.sum(axis=0), 1)
    filled = np.where(there, values, 0.0)
    if normalisation == "min_max":
        low = np.where(there, values, np.inf).min(axis=0)
        spread = np.where(there, values, -np.inf).max(axis=0) - low
        scores = np.divide(100 * (values - low), spread, out=np.full_like(values, 50.0), where=spread > 0)
    else:
        mean = filled.sum(axis=0) / count
        deviation = np.sqrt((np.where(there, values - mean, 0.0) ** 2).sum(axis=0) / count)
        z = np.divide(values - mean, deviation, out=np.zeros_like(values), where=deviation > 0)
        # three deviations below the mean score 0, three above it 100
        scores = np.clip(50 + z * 50 / 3, 0.0, 100.0)
    return np.where(there, scores, np.nan)


def weighted_mean(scores: Floats, weights: Floats, aggregation: str) -> Floats:
    """Mean over the last axis of scores 0 to 100, weights of the missing left out.

    Geometric: on scores shifted to 1..100. This is the formula itself, for few scores; `simulate` serves many draws.
    """
    there = ~np.isnan(scores)
    used = np.where(there, weights, 0.0)
    basis = np.log(1 + 0.99 * scores) if aggregation == "geometric" else scores
    mean: Floats = (np.where(there, basis, 0.0) @ weights) / used.sum(axis=-1)
    shifted: Floats = (np.exp(mean) - 1) / 0.99
    return shifted if aggregation == "geometric" else mean


def simulate(panel: ScoreMatrix, design: SimulationDesign) -> Ranks:
    """The rank of every unit in every draw, 1 the best; equal scores share one."""
    units, draws = len(panel.attainments), len(design.normalisation)
    ranks: Ranks = np.empty((units, draws), dtype=np.int16 if units < 2**15 else np.int32)
    weights = panel.weights * design.weight_factors
    chosen = np.flatnonzero(design.left_out != NONE_LEFT_OUT)
    weights[chosen, design.left_out[chosen]] = 0
    weights = np.floor(weights / panel.weights.max() * _WEIGHT_SCALE + 0.5)
    group_weights = panel.group_weights * design.group_factors
    group_weights = np.floor(group_weights / panel.group_weights.max() * _WEIGHT_SCALE + 0.5)
    there = ~np.isnan(panel.attainments)
    for n, normalisation in enumerate(NORMALISATIONS):
        for a, aggregation in enumerate(AGGREGATIONS):
            ours = np.flatnonzero((design.normalisation == n) & (design.aggregation == a))
            if not len(ours):
                continue
            basis = _whole(_basis(normalise(panel, normalisation), aggregation), there)
            for start in range(0, len(ours), _DRAWS_AT_ONCE):
                these = ours[start : start + _DRAWS_AT_ONCE]
                scores = _scores(panel, there, basis, weights[these].T, group_weights[these].T, aggregation)
                ranks[:, these] = rank(scores)
    return ranks


def _basis(scores: Floats, aggregation: str) -> Floats:
    # logarithms of 1..100 lie in 0..4.6; both bases then have their digits in the same places
    return 20 * np.log(1 + 0.99 * scores) if aggregation == "geometric" else scores


def _whole(basis: Floats, there: NDArray[np.bool_]) -> Floats:
    return np.where(there, np.floor(np.where(there, basis, 0.0) * _SCORE_SCALE + 0.5), 0.0)


def _scores(
    panel: ScoreMatrix,
    there: NDArray[np.bool_],
    basis: Floats,
    weights: Floats,
    group_weights: Floats,
    aggregation: str,
) -> Integers:
    """Scores of units by draws as whole numbers of basis / scale, which rank like the scores themselves.

    Within one draw everything is aggregated alike, and a logarithm does not change an order: the geometric mean of
    geometric means is the weighted mean of their logarithms.
    """
    total = np.zeros((len(basis), weights.shape[1]))
    carried = np.zeros_like(total)
    for group in range(len(panel.group_weights)):
        members = panel.group == group
        has_all = bool(there[:, members].all())
        mass = weights[members].sum(axis=0) if has_all else there[:, members].astype(np.float64) @ weights[members]
        sums = basis[:, members] @ weights[members]
        means = np.floor(sums / np.maximum(mass, 1.0) + 0.5)
        if len(panel.group_weights) == 1:
            whole: Integers = means.astype(np.int64)
            return whole
        counts = panel.group_counts[:, group].astype(np.float64)[:, None]
        total += means * (counts * group_weights[group])
        carried += counts * group_weights[group]
    return np.floor(total / np.maximum(carried, 1.0) + 0.5).astype(np.int64)


def rank(scores: Integers) -> Ranks:
    """Ranks of units by draws, 1 for the highest score; equal scores share the best of their places."""
    units = len(scores)
    kind = np.int16 if units < 2**15 else np.int32
    # sorting whole numbers that carry their unit is several times as fast as sorting positions
    keys = np.ascontiguousarray(((scores.max() - scores) << _UNIT_BITS).T)
    keys |= np.arange(units)
    keys.sort(axis=1)
    order = keys & ((1 << _UNIT_BITS) - 1)
    keys >>= _UNIT_BITS
    places: Ranks = np.empty(keys.shape, dtype=kind)
    places[:] = np.arange(1, units + 1)
    np.multiply(places[:, 1:], keys[:, 1:] != keys[:, :-1], out=places[:, 1:])
    np.maximum.accumulate(places, axis=1, out=places)
    # where each place belongs, counted over the draws one after the other
    order += np.arange(0, keys.size, units)[:, None]
    ranks: Ranks = np.empty(keys.size, dtype=kind)
    ranks[order.ravel()] = places.ravel()
    by_draw: Ranks = ranks.reshape(keys.shape)
    return by_draw.T


@dataclass(frozen=True, slots=True)
class RankSummary:
    """What the draws say of each unit."""

    mean: Floats
    median: Floats
    low: Floats
    high: Floats
    top_three: Floats


def summarise_ranks(ranks: Ranks) -> RankSummary:
    """Mean, median, 5 % and 95 % rank (linear quantiles) and the probability of the first three places."""
    ordered = np.sort(ranks, axis=1, kind="stable")  # short whole numbers: sorted by their digits, not by comparing
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
    """Pairs (ahead, behind, share of the draws) whose order holds in at least this share; none beyond PAIRED_UNITS."""
    units, draws = ranks.shape
    if units > PAIRED_UNITS:
        return []
    ranks = np.ascontiguousarray(ranks)
    held = [(n, _held(ranks[n] < ranks)) for n in range(units)]
    return [
        (n, int(m), int(ahead[m]) / draws) for n, ahead in held for m in np.flatnonzero(ahead >= share * draws - 1e-9)
    ]


def _held(ahead: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How often each row holds; counted by bits, eight draws at a time."""
    held: NDArray[np.int64] = np.bitwise_count(np.packbits(ahead, axis=1)).sum(axis=1, dtype=np.int64)
    return held


def sensitivity(panel: ScoreMatrix, design: SimulationDesign, names: list[str]) -> dict[tuple[str, str], float]:
    """Mean absolute change of rank when one choice alone is made otherwise; `names` are those of the indicators."""
    usual = simulate(panel, nominal_design(panel)).astype(np.int64)
    drawn = min(len(design.normalisation), 1000)
    weights = nominal_design(panel, drawn)
    weights = SimulationDesign(
        design.weight_factors[:drawn],
        design.group_factors[:drawn],
        weights.normalisation,
        weights.aggregation,
        weights.left_out,
    )
    changes = {("weights", "all"): _change(simulate(panel, weights), usual)}
    one, zero = nominal_design(panel), np.zeros(1, dtype=np.int64)
    for n, name in enumerate(NORMALISATIONS[1:], start=1):
        other = SimulationDesign(one.weight_factors, one.group_factors, zero + n, zero, zero + NONE_LEFT_OUT)
        changes["normalisation", name] = _change(simulate(panel, other), usual)
    other = SimulationDesign(one.weight_factors, one.group_factors, zero, zero + 1, zero + NONE_LEFT_OUT)
    changes["aggregation", AGGREGATIONS[1]] = _change(simulate(panel, other), usual)
    for indicator in droppable_indicators(panel):
        other = SimulationDesign(one.weight_factors, one.group_factors, zero, zero, zero + indicator)
        changes["left_out", names[indicator]] = _change(simulate(panel, other), usual)
    return changes


def _change(ranks: Ranks, usual: Integers) -> float:
    return float(np.abs(ranks.astype(np.int64) - usual).sum() / ranks.size)
