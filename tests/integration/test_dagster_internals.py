"""What of Dagster's private API is used, and what to check when Dagster is upgraded.

`pyproject.toml` pins Dagster to one minor version. To go to the next one:

1. Change `==1.13.*` (and `dagster-postgres==0.29.*`) and make the locks again. The first test compares the pin, the
   locks and the environment.
2. Run this file. It compares PooledSqliteStorage with Dagster's own storage in both directions, asks LocalRunLauncher
   about dead runs, and deletes runs with everything that is stored of them.
3. Compare with the old version what no test can see: the signatures of `SqliteEventLogStorage._connect` and `_initdb`,
   `DagsterSqliteStorage.__init__`, `RunLauncher.check_run_worker_health`, and which tables of the event log hold
   `run_id` (a new one must be emptied by `delete_run`). If Dagster keeps its connections open by itself, deletes the
   results of asset checks, or checks the process of a run, delete the class that does it here.
4. Run tests/integration/test_dagster.py, test_dagster_commands.py, test_daemon.py, and `make prove`.
5. `RunContext.listen` relies on a step failure being reported while its exception is handled:
   tests/integration/test_run_outcomes.py fails where that ends.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from assets.core.paths import DATA_DIR_VARIABLE, PROJECT_ROOT, Paths
from pipelines.locks import run_lock
from pipelines.orchestration.dagster_internals.run_launcher import LocalRunLauncher
from pipelines.orchestration.retention import prune_runs

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


def pooled(folder: Path) -> dg.DagsterInstance:
    config = {"base_dir": str(folder)}
    return instance(
        folder,
        {
            "custom": {
                "module": "pipelines.orchestration.dagster_internals.sqlite_storage",
                "class": "PooledSqliteStorage",
                "config": config,
            }
        },
    )


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with pooled(tmp_path) as record:
        yield record


def run(record: dg.DagsterInstance) -> str:
    return dg.materialize([figures, is_plausible], instance=record).run_id


def read_events(record: dg.DagsterInstance, run_id: str) -> list[tuple[str, str | None]]:
    events = (entry.dagster_event for entry in record.all_logs(run_id))
    return [(event.event_type_value, event.step_key) for event in events if event is not None]


def test_the_pin_is_the_version_that_is_tested() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pins = dict(
        re.findall(r"^(dagster(?:-webserver)?)==(\d+\.\d+)\.\*$", "\n".join(project["dependencies"]), re.MULTILINE)
    )
    assert set(pins) == {"dagster", "dagster-webserver"}
    for name, pin in pins.items():
        installed = version(name)
        assert installed.startswith(f"{pin}.")
        for lock in ("requirements.lock", "requirements-dev.lock"):
            assert f"\n{name}=={installed} " in (PROJECT_ROOT / lock).read_text("utf-8")


def test_what_is_recorded_is_read_by_dagsters_own_storage_and_the_other_way_round(tmp_path: Path) -> None:
    with pooled(tmp_path) as record:
        first = run(record)
        events = read_events(record, first)
    with instance(tmp_path, {"sqlite": {"base_dir": str(tmp_path)}}) as record:
        assert read_events(record, first) == events
        second = run(record)
        assert read_events(record, second) == events
    with pooled(tmp_path) as record:
        assert {run.run_id for run in record.get_runs()} == {first, second}
        assert read_events(record, second) == events
        latest = record.get_latest_materialization_event(figures.key)
        assert latest is not None
        assert latest.run_id == second


def test_the_index_and_one_run_are_open_at_most_and_nothing_is_once_it_is_closed(tmp_path: Path) -> None:
    with pooled(tmp_path) as record:
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
    expected = [read_events(opened, run_id) for run_id in runs]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda number: read_events(opened, runs[number % 2]), range(40)))
    assert found == [expected[number % 2] for number in range(40)]


def test_a_run_that_is_forgotten_is_gone(opened: dg.DagsterInstance) -> None:
    run_id = run(opened)
    opened.delete_run(run_id)
    assert not opened.has_run(run_id)
    assert read_events(opened, run_id) == []


@dg.op
def work() -> None: ...


@dg.job(executor_def=dg.in_process_executor)
def small() -> None:
    work()


def started(opened: dg.DagsterInstance) -> dg.DagsterRun:
    run = opened.create_run_for_job(small)
    event = dg.DagsterEvent("PIPELINE_START", small.name)
    opened.report_dagster_event(event, run.run_id)
    stored = opened.get_run_by_id(run.run_id)
    assert stored is not None
    return stored


def health(opened: dg.DagsterInstance, run: dg.DagsterRun, grace: int) -> str:
    launcher = LocalRunLauncher(grace)
    launcher.register_instance(opened)
    return launcher.check_run_worker_health(run).status.value


def test_a_started_run_that_holds_no_lock_is_dead_after_a_while(
    opened: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(tmp_path))
    run = started(opened)
    assert health(opened, run, grace=60) == "RUNNING"
    assert health(opened, run, grace=0) == "FAILED"
    with run_lock(Paths(tmp_path)):
        assert health(opened, run, grace=0) == "RUNNING"


def of_location(run: dg.DagsterRun, **target: str) -> dg.DagsterRun:
    """The run as one of a code location that was loaded from there."""
    location = ManagedGrpcPythonEnvCodeLocationOrigin(LoadableTargetOrigin(**target), "any")
    return run.with_job_origin(RemoteJobOrigin(RemoteRepositoryOrigin(location, "any"), small.name))


def test_a_run_of_another_code_location_is_left_alone(
    opened: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(tmp_path))
    run = started(opened)
    assert health(opened, of_location(run, module_name="pipelines.definitions"), grace=0) == "FAILED"
    assert health(opened, of_location(run, module_name="office"), grace=0) == "RUNNING"
    assert health(opened, of_location(run, python_file="office.py"), grace=0) == "RUNNING"


def test_old_runs_are_forgotten_with_all_that_is_kept_of_them(opened: dg.DagsterInstance, tmp_path: Path) -> None:
    ended = [small.execute_in_process(instance=opened).run_id for _ in range(3)]
    alive = started(opened).run_id
    now = datetime.now(UTC)
    assert prune_runs(opened, now - timedelta(days=1)) == 0
    assert prune_runs(opened, now + timedelta(minutes=1)) == 3
    assert [run.run_id for run in opened.get_runs()] == [alive]
    names = [file.name for file in tmp_path.rglob("*")]
    assert not [name for name in names if any(run_id in name for run_id in ended)]
    assert [name for name in names if alive in name]
