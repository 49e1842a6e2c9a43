"""The real daemon, served: files are published, refused or blocked, a run is killed, and all of it is told."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from assets.core.paths import Paths
from pipelines.locks import is_running, lock_owner_pid
from pipelines.observability.run_log import RunLog
from tests.builders.data_directories import Place, copy_countries, wait_until
from tests.servers.alert_server import serve_alerts
from tests.servers.dagster_servers import OFTEN, PATIENCE, QUICK, home, served, wait_for_runs

HEADER = "country,year,life_years,coal_pct,source_id,source_grade\n"
BLOCKING = "-- table: scorecards.city_scores\n-- severity: error\n-- zh: 不可能\n-- en: This never holds\n"


def test_files_dropped_into_the_inbox_are_published_refused_or_blocked(tmp_path: Path) -> None:
    place = copy_countries(tmp_path / "data")
    place.write("settings.yml", OFTEN)
    place.write("inbox/country_statistics/good.csv", HEADER + "Aland,2023,75.5,26,synthetic,A\n")
    place.write("inbox/country_statistics/bad.csv", HEADER + "Atlantis,2023,75.5,26,synthetic,A\n")
    place.write("inbox/country_statistics/broken.csv", "no such header\n1\n")
    with serve_alerts() as told, served(place, GANCHENG_ALERT_URLS=told.url) as one:
        assert wait_until(one.is_ready, 180)
        assert one.page() == 200

        wait_for_runs(place, ["SUCCESS"])
        released = place.release()
        values = released.rows(
            "select value from observations.city_observations where file like '%/good.csv' order by all"
        )
        assert [row["value"] for row in values] == [26, 75.5]
        rejected = {row["file"].split("/")[-1] for row in released.rows("from intake.rejects")}
        assert rejected == {"bad.csv", "broken.csv"}
        assert wait_until(lambda: len(told.messages) == 2, 30), told.titles
        assert {name for name in rejected for text in told.messages if name in text["message"]} == rejected

        # A check that nothing can pass, and a file that starts the run which meets it.
        place.write("sql/quality/checks/planted.sql", BLOCKING + "select city_code from scorecards.city_scores\n")
        assert one.stop() == 0

    settings = str(home(tmp_path / "home", **QUICK))
    with serve_alerts() as told, served(place, GANCHENG_ALERT_URLS=told.url, DAGSTER_HOME=settings) as one:
        place.write("inbox/country_statistics/later.csv", HEADER + "Aland,2022,75,27,synthetic,A\n")
        kill_the_run(place)
        wait_for_runs(place, ["SUCCESS", "FAILURE", "FAILURE"])
        assert place.release() == released
        shown = place.call("candidate", "--lang", "en").stdout
        assert "This never holds" in shown
        assert str(place.data / "warehouse" / "blocked.duckdb") in shown
        assert wait_until(lambda: len(told.messages) == 2, 30)
        assert one.stop() == 0
    assert place.call("verify").returncode == 0
    of_kill, of_check = sorted((text["message"] for text in told.messages), key=lambda text: "never holds" in text)
    assert "A run was terminated before it finished: refresh" in of_kill
    assert "This never holds" in of_check
    journal = RunLog(Paths(place.data))
    assert [line["event"] for line in journal.read() if "job" in line] == [
        *("began", "ended"),
        *("began", "killed", "began", "failed"),
    ]


def kill_the_run(place: Place) -> None:
    """Kill the process of the run that is under way, as a machine without memory does."""
    paths = Paths(place.data)
    assert wait_until(lambda: is_running(paths) and lock_owner_pid(paths), PATIENCE)
    assert wait_until(RunLog(paths).unfinished_runs, 30)
    os.kill(int(lock_owner_pid(paths)), signal.SIGKILL)
