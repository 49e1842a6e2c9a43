"""The release as Dagster assets: the Parquet files, the models as text, the returns, and the published folder.

Not here: what publishing does (assets.release.publish), and the tables that are published.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Protocol

import dagster as dg

from assets.core.errors import DataError
from assets.release.explain.recompute import MODELS, write_models
from assets.release.explain.score_diff import CHANGES
from assets.release.outputs.metadata import read_metadata
from assets.release.outputs.returns_worker import SOURCE_TABLES, ReturnsWorker
from assets.release.publish.file_names import REPORT_INDEX
from assets.release.publish.fingerprint import save_fingerprint
from assets.release.publish.gate import raise_on_blocking_failures
from assets.release.publish.manifest import WrittenFile
from assets.release.publish.publish import publish
from assets.release.publish.quarantine import mark_blocked
from assets.release.publish.release_log import RUNS
from assets.release.publish.staging import create_staging, save_staging
from assets.warehouse import dagster_assets
from assets.warehouse.connection import Connection, Warehouse
from assets.warehouse.models import Model
from assets.warehouse.tables import Table


class ValidationResults(Protocol):
    """The part of the audit that the release needs: `finish` returns when the pages of the checks are complete."""

    def finish(self) -> None: ...


PARQUET, AUDITED = "release.parquet", "quality.check_results"
INPUTS_TAG = "gancheng/inputs"
RETURNS = "release.returns"


def release_assets(models: Mapping[str, Model], tables: Mapping[str, Table]) -> list[dg.AssetsDefinition]:
    """Return the assets of this stage; `release.current` is the published folder.

    Args:
        models: the SQL models, whose text is published.
        tables: all tables by qualified name.
    """
    published = [table for table in tables.values() if table.published]
    names = [table.name for table in published]
    assert len(names) == len(set(names)), "two published tables have one name, and would have one Parquet file"

    # Written together with the release, because they depend on its id or on the release before it.
    with_release = (tables[CHANGES], tables[RUNS])
    content = [table for table in published if table not in with_release]
    early = [table for table in content if table.qualified_name != AUDITED]
    deps = [table.qualified_name for table in content]
    specs = [
        *(dagster_assets.asset_spec(table, deps=(*deps, PARQUET), kinds={"duckdb"}) for table in with_release),
        _spec(
            "release.current",
            (*(table.qualified_name for table in published), RETURNS, PARQUET),
            "现行发布：DuckDB、Parquet 与清单\n\nThe current release: DuckDB, Parquet files and the manifest",
            {"duckdb", "parquet"},
        ),
    ]

    def load_models(_: Warehouse, connection: Connection) -> None:
        write_models(connection, tables[MODELS], models.values())

    kinds = {"sql", "duckdb"}
    model_texts = dagster_assets.python_asset("release__models", [tables[MODELS]], load_models, kinds=kinds)

    returns_spec = _spec(
        RETURNS,
        SOURCE_TABLES,
        "退回文件：由另一个进程写出，发布时取用\n\nThe returns: written by a separate process, used by the release",
        {"excel", "csv"},
    )

    # Started before other steps that are ready: its process works until the release is written.
    @dg.multi_asset(specs=[returns_spec], name="release__returns", op_tags={"dagster/priority": "1"})
    def returns(
        warehouse: dg.ResourceParam[Warehouse], returns_worker: dg.ResourceParam[ReturnsWorker]
    ) -> dg.MaterializeResult[None]:
        with warehouse.connect() as connection:
            return dg.MaterializeResult(metadata={"faults": returns_worker.begin(connection)})

    parquet_spec = _spec(
        PARQUET,
        (table.qualified_name for table in early),
        "各表的 Parquet 文件，在检查进行时写出\n\nThe Parquet file of each table, written during the audit",
        {"parquet"},
    )

    @dg.multi_asset(specs=[parquet_spec], name="release__parquet")
    def parquet(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> dg.MaterializeResult[None]:
        folder = warehouse.paths.staging
        with warehouse.connect() as connection:
            staging = create_staging(
                folder, context.run.run_id, connection, early, read_metadata(connection, published)
            )
        save_staging(staging, folder)
        size = sum(file.bytes for file in staging.files)
        return dg.MaterializeResult(metadata={"files": len(staging.files), "bytes": size})

    @dg.multi_asset(specs=specs, name="release__current")
    def release(
        context: dg.AssetExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        validation_worker: dg.ResourceParam[ValidationResults],
        returns_worker: dg.ResourceParam[ReturnsWorker],
        written_files: dg.ResourceParam[tuple[WrittenFile, ...]],
    ) -> Iterator[dg.MaterializeResult[None]]:
        with warehouse.connect() as connection:
            # Also here: a release that is materialised alone runs without the asset check.
            _stop_if_blocked(warehouse, connection, context.run.run_id)
            for table in with_release:
                table.create(connection)
            result = publish(
                connection,
                published,
                warehouse.paths,
                context.run.run_id,
                validation_worker.finish,
                returns_worker.put,
                written=written_files,
            )
            shown: list[dict[str, Any]] = [dagster_assets.table_metadata(connection, table) for table in with_release]
        # The fingerprint is of the moment when the run started: a file that arrived later is not part of it.
        fingerprint = context.run.tags.get(INPUTS_TAG)
        if fingerprint:
            save_fingerprint(warehouse.paths, fingerprint, result.release_id)
        folder = warehouse.paths.releases / result.release_id
        shown.append(
            {
                "release_id": result.release_id,
                "is_new": result.is_new,
                dagster_assets.REPAIRS: [asdict(issue) for issue in result.repairs],
                "folder": dg.MetadataValue.path(folder),
                "report": dg.MetadataValue.url((folder / REPORT_INDEX).as_uri()),
            }
        )
        for spec, metadata in zip(specs, shown, strict=True):
            yield dg.MaterializeResult(asset_key=spec.key, metadata=metadata)

    return [model_texts, returns, parquet, _gate(), release]


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


def _spec(name: str, upstream: Iterable[str], description: str, kinds: set[str]) -> dg.AssetSpec:
    deps = [dagster_assets.asset_key(table) for table in upstream]
    key = dagster_assets.asset_key(name)
    return dg.AssetSpec(key, deps=deps, group_name="release", description=description, kinds=kinds)
