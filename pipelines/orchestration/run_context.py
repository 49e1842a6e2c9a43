"""The context of a run, started by hand or by Dagster: the run lock, the run log, and the alerts at its end.

What belongs here: a resource that is held from the start to the end of a run. What does not: the texts of alerts
(pipelines.observability.alerts), and runs that were killed or never started (pipelines.observability.run_outcomes).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import dagster as dg

from assets.core.data_dir_version import ensure_data_dir
from assets.core.errors import Issue
from assets.core.paths import Paths
from assets.release.assets import INPUTS_TAG
from assets.release.read.reader import find_current_release
from assets.warehouse.dagster_assets import REPAIRS
from pipelines.locks import run_lock
from pipelines.observability import alerts, run_outcomes
from pipelines.observability.run_log import FAILED, FINISHED, STARTED, STOPPED, Fact, RunLog
from pipelines.preconditions import require

RUN_CONTEXT = "run_context"
_RELEASE = dg.AssetKey(["release", "current"])


@dataclass
class RunContext:
    """One run in progress, and what its events say about it."""

    paths: Paths
    run_id: str
    job: str
    planned_steps: int
    started: float = field(default_factory=time.monotonic)
    steps: list[dict[str, str | float]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    released: dict[str, str | bool] = field(default_factory=dict)
    repairs: list[Issue] = field(default_factory=list)

    def listen(self, entry: dg.EventLogEntry) -> None:
        """Collect step times, errors and the release from Dagster's events.

        A failure hook would be given the errors too, but hooks belong to jobs: materialising assets from Dagster's
        pages or its command line runs a job without any.
        """
        event = entry.dagster_event
        if event is None:
            return
        self.repairs += read_repairs(event)
        if event.is_step_materialization and event.asset_key == _RELEASE:
            metadata = event.step_materialization_data.materialization.metadata
            self.released = {
                "release_id": str(metadata["release_id"].value),
                "is_new": bool(metadata["is_new"].value),
            }
        elif event.is_step_success:
            seconds = round(event.step_success_data.duration_ms / 1000, 3)
            self.steps.append({"step": str(event.step_key), "seconds": seconds})
        elif event.is_step_failure:
            # Dagster reports the event while it handles the exception; the event itself holds only its text.
            error = sys.exception()
            error = getattr(error, "user_exception", None) or error
            if isinstance(error, Exception):
                self.errors.append(error)

    def close(self) -> None:
        """Record how the run ended, refresh the metrics, and send alerts."""
        seconds = round(time.monotonic() - self.started, 3)
        run_log = RunLog(self.paths)
        facts: dict[str, Fact] = {"run_id": self.run_id, "job": self.job, "seconds": seconds, "steps": self.steps}
        if self.errors:
            error = self.errors[0]
            run_log.write(FAILED, **facts, error=type(error).__name__, code=run_outcomes.message_code(error))
        elif len(self.steps) < self.planned_steps:
            run_log.write(STOPPED, **facts)
        else:
            repairs = [{"code": issue.code, "file": issue.file or "", "actual": issue.actual} for issue in self.repairs]
            run_log.write(FINISHED, **facts, had_work=True, **self.released, repairs=repairs)
        run_log.prune()
        run_outcomes.refresh_metrics(self.paths)
        if self.errors:
            alerts.alert_after_failure(self.paths, *self.errors)
        elif self.released and (release := find_current_release(self.paths)) is not None:
            alerts.alert_after_run(self.paths, release)


def read_repairs(event: dg.DagsterEvent) -> list[Issue]:
    """Return what a step found damaged and made again."""
    if not event.is_step_materialization:
        return []
    fields = event.step_materialization_data.materialization.metadata.get(REPAIRS)
    return [] if fields is None else [Issue(**issue) for issue in cast("list[dict[str, Any]]", fields.value)]


def run_context_resource(paths: Paths) -> dg.ResourceDefinition:
    """Return the resource that lets one run of the data directory go on at a time; the others wait."""

    def hold(context: dg.InitResourceContext) -> Iterator[RunContext]:
        run, instance = context.run, context.instance
        assert run is not None
        assert instance is not None
        with run_lock(paths, waits=True):
            require(paths)
            ensure_data_dir(paths)
            run_outcomes.report_killed_runs(paths)
            plan = instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id or "")
            run_context = RunContext(paths, run.run_id, run.job_name, len(plan.step_keys_to_execute))
            RunLog(paths).write(STARTED, run_id=run.run_id, job=run.job_name, inputs=run.tags.get(INPUTS_TAG))
            instance.add_event_listener(run.run_id, run_context.listen)
            try:
                yield run_context
            finally:
                run_context.close()

    return dg.ResourceDefinition(
        contextmanager(hold), description="运行锁、运行日志与告警\n\nThe run lock, the run log and the alerts of a run"
    )
