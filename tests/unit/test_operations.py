"""What runs when: one look at the inbox after the other, the jobs and triggers, and what is pruned."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from assets.core.errors import DataError, UsageError
from assets.core.paths import DATA_DIR_VARIABLE, Paths
from assets.core.settings import InboxSettings, JobSchedule, ScheduleSettings
from pipelines.locks import is_running, lock_owner_pid, run_lock, wait_for_lock
from pipelines.observability.system_errors import iter_causes
from pipelines.orchestration import sensors
from pipelines.orchestration.dagster_internals.run_launcher import LocalRunLauncher
from pipelines.orchestration.retention import prune_runs
from pipelines.orchestration.schedules import build_schedules
from pipelines.orchestration.sensors import PollResult, build_sensors
from pipelines.orchestration.server import serve


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    (tmp_path / "inbox" / "sheet").mkdir(parents=True)
    return Paths(tmp_path)


# --- the inbox --------------------------------------------------------------------------------------------------


def put(paths: Paths, name: str, text: str, age: float = 100) -> Path:
    file = paths.inbox / "sheet" / name
    file.write_text(text, "utf-8")
    os.utime(file, (os.stat(file).st_mtime - age,) * 2)
    return file


def look(paths: Paths, before: PollResult | None = None) -> PollResult:
    return sensors.poll_inbox(paths, before.cursor if before else "", 60)


def test_new_files_are_dealt_with_once_after_two_equal_looks(paths: Paths) -> None:
    put(paths, "a.csv", "x")
    first = look(paths)
    second = look(paths, first)
    third = look(paths, second)
    assert (first.inputs, third.inputs) == (None, None)
    assert second.inputs
    assert third.reason == "nothing new in the inbox"


def test_a_file_that_grows_is_waited_for(paths: Paths) -> None:
    put(paths, "a.csv", "x")
    first = look(paths)
    put(paths, "a.csv", "xx")
    second = look(paths, first)
    assert second.reason == "files are still arriving"
    assert look(paths, second).inputs


@pytest.mark.parametrize(("age", "is_taken"), [(59, False), (61, True), (-3600, True)])
def test_a_fresh_file_is_waited_for_and_one_from_the_future_is_not(paths: Paths, age: float, is_taken: bool) -> None:
    put(paths, "a.csv", "x", age)
    assert (look(paths, look(paths)).inputs is not None) == is_taken


def test_the_same_content_has_the_same_key_and_another_content_another(paths: Paths) -> None:
    put(paths, "a.csv", "x")
    one = look(paths, look(paths))
    put(paths, "a.csv", "y")
    other = look(paths, look(paths, one))
    put(paths, "a.csv", "x", age=200)
    again = look(paths, look(paths, other))
    assert one.inputs == again.inputs != other.inputs


def test_an_unchanged_inbox_is_not_opened(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    put(paths, "a.csv", "x")
    dealt = look(paths, look(paths))

    def opened(_paths: Paths) -> str:
        raise AssertionError("the files were read")

    monkeypatch.setattr(sensors, "changed_fingerprint", opened)
    assert look(paths, dealt).inputs is None


def test_hidden_and_lock_files_start_nothing(paths: Paths) -> None:
    put(paths, "a.csv", "x")
    dealt = look(paths, look(paths))
    put(paths, ".a.csv.part", "x")
    put(paths, "~$a.xlsx", "x")
    assert look(paths, dealt).reason == "nothing new in the inbox"


@pytest.mark.parametrize("cursor", ["", " ", "no cursor", "[]", '{"other": 1}'])
def test_a_cursor_that_cannot_be_read_is_a_first_look(paths: Paths, cursor: str) -> None:
    put(paths, "a.csv", "x")
    first = sensors.poll_inbox(paths, cursor, 60)
    assert (first.inputs, first.reason) == (None, "files are still arriving")
    assert sensors.poll_inbox(paths, first.cursor, 60).inputs


# --- triggers ---------------------------------------------------------------------------------------------------


def test_what_is_switched_off_is_there_and_stopped(paths: Paths) -> None:
    read = ScheduleSettings(inbox=InboxSettings(is_on=False), nightly=JobSchedule(is_on=False))
    assert statuses(paths, read, is_automatic=True) == {
        "inbox": "STOPPED",
        "run_failures": "RUNNING",
        "nightly": "STOPPED",
        "monthly": "RUNNING",
        "pruning": "RUNNING",
    }
    zones = {schedule.execution_timezone for schedule in build_schedules(paths, read, is_automatic=True)}
    assert zones == {"Asia/Shanghai"}


def test_nothing_runs_by_itself_unless_it_is_served(paths: Paths) -> None:
    read = ScheduleSettings()
    assert set(statuses(paths, read, is_automatic=True).values()) == {"RUNNING"}
    assert set(statuses(paths, read, is_automatic=False).values()) == {"STOPPED"}


def statuses(paths: Paths, read: ScheduleSettings, *, is_automatic: bool) -> dict[str, str]:
    """The default status of each sensor and schedule."""
    return {
        definition.name: definition.default_status.value
        for build in (build_sensors, build_schedules)
        for definition in build(paths, read, is_automatic=is_automatic)
    }


# --- the lock ---------------------------------------------------------------------------------------------------


def test_a_held_lock_is_seen_waited_for_or_refused(paths: Paths) -> None:
    assert not is_running(paths)
    with run_lock(paths):
        assert is_running(paths)
        assert lock_owner_pid(paths) == str(os.getpid())
        with pytest.raises(UsageError, match=f"pid {os.getpid()}"):
            wait_for_lock(paths, None)
    told: list[str] = []
    wait_for_lock(paths, told.append)
    assert told == []


def test_a_directory_is_served_once(paths: Paths) -> None:
    for name in ("reference", "contracts"):
        (paths.data / name).mkdir()
    paths.state.mkdir()
    with (paths.state / "serve.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="already running"):
            serve(paths, 3999, lambda _: None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="is in use"):
            serve(paths, taken.getsockname()[1], lambda _: None)


def test_an_exception_that_is_its_own_cause_is_looked_at_once() -> None:
    fault = DataError([])
    wrapper = RuntimeError()
    fault.__cause__, wrapper.__cause__ = wrapper, fault
    assert list(iter_causes(fault)) == [fault, wrapper]


# --- runs whose process is gone, and old ones -------------------------------------------------------------------


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster").mkdir()
    # What dagster.yaml says of them: a file for each run, and no output caught.
    quiet = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
    sqlite = {"sqlite": {"base_dir": str(tmp_path / "dagster")}}
    overrides = {"storage": sqlite, "compute_logs": quiet, "telemetry": {"enabled": False}, "nux": {"enabled": False}}
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster"), overrides=overrides) as opened:
        yield opened


@dg.op
def work() -> None: ...


@dg.job(executor_def=dg.in_process_executor)
def small() -> None:
    work()


def started(instance: dg.DagsterInstance) -> dg.DagsterRun:
    run = instance.create_run_for_job(small)
    event = dg.DagsterEvent("PIPELINE_START", small.name)
    instance.report_dagster_event(event, run.run_id)
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found


def health(instance: dg.DagsterInstance, run: dg.DagsterRun, grace: int) -> str:
    launcher = LocalRunLauncher(grace)
    launcher.register_instance(instance)
    return launcher.check_run_worker_health(run).status.value


def test_a_started_run_that_holds_no_lock_is_dead_after_a_while(
    paths: Paths, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(paths.data))
    run = started(instance)
    assert health(instance, run, grace=60) == "RUNNING"
    assert health(instance, run, grace=0) == "FAILED"
    with run_lock(paths):
        assert health(instance, run, grace=0) == "RUNNING"


def of_location(run: dg.DagsterRun, **target: str) -> dg.DagsterRun:
    """The run as one of a code location that was loaded from there."""
    location = ManagedGrpcPythonEnvCodeLocationOrigin(LoadableTargetOrigin(**target), "any")
    return run.with_job_origin(RemoteJobOrigin(RemoteRepositoryOrigin(location, "any"), small.name))


def test_a_run_of_another_code_location_is_left_alone(
    paths: Paths, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(paths.data))
    run = started(instance)
    assert health(instance, of_location(run, module_name="pipelines.definitions"), grace=0) == "FAILED"
    assert health(instance, of_location(run, module_name="office"), grace=0) == "RUNNING"
    assert health(instance, of_location(run, python_file="office.py"), grace=0) == "RUNNING"


def test_old_runs_are_forgotten_with_all_that_is_kept_of_them(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    ended = [small.execute_in_process(instance=instance).run_id for _ in range(3)]
    alive = started(instance).run_id
    now = datetime.now(UTC)
    assert prune_runs(instance, now - timedelta(days=1)) == 0
    assert prune_runs(instance, now + timedelta(minutes=1)) == 3
    assert [run.run_id for run in instance.get_runs()] == [alive]
    names = [file.name for file in tmp_path.rglob("*")]
    assert not [name for name in names if any(run_id in name for run_id in ended)]
    assert [name for name in names if alive in name]
