"""Views with Chinese names and table macros for frequent questions, in the published database.

Here: names from the contracts, the SQL of the views, and creating the macros of macros.yml. All refer to tables as
schema.table, so that they work under any name of the opened file. Not here: the tables (assets.release.publish) and
their meaning (contracts).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from assets.core.yaml_files import read_yaml
from assets.release.read.queries import create_views
from assets.warehouse.connection import Connection, quote_identifier, quote_literal, transaction
from assets.warehouse.tables import Column, Table

SCHEMA = "中文"

# Codes that a view shows with their name: table and column of the name, and the name of the added column.
_NAME_COLUMNS = {
    "city_code": ("reference.cities", "short_zh", "城市"),
    "indicator_id": ("reference.indicators", "name_zh", "指标"),
    "dimension_id": ("reference.dimensions", "name_zh", "维度"),
    "measure_id": ("reference.measures", "title_zh", "措施"),
    "source_id": ("reference.sources", "publication_zh", "来源"),
}
_PARENTHESES = re.compile(r"（[^）]*）")
_FIRST_MARK = re.compile(r"[：；，。]")
_MARKS = re.compile(r"[：；，、（）。“”\s]+")
_LIMITS = re.compile(r"\s+-?\d+(-| 至 )\d+")


def view_names(tables: Sequence[Table]) -> dict[str, str]:
    """Return the Chinese name of the view of each table, by qualified name of the table; all are different."""
    wanted = {table.qualified_name: table.view_zh or _short(table.zh) for table in tables}
    return _unique(wanted, {table.qualified_name: _joined(table.zh) for table in tables})


def column_names(table: Table) -> dict[str, str]:
    """Return the Chinese name of each column of a table."""
    return shorten_meanings({name: column.zh for name, column in table.columns.items()})


def shorten_meanings(meanings: Mapping[str, str]) -> dict[str, str]:
    """Return a different Chinese name for each column: its meaning, as short as keeps them different."""
    wanted = {name: _short(zh) for name, zh in meanings.items()}
    return _unique(wanted, {name: _joined(zh) for name, zh in meanings.items()})


def write_views_and_macros(connection: Connection, database: str, tables: Sequence[Table]) -> None:
    """Add the presentation views, the Chinese views and the macros to an attached database that contains the tables.

    Args:
        connection: a connection to which the database is attached.
        database: the name under which it is attached.
        tables: the published tables.
    """
    ((own_database, own_schema),) = connection.execute("select current_database(), current_schema()").fetchall()
    published = {table.qualified_name: table for table in tables}
    names = view_names(tables)
    # DuckDB resolves schema.table in the current database when it creates a view.
    connection.execute(f"use {quote_identifier(database)}")
    try:
        create_views(connection, published)
        rows = connection.execute(
            "select schema_name, view_name from duckdb_views() where database_name = ? and not internal", [database]
        )
        available = {*published, *(f"{schema}.{name}" for schema, name in rows.fetchall())}
        with transaction(connection):
            connection.execute(f"create schema {quote_identifier(SCHEMA)}")
            for table in tables:
                connection.execute(_view(table, names[table.qualified_name], published))
            for name, macro in read_yaml(Path(__file__).with_name("macros.yml")).items():
                if available.issuperset(macro["tables"]):
                    connection.execute(f"create macro {name}({macro['parameters']}) as table {macro['select']}")
                    comment = quote_literal(f"{macro['zh']} | {macro['en']}")
                    connection.execute(f"comment on macro table {name} is {comment}")
    finally:
        connection.execute(f"use {quote_identifier(own_database)}.{quote_identifier(own_schema)}")


def _view(table: Table, name: str, published: Mapping[str, Table]) -> str:
    """Return the SQL of a view and of its comments."""
    target = f"{quote_identifier(SCHEMA)}.{quote_identifier(name)}"
    columns, joins, comments = [], [], [f"comment on view {target} is {quote_literal(f'{table.zh} | {table.en}')}"]
    names = column_names(table)
    for column, name_zh in names.items():
        columns.append(f"own.{quote_identifier(column)} as {quote_identifier(name_zh)}")
        comments.append(_comment(target, name_zh, table.columns[column]))
        source, shown, added = _NAME_COLUMNS.get(column, ("", "", ""))
        if source in published and source != table.qualified_name and added not in names.values():
            columns.append(f"{column}_named.{shown} as {quote_identifier(added)}")
            joins.append(f"left join {source} as {column}_named on own.{column} = {column}_named.{column}")
            comments.append(_comment(target, added, published[source].columns[shown]))
    select = f"select {', '.join(columns)} from {table.qualified_name} as own {' '.join(joins)}"
    return ";\n".join([f"create view {target} as {select}", *comments])


def _comment(target: str, name: str, column: Column) -> str:
    text = quote_literal(f"{column.zh} | {column.en}")
    return f"comment on column {target}.{quote_identifier(name)} is {text}"


def _short(text: str) -> str:
    return _FIRST_MARK.split(_PARENTHESES.sub("", _LIMITS.sub("", text)))[0].strip()


def _joined(text: str) -> str:
    return _MARKS.sub("_", _LIMITS.sub("", text)).strip("_")


def _unique(wanted: Mapping[str, str], longer: Mapping[str, str]) -> dict[str, str]:
    """Return the wanted names; where several would be equal, the longer ones, and at last the keys."""
    for replacements in (longer, {key: key for key in wanted}):
        counts = Counter(name.lower() for name in wanted.values())
        wanted = {
            key: replacements[key] if counts[name.lower()] > 1 or not name else name for key, name in wanted.items()
        }
    return dict(wanted)
