"""Running the main job from the command line, with its progress, in this process.

Here: what a run ends with, and that whoever is to be told is told. Not here: what is printed (pipelines.commands), the
Dagster instance (pipelines.instance), what is made (assets). Importing Dagster takes seconds, so it happens only when
there is work to do.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

from assets.errors import Finding, Stopped, WrongCall
from assets.paths import Paths
from assets.release.inputs import inputs_if_new
from assets.release.reader import Release, current_release
from pipelines.faults import causes, mendable
from pipelines.instance import HOME_VARIABLE, SETTINGS, opened
from pipelines.journal import Journal

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run ended with: the release that is current now, and whether this run made it."""

    release: Release
    is_new: bool
    had_work: bool


def run_if_new(paths: Paths, progress: Progress) -> Outcome:
    """Run the main job unless its inputs are those of the last run, and what that made is still whole.

    `progress` is told the name of each table that is made, and how many there are. Raises Stopped where the data must
    be mended first; the current release then stays as it is. However it ends, whoever is to be told is told.
    """
    from pipelines import alerts

    journal, began = Journal(paths), time.monotonic()
    try:
        outcome = _run_if_new(paths, progress, journal)
    except Exception as error:
        journal.write("failed", error=type(error).__name__, code=_code(error), seconds=_since(began))
        alerts.after_failure(paths, error)
        raise
    release_id = outcome.release.manifest.release_id
    journal.write(
        "ended", release_id=release_id, is_new=outcome.is_new, had_work=outcome.had_work, seconds=_since(began)
    )
    journal.prune()
    alerts.after_run(paths, outcome.release)
    return outcome


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)


def _code(error: Exception) -> str | None:
    """Which message of the catalogue a person is told, where it is one."""
    if isinstance(error, Stopped):
        return error.findings[0].code if error.findings else None
    finding = error.finding if isinstance(error, WrongCall) else mendable(error)
    return finding.code if finding is not None else None


def _run_if_new(paths: Paths, progress: Progress, journal: Journal) -> Outcome:
    inputs, current = inputs_if_new(paths), current_release(paths)
    if inputs is None:
        assert current is not None
        return Outcome(current, is_new=False, had_work=False)
    _run(paths, inputs, progress, journal)
    made = current_release(paths)
    assert made is not None
    before = current.manifest.release_id if current is not None else None
    return Outcome(made, is_new=made.manifest.release_id != before, had_work=True)


def _run(paths: Paths, inputs: str, progress: Progress, journal: Journal) -> None:
    from sqlalchemy.exc import OperationalError

    try:
        _execute(paths, inputs, progress, journal)
    except Exception as error:
        # Dagster wraps it in exceptions of its own, which are of the kind of storage.
        reason = next((cause for cause in causes(error) if isinstance(cause, OperationalError)), None)
        # SQLite lies on a disk of ours: one that is full is no storage that somebody has to start.
        if reason is None or (isinstance(reason.orig, sqlite3.Error) and mendable(error) is not None):
            raise
        told = str(reason.orig).strip().splitlines()[0]
        raise WrongCall(Finding("storage_unreachable", told, f"{HOME_VARIABLE}, {SETTINGS}")) from error


def _execute(paths: Paths, inputs: str, progress: Progress, journal: Journal) -> None:
    import dagster as dg
    from dagster._core.errors import DagsterUserCodeExecutionError

    from assets.release.assets import INPUTS_TAG
    from pipelines.definitions import build_definitions
    from pipelines.house import read_house
    from pipelines.operations import REFRESH

    job = build_definitions(read_house(paths)).resolve_job_def(REFRESH)
    total = len(list(job.asset_layer.executable_asset_keys))

    def tell(event: dg.EventLogEntry) -> None:
        happened = event.dagster_event
        if happened is None:
            return
        if happened.is_step_materialization and happened.asset_key is not None:
            table = ".".join(happened.asset_key.path)
            progress(table, total)
            rows = happened.step_materialization_data.materialization.metadata.get("dagster/row_count")
            journal.write("made", run_id=run_id, table=table, rows=None if rows is None else int(str(rows.value)))
        elif happened.is_step_success:
            seconds = round(happened.step_success_data.duration_ms / 1000, 3)
            journal.write("step", run_id=run_id, step=happened.step_key, seconds=seconds)

    with opened(paths) as instance:
        run_id = dg.DagsterRun(job_name=REFRESH).run_id
        journal.write("began", run_id=run_id, inputs=inputs)
        instance.add_event_listener(run_id, tell)
        try:
            job.execute_in_process(
                instance=instance,
                run_id=run_id,
                # Nobody but the person who called it starts it again.
                tags={INPUTS_TAG: inputs, "dagster/max_retries": "0"},
                # A fault of the data is told by the command line, not by a log of events.
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        except DagsterUserCodeExecutionError as error:
            raise error.user_exception from error
