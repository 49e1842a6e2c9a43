"""The schedules: a run every night, a release every month, and deleting what is old.

What belongs here: what each tick starts. What does not: times and switches, which are settings (data/settings.yml). A
missed tick is made up for once, the last of several; Dagster does that.
"""

import dagster as dg

from assets.core.paths import Paths
from assets.core.settings import JobSchedule, PruneSettings, ScheduleSettings
from assets.release.publish.fingerprint import changed_fingerprint
from pipelines.observability.run_log import PRUNE, REFRESH
from pipelines.orchestration.jobs import run_tags


def build_schedules(paths: Paths, settings: ScheduleSettings, *, is_automatic: bool) -> list[dg.ScheduleDefinition]:
    """Return the schedules; `is_automatic` runs those that the settings switch on without a person starting them."""

    def schedule(name: str, times: JobSchedule | PruneSettings, job: str, description: str) -> dg.ScheduleDefinition:
        def evaluate(_context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
            inputs = None if job == PRUNE else changed_fingerprint(paths)
            if inputs is None and job == REFRESH:
                return dg.SkipReason("nothing new since the last run")
            return dg.RunRequest(tags=run_tags(job, inputs))

        is_running = is_automatic and times.is_on
        return dg.ScheduleDefinition(
            name=name,
            job_name=job,
            cron_schedule=times.cron,
            execution_timezone=settings.time_zone,
            execution_fn=evaluate,
            default_status=dg.DefaultScheduleStatus.RUNNING if is_running else dg.DefaultScheduleStatus.STOPPED,
            description=description,
        )

    return [
        schedule("nightly", settings.nightly, settings.nightly.job, "每夜\n\nEvery night"),
        schedule("monthly", settings.monthly, settings.monthly.job, "每月\n\nEvery month"),
        schedule("pruning", settings.pruning, PRUNE, "清理旧的运行记录和发布\n\nDelete old runs and releases"),
    ]
