"""The served daemon and what may befall it: killed in mid-run, everything killed at once, switched off for days.

Long, so under `make prove` alone; its parts (a dead run is noticed, a run waits) are tests of the test command too.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dagster._core.scheduler.instigation import ScheduleInstigatorData

from assets.core.paths import Paths
from pipelines.locks import is_running
from pipelines.orchestration.instance import open_instance
from tests.builders.data_directories import Place, copy_countries, wait_until
from tests.helpers.proof_scale import IS_PROVING
from tests.servers.dagster_servers import OFTEN, PATIENCE, QUICK, home, runs, served, wait_for_runs

pytestmark = pytest.mark.skipif(not IS_PROVING, reason="minutes long: make prove")

HEADER = "country,year,life_years,coal_pct,source_id,source_grade\n"
KILLS = 3


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = copy_countries(tmp_path / "data")
    place.write("settings.yml", OFTEN)
    return place


def drop(place: Place, number: int) -> None:
    place.write(f"inbox/country_statistics/{number}.csv", f"{HEADER}Aland,2023,{70 + number},26,synthetic,A\n")


def assert_whole(place: Place, files: int) -> None:
    """The release verifies and has every file once: two figures each, beside those of the fixture."""
    assert place.call("verify").returncode == 0
    told = place.rows(
        "select count(*) as n, count(distinct file) as files from observations.city_observations "
        "where regexp_matches(file, '[0-9]+.csv')"
    )
    assert told == [{"n": 2 * files, "files": files}]


def processes_of(place: Place) -> Iterator[int]:
    """Every process that was started over this data directory, whoever is its parent now."""
    marked = f"GANCHENG_DATA_DIR={place.data}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if marked in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)


def kill_all(place: Place) -> None:
    for _ in range(3):
        for pid in processes_of(place):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)


def test_everything_killed_in_mid_run_the_run_is_noticed_and_begins_again(place: Place, tmp_path: Path) -> None:
    chance, settings = random.Random(1), str(home(tmp_path / "home", **QUICK))
    for number in range(KILLS):
        with served(place, DAGSTER_HOME=settings) as one:
            assert wait_until(one.is_ready, 180)
            drop(place, number)
            assert wait_until(lambda: is_running(Paths(place.data)), PATIENCE)
            time.sleep(chance.uniform(0, 8))
            kill_all(place)
            one.process.wait()
        before = len(runs(place))
        with served(place, DAGSTER_HOME=settings):
            assert wait_until(lambda: {status for _, status in runs(place)} <= {"SUCCESS", "FAILURE"}, PATIENCE)
            # killed before its end, the run is marked as failed and begun again; else it had ended
            killed = runs(place)[before - 1][1] == "FAILURE"
            if killed:
                assert wait_until(lambda n=before: [s for _, s in runs(place)[n:]] == ["SUCCESS"], PATIENCE)
        assert_whole(place, number + 1)


def test_the_daemon_killed_in_mid_run_leaves_the_run_to_its_end(place: Place, tmp_path: Path) -> None:
    settings = str(home(tmp_path / "home", **QUICK))
    with served(place, DAGSTER_HOME=settings) as one:
        assert wait_until(one.is_ready, 180)
        drop(place, 0)
        assert wait_until(lambda: is_running(Paths(place.data)), PATIENCE)
        os.kill(one.pids["daemon"], signal.SIGKILL)
        assert one.process.wait(60) == 3
    with served(place, DAGSTER_HOME=settings):
        assert wait_until(lambda: runs(place)[-1][1] == "SUCCESS", PATIENCE)
    assert_whole(place, 1)


def test_told_to_stop_in_mid_run_it_waits_for_the_run(place: Place) -> None:
    with served(place) as one:
        assert wait_until(one.is_ready, 180)
        drop(place, 0)
        assert wait_until(lambda: is_running(Paths(place.data)), PATIENCE)
        one.process.send_signal(signal.SIGTERM)
        assert one.process.wait(PATIENCE) == 0
        assert runs(place) == [("refresh", "SUCCESS")]
    assert_whole(place, 1)


def test_a_tick_missed_for_days_is_caught_up_once(place: Place) -> None:
    place.write(
        "settings.yml", "schedules: {inbox: {is_on: false}, monthly: {is_on: false}, pruning: {is_on: false}}\n"
    )
    with served(place) as one:
        assert wait_until(one.is_ready, 180)
        time.sleep(10)
        one.stop()
    assert runs(place) == []
    with open_instance(Paths(place.data)) as instance:
        (state,) = (one for one in instance.all_instigator_state() if one.name == "nightly")
        before = (datetime.now(UTC) - timedelta(days=3)).timestamp()
        kept = state.instigator_data
        assert isinstance(kept, ScheduleInstigatorData)
        data = ScheduleInstigatorData(kept.cron_schedule, before, before)
        instance.update_instigator_state(state.with_data(data))
    with served(place):
        wait_for_runs(place, ["SUCCESS"])
        time.sleep(15)
        assert len(runs(place)) == 1
