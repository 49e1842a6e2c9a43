"""The schedules: a run every night, a release every month, and deleting what is old.

What belongs here: what each tick starts. What does not: times and switches, which are settings (data/settings.yml). A
missed tick is made up for once, the last of several; Dagster does that.
"""

import dagster as dg

from assets.core.paths import Paths
from assets.core.settings import JobSchedule, ScheduleSettings
from assets.release.publish.fingerprint import changed_fingerprint
from pipelines.observability.run_log import PRUNE, REFRESH
from pipelines.orchestration.jobs import run_tags


def build_schedules(paths: Paths, settings: ScheduleSettings, *, is_automatic: bool) -> list[dg.ScheduleDefinition]:
    """Return the schedules.

    Args:
        paths: the data directory.
        settings: when each schedule ticks.
        is_automatic: whether those that the settings switch on run without a person starting them.
    """

    def data_schedule(name: str, schedule: JobSchedule, description: str) -> dg.ScheduleDefinition:
        def evaluate(_context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
            inputs = changed_fingerprint(paths)
            if inputs is None and schedule.job == REFRESH:
                return dg.SkipReason("nothing new since the last run")
            return dg.RunRequest(tags=run_tags(schedule.job, inputs))

        return dg.ScheduleDefinition(
            name=name,
            job_name=schedule.job,
            cron_schedule=schedule.cron,
            execution_timezone=settings.time_zone,
            execution_fn=evaluate,
            default_status=_status(is_automatic and schedule.is_on),
            description=description,
        )

    pruning = dg.ScheduleDefinition(
        name="pruning",
        job_name=PRUNE,
        cron_schedule=settings.pruning.cron,
        execution_timezone=settings.time_zone,
        default_status=_status(is_automatic and settings.pruning.is_on),
        description="清理旧的运行记录和发布\n\nDelete old runs and releases",
    )
    return [
        data_schedule("nightly", settings.nightly, "每夜\n\nEvery night"),
        data_schedule("monthly", settings.monthly, "每月\n\nEvery month"),
        pruning,
    ]


def _status(is_running: bool) -> dg.DefaultScheduleStatus:
    return dg.DefaultScheduleStatus.RUNNING if is_running else dg.DefaultScheduleStatus.STOPPED
