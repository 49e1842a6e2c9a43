"""Housing renewal: the stage that the source's verb states decides what a row is a figure of."""

from __future__ import annotations

import pytest

from tests.builders.world import Row, World

MODEL = "observations.housing_renewal"
PREFIX = "housing_renewal.old_communities_"


def row(stage: str, **said: object) -> Row:
    return {"city_code": "A", "year": 2024, "programme": "old_communities", "stage": stage, "scope": "town", **said}


def figures(world: World, *rows: Row) -> list[Row]:
    numbers = dict.fromkeys(("communities", "households", "buildings", "projects", "dwellings", "floor_area_m2"))
    blank = {**numbers, "since_year": None, "district": None, "as_of": None, "source_id": "s"}
    return world.clear().add("intake.housing_renewal", *({**blank, **row} for row in rows)).rows(MODEL)


@pytest.mark.parametrize(
    ("stage", "name"),
    [
        ("planned", "planned"),
        ("planned_start", "starts_planned"),
        ("planned_completion", "completions_planned"),
        ("started", "started"),
        ("completed", "completed"),
    ],
)
def test_each_stage_is_an_indicator_of_its_own(world: World, stage: str, name: str) -> None:
    (figure,) = figures(world, row(stage, communities=125))
    assert (figure["indicator_id"], figure["value"]) == (PREFIX + name, 125)


def test_a_stock_is_no_stage_of_the_work(world: World) -> None:
    assert figures(world, row("stock", communities=1618)) == []


def test_a_running_total_keeps_its_first_year_and_only_the_one_since_2021_is_an_indicator(world: World) -> None:
    since_2019 = row("completed", communities=7119, since_year=2019)
    (figure,) = figures(world, since_2019)
    assert (figure["indicator_id"], figure["since_year"]) == (f"{PREFIX}completed", 2019)
    found = figures(world, row("completed", communities=6577, since_year=2021))
    assert {(figure["indicator_id"], figure["since_year"]) for figure in found} == {
        (f"{PREFIX}completed", 2021),
        (f"{PREFIX}completed_since_2021", None),
    }


def test_the_running_total_of_a_district_is_not_that_of_its_city(world: World) -> None:
    (figure,) = figures(world, row("completed", communities=9, since_year=2021, district="north"))
    assert (figure["indicator_id"], figure["district"]) == (f"{PREFIX}completed", "north")


def test_a_row_with_several_units_is_a_figure_of_each_and_keeps_its_day(world: World) -> None:
    found = figures(world, row("completed", communities=511, households=192600, as_of="2024-11-25"))
    assert {figure["indicator_id"] for figure in found} == {
        f"{PREFIX}completed",
        f"{PREFIX}households_completed",
    }
    assert {str(figure["as_of"]) for figure in found} == {"2024-11-25"}
