"""Sign-off: a year that an office signed as complete was received, other than a part of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from tests.builders.world import World

DUE = {"dataset": "sheet", "due_on": "03-31", "due_first_year": 2025}


@pytest.fixture
def office(world: World) -> World:
    """Cities A and B, two indicators, nothing sent yet."""
    world.city("B").indicator("sheet.a").indicator("sheet.b").add("intake.datasets", DUE)
    return world.add("reference.sources", {})


def send(
    world: World, number: int, completion: str | None, *figures: Mapping[str, object], form: tuple[str, int] | None
) -> World:
    """A file of January to December 2026 with figures of 2025, signed on the form of a city and year."""
    key = {"file": f"{number}.xlsx", "file_sha256": str(number)}
    world.add("intake.files", {**key, "arrival_sequence": number})
    world.add("intake.file_arrivals", {**key, "dataset": "sheet", "received_at": f"2026-{number:02}-10 09:00:00"})
    city, year = form or (None, None)
    world.add(
        "intake.sign_offs",
        {**key, "dataset": "sheet", "form_city_code": city, "form_year": year, "completion": completion},
    )
    rows = ({"indicator_id": "sheet.a", "year": 2025, "file_sha256": str(number), **figure} for figure in figures)
    return world.add("observations.reported_observations", *rows)


def delivery(world: World, city: str) -> tuple[object, ...]:
    row = world.row("quality.freshness", city_code=city)
    return row["last_year"], row["delivery"], row["indicators_received"], row["due_year"]


def test_nothing_sent_part_of_it_all_of_it_and_a_signature_are_told_apart(office: World) -> None:
    office.city("C", "D")
    send(office, 1, None, {"city_code": "B"}, form=("B", 2025))
    send(office, 2, None, {"city_code": "C"}, {"city_code": "C", "indicator_id": "sheet.b"}, form=("C", 2025))
    send(office, 3, "complete", {"city_code": "D"}, form=("D", 2025))
    assert delivery(office, "A") == (None, "nothing_sent", 0, 2025)
    assert delivery(office, "B") == (2025, "partly_sent", 1, 2026)
    assert delivery(office, "C") == (2025, "all_sent", 2, 2026)
    assert delivery(office, "D") == (2025, "signed_complete", 1, 2026)
    assert office.row("quality.freshness", city_code="B")["last_due_date"] == date(2026, 3, 31)


def test_an_empty_form_that_is_signed_as_complete_is_delivered_and_not_late(office: World) -> None:
    send(office, 4, "complete", form=("A", 2025))
    assert delivery(office, "A") == (2025, "signed_complete", 0, 2026)
    assert office.row("quality.freshness", city_code="A")["status"] == "in_time"
    assert office.row("quality.freshness", city_code="B")["status"] == "late"


@pytest.mark.parametrize("completion", ["incomplete", None])
def test_an_empty_form_without_that_signature_is_nothing(office: World, completion: str | None) -> None:
    send(office, 1, completion, form=("A", 2025))
    assert delivery(office, "A") == (None, "nothing_sent", 0, 2025)


def test_the_last_statement_counts_and_a_form_that_states_nothing_takes_none_back(office: World) -> None:
    send(office, 1, "complete", {"city_code": "A"}, form=("A", 2025))
    send(office, 2, None, {"city_code": "A"}, form=("A", 2025))
    assert delivery(office, "A")[1] == "signed_complete"
    send(office, 3, "incomplete", {"city_code": "A"}, form=("A", 2025))
    assert delivery(office, "A")[1] == "partly_sent"


def test_rejected_rows_are_still_to_come_until_they_were_corrected(office: World) -> None:
    reject = {"dataset": "sheet", "file_sha256": "1", "line": 12}
    send(office, 1, "complete", {"city_code": "A"}, form=("A", 2025)).add(
        "intake.rejects", {**reject, "is_resolved": False}
    )
    assert delivery(office, "A")[1] == "partly_sent"
    office.query("update intake.rejects set is_resolved = true")
    office.withdraw("quality.signed_years")
    assert delivery(office, "A")[1] == "signed_complete"


def test_the_figures_decide_whose_signature_it_is_and_a_form_signs_no_other_year(office: World) -> None:
    send(office, 1, "complete", {"city_code": "B"}, {"city_code": "B", "year": 2024}, form=("A", 2025))
    signed = [(row["city_code"], row["year"]) for row in office.rows("quality.signed_years")]
    assert signed == [("B", 2025)]


def test_a_file_that_is_no_form_is_signed_for_the_places_and_years_of_its_figures(office: World) -> None:
    send(office, 1, "complete", {"city_code": "A"}, {"city_code": "B"}, form=None)
    assert {(row["city_code"], row["year"]) for row in office.rows("quality.signed_years")} == {
        ("A", 2025),
        ("B", 2025),
    }


def test_a_signature_before_the_end_of_its_year_is_no_delivery(office: World) -> None:
    send(office, 1, "complete", form=("A", 2026))
    assert delivery(office, "A") == (None, "nothing_sent", 0, 2025)
