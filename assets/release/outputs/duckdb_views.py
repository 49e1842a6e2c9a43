"""Views with Chinese names and table macros for frequent questions, in the published database.

Here: names from the contracts, and the SQL of views and macros. They refer to tables as schema.table, so that they work
under any name of the opened file. Not here: the tables (assets.release.publish) and their meaning (contracts).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

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

_CITY_CODES = "(select city_code from presentation.city_spellings where lower(spelling) = lower(trim(city)))"


class _Macro(NamedTuple):
    """A table macro: the tables it reads, its parameters, its meaning in both languages, and its select."""

    tables: tuple[str, ...]
    parameters: str
    zh: str
    en: str
    select: str


_MACROS: dict[str, _Macro] = {
    "scorecard": _Macro(
        ("presentation.scorecard_rows", "presentation.city_spellings"),
        "city",
        "一个城市的每个指标（名称、简称、代码或别名）",
        "Every indicator of a city, by its name, code or alias",
        f"""
        select
            city_zh, city_en, dimension_zh, dimension_en, indicator_id, name_zh, name_en, value, qualifier, unit, year,
            publication_zh, publication_en, source_grade, data_status, attainment, target_operator, target_value,
            target_value_high, target_year, target_authority,
            target_authority in ('policy_city', 'policy_province') as is_duty, gap_to_target, status
        from presentation.scorecard_rows
        where city_code in {_CITY_CODES}
        order by dimension_position, indicator_id
        """,
    ),
    "gap_to_target": _Macro(
        ("presentation.scorecard_rows",),
        "of_what",
        "一个数据集、维度或指标中每个城市距目标或参照值的差，差得最多的在前；没有数字的也列出",
        "How far each city is from the target or reference, in a dataset, dimension or indicator, widest gap first; "
        "cities without a figure are listed too",
        """
        select
            city_zh, city_en, indicator_id, name_zh, name_en, value, qualifier, unit, year, data_status,
            target_operator, target_value, target_value_high, target_year, target_authority,
            target_authority in ('policy_city', 'policy_province') as is_duty, is_target_met, gap_to_target,
            1e2 * gap_to_target / nullif(abs(target_value), 0) as gap_pct, required_change_per_year
        from presentation.scorecard_rows
        where target_id is not null and of_what in (dataset, dimension_id, indicator_id)
        order by gap_pct desc nulls last, indicator_id, city_code
        """,
    ),
    "trend": _Macro(
        ("presentation.scorecard_rows", "presentation.city_spellings", "scorecards.attainment_history"),
        "city, indicator",
        "一个指标的历年数字和趋势外推（指标用代码或名称）",
        "The figures of an indicator year by year and its projection; the indicator by identifier or name",
        f"""
        with series as (
            from presentation.scorecard_rows
            where city_code in {_CITY_CODES} and indicator in (indicator_id, name_zh, name_en)
        )
        select
            city_zh, city_en, series.indicator_id, name_zh, name_en, series.unit, points.year, 'observed' as kind,
            points.value, points.qualifier, cast(null as double) as value_low, cast(null as double) as value_high,
            points.attainment, points.source_id, points.source_grade, points.file, points.line
        from series
        inner join scorecards.attainment_history as points
            on series.city_code = points.city_code and series.indicator_id = points.indicator_id
        union all
        select
            city_zh, city_en, indicator_id, name_zh, name_en, unit, projected_year, 'projected', projected_value, null,
            projected_low, projected_high, null, null, null, null, null
        from series
        where projection_status = 'projected'
        order by year, kind
        """,
    ),
}


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
            for name, macro in _MACROS.items():
                if available.issuperset(macro.tables):
                    connection.execute(f"create macro {name}({macro.parameters}) as table {macro.select}")
                    comment = quote_literal(f"{macro.zh} | {macro.en}")
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
