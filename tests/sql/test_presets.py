"""Presets: the rules of published indices on the same figures, for comparison."""

from __future__ import annotations

import csv
from collections.abc import Sequence

import pytest

from tests.builders.world import PATHS, Row, World

PRESETS = {row["preset_id"]: row for row in csv.DictReader((PATHS.reference / "presets.csv").open(encoding="utf-8"))}


def shipped(world: World, name: str) -> World:
    row: Row = {column: value for column, value in PRESETS[name].items() if "_" in column}
    shares = ("minimum_dimension_coverage", "minimum_index_coverage", "minimum_dimensions_share")
    return world.add("reference.presets", row | {share: float(row[share]) for share in shares})


def attain(
    world: World, dimension: str, values: Sequence[float | None], weights: Sequence[float] | None = None
) -> None:
    """City A: the attainments of the indicators of one dimension; None is no figure."""
    for n, value in enumerate(values):
        name = f"{dimension}{n}"
        world.indicator(name, dimension_id=dimension, weight=weights[n] if weights else 1)
        if value is not None:
            world.figures(name, {2024: value})


def scores(world: World) -> dict[str, float | None]:
    """The scores of city A by dimension; the index is `all`."""
    return {row["item_id"]: row["score"] for row in world.rows("scorecards.preset_scores")}


@pytest.mark.parametrize(
    ("values", "score"), [((1, 3, 1), 5 / 3), ((2, None, None), None), ((3, None, 1), 2), ((None,) * 3, None)]
)
def test_two_thirds_at_each_level_give_what_coinr_publishes(
    world: World, values: Sequence[float | None], score: float | None
) -> None:
    attain(shipped(world, "coinr"), "d", values)
    expected = None if score is None else pytest.approx(score, abs=1e-8)
    assert scores(world) == {"d": expected, "all": expected}


@pytest.mark.parametrize(("weights", "expected"), [((1, 1, 1), 1.8171205928321397), ((1, 1, 2), 2.0597671439071177)])
def test_geometric_means_are_those_of_coinr_on_shifted_scores(
    world: World, weights: Sequence[float], expected: float
) -> None:
    attain(shipped(world, "geometric_shifted"), "d", (0, 1 / 0.99, 2 / 0.99), weights)
    score = scores(world)["d"]
    assert score is not None
    assert 1 + 0.99 * score == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("missing", "is_published"), [(0, True), (2, True), (3, False)])
def test_sdsn_gives_an_index_with_at_most_a_fifth_of_the_figures_missing(
    world: World, missing: int, is_published: bool
) -> None:
    world.add("reference.dimensions", {"dimension_id": "e"})
    shipped(world, "sdsn")
    attain(world, "d", (80,) * 5)
    attain(world, "e", (20,) * (5 - missing) + (None,) * missing)
    assert scores(world) == {"d": 80, "e": 20, "all": 50 if is_published else None}


def test_sdsn_takes_regional_means_that_are_fed_in_as_figures(world: World) -> None:
    """A goal without any figure has no score; with the mean of the region as its figure it has."""
    world.add("reference.dimensions", {"dimension_id": "e"})
    attain(shipped(world, "sdsn"), "d", (80,) * 4)
    world.indicator("regional", dimension_id="e")
    assert scores(world)["all"] is None
    for model in ("preset_scores", "indicator_scores"):
        world.withdraw(f"scorecards.{model}")
    assert scores(world.figures("regional", {2024: 30}))["all"] == 55


# Human Development Report 2023/24, statistical annex, table 1, as printed: life expectancy, expected and mean years of
# schooling, income per head, index; goalposts of its technical notes.
@pytest.mark.parametrize(
    ("country", "life", "expected", "mean", "income", "index"),
    [
        ("Switzerland", 84.3, 16.6, 13.9, 69433, 0.967),
        ("Norway", 83.4, 18.6, 13.1, 69190, 0.966),
        ("Iceland", 82.8, 19.1, 13.8, 54688, 0.959),
        ("China", 78.6, 15.2, 8.1, 18025, 0.788),
    ],
)
def test_the_plain_geometric_mean_with_a_logarithmic_scale_is_the_human_development_index(
    world: World, country: str, life: float, expected: float, mean: float, income: float, index: float
) -> None:
    del country
    world.clear().add("reference.parameters", {}).add("reference.baskets", {}).city("A").figures("-", {})
    shipped(world, "geometric").add("reference.dimensions", *({"dimension_id": name} for name in ("h", "e", "s")))
    world.indicator("life", (20, 85), dimension_id="h").figures("life", {2024: life})
    world.indicator("expected", (0, 18), dimension_id="e").figures("expected", {2024: expected})
    world.indicator("mean", (0, 15), dimension_id="e").figures("mean", {2024: mean})
    world.indicator("income", (100, 75_000), dimension_id="s").figures("income", {2024: income})
    world.connection.execute("update reference.goalposts set scale = 'log' where indicator_id = 'income'")
    score = scores(world)["all"]
    assert score is not None
    assert round(score / 100, 3) == index


def test_the_plain_geometric_mean_is_zero_with_a_zero_and_the_shifted_one_is_not(world: World) -> None:
    world.add("reference.dimensions", {"dimension_id": "e"})
    shipped(shipped(world, "geometric"), "geometric_shifted")
    attain(world, "d", (0,))
    attain(world, "e", (100,))
    rows = world.rows("scorecards.preset_scores", level="index")
    assert {row["preset_id"]: row["score"] for row in rows} == {
        "geometric": 0,
        "geometric_shifted": pytest.approx((10 - 1) / 0.99),
    }


def test_presets_are_beside_the_ranges_of_every_basket_and_no_part_of_them(world: World) -> None:
    world.add("reference.baskets", {"basket_id": "full", "is_headline": False})
    attain(shipped(world, "coinr"), "d", (90, 60, None))
    world.add("reference.basket_indicators", {"basket_id": "full", "indicator_id": "d0"})
    rows = world.rows("scorecards.preset_scores", level="dimension")
    assert {row["basket_id"]: (row["score"], row["coverage"]) for row in rows} == {
        "core": (75, pytest.approx(2 / 3)),
        "full": (90, 1),
    }
    assert world.row("scorecards.dimension_scores", basket_id="core")["evidenced"] == 50
