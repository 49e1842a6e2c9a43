"""Views with Chinese names, views in English, and table macros for frequent questions, in the published database.

Here: names from the contracts, the SQL of the views, and creating the macros of macros.yml. All refer to tables as
schema.table, so that they work under any name of the opened file. Not here: the tables (assets.release.publish) and
their meaning (contracts).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from assets.core.yaml_files import read_yaml
from assets.release.read.queries import create_views
from assets.warehouse.connection import Connection, quote_identifier, quote_literal, transaction
from assets.warehouse.tables import Column, Table

SCHEMA, ENGLISH_SCHEMA = "中文", "en"

# Codes that a view shows with their name: table and column of the name, and the name of the added column.
_NAME_COLUMNS = {
    "basket_id": ("reference.baskets", "name_zh", "指标篮"),
    "city_code": ("reference.cities", "short_zh", "城市"),
    "indicator_id": ("reference.indicators", "name_zh", "指标"),
    "dimension_id": ("reference.dimensions", "name_zh", "维度"),
    "measure_id": ("reference.measures", "title_zh", "措施"),
    "source_id": ("reference.sources", "publication_zh", "来源"),
}
_ENGLISH_NAME_COLUMNS = {
    "basket_id": ("reference.baskets", "name_en", "basket"),
    "city_code": ("reference.cities", "name_en", "city"),
    "indicator_id": ("reference.indicators", "name_en", "indicator"),
    "dimension_id": ("reference.dimensions", "name_en", "dimension"),
    "measure_id": ("reference.measures", "title_en", "measure"),
    "source_id": ("reference.sources", "publication_en", "publication"),
}
# Columns of Chinese words that have an English one, with the kind of the word.
_TERMS, _WORDS = "reference.terms", {"unit": "unit", "scope": "scope", "health_examination_level": "level"}
# Columns that hold a text in Chinese and after it the same one in English.
_BILINGUAL, _SEPARATOR = ("formula", "licence"), " | "
_PARENTHESES = re.compile(r"（[^）]*）")
_FIRST_MARK = re.compile(r"[：；，。]")
_MARKS = re.compile(r"[：；，、（）。“”\s]+")
_LIMITS = re.compile(r"\s+-?\d+(-| 至 )\d+")


def view_names(tables: Sequence[Table]) -> dict[str, str]:
    """Return the Chinese name of the view of each table, by qualified name of the table; all are different."""
    wanted = {table.qualified_name: table.view_zh or _short(table.zh) for table in tables}
    return _unique(wanted, {table.qualified_name: _joined(table.zh) for table in tables})


def column_names(table: Table) -> dict[str, str]:
    """Return the columns of the Chinese view of a table by column of the table: those that are not only English."""
    kept = [name for name in table.columns if not _is_translated(name, "_en", ("_zh", ""), table)]
    return shorten_meanings({name: table.columns[name].zh for name in kept})


def shorten_meanings(meanings: Mapping[str, str]) -> dict[str, str]:
    """Return a different Chinese name for each column: its meaning, as short as keeps them different."""
    wanted = {name: _short(zh) for name, zh in meanings.items()}
    return _unique(wanted, {name: _joined(zh) for name, zh in meanings.items()})


def english_column_names(table: Table) -> dict[str, str]:
    """Return the columns of the English view of a table by column of the table: those that are not only Chinese.

    A text that only its source wrote, in its own language, has a name that ends in `_zh`.
    """
    kept = [name for name in table.columns if not _is_translated(name, "_zh", ("_en",), table)]
    quoted = {name: f"{name}_zh" for name in kept if table.columns[name].quoted and not name.endswith("_zh")}
    short = {name: quoted.get(name, name.removesuffix("_en")) for name in kept}
    return {name: name if short[name] in kept and name != short[name] else short[name] for name in kept}


def _is_translated(name: str, ending: str, others: Sequence[str], table: Table) -> bool:
    """Return whether a column says in one language what another column says in the other."""
    stem = name.removesuffix(ending)
    return stem != name and any(f"{stem}{other}" in table.columns for other in others)


def write_views_and_macros(connection: Connection, database: str, tables: Sequence[Table]) -> None:
    """Add the views of every kind and the macros to an attached database that contains the tables."""
    ((own_database, own_schema),) = connection.execute("select current_database(), current_schema()").fetchall()
    published = {table.qualified_name: table for table in tables}
    # DuckDB resolves schema.table in the current database when it creates a view.
    connection.execute(f"use {quote_identifier(database)}")
    try:
        shown = [*tables, *(view.table for view in create_views(connection, published) if view.table.published)]
        rows = connection.execute(
            "select schema_name, view_name from duckdb_views() where database_name = ? and not internal", [database]
        )
        available = {*published, *(f"{schema}.{name}" for schema, name in rows.fetchall())}
        with transaction(connection):
            for schema in (SCHEMA, ENGLISH_SCHEMA):
                connection.execute(f"create schema {quote_identifier(schema)}")
            names = view_names(shown)
            for table in shown:
                connection.execute(_chinese_view(table, names[table.qualified_name], published))
                connection.execute(_english_view(table, published))
            for name, macro in read_yaml(Path(__file__).with_name("macros.yml")).items():
                if available.issuperset(macro["tables"]):
                    connection.execute(f"create macro {name}({macro['parameters']}) as table {macro['select']}")
                    comment = quote_literal(f"{macro['zh']} | {macro['en']}")
                    connection.execute(f"comment on macro table {name} is {comment}")
    finally:
        connection.execute(f"use {quote_identifier(own_database)}.{quote_identifier(own_schema)}")


def _chinese_view(table: Table, name: str, published: Mapping[str, Table]) -> str:
    target = f"{quote_identifier(SCHEMA)}.{quote_identifier(name)}"
    return _view(target, table, column_names(table), _NAME_COLUMNS, published, part=1)


def _english_view(table: Table, published: Mapping[str, Table]) -> str:
    target = f"{ENGLISH_SCHEMA}.{quote_identifier(table.name)}"
    words = _WORDS if _TERMS in published else {}
    return _view(target, table, english_column_names(table), _ENGLISH_NAME_COLUMNS, published, words, part=2)


def _view(
    target: str,
    table: Table,
    names: Mapping[str, str],
    name_columns: Mapping[str, tuple[str, str, str]],
    published: Mapping[str, Table],
    words: Mapping[str, str] = MappingProxyType({}),
    *,
    part: int,
) -> str:
    """Return the SQL of a view and of its comments.

    Args:
        target: the view.
        table: the table or view that it shows.
        names: the columns of the view by column of the table.
        name_columns: the names to be added, by code.
        published: the published tables.
        words: columns whose words are shown in English where there is one, with the kind of the word.
        part: which part of a bilingual text is shown, 1 or 2.
    """
    columns, joins, comments = [], [], [f"comment on view {target} is {quote_literal(f'{table.zh} | {table.en}')}"]
    for column, name in names.items():
        own = f"own.{quote_identifier(column)}"
        if column in _BILINGUAL:
            own = f"coalesce(nullif(split_part({own}, {quote_literal(_SEPARATOR)}, {part}), ''), {own})"
        if column in words and name == column and table.columns[column].type == "varchar":
            term = f"{column}_term"
            joins.append(f"left join {_TERMS} as {term} on {own} = {term}.term and {term}.kind = '{words[column]}'")
            own = f"coalesce({term}.name_en, {own})"
        columns.append(f"{own} as {quote_identifier(name)}")
        comments.append(_comment(target, name, table.columns[column]))
        source, shown, added = name_columns.get(column, ("", "", ""))
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
