"""Reasons instead of figures: from the cells of accepted rows to the indicators of a city, and never a figure."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.observations.gap_model import gap_model
from tests.builders.world import World, furnished, tables

GAPS = "observations.reported_gaps"


@pytest.fixture
def world(any_world: World) -> World:
    """A world with two indicators of parks and one that rows name themselves."""
    world = furnished(any_world).add("reference.sources", {}).city("B")
    world.add("intake.files", {"dataset": "parks", "arrival_sequence": 1})
    for name in ("parks.green_coverage_pct", "parks.greenway_length_km"):
        world.indicator(name, dataset="parks", scope="城区")
    return world.indicator("city_statistics.gdp_100m_yuan", dataset="city_statistics", scope="全市")


def park(
    world: World, line: int, *, year: int = 2025, scope: str = "城区", city: str | None = "A", **gaps: str
) -> World:
    row = {"city_code": city, "year": year, "scope": scope, "source_id": "s", "line": line}
    world.add("intake.parks", row)
    cells = ({"dataset": "parks", "line": line, "column_name": name, "reason": gaps[name]} for name in gaps)
    return world.add("intake.gaps", *cells)


def test_a_cell_is_the_gap_of_the_indicator_of_its_column(world: World) -> None:
    park(world, 2, green_coverage_pct="confidential", greenway_length_km="pending")
    assert [
        (row["indicator_id"], row["year"], row["scope"], row["reason"], row["line"]) for row in world.rows(GAPS)
    ] == [
        ("parks.green_coverage_pct", 2025, "城区", "confidential", 2),
        ("parks.greenway_length_km", 2025, "城区", "pending", 2),
    ]


def test_a_confirmed_zero_and_the_gap_of_an_aggregate_are_no_gaps_of_a_city(world: World) -> None:
    park(world, 2, greenway_length_km="confirmed_zero")
    park(world, 3, city=None, greenway_length_km="pending")
    assert world.rows(GAPS) == []


def test_a_row_that_names_its_indicator_gives_the_reason_for_that(world: World) -> None:
    row = {"indicator": "city_statistics.gdp_100m_yuan", "city_code": "A", "year": 2025, "scope": "全市", "line": 2}
    world.add("intake.city_statistics", row)
    world.add("intake.gaps", {"dataset": "city_statistics", "line": 2, "column_name": "value", "reason": "pending"})
    assert [(row["indicator_id"], row["reason"]) for row in world.rows(GAPS)] == [(row["indicator"], "pending")]


@pytest.mark.parametrize(
    ("column", "changes", "indicator"),
    [
        ("communities", {}, "housing_renewal.old_communities_completed"),
        ("households", {}, "housing_renewal.old_communities_households_completed"),
        ("communities", {"stage": "planned"}, "housing_renewal.old_communities_planned"),
        ("floor_area_m2", {}, None),
        ("communities", {"district": "西湖区"}, None),
        ("communities", {"since_year": 2021}, None),
    ],
)
def test_programme_and_stage_decide_the_indicator_of_a_gap(
    world: World, column: str, changes: dict[str, object], indicator: str | None
) -> None:
    row = {"city_code": "A", "year": 2025, "programme": "old_communities", "stage": "completed", "line": 2}
    world.add("intake.housing_renewal", row | changes)
    world.add("intake.gaps", {"dataset": "housing_renewal", "line": 2, "column_name": column, "reason": "pending"})
    assert [row["indicator_id"] for row in world.rows(GAPS)] == ([indicator] if indicator else [])


def scorecard(world: World, indicator: str = "parks.green_coverage_pct") -> tuple[object, ...]:
    row = world.row("presentation.scorecard_rows", city_code="A", indicator_id=indicator)
    return tuple(row[name] for name in ("data_status", "value", "attainment", "gap_year", "gap_reason"))


def test_the_card_has_the_reason_and_no_score(world: World) -> None:
    park(world, 2, green_coverage_pct="confidential")
    assert scorecard(world) == ("awaiting_data", None, None, 2025, "confidential")
    assert scorecard(world, "parks.greenway_length_km") == ("awaiting_data", None, None, None, None)


def test_of_two_reasons_the_later_counts_and_a_figure_of_the_same_year_more(world: World) -> None:
    park(world, 2, year=2023, green_coverage_pct="confidential")
    park(world, 3, year=2024, green_coverage_pct="pending")
    assert scorecard(world)[3:] == (2024, "pending")
    world.figures("parks.green_coverage_pct", {2024: 43.2}, scope="城区")
    assert scorecard(world)[1:] == (43.2, 43.2, None, None)


def test_a_reason_after_the_last_figure_is_shown_beside_it(world: World) -> None:
    world.figures("parks.green_coverage_pct", {2024: 43.2}, scope="城区")
    park(world, 2, green_coverage_pct="not_collected")
    assert scorecard(world) == ("scored", 43.2, 43.2, 2025, "not_collected")


def test_a_reason_for_another_scope_is_not_shown(world: World) -> None:
    park(world, 2, scope="全市", green_coverage_pct="confidential")
    assert scorecard(world)[3:] == (None, None)


def test_a_dataset_with_its_own_select_has_gaps_only_by_a_select(tmp_path: Path, world: World) -> None:
    folder = tmp_path / "observations"
    folder.mkdir()
    (folder / "parks.sql").write_text("select 1")
    model = gap_model(["parks"], [tmp_path], tables())
    assert "intake.parks" not in model.upstream
    park(world, 2, green_coverage_pct="pending")
    assert model.build(world.connection) == 0
