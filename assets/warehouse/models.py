"""SQL models: one select a file, what it reads, and how it becomes a table.

Here: finding models, reading their dependencies and column lineage out of the SQL itself, and building their tables.
Not here: the SQL (sql/) and the Dagster assets made of it (assets.warehouse.dagster_assets).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from assets.warehouse.connection import Connection
from assets.warehouse.tables import Table


class ContractViolationError(Exception):
    """A model of ours does not keep its contract; a fault of this project, never of the data."""


@dataclass(frozen=True)
class Model:
    """A table and the select that makes it."""

    table: Table
    sql: str

    @property
    def name(self) -> str:
        return self.table.qualified_name

    @cached_property
    def upstream(self) -> tuple[str, ...]:
        """Qualified names of the tables that the select reads, sorted."""
        tree = sqlglot.parse_one(self.sql, read="duckdb")
        return tuple(sorted({f"{table.db}.{table.name}" for table in tree.find_all(exp.Table) if table.db}))

    @property
    def version(self) -> str:
        """Changes when the select or its contract does."""
        return hashlib.sha256((self.sql + self.table.model_dump_json()).encode()).hexdigest()[:12]

    @property
    def about(self) -> str:
        """The comment that opens the file: the grain, then the source of the definition."""
        lines = (line[2:].strip() for line in self.sql.splitlines() if line.startswith("--"))
        return "\n".join(lines)

    def build(self, connection: Connection, rows: str | None = None) -> int:
        """Make the table anew from the select and return its number of rows.

        `rows` selects what another engine made of the same select. Raises ModelBroken where the columns are not those
        of the contract.
        """
        connection.execute(f"create schema if not exists {self.table.schema_name}")
        connection.execute("begin transaction")
        try:
            connection.execute(f"create or replace table {self.name} as {rows or self.sql}")
            differences = self.table.contract_violations(connection)
            if differences:
                raise ContractViolationError(f"{self.name}: " + "; ".join(differences))
            self.table.persist_docs(connection)
            connection.execute("commit")
        except BaseException:
            connection.execute("rollback")
            raise
        return count_rows(connection, self.name)

    def column_lineage(self, columns_of: Mapping[str, Iterable[str]]) -> dict[str, list[tuple[str, str]]]:
        """Each column with the (table, column) pairs that it is made of."""
        schema: dict[str, object] = {
            database: {
                table.split(".")[1]: dict.fromkeys(columns, "varchar")
                for table, columns in columns_of.items()
                if table.startswith(f"{database}.")
            }
            for database in {table.split(".")[0] for table in columns_of}
        }
        tree = qualify(
            sqlglot.parse_one(self.sql, read="duckdb"), dialect="duckdb", schema=schema, validate_qualify_columns=False
        )
        made_of: dict[int, list[set[tuple[str, str]]]] = {}
        names: dict[int, list[str]] = {}
        for scope in traverse_scope(tree):
            names[id(scope)] = [column.alias_or_name for column in _projections(scope)]
            made_of[id(scope)] = _columns_of(scope, made_of, names)
        return dict(zip(self.table.columns, map(sorted, made_of[id(scope)]), strict=True))


def _columns_of(
    scope: Scope, made_of: Mapping[int, list[set[tuple[str, str]]]], names: Mapping[int, list[str]]
) -> list[set[tuple[str, str]]]:
    """What each column of one select is made of; the selects that it reads come before it.

    sqlglot has a `lineage` of its own, which walks every chain of CTEs anew for every column: seconds for one model.
    """
    if scope.set_operation_scopes:
        parts = [made_of[id(part)] for part in scope.set_operation_scopes]
        return [set().union(*columns) for columns in zip(*parts, strict=True)]
    made = []
    for projection in _projections(scope):
        found: set[tuple[str, str]] = set()
        for column in projection.find_all(exp.Column):
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table):
                found.add((f"{source.db}.{source.name}", column.name))
            elif source is not None and column.name in names[id(source)]:
                found |= made_of[id(source)][names[id(source)].index(column.name)]
        made.append(found)
    return made


def _projections(scope: Scope) -> list[exp.Expr]:
    select = scope.expression
    assert isinstance(select, exp.Query)
    return list(select.selects)


def count_rows(connection: Connection, table: str) -> int:
    ((rows,),) = connection.execute(f"select count(*) from {table}").fetchall()
    return int(rows)


def read_models(folders: Iterable[Path], tables: Mapping[str, Table]) -> dict[str, Model]:
    """All models below the folders, by qualified name: a `.sql` and the contract of its name.

    A `.sql` without a contract is no model of its own; assets.observations.dataset_models knows those of the datasets.
    """
    files = [file for folder in folders for file in sorted(folder.glob("*/*.sql"))]
    named = {f"{file.parent.name}.{file.stem}": file for file in files}
    return {
        name: Model(tables[name], file.read_text(encoding="utf-8")) for name, file in named.items() if name in tables
    }
