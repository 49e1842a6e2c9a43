"""From vintages to flags to observations: what is held back is never current, and nothing takes its place."""

from __future__ import annotations

import csv

import pytest

from assets.errors import Stopped
from assets.paths import PROJECT_ROOT
from assets.quality.flags import READS, make_flags
from tests.sql.conftest import Row, World, tables

CITIES = [f"C{i}" for i in range(8)]
YEARS = range(2016, 2025)


def registry(table: str) -> list[Row]:
    with (PROJECT_ROOT / "data" / "reference" / f"{table}.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def flagged(world: World) -> World:
    """Eight cities and nine years; in 2020 a second vintage has every city carry its neighbour's figure."""
    world.clear().city(*CITIES).indicator("i", kind="stock").add("reference.sources", {})
    world.add("intake.files", {}, {"file": "g.csv", "file_sha256": "g", "received_order": 2})
    rows = [
        {"city_code": c, "year": y, "value": 100 * 2**i + y - 2016, "line": 2 + i + 8 * (y - 2016)}
        for i, c in enumerate(CITIES)
        for y in YEARS
    ]
    wrong = [
        {**row, "value": 100 * 2 ** ((i + 1) % 8) + 4, "file_sha256": "g", "line": 2 + i}
        for i, row in enumerate(row for row in rows if row["year"] == 2020)
    ]
    world.add("observations.reported", *rows, *wrong)
    for table in ("detectors", "detector_parameters"):
        world.add(f"reference.{table}", *registry(table))
    world.withdraw("observations.observations")
    for table in READS:
        world.build(table)
    return world


def make(world: World) -> None:
    make_flags(world.connection, tables()["quality.flags"])
    world.add("quality.flags")  # given, so that the observations are built on it
    make_flags(world.connection, tables()["quality.flags"])


def test_a_shifted_block_is_held_back_and_its_earlier_vintage_is_not_current_again(flagged: World) -> None:
    make(flagged)
    rows = flagged.rows("observations.observations", year=2020)
    assert [(r["vintage"], r["is_current"], r["is_held"]) for r in rows] == [(1, False, False), (2, False, True)] * 8


def test_the_other_years_are_released(flagged: World) -> None:
    make(flagged)
    rest = [row for row in flagged.rows("observations.observations") if row["year"] != 2020]
    assert len(rest) == 64
    assert all(row["is_current"] and not row["is_held"] for row in rest)


def test_a_flag_says_where_what_and_what_to_do(flagged: World) -> None:
    make(flagged)
    row = flagged.rows("quality.flags", detector="shifted_block")[0]
    assert (row["city_code"], row["file"], row["line"], row["severity"]) == ("C0", "g.csv", 2, "blocking")
    assert row["statistic"] > row["threshold"]
    assert "204" in row["explanation_zh"]
    assert "held back" in row["explanation_en"]


def test_the_severity_of_the_registry_decides_what_is_held(flagged: World) -> None:
    flagged.connection.execute("update reference.detectors set severity = 'warning'")
    make(flagged)
    assert not any(row["is_held"] for row in flagged.rows("observations.observations"))
    assert len(flagged.rows("quality.flags", detector="shifted_block")) == 8


def test_a_detector_that_is_not_listed_is_off(flagged: World) -> None:
    flagged.connection.execute("delete from reference.detector_parameters where detector_id = 'shifted_block'")
    flagged.connection.execute("delete from reference.detectors where detector_id = 'shifted_block'")
    make(flagged)
    assert flagged.rows("quality.flags", detector="shifted_block") == []


def test_a_detector_without_a_parameter_stops_the_run_and_says_which(flagged: World) -> None:
    flagged.connection.execute(
        "delete from reference.detector_parameters where detector_id = 'flip' and parameter = 'threshold'"
    )
    with pytest.raises(Stopped, match="flip: minimum_step, same_level"):
        make(flagged)
