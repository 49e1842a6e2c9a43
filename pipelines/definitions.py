"""The Dagster definitions: every asset, check and job of one data directory.

`dagster dev` and `gancheng run` load the same assets and job.
"""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from assets.core.paths import Paths
from assets.intake.assets import intake_assets
from assets.observations.assets import observation_assets
from assets.quality.assets import quality_assets
from assets.reference.assets import reference_assets
from assets.release.assets import release_assets
from assets.scorecards.assets import scorecard_assets
from pipelines.orchestration.failure_sensor import run_failure_sensor
from pipelines.orchestration.resources import (
    CLOSED,
    INBOX_TAG,
    VALIDATION_WORKER,
    engine_resource,
    returns_worker_resource,
    validation_worker_resource,
    warehouse_resource,
)
from pipelines.orchestration.retention import prune_job
from pipelines.orchestration.run_context import RUN_CONTEXT, run_context_resource
from pipelines.orchestration.triggers import build_triggers
from pipelines.project import Project, load_project
from pipelines.schedule_settings import INTAKE, REFRESH, RELEASE, ScheduleSettings, read_schedule_settings

# Every event is in Dagster's store; on the console of a server only what our own steps say.
_QUIET = {"loggers": {"console": {"config": {"log_level": "INFO"}}}}
# A run that lost its process begins again from the start: its steps share one database.
_TAGS = {"dagster/retry_strategy": "ALL_STEPS"}


def build_definitions(house: Project, operations: ScheduleSettings | None = None) -> dg.Definitions:
    """All definitions of a data directory, in the order in which the data flows."""
    settings = operations or ScheduleSettings()
    every_asset = [
        reference_assets(house.tables_of("reference")),
        *intake_assets(house.contracts, house.tables),
        *observation_assets(house.models, house.tables),
        *scorecard_assets(house.models, house.tables),
        *quality_assets(house.checks, house.models, house.tables),
        *release_assets(house.models, house.tables),
    ]
    sensors, schedules = build_triggers(house.paths, settings)
    return dg.Definitions(
        assets=every_asset,
        # One process: steps in processes of their own would cost seconds each and meet on DuckDB's lock.
        executor=dg.in_process_executor,
        jobs=[*_data_jobs(), prune_job(house.paths, settings.pruning)],
        schedules=schedules,
        sensors=[*sensors, run_failure_sensor(house.paths)],
        resources={
            RUN_CONTEXT: run_context_resource(house.paths),
            "warehouse": warehouse_resource(house.paths),
            "engine": engine_resource(house.paths),
            VALIDATION_WORKER: validation_worker_resource(),
            "clerk": returns_worker_resource(house.paths),
        },
    )


def _data_jobs() -> list[UnresolvedAssetJobDefinition]:
    """Everything; the files alone; a release of what was taken in before."""
    return [
        dg.define_asset_job(
            REFRESH,
            selection=dg.AssetSelection.all(),
            tags=_TAGS,
            config=_QUIET,
            description="从收件箱中的文件到发布\n\nFrom the files in the inbox to a release",
        ),
        dg.define_asset_job(
            INTAKE,
            selection=dg.AssetSelection.groups("reference", "intake").without_checks(),
            tags=_TAGS,
            config=_QUIET,
            description="只读取收件箱中的文件，不发布\n\nTake in the files of the inbox, and release nothing",
        ),
        dg.define_asset_job(
            RELEASE,
            selection=dg.AssetSelection.all(),
            tags=_TAGS | {INBOX_TAG: CLOSED},
            config=_QUIET,
            description="用已读取的内容重新发布\n\nRebuild a release from what is taken in, and leave the inbox alone",
        ),
    ]


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of the data directory that the environment names."""
    paths = Paths.from_environment()
    return build_definitions(load_project(paths), read_schedule_settings(paths))
