"""The models of the datasets: their rows as observations, one model a dataset, and the union of all.

Here: the generated select of a dataset whose columns are its indicators, or the select that somebody wrote for it.
Not here: the models over the union, which are SQL like any other (sql/observations).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from assets.core.errors import DataError, Issue
from assets.observations.gap_model import REPORTED_GAPS, gap_model
from assets.warehouse.models import Model
from assets.warehouse.tables import Table

REPORTED = "observations.reported_observations"
# The columns of a dataset in which each row names its indicator.
_LONG_COLUMNS = {"indicator", "value"}
_NO_TEXT = "cast(null as varchar)"
# Columns that a dataset may leave out: the district that a row describes alone, the first year of a running total, and
# the day of a progress figure. Forms with a row for each district name the whole city in the same column.
_OPTIONAL_COLUMNS = {
    "district": ("nullif(nullif(district, '全市'), '合计')", "varchar"),
    "since_year": ("since_year", "integer"),
    "as_of": ("as_of", "date"),
}
_SELECT = """-- one row per figure of a row of {dataset}
-- definition: generated from data/contracts/{dataset}.yml, {layout}
with figures as (
{figures}),

{scoped}reported as (
    select
        city_code,
        province_code,
        cast(indicator_id as varchar) as indicator_id,
        cast(year as integer) as year,
        cast(figure as double) as value,
        qualifier,
        scope,
        {period},
        source_id,
        source_grade,
        {note},
        file_sha256,
        sheet,
        line
    from {source}
    where figure is not null
)

select * from reported
"""
_BRANCH = """    select
        *,
        {indicator} as indicator_id,
        {figure} as figure,
        {qualifier} as qualifier
    from {table}
"""
_SCOPED = """scoped as (
    select
        figures.*,
        indicators.scope
    from figures
    inner join reference.indicators as indicators on figures.indicator_id = indicators.indicator_id
),

"""


def dataset_models(
    indicators: Mapping[str, Sequence[str]], folders: Iterable[Path], tables: Mapping[str, Table]
) -> dict[str, Model]:
    """Return the model of each dataset, their union `observations.reported_observations`, and that of their gaps.

    A file `sql/observations/<dataset>.sql` has precedence over the generated select; of several, the last one.
    `tables` has the contracts of the accepted rows (`intake.<dataset>`) too.

    Raises:
        DataError: a dataset has no SQL, and some of its indicators have no column.
    """
    shared, models, issues = tables[REPORTED], {}, []
    for dataset, names in indicators.items():
        files = [folder / "observations" / f"{dataset}.sql" for folder in folders]
        file = next((file for file in reversed(files) if file.is_file()), None)
        sql = file.read_text(encoding="utf-8") if file else generate_select(tables[f"intake.{dataset}"], names)
        if sql is None:
            issues.append(_missing_model(tables[f"intake.{dataset}"], names))
        else:
            models[f"observations.{dataset}"] = Model(shared.model_copy(update={"name": dataset}), sql)
    if issues:
        raise DataError(issues)
    columns = ", ".join(shared.columns)
    union = "\nunion all\n".join(f"select {columns} from {name}" for name in models)
    comment = "-- one row per figure that a dataset reports\n-- definition: the union of the models of all datasets\n"
    gaps = gap_model(indicators, folders, tables)
    return {**models, REPORTED: Model(shared, comment + union), REPORTED_GAPS: gaps}


def generate_select(table: Table, indicators: Sequence[str]) -> str | None:
    """Return the select that turns accepted rows into observations; None where the columns do not define it.

    Each figure is an observation of the indicator `<dataset>.<column>`; in a table with the columns `indicator` and
    `value`, of the indicator that the row names. Without a column `scope`, a figure has the scope that is registered
    for its indicator. The unpivot is written out as `union all`, which all engines understand alike.
    """
    names = {indicator: indicator.removeprefix(f"{table.name}.") for indicator in indicators}
    if "year" not in table.columns:
        return None
    if table.columns.keys() >= _LONG_COLUMNS:
        branches, layout = [_branch(table, "indicator", "value")], "each row names its indicator"
    elif all(name in table.columns and table.columns[name].type == "double" for name in names.values()):
        branches = [_branch(table, f"'{indicator}'", name) for indicator, name in names.items()]
        layout = "each column is the indicator of its name"
    else:
        return None
    has_scope, has_note = "scope" in table.columns, "note" in table.columns
    optional = [
        f"cast({expression if name in table.columns else 'null'} as {sql_type}) as {name}"
        for name, (expression, sql_type) in _OPTIONAL_COLUMNS.items()
    ]
    return _SELECT.format(
        dataset=table.name,
        layout=layout,
        figures="    union all\n".join(branches),
        scoped="" if has_scope else _SCOPED,
        period=",\n        ".join(optional),
        note="note" if has_note else f"{_NO_TEXT} as note",
        source="figures" if has_scope else "scoped",
    )


def _missing_model(table: Table, indicators: Sequence[str]) -> Issue:
    """Return which indicators have no column, each with the column whose name is closest."""
    columns = {f"{table.name}.{name}" for name, column in table.columns.items() if column.type == "double"}
    missing = [
        f"{indicator} ({', '.join(difflib.get_close_matches(indicator, columns, n=1)) or '-'})"
        for indicator in indicators
        if indicator not in columns
    ]
    actual = ", ".join(missing) or table.name
    return Issue("missing_dataset_model", actual, f"sql/observations/{table.name}.sql", f"contracts/{table.name}.yml")


def _branch(table: Table, indicator: str, column: str) -> str:
    qualifier = f"{column}_qualifier"
    return _BRANCH.format(
        table=table.qualified_name,
        indicator=indicator,
        figure=column,
        qualifier=qualifier if qualifier in table.columns else _NO_TEXT,
    )
