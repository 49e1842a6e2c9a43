"""Dagster's record of runs: what Dagster's own storage writes and reads, with fewer openings of files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest

QUIET = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}


@dg.asset
def figures() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"rows": 3})


@dg.asset_check(asset=figures)
def is_plausible() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


def instance(folder: Path, storage: dict[str, object]) -> dg.DagsterInstance:
    overrides = {"storage": storage, "compute_logs": QUIET, "telemetry": {"enabled": False}, "nux": {"enabled": False}}
    return dg.DagsterInstance.local_temp(str(folder), overrides=overrides)


def ours(folder: Path) -> dg.DagsterInstance:
    config = {"base_dir": str(folder)}
    return instance(
        folder,
        {
            "custom": {
                "module": "pipelines.orchestration.dagster_internals.sqlite_storage",
                "class": "Record",
                "config": config,
            }
        },
    )


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with ours(tmp_path) as record:
        yield record


def run(record: dg.DagsterInstance) -> str:
    return dg.materialize([figures, is_plausible], instance=record).run_id


def told(record: dg.DagsterInstance, run_id: str) -> list[tuple[str, str | None]]:
    events = (entry.dagster_event for entry in record.all_logs(run_id))
    return [(event.event_type_value, event.step_key) for event in events if event is not None]


def test_what_is_recorded_is_read_by_dagsters_own_storage_and_the_other_way_round(tmp_path: Path) -> None:
    with ours(tmp_path) as record:
        first = run(record)
        events = told(record, first)
    with instance(tmp_path, {"sqlite": {"base_dir": str(tmp_path)}}) as record:
        assert told(record, first) == events
        second = run(record)
        assert told(record, second) == events
    with ours(tmp_path) as record:
        assert {run.run_id for run in record.get_runs()} == {first, second}
        assert told(record, second) == events
        latest = record.get_latest_materialization_event(figures.key)
        assert latest is not None
        assert latest.run_id == second


def test_the_index_and_one_run_are_open_at_most_and_nothing_is_once_it_is_closed(tmp_path: Path) -> None:
    with ours(tmp_path) as record:
        for _ in range(3):
            run(record)
        assert len(databases(tmp_path / "history" / "runs")) == 2
    assert databases(tmp_path / "history" / "runs") == set()


def databases(folder: Path) -> set[str]:
    """The databases below a folder that this process has open."""
    links = (Path("/proc/self/fd") / name for name in os.listdir("/proc/self/fd"))
    targets = {os.readlink(link) for link in links if link.is_symlink()}
    return {target for target in targets if target.startswith(str(folder)) and target.endswith(".db")}


def test_threads_take_turns(opened: dg.DagsterInstance) -> None:
    runs = [run(opened) for _ in range(2)]
    expected = [told(opened, run_id) for run_id in runs]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda number: told(opened, runs[number % 2]), range(40)))
    assert found == [expected[number % 2] for number in range(40)]


def test_a_run_that_is_forgotten_is_gone(opened: dg.DagsterInstance) -> None:
    run_id = run(opened)
    opened.delete_run(run_id)
    assert not opened.has_run(run_id)
    assert told(opened, run_id) == []
