"""The turn of a run: what every run of ours holds from its beginning to its end, whoever starts it.

Here: the lock; the journal of the run as it goes; and that whoever is to be told is told how it ended, before the next
one has its turn. A run that was killed says nothing: the next one says it. Not here: what is told
(pipelines.observability.alerts) and what becomes of runs that never had a turn
(pipelines.orchestration.failure_sensor).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dagster as dg

from assets.core.data_dir_version import ensure_data_dir
from assets.core.paths import Paths
from assets.release.assets import INPUTS_TAG
from assets.release.read.reader import find_current_release
from pipelines.locks import run_lock
from pipelines.observability import alerts, run_outcomes
from pipelines.observability.run_log import FAILED, FINISHED, STARTED, STOPPED, RunLog

RUN_CONTEXT = "turn"
_RELEASE = dg.AssetKey(["release", "current"])


@dataclass
class RunContext:
    """One run while it lasts, and what it noted of itself."""

    paths: Paths
    run_id: str
    job: str
    steps: int
    began: float = field(default_factory=time.monotonic)
    steps_done: int = 0
    errors: list[Exception] = field(default_factory=list)
    released: dict[str, str | bool] = field(default_factory=dict)

    def note(self, event: str, **facts: str | float | bool | None) -> None:
        RunLog(self.paths).write(event, run_id=self.run_id, **facts)

    def listen(self, entry: dg.EventLogEntry) -> None:
        """Note what Dagster says of the run."""
        happened = entry.dagster_event
        if happened is None:
            return
        if happened.is_step_materialization:
            self._made(happened.step_materialization_data.materialization)
        elif happened.is_step_success:
            self.steps_done += 1
            seconds = round(happened.step_success_data.duration_ms / 1000, 3)
            self.note("step", step=happened.step_key, seconds=seconds)
        elif happened.is_step_failure:
            # Dagster says so while it handles the exception; its own record of it has lost what kind of fault it was.
            error = sys.exception()
            error = getattr(error, "user_exception", None) or error
            if isinstance(error, Exception):
                self.errors.append(error)

    def _made(self, made: dg.AssetMaterialization) -> None:
        rows = made.metadata.get("dagster/row_count")
        self.note("made", table=".".join(made.asset_key.path), rows=None if rows is None else int(str(rows.value)))
        if made.asset_key == _RELEASE:
            found = {name: made.metadata[name].value for name in ("release_id", "is_new")}
            self.released = {"release_id": str(found["release_id"]), "is_new": bool(found["is_new"])}

    def end(self) -> None:
        """Note how it ended, and tell it."""
        seconds = round(time.monotonic() - self.began, 3)
        if self.errors:
            facts = {"error": type(self.errors[0]).__name__, "code": run_outcomes.message_code(self.errors[0])}
            self.note(FAILED, job=self.job, seconds=seconds, **facts)
        elif self.steps_done < self.steps:
            self.note(STOPPED, job=self.job, seconds=seconds)
        else:
            self.note(FINISHED, job=self.job, seconds=seconds, had_work=True, **self.released)
        RunLog(self.paths).prune()
        run_outcomes.refresh_metrics(self.paths)
        release = find_current_release(self.paths) if self.released and not self.errors else None
        if self.errors:
            alerts.alert_after_failure(self.paths, *self.errors)
        elif release is not None:
            alerts.alert_after_run(self.paths, release)


def run_context_resource(paths: Paths) -> dg.ResourceDefinition:
    """The turn of one run at a time, whoever starts it: a run waits for the end of another."""

    def take(context: dg.InitResourceContext) -> Iterator[RunContext]:
        run, instance = context.run, context.instance
        assert run is not None
        assert instance is not None
        with run_lock(paths, waits=True):
            ensure_data_dir(paths)
            run_outcomes.report_killed_runs(paths)
            plan = instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id or "")
            turn = RunContext(paths, run.run_id, run.job_name, len(plan.step_keys_to_execute))
            turn.note(STARTED, job=run.job_name, inputs=run.tags.get(INPUTS_TAG))
            instance.add_event_listener(run.run_id, turn.listen)
            try:
                yield turn
            finally:
                turn.end()

    return dg.ResourceDefinition(
        contextmanager(take), description="轮到的运行：锁与日志\n\nThe run whose turn it is: its lock and its journal"
    )
