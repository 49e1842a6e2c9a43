"""Contracts of tables: their columns, the meaning of each, and the rules for its values.

Every table has a contract, `sql/<schema>/<table>.yml`, whether a CSV file, Python or the `.sql` of the same name fills
it. Comments in the database, column schemas in Dagster and checks come from it. Not here: contracts of the files that
arrive (assets.intake.tables.contracts).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field

from assets.core.strict_model import StrictModel
from assets.core.yaml_files import read_yaml
from assets.warehouse.connection import Connection, quote_identifier, quote_literal, transaction

ColumnType = Literal["varchar", "integer", "bigint", "double", "boolean", "date", "timestamp"]

_ARROW_TYPES = {
    "varchar": pa.string(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


class Column(StrictModel):
    """A column. `references` is `table.column` of the same schema; `allowed`, `min` and `max` apply to filled cells.

    A `quoted` text is that of its source or its registration, in its own language, which nobody translates.
    """

    type: ColumnType
    zh: str
    en: str
    required: bool = False
    allowed: tuple[str | int, ...] | None = None
    min: float | None = None
    max: float | None = None
    references: str | None = None
    quoted: bool = False


class Table(StrictModel):
    """A table.

    Attributes:
        key: The columns that identify a row; every export is sorted by them.
        published: Whether a release contains the table; otherwise it stays in the candidate.
        is_content: Whether the content digest covers it. The time at which a file arrived, say, is no content.
        view_zh: The name of its view with Chinese columns; by default the beginning of `zh`.
    """

    schema_name: str
    name: str
    zh: str
    en: str
    view_zh: str | None = None
    key: tuple[str, ...]
    published: bool = True
    is_content: bool = True
    columns: dict[str, Column] = Field(min_length=1)

    @property
    def qualified_name(self) -> str:
        """Return `schema.table`."""
        return f"{self.schema_name}.{self.name}"

    @property
    def arrow_schema(self) -> pa.Schema:
        """Return the Arrow schema of the columns."""
        return pa.schema([(name, _ARROW_TYPES[column.type]) for name, column in self.columns.items()])

    def create(self, connection: Connection) -> None:
        """Create or replace the table, without rows."""
        columns = ", ".join(f"{quote_identifier(name)} {column.type}" for name, column in self.columns.items())
        connection.execute(f"create schema if not exists {quote_identifier(self.schema_name)}")
        connection.execute(f"create or replace table {self.qualified_name} ({columns})")

    def load_columns(self, connection: Connection, columns: Mapping[str, Sequence[Any]]) -> None:
        """Create or replace the table with its comments and these columns, in any order; no columns mean no rows."""
        rows = {name: columns.get(name, ()) for name in self.columns}
        connection.register("loaded_rows", pa.table(rows, schema=self.arrow_schema))
        # Otherwise each statement, also each comment, would wait for the disk.
        with transaction(connection):
            self.create(connection)
            connection.execute(f"insert into {self.qualified_name} select * from loaded_rows")
            self.persist_docs(connection)
        connection.unregister("loaded_rows")

    def load_rows(self, connection: Connection, rows: Iterable[Sequence[Any]]) -> None:
        """Create or replace the table with its comments and these rows, each in the order of the columns."""
        self.load_columns(connection, dict(zip(self.columns, zip(*rows, strict=True), strict=False)))

    def persist_docs(self, connection: Connection, target: str | None = None, kind: str = "table") -> None:
        """Write the meaning of the table and of its columns into the database as comments, in Chinese and English."""
        name = target or self.qualified_name
        comments = [f"comment on {kind} {name} is {quote_literal(f'{self.zh} | {self.en}')}"]
        for column_name, column in self.columns.items():
            text = quote_literal(f"{column.zh} | {column.en}")
            comments.append(f"comment on column {name}.{quote_identifier(column_name)} is {text}")
        connection.execute(";\n".join(comments))

    def contract_violations(self, connection: Connection) -> list[str]:
        """Return how the columns of the built table differ from this contract."""
        described = connection.execute(f"describe {self.qualified_name}").fetchall()
        built = [(str(row[0]), str(row[1]).lower()) for row in described]
        declared = [(name, str(column.type)) for name, column in self.columns.items()]
        if built == declared:
            return []
        missing = [f"{n} {t} is declared and not built" for n, t in declared if (n, t) not in built]
        extra = [f"{n} {t} is built and not declared" for n, t in built if (n, t) not in declared]
        return missing + extra or ["the columns are in another order"]


def read_table(file: Path) -> Table:
    """Return the contract in a file; the folder names the schema, the file the table."""
    return Table(schema_name=file.parent.name, name=file.stem, **read_yaml(file))


def read_tables(folders: Iterable[Path]) -> dict[str, Table]:
    """Return all contracts in the folders, by qualified name; a later folder replaces tables of an earlier one."""
    files = [file for folder in folders for file in sorted(folder.glob("*/*.yml"))]
    tables = (read_table(file) for file in files)
    return {table.qualified_name: table for table in tables}
