"""How runs ended, for those who were not there: what was killed, what never began, what had nothing to do.

Here: the ends that the run itself could not note and tell, each once. Not here: those that it could
(pipelines.orchestration.run_context); without Dagster, so that a command with nothing to do begins and ends at once.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from assets.core.errors import DataError, Issue, UsageError
from assets.core.paths import Paths
from assets.release.read.reader import Release
from pipelines.locks import run_lock
from pipelines.observability import alerts
from pipelines.observability.run_log import FAILED, FINISHED, KILLED, STARTED, RunLog
from pipelines.observability.system_errors import classify_system_error
from pipelines.schedule_settings import REFRESH

# What reached nobody is tried again for so long.
_TOLD_FOR = timedelta(days=7)


def message_code(error: Exception) -> str | None:
    """Which message of the catalogue a person is told, where it is one."""
    if isinstance(error, DataError):
        return error.issues[0].code if error.issues else None
    issue = error.issue if isinstance(error, UsageError) else classify_system_error(error)
    return issue.code if issue is not None else None


def report_no_op(paths: Paths, release: Release, seconds: float) -> None:
    """A run found that the current release is made of what there is."""
    # While another run is under way it is not known of any that it was killed; that one looks.
    with suppress(UsageError), run_lock(paths):
        report_killed_runs(paths)
    release_id = release.manifest.release_id
    RunLog(paths).write(FINISHED, job=REFRESH, release_id=release_id, is_new=False, had_work=False, seconds=seconds)
    refresh_metrics(paths)
    alerts.alert_after_run(paths, release)


def report_failure(paths: Paths, run_id: str, error: Exception, seconds: float) -> None:
    """A run failed, unless it told so itself: before its turn, or in what it holds meanwhile."""
    journal = RunLog(paths)
    if journal.final_status(run_id) == FAILED:
        return
    kind = type(error).__name__
    journal.write(FAILED, run_id=run_id, job=REFRESH, error=kind, code=message_code(error), seconds=seconds)
    refresh_metrics(paths)
    alerts.alert_after_failure(paths, error)


def report_detected_failure(paths: Paths, run_id: str, job: str, said: str) -> None:
    """Somebody else found a run to have failed: it was killed, or never had its turn. `said` is what is known of it."""
    journal = RunLog(paths)
    end = journal.final_status(run_id)
    if end == STARTED:
        report_killed_runs(paths, run_id)
    elif end not in (FINISHED, FAILED, KILLED):
        issue = classify_system_error(RuntimeError(said)) or Issue("run_failed", f"{job} {run_id}")
        journal.write(FAILED, run_id=run_id, job=job, code=issue.code)
        refresh_metrics(paths)
        alerts.alert_after_failure(paths, UsageError(issue))


def report_killed_runs(paths: Paths, run_id: str | None = None) -> None:
    """Note which runs began and did not end, that one or all, and tell it; while none of them is under way."""
    journal = RunLog(paths)
    for line in journal.unfinished_runs():
        if run_id in (None, line.get("run_id")):
            journal.write(KILLED, run_id=line.get("run_id"), job=line["job"], began_at=line.get("at"))
    since = (datetime.now(UTC) - _TOLD_FOR).isoformat()
    kills = (line for line in journal.read(KILLED) if line.get("event") == KILLED)
    alerts.alert_after_kills(paths, [line for line in kills if str(line.get("at")) >= since])


def refresh_metrics(paths: Paths) -> None:
    """Write the metrics anew. That they cannot be written never ends a run."""
    from pipelines.observability import metrics

    try:
        metrics.write_metrics(paths)
    except Exception as error:
        logging.getLogger(__name__).warning("no metrics could be written: %s", type(error).__name__)
