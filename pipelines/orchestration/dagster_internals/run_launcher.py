"""Dagster's run launcher for this machine, with a health check for the process of a run.

Dagster's own launcher has none: a run whose process was killed stays "started" for ever, and with one run at a time no
other run starts after it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

from dagster import DagsterRun, Field
from dagster._config.config_schema import UserConfigSchema
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._serdes import ConfigurableClassData

from assets.core.paths import Paths
from pipelines.locks import is_running

DEFINITIONS = "pipelines.definitions"
# How long a run may take from its start until it holds the lock.
_GRACE_SECONDS = 60


class LocalRunLauncher(DefaultRunLauncher):
    """A launcher that knows a dead run by the run lock, which the system releases when its process ends."""

    def __init__(self, grace_seconds: int = _GRACE_SECONDS, inst_data: ConfigurableClassData | None = None) -> None:
        self._grace_seconds = grace_seconds
        super().__init__(inst_data=inst_data)

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        return {"grace_seconds": Field(int, is_required=False, default_value=_GRACE_SECONDS)}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]) -> Self:
        return cls(inst_data=inst_data, **config_value)

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Return FAILED for a run of these definitions that started a while ago while the lock is free.

        Nothing is known of runs of another code location; `max_runtime_seconds` ends them.
        """
        if not _is_own(run):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        record = self._instance.get_run_record_by_id(run.run_id)
        started = record.start_time if record is not None else None
        is_young = started is None or abs(datetime.now(UTC).timestamp() - started) < self._grace_seconds
        if is_young or is_running(Paths.from_environment()):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, "its process is gone")


def _is_own(run: DagsterRun) -> bool:
    """Whether the run is of these definitions, or of a code server that does not say what it loaded."""
    job = run.remote_job_origin
    location = job.repository_origin.code_location_origin if job is not None else None
    target = getattr(location, "loadable_target_origin", None)
    return target is None or target.module_name == DEFINITIONS
