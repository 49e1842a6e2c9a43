"""Corrections: the figures that arrived stay in sight, and a source that changes under its correction stops the run."""

from __future__ import annotations

import pytest

from assets.observations.corrections import check_sources
from tests.builders.world import Row, World

OBSERVATIONS = "observations.city_observations"
ENTRY: Row = {
    "correction_id": "c",
    "entry_file": "corrections/a.yml",
    "entry_line": 3,
    "dataset": "sheet",
    "indicator_id": "i",
    "city_code": "A",
    "year": 2024,
    "scope": "whole",
    "action": "flag",
}


@pytest.fixture
def reported(world: World) -> World:
    """Two figures of one thing, of two sources; the first has priority and arrived first."""
    world.clear().add("reference.indicators", {"indicator_id": "i", "decimals": 2})
    world.add("reference.sources", {"source_id": "strong"}, {"source_id": "weak", "priority": 2})
    world.add("intake.files", {"file_sha256": "first", "arrival_sequence": 1})
    world.add("intake.files", {"file_sha256": "second", "arrival_sequence": 2})
    strong = {"city_code": "A", "value": 430.5, "source_id": "strong", "file_sha256": "first", "line": 4}
    weak = {"city_code": "A", "value": 41, "source_id": "weak", "file_sha256": "second", "line": 9}
    return world.add("observations.reported_observations", {**strong, "qualifier": "about"}, weak)


def correct(world: World, **said: object) -> World:
    return world.add("observations.correction_rules", {**ENTRY, "value_expected": 430.5, **said})


def told(world: World) -> list[tuple[str, str]]:
    world.build("observations.correction_matches")
    return [(issue.code, issue.actual) for issue in check_sources(world.connection)]


def test_without_corrections_nothing_is_corrected(reported: World) -> None:
    rows = reported.rows(OBSERVATIONS)
    assert {(row["correction_id"], row["correction_action"], row["original_value"]) for row in rows} == {
        (None, None, None)
    }
    assert reported.rows("observations.applied_corrections") == []


def test_a_replaced_figure_keeps_what_was_sent_its_file_and_its_line(reported: World) -> None:
    row = correct(reported, action="replace", value=43.05).row(OBSERVATIONS, correction_id="c")
    assert (row["value"], row["original_value"], row["is_current"], row["qualifier"]) == (43.05, 430.5, True, None)
    assert (row["file_sha256"], row["line"], row["source_id"]) == ("first", 4, "strong")
    assert told(reported) == []


def test_a_value_from_another_source_bears_its_name_and_takes_its_rank(reported: World) -> None:
    reported.add("reference.sources", {"source_id": "erratum", "priority": 9})
    correct(reported, action="replace", value=43.05, source_id="erratum", source_grade="B")
    rows = [(row["source_id"], row["source_grade"], row["is_current"]) for row in reported.rows(OBSERVATIONS)]
    assert rows == [("erratum", "B", False), ("weak", "A", True)]
    (row,) = reported.rows("observations.applied_corrections")
    assert (row["original_source_id"], row["source_id"], row["original_value"], row["value"]) == (
        "strong",
        "erratum",
        430.5,
        43.05,
    )


def test_a_scaled_figure_is_multiplied_and_keeps_its_qualifier(reported: World) -> None:
    row = correct(reported, action="scale", factor=0.5).row(OBSERVATIONS, correction_id="c")
    assert (row["value"], row["original_value"], row["qualifier"], row["is_current"]) == (215.25, 430.5, "about", True)


def test_a_flagged_figure_stays_as_it_is_and_says_so(reported: World) -> None:
    row = correct(reported).row(OBSERVATIONS, correction_id="c")
    assert (row["value"], row["original_value"], row["correction_action"], row["is_current"]) == (
        430.5,
        None,
        "flag",
        True,
    )


def test_a_dropped_figure_is_history_and_the_next_source_is_current(reported: World) -> None:
    rows = correct(reported, action="drop").rows(OBSERVATIONS)
    assert [(row["value"], row["correction_action"], row["is_current"]) for row in rows] == [
        (430.5, "drop", False),
        (41, None, True),
    ]
    (row,) = reported.rows("observations.applied_corrections")
    assert (row["original_value"], row["value"], row["file_sha256"], row["line"], row["is_current"]) == (
        430.5,
        None,
        "first",
        4,
        False,
    )


def test_where_the_only_figure_is_dropped_nothing_is_current(reported: World) -> None:
    correct(reported, action="drop", source_expected="strong")
    correct(reported, action="drop", correction_id="d", value_expected=41)
    assert [row["is_current"] for row in reported.rows(OBSERVATIONS)] == [False, False]
    assert told(reported) == []


def test_the_noise_of_a_binary_number_is_no_change(reported: World) -> None:
    noisy = {"city_code": "A", "year": 2023, "value": 81.13000000000001}
    reported.add("observations.reported_observations", {**noisy, "source_id": "strong", "file_sha256": "first"})
    correct(reported, year=2023, value_expected=81.13)
    assert told(reported) == []


def test_the_run_stops_where_the_figure_is_not_there(reported: World) -> None:
    for number, said in enumerate([{"year": 2023}, {"scope": "centre"}, {"source_expected": "nobody"}, {"line": 5}]):
        correct(reported, correction_id=f"c{number}", **said)
    assert [code for code, _ in told(reported)] == ["correction_without_match"] * 4


def test_the_run_stops_where_the_figure_is_another(reported: World) -> None:
    correct(reported, value_expected=43)
    reported.build("observations.correction_matches")
    (issue,) = check_sources(reported.connection)
    assert (issue.code, issue.file, issue.line) == ("outdated_correction", "corrections/a.yml", 3)
    assert issue.actual == "c: A i 2024 whole = 41, 430.5"
    assert issue.expected == "43"


def test_the_run_stops_when_the_source_has_since_said_something_else(reported: World) -> None:
    correct(reported)
    again = {"city_code": "A", "source_id": "strong", "file_sha256": "second", "line": 7}
    reported.add("observations.reported_observations", {**again, "value": 43.05})
    assert told(reported) == [("outdated_correction", "c: A i 2024 whole = 43.05")]


def test_the_same_figure_sent_again_is_corrected_each_time(reported: World) -> None:
    correct(reported, action="drop")
    again = {"city_code": "A", "source_id": "strong", "file_sha256": "second", "line": 7}
    reported.add("observations.reported_observations", {**again, "value": 430.5})
    assert told(reported) == []
    assert len(reported.rows("observations.applied_corrections")) == 2


def test_a_correction_of_one_line_alone_lets_a_later_file_win(reported: World) -> None:
    correct(reported, action="drop", file_sha256="first", line=4)
    reported.add(
        "observations.reported_observations",
        {"city_code": "A", "source_id": "strong", "file_sha256": "second", "value": 5},
    )
    assert told(reported) == []
    assert reported.row(OBSERVATIONS, is_current=True)["value"] == 5


def test_a_sheet_tells_two_lines_of_one_number_apart(reported: World) -> None:
    line = {"city_code": "A", "source_id": "strong", "file_sha256": "first", "line": 4, "value": 430.5}
    reported.add("observations.reported_observations", {**line, "sheet": "二"})
    correct(reported, file_sha256="first", line=4, sheet="二")
    assert [row["sheet"] for row in reported.rows("observations.applied_corrections")] == ["二"]


def test_two_corrections_of_one_figure_stop_the_run(reported: World) -> None:
    correct(reported)
    correct(reported, correction_id="d", source_expected="strong", action="drop")
    assert told(reported) == [
        ("duplicate_correction", "c: A i 2024 whole"),
        ("duplicate_correction", "d: A i 2024 whole"),
    ]


def test_two_sources_that_differ_are_listed_with_the_reason(reported: World) -> None:
    (row,) = reported.rows("observations.source_conflicts")
    assert (row["value"], row["source_id"], row["other_value"], row["other_source_id"]) == (430.5, "strong", 41, "weak")
    assert row["decided_by"] == "priority"
    assert row["difference_pct"] == pytest.approx(-90.476, abs=0.001)


@pytest.mark.parametrize(
    ("file", "line", "decided_by"), [("second", 1, "arrival"), ("first", 9, "line"), ("first", 2, "line")]
)
def test_equal_sources_are_decided_by_arrival_and_then_by_line(
    reported: World, file: str, line: int, decided_by: str
) -> None:
    reported.add("reference.sources", {"source_id": "equal"})
    row = {"city_code": "A", "year": 2023, "line": 4, "file_sha256": "first"}
    reported.add("observations.reported_observations", {**row, "source_id": "strong", "value": 1})
    reported.add(
        "observations.reported_observations",
        {**row, "source_id": "equal", "value": 2, "file_sha256": file, "line": line},
    )
    (conflict,) = reported.rows("observations.source_conflicts", year=2023)
    assert conflict["decided_by"] == decided_by
    assert conflict["source_id"] == ("strong" if line == 2 else "equal")


def test_equal_figures_replaced_ones_and_dropped_ones_are_no_conflict(reported: World) -> None:
    row = {"city_code": "A", "year": 2023, "file_sha256": "first"}
    reported.add("observations.reported_observations", {**row, "source_id": "strong", "value": 43.05})
    reported.add("observations.reported_observations", {**row, "source_id": "weak", "value": 43.0500001, "line": 2})
    reported.add("observations.reported_observations", {**row, "source_id": "weak", "value": 50, "line": 1})
    correct(reported, action="drop", value_expected=41)
    assert reported.rows("observations.source_conflicts") == []


def test_totals_of_one_area_differ_too(reported: World) -> None:
    row = {"province_code": "P", "file_sha256": "first"}
    reported.add("observations.reported_observations", {**row, "source_id": "weak", "value": 61.5})
    reported.add("observations.reported_observations", {**row, "source_id": "strong", "value": 61.46, "line": 2})
    (conflict,) = reported.rows("observations.source_conflicts", province_code="P")
    assert (conflict["value"], conflict["other_value"], conflict["city_code"]) == (61.46, 61.5, None)
