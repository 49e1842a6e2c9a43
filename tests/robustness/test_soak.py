"""Runs one after the other in one process, each with a changed inbox: memory, open files and state stay flat.

`make prove` does 500, the test command two; what arrived grows with every file and is meant to.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets.core.paths import DATA_DIR_VARIABLE, Paths
from assets.release.publish import retention
from assets.release.read.reader import find_current_release
from pipelines.orchestration.instance import HOME_VARIABLE, open_instance
from pipelines.runner import run_if_changed
from tests.builders.data_directories import copy_countries
from tests.helpers.proof_scale import times

HEADER = "country,year,life_years,coal_pct,source_id,source_grade\n"
RUNS = times(2, 500)
PRUNE_EVERY, KEPT = times(1, 10), 3


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def resident_megabytes() -> float:
    return int(Path("/proc/self/statm").read_text("utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def megabytes_of(*folders: Path) -> float:
    files = (file for folder in folders for file in folder.rglob("*"))
    return sum(file.stat().st_size for file in files if file.is_file() and not file.is_symlink()) / 1e6


def prune(paths: Paths) -> None:
    from pipelines.orchestration.retention import prune_runs

    retention.prune_releases(paths, KEPT)
    with open_instance(paths) as instance:
        prune_runs(instance, datetime.now(UTC))


def test_runs_one_after_the_other_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = copy_countries(tmp_path / "data")
    paths = Paths(place.data)
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(place.data))
    monkeypatch.delenv(HOME_VARIABLE, raising=False)
    seen, releases = [], set()
    for number in range(RUNS):
        row = f"Aland,2024,{60 + number / 100:.2f},30,synthetic,A\n"
        place.write(f"inbox/country_statistics/{number:03}.csv", HEADER + row)
        outcome = run_if_changed(paths, lambda _table, _total: None)
        assert outcome.is_new
        releases.add(outcome.release.manifest.release_id)
        told = outcome.release.rows(
            "select value from observations.city_observations where file like ?", [f"%/{number:03}.csv"]
        )
        assert sorted(row["value"] for row in told) == [30, 60 + number / 100]
        if number % PRUNE_EVERY == PRUNE_EVERY - 1:
            prune(paths)
            seen.append((resident_megabytes(), open_files(), megabytes_of(paths.state, paths.candidate.parent)))
            print(number + 1, *(f"{figure:.1f}" for figure in seen[-1]), flush=True)  # noqa: T201
    assert len(releases) == RUNS
    assert len(retention.list_releases(paths)) <= KEPT
    assert retention.verify_release(paths, "current").issues == ()
    assert find_current_release(paths) is not None
    # The first runs fill caches; after them a run may take nothing that it does not give back.
    (memory, files, state), settled = seen[-1], seen[len(seen) // 2]
    assert files <= settled[1] + 2
    assert memory <= settled[0] * 1.2 + 20
    assert state <= settled[2] * 1.2 + 5
