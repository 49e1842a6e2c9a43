"""Starting runs on this machine, and telling whether one is still alive.

Here: Dagster's own launcher, with an answer to the question whether the process of a run has died. Without one a run
whose process was killed stays "started" for ever, and with one run at a time nothing runs after it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

from dagster import DagsterRun
from dagster._config.config_schema import UserConfigSchema
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._serdes import ConfigurableClassData

from assets.core.paths import Paths
from pipelines.locks import is_running

DEFINITIONS = "pipelines.definitions"
# What a run may take from its start until it holds the lock.
_GRACE_SECONDS = 60


class LocalRunLauncher(DefaultRunLauncher):
    """Every run of ours holds the lock of the data directory, which the system frees when its process dies."""

    def __init__(self, grace_seconds: int = _GRACE_SECONDS, inst_data: ConfigurableClassData | None = None) -> None:
        self._grace_seconds = grace_seconds
        super().__init__(inst_data=inst_data)

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        from dagster import Field

        return {"grace_seconds": Field(int, is_required=False, default_value=_GRACE_SECONDS)}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]) -> Self:
        return cls(inst_data=inst_data, **config_value)

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """A run of ours that started a while ago while nobody holds the lock has no process any more.

        Of a run of another code location nothing is known; it is left alone until its time is over.
        """
        if not _is_ours(run):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        record = self._instance.get_run_record_by_id(run.run_id)
        started = record.start_time if record is not None else None
        is_young = started is None or abs(datetime.now(UTC).timestamp() - started) < self._grace_seconds
        if is_young or is_running(Paths.from_environment()):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, "its process is gone")


def _is_ours(run: DagsterRun) -> bool:
    """Whether it is of our definitions, or of a server of code that does not say what it loaded."""
    job = run.remote_job_origin
    location = job.repository_origin.code_location_origin if job is not None else None
    loaded = getattr(location, "loadable_target_origin", None)
    return loaded is None or loaded.module_name == DEFINITIONS
