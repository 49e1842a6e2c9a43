"""The asset factory: tables and SQL models as Dagster assets, with what Dagster's pages show of them.

Here: keys, groups, descriptions, dependencies, code versions, row counts, column schemas and lineage. Not here: what
any single asset does.
"""

from collections.abc import Callable, Mapping

import dagster as dg

from assets.warehouse.connection import Connection, Warehouse
from assets.warehouse.engines import Engine
from assets.warehouse.models import Model, count_rows
from assets.warehouse.tables import Table

# Runs of which one goes at a time, where an instance sets limits: they write the one candidate.
POOL = "candidate"


def asset_key(qualified_name: str) -> dg.AssetKey:
    """`schema.table` as an asset key."""
    return dg.AssetKey(qualified_name.split("."))


def asset_spec(
    table: Table, *, deps: tuple[str, ...] = (), version: str | None = None, kinds: set[str]
) -> dg.AssetSpec:
    """The asset of a table: its stage is its group, its contract its description."""
    return dg.AssetSpec(
        asset_key(table.qualified_name),
        deps=[asset_key(name) for name in deps],
        group_name=table.schema_name,
        description=f"{table.zh}\n\n{table.en}",
        code_version=version,
        kinds=kinds,
    )


def table_metadata(connection: Connection, table: Table) -> dict[str, dg.MetadataValue]:
    """Row count and column schema of a table as built."""
    columns = [
        dg.TableColumn(
            name,
            column.type,
            description=f"{column.zh} | {column.en}",
            constraints=dg.TableColumnConstraints(nullable=not column.required),
        )
        for name, column in table.columns.items()
    ]
    return {
        "dagster/row_count": dg.MetadataValue.int(count_rows(connection, table.qualified_name)),
        "dagster/column_schema": dg.MetadataValue.table_schema(dg.TableSchema(columns)),
    }


def model_asset(
    model: Model, tables: Mapping[str, Table], check: Callable[[Connection], None] | None = None
) -> dg.AssetsDefinition:
    """A SQL model as an asset; its dependencies are read from the SQL. `check` may stop the run once it is built."""

    @dg.multi_asset(
        specs=[asset_spec(model.table, deps=model.upstream, version=model.version, kinds={"sql"})],
        name=model.name.replace(".", "__"),
    )
    def build(warehouse: dg.ResourceParam[Warehouse], engine: dg.ResourceParam[Engine]) -> dg.MaterializeResult[None]:
        with warehouse.connect() as connection:
            engine.build(model, connection)
            if check is not None:
                check(connection)
            shown = table_metadata(connection, model.table)
        shown["dagster/column_lineage"] = dg.MetadataValue.column_lineage(_lineage(model, tables))
        shown["engine"] = dg.MetadataValue.text(engine.name)
        shown["sql"] = dg.MetadataValue.md(f"{model.about}\n```sql\n{model.sql}\n```")
        return dg.MaterializeResult(metadata=shown)

    return build


def model_assets(models: Mapping[str, Model], schema: str, tables: Mapping[str, Table]) -> list[dg.AssetsDefinition]:
    """Every SQL model of one schema as an asset."""
    return [model_asset(model, tables) for model in models.values() if model.table.schema_name == schema]


def _lineage(model: Model, tables: Mapping[str, Table]) -> dg.TableColumnLineage:
    read = {name: tuple(tables[name].columns) for name in model.upstream if name in tables}
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(asset_key(table), name) for table, name in sources]
            for column, sources in model.column_lineage(read).items()
        }
    )
