"""The view `presentation.scorecard_wide`: one row for each city, with the columns of each indicator of the registry.

Here: its contract and its select, which follow from the registry of a database. Not here: views whose columns are
fixed (sql/presentation), and the files (assets.release.outputs.scorecard_files).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain, count

from assets.warehouse.connection import Connection, quote_identifier, quote_literal
from assets.warehouse.models import Model
from assets.warehouse.tables import Column, Table

NAME = "scorecard_wide"
TABLES = frozenset(
    {
        "reference.cities",
        "reference.dimensions",
        "reference.indicators",
        "reference.terms",
        "scorecards.indicator_scores",
    }
)
# The columns of an indicator: the column of the score, the end of the name, and what the column holds.
_FIGURES = (
    ("value", "", "", ""),
    ("year", "_year", "：年份", ": year"),
    ("attainment", "_score", "：得分", ": score, 0 to 100"),
)
_CITY_COLUMNS = {
    "city_code": Column(type="varchar", zh="城市代码", en="City"),
    "city_zh": Column(type="varchar", zh="城市", en="Name of the city (Chinese)"),
    "city_en": Column(type="varchar", zh="城市英文名称", en="Name of the city"),
}


def build_wide_scorecard(connection: Connection) -> Model:
    """Return the view for the indicators in the registry of the current database, by direction."""
    indicators = connection.execute(
        """
        select
            indicators.indicator_id, indicators.name_zh, indicators.name_en, indicators.unit,
            coalesce(terms.name_en, indicators.unit)
        from reference.indicators as indicators
        inner join reference.dimensions as dimensions on indicators.dimension_id = dimensions.dimension_id
        left join reference.terms as terms on indicators.unit = terms.term and terms.kind = 'unit'
        order by dimensions.position, indicators.indicator_id
        """
    ).fetchall()
    names = column_names([row[0] for row in indicators])
    columns = dict(_CITY_COLUMNS)
    selected = ["cities.city_code", "cities.name_zh as city_zh", "cities.name_en as city_en"]
    for indicator_id, name_zh, name_en, unit_zh, unit_en in indicators:
        for source, end, zh, en in _FIGURES:
            name = f"{names[indicator_id]}{end}"
            kind = "integer" if source == "year" else "double"
            columns[name] = Column.model_validate(
                {"type": kind, "zh": f"{name_zh}（{unit_zh}）{zh}", "en": f"{name_en} ({unit_en}){en}"}
            )
            value = f"case when scores.indicator_id = {quote_literal(indicator_id)} then scores.{source} end"
            selected.append(f"max({value}) as {quote_identifier(name)}")
    table = Table(
        schema_name="presentation",
        name=NAME,
        zh="评分宽表：每个城市一行，每个指标的数值、年份和得分各一列",
        en="Scorecard, wide: one row for every city, with value, year and score of every indicator",
        view_zh="评分宽表",
        key=("city_code",),
        columns=columns,
    )
    sql = f"""
select {", ".join(selected)}
from reference.cities as cities
left join scorecards.indicator_scores as scores on cities.city_code = scores.city_code
group by cities.city_code, cities.name_zh, cities.name_en
"""
    return Model(table, sql)


def column_names(indicator_ids: Sequence[str]) -> dict[str, str]:
    """Return the column of each indicator: its name without the dataset, or with it where two columns had one name.

    Names with the dataset can be equal too, as of `a.b_c` and `a_b.c`: a number makes them different.
    """
    short = {indicator_id: indicator_id.partition(".")[2] for indicator_id in indicator_ids}
    counts = Counter([*_CITY_COLUMNS, *(column for name in short.values() for column in _columns(name))])
    names = {
        indicator_id: name
        for indicator_id, name in short.items()
        if all(counts[column] == 1 for column in _columns(name))
    }
    taken = {*_CITY_COLUMNS, *(column for name in names.values() for column in _columns(name))}
    for indicator_id in [one for one in short if one not in names]:
        base = indicator_id.replace(".", "_")
        candidates = chain([base], (f"{base}_{number}" for number in count(2)))
        name = next(name for name in candidates if taken.isdisjoint(_columns(name)))
        taken.update(_columns(name))
        names[indicator_id] = name
    return names


def _columns(name: str) -> tuple[str, ...]:
    """Return the columns of an indicator as they are compared: SQL takes no notice of capitals."""
    return tuple(f"{name}{end}".lower() for _, end, _, _ in _FIGURES)
