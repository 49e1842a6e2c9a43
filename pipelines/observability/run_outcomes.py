"""Run outcomes that the run itself cannot record: killed, failed before its start, or nothing to do.

What belongs here: recording such an outcome and sending its alerts. What does not: the end of a run that has started
(pipelines.orchestration.run_context). Without Dagster, so that a command with nothing to do takes 0.4 seconds.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from assets.core.errors import Issue, IssueError, UsageError
from assets.core.paths import Paths
from assets.release.read.reader import Release
from pipelines.locks import run_lock
from pipelines.observability import alerts
from pipelines.observability.run_log import FAILED, FINISHED, KILLED, REFRESH, STARTED, RunLog
from pipelines.observability.system_errors import classify_system_error

# An alert that no channel accepted is sent again for this long.
_RETRY_ALERTS = timedelta(days=7)


def message_code(error: Exception) -> str | None:
    """Return the code of the message that a person is shown; None for an internal error."""
    issues = error.issues if isinstance(error, IssueError) else (classify_system_error(error),)
    return issues[0].code if issues and issues[0] is not None else None


def report_no_op(paths: Paths, release: Release, seconds: float) -> None:
    """Record that nothing has changed since the current release."""
    # While another run is in progress, no unfinished run is known to be dead; that run checks it.
    with suppress(UsageError), run_lock(paths):
        report_killed_runs(paths)
    release_id = release.manifest.release_id
    RunLog(paths).write(FINISHED, job=REFRESH, release_id=release_id, is_new=False, had_work=False, seconds=seconds)
    refresh_metrics(paths)
    alerts.alert_after_run(paths, release)


def report_failure(paths: Paths, run_id: str, error: Exception, seconds: float) -> None:
    """Record that a run of the command line failed, unless the run has recorded it."""
    run_log = RunLog(paths)
    if run_log.final_status(run_id) == FAILED:
        return
    kind = type(error).__name__
    run_log.write(FAILED, run_id=run_id, job=REFRESH, error=kind, code=message_code(error), seconds=seconds)
    refresh_metrics(paths)
    alerts.alert_after_failure(paths, error)


def report_detected_failure(paths: Paths, run_id: str, job: str, reason: str) -> None:
    """Record a failure that Dagster detected: the run was killed or failed before its start.

    `reason` is the error as Dagster recorded it, empty where the process was gone.
    """
    run_log = RunLog(paths)
    status = run_log.final_status(run_id)
    if status == STARTED:
        report_killed_runs(paths, run_id)
    elif status not in (FINISHED, FAILED, KILLED):
        issue = classify_system_error(RuntimeError(reason)) or Issue("run_failed", f"{job} {run_id}")
        run_log.write(FAILED, run_id=run_id, job=job, code=issue.code)
        refresh_metrics(paths)
        alerts.alert_after_failure(paths, UsageError(issue))


def report_killed_runs(paths: Paths, run_id: str | None = None) -> None:
    """Record the unfinished runs (all, or this one) as killed, and send alerts; call it while none is in progress."""
    run_log = RunLog(paths)
    for start in run_log.unfinished_runs():
        if run_id in (None, start.get("run_id")):
            run_log.write(KILLED, run_id=start.get("run_id"), job=start["job"], began_at=start.get("at"))
    since = (datetime.now(UTC) - _RETRY_ALERTS).isoformat()
    kills = (record for record in run_log.read(KILLED) if record.get("event") == KILLED)
    alerts.alert_after_kills(paths, [record for record in kills if str(record.get("at")) >= since])


def refresh_metrics(paths: Paths) -> None:
    """Write the metrics; a failure to write them never stops a run."""
    from pipelines.observability import metrics

    try:
        metrics.write_metrics(paths)
    except Exception as error:
        logging.getLogger(__name__).warning("no metrics could be written: %s", type(error).__name__)
