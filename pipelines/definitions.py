"""The Dagster definitions: every asset, check and job of one data directory.

`dagster dev` and `gancheng run` load the same `defs`.
"""

import dagster as dg

from assets.intake.assets import intake_assets
from assets.observations.assets import observation_assets
from assets.paths import Paths
from assets.quality.assets import quality_assets
from assets.reference.assets import reference_assets
from assets.release.assets import release_assets
from assets.scorecards.assets import scorecard_assets
from pipelines.house import House, read_house
from pipelines.resources import auditor_resource, warehouse_resource

REFRESH = "refresh"


def build_definitions(house: House) -> dg.Definitions:
    """All definitions of a data directory, in the order in which the data flows."""
    every_asset = [
        reference_assets(house.of_schema("reference")),
        *intake_assets(house.contracts, house.tables),
        *observation_assets(house.models, house.tables),
        *scorecard_assets(house.models, house.tables),
        *quality_assets(house.checks, house.models, house.tables),
        *release_assets(house.models, house.tables),
    ]
    return dg.Definitions(
        assets=every_asset,
        # One process: steps in processes of their own would cost seconds each and meet on DuckDB's lock.
        executor=dg.in_process_executor,
        jobs=[
            dg.define_asset_job(
                REFRESH,
                selection=dg.AssetSelection.all(),
                description="从收件箱中的文件到发布\n\nFrom the files in the inbox to a release",
            )
        ],
        resources={"warehouse": warehouse_resource(house.paths), "auditor": auditor_resource()},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of the data directory that the environment names."""
    return build_definitions(read_house(Paths.from_environment()))
