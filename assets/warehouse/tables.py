"""Contracts of tables: what columns a table has, what they mean, and what holds for their values.

Every table has one, `sql/<schema>/<table>.yml`, whether it is read from a CSV file, made by Python, or selected by the
`.sql` beside it. The comments of the published tables, the column schemas in Dagster and the expectations all come from
here. Not here: contracts of the files that arrive (assets.intake.tables.contracts).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import yaml
from pydantic import BaseModel, ConfigDict, Field

from assets.warehouse.connection import Connection, quote_identifier, quote_literal, transaction

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

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


class Column(BaseModel):
    """One column. `references` is `table.column` of the same schema; `allowed`, `min` and `max` hold where not null."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ColumnType
    zh: str
    en: str
    required: bool = False
    allowed: tuple[str | int, ...] | None = None
    min: float | None = None
    max: float | None = None
    references: str | None = None


class Table(BaseModel):
    """One table. `key` is unique and orders every export; what is not `published` stays in the candidate.

    What is no content, such as the time at which a file arrived, is published and left out of the content digest.
    `view_zh` is the name of its view for those who query in Chinese; else what `zh` begins with.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

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
        return f"{self.schema_name}.{self.name}"

    @property
    def arrow_schema(self) -> pa.Schema:
        """The columns with their types, as Arrow has them."""
        return pa.schema([(name, _ARROW_TYPES[column.type]) for name, column in self.columns.items()])

    def create(self, connection: Connection) -> None:
        """Create the table anew and empty, with its types."""
        columns = ", ".join(f"{quote_identifier(name)} {column.type}" for name, column in self.columns.items())
        connection.execute(f"create schema if not exists {quote_identifier(self.schema_name)}")
        connection.execute(f"create or replace table {self.qualified_name} ({columns})")

    def load_columns(self, connection: Connection, columns: Mapping[str, Sequence[Any]]) -> None:
        """Create the table anew with these columns, whatever their order, and its comments; none given: no rows."""
        rows = {name: columns.get(name, ()) for name in self.columns}
        connection.register("filled_rows", pa.table(rows, schema=self.arrow_schema))
        # Each statement of its own would wait for the disk, each comment among them.
        with transaction(connection):
            self.create(connection)
            connection.execute(f"insert into {self.qualified_name} select * from filled_rows")
            self.persist_docs(connection)
        connection.unregister("filled_rows")

    def load_rows(self, connection: Connection, rows: Iterable[Sequence[Any]]) -> None:
        """Create the table anew with these rows, each in the order of the columns, and its comments."""
        self.load_columns(connection, dict(zip(self.columns, zip(*rows, strict=True), strict=False)))

    def persist_docs(self, connection: Connection, target: str | None = None) -> None:
        """Write the meaning of the table and of each column into the database, in Chinese and English."""
        name = target or self.qualified_name
        comments = [f"comment on table {name} is {quote_literal(f'{self.zh} | {self.en}')}"]
        for column_name, column in self.columns.items():
            text = quote_literal(f"{column.zh} | {column.en}")
            comments.append(f"comment on column {name}.{quote_identifier(column_name)} is {text}")
        connection.execute(";\n".join(comments))

    def contract_violations(self, connection: Connection) -> list[str]:
        """How the table as built departs from this contract; empty when it does not."""
        described = connection.execute(f"describe {self.qualified_name}").fetchall()
        built = [(str(row[0]), str(row[1]).lower()) for row in described]
        promised = [(name, str(column.type)) for name, column in self.columns.items()]
        if built == promised:
            return []
        missing = [f"{n} {t} is promised and not built" for n, t in promised if (n, t) not in built]
        extra = [f"{n} {t} is built and not promised" for n, t in built if (n, t) not in promised]
        return missing + extra or ["the columns stand in another order"]


def read_table(file: Path) -> Table:
    """The contract in one file; its schema is the folder's name and its table the file's."""
    # libyaml reads safely ten times as fast; every command that looks at a contract waits for this.
    content = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506
    return Table(schema_name=file.parent.name, name=file.stem, **content)


def read_tables(folders: Iterable[Path]) -> dict[str, Table]:
    """All contracts below the folders, by qualified name; a later folder replaces the table of an earlier one."""
    files = [file for folder in folders for file in sorted(folder.glob("*/*.yml"))]
    tables = (read_table(file) for file in files)
    return {table.qualified_name: table for table in tables}
