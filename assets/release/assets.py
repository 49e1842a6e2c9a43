"""The release as a Dagster asset: the last step, which publishes what passed its audit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import dagster as dg

from assets.errors import Stopped
from assets.release.about import read_about
from assets.release.candidates import mark_blocked
from assets.release.changes import CHANGES
from assets.release.clerk import READS, Clerk
from assets.release.draft import begin_draft, leave_draft
from assets.release.gate import stop_if_blocked
from assets.release.history import RUNS
from assets.release.inputs import remember
from assets.release.publish import publish
from assets.release.recompute import MODELS, write_models
from assets.warehouse import factory
from assets.warehouse.connection import Warehouse
from assets.warehouse.models import Model
from assets.warehouse.tables import Table


class Auditor(Protocol):
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
        factory.key("release.current"),
        deps=[*(factory.key(table.qualified_name) for table in published), factory.key(RETURNS), factory.key(PARQUET)],
        group_name="release",
        description="现行发布：DuckDB、Parquet 与清单\n\nThe current release: DuckDB, Parquet files and the manifest",
        kinds={"duckdb", "parquet"},
    )

    changes, history, texts = tables[CHANGES], tables[RUNS], tables[MODELS]

    @dg.multi_asset(specs=[factory.spec(texts, kinds={"sql", "duckdb"})], name="release__models")
    def model_texts(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
        with warehouse.connect() as connection:
            write_models(connection, texts, models.values())
            return dg.MaterializeResult(metadata=factory.metadata(connection, texts))

    # First of all that could be made next: its process needs the time until the release is written.
    @dg.multi_asset(specs=[_returns_spec()], name="release__returns", op_tags={"dagster/priority": "1"})
    def returns(warehouse: dg.ResourceParam[Warehouse], clerk: dg.ResourceParam[Clerk]) -> dg.MaterializeResult[None]:
        with warehouse.connect() as connection:
            return dg.MaterializeResult(metadata={"faults": clerk.begin(connection)})

    told = (changes, history)
    early = [table for table in published if table not in told and table.qualified_name != AUDITED]
    read = tuple(table.qualified_name for table in published if table not in told)
    specs = [*(factory.spec(table, deps=(*read, PARQUET), kinds={"duckdb"}) for table in told), spec]

    @dg.multi_asset(specs=specs, name="release__current")
    def release(
        context: dg.AssetExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        auditor: dg.ResourceParam[Auditor],
        clerk: dg.ResourceParam[Clerk],
    ) -> Iterator[dg.MaterializeResult[None]]:
        with warehouse.connect() as connection:
            try:
                stop_if_blocked(connection)
            except Stopped:
                mark_blocked(warehouse.paths, context.run_id)
                raise
            for table in told:
                table.create(connection)
            outcome = publish(connection, published, warehouse.paths, context.run_id, auditor.finish, clerk.put)
            shown = {table.qualified_name: factory.metadata(connection, table) for table in told}
        # Only who started the run knows what it started from; a file that came later must not count as seen.
        inputs_digest = context.run_tags.get(INPUTS_TAG)
        if inputs_digest:
            remember(warehouse.paths, inputs_digest, outcome.release_id)
        for name, metadata in shown.items():
            yield dg.MaterializeResult(asset_key=factory.key(name), metadata=metadata)
        yield dg.MaterializeResult(
            asset_key=factory.key("release.current"),
            metadata={"release_id": outcome.release_id, "is_new": outcome.is_new},
        )

    return [model_texts, returns, _parquet_asset(published, early), release]


def _returns_spec() -> dg.AssetSpec:
    return dg.AssetSpec(
        factory.key(RETURNS),
        deps=[factory.key(name) for name in READS],
        group_name="release",
        description="退回文件：由另一个进程写出，发布时取用\n\n"
        "The returns: written by a process of their own, and taken over by the release",
        kinds={"excel", "csv"},
    )


def _parquet_asset(published: Sequence[Table], early: Sequence[Table]) -> dg.AssetsDefinition:
    """`release.parquet`: the files of all tables that do not wait for the audit, written while it goes on."""
    spec = dg.AssetSpec(
        factory.key(PARQUET),
        deps=[factory.key(table.qualified_name) for table in early],
        group_name="release",
        description="各表的 Parquet 文件，在检查进行时写出\n\nThe Parquet file of each table, written during the audit",
        kinds={"parquet"},
    )

    @dg.multi_asset(specs=[spec], name="release__parquet")
    def parquet(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> dg.MaterializeResult[None]:
        folder = warehouse.paths.draft
        with warehouse.connect() as connection:
            draft = begin_draft(folder, context.run_id, connection, early, read_about(connection, published))
        leave_draft(draft, folder)
        return dg.MaterializeResult(
            metadata={"files": len(draft.files), "bytes": sum(file.bytes for file in draft.files)}
        )

    return parquet
