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
from assets.scorecards.rank_sensitivity import effective_weights, rank_changes, sobol_indices
from assets.scorecards.rank_uncertainty import (
    FACTORS,
    GOALPOST_SETS,
    NOMINAL,
    ScoreMatrix,
    Variations,
    move_goalposts,
    nominal_design,
    normalise,
    rank,
    robust_pairs,
    sample_design,
    simulate,
    summarise_ranks,
)

PUBLISHED = PROJECT_ROOT / "tests" / "fixtures" / "published"


def published(name: str) -> list[dict[str, str]]:
    with (PUBLISHED / f"{name}.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


VARIATIONS = Variations.of("index", 1, 0.25, 0.1)


def build_matrix(
    scores: list[list[float]],
    weights: list[float] | None = None,
    dimensions: list[int] | None = None,
    error: float = 0.0,
) -> ScoreMatrix:
    """Units by indicators; values run with the attainments."""
    attainments = np.array(scores, dtype=float)
    dimension = np.array(dimensions or [0] * attainments.shape[1])
    weigh = np.array(weights or [1.0] * attainments.shape[1])
    errors = np.where(np.isnan(attainments), np.nan, error)
    has_range = np.zeros(len(weigh), dtype=np.bool_)
    return ScoreMatrix(
        attainments, attainments * 3 + 7, errors, errors * 3, has_range, weigh, dimension, np.ones(dimension.max() + 1)
    )


def ranks_of_one_draw(matrix: ScoreMatrix, **changed: int) -> list[int]:
    """The ranks of one draw that changes these choices alone."""
    design = nominal_design(**{name: np.array([number]) for name, number in changed.items()})
    return simulate(matrix, design, VARIATIONS)[:, 0].tolist()


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


def test_a_missing_figure_counts_nothing_in_the_published_order() -> None:
    nan = float("nan")
    assert ranks_of_one_draw(build_matrix([[nan, 50, 50], [90, 10, 20], [60, 40, nan]])) == plain_ranks([100, 120, 100])


def test_min_max_and_z_scores_over_the_units() -> None:
    matrix = build_matrix([[0.0], [25.0], [100.0]], error=2.0)
    scores, errors = normalise(matrix, "min_max")
    assert (scores[:, 0].tolist(), errors[:, 0].tolist()) == ([0, 25, 100], pytest.approx([2, 2, 2]))
    x = np.array([0.0, 25.0, 100.0])
    scores, errors = normalise(matrix, "z_score")
    assert scores[:, 0] == pytest.approx(50 + (x - x.mean()) / x.std() * 50 / 3)
    assert errors[:, 0] == pytest.approx(2 / x.std() * 50 / 3)


def test_an_indicator_on_which_all_are_equal_scores_fifty_for_all() -> None:
    matrix = build_matrix([[7.0, 1], [7.0, 2]])
    scores = [normalise(matrix, name)[0][:, 0].tolist() for name in ("min_max", "z_score")]
    assert scores == [[50, 50], [50, 50]]


def test_moved_goalposts_score_as_if_they_were_in_the_registry() -> None:
    lower, upper, x = 20.0, 70.0, np.array([[10.0], [45.0], [70.0], [90.0]])
    raw = 100 * (x - lower) / (upper - lower)
    moved_lower, moved_upper = lower + 0.1 * 50, upper - 0.05 * 50
    expected = 100 * (x - moved_lower) / (moved_upper - moved_lower)
    assert move_goalposts(raw, np.array([False]), np.array([[0.1], [-0.05]])) == pytest.approx(expected)


def test_a_range_widens_its_tolerance_and_keeps_its_ends() -> None:
    distance, tolerance = np.array([[0.0], [2.0], [6.0]]), 5.0
    raw = 100 * (1 - distance / tolerance)
    moved = move_goalposts(raw, np.array([True]), np.array([[0.1], [0.1]]))
    assert moved == pytest.approx(100 * (1 - distance / (tolerance * 1.1)))


def test_equal_scores_share_the_best_place() -> None:
    assert rank(np.array([[5], [9], [5], [1]]))[:, 0].tolist() == [2, 1, 2, 4]


# --- the draws --------------------------------------------------------------------------------------------------


def test_what_alone_carries_a_dimension_is_never_left_out() -> None:
    assert build_matrix([[50, 50, 70], [50, 60, 70]]).excludable.tolist() == [0, 1, 2]
    assert build_matrix([[50, 50, 70], [50, 60, 70]], dimensions=[0, 0, 1]).excludable.tolist() == [0, 1]


def test_a_design_varies_every_choice_within_its_bounds() -> None:
    design = sample_design(build_matrix(SCORES), 5000, VARIATIONS)
    factors = VARIATIONS.weight_factors(design.weights, 3)
    assert 0.75 <= factors.min() < 0.76
    assert 1.24 < factors.max() <= 1.25
    assert np.bincount(design.normalisation).min() > 1500
    assert np.bincount(design.aggregation).min() > 2300
    assert np.bincount(design.goalposts, minlength=GOALPOST_SETS).min() > 200
    assert np.bincount(design.excluded + 1).min() > 1100
    assert abs(VARIATIONS.goalpost_moves(0, 1000)).max() <= 0.1
    scores = VARIATIONS.missing_scores(design.missing, 2)
    assert (scores.min() >= 0, scores.max() <= 100, abs(scores.mean() - 50) < 2) == (True, True, True)


def test_choices_are_independent_of_each_other() -> None:
    design = sample_design(build_matrix(SCORES), 5000, VARIATIONS)
    columns = np.stack([getattr(design, name) for name in ("normalisation", "goalposts", "aggregation", "excluded")])
    assert np.abs(np.corrcoef(columns) - np.eye(4)).max() < 0.06


def test_one_seed_gives_one_design_and_each_ranking_has_its_own() -> None:
    numbers = np.arange(50)
    first, again, other, reseeded = (
        Variations.of(name, seed, 0.25, 0.1).weight_factors(numbers, 3)
        for name, seed in (("a", 7), ("a", 7), ("b", 7), ("a", 8))
    )
    assert (first == again).all()
    assert (first != other).all()
    assert (first != reseeded).all()


def test_a_number_is_drawn_the_same_whatever_is_drawn_beside_it() -> None:
    alone = VARIATIONS.measurement_errors(np.array([37]), 4)[0]
    among = VARIATIONS.measurement_errors(np.array([5, NOMINAL, 37, 900]), 4)
    assert (among[2] == alone).all()
    assert (among[1] == 0).all()


def test_a_unit_ahead_on_every_indicator_is_first_in_every_draw() -> None:
    matrix = build_matrix([[90, 91, 92], [50, 10, 60], [40, 30, 20]])
    summary = summarise_ranks(simulate(matrix, sample_design(matrix, 300, VARIATIONS), VARIATIONS))
    assert (summary.low[0], summary.high[0], summary.probability_top_three.tolist()) == (1, 1, [1, 1, 1])


def test_missing_figures_and_measurement_move_ranks_that_nothing_else_moves() -> None:
    nan = float("nan")
    many = np.arange(400)
    open_figure = build_matrix([[60, 60], [50, nan], [40, 40]])
    ranks = simulate(open_figure, nominal_design(400, missing=many), VARIATIONS)
    # The second unit passes the first where its figure is above 70, and the third unless it is below 30.
    assert (ranks[1] == 1).mean() == pytest.approx(0.3, abs=0.08)
    assert (ranks[1] == 3).mean() == pytest.approx(0.3, abs=0.08)
    measured = build_matrix([[51, 50], [50, 50]], error=1.0)
    ranks = simulate(measured, nominal_design(400, measurement=many), VARIATIONS)
    # The difference of the means is 0.5, its standard error 1.
    assert (ranks[1] == 1).mean() == pytest.approx(0.31, abs=0.08)


def test_pairs_whose_order_holds_are_listed_with_their_share() -> None:
    ranks = np.array([[1] * 20, [2] * 19 + [3], [3] * 18 + [2, 2]], dtype=np.int16)
    assert robust_pairs(ranks, 0.95) == [(0, 1, 1.0), (0, 2, 1.0)]
    assert robust_pairs(ranks, 0.9) == [(0, 1, 1.0), (0, 2, 1.0), (1, 2, 0.9)]


def test_a_choice_that_moves_nobody_has_no_sensitivity_and_one_that_does_has() -> None:
    matrix = build_matrix([[90, 10], [80, 20], [10, 15]])
    changes = rank_changes(matrix, VARIATIONS, ["a", "b"])
    assert changes["normalisation", "min_max"] >= 0
    assert changes["excluded", "a"] == pytest.approx((2 + 0 + 1) / 3)
    assert changes["missing", "all"] == changes["measurement", "all"] == 0
    assert set(changes) == {
        ("weights", "all"),
        ("missing", "all"),
        ("measurement", "all"),
        ("normalisation", "min_max"),
        ("normalisation", "z_score"),
        ("aggregation", "geometric"),
        *((factor, name) for factor in ("excluded", "goalposts") for name in "ab"),
    }


def test_sobol_indices_name_the_choice_that_explains_the_ranks() -> None:
    nan = float("nan")
    # Only the missing figure can move a rank: all else is far apart.
    matrix = build_matrix([[90, 90, 90], [60, 60, nan], [50, 50, 50], [10, 10, 10]])
    indices = sobol_indices(matrix, VARIATIONS, 256, by_city=True)
    assert indices.first_order.shape == indices.total_order.shape == (len(FACTORS), 1 + 4)
    total = dict(zip(FACTORS, indices.total_order[:, 0], strict=True))
    assert max(total, key=lambda name: total[name]) == "missing"
    assert total["measurement"] == pytest.approx(0)


def test_ranks_without_variance_have_indices_of_zero() -> None:
    indices = sobol_indices(build_matrix([[90, 90], [10, 10]]), VARIATIONS, 32, by_city=True)
    assert not indices.first_order.any()
    assert not indices.total_order.any()


def test_the_ishigami_function_has_the_indices_of_its_formula() -> None:
    """The library and its Saltelli sample, on the function whose indices are known (Ishigami and Homma 1990)."""
    from scipy import stats

    def ishigami(x: np.ndarray) -> np.ndarray:
        return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])

    found = stats.sobol_indices(
        func=ishigami, n=2048, dists=[stats.uniform(-np.pi, 2 * np.pi)] * 3, rng=np.random.default_rng(1)
    )
    assert found.first_order == pytest.approx([0.3139, 0.4424, 0.0], abs=0.02)
    assert found.total_order == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)


def test_effective_weights_are_the_shares_of_variance_that_an_indicator_carries() -> None:
    random = np.random.default_rng(5)
    wide, narrow = random.uniform(0, 100, 400), random.uniform(48, 52, 400)
    matrix = build_matrix(np.column_stack([wide, narrow, np.full(400, 50.0)]).tolist())
    ratios = effective_weights(matrix)
    assert ratios[0] == pytest.approx(1, abs=0.01)
    assert ratios[1] < 0.02
    assert np.isnan(ratios[2])


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
    design = sample_design(matrix, 20, VARIATIONS)
    # Goalposts alone: means and deviations over the units are sums of doubles, whose last digit follows the order.
    design = replace(design, normalisation=0 * design.normalisation)
    ranks = simulate(matrix, design, VARIATIONS)
    assert (simulate(shuffled, design, VARIATIONS) == ranks[order]).all()
    assert ranks.min() == 1
    assert ranks.max() <= len(scores)
