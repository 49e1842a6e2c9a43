"""When what runs: the inbox sensor, the schedules, and what each of them starts.

Here: the settings as Dagster's sensor and schedules. Not here: the settings (pipelines.schedule_settings), what a look
at the inbox sees (pipelines.orchestration.inbox_watcher), the jobs (pipelines.definitions).
"""

import dagster as dg

from assets.core.paths import Paths
from assets.release.assets import INPUTS_TAG
from assets.release.publish.fingerprint import changed_fingerprint
from pipelines.orchestration.inbox_watcher import Cursor, poll_inbox
from pipelines.schedule_settings import PRUNE, REFRESH, InboxSettings, JobSchedule, ScheduleSettings


def build_triggers(
    paths: Paths, operations: ScheduleSettings
) -> tuple[list[dg.SensorDefinition], list[dg.ScheduleDefinition]]:
    """The sensor and the schedules; what is switched off is there and stopped, so that a person can start it."""
    zone = operations.time_zone
    pruning = dg.ScheduleDefinition(
        name="pruning",
        job_name=PRUNE,
        cron_schedule=operations.pruning.cron,
        execution_timezone=zone,
        default_status=_schedule_status(operations.pruning.is_on),
        description="清理旧的运行记录和发布\n\nTake away old runs and releases",
    )
    return [_inbox(paths, operations.inbox)], [
        _schedule(paths, "nightly", operations.nightly, zone, "每夜\n\nEvery night"),
        _schedule(paths, "monthly", operations.monthly, zone, "每月\n\nEvery month"),
        pruning,
    ]


def _inbox(paths: Paths, settings: InboxSettings) -> dg.SensorDefinition:
    @dg.sensor(
        name="inbox",
        job_name=settings.job,
        minimum_interval_seconds=settings.every_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING if settings.is_on else dg.DefaultSensorStatus.STOPPED,
        description="收件箱中有新文件且不再变化时运行\n\nRuns when new files lie still in the inbox",
    )
    def inbox(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        found = poll_inbox(paths, Cursor.read(context.cursor), settings.still_seconds)
        if found.inputs is None:
            return dg.SensorResult(skip_reason=found.reason, cursor=found.seen.write())
        request = dg.RunRequest(run_key=f"inbox-{found.inputs}", tags=_tags(settings.job, found.inputs))
        return dg.SensorResult(run_requests=[request], cursor=found.seen.write())

    return inbox


def _schedule(paths: Paths, name: str, settings: JobSchedule, zone: str, about: str) -> dg.ScheduleDefinition:
    """A schedule of a data job. A tick that was missed is caught up once, the last of several: Dagster does that."""

    def evaluate(_context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        inputs = changed_fingerprint(paths)
        if inputs is None and settings.job == REFRESH:
            return dg.SkipReason("nothing new since the last run")
        return dg.RunRequest(tags=_tags(settings.job, inputs))

    return dg.ScheduleDefinition(
        name=name,
        job_name=settings.job,
        cron_schedule=settings.cron,
        execution_timezone=zone,
        execution_fn=evaluate,
        default_status=_schedule_status(settings.is_on),
        description=about,
    )


def _tags(job: str, inputs: str | None) -> dict[str, str]:
    """A run from all inputs to the release notes what it was made from; the others leave some of them out."""
    return {INPUTS_TAG: inputs} if inputs is not None and job == REFRESH else {}


def _schedule_status(is_on: bool) -> dg.DefaultScheduleStatus:
    return dg.DefaultScheduleStatus.RUNNING if is_on else dg.DefaultScheduleStatus.STOPPED
