"""Rank intervals: published statistics of ranks, plain formulas of scores, and what the draws may not change."""

from __future__ import annotations

import csv
from dataclasses import replace
from statistics import geometric_mean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.core.paths import PROJECT_ROOT
from assets.scorecards.rank_uncertainty import (
    NONE_EXCLUDED,
    ScoreMatrix,
    SimulationDesign,
    droppable_indicators,
    nominal_design,
    normalise,
    rank,
    robust_pairs,
    sample_design,
    sensitivity,
    simulate,
    summarise_ranks,
    weighted_mean,
)

PUBLISHED = PROJECT_ROOT / "tests" / "fixtures" / "published"


def published(name: str) -> list[dict[str, str]]:
    with (PUBLISHED / f"{name}.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def build_matrix(
    scores: list[list[float]], weights: list[float] | None = None, dimensions: list[int] | None = None
) -> ScoreMatrix:
    """Units by indicators; values run with the attainments. All dimensions count."""
    attainments = np.array(scores, dtype=float)
    dimension = np.array(dimensions or [0] * attainments.shape[1])
    counts = np.array(
        [[bool((~np.isnan(row[dimension == g])).any()) for g in range(dimension.max() + 1)] for row in attainments]
    )
    weigh = np.array(weights or [1.0] * attainments.shape[1])
    return ScoreMatrix(attainments, attainments * 3 + 7, weigh, dimension, np.ones(dimension.max() + 1), counts)


def ranks_of_one_draw(
    matrix: ScoreMatrix, normalisation: int = 0, aggregation: int = 0, excluded: int = NONE_EXCLUDED
) -> list[int]:
    """The ranks of one draw that changes these choices alone."""
    design = nominal_design(matrix)
    changed = replace(
        design,
        normalisation=np.array([normalisation]),
        aggregation=np.array([aggregation]),
        excluded=np.array([excluded]),
    )
    return simulate(matrix, changed)[:, 0].tolist()


# --- published answers ------------------------------------------------------------------------------------------


def test_ranks_of_published_scores_are_the_published_ones() -> None:
    rows = published("nominal_ranks")
    scores = np.array([[int(float(row["Score"]) * 1e9)] for row in rows])
    assert rank(scores)[:, 0].tolist() == [int(row["Rank"]) for row in rows]


def test_statistics_of_100_published_runs_are_the_published_ones() -> None:
    runs = {row.pop("uCode"): row for row in published("ranks_of_100_runs")}
    ranks = np.array([[int(row[f"r_{n}"]) for n in range(1, 101)] for row in runs.values()], dtype=np.int16)
    summary = summarise_ranks(ranks)
    expected = {row["uCode"]: row for row in published("rank_statistics")}
    assert set(runs) == set(expected)
    assert len(runs) == 51
    for n, code in enumerate(runs):
        result = (summary.mean[n], summary.median[n], summary.low[n], summary.high[n])
        want = tuple(float(expected[code][name]) for name in ("Mean", "Median", "Q5", "Q95"))
        assert result == pytest.approx(want, abs=1e-9), code
        assert summary.probability_top_three[n] == (ranks[n] <= 3).mean()


def test_the_geometric_means_of_coinr_on_scores_shifted_to_one_to_hundred() -> None:
    shifted = (np.array([1.0, 2.0, 3.0]) - 1) / 0.99
    for weights, expected in (([1, 1, 1], 1.8171205928321397), ([1, 1, 2], 2.0597671439071177)):
        mean = weighted_mean(shifted, np.array(weights, dtype=float), "geometric")
        assert float(1 + 0.99 * mean) == pytest.approx(expected, rel=1e-13)


# --- plain formulas ---------------------------------------------------------------------------------------------

SCORES = [[80, 10, 50], [40, 60, 55], [20, 90, 70], [60, 60, 45]]


def plain_ranks(scores: list[float]) -> list[int]:
    return [1 + sum(other > score + 1e-9 for other in scores) for score in scores]


def test_arithmetic_and_geometric_ranks_are_those_of_the_plain_formulas() -> None:
    matrix = build_matrix(SCORES, weights=[1, 2, 1])
    arithmetic = [(a + 2 * b + c) / 4 for a, b, c in SCORES]
    geometric = [geometric_mean([1 + 0.99 * x for x in (a, b, b, c)]) for a, b, c in SCORES]
    assert ranks_of_one_draw(matrix) == plain_ranks(arithmetic)
    assert ranks_of_one_draw(matrix, aggregation=1) == plain_ranks(geometric)


def test_an_index_weighs_dimensions_and_not_indicators() -> None:
    matrix = build_matrix(SCORES, dimensions=[0, 0, 1])
    assert ranks_of_one_draw(matrix) == plain_ranks([((a + b) / 2 + c) / 2 for a, b, c in SCORES])
    assert ranks_of_one_draw(matrix, excluded=0) == plain_ranks([(b + c) / 2 for _, b, c in SCORES])


def test_weights_of_the_missing_are_left_out() -> None:
    nan = float("nan")
    assert ranks_of_one_draw(build_matrix([[nan, 50, 50], [90, 10, 20], [60, 40, nan]])) == plain_ranks([50, 40, 50])


def test_min_max_and_z_scores_over_the_units() -> None:
    matrix = build_matrix([[0.0], [25.0], [100.0]])
    assert normalise(matrix, "min_max")[:, 0].tolist() == [0, 25, 100]
    x = np.array([0.0, 25.0, 100.0])
    assert normalise(matrix, "z_score")[:, 0] == pytest.approx(50 + (x - x.mean()) / x.std() * 50 / 3)


def test_an_indicator_on_which_all_are_equal_scores_fifty_for_all() -> None:
    matrix = build_matrix([[7.0, 1], [7.0, 2]])
    assert normalise(matrix, "min_max")[:, 0].tolist() == normalise(matrix, "z_score")[:, 0].tolist() == [50, 50]


def test_equal_scores_share_the_best_place() -> None:
    assert rank(np.array([[5], [9], [5], [1]]))[:, 0].tolist() == [2, 1, 2, 4]


# --- the draws --------------------------------------------------------------------------------------------------


def test_what_alone_carries_a_score_is_never_left_out() -> None:
    nan = float("nan")
    assert droppable_indicators(build_matrix([[50, 50, nan], [50, 60, 70]])).tolist() == [0, 1, 2]
    assert droppable_indicators(build_matrix([[50, nan, nan], [50, 60, 70]])).tolist() == [1, 2]
    assert droppable_indicators(build_matrix([[50, 50, 70], [50, 60, 70]], dimensions=[0, 0, 1])).tolist() == [0, 1]


def test_a_design_varies_every_choice_within_its_bounds() -> None:
    design = sample_design(build_matrix(SCORES), 5000, 0.25, 1, "index")
    assert 0.75 <= design.weight_factors.min() < 0.76
    assert 1.24 < design.weight_factors.max() <= 1.25
    assert np.bincount(design.normalisation).min() > 1500
    assert np.bincount(design.aggregation).min() > 2300
    assert np.bincount(design.excluded + 1).min() > 1100


def test_one_seed_gives_one_design_and_each_ranking_has_its_own() -> None:
    matrix = build_matrix(SCORES)
    first, again, other = (sample_design(matrix, 50, 0.25, 7, name) for name in ("a", "a", "b"))
    assert (first.weight_factors == again.weight_factors).all()
    assert (first.weight_factors != other.weight_factors).all()
    assert (first.weight_factors != sample_design(matrix, 50, 0.25, 8, "a").weight_factors).all()


def test_a_unit_ahead_on_every_indicator_is_first_in_every_draw() -> None:
    matrix = build_matrix([[90, 91, 92], [50, 10, 60], [40, 30, 20]])
    summary = summarise_ranks(simulate(matrix, sample_design(matrix, 300, 0.25, 1, "index")))
    assert (summary.low[0], summary.high[0], summary.probability_top_three.tolist()) == (1, 1, [1, 1, 1])


def test_pairs_whose_order_holds_are_listed_with_their_share() -> None:
    ranks = np.array([[1] * 20, [2] * 19 + [3], [3] * 18 + [2, 2]], dtype=np.int16)
    assert robust_pairs(ranks, 0.95) == [(0, 1, 1.0), (0, 2, 1.0)]
    assert robust_pairs(ranks, 0.9) == [(0, 1, 1.0), (0, 2, 1.0), (1, 2, 0.9)]


def test_a_choice_that_moves_nobody_has_no_sensitivity_and_one_that_does_has() -> None:
    matrix = build_matrix([[90, 10], [80, 20], [10, 15]])
    changes = sensitivity(matrix, sample_design(matrix, 100, 0.25, 1, "index"), ["a", "b"])
    assert changes["normalisation", "min_max"] >= 0
    assert changes["left_out", "a"] == pytest.approx((2 + 0 + 1) / 3)
    assert set(changes) == {
        ("weights", "all"),
        ("normalisation", "min_max"),
        ("normalisation", "z_score"),
        ("aggregation", "geometric"),
        ("left_out", "a"),
        ("left_out", "b"),
    }


@settings(max_examples=30, deadline=None)
@given(
    st.integers(2, 12).flatmap(
        lambda units: st.lists(st.lists(st.integers(0, 1000), min_size=4, max_size=4), min_size=units, max_size=units)
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_rows_changes_no_rank(rows: list[list[int]], random: object) -> None:
    scores = [[x / 10 for x in row] for row in rows]
    order = list(range(len(scores)))
    random.shuffle(order)  # type: ignore[attr-defined]
    matrix, shuffled = (
        build_matrix(scores, dimensions=[0, 0, 1, 1]),
        build_matrix([scores[n] for n in order], dimensions=[0, 0, 1, 1]),
    )
    design = sample_design(matrix, 20, 0.25, 3, "index")
    # goalposts alone: means and deviations over the units are sums of doubles, whose last digit follows the order
    design = SimulationDesign(
        design.weight_factors, design.dimension_factors, 0 * design.normalisation, design.aggregation, design.excluded
    )
    ranks = simulate(matrix, design)
    assert (simulate(shuffled, design) == ranks[order]).all()
    assert ranks.min() == 1
    assert ranks.max() <= len(scores)
