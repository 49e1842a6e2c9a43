"""How runs ended, for those who were not there: what was killed, what never began, what had nothing to do.

Here: the ends that the run itself could not note and tell, each once. Not here: those that it could
(pipelines.turns); without Dagster, so that a command with nothing to do begins and ends at once.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from assets.errors import Finding, Stopped, WrongCall
from assets.paths import Paths
from assets.release.reader import Release
from pipelines import alerts
from pipelines.faults import mendable
from pipelines.journal import BEGAN, ENDED, FAILED, KILLED, Journal
from pipelines.lock import only_run
from pipelines.operations import REFRESH

# What reached nobody is tried again for so long.
_TOLD_FOR = timedelta(days=7)


def code_of(error: Exception) -> str | None:
    """Which message of the catalogue a person is told, where it is one."""
    if isinstance(error, Stopped):
        return error.findings[0].code if error.findings else None
    finding = error.finding if isinstance(error, WrongCall) else mendable(error)
    return finding.code if finding is not None else None


def nothing_to_do(paths: Paths, release: Release, seconds: float) -> None:
    """A run found that the current release is made of what there is."""
    # While another run is under way it is not known of any that it was killed; that one looks.
    with suppress(WrongCall), only_run(paths):
        tell_killed(paths)
    release_id = release.manifest.release_id
    Journal(paths).write(ENDED, job=REFRESH, release_id=release_id, is_new=False, had_work=False, seconds=seconds)
    show(paths)
    alerts.after_run(paths, release)


def failed(paths: Paths, run_id: str, error: Exception, seconds: float) -> None:
    """A run failed, unless it told so itself: before its turn, or in what it holds meanwhile."""
    journal = Journal(paths)
    if journal.end_of(run_id) == FAILED:
        return
    kind = type(error).__name__
    journal.write(FAILED, run_id=run_id, job=REFRESH, error=kind, code=code_of(error), seconds=seconds)
    show(paths)
    alerts.after_failure(paths, error)


def found_failed(paths: Paths, run_id: str, job: str, said: str) -> None:
    """Somebody else found a run to have failed: it was killed, or never had its turn. `said` is what is known of it."""
    journal = Journal(paths)
    end = journal.end_of(run_id)
    if end == BEGAN:
        tell_killed(paths, run_id)
    elif end not in (ENDED, FAILED, KILLED):
        finding = mendable(RuntimeError(said)) or Finding("run_failed", f"{job} {run_id}")
        journal.write(FAILED, run_id=run_id, job=job, code=finding.code)
        show(paths)
        alerts.after_failure(paths, WrongCall(finding))


def tell_killed(paths: Paths, run_id: str | None = None) -> None:
    """Note which runs began and did not end, that one or all, and tell it; while none of them is under way."""
    journal = Journal(paths)
    for line in journal.unended():
        if run_id in (None, line.get("run_id")):
            journal.write(KILLED, run_id=line.get("run_id"), job=line["job"], began_at=line.get("at"))
    since = (datetime.now(UTC) - _TOLD_FOR).isoformat()
    kills = (line for line in journal.read(KILLED) if line.get("event") == KILLED)
    alerts.after_kills(paths, [line for line in kills if str(line.get("at")) >= since])


def show(paths: Paths) -> None:
    """Write the metrics anew. That they cannot be written never ends a run."""
    from pipelines import metrics

    try:
        metrics.write(paths)
    except Exception as error:
        logging.getLogger(__name__).warning("no metrics could be written: %s", type(error).__name__)
