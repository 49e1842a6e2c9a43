"""Whole runs killed at any moment: the current release stays whole, no row is lost or doubled, the next run completes.

`make prove` kills 200 times, spread over the time that a run takes on this machine; its short form in the test command
kills at three stages (tests/integration/test_reruns.py).
"""

from __future__ import annotations

import random
import subprocess
import time
from collections import Counter

import pytest

from assets.core.paths import Paths
from assets.release.publish import retention
from assets.release.publish.manifest import find_damages
from pipelines.observability.run_log import RunLog
from tests.builders.data_directories import Place, copy_countries
from tests.helpers.proof_scale import IS_PROVING

KILLS, IN_A_ROW = 200, 5
HEADER = "country,year,life_years,coal_pct,source_id,source_grade\n"

pytestmark = pytest.mark.skipif(not IS_PROVING, reason="whole runs, for half an hour: make prove")


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return copy_countries(tmp_path_factory.mktemp("killed") / "data")


def arrive(place: Place, number: int) -> None:
    """A file more: a row to be accepted, and one to be rejected."""
    rows = f"Aland,2024,{60 + number / 1000:.3f},30,synthetic,A\nNowhere,2024,60,30,synthetic,A\n"
    place.write(f"inbox/country_statistics/{number:04}.csv", HEADER + rows)


def completed(place: Place, files: int) -> float:
    """Run to the end; each file is then there once with its rows, and nothing is left to do. The seconds of the run."""
    began = time.monotonic()
    place.run()
    seconds = time.monotonic() - began
    found = place.rows("from intake.files where file like '%/0___.csv'")
    assert Counter(row["file"] for row in found) == {
        f"country_statistics/{number:04}.csv": 1 for number in range(files)
    }
    assert {(row["rows_read"], row["rows_accepted"], row["rows_rejected"]) for row in found} == {(2, 1, 1)}
    figures = place.rows("select file, count(*) as figures from observations.city_observations group by file")
    assert {row["figures"] for row in figures if row["file"].split("/")[-1].startswith("0")} == {2}
    rejects = place.rows("select file, line from intake.rejects where file like '%/0___.csv'")
    assert Counter((row["file"], row["line"]) for row in rejects) == {(row["file"], 3): 1 for row in found}
    assert place.run()["had_work"] is False
    assert list((place.data / "releases").glob(".*")) == []
    assert [left.name for left in (place.data / "lake").rglob(".*")] == []
    retention.prune_releases(Paths(place.data), 3)
    return seconds


def is_killed(place: Place, moment: float) -> bool:
    """Start a run and kill it at this moment; whether it had not ended. What is published is whole all the time."""
    run = place.start("run")
    try:
        run.wait(moment)
    except subprocess.TimeoutExpired:
        run.kill()
    run.communicate()
    release = place.release()
    assert find_damages(release.folder, release.manifest) == []
    return run.returncode != 0


def test_killed_at_random_moments_a_run_leaves_the_old_release_or_the_new_one(place: Place) -> None:
    chance, kills, files = random.Random(1), 0, 1
    arrive(place, 0)
    longest = completed(place, files)
    while kills < KILLS:
        for _ in range(IN_A_ROW):
            arrive(place, files)
            files += 1
            kills += is_killed(place, chance.uniform(0, longest))
        # The machine may have become quicker or slower since.
        longest = completed(place, files)
        print(kills, f"{longest:.1f}", flush=True)  # noqa: T201
    assert RunLog(Paths(place.data)).unfinished_runs() == []
