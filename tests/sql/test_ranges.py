"""Ranges: what the figures show, what is still open, what is lost; and that silence never pays.

Panels are batched: each panel is a dimension of its own, so that one pass of the real models scores them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest

from assets.warehouse.connection import Connection
from tests.builders.world import Row, World

DIMENSIONS, MEASURES, CITIES = (f"scorecards.{level}_scores" for level in ("dimension", "measure", "city"))
PAIRS = "scorecards.certain_pairs"

Figures = Mapping[tuple[str, str], float | None]
Scored = tuple[dict[tuple[str, str], Row], set[tuple[str, str, str, str]]]


def register(world: World, dimensions: Mapping[str, Sequence[float]], **said: object) -> World:
    """Dimensions, each with one indicator for each of the weights in the basket; indicator n of d is `d.n`."""
    names = [f"{dimension}.{n}" for dimension, weights in dimensions.items() for n in range(len(weights))]
    world.add("reference.dimensions", *({"dimension_id": name, **said} for name in dimensions))
    rows = [{"indicator_id": name, "dimension_id": name.split(".")[0]} for name in names]
    world.add("reference.indicators", *rows)
    world.add("reference.goalposts", *({"indicator_id": name, "lower": 0, "upper": 100} for name in names))
    weights = [weight for of_dimension in dimensions.values() for weight in of_dimension]
    members = ({"indicator_id": name, "weight": weight} for name, weight in zip(names, weights, strict=True))
    return world.add("reference.basket_indicators", *members)


def report(world: World, figures: Figures) -> World:
    """Figures by city and indicator; None is none."""
    rows = [
        {"city_code": city, "indicator_id": name, "year": 2024, "value": value}
        for (city, name), value in figures.items()
        if value is not None
    ]
    return world.add("observations.city_observations", *rows)


def empty(world: World, cities: Sequence[str], **method: object) -> World:
    """Cities without dimensions, indicators and figures; a ranked group needs three indicators."""
    parameters = {"minimum_group_indicators": 3, **method}
    world.clear().add("reference.parameters", parameters).add("reference.baskets", {})
    return world.city(*cities).add("observations.city_observations")


def one_dimension(world: World, attained: Mapping[str, Sequence[float | None]], **method: object) -> dict[str, Row]:
    """The scores by city of one dimension; each city with the attainments of its indicators."""
    width = max(map(len, attained.values()))
    register(empty(world, list(attained), **method), {"d": [1] * width})
    report(world, {(city, f"d.{n}"): value for city, values in attained.items() for n, value in enumerate(values)})
    return {row["city_code"]: row for row in world.rows(DIMENSIONS)}


def shown(row: Row) -> tuple[object, ...]:
    return tuple(row[name] for name in ("evidenced", "possible", "open", "lost", "rank", "score_status"))


# --- examples ---------------------------------------------------------------------------------------------------


def test_a_missing_figure_adds_nothing_below_and_a_hundred_above(world: World) -> None:
    row = one_dimension(world, {"A": (80, 60, 40, None)})["A"]
    assert shown(row) == (45, 70, 25, 30, None, "too_open")


def test_complete_figures_are_one_number(world: World) -> None:
    assert shown(one_dimension(world, {"A": (80, 60, 40)})["A"]) == (60, 60, 0, 40, 1, "ranked")


def test_weights_of_the_basket_count_and_without_one_that_of_the_indicator(world: World) -> None:
    world.indicator("i", weight=3).indicator("j").indicator("k")
    world.connection.execute("update reference.basket_indicators set weight = 2 where indicator_id = 'j'")
    for name, value in (("i", 100), ("j", 50), ("k", 0)):
        world.figures(name, {2024: value})
    assert world.row(DIMENSIONS)["evidenced"] == pytest.approx((3 * 100 + 2 * 50) / 6, abs=1e-8)


def test_each_basket_has_its_own_range(world: World) -> None:
    world.add("reference.baskets", {"basket_id": "full", "is_headline": False})
    world.indicator("i").indicator("j").figures("i", {2024: 40})
    world.add("reference.basket_indicators", *({"basket_id": "full", "indicator_id": name} for name in "ij"))
    world.connection.execute("delete from reference.basket_indicators where basket_id = 'core' and indicator_id = 'j'")
    ranges = {row["basket_id"]: (row["evidenced"], row["possible"]) for row in world.rows(DIMENSIONS)}
    assert ranges == {"core": (40, 40), "full": (20, 70)}


def test_a_stale_figure_is_missing(world: World) -> None:
    world.indicator("i").indicator("j").figures("i", {2024: 80}).figures("j", {2010: 80})
    row = world.row(DIMENSIONS)
    assert (row["evidenced"], row["open"], row["indicators_scored"], row["indicators_total"]) == (40, 50, 1, 2)


def test_an_indicator_of_no_basket_and_a_context_indicator_are_no_part_of_a_score(world: World) -> None:
    world.indicator("i").indicator("j").indicator("k", weight=0).figures("i", {2024: 80})
    world.connection.execute("delete from reference.basket_indicators where indicator_id = 'j'")
    row = world.row(DIMENSIONS)
    assert (row["evidenced"], row["open"], row["indicators_total"]) == (80, 0, 1)


@pytest.mark.parametrize(("allowed", "status"), [(20, "ranked"), (19.99999999, "too_open"), (100, "ranked")])
def test_more_open_points_than_are_allowed_are_no_rank(world: World, allowed: float, status: str) -> None:
    rows = one_dimension(world, {"A": (50, 50, 50, 50, None), "B": (30,) * 5}, maximum_open=allowed)
    assert (rows["A"]["open"], rows["A"]["score_status"]) == (20, status)
    assert rows["B"]["rank"] == (2 if status == "ranked" else 1)


def test_ranks_follow_what_is_evidenced_and_have_their_bounds(world: World) -> None:
    rows = one_dimension(
        world,
        {"A": (90,) * 5, "B": (80, 80, 80, 80, None), "C": (70,) * 5, "D": (10,) * 5, "E": (100, 100, None, None, 90)},
    )
    ranks = {city: (row["rank"], row["best_rank"], row["worst_rank"]) for city, row in rows.items()}
    # B shows 64 and may be 84: behind A in any case, and ahead of C or not
    assert ranks == {"A": (1, 1, 1), "B": (3, 2, 3), "C": (2, 2, 3), "D": (4, 4, 4), "E": (None, None, None)}


def test_equal_scores_share_a_rank(world: World) -> None:
    rows = one_dimension(world, {"A": (10, 20, 30), "B": (30, 20, 10), "C": (60, 60, 60)})
    assert {city: row["rank"] for city, row in rows.items()} == {"A": 2, "B": 2, "C": 1}
    assert (rows["A"]["best_rank"], rows["A"]["worst_rank"]) == (2, 3)


def test_pairs_are_certain_where_no_missing_figure_can_turn_them(world: World) -> None:
    one_dimension(world, {"A": (90, 90, 90), "B": (30, 30, None), "C": (10, None, None), "D": (5, 5, 5)})
    pairs = {(row["city_code"], row["other_city_code"]) for row in world.rows(PAIRS, level="dimension")}
    # C may still reach 70; its silence takes the certainty of A over it away from nobody
    assert pairs == {("A", "B"), ("A", "C"), ("A", "D"), ("B", "D")}


def test_pairs_are_not_listed_for_very_many_cities(world: World) -> None:
    one_dimension(world, {"A": (90,) * 3, "B": (10,) * 3}, paired_cities_max=1)
    assert world.rows(PAIRS) == []


def test_a_group_of_two_is_shown_and_not_ranked(world: World) -> None:
    rows = one_dimension(world, {"A": (90, 80), "B": (10, None)})
    assert shown(rows["A"]) == (85, 85, 0, 15, None, "too_narrow")
    assert (rows["B"]["open"], world.rows(PAIRS)) == (50, [])


def test_a_dimension_without_a_figure_awaits_data_and_is_open_as_a_whole(world: World) -> None:
    assert shown(one_dimension(world, {"A": (None, None, None)})["A"]) == (0, 100, 100, 0, None, "awaiting_data")


def test_a_dimension_of_which_the_basket_has_nothing_has_no_range(world: World) -> None:
    world.add("reference.dimensions", {"dimension_id": "e"}).indicator("i")
    assert shown(world.row(DIMENSIONS, dimension_id="e")) == (None, None, None, None, None, "not_in_basket")


def test_shares_of_references_and_of_other_than_primary_sources_are_published(world: World) -> None:
    world.indicator("i").indicator("j").indicator("k")
    world.figures("i", {2024: 10}).figures("j", {2024: 20}).figures("k", {2024: 30}, source_grade="B")
    row = world.target("i", 50, authority="policy_city").target("j", 50, authority="national").row(DIMENSIONS)
    assert row["reference_share"] == pytest.approx(2 / 3)
    assert row["non_primary_share"] == pytest.approx(1 / 3)
    assert (row["oldest_year"], row["newest_year"], row["coverage"]) == (2024, 2024, 1)


def test_the_order_of_rows_makes_no_difference(world: World) -> None:
    random = Random(4)
    figures = full_province(random)
    first = province(world, {key: value for key, value in figures.items() if random.random() < 0.9})
    for table in ("observations.city_observations", "reference.indicators", "reference.cities"):
        stored = world.query(f"from {table}")
        random.shuffle(stored)
        world.connection.execute(f"delete from {table}")
        world.add(table, *stored)
    assert world.rows(CITIES) == first


# --- measures and the index ---------------------------------------------------------------------------------------


def test_measures_have_ranges_and_all_are_listed(world: World) -> None:
    world.add("reference.measures", {"measure_id": 1}, {"measure_id": 2})
    world.indicator("i").indicator("j").figures("i", {2024: 60})
    world.add("reference.indicator_measures", *({"indicator_id": name, "measure_id": 1} for name in "ij"))
    first, second = world.rows(MEASURES)
    assert (first["evidenced"], first["possible"], first["indicators_linked"]) == (30, 80, 2)
    assert (second["score_status"], second["evidenced"], second["indicators_linked"]) == ("not_in_basket", None, 0)


def test_a_measure_is_ranked_like_a_dimension(world: World) -> None:
    world.add("reference.measures", {"measure_id": 1}).city("B")
    for n, name in enumerate("ijk"):
        world.indicator(name).add("reference.indicator_measures", {"indicator_id": name, "measure_id": 1})
        world.figures(name, {2024: 60 + n}).figures(name, {2024: 50 + n}, city_code="B")
    assert {row["city_code"]: row["rank"] for row in world.rows(MEASURES)} == {"A": 1, "B": 2}


def index(world: World, *attained: Sequence[float | None], outside: Sequence[float | None] = ()) -> Row:
    """The index of city A from the attainments in each direction; `outside` is a dimension that is no part of it."""
    register(empty(world, ["A"]), {f"d{n}": [1] * len(values) for n, values in enumerate(attained)})
    register(world, {"urban": [1] * len(outside)}, is_in_index=False)
    values = {f"d{n}": of_dimension for n, of_dimension in enumerate(attained)} | {"urban": outside}
    report(world, {("A", f"{name}.{n}"): value for name, all_of in values.items() for n, value in enumerate(all_of)})
    return world.row(CITIES)


def test_the_index_is_the_mean_of_both_ends_of_the_directions(world: World) -> None:
    row = index(world, (20,) * 3, (50, 50, None), outside=(100,))
    assert shown(row)[:4] == pytest.approx((80 / 3, 130 / 3, 50 / 3, 170 / 3), abs=1e-7)
    assert (row["dimensions_wide_enough"], row["dimensions_total"], row["rank"]) == (2, 2, 1)


def test_a_direction_with_two_indicators_is_no_index_and_never_a_low_one(world: World) -> None:
    row = index(world, (20,) * 3, (50,) * 2)
    assert shown(row) == (None, None, None, None, None, "too_narrow")
    assert (row["dimensions_wide_enough"], row["dimensions_total"]) == (1, 2)
    assert row["mean_of_available"] == pytest.approx(32)


def test_a_direction_of_which_the_basket_has_nothing_is_no_index(world: World) -> None:
    assert index(world, (20,) * 3, ())["score_status"] == "too_narrow"


def test_weights_of_the_directions_count(world: World) -> None:
    register(empty(world, ["A"]), {"d": [1] * 3})
    register(world, {"e": [1] * 3}, weight=3)
    report(world, {("A", f"{name}.{n}"): value for name, value in (("d", 20), ("e", 60)) for n in range(3)})
    assert world.row(CITIES)["evidenced"] == 50


def test_a_city_without_any_figure_is_listed(world: World) -> None:
    row = index(world, (None,) * 3)
    assert (row["score_status"], row["indicators_listed"], row["indicators_with_data"], row["open"]) == (
        "awaiting_data",
        3,
        0,
        100,
    )


# --- the cases that this method answers ---------------------------------------------------------------------------

ELEVEN = [f"C{n:02}" for n in range(11)]


def test_66_figures_of_45_indicators_give_neither_a_rank_nor_a_single_number(world: World) -> None:
    """6 of 45 indicators for eleven cities: the mean of the available figures made an index and ranks of them."""
    widths = (8, 8, 8, 7, 7, 7)
    register(empty(world, ELEVEN), {f"d{n}": [1] * width for n, width in enumerate(widths)})
    random = Random(66)
    report(world, {(city, f"d{n}.0"): random.randint(0, 100) for city in ELEVEN for n in range(6)})
    for row in (*world.rows(CITIES), *world.rows(DIMENSIONS)):
        assert (row["score_status"], row["rank"], row["best_rank"]) == ("too_open", None, None)
        assert row["open"] > 80
    assert world.rows(PAIRS) == []


def full_province(random: Random) -> dict[tuple[str, str], float]:
    """Synthetic figures of eleven cities, 26 indicators in six directions; the last city is the weakest."""
    names = [f"d{n % 6}.{n // 6}" for n in range(26)]
    return {(city, name): random.randint(30, 100) - 2 * k for k, city in enumerate(ELEVEN) for name in names}


def province(world: World, figures: Figures) -> list[Row]:
    register(empty(world, ELEVEN), {f"d{n}": [1] * (5 if n < 2 else 4) for n in range(6)})
    return report(world, figures).rows(CITIES)


def test_a_city_that_leaves_out_figures_climbs_by_the_mean_and_never_by_the_range(world: World) -> None:
    figures = full_province(Random(11))
    before = {row["city_code"]: row for row in province(world, figures)}
    last = max(before, key=lambda city: before[city]["rank"])
    worst_first = sorted((value, name) for (city, name), value in figures.items() if city == last)
    kept_back = {(last, name): None for _, name in worst_first[:6]}
    after = {row["city_code"]: row for row in province(world, {**figures, **kept_back})}
    assert after[last]["mean_of_available"] > before[last]["mean_of_available"] + 5
    assert after[last]["evidenced"] < before[last]["evidenced"]
    assert after[last]["rank"] is None  # 6 of 26 are more than 20 open points


def test_a_full_province_with_any_cells_blanked_never_improves_the_city_that_blanks(world: World) -> None:
    random = Random(2)
    figures = full_province(random)
    before, pairs = {row["city_code"]: row for row in province(world, figures)}, certain(world)
    for _ in range(25):
        city = random.choice(ELEVEN)
        cells = random.sample([key for key in figures if key[0] == city], random.randint(1, 26))
        after = {row["city_code"]: row for row in province(world, {**figures, **dict.fromkeys(cells)})}
        assert_silence_does_not_pay(before[city], after[city])
        assert {pair for pair in certain(world) if pair[2] == city} <= pairs


# --- properties on random panels ----------------------------------------------------------------------------------

PANELS, BATCH = 2_000, "ABCDEF"


def certain(world: World) -> set[tuple[str, str, str, str]]:
    return {
        (row["level"], row["item_id"], row["city_code"], row["other_city_code"])
        for row in world.rows("scorecards.certain_pairs")
    }


def assert_silence_does_not_pay(before: Row, after: Row) -> None:
    assert after["evidenced"] <= before["evidenced"]
    assert after["possible"] >= before["possible"]
    if before["rank"] is None:
        assert after["rank"] is None
    if after["rank"] is not None:
        assert after["rank"] >= before["rank"]
        assert after["worst_rank"] >= before["worst_rank"]


class Panels:
    """2,000 random panels of up to six cities and three to six indicators, each a dimension; most figures are there."""

    def __init__(self, world: World) -> None:
        self._world, self._random = world, Random(20260731)
        draw = self._random
        self.weights = {
            f"p{n}": [draw.choice((1, 1, 1, 0.5, 2, 0.333333)) for _ in range(draw.randint(3, 6))]
            for n in range(PANELS)
        }
        present = {panel: draw.choice((0.5, 0.8, 0.95, 1)) for panel in self.weights}
        self.figures: dict[tuple[str, str], float | None] = {
            (city, f"{panel}.{n}"): self._value() if draw.random() < present[panel] else None
            for panel, weights in self.weights.items()
            for city in BATCH[:-1]
            for n in range(len(weights))
        }

    def _value(self) -> float:
        return self._random.choice((0, 100, self._random.randint(0, 100), self._random.randint(0, 10**6) / 10**4))

    def score(self, figures: Figures, cities: str = BATCH[:-1]) -> dict[tuple[str, str], Row]:
        """The scores by panel and city."""
        register(empty(self._world, cities), self.weights)
        rows = report(self._world, figures).rows(DIMENSIONS)
        return {(row["dimension_id"], row["city_code"]): row for row in rows}

    def certain(self) -> set[tuple[str, str, str, str]]:
        return {pair for pair in certain(self._world) if pair[0] == "dimension"}

    def blank(self) -> tuple[str, dict[tuple[str, str], float | None]]:
        """The city A of each panel keeps back some of its figures, each with even chances."""
        kept_back = {key for key in self.figures if key[0] == "A" and self._random.random() < 0.5}
        return "A", {key: None if key in kept_back else value for key, value in self.figures.items()}

    def fill(self) -> dict[tuple[str, str], float | None]:
        """One missing figure of each city and panel is reported."""
        filled, done = dict(self.figures), set()
        for (city, name), value in self.figures.items():
            place = (city, name.split(".")[0])
            if value is None and place not in done:
                done.add(place)
                filled[city, name] = self._value()
        return filled


@pytest.fixture(scope="module")
def panels(memory: Connection) -> Panels:
    return Panels(World(memory))


@pytest.fixture(scope="module")
def scored(panels: Panels) -> Scored:
    return panels.score(panels.figures), panels.certain()


def test_both_ends_are_the_weighted_means_of_exact_arithmetic(panels: Panels, scored: Scored) -> None:
    for (panel, city), row in scored[0].items():
        weights = [Fraction(weight).limit_denominator(10**6) for weight in panels.weights[panel]]
        values = [panels.figures[city, f"{panel}.{n}"] for n in range(len(weights))]
        for name, missing in (("evidenced", 0), ("possible", 100)):
            points = [Fraction(missing if value is None else value).limit_denominator(10**4) for value in values]
            exact = sum(w * s for w, s in zip(weights, points, strict=True)) / sum(weights)
            assert row[name] == pytest.approx(float(exact), abs=2e-8)


def test_evidenced_open_and_lost_are_a_hundred_at_every_published_decimal(scored: Scored) -> None:
    for row in scored[0].values():
        parts = [Fraction(str(row[name])) for name in ("evidenced", "open", "lost")]
        assert (sum(parts), parts[0] + parts[1]) == (100, Fraction(str(row["possible"])))
        assert min(parts) >= 0


def test_complete_figures_have_nothing_open(panels: Panels, scored: Scored) -> None:
    for (panel, city), row in scored[0].items():
        values = [panels.figures[city, f"{panel}.{n}"] for n in range(len(panels.weights[panel]))]
        assert (row["open"] == 0) == (None not in values)


def test_ranks_are_those_of_the_definition(scored: Scored) -> None:
    for panel in {panel for panel, _ in scored[0]}:
        rows = {city: row for (of_panel, city), row in scored[0].items() if of_panel == panel}
        ranked = {city: row for city, row in rows.items() if row["open"] <= 20 and row["indicators_scored"]}
        for city, row in rows.items():
            if city not in ranked:
                assert (row["rank"], row["best_rank"], row["worst_rank"]) == (None, None, None)
                continue
            others = [other for name, other in ranked.items() if name != city]
            assert row["rank"] == 1 + sum(other["evidenced"] > row["evidenced"] for other in others)
            assert row["best_rank"] == 1 + sum(other["evidenced"] > row["possible"] for other in others)
            assert row["worst_rank"] == len(ranked) - sum(other["possible"] < row["evidenced"] for other in others)
            assert row["best_rank"] <= row["rank"] <= row["worst_rank"]


def test_pairs_are_those_of_the_definition(scored: Scored) -> None:
    rows, pairs = scored
    expected = {
        ("dimension", panel, city, other)
        for (panel, city), row in rows.items()
        for other in BATCH[:-1]
        if other != city and row["evidenced"] > rows[panel, other]["possible"]
    }
    assert pairs == expected


def test_blanking_any_cells_never_pays(panels: Panels, scored: Scored) -> None:
    rows, pairs = scored
    city, blanked = panels.blank()
    after = panels.score(blanked)
    for panel in panels.weights:
        assert_silence_does_not_pay(rows[panel, city], after[panel, city])
    assert {pair for pair in panels.certain() if pair[2] == city} <= {pair for pair in pairs if pair[2] == city}


def test_any_figure_in_place_of_a_missing_one_stays_within_the_range(panels: Panels, scored: Scored) -> None:
    for key, row in panels.score(panels.fill()).items():
        before = scored[0][key]
        assert before["evidenced"] <= row["evidenced"] <= row["possible"] <= before["possible"]


def test_another_city_changes_no_range(panels: Panels, scored: Scored) -> None:
    random = Random(6)
    newcomer = {(BATCH[-1], name): random.randint(0, 100) for _, name in panels.figures}
    after = panels.score({**panels.figures, **newcomer}, BATCH)
    ends = ("evidenced", "possible", "open", "lost", "score_status")
    for key, row in scored[0].items():
        assert [after[key][name] for name in ends] == [row[name] for name in ends]


# --- extremes -----------------------------------------------------------------------------------------------------

SIZES = range(1, 51)


@pytest.mark.parametrize("value", [0, 100])
@pytest.mark.parametrize("weight", [1, 0.333333, 7])
def test_a_perfect_and_an_empty_score_are_exact_for_any_number_of_indicators(
    world: World, value: float, weight: float
) -> None:
    """One city, 1 to 50 indicators: no mean of any preset leaves 0 to 100."""
    dimensions = {f"d{n}": [weight] * n for n in SIZES}
    world.clear().add("reference.parameters", {}).add("reference.baskets", {}).city("A")
    world.add("observations.city_observations")
    for mean in ("arithmetic", "geometric", "geometric_shifted"):
        shares = dict.fromkeys(("minimum_dimension_coverage", "minimum_index_coverage", "minimum_dimensions_share"), 0)
        means = dict.fromkeys(("indicator_mean", "dimension_mean"), mean)
        world.add("reference.presets", {"preset_id": mean, **means, **shares})
    register(world, dimensions)
    report(world, {("A", f"d{n}.{k}"): value for n in SIZES for k in range(n)})
    for row in (*world.rows(DIMENSIONS), *world.rows(CITIES)):
        assert (row["evidenced"], row["possible"], row["rank"]) == (value, value, 1)
    scores = world.rows("scorecards.preset_scores")
    assert len(scores) == 3 * (len(SIZES) + 1)
    assert {row["score"] for row in scores} == {value}


def test_equal_scores_are_their_own_mean_at_every_level(world: World) -> None:
    register(empty(world, ["A"]), {f"d{n}": [1, 2, 0.5] for n in range(60)})
    values = {f"d{n}": value / 100 for n, value in enumerate(range(17, 10_000, 167))}
    report(world, {("A", f"{name}.{k}"): value for name, value in values.items() for k in range(3)})
    assert {row["dimension_id"]: row["evidenced"] for row in world.rows(DIMENSIONS)} == values
    assert all(a["evidenced"] is not None and a["open"] == 0 for a, _ in pairwise([*world.rows(CITIES), None]))
