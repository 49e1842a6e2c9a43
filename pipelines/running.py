"""Running the main job from the command line, with its progress, in this process.

Here: what a run ends with. Not here: what is printed (pipelines.commands), the Dagster instance (pipelines.instance),
what is made (assets), and who is told (pipelines.turns, pipelines.endings). Importing Dagster takes seconds, so it
happens only when there is work to do.
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

from assets.aside import OBJECTS_UNTIL_A_LOOK
from assets.errors import Finding, WrongCall
from assets.paths import Paths
from assets.release.inputs import inputs_if_new
from assets.release.reader import Release, current_release
from pipelines.faults import causes, mendable
from pipelines.instance import HOME_VARIABLE, SETTINGS, opened

if TYPE_CHECKING:
    from assets.quality.auditor import Auditor

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
    from pipelines import endings

    run_id, began = str(uuid.uuid4()), time.monotonic()
    try:
        outcome = _run_if_new(paths, run_id, progress)
    except Exception as error:
        endings.failed(paths, run_id, error, _since(began))
        raise
    if not outcome.had_work:
        endings.nothing_to_do(paths, outcome.release, _since(began))
    return outcome


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)


def _run_if_new(paths: Paths, run_id: str, progress: Progress) -> Outcome:
    inputs, current = inputs_if_new(paths), current_release(paths)
    if inputs is None:
        assert current is not None
        return Outcome(current, is_new=False, had_work=False)
    _run(paths, run_id, inputs, progress)
    made = current_release(paths)
    assert made is not None
    before = current.manifest.release_id if current is not None else None
    return Outcome(made, is_new=made.manifest.release_id != before, had_work=True)


def _run(paths: Paths, run_id: str, inputs: str, progress: Progress) -> None:
    from sqlalchemy.exc import OperationalError

    try:
        _execute(paths, run_id, inputs, progress)
    except Exception as error:
        # Dagster wraps it in exceptions of its own, which are of the kind of storage.
        reason = next((cause for cause in causes(error) if isinstance(cause, OperationalError)), None)
        # SQLite lies on a disk of ours: one that is full is no storage that somebody has to start.
        if reason is None or (isinstance(reason.orig, sqlite3.Error) and mendable(error) is not None):
            raise
        told = str(reason.orig).strip().splitlines()[0]
        raise WrongCall(Finding("storage_unreachable", told, f"{HOME_VARIABLE}, {SETTINGS}")) from error


@contextmanager
def garbage_sought_seldom() -> Iterator[None]:
    """Python looks through all objects for circles that nobody holds, again and again while modules are read and tables
    become objects.

    What stands when a run begins, thousands of modules and definitions, stands until its end (`gc.freeze`); and of what
    it makes little is such a circle. Memory without circles is given back at once, as ever.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(OBJECTS_UNTIL_A_LOOK, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _execute(paths: Paths, run_id: str, inputs: str, progress: Progress) -> None:
    from assets.quality.auditor import Auditor

    # Its process imports for seconds, and so does this one: both at once where there are two cores.
    with garbage_sought_seldom(), Auditor() as auditor:
        _execute_job(paths, run_id, inputs, progress, auditor)


def _execute_job(paths: Paths, run_id: str, inputs: str, progress: Progress, auditor: Auditor) -> None:
    import dagster as dg
    from dagster._core.errors import DagsterUserCodeExecutionError

    from assets.release.assets import INPUTS_TAG
    from pipelines.definitions import build_definitions
    from pipelines.house import read_house
    from pipelines.operations import REFRESH
    from pipelines.resources import AUDITOR

    job = build_definitions(read_house(paths)).resolve_job_def(REFRESH)
    total = len(list(job.asset_layer.executable_asset_keys))

    def tell(event: dg.EventLogEntry) -> None:
        happened = event.dagster_event
        if happened is not None and happened.is_step_materialization and happened.asset_key is not None:
            progress(".".join(happened.asset_key.path), total)

    gc.freeze()
    with opened(paths) as instance:
        instance.add_event_listener(run_id, tell)
        try:
            job.execute_in_process(
                instance=instance,
                run_id=run_id,
                resources={AUDITOR: auditor},
                # Nobody but the person who called it starts it again.
                tags={INPUTS_TAG: inputs, "dagster/max_retries": "0"},
                # A fault of the data is told by the command line, not by a log of events.
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        except DagsterUserCodeExecutionError as error:
            raise error.user_exception from error
