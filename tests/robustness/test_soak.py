"""Runs one after the other in one process, each with a changed file: memory, open files and folders stay flat.

`make prove` does 100 with the default settings, the test command two that keep one release. What arrived grows with
every file and is meant to.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from assets.core.paths import DATA_DIR_VARIABLE, Paths
from assets.release.publish import retention
from pipelines.orchestration.instance import HOME_VARIABLE
from pipelines.runner import run_if_changed
from tests.builders.data_directories import copy_countries
from tests.helpers.proof_scale import IS_PROVING, times

HEADER = "country,year,life_years,coal_pct,source_id,source_grade\n"
RUNS, KEPT, EVERY = times(2, 100), times(1, 30), times(1, 10)
FOLDERS = ("releases", "state", "warehouse", "lake", "archive")


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def resident_megabytes() -> float:
    return int(Path("/proc/self/statm").read_text("utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def megabytes_of(folder: Path) -> float:
    files = (file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    return sum(file.stat().st_size for file in files) / 1e6


def test_runs_one_after_the_other_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = copy_countries(tmp_path / "data")
    paths = Paths(place.data)
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(place.data))
    monkeypatch.delenv(HOME_VARIABLE, raising=False)
    if not IS_PROVING:
        place.write("settings.yml", f"schedules: {{pruning: {{keep_releases: {KEPT}}}}}\n")
    measured, releases = list[dict[str, float]](), set()
    for number in range(RUNS):
        row = f"Aland,2024,{60 + number / 100:.2f},30,synthetic,A\n"
        place.write("inbox/country_statistics/changed.csv", HEADER + row)
        outcome = run_if_changed(paths, lambda _table, _total: None)
        assert outcome.is_new
        releases.add(outcome.release.manifest.release_id)
        rows = outcome.release.rows(
            "select value from observations.city_observations where file like '%/changed.csv' order by value"
        )
        assert [row["value"] for row in rows][-1] == 60 + number / 100
        if number % EVERY == EVERY - 1:
            gc.collect()  # a run collects cycles seldom, and a process of its own ends with it
            folders = {name: megabytes_of(paths.data / name) for name in FOLDERS}
            measured.append({"memory": resident_megabytes(), "files": open_files(), **folders})
            print(number + 1, *(f"{name} {figure:.2f}" for name, figure in measured[-1].items()), flush=True)  # noqa: T201
    assert len(releases) == RUNS
    assert len(retention.list_releases(paths)) == KEPT
    assert retention.verify_release(paths, "current").issues == ()
    # The first runs fill caches and the releases that are kept; after them a run may take nothing that stays.
    last, settled = measured[-1], measured[len(measured) // 2]
    assert last["files"] <= settled["files"] + 2
    assert last["memory"] <= settled["memory"] * 1.2 + 20
    assert last["releases"] <= settled["releases"] * 1.2 + 5
    assert last["warehouse"] <= settled["warehouse"] * 1.2 + 5
    # Dagster keeps the runs of 30 days, and the weekly pruning another week: a year of nightly runs has 37 of each.
    a_year = 37 / KEPT * last["releases"] + 37 / RUNS * last["state"] + 365 / RUNS * (last["lake"] + last["archive"])
    assert not IS_PROVING or a_year + last["warehouse"] < 1_000
