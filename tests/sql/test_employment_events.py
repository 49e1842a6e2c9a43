"""Employment events: fairs become yearly sums of the posts that they offered in the city."""

from __future__ import annotations

import pytest

from tests.builders.world import Row, World

EVENTS = "intake.employment_events"
MODEL = "observations.employment_events"
RATIO = ("posts_with_intents", "intents_at_posts")


@pytest.fixture
def files(world: World) -> World:
    """A file that arrived first and one that arrived second."""
    world.clear()
    for order, name in enumerate(("first", "second"), start=1):
        world.add("intake.files", {"dataset": "employment_events", "file_sha256": name, "arrival_sequence": order})
    return world


def event(name: str, **said: object) -> Row:
    return {"city_code": "A", "event": name, "date": "2024-03-01", "file_sha256": "first", **said}


def sums(world: World, *events: Row) -> dict[str, float]:
    """The sums of the one city and year by the last part of their indicator, without those for the ratio."""
    found = {row["indicator_id"].split(".")[1]: row["value"] for row in world.add(EVENTS, *events).rows(MODEL)}
    return {name: value for name, value in found.items() if name not in RATIO}


def test_events_of_a_year_are_counted_and_summed(files: World) -> None:
    events = (event("spring", posts=100, intents=10), event("autumn", posts=50, intents=5, date="2024-10-01"))
    assert sums(files, *events) == {"events_held": 2, "posts_offered": 150, "intents_reached": 15}


def test_the_ratio_of_intents_to_posts_takes_the_events_that_report_both(files: World) -> None:
    events = (event("both", posts=100, intents=10), event("posts", posts=500), event("intents", intents=7))
    rows = {row["indicator_id"].split(".")[1]: row["value"] for row in files.add(EVENTS, *events).rows(MODEL)}
    assert [rows[name] for name in RATIO] == [100, 10]


def test_every_sum_says_at_least(files: World) -> None:
    files.add(EVENTS, event("spring", posts=100, intents=10))
    assert {row["qualifier"] for row in files.rows(MODEL)} == {"at_least"}


def test_an_event_sent_again_counts_once_as_it_was_sent_last(files: World) -> None:
    again = event("spring", posts=120, file_sha256="second")
    assert sums(files, again, event("spring", posts=100)) == {"events_held": 1, "posts_offered": 120}


def test_of_one_file_the_later_line_counts(files: World) -> None:
    assert sums(files, event("spring", posts=120, line=9), event("spring", posts=100, line=2))["posts_offered"] == 120


@pytest.mark.parametrize("other", [{"date": "2024-03-02"}, {"event": "autumn"}], ids=["day", "name"])
def test_events_of_another_day_or_name_are_others(files: World, other: Row) -> None:
    assert sums(files, event("spring", posts=1), {**event("spring", posts=2), **other})["posts_offered"] == 3


def test_events_for_jobs_elsewhere_do_not_count(files: World) -> None:
    elsewhere = event("away", posts=1000, intents=10, is_local=False)
    assert sums(files, event("spring", posts=100), elsewhere) == {"events_held": 1, "posts_offered": 100}


def test_only_events_elsewhere_make_no_figure_and_not_a_zero(files: World) -> None:
    assert sums(files, event("away", posts=1000, is_local=False)) == {}


def test_an_event_corrected_to_jobs_elsewhere_no_longer_counts(files: World) -> None:
    assert sums(files, event("fair", posts=9), event("fair", posts=9, is_local=False, file_sha256="second")) == {}


def test_an_event_without_posts_is_held_all_the_same_and_adds_nothing(files: World) -> None:
    assert sums(files, event("spring")) == {"events_held": 1}
    assert sums(files, event("autumn", posts=0)) == {"events_held": 2, "posts_offered": 0}


def test_cities_provinces_and_years_are_summed_apart(files: World) -> None:
    files.add(EVENTS, event("x"), event("x", city_code="B"), event("x", date="2023-03-01"))
    files.add(EVENTS, event("x", city_code=None, province_code="P"))
    rows = files.rows(MODEL)
    assert [row["value"] for row in rows] == [1, 1, 1, 1]
    assert {(row["city_code"], row["province_code"], row["year"]) for row in rows} == {
        ("A", None, 2024),
        ("B", None, 2024),
        ("A", None, 2023),
        (None, "P", 2024),
    }


def test_a_sum_traces_to_its_first_row_carries_the_weakest_grade_and_says_how_many(files: World) -> None:
    files.add(EVENTS, event("late", line=8, source_grade="B", file_sha256="second"), event("early", line=3, note="n"))
    (row,) = files.rows(MODEL)
    assert (row["file_sha256"], row["line"], row["source_grade"]) == ("first", 3, "B")
    assert row["note"].startswith("2 ")


def test_the_note_of_a_single_event_is_kept(files: World) -> None:
    files.add(EVENTS, event("spring", note="rain"))
    assert [row["note"] for row in files.rows(MODEL)] == ["rain"]
