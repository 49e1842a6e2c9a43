"""Vintages: of several figures for one thing one is current, and the others stay as history."""

from __future__ import annotations

import pytest

from tests.builders.world import Row, World

OBSERVATIONS = "observations.city_observations"
TOTALS = "observations.aggregate_observations"


@pytest.fixture
def files(world: World) -> World:
    """Two files, the first of which arrived first, and two sources, the first of which has priority."""
    world.clear().add("reference.indicators", {"indicator_id": "i"}, {"indicator_id": "j"})
    world.add("intake.files", {"file_sha256": "first", "arrival_sequence": 1})
    world.add("intake.files", {"file_sha256": "second", "arrival_sequence": 2})
    return world.add("reference.sources", {"source_id": "strong"}, {"source_id": "weak", "priority": 2})


def report(world: World, *rows: Row) -> list[float]:
    """The values of city A in the order of their vintages; the last of them is current."""
    world.add("observations.reported_observations", *({"city_code": "A", "source_id": "strong", **row} for row in rows))
    found = world.rows(OBSERVATIONS)
    assert [row["vintage"] for row in found] == list(range(1, len(rows) + 1))
    assert [row["is_current"] for row in found] == [False] * (len(rows) - 1) + [True]
    return [row["value"] for row in found]


def test_the_source_of_higher_priority_is_current_though_it_came_first_and_stands_first(files: World) -> None:
    strong = {"value": 1, "source_id": "strong", "file_sha256": "first", "line": 2}
    weak = {"value": 2, "source_id": "weak", "file_sha256": "second", "line": 9}
    assert report(files, strong, weak) == [2, 1]


def test_of_equal_sources_the_later_file_is_current_though_its_line_is_earlier(files: World) -> None:
    early = {"value": 1, "file_sha256": "first", "line": 9}
    late = {"value": 2, "file_sha256": "second", "line": 2}
    assert report(files, late, early) == [1, 2]


def test_of_one_file_the_later_line_is_current(files: World) -> None:
    lines = [{"value": line, "file_sha256": "first", "line": line} for line in (10, 9, 2)]
    assert report(files, *lines) == [2, 9, 10]


def test_a_later_file_of_a_weaker_source_becomes_history_at_once(files: World) -> None:
    rows = [
        {"value": 1, "file_sha256": "first"},
        {"value": 2, "file_sha256": "second", "source_id": "weak", "line": 2},
        {"value": 3, "file_sha256": "second", "line": 3},
    ]
    assert report(files, *rows) == [2, 1, 3]


def test_history_keeps_every_figure_with_its_own_file_line_and_source(files: World) -> None:
    report(
        files,
        {"value": 1, "file_sha256": "first", "line": 4, "source_grade": "B", "note": "first count"},
        {"value": 2, "file_sha256": "second", "line": 5},
    )
    old, new = files.rows(OBSERVATIONS)
    assert (old["file_sha256"], old["line"], old["source_grade"], old["note"]) == ("first", 4, "B", "first count")
    assert (new["file_sha256"], new["line"], new["source_grade"], new["note"]) == ("second", 5, "A", None)


@pytest.mark.parametrize(
    "other",
    [{"year": 2023}, {"scope": "centre"}, {"indicator_id": "j"}, {"city_code": "B"}],
    ids=lambda row: next(iter(row)),
)
def test_figures_of_different_things_are_both_current(files: World, other: Row) -> None:
    row = {"city_code": "A", "source_id": "strong", "file_sha256": "first"}
    files.add("observations.reported_observations", row, {**row, **other})
    assert [(row["vintage"], row["is_current"]) for row in files.rows(OBSERVATIONS)] == [(1, True), (1, True)]


def test_totals_stand_apart_from_cities_with_vintages_of_their_own(files: World) -> None:
    total = {"province_code": "P", "source_id": "strong"}
    files.add("observations.reported_observations", {**total, "value": 7, "file_sha256": "first"})
    files.add("observations.reported_observations", {**total, "value": 8, "file_sha256": "second"})
    assert report(files, {"value": 1, "file_sha256": "first"}) == [1]
    assert [(row["province_code"], row["value"], row["is_current"]) for row in files.rows(TOTALS)] == [
        ("P", 7, False),
        ("P", 8, True),
    ]


def test_progress_is_kept_by_its_day_and_is_never_the_value_of_the_year(files: World) -> None:
    row = {"city_code": "A", "source_id": "strong", "file_sha256": "first"}
    progress = [{**row, "value": 959, "as_of": "2024-06-30", "line": 1}, {**row, "value": 695, "as_of": "2024-05-31"}]
    files.add("observations.reported_observations", *progress)
    found = [(row["value"], row["is_progress"], row["is_current"]) for row in files.rows(OBSERVATIONS)]
    assert found == [(695, True, False), (959, True, False)]
    files.add("observations.reported_observations", {**row, "value": 12, "source_id": "weak", "line": 3})
    assert [(row["value"], row["is_current"]) for row in files.rows(OBSERVATIONS)] == [
        (695, False),
        (959, False),
        (12, True),
    ]
    assert files.rows("observations.source_conflicts") == []


@pytest.mark.parametrize("day", ["2024-12-31", "2025-02-04", None])
def test_a_count_up_to_the_end_of_its_year_or_later_is_the_total(files: World, day: str | None) -> None:
    assert report(files, {"value": 7, "file_sha256": "first", "as_of": day}) == [7]
    assert not files.row(OBSERVATIONS)["is_progress"]


def test_progress_of_the_province_is_no_total_either(files: World) -> None:
    row = {"province_code": "P", "source_id": "strong", "file_sha256": "first", "as_of": "2024-11-25"}
    files.add("observations.reported_observations", {**row, "value": 511})
    assert [(row["is_progress"], row["is_current"]) for row in files.rows(TOTALS)] == [(True, False)]


def test_districts_and_running_totals_stand_apart_from_the_city(files: World) -> None:
    row = {"city_code": "A", "source_id": "strong", "file_sha256": "first"}
    files.add(
        "observations.reported_observations",
        {**row, "value": 5, "district": "north"},
        {**row, "value": 6, "district": "north", "since_year": 2020, "line": 2},
        {**row, "value": 7, "since_year": 2019, "line": 3},
    )
    assert files.rows(OBSERVATIONS) == []
    assert {row["value"] for row in files.rows("observations.district_observations")} == {5, 6}
    assert [(row["value"], row["since_year"]) for row in files.rows("observations.running_totals")] == [(7, 2019)]
    assert report(files, {"value": 1, "file_sha256": "second"}) == [1]


def test_a_file_of_the_same_bytes_in_another_dataset_doubles_nothing(files: World) -> None:
    files.add("intake.files", {"file_sha256": "first", "dataset": "other"})
    assert report(files, {"value": 1, "file_sha256": "first"}) == [1]


def test_the_models_build_on_a_world_without_a_single_row(world: World) -> None:
    world.clear()
    assert world.rows(OBSERVATIONS) == world.rows(TOTALS) == world.rows("scorecards.city_scores") == []
