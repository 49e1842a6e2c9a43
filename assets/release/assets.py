"""The release as a Dagster asset: the last step, which publishes what passed its audit."""

from collections.abc import Mapping

import dagster as dg

from assets.release.gate import stop_if_blocked
from assets.release.inputs import remember
from assets.release.publish import publish
from assets.warehouse import factory
from assets.warehouse.connection import Warehouse
from assets.warehouse.tables import Table

INPUTS_TAG = "gancheng/inputs"


def release_assets(tables: Mapping[str, Table]) -> list[dg.AssetsDefinition]:
    """`release.current`: the published folder."""
    published = [table for table in tables.values() if table.published]
    names = [table.name for table in published]
    assert len(names) == len(set(names)), "two published tables have one name, and would have one Parquet file"

    spec = dg.AssetSpec(
        factory.key("release.current"),
        deps=[factory.key(table.qualified_name) for table in published],
        group_name="release",
        description="现行发布：DuckDB、Parquet 与清单\n\nThe current release: DuckDB, Parquet files and the manifest",
        kinds={"duckdb", "parquet"},
    )

    @dg.multi_asset(specs=[spec], name="release__current")
    def release(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> dg.MaterializeResult[None]:
        with warehouse.connect() as connection:
            stop_if_blocked(connection)
            outcome = publish(connection, published, warehouse.paths, context.run_id)
        # Only who started the run knows what it started from; a file that came later must not count as seen.
        inputs_digest = context.run_tags.get(INPUTS_TAG)
        if inputs_digest:
            remember(warehouse.paths, inputs_digest, outcome.release_id)
        return dg.MaterializeResult(metadata={"release_id": outcome.release_id, "is_new": outcome.is_new})

    return [release]
