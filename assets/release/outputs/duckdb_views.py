"""Views with Chinese names and table macros for frequent questions, in the published database.

Here: names from the contracts, and the SQL of views and macros. They refer to tables as schema.table, so that they work
under any name of the opened file. Not here: the tables (assets.release.publish) and their meaning (contracts).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

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

# A city by name, code or alias, with or without the name of its province before it.
_IS_CITY = """
    cities.city_code in (
        with prefixes as (
            select '' as prefix
            union all select name_zh from reference.provinces
            union all select alias from reference.aliases where province_code is not null
        ),
        forms as (
            select lower(substr(trim(city), length(prefix) + 1)) as form from prefixes
            where starts_with(lower(trim(city)), lower(prefix))
        )
        select known.city_code
        from reference.cities as known
        left join reference.aliases as aliases on known.city_code = aliases.city_code
        inner join forms on forms.form in (
            lower(known.city_code), lower(known.name_zh), lower(known.short_zh), lower(known.name_en),
            lower(aliases.alias)
        )
    )
"""


class _Macro(NamedTuple):
    """A table macro: the tables it reads, its parameters, its meaning in both languages, and its select."""

    tables: tuple[str, ...]
    parameters: str
    zh: str
    en: str
    select: str


_MACROS: dict[str, _Macro] = {
    "scorecard": _Macro(
        (
            "scorecards.indicator_scores",
            "reference.aliases",
            "reference.cities",
            "reference.dimensions",
            "reference.indicators",
            "reference.provinces",
            "reference.sources",
        ),
        "city",
        "一个城市的每个指标（名称、简称、代码或别名）",
        "Every indicator of a city, by its name, code or alias",
        f"""
        select
            cities.name_zh as city_zh, cities.name_en as city_en, dimensions.name_zh as dimension_zh,
            dimensions.name_en as dimension_en, scores.indicator_id, indicators.name_zh, indicators.name_en,
            scores.value, scores.qualifier, scores.unit, scores.year, sources.publication_zh, sources.publication_en,
            scores.source_grade, scores.data_status, scores.attainment, scores.target_operator, scores.target_value,
            scores.target_value_high, scores.target_year, scores.target_authority,
            scores.target_authority in ('policy_city', 'policy_province') as is_duty, scores.gap_to_target,
            scores.status
        from scorecards.indicator_scores as scores
        inner join reference.cities as cities on scores.city_code = cities.city_code
        inner join reference.indicators as indicators on scores.indicator_id = indicators.indicator_id
        inner join reference.dimensions as dimensions on scores.dimension_id = dimensions.dimension_id
        left join reference.sources as sources on scores.source_id = sources.source_id
        where {_IS_CITY}
        order by dimensions.position, scores.indicator_id
        """,
    ),
    "gap_to_target": _Macro(
        ("scorecards.indicator_scores", "reference.cities", "reference.indicators"),
        "of_what",
        "一个数据集、维度或指标中每个城市距目标或参照值的差，差得最多的在前；没有数字的也列出",
        "How far each city is from the target or reference, in a dataset, dimension or indicator, widest gap first; "
        "cities without a figure are listed too",
        """
        select
            cities.name_zh as city_zh, cities.name_en as city_en, scores.indicator_id, indicators.name_zh,
            indicators.name_en, scores.value, scores.qualifier, scores.unit, scores.year, scores.data_status,
            scores.target_operator, scores.target_value, scores.target_value_high, scores.target_year,
            scores.target_authority, scores.target_authority in ('policy_city', 'policy_province') as is_duty,
            scores.is_target_met, scores.gap_to_target,
            1e2 * scores.gap_to_target / nullif(abs(scores.target_value), 0) as gap_pct, scores.required_change_per_year
        from scorecards.indicator_scores as scores
        inner join reference.cities as cities on scores.city_code = cities.city_code
        inner join reference.indicators as indicators on scores.indicator_id = indicators.indicator_id
        where
            scores.target_id is not null
            and of_what in (indicators.dataset, indicators.dimension_id, indicators.indicator_id)
        order by gap_pct desc nulls last, scores.indicator_id, scores.city_code
        """,
    ),
    "trend": _Macro(
        (
            "scorecards.attainment_history",
            "scorecards.projections",
            "reference.aliases",
            "reference.cities",
            "reference.indicators",
            "reference.provinces",
        ),
        "city, indicator",
        "一个指标的历年数字和趋势外推（指标用代码或名称）",
        "The figures of an indicator year by year and its projection; the indicator by identifier or name",
        f"""
        with series as (
            select cities.city_code, cities.name_zh as city_zh, cities.name_en as city_en, indicators.indicator_id,
                indicators.name_zh, indicators.name_en, indicators.unit
            from reference.cities as cities
            cross join reference.indicators as indicators
            where ({_IS_CITY})
                and indicator in (indicators.indicator_id, indicators.name_zh, indicators.name_en)
        ),
        points as (
            select
                city_code, indicator_id, year, 'observed' as kind, value, qualifier, cast(null as double) as value_low,
                cast(null as double) as value_high, attainment, source_id, source_grade, file, line
            from scorecards.attainment_history
            union all
            select
                city_code, indicator_id, projected_year, 'projected', projected_value, null, projected_low,
                projected_high, null, null, null, null, null
            from scorecards.projections
            where projection_status = 'projected'
        )
        select
            series.city_zh, series.city_en, series.indicator_id, series.name_zh, series.name_en, series.unit,
            points.* exclude (city_code, indicator_id)
        from points
        inner join series on points.city_code = series.city_code and points.indicator_id = series.indicator_id
        order by points.year, points.kind
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
    """Add views and macros to an attached database that contains the tables.

    Args:
        connection: a connection to which the database is attached.
        database: its name there.
        tables: the published tables.
    """
    ((own_database, own_schema),) = connection.execute("select current_database(), current_schema()").fetchall()
    published = {table.qualified_name: table for table in tables}
    names = view_names(tables)
    # DuckDB resolves schema.table in the current database when it creates a view.
    connection.execute(f"use {quote_identifier(database)}")
    try:
        with transaction(connection):
            connection.execute(f"create schema {quote_identifier(SCHEMA)}")
            for table in tables:
                connection.execute(_view(table, names[table.qualified_name], published))
            for name, macro in _MACROS.items():
                if published.keys() >= set(macro.tables):
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
