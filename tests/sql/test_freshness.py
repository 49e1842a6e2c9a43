"""Freshness: what each city has sent of each dataset, and when the next year is due."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.builders.world import Row, World

DUE = {"dataset": "sheet", "due_on": "03-31", "due_first_year": 2025}
FILES = (
    {"file": "old.csv", "file_sha256": "1", "arrival_sequence": 1},
    {"file": "new.csv", "file_sha256": "2", "arrival_sequence": 2},
)
ARRIVALS = (
    {"file": "old.csv", "file_sha256": "1", "dataset": "sheet", "received_at": "2026-01-10 09:00:00"},
    {"file": "new.csv", "file_sha256": "2", "dataset": "sheet", "received_at": "2026-04-02 09:00:00"},
)


@pytest.fixture
def sent(world: World) -> World:
    """City A sent 2025 in April, city B only 2023, city C nothing."""
    world.city("B", "C").indicator("sheet.a").indicator("sheet.b").add("intake.datasets", DUE)
    world.add("reference.sources", {}).add("intake.files", *FILES).add("intake.file_arrivals", *ARRIVALS)
    for city, indicator, year, file in (
        ("A", "sheet.a", 2024, "1"),
        ("A", "sheet.a", 2025, "2"),
        ("A", "sheet.b", 2025, "2"),
        ("B", "sheet.a", 2023, "1"),
    ):
        figure = {"city_code": city, "indicator_id": indicator, "year": year, "file_sha256": file}
        world.add("observations.reported_observations", figure)
    return world


def of(world: World, city: str) -> Row:
    return world.row("quality.freshness", city_code=city)


def test_a_city_that_sent_the_year_that_was_due_is_in_time_until_the_next(sent: World) -> None:
    assert of(sent, "A") == {
        "dataset": "sheet",
        "city_code": "A",
        "last_year": 2025,
        "indicators_received": 2,
        "indicators_expected": 2,
        "delivery": "all_sent",
        "last_due_date": date(2026, 3, 31),
        "file": "new.csv",
        "received_at": datetime(2026, 4, 2, 9),
        "due_year": 2026,
        "due_date": date(2027, 3, 31),
        "as_of_date": date(2026, 4, 2),
        "days_late": 0,
        "status": "in_time",
    }


def test_progress_is_not_the_year_that_is_due(sent: World) -> None:
    row = {"city_code": "C", "indicator_id": "sheet.a", "year": 2025, "file_sha256": "2", "as_of": "2025-11-25"}
    sent.add("observations.reported_observations", row)
    assert of(sent, "C")["last_year"] is None


def test_years_before_the_first_that_is_due_are_not_asked_for(sent: World) -> None:
    late = of(sent, "B")
    assert (late["last_year"], late["due_year"], late["due_date"]) == (2023, 2025, date(2026, 3, 31))
    assert (late["days_late"], late["status"], late["file"]) == (2, "late", "old.csv")


def test_a_city_that_never_sent_anything_is_late_all_the_same(sent: World) -> None:
    late = of(sent, "C")
    assert (late["last_year"], late["indicators_received"], late["file"]) == (None, 0, None)
    assert (late["due_year"], late["status"]) == (2025, "late")


def test_on_the_day_itself_nothing_is_late(sent: World) -> None:
    sent.query("update intake.file_arrivals set received_at = '2026-03-31 23:59:59' where file_sha256 = '2'")
    assert [row["status"] for row in sent.rows("quality.freshness")] == ["in_time"] * 3


def test_a_year_counts_once_it_is_over(sent: World) -> None:
    sent.query("update intake.file_arrivals set received_at = '2025-12-31 23:59:59' where file_sha256 = '2'")
    row = of(sent, "A")
    assert (row["last_year"], row["indicators_received"], row["due_year"]) == (2024, 1, 2025)
    assert row["file"] == "new.csv"


def test_a_dropped_figure_was_not_received(sent: World) -> None:
    sent.rows("observations.observation_vintages")
    sent.query("update observations.observation_vintages set correction_action = 'drop' where year = 2025")
    assert (of(sent, "A")["last_year"], of(sent, "A")["status"]) == (2024, "late")


def test_a_dataset_without_a_deadline_is_listed_and_never_late(sent: World) -> None:
    sent.query("update intake.datasets set due_on = null, due_first_year = null")
    row = of(sent, "B")
    assert (row["last_year"], row["due_year"], row["due_date"], row["days_late"]) == (2023, None, None, None)
    assert row["status"] == "no_deadline"
