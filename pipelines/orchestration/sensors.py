"""The sensors: new files in the inbox, and runs that failed without reporting it.

What belongs here: the two sensors and the cursor of the inbox. What does not: settings (data/settings.yml), and what is
recorded of a failed run (pipelines.observability.run_outcomes).
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass

import dagster as dg

from assets.core.inbox_files import list_inbox
from assets.core.paths import Paths
from assets.core.settings import InboxSettings, ScheduleSettings
from assets.release.publish.fingerprint import changed_fingerprint
from pipelines.observability import run_outcomes
from pipelines.orchestration.jobs import run_tags


@dataclass(frozen=True, slots=True)
class PollResult:
    """The result of one look at the inbox.

    Attributes:
        cursor: digests of the listing that was found and of the listing that was handled last.
        inputs: the fingerprint that a run would start from; None where there is nothing to start.
        reason: why nothing is started.
    """

    cursor: str
    inputs: str | None = None
    reason: str = ""


def build_sensors(paths: Paths, settings: ScheduleSettings, *, is_automatic: bool) -> list[dg.SensorDefinition]:
    """Return the sensors; `is_automatic` runs them without a person starting them."""
    return [
        inbox_sensor(paths, settings.inbox, is_running=is_automatic and settings.inbox.is_on),
        run_failure_sensor(paths, is_running=is_automatic),
    ]


def inbox_sensor(paths: Paths, settings: InboxSettings, *, is_running: bool) -> dg.SensorDefinition:
    """Return the sensor that starts a run for new files."""

    @dg.sensor(
        name="inbox",
        job_name=settings.job,
        minimum_interval_seconds=settings.every_seconds,
        default_status=_status(is_running),
        description="收件箱中有新文件且不再变化时运行\n\nRuns when the inbox holds new files that no longer change",
    )
    def inbox(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        poll = poll_inbox(paths, context.cursor or "", settings.still_seconds)
        if poll.inputs is None:
            return dg.SensorResult(skip_reason=poll.reason, cursor=poll.cursor)
        request = dg.RunRequest(run_key=f"inbox-{poll.inputs}", tags=run_tags(settings.job, poll.inputs))
        return dg.SensorResult(run_requests=[request], cursor=poll.cursor)

    return inbox


def poll_inbox(paths: Paths, cursor: str, still_seconds: float) -> PollResult:
    """Look at the inbox; no file is opened while names, sizes and times are those of the last look.

    A new listing is handled once, after two looks that found the same and no file younger than `still_seconds`. A file
    with a time in the future has no age: two equal looks decide.
    """
    previous, _, handled = cursor.partition(" ")
    entries = list_inbox(paths.inbox)
    files = [(entry.name, entry.status.st_size, entry.status.st_mtime_ns) for entry in entries]
    listing = hashlib.sha256(json.dumps(files).encode()).hexdigest()
    if listing == handled:
        return PollResult(f"{listing} {listing}", reason="nothing new in the inbox")
    now = time.time_ns()
    is_fresh = any(0 <= now - changed < still_seconds * 1e9 for _, _, changed in files)
    if listing != previous or is_fresh:
        return PollResult(f"{listing} {handled}", reason="files are still arriving")
    inputs = changed_fingerprint(paths)
    return PollResult(f"{listing} {listing}", inputs, "" if inputs else "a run has read these files")


def run_failure_sensor(paths: Paths, *, is_running: bool) -> dg.SensorDefinition:
    """Return the sensor that reports runs which were killed or failed before their start."""

    @dg.run_failure_sensor(
        name="run_failures",
        minimum_interval_seconds=30,
        default_status=_status(is_running),
        description="报告未能自行报告的失败运行\n\nReports failed runs that could not report it themselves",
    )
    def report(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        error = getattr(context.failure_event.event_specific_data, "error", None)
        # Dagster wraps the exception: its text is that of the cause. A run whose process died has neither.
        texts = [part.message for part in (error, error and error.cause) if part is not None]
        run_outcomes.report_detected_failure(paths, run.run_id, run.job_name, "\n".join(texts))

    return report


def _status(is_running: bool) -> dg.DefaultSensorStatus:
    return dg.DefaultSensorStatus.RUNNING if is_running else dg.DefaultSensorStatus.STOPPED
