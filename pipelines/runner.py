"""Running the main job from the command line, with its progress, in this process.

Here: what a run ends with. Not here: what is printed (pipelines.cli.commands), the Dagster instance
(pipelines.orchestration.instance), what is made (assets), and who is told (pipelines.orchestration.run_context,
pipelines.observability.run_outcomes). Importing Dagster takes seconds, so it happens only when there is work to do.
"""

from __future__ import annotations

import gc
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from assets.core.worker import GC_THRESHOLD
from assets.release.publish.fingerprint import changed_fingerprint
from assets.release.read.reader import Release, find_current_release
from pipelines.observability.system_errors import classify_system_error, iter_causes
from pipelines.orchestration.instance import HOME_VARIABLE, SETTINGS, open_instance

if TYPE_CHECKING:
    from assets.quality.checks.gx_worker import ValidationWorker

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What a run ended with: the release that is current now, and whether this run made it."""

    release: Release
    is_new: bool
    had_work: bool


def run_if_changed(paths: Paths, progress: Progress) -> RunOutcome:
    """Run the main job unless its inputs are those of the last run, and what that made is still whole.

    `progress` is told the name of each table that is made, and how many there are. Raises Stopped where the data must
    be mended first; the current release then stays as it is. However it ends, whoever is to be told is told.
    """
    from pipelines.observability import run_outcomes

    run_id, began = str(uuid.uuid4()), time.monotonic()
    try:
        outcome = _run_if_new(paths, run_id, progress)
    except Exception as error:
        run_outcomes.report_failure(paths, run_id, error, _since(began))
        raise
    if not outcome.had_work:
        run_outcomes.report_no_op(paths, outcome.release, _since(began))
    return outcome


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)


def _run_if_new(paths: Paths, run_id: str, progress: Progress) -> RunOutcome:
    inputs, current = changed_fingerprint(paths), find_current_release(paths)
    if inputs is None:
        assert current is not None
        return RunOutcome(current, is_new=False, had_work=False)
    _run(paths, run_id, inputs, progress)
    made = find_current_release(paths)
    assert made is not None
    before = current.manifest.release_id if current is not None else None
    return RunOutcome(made, is_new=made.manifest.release_id != before, had_work=True)


def _run(paths: Paths, run_id: str, inputs: str, progress: Progress) -> None:
    from sqlalchemy.exc import OperationalError

    try:
        _execute(paths, run_id, inputs, progress)
    except Exception as error:
        # Dagster wraps it in exceptions of its own, which are of the kind of storage.
        reason = next((cause for cause in iter_causes(error) if isinstance(cause, OperationalError)), None)
        # SQLite lies on a disk of ours: one that is full is no storage that somebody has to start.
        if reason is None or (isinstance(reason.orig, sqlite3.Error) and classify_system_error(error) is not None):
            raise
        told = str(reason.orig).strip().splitlines()[0]
        raise UsageError(Issue("storage_unreachable", told, f"{HOME_VARIABLE}, {SETTINGS}")) from error


@contextmanager
def relaxed_gc() -> Iterator[None]:
    """Python looks through all objects for circles that nobody holds, again and again while modules are read and tables
    become objects.

    What stands when a run begins, thousands of modules and definitions, stands until its end (`gc.freeze`); and of what
    it makes little is such a circle. Memory without circles is given back at once, as ever.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _execute(paths: Paths, run_id: str, inputs: str, progress: Progress) -> None:
    from assets.quality.checks.gx_worker import ValidationWorker

    # Its process imports for seconds, and so does this one: both at once where there are two cores.
    with relaxed_gc(), ValidationWorker() as auditor:
        _execute_job(paths, run_id, inputs, progress, auditor)


def _execute_job(paths: Paths, run_id: str, inputs: str, progress: Progress, auditor: ValidationWorker) -> None:
    import dagster as dg
    from dagster._core.errors import DagsterUserCodeExecutionError

    from assets.release.assets import INPUTS_TAG
    from pipelines.definitions import build_definitions
    from pipelines.orchestration.resources import VALIDATION_WORKER
    from pipelines.project import load_project
    from pipelines.schedule_settings import REFRESH

    job = build_definitions(load_project(paths)).resolve_job_def(REFRESH)
    total = len(list(job.asset_layer.executable_asset_keys))

    def tell(event: dg.EventLogEntry) -> None:
        happened = event.dagster_event
        if happened is not None and happened.is_step_materialization and happened.asset_key is not None:
            progress(".".join(happened.asset_key.path), total)

    gc.freeze()
    with open_instance(paths) as instance:
        instance.add_event_listener(run_id, tell)
        try:
            job.execute_in_process(
                instance=instance,
                run_id=run_id,
                resources={VALIDATION_WORKER: auditor},
                # Nobody but the person who called it starts it again.
                tags={INPUTS_TAG: inputs, "dagster/max_retries": "0"},
                # A fault of the data is told by the command line, not by a log of events.
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        except DagsterUserCodeExecutionError as error:
            raise error.user_exception from error
