"""However a run ends, it is in the journal and told once: by itself in its turn, or by others where it could not."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.core.data_dir_version import LAKE_VERSION
from assets.core.errors import DataError, Issue, UsageError
from assets.core.paths import Paths
from pipelines.definitions import defs
from pipelines.observability import alerts, run_outcomes
from pipelines.observability.run_log import PRUNE, REFRESH, RunLog
from pipelines.orchestration.instance import AUTOMATIC_VARIABLE
from pipelines.orchestration.run_context import RUN_CONTEXT, run_context_resource
from pipelines.orchestration.sensors import run_failure_sensor
from tests.builders.candidates import candidate, release_of
from tests.builders.data_directories import copy_countries
from tests.servers.alert_server import AlertServer, serve_alerts

RELEASE = dg.AssetKey(["release", "current"])


@pytest.fixture
def alert_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[AlertServer]:
    monkeypatch.delenv(alerts.FILE_VARIABLE, raising=False)
    with serve_alerts() as server:
        monkeypatch.setenv(alerts.URLS_VARIABLE, server.url)
        yield server


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A data directory in which a run may begin."""
    return Paths(copy_countries(tmp_path / "data").data)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as one:
        yield one


def run(
    paths: Paths, instance: dg.DagsterInstance, do: Callable[[], None], *, raises: bool = False
) -> dg.ExecuteInProcessResult:
    """A run of two steps in a turn, the second of which does this and is a release."""

    @dg.op(out=dg.Out(dg.Nothing), required_resource_keys={RUN_CONTEXT})
    def before() -> None: ...

    @dg.op(ins={"begin": dg.In(dg.Nothing)}, required_resource_keys={RUN_CONTEXT})
    def last(context: dg.OpExecutionContext) -> None:
        do()
        context.log_event(dg.AssetMaterialization(RELEASE, metadata={"release_id": "r", "is_new": True}))

    @dg.job(resource_defs={RUN_CONTEXT: run_context_resource(paths)}, logger_defs={})
    def small() -> None:
        last(before())

    return small.execute_in_process(instance=instance, raise_on_error=raises)


def lines(paths: Paths, *facts: str) -> list[tuple[Any, ...]]:
    return [tuple(line.get(fact) for fact in ("event", *facts)) for line in RunLog(paths).read()]


def stop() -> None:
    raise DataError([Issue("check_failed", "planted (3)", "This never holds", "scorecards.city_scores")])


def test_a_run_that_fails_and_one_that_releases_note_and_tell_it(
    alert_server: AlertServer, instance: dg.DagsterInstance, paths: Paths
) -> None:
    def publish() -> None:
        with candidate() as connection:
            connection.execute("update intake.files set dataset = 'x', status = 'refused'")
            connection.execute("update intake.rejects set code = 'file_has_nul'")
            release_of(connection, paths.data)

    failed = run(paths, instance, stop)
    assert ["This never holds" in message["message"] for message in alert_server.messages] == [True]
    released = run(paths, instance, publish)
    assert "A whole file was refused" in alert_server.messages[1]["message"]
    assert len(alert_server.messages) == 2
    assert lines(paths, "run_id", "job", "code", "release_id") == [
        ("began", failed.run_id, "small", None, None),
        ("failed", failed.run_id, "small", "check_failed", None),
        ("began", released.run_id, "small", None, None),
        ("ended", released.run_id, "small", None, "r"),
    ]
    steps = [[step["step"] for step in line["steps"]] for line in RunLog(paths).read() if "steps" in line]
    assert steps == [["before"], ["before", "last"]]


def test_a_run_of_the_command_line_that_fails_in_its_turn_is_told_once(
    alert_server: AlertServer, instance: dg.DagsterInstance, paths: Paths
) -> None:
    with pytest.raises(DataError) as raised:
        run(paths, instance, stop, raises=True)
    (run_id,) = {line["run_id"] for line in RunLog(paths).read()}
    run_outcomes.report_failure(paths, run_id, raised.value, 1)
    run_outcomes.report_failure(paths, "before its turn", OSError(28, "No space left on device"), 1)
    assert lines(paths, "code")[-2:] == [("failed", "check_failed"), ("failed", "disk_full")]
    assert [len(alert_server.messages), "The disk is full" in alert_server.messages[-1]["message"]] == [2, True]


def test_a_run_that_is_interrupted_stops_and_is_no_kill(
    alert_server: AlertServer, instance: dg.DagsterInstance, paths: Paths
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    assert not run(paths, instance, interrupt).success
    assert lines(paths)[-1] == ("stopped",)
    run_outcomes.report_killed_runs(paths)
    assert alert_server.messages == []


def test_runs_that_could_not_tell_it_are_told_by_the_sensor_once(
    alert_server: AlertServer, instance: dg.DagsterInstance, paths: Paths
) -> None:
    sensor, cursors = run_failure_sensor(paths, is_running=True), list[str | None]([None])

    def look() -> int:
        context = dg.build_sensor_context(instance=instance, cursor=cursors[-1])
        sensor.evaluate_tick(context)
        cursors.append(context.cursor)
        return len(alert_server.messages)

    assert look() == 0
    # One that told it itself, one whose lake is of a newer program, and one of which only the beginning is known.
    run(paths, instance, stop)
    assert look() == 1
    version = paths.lake / "VERSION"
    version.write_text(f"{LAKE_VERSION + 1}\n", "ascii")
    early = run(paths, instance, stop)
    assert look() == 2
    assert f"small {early.run_id}" in alert_server.messages[1]["message"]
    version.write_text(f"{LAKE_VERSION}\n", "ascii")
    killed = instance.create_run_for_job(dg.JobDefinition(name="killed", graph_def=dg.GraphDefinition(name="killed")))
    RunLog(paths).write("began", run_id=killed.run_id, job="killed")
    instance.report_run_failed(killed)
    assert look() == 3
    assert "A run was terminated before it finished: killed" in alert_server.messages[2]["message"]
    assert look() == 3
    run_outcomes.report_killed_runs(paths)
    assert len(alert_server.messages) == 3, "the next run has nothing to add"
    assert lines(paths, "run_id")[-2:] == [("began", killed.run_id), ("killed", killed.run_id)]


def test_a_kill_that_reached_nobody_is_told_by_the_next_run(alert_server: AlertServer, tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    RunLog(paths).write("began", run_id="x", job="refresh")
    alert_server.answer = 500
    run_outcomes.report_killed_runs(paths)
    alert_server.answer = 200
    run_outcomes.report_killed_runs(paths)
    run_outcomes.report_killed_runs(paths)
    assert len(alert_server.messages) == 1
    told = json.loads((paths.state / "alerts.json").read_text("utf-8"))
    assert told == {"killed": ["killed x"]}
    assert alerts.alert_after_failure(paths, UsageError(Issue("disk_full", "x"))) == alerts.DeliveryResult(1, ())
    run_outcomes.report_killed_runs(paths)
    assert len(alert_server.messages) == 2, "one kind of message forgets nothing of another"


def test_every_job_that_dagster_loads_has_a_context_and_the_sensor_looks_where_it_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(AUTOMATIC_VARIABLE, "1")
    made = defs()
    assert isinstance(made, dg.Definitions)
    for name in (REFRESH, PRUNE):
        assert RUN_CONTEXT in made.resolve_job_def(name).resource_defs
    (sensor,) = (one for one in made.sensors or () if one.name == "run_failures")
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
