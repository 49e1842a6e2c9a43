"""The asset factory: tables and SQL models as Dagster assets.

Here: keys, groups, descriptions, dependencies, code versions, owners, tags, column schemas, column lineage and SQL,
all known before a run, and row counts. Not here: what an asset does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import dagster as dg

from assets.warehouse.connection import Connection, Warehouse
from assets.warehouse.engines import Engine
from assets.warehouse.models import Model, count_rows
from assets.warehouse.tables import Table

# Only one run of this pool executes at a time, where an instance sets limits: they write one candidate.
POOL = "candidate"
OWNER = "team:gancheng"
LINEAGE = "dagster/column_lineage"
# The metadata of a materialisation with what was found damaged and was made again.
REPAIRS = "repairs"


def asset_key(qualified_name: str) -> dg.AssetKey:
    """Return the asset key of `schema.table`."""
    return dg.AssetKey(qualified_name.split("."))


def asset_spec(
    table: Table,
    *,
    deps: tuple[str, ...] = (),
    version: str | None = None,
    kinds: set[str],
    metadata: Mapping[str, Any] | None = None,
) -> dg.AssetSpec:
    """Return the asset of a table.

    Args:
        table: Its schema is the group of the asset; its contract gives description and column schema.
        deps: Qualified names of the tables that it is built from.
        version: The code version, where the table is built by a SQL model.
        kinds: What the asset is read from and stored in.
        metadata: More metadata, known before a run.
    """
    columns = [
        dg.TableColumn(
            name,
            column.type,
            description=f"{column.zh} | {column.en}",
            constraints=dg.TableColumnConstraints(nullable=not column.required),
        )
        for name, column in table.columns.items()
    ]
    return dg.AssetSpec(
        asset_key(table.qualified_name),
        deps=[asset_key(name) for name in deps],
        group_name=table.schema_name,
        description=f"{table.zh}\n\n{table.en}",
        code_version=version,
        kinds=kinds,
        owners=[OWNER],
        tags={"published": str(table.published).lower(), "content": str(table.is_content).lower()},
        metadata={
            "dagster/table_name": table.qualified_name,
            "dagster/column_schema": dg.TableSchema(columns),
            **(metadata or {}),
        },
    )


def table_metadata(connection: Connection, table: Table) -> dict[str, dg.MetadataValue]:
    """Return the metadata that only a run knows: the row count."""
    return {"dagster/row_count": dg.MetadataValue.int(count_rows(connection, table.qualified_name))}


def python_asset(
    name: str,
    tables: Iterable[Table],
    fill: Callable[[Warehouse, Connection], Mapping[str, Any] | None],
    *,
    deps: tuple[str, ...] = (),
    kinds: set[str],
    pool: str | None = None,
) -> dg.AssetsDefinition:
    """Return the step that fills tables with a function of Python.

    Args:
        name: The name of the step.
        tables: The tables that the function fills, each an asset.
        fill: Writes the tables; what it returns is metadata of each of them.
        deps, kinds: As for `asset_spec`.
        pool: The pool of the step, where only one run at a time may execute it.
    """
    outputs = tuple(tables)

    @dg.multi_asset(specs=[asset_spec(table, deps=deps, kinds=kinds) for table in outputs], name=name, pool=pool)
    def step(warehouse: dg.ResourceParam[Warehouse]) -> Iterator[dg.MaterializeResult[None]]:
        with warehouse.connect() as connection:
            facts = fill(warehouse, connection) or {}
            for table in outputs:
                metadata = {**table_metadata(connection, table), **facts}
                yield dg.MaterializeResult(asset_key=asset_key(table.qualified_name), metadata=metadata)

    return step


def model_asset(model: Model, check: Callable[[Connection], None] | None = None) -> dg.AssetsDefinition:
    """Return the asset of a SQL model; `check` may stop the run after the table is built."""
    spec = asset_spec(
        model.table,
        deps=model.upstream,
        version=model.version,
        kinds={"sql", "duckdb"},
        metadata={"sql": dg.MetadataValue.md(f"{model.about}\n```sql\n{model.sql}\n```")},
    )

    @dg.multi_asset(specs=[spec], name=model.name.replace(".", "__"))
    def build(warehouse: dg.ResourceParam[Warehouse], engine: dg.ResourceParam[Engine]) -> dg.MaterializeResult[None]:
        with warehouse.connect() as connection:
            engine.build(model, connection)
            if check is not None:
                check(connection)
            metadata = table_metadata(connection, model.table)
        return dg.MaterializeResult(metadata={**metadata, "engine": engine.name})

    return build


def model_assets(models: Mapping[str, Model], schema: str) -> list[dg.AssetsDefinition]:
    """Return the assets of all SQL models of one schema."""
    return [model_asset(model) for model in models.values() if model.table.schema_name == schema]


def add_lineage(spec: dg.AssetSpec, models: Mapping[str, Model], tables: Mapping[str, Table]) -> dg.AssetSpec:
    """Return the asset of a model with the lineage of its columns, which Dagster's pages show; another one as it is."""
    model = models.get(".".join(spec.key.path))
    return spec if model is None else spec.merge_attributes(metadata={LINEAGE: _lineage(model, tables)})


def _lineage(model: Model, tables: Mapping[str, Table]) -> dg.TableColumnLineage:
    upstream = {name: tuple(tables[name].columns) for name in model.upstream if name in tables}
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(asset_key(table), name) for table, name in sources]
            for column, sources in model.column_lineage(upstream).items()
        }
    )
