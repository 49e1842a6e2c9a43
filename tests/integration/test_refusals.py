"""What must not be published is not: the run says why, and the current release stays."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

import pytest

from assets.core.paths import Paths
from pipelines.locks import is_running
from pipelines.observability.run_log import RunLog
from tests.builders.data_directories import Place, copy_countries, wait_until

HEADER = "country,year,life_years,coal_pct,source_id,source_grade\n"

CORRECTION = """# the source says 76
- {id: a, dataset: country_statistics, indicator_id: country_statistics.life_years, city: A, year: 2024, scope: whole,
   expects: {value: 75}, action: drop, reason_zh: 试, reason_en: test, by: test, date: 2026-11-23}
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return copy_countries(tmp_path / "data")


def assert_stopped(place: Place, *parts: str) -> None:
    before = place.release().manifest.release_id
    done = place.call("run")
    assert done.returncode == 1, done.stdout + done.stderr
    for part in parts:
        assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert place.release().manifest.release_id == before


def test_bad_rows_go_back_with_reason_and_the_rest_is_loaded(place: Place) -> None:
    place.write(
        "inbox/country_statistics/bad.csv",
        HEADER
        + "Atlantis,2020,70,30,synthetic,A\n"  # 2
        + "Aland,2020,seventy,30,synthetic,A\n"  # 3
        + "Aland,2021,71,-3,synthetic,A\n"  # 4
        + "Borduria,2021,66,30,synthetic,A\n"  # 5
        + "Borduria,2021,67,30,synthetic,A\n"  # 6
        + "Cordonia,2022,69,40,synthetic,A\n",  # 7
    )
    place.run()
    told = place.rows("from intake.rejects order by line")
    assert [(row["line"], row["column_name"], row["code"], row["actual"]) for row in told] == [
        (2, "country", "unknown_place", "Atlantis"),
        (3, "life_years", "invalid_number", "seventy"),
        (4, "coal_pct", "number_below_minimum", "-3"),
        (5, "country", "key_conflict", "6"),
        (6, "country", "key_conflict", "5"),
    ]
    assert all(row["reason_zh"] and row["reason_en"] and row["remedy_zh"] and row["remedy_en"] for row in told)
    assert told[0]["raw_row"] == "Atlantis,2020,70,30,synthetic,A"
    assert len(place.rows("from observations.city_observations where file like '%bad.csv'")) == 2
    (warned,) = place.rows("from quality.check_results where check_name = 'few_rows_are_rejected'")
    assert (warned["is_passed"], warned["is_blocking"]) == (False, False)
    returned = sorted(path.name for path in (place.release().folder / "returns").rglob("bad.*"))
    assert {Path(name).suffix for name in returned} == {".csv", ".xlsx"}
    assert list((place.data / "warehouse").glob(".*")) == []


def test_broken_registry_and_failed_check_leave_the_current_release(ran: Place) -> None:
    cities = ran.data / "reference" / "target_cities.csv"
    good = cities.read_text("utf-8")
    cities.write_text(good + "life@B,Z\n", "utf-8")
    assert_stopped(ran, "reference/target_cities.csv", "line 3", "column city_code", "“Z”", "cities.csv city_code")
    cities.write_text(good, "utf-8")

    entry = ran.write("corrections/a.yml", CORRECTION)
    assert_stopped(ran, "corrections/a.yml", "line 2", "76", "75")
    entry.unlink()

    contract = ran.data / "contracts" / "country_statistics.yml"
    text = contract.read_text("utf-8")
    contract.write_text(text.replace("indicators:\n", "indicators:\n  - country_statistics.life_span\n"), "utf-8")
    assert_stopped(
        ran, "contracts/country_statistics.yml", "country_statistics.life_span", "country_statistics.life_years"
    )
    contract.write_text(text, "utf-8")

    check = "-- table: scorecards.city_scores\n-- severity: error\n-- zh: 不可能\n-- en: This never holds\n"
    planted = ran.write("sql/quality/checks/planted.sql", check + "select city_code from scorecards.city_scores\n")
    assert_stopped(ran, "scorecards.city_scores", "This never holds", "planted (3)", '"city_code": "A"')
    planted.unlink()
    told = ran.call("candidate", "--json")
    (failed,) = [check for check in json.loads(told.stdout)["failed_checks"] if check["is_blocking"]]
    assert (failed["check_name"], failed["rows_failing"]) == ("planted", 3)
    assert "candidate" in ran.call("candidate", "--lang", "en").stdout

    assert ran.run()["had_work"] is False


def test_a_blocked_run_leaves_nothing_of_the_returns_that_it_began(place: Place) -> None:
    place.write("inbox/country_statistics/bad.csv", HEADER + "Atlantis,2020,70,30,synthetic,A\n")
    check = "-- table: scorecards.city_scores\n-- severity: error\n-- zh: 不可能\n-- en: This never holds\n"
    place.write("sql/quality/checks/planted.sql", check + "select city_code from scorecards.city_scores\n")
    done = place.call("run")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    (end,) = RunLog(Paths(place.data)).read("failed")
    steps = [step["step"] for step in end["steps"]]
    assert steps.index("release__returns") < steps.index("quality__check_results")
    assert list((place.data / "warehouse").glob(".*")) == []
    assert list((place.data / "releases").iterdir()) == []
    assert workers_of(place) == []


def workers_of(place: Place) -> list[Path]:
    """Return the worker processes of this data directory."""
    workers = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            is_worker = b"multiprocessing" in (process / "cmdline").read_bytes()
            workers += [process] * (is_worker and os.fsencode(place.data) in (process / "environ").read_bytes())
    return workers


def test_an_empty_inbox_is_no_success(place: Place) -> None:
    (place.data / "inbox" / "country_statistics" / "synthetic.csv").unlink()
    done = place.call("run")
    assert done.returncode == 1
    assert "there_are_observations" in done.stderr
    assert not (place.data / "releases" / "current").exists()


def test_a_dataset_whose_columns_are_not_its_indicators_needs_sql(place: Place) -> None:
    contract = place.data / "contracts" / "country_statistics.yml"
    contract.write_text(contract.read_text("utf-8").replace("coal_pct: {", "coal_share: {"), "utf-8")
    done = place.call("run")
    assert done.returncode == 1
    assert "sql/observations/country_statistics.sql" in done.stderr


def test_commands_before_the_first_release_say_what_to_do(place: Place) -> None:
    for arguments in (["status"], ["scorecard"], ["query", "select 1"], ["export", str(place.data / "out")]):
        done = place.call(*arguments)
        assert (done.returncode, "gancheng run" in done.stderr) == (2, True)


def test_a_wrong_call_exits_with_2(place: Place) -> None:
    assert place.call("rnu").returncode == 2
    assert place.call("run", "--lang", "fr").returncode == 2


def test_a_directory_that_is_no_data_directory_is_named(tmp_path: Path) -> None:
    done = Place(tmp_path).call("run")
    assert done.returncode == 2
    assert "GANCHENG_DATA_DIR" in done.stderr


def test_two_runs_at_once_do_not_meet(place: Place) -> None:
    first = place.start("run")
    assert wait_until(lambda: is_running(Paths(place.data)), 60)
    refused = place.call("run", "--no-wait")
    waited = place.call("run", "--json", "--lang", "en")
    assert first.wait(120) == 0
    assert refused.returncode == 2
    assert f"pid {first.pid}" in refused.stderr
    assert f"Another run is in progress (pid {first.pid})" in waited.stderr
    # It waited for the release of the first, and found nothing left to do.
    told = json.loads(waited.stdout)
    assert (told["had_work"], told["release_id"]) == (False, place.release().manifest.release_id)
    assert [line["event"] for line in RunLog(Paths(place.data)).read() if "job" in line] == ["began", "ended", "ended"]
