"""From vintages to flags to observations: what is held back is never current, and nothing takes its place."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets.core.errors import DataError
from assets.core.paths import PROJECT_ROOT
from assets.quality.anomalies.flags import SOURCE_TABLES, write_flags
from assets.quality.approvals import ApprovedFlag, read_decisions, write_approvals, write_decision
from tests.builders.world import Row, World, tables

CITIES = [f"C{i}" for i in range(8)]
# Not one multiple of the next: a shift would look like a growth of all cities.
SIZES = (100, 1600, 300, 5000, 800, 150, 2400, 500)
YEARS = range(2016, 2025)
MOMENT = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)


def registry(table: str) -> list[Row]:
    with (PROJECT_ROOT / "data" / "reference" / f"{table}.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def flagged(world: World) -> World:
    """Eight cities and nine years; in 2020 a second vintage has every city carry its neighbour's figure."""
    world.clear().city(*CITIES).indicator("i", kind="stock").add("reference.sources", {})
    world.add("intake.files", {}, {"file": "g.csv", "file_sha256": "g", "arrival_sequence": 2})
    rows = [
        {"city_code": c, "year": y, "value": SIZES[i] + y - 2016, "line": 2 + i + 8 * (y - 2016)}
        for i, c in enumerate(CITIES)
        for y in YEARS
    ]
    wrong = [
        {**row, "value": SIZES[(i + 1) % 8] + 4, "file_sha256": "g", "line": 2 + i}
        for i, row in enumerate(row for row in rows if row["year"] == 2020)
    ]
    world.add("observations.reported_observations", *rows, *wrong)
    for table in ("detectors", "detector_parameters"):
        world.add(f"reference.{table}", *registry(table))
    world.withdraw("observations.city_observations")
    for table in SOURCE_TABLES:
        world.build(table)
    return world


def make(world: World) -> None:
    write_flags(world.connection, tables()["quality.flags"])
    world.add("quality.flags")  # given, so that the observations are built on it
    write_flags(world.connection, tables()["quality.flags"])


def test_a_shifted_block_is_held_back_and_its_earlier_vintage_is_not_current_again(flagged: World) -> None:
    make(flagged)
    rows = flagged.rows("observations.city_observations", year=2020)
    assert [(r["vintage"], r["is_current"], r["is_quarantined"]) for r in rows] == [
        (1, False, False),
        (2, False, True),
    ] * 8


def test_the_other_years_are_released(flagged: World) -> None:
    make(flagged)
    rest = [row for row in flagged.rows("observations.city_observations") if row["year"] != 2020]
    assert len(rest) == 64
    assert all(row["is_current"] and not row["is_quarantined"] for row in rest)


def test_a_flag_says_where_what_and_what_to_do(flagged: World) -> None:
    make(flagged)
    row = flagged.rows("quality.flags", detector="misplaced_block")[0]
    assert (row["city_code"], row["file"], row["line"], row["severity"]) == ("C0", "g.csv", 2, "blocking")
    assert row["statistic"] > row["threshold"]
    assert "1604" in row["explanation_zh"]
    assert "held back" in row["explanation_en"]


def test_the_severity_of_the_registry_decides_what_is_held(flagged: World) -> None:
    flagged.connection.execute("update reference.detectors set severity = 'warning'")
    make(flagged)
    assert not any(row["is_quarantined"] for row in flagged.rows("observations.city_observations"))
    assert len(flagged.rows("quality.flags", detector="misplaced_block")) == 8


def test_a_detector_that_is_not_listed_is_off(flagged: World) -> None:
    flagged.connection.execute("delete from reference.detector_parameters where detector_id = 'misplaced_block'")
    flagged.connection.execute("delete from reference.detectors where detector_id = 'misplaced_block'")
    make(flagged)
    assert flagged.rows("quality.flags", detector="misplaced_block") == []


def test_a_detector_without_a_parameter_stops_the_run_and_says_which(flagged: World) -> None:
    flagged.connection.execute(
        "delete from reference.detector_parameters where detector_id = 'definition_flip' and parameter = 'threshold'"
    )
    with pytest.raises(DataError, match="flip: minimum_step, same_level"):
        make(flagged)


def approve(world: World, flags: list[Row], folder: Path) -> None:
    identities = [ApprovedFlag(**{key: flag[key] for key in ApprovedFlag.model_fields}) for flag in flags]
    write_decision(folder, identities, "reviewer", "held against the original", MOMENT)
    world.add("quality.approvals")  # given, so that it is not made empty again
    write_approvals(world.connection, tables()["quality.approvals"], read_decisions(folder))
    world.withdraw("observations.city_observations")
    make(world)


def test_an_approved_flag_no_longer_holds_and_says_who_let_it_pass(flagged: World, tmp_path: Path) -> None:
    make(flagged)
    first, second, *_ = flagged.rows("quality.flags", detector="misplaced_block")
    approve(flagged, [first, second], tmp_path)
    current = [
        row["city_code"] for row in flagged.rows("observations.city_observations", year=2020) if row["is_current"]
    ]
    assert current == ["C0", "C1"]
    flag = flagged.row("quality.flags", city_code="C0", detector="misplaced_block")
    assert (flag["is_approved"], flag["approved_by"], flag["approved_at"]) == (
        True,
        "reviewer",
        MOMENT.replace(tzinfo=None),
    )
    assert flag["approved_reason"] == "held against the original"
    assert sum(row["is_approved"] for row in flagged.rows("quality.flags")) == 2


def test_an_approval_ends_when_the_value_changes(flagged: World, tmp_path: Path) -> None:
    make(flagged)
    approve(flagged, flagged.rows("quality.flags", city_code="C0"), tmp_path)
    flagged.connection.execute(
        "update observations.observation_vintages set value = 1603 where value = 1604 and city_code = 'C0'"
    )
    flagged.withdraw("observations.city_observations")
    make(flagged)
    assert flagged.rows("observations.city_observations", year=2020, city_code="C0", is_current=True) == []
    assert not any(row["is_approved"] for row in flagged.rows("quality.flags"))


def test_of_two_approvals_of_one_flag_the_earlier_stands(flagged: World, tmp_path: Path) -> None:
    make(flagged)
    (flag,) = flagged.rows("quality.flags", city_code="C0", detector="misplaced_block")
    identity = ApprovedFlag(**{key: flag[key] for key in ApprovedFlag.model_fields})
    write_decision(tmp_path, [identity], "later", "x", MOMENT.replace(day=25))
    approve(flagged, [flag], tmp_path)
    assert [row["approved_by"] for row in flagged.rows("quality.approvals")] == ["reviewer"]


def test_a_running_total_above_its_plans_is_flagged_where_it_stands(world: World) -> None:
    world.clear().city("A").add("reference.sources", {})
    world.indicator("planned", kind="flow").indicator("done", kind="flow")
    world.add("intake.files", {})
    world.add("reference.indicator_plausibility", {"indicator_id": "done", "plan_id": "planned"})
    row = {"city_code": "A", "indicator_id": "planned"}
    world.add(
        "observations.reported_observations",
        {**row, "year": 2023, "value": 100},
        {**row, "year": 2024, "value": 120, "line": 2},
        {**row, "indicator_id": "done", "value": 300, "since_year": 2023, "line": 3},
    )
    for table in ("detectors", "detector_parameters"):
        world.add(f"reference.{table}", *registry(table))
    world.withdraw("observations.city_observations")
    for table in SOURCE_TABLES:
        world.build(table)
    make(world)
    flag = world.row("quality.flags", detector="total_above_plans")
    assert (flag["indicator_id"], flag["line"], flag["vintage"], flag["expected_text"]) == ("done", 3, 0, "220")
