"""The release as a Dagster asset: the last step, which publishes what passed its audit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import dagster as dg

from assets.core.errors import DataError
from assets.release.explain.recompute import MODELS, write_models
from assets.release.explain.score_diff import CHANGES
from assets.release.outputs.metadata import read_metadata
from assets.release.outputs.report.file_names import FIRST_PAGE
from assets.release.outputs.returns_worker import SOURCE_TABLES, ReturnsWorker
from assets.release.publish.fingerprint import save_fingerprint
from assets.release.publish.gate import raise_on_blocking_failures
from assets.release.publish.publish import publish
from assets.release.publish.quarantine import mark_blocked
from assets.release.publish.release_log import RUNS
from assets.release.publish.staging import create_staging, save_staging
from assets.warehouse import dagster_assets
from assets.warehouse.connection import Connection, Warehouse
from assets.warehouse.models import Model
from assets.warehouse.tables import Table


class ValidationResults(Protocol):
    """What the release needs of the audit: to wait until the pages that show it stand."""

    def finish(self) -> None: ...


PARQUET, AUDITED = "release.parquet", "quality.check_results"
INPUTS_TAG = "gancheng/inputs"
RETURNS = "release.returns"


def release_assets(models: Mapping[str, Model], tables: Mapping[str, Table]) -> list[dg.AssetsDefinition]:
    """`release.current`: the published folder; before it the models as text and the returns, with it what changed."""
    published = [table for table in tables.values() if table.published]
    names = [table.name for table in published]
    assert len(names) == len(set(names)), "two published tables have one name, and would have one Parquet file"

    spec = dg.AssetSpec(
        dagster_assets.asset_key("release.current"),
        deps=[
            *(dagster_assets.asset_key(table.qualified_name) for table in published),
            dagster_assets.asset_key(RETURNS),
            dagster_assets.asset_key(PARQUET),
        ],
        group_name="release",
        description="现行发布：DuckDB、Parquet 与清单\n\nThe current release: DuckDB, Parquet files and the manifest",
        kinds={"duckdb", "parquet"},
    )

    changes, history, texts = tables[CHANGES], tables[RUNS], tables[MODELS]

    @dg.multi_asset(specs=[dagster_assets.asset_spec(texts, kinds={"sql", "duckdb"})], name="release__models")
    def model_texts(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
        with warehouse.connect() as connection:
            write_models(connection, texts, models.values())
            return dg.MaterializeResult(metadata=dagster_assets.table_metadata(connection, texts))

    # First of all that could be made next: its process needs the time until the release is written.
    @dg.multi_asset(specs=[_returns_spec()], name="release__returns", op_tags={"dagster/priority": "1"})
    def returns(
        warehouse: dg.ResourceParam[Warehouse], clerk: dg.ResourceParam[ReturnsWorker]
    ) -> dg.MaterializeResult[None]:
        with warehouse.connect() as connection:
            return dg.MaterializeResult(metadata={"faults": clerk.begin(connection)})

    told = (changes, history)
    early = [table for table in published if table not in told and table.qualified_name != AUDITED]
    read = tuple(table.qualified_name for table in published if table not in told)
    specs = [*(dagster_assets.asset_spec(table, deps=(*read, PARQUET), kinds={"duckdb"}) for table in told), spec]

    @dg.multi_asset(specs=specs, name="release__current")
    def release(
        context: dg.AssetExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        auditor: dg.ResourceParam[ValidationResults],
        clerk: dg.ResourceParam[ReturnsWorker],
    ) -> Iterator[dg.MaterializeResult[None]]:
        with warehouse.connect() as connection:
            # Also here: a release that is materialised alone runs without the asset check.
            _stop_if_blocked(warehouse, connection, context.run_id)
            for table in told:
                table.create(connection)
            outcome = publish(connection, published, warehouse.paths, context.run_id, auditor.finish, clerk.put)
            shown = {table.qualified_name: dagster_assets.table_metadata(connection, table) for table in told}
        # Only who started the run knows what it started from; a file that came later must not count as seen.
        inputs_digest = context.run_tags.get(INPUTS_TAG)
        if inputs_digest:
            save_fingerprint(warehouse.paths, inputs_digest, outcome.release_id)
        for name, metadata in shown.items():
            yield dg.MaterializeResult(asset_key=dagster_assets.asset_key(name), metadata=metadata)
        folder = warehouse.paths.releases / outcome.release_id
        yield dg.MaterializeResult(
            asset_key=dagster_assets.asset_key("release.current"),
            metadata={
                "release_id": outcome.release_id,
                "is_new": outcome.is_new,
                "folder": dg.MetadataValue.path(folder),
                "report": dg.MetadataValue.url((folder / FIRST_PAGE).as_uri()),
            },
        )

    return [model_texts, returns, _parquet_asset(published, early), _gate(), release]


def _gate() -> dg.AssetChecksDefinition:
    """Return the blocking check of the files to publish: Dagster starts `release.current` only where it passes.

    The checks of the tables cannot block one by one: the audit reads every table, so it would wait for itself.
    """
    name = "no_blocking_check_fails"
    spec = dg.AssetCheckSpec(
        name,
        asset=dagster_assets.asset_key(PARQUET),
        additional_deps=[dagster_assets.asset_key(AUDITED)],
        blocking=True,
        description="没有未通过的阻断检查\n\nNo blocking check of the audit failed",
    )

    # After the results of all checks, which Dagster's pages show also where the run ends here.
    @dg.multi_asset_check(specs=[spec], name="release__gate", op_tags={"dagster/priority": "-1"})
    def gate(
        context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> Iterator[dg.AssetCheckResult]:
        with warehouse.connect() as connection:
            try:
                _stop_if_blocked(warehouse, connection, context.run.run_id)
            except DataError as error:
                metadata = {"failures": len(error.issues) - 1}
                yield dg.AssetCheckResult(asset_key=spec.asset_key, check_name=name, passed=False, metadata=metadata)
                # The exception carries the failing rows to the command line and to the alerts.
                raise
        yield dg.AssetCheckResult(asset_key=spec.asset_key, check_name=name, passed=True)

    return gate


def _stop_if_blocked(warehouse: Warehouse, connection: Connection, run_id: str) -> None:
    try:
        raise_on_blocking_failures(connection)
    except DataError:
        mark_blocked(warehouse.paths, run_id)
        raise


def _returns_spec() -> dg.AssetSpec:
    return dg.AssetSpec(
        dagster_assets.asset_key(RETURNS),
        deps=[dagster_assets.asset_key(name) for name in SOURCE_TABLES],
        group_name="release",
        description="退回文件：由另一个进程写出，发布时取用\n\n"
        "The returns: written by a process of their own, and taken over by the release",
        kinds={"excel", "csv"},
    )


def _parquet_asset(published: Sequence[Table], early: Sequence[Table]) -> dg.AssetsDefinition:
    """`release.parquet`: the files of all tables that do not wait for the audit, written while it goes on."""
    spec = dg.AssetSpec(
        dagster_assets.asset_key(PARQUET),
        deps=[dagster_assets.asset_key(table.qualified_name) for table in early],
        group_name="release",
        description="各表的 Parquet 文件，在检查进行时写出\n\nThe Parquet file of each table, written during the audit",
        kinds={"parquet"},
    )

    @dg.multi_asset(specs=[spec], name="release__parquet")
    def parquet(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> dg.MaterializeResult[None]:
        folder = warehouse.paths.staging
        with warehouse.connect() as connection:
            draft = create_staging(folder, context.run_id, connection, early, read_metadata(connection, published))
        save_staging(draft, folder)
        return dg.MaterializeResult(
            metadata={"files": len(draft.files), "bytes": sum(file.bytes for file in draft.files)}
        )

    return parquet
