"""The names of the jobs, and the settings of their schedules.

Here: names. Not here: the settings (assets.core.settings), the schedules and the sensor made of them
(pipelines.orchestration.triggers).
"""

from assets.core.paths import Paths
from assets.core.settings import InboxSettings as InboxSettings
from assets.core.settings import JobSchedule as JobSchedule
from assets.core.settings import PruneSettings as PruneSettings
from assets.core.settings import ScheduleSettings as ScheduleSettings
from assets.core.settings import read_settings

REFRESH, INTAKE, RELEASE, PRUNE = "refresh", "intake", "release", "prune"


def read_schedule_settings(paths: Paths) -> ScheduleSettings:
    """Return the settings of the schedules."""
    return read_settings(paths).schedules
