"""A run of the refresh job in this process, for the command line.

What belongs here: whether there is work, the run, and its outcome. What does not: output (pipelines.cli) and the
instance (pipelines.orchestration.instance). Importing Dagster takes seconds, so it happens only when there is work.
"""

from __future__ import annotations

import gc
import logging
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from assets.release.publish.current import repair_current
from assets.release.publish.fingerprint import changed_fingerprint
from assets.release.read.reader import Release, find_current_release
from pipelines.observability import run_outcomes
from pipelines.observability.run_log import REFRESH
from pipelines.observability.system_errors import classify_system_error, iter_causes
from pipelines.orchestration.instance import HOME_VARIABLE, SETTINGS, open_instance

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from assets.quality.checks.gx_worker import ValidationWorker

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """The outcome of a run.

    Attributes:
        release: the release that is current now.
        previous: the one that was current before.
        is_new: whether this run made the release.
        had_work: whether anything was new.
        repairs: what was damaged and is made again.
    """

    release: Release
    previous: Release | None
    is_new: bool
    had_work: bool
    repairs: tuple[Issue, ...] = ()


def run_if_changed(paths: Paths, progress: Progress) -> RunOutcome:
    """Run the refresh job unless its inputs are those of the current release.

    The run log, metrics and alerts report every outcome.

    Args:
        paths: the data directory.
        progress: called with the name of each table that was built, and the number of all tables.

    Raises:
        DataError: the data must be fixed first; the current release stays.
        UsageError: something outside of the data must be fixed first.
    """
    run_id, start = str(uuid.uuid4()), time.monotonic()
    try:
        outcome = _run_if_changed(paths, run_id, progress)
    except Exception as error:
        run_outcomes.report_failure(paths, run_id, error, _seconds_since(start))
        raise
    if not outcome.had_work:
        run_outcomes.report_no_op(paths, outcome.release, _seconds_since(start))
    return outcome


def _seconds_since(start: float) -> float:
    return round(time.monotonic() - start, 3)


def _run_if_changed(paths: Paths, run_id: str, progress: Progress) -> RunOutcome:
    repair_current(paths)
    inputs, before = changed_fingerprint(paths), find_current_release(paths)
    if inputs is None:
        assert before is not None
        return RunOutcome(before, before, is_new=False, had_work=False)
    with _explained_storage_errors():
        from assets.quality.checks.gx_worker import ValidationWorker

        # Its process imports for seconds, and so does this one: in parallel where there are two cores.
        with relaxed_gc(), ValidationWorker() as worker:
            repairs = _execute_job(paths, run_id, inputs, progress, worker)
    after = find_current_release(paths)
    assert after is not None
    is_new = before is None or after.manifest.release_id != before.manifest.release_id
    return RunOutcome(after, before, is_new=is_new, had_work=True, repairs=tuple(repairs))


@contextmanager
def _explained_storage_errors() -> Iterator[None]:
    """Raise UsageError where Dagster's storage cannot be reached.

    A SQLite error of this machine, such as a full disk, stays as it is: no server has to be started.
    """
    from sqlalchemy.exc import OperationalError

    try:
        yield
    except Exception as error:
        # Dagster wraps the error in exceptions of its own.
        cause = next((cause for cause in iter_causes(error) if isinstance(cause, OperationalError)), None)
        if cause is None or (isinstance(cause.orig, sqlite3.Error) and classify_system_error(error) is not None):
            raise
        reason = str(cause.orig).strip().splitlines()[0]
        raise UsageError(Issue("dagster_storage_unreachable", reason, f"{HOME_VARIABLE}, {SETTINGS}")) from error


@contextmanager
def relaxed_gc() -> Iterator[None]:
    """Freeze existing objects and raise the threshold of the garbage collector for the duration of a run.

    Thousands of modules and definitions live until the end, and a run creates almost no reference cycles, so frequent
    collections only cost time (9 % of a run). Memory without cycles is freed as always.
    """
    from assets.core.worker import GC_THRESHOLD  # slow to import, and not needed where nothing is new

    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _execute_job(paths: Paths, run_id: str, inputs: str, progress: Progress, worker: ValidationWorker) -> list[Issue]:
    """Run the job; return what was damaged and is made again."""
    import dagster as dg

    from assets.release.assets import INPUTS_TAG
    from pipelines.definitions import build_definitions
    from pipelines.orchestration.resources import VALIDATION_WORKER
    from pipelines.orchestration.run_context import read_repairs
    from pipelines.project import load_project

    job = build_definitions(load_project(paths), has_lineage=False).resolve_job_def(REFRESH)
    total = len(list(job.asset_layer.executable_asset_keys))
    repairs: list[Issue] = []

    def report_progress(entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is not None and event.is_step_materialization and event.asset_key is not None:
            repairs.extend(read_repairs(event))
            progress(".".join(event.asset_key.path), total)

    gc.freeze()
    with open_instance(paths) as instance:
        instance.add_event_listener(run_id, report_progress)
        try:
            job.execute_in_process(
                instance=instance,
                run_id=run_id,
                resources={VALIDATION_WORKER: worker},
                # The daemon does not start a failed run of the command line again.
                tags={INPUTS_TAG: inputs, "dagster/max_retries": "0"},
                # The command line prints errors itself.
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        except dg.DagsterUserCodeExecutionError as error:
            raise error.user_exception from error
        prune_after_run(paths, instance)
    return repairs


def prune_after_run(paths: Paths, instance: DagsterInstance) -> None:
    """Delete what the settings do not keep; the release is made, so what cannot be deleted now waits for the next run.

    Dagster's storage raises errors of its own, from whichever database it has.
    """
    from assets.core.settings import read_settings
    from pipelines.orchestration.retention import prune_by_settings

    pruning = read_settings(paths).schedules.pruning
    try:
        if pruning.is_on:
            prune_by_settings(paths, pruning, instance)
    except Exception as error:
        logging.getLogger(__name__).warning("old releases or runs could not be deleted: %s", type(error).__name__)
