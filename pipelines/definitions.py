"""The Dagster definitions of one data directory. `dagster dev`, `gancheng serve` and `gancheng run` load the same."""

from functools import partial

import dagster as dg

from assets.core.paths import Paths
from assets.core.settings import ScheduleSettings, read_settings
from assets.intake.assets import intake_assets
from assets.observations.assets import observation_assets
from assets.quality.assets import quality_assets
from assets.reference.assets import reference_assets
from assets.release.assets import release_assets
from assets.scorecards.assets import scorecard_assets
from assets.warehouse.dagster_assets import add_lineage
from pipelines.orchestration.instance import is_automatic
from pipelines.orchestration.jobs import DATA_JOBS, prune_job
from pipelines.orchestration.resources import build_resources
from pipelines.orchestration.schedules import build_schedules
from pipelines.orchestration.sensors import build_sensors
from pipelines.project import Project, load_project


def build_definitions(
    project: Project,
    settings: ScheduleSettings | None = None,
    *,
    is_automatic: bool = False,
    has_lineage: bool = True,
) -> dg.Definitions:
    """Return all definitions, the assets in the order in which the data flows.

    Args:
        project: what the data directory consists of.
        settings: when jobs run; the defaults where None.
        is_automatic: whether the schedules and sensors that the settings switch on run without a person starting them.
        has_lineage: whether models have the lineage of their columns; a run without Dagster's pages does not need it.
    """
    paths, settings = project.paths, settings or ScheduleSettings()
    reference = {table.name: table for table in project.tables.values() if table.schema_name == "reference"}
    assets = [
        reference_assets(reference),
        *intake_assets(project.contracts, project.tables),
        *observation_assets(project.models, project.tables),
        *scorecard_assets(project.models, project.tables),
        *quality_assets(project.checks, project.models, project.tables),
        *release_assets(project.models, project.tables),
    ]
    if has_lineage:
        add = partial(add_lineage, models=project.models, tables=project.tables)
        # Dagster would make assets of the asset checks.
        assets = [
            asset if isinstance(asset, dg.AssetChecksDefinition) else asset.map_asset_specs(add) for asset in assets
        ]
    return dg.Definitions(
        assets=assets,
        # One process: steps in processes of their own take seconds each and wait for DuckDB's lock.
        executor=dg.in_process_executor,
        jobs=[*DATA_JOBS, prune_job(paths, settings.pruning)],
        schedules=build_schedules(paths, settings, is_automatic=is_automatic),
        sensors=build_sensors(paths, settings, is_automatic=is_automatic),
        resources=build_resources(paths),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions of the data directory that the environment names."""
    paths = Paths.from_environment()
    return build_definitions(load_project(paths), read_settings(paths).schedules, is_automatic=is_automatic())
