"""SQL models: one select per file, its upstream tables, and the table built from it.

Here: finding models, parsing dependencies and column lineage from the SQL, building tables. Not here: the SQL (sql/)
and the Dagster assets (assets.warehouse.dagster_assets).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from assets.core.errors import DataError, Issue
from assets.warehouse.connection import Connection, transaction
from assets.warehouse.tables import Table


class ContractViolationError(Exception):
    """A model returns other columns than its contract has: an error of the project, never of the data."""


@dataclass(frozen=True)
class Model:
    """A table and the select that builds it."""

    table: Table
    sql: str

    @property
    def name(self) -> str:
        """Return `schema.table`."""
        return self.table.qualified_name

    @cached_property
    def upstream(self) -> tuple[str, ...]:
        """Return the qualified names of the tables that the select reads, sorted."""
        tree = sqlglot.parse_one(self.sql, read="duckdb")
        return tuple(sorted({f"{table.db}.{table.name}" for table in tree.find_all(exp.Table) if table.db}))

    @property
    def version(self) -> str:
        """Return a hash of the select and its contract."""
        return hashlib.sha256((self.sql + self.table.model_dump_json()).encode()).hexdigest()[:12]

    @property
    def about(self) -> str:
        """Return the opening comment of the file: the grain, then the source of the definition."""
        lines = (line[2:].strip() for line in self.sql.splitlines() if line.startswith("--"))
        return "\n".join(lines)

    def build(self, connection: Connection, rows: str | None = None) -> int:
        """Create or replace the table and return its number of rows.

        `rows` selects what another engine computed from the same model.

        Raises:
            ContractViolationError: the columns are not those of the contract; the earlier table stays.
        """
        connection.execute(f"create schema if not exists {self.table.schema_name}")
        with transaction(connection):
            connection.execute(f"create or replace table {self.name} as {rows or self.sql}")
            violations = self.table.contract_violations(connection)
            if violations:
                raise ContractViolationError(f"{self.name}: " + "; ".join(violations))
            self.table.persist_docs(connection)
        return count_rows(connection, self.name)

    def column_lineage(self, columns_of: Mapping[str, Iterable[str]]) -> dict[str, list[tuple[str, str]]]:
        """Return for each column the (table, column) pairs that it is computed from, sorted.

        Raises:
            DataError: a table that it reads lacks a column, as a contract of an earlier version does, or the select
                has another number of columns than its table.
        """
        schema: dict[str, object] = {
            database: {
                table.split(".")[1]: dict.fromkeys(columns, "varchar")
                for table, columns in columns_of.items()
                if table.startswith(f"{database}.")
            }
            for database in {table.split(".")[0] for table in columns_of}
        }
        tree = sqlglot.parse_one(self.sql, read="duckdb")
        try:
            tree = qualify(tree, dialect="duckdb", schema=schema, validate_qualify_columns=False)
        except OptimizeError as error:
            raise DataError([Issue("sql_does_not_fit", str(error), file=f"{self.name}.sql")]) from error
        sources: dict[int, list[set[tuple[str, str]]]] = {}
        names: dict[int, list[str]] = {}
        for scope in traverse_scope(tree):
            names[id(scope)] = [column.alias_or_name for column in _projections(scope)]
            sources[id(scope)] = _column_sources(scope, sources, names)
        if issue := self.compare_width(len(sources[id(scope)])):
            raise DataError([issue])
        return dict(zip(self.table.columns, map(sorted, sources[id(scope)]), strict=True))

    def compare_width(self, width: int) -> Issue | None:
        """Return the issue of a select with another number of columns than its table."""
        expected = len(self.table.columns)
        actual = f"{width} columns, not {expected}"
        return None if width == expected else Issue("sql_does_not_fit", actual, file=f"{self.name}.sql")


def _column_sources(
    scope: Scope, sources: Mapping[int, list[set[tuple[str, str]]]], names: Mapping[int, list[str]]
) -> list[set[tuple[str, str]]]:
    """Return the sources of each column of one select; `sources` and `names` hold those of the selects that it reads.

    `sqlglot.lineage` walks every chain of CTEs again for every column, which takes seconds for one model.
    """
    if scope.set_operation_scopes:
        parts = [sources[id(part)] for part in scope.set_operation_scopes]
        return [set().union(*columns) for columns in zip(*parts, strict=True)]
    result = []
    for projection in _projections(scope):
        column_sources: set[tuple[str, str]] = set()
        for column in projection.find_all(exp.Column):
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table):
                column_sources.add((f"{source.db}.{source.name}", column.name))
            elif source is not None and column.name in names[id(source)]:
                column_sources |= sources[id(source)][names[id(source)].index(column.name)]
        result.append(column_sources)
    return result


def _projections(scope: Scope) -> list[exp.Expr]:
    select = scope.expression
    assert isinstance(select, exp.Query)
    return list(select.selects)


def count_rows(connection: Connection, table: str) -> int:
    """Return the number of rows of a table."""
    ((rows,),) = connection.execute(f"select count(*) from {table}").fetchall()
    return int(rows)


def read_models(folders: Iterable[Path], tables: Mapping[str, Table]) -> dict[str, Model]:
    """Return all models in the folders, by qualified name: each `.sql` file with a contract of the same name.

    A `.sql` file without a contract belongs to a dataset (assets.observations.dataset_models).
    """
    files = [file for folder in folders for file in sorted(folder.glob("*/*.sql"))]
    named = {f"{file.parent.name}.{file.stem}": file for file in files}
    return {
        name: Model(tables[name], file.read_text(encoding="utf-8")) for name, file in named.items() if name in tables
    }
