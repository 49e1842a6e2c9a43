"""Runs that Dagster found to have failed and that could not tell it themselves: killed, or failed before their turn.

Here: the sensor that looks for them. Not here: what is noted and told of them (pipelines.observability.run_outcomes),
and the runs that told how they ended (pipelines.orchestration.run_context): of those it says nothing.
"""

import dagster as dg

from assets.core.paths import Paths
from pipelines.observability import run_outcomes

_SECONDS = 30


def run_failure_sensor(paths: Paths, seconds: int = _SECONDS) -> dg.SensorDefinition:
    """Looks for runs that failed. It is no setting: where no channel is configured it notes them in the journal."""

    @dg.run_failure_sensor(
        name="untold",
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="告知未能自行告知的失败运行\n\nTells of runs that failed and could not tell it themselves",
    )
    def tell(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        run_outcomes.report_detected_failure(
            paths, run.run_id, run.job_name, _said(context.failure_event.event_specific_data)
        )

    return tell


def _said(data: object) -> str:
    """What led to the failure, as Dagster recorded it; nothing of a run whose process was gone."""
    error = getattr(data, "error", None)
    return "\n".join(part.message for part in (error, error.cause) if part is not None) if error is not None else ""
