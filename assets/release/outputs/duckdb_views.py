"""The published database for those who query it: views with Chinese names, and table macros for the usual questions.

Here: how names come from the contracts, and the SQL of views and macros. They are stored with names of two parts, so
they hold wherever the file is opened. Not here: the tables (assets.release.publish.publish), and what they mean
(contracts).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from assets.warehouse.connection import Connection, quote_identifier, quote_literal, transaction
from assets.warehouse.tables import Table

SCHEMA = "中文"

# A code, and beside it the name that it stands for: table, column, and what the name is called.
_NAMED = {
    "city_code": ("reference.cities", "short_zh", "城市"),
    "indicator_id": ("reference.indicators", "name_zh", "指标"),
    "dimension_id": ("reference.dimensions", "name_zh", "维度"),
    "measure_id": ("reference.measures", "title_zh", "措施"),
    "source_id": ("reference.sources", "publication_zh", "来源"),
}
_ASIDE = re.compile(r"（[^）]*）")
_FIRST_MARK = re.compile(r"[：；，。]")
_MARKS = re.compile(r"[：；，、（）。“”\s]+")
_LIMITS = re.compile(r"\s+-?\d+(-| 至 )\d+")

# By name, code or alias, with or without the name of its province before it.
_IS_CITY = """
    cities.city_code in (
        with above as (
            select '' as written
            union all select name_zh from reference.provinces
            union all select alias from reference.aliases where province_code is not null
        ),
        asked as (
            select lower(substr(trim(city), length(written) + 1)) as form from above
            where starts_with(lower(trim(city)), lower(written))
        )
        select known.city_code
        from reference.cities as known
        left join reference.aliases as aliases on known.city_code = aliases.city_code
        inner join asked on asked.form in (
            lower(known.city_code), lower(known.name_zh), lower(known.short_zh), lower(known.name_en),
            lower(aliases.alias)
        )
    )
"""

# What each macro reads, its parameters, its meaning in both languages, and its select.
_MACROS: dict[str, tuple[tuple[str, ...], str, str, str, str]] = {
    "scorecard": (
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
            scores.target_value_high, scores.target_year, scores.target_status,
            scores.target_status in ('policy_city', 'policy_province') as is_duty, scores.gap_to_target, scores.status
        from scorecards.indicator_scores as scores
        inner join reference.cities as cities on scores.city_code = cities.city_code
        inner join reference.indicators as indicators on scores.indicator_id = indicators.indicator_id
        inner join reference.dimensions as dimensions on scores.dimension_id = dimensions.dimension_id
        left join reference.sources as sources on scores.source_id = sources.source_id
        where {_IS_CITY}
        order by dimensions.position, scores.indicator_id
        """,
    ),
    "gap_to_target": (
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
            scores.target_status, scores.target_status in ('policy_city', 'policy_province') as is_duty,
            scores.is_target_met, scores.gap_to_target,
            1e2 * scores.gap_to_target / nullif(abs(scores.target_value), 0) as gap_pct, scores.needed_per_year
        from scorecards.indicator_scores as scores
        inner join reference.cities as cities on scores.city_code = cities.city_code
        inner join reference.indicators as indicators on scores.indicator_id = indicators.indicator_id
        where
            scores.target_id is not null
            and of_what in (indicators.dataset, indicators.dimension_id, indicators.indicator_id)
        order by gap_pct desc nulls last, scores.indicator_id, scores.city_code
        """,
    ),
    "trend": (
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
        with asked as (
            select cities.city_code, cities.name_zh as city_zh, cities.name_en as city_en, indicators.indicator_id,
                indicators.name_zh, indicators.name_en, indicators.unit
            from reference.cities as cities
            cross join reference.indicators as indicators
            where ({_IS_CITY})
                and indicator in (indicators.indicator_id, indicators.name_zh, indicators.name_en)
        ),
        told as (
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
            asked.city_zh, asked.city_en, asked.indicator_id, asked.name_zh, asked.name_en, asked.unit,
            told.* exclude (city_code, indicator_id)
        from told
        inner join asked on told.city_code = asked.city_code and told.indicator_id = asked.indicator_id
        order by told.year, told.kind
        """,
    ),
}


def view_names(tables: Sequence[Table]) -> dict[str, str]:
    """The Chinese name of every table's view, by qualified name; no two are the same."""
    wanted = {table.qualified_name: table.view_zh or _short(table.zh) for table in tables}
    return _unique(wanted, {table.qualified_name: _joined(table.zh) for table in tables})


def column_names(table: Table) -> dict[str, str]:
    """The Chinese name of every column of a table."""
    return names_of({name: column.zh for name, column in table.columns.items()})


def names_of(meanings: Mapping[str, str]) -> dict[str, str]:
    """The Chinese name of every column, from its meaning; where two begin alike, what sets them apart stays in it."""
    wanted = {name: _short(zh) for name, zh in meanings.items()}
    return _unique(wanted, {name: _joined(zh) for name, zh in meanings.items()})


def write_views_and_macros(connection: Connection, database: str, tables: Sequence[Table]) -> None:
    """Add them to an attached database that holds the tables."""
    row = connection.execute("select current_database(), current_schema()").fetchone()
    assert row is not None
    published = {table.qualified_name: table for table in tables}
    names = view_names(tables)
    # Names of two parts are looked up where they are stored, so they must be looked up there now.
    connection.execute(f"use {quote_identifier(database)}")
    try:
        with transaction(connection):
            connection.execute(f"create schema {quote_identifier(SCHEMA)}")
            for table in tables:
                connection.execute(_view(table, names[table.qualified_name], published))
            for name, (reads, parameters, zh, en, select) in _MACROS.items():
                if published.keys() >= set(reads):
                    connection.execute(f"create macro {name}({parameters}) as table {select}")
                    connection.execute(f"comment on macro table {name} is {quote_literal(f'{zh} | {en}')}")
    finally:
        connection.execute(f"use {quote_identifier(row[0])}.{quote_identifier(row[1])}")


def _view(table: Table, name: str, published: Mapping[str, Table]) -> str:
    """The view with its comments, as SQL."""
    target = f"{quote_identifier(SCHEMA)}.{quote_identifier(name)}"
    columns, joins, comments = [], [], [f"comment on view {target} is {quote_literal(f'{table.zh} | {table.en}')}"]
    called = column_names(table)
    for column, zh in called.items():
        columns.append(f"own.{quote_identifier(column)} as {quote_identifier(zh)}")
        meaning = table.columns[column]
        comments.append(_comment(target, zh, f"{meaning.zh} | {meaning.en}"))
        other, shown, word = _NAMED.get(column, ("", "", ""))
        if other in published and other != table.qualified_name and word not in called.values():
            columns.append(f"{column}_named.{shown} as {quote_identifier(word)}")
            joins.append(f"left join {other} as {column}_named on own.{column} = {column}_named.{column}")
            meaning = published[other].columns[shown]
            comments.append(_comment(target, word, f"{meaning.zh} | {meaning.en}"))
    select = f"select {', '.join(columns)} from {table.qualified_name} as own {' '.join(joins)}"
    return ";\n".join([f"create view {target} as {select}", *comments])


def _comment(target: str, column: str, text: str) -> str:
    return f"comment on column {target}.{quote_identifier(column)} is {quote_literal(text)}"


def _short(text: str) -> str:
    return _FIRST_MARK.split(_ASIDE.sub("", _LIMITS.sub("", text)))[0].strip()


def _joined(text: str) -> str:
    return _MARKS.sub("_", _LIMITS.sub("", text)).strip("_")


def _unique(wanted: Mapping[str, str], longer: Mapping[str, str]) -> dict[str, str]:
    """The wanted names; the longer ones, and at last the keys themselves, where several would be the same."""
    for better in (longer, {key: key for key in wanted}):
        many = Counter(name.lower() for name in wanted.values())
        wanted = {key: better[key] if many[name.lower()] > 1 or not name else name for key, name in wanted.items()}
    return dict(wanted)
