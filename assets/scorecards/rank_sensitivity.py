"""Rank sensitivity: which choice moves the ranks how much.

Here: changes of one choice at a time, Sobol indices, and the weights that indicators have in effect. Not here: the
draws (assets.scorecards.rank_uncertainty), reading and writing tables (assets.scorecards.rankings).

References: OECD/JRC Handbook on Constructing Composite Indicators (2008), chapter 7; Saltelli et al. (2010),
doi:10.1016/j.cpc.2009.09.018; Paruolo, Saisana and Saltelli (2013), doi:10.1111/j.1467-985X.2012.01059.x.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np

from assets.scorecards.rank_uncertainty import (
    AGGREGATIONS,
    FACTORS,
    NORMALISATIONS,
    Floats,
    Ranks,
    ScoreMatrix,
    Variations,
    choose,
    move_goalposts,
    nominal_design,
    normalise,
    simulate,
)

# Draws of a choice that is changed alone.
_DRAWS = 500
# Different weights, scores of missing figures and measurement errors in the Sobol analysis.
_POOL = 64
# With fewer cities than these for each coefficient, a curve would fit anything.
_CITIES_PER_COEFFICIENT = 8
_MAX_DEGREE = 3


def rank_changes(matrix: ScoreMatrix, variations: Variations, names: list[str]) -> dict[tuple[str, str], float]:
    """Return the mean absolute change of rank for each choice that is changed alone, by (factor, level).

    This is the average shift in rank of the OECD/JRC Handbook, chapter 7. `names` are those of the indicators; the
    level of weights, missing figures and measurement is `all`, that of goalposts the indicator whose ends move.
    """
    one, many = np.zeros(1, dtype=np.int64), np.arange(_DRAWS)
    designs = {(name, "all"): nominal_design(_DRAWS, **{name: many}) for name in ("weights", "missing", "measurement")}
    for number, name in enumerate(NORMALISATIONS[1:], start=1):
        designs["normalisation", name] = nominal_design(normalisation=one + number)
    designs["aggregation", AGGREGATIONS[1]] = nominal_design(aggregation=one + 1)
    for indicator in matrix.excludable:
        designs["excluded", names[indicator]] = nominal_design(excluded=one + indicator)
    nominal = simulate(matrix, nominal_design(), variations)
    changes = {key: mean_change(simulate(matrix, design, variations), nominal) for key, design in designs.items()}
    for indicator, name in enumerate(names):
        corners = itertools.product((-variations.goalpost_variation, variations.goalpost_variation), repeat=2)
        moved = (
            simulate(_with_moved_ends(matrix, indicator, corner), nominal_design(), variations) for corner in corners
        )
        changes["goalposts", name] = float(np.mean([mean_change(ranks, nominal) for ranks in moved]))
    return changes


def _with_moved_ends(matrix: ScoreMatrix, indicator: int, corner: tuple[float, ...]) -> ScoreMatrix:
    moves = np.zeros((2, len(matrix.weights)))
    moves[:, indicator] = corner
    return replace(matrix, attainments=move_goalposts(matrix.attainments, matrix.has_range, moves))


def mean_change(ranks: Ranks, nominal: Ranks) -> float:
    """Return the mean absolute difference between ranks (cities by draws) and nominal ranks (cities by one)."""
    return float(np.abs(ranks.astype(np.int64) - nominal).sum() / ranks.size)


@dataclass(frozen=True, slots=True)
class SobolIndices:
    """Shares of the variance that each factor explains, factors by outputs; 0 where an output does not vary.

    The first output is the average shift in rank, the others are the ranks of the cities, where they were asked for.
    """

    first_order: Floats
    total_order: Floats


def sobol_indices(matrix: ScoreMatrix, variations: Variations, samples: int, *, by_city: bool) -> SobolIndices:
    """Return first-order and total-order Sobol indices of the choices, in the order of FACTORS.

    Args:
        matrix: the ranking.
        variations: the alternatives of each choice.
        samples: base samples n, a power of two; the Saltelli sample has n (factors + 2) draws.
        by_city: whether the rank of each city is an output.
    """
    from scipy import stats  # takes long to import, and only rankings need it

    nominal = simulate(matrix, nominal_design(), variations)

    def outputs(shares: Floats) -> Floats:
        ranks = simulate(matrix, choose(matrix, shares, _POOL), variations).astype(np.int64)
        shift = np.abs(ranks - nominal).mean(axis=0)
        return np.vstack([shift, ranks]) if by_city else shift[None, :]

    seed = np.random.default_rng(variations.seed)
    with np.errstate(invalid="ignore", divide="ignore"):
        result = stats.sobol_indices(
            func=outputs, n=samples, dists=[stats.uniform()] * len(FACTORS), method="saltelli_2010", rng=seed
        )
    return SobolIndices(np.atleast_2d(result.first_order).T, np.atleast_2d(result.total_order).T)


def effective_weights(matrix: ScoreMatrix) -> Floats:
    """Return, for each indicator, the correlation ratio with the score of its dimension.

    The ratio Var(E[score | x]) / Var(score) is the importance that an indicator has in effect, whatever its weight.
    E[score | x] is a polynomial of degree 1 to 3, by the number of cities. nan where indicator or score does not vary.
    """
    scores, _ = normalise(matrix, "goalposts")
    filled = np.nan_to_num(scores)
    degree = int(np.clip(len(filled) // _CITIES_PER_COEFFICIENT, 1, _MAX_DEGREE))
    ratios = np.full(len(matrix.weights), np.nan)
    for dimension in range(len(matrix.dimension_weights)):
        members = np.flatnonzero(matrix.dimension == dimension)
        weights = matrix.weights[members]
        total = filled[:, members] @ weights / max(weights.sum(), 1e-12)
        for indicator in members:
            has_figure = ~matrix.is_missing[:, indicator]
            ratios[indicator] = _correlation_ratio(filled[has_figure, indicator], total[has_figure], degree)
    return ratios


def _correlation_ratio(x: Floats, y: Floats, degree: int) -> float:
    if len(np.unique(x)) <= degree or np.ptp(y) == 0:
        return float("nan")
    fitted = np.polynomial.Polynomial.fit(x, y, degree)(x)
    return float(np.clip(1 - ((y - fitted) ** 2).sum() / ((y - y.mean()) ** 2).sum(), 0.0, 1.0))
