"""The model of the reasons that cities give instead of figures, over the rows of all datasets.

Here: the generated select of a dataset whose columns are its indicators, or the select that somebody wrote for it.
Not here: figures (assets.observations.dataset_models), and which words are reasons (assets.intake.values.gaps).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from assets.warehouse.models import Model
from assets.warehouse.tables import Table

REPORTED_GAPS = "observations.reported_gaps"
_COMMENT = """-- one row per figure for which a row of a city has a reason instead
-- definition: docs/intake.md, reasons for gaps; a report of zero is a figure
"""
_SELECT = """select
    accepted.city_code,
    indicators.indicator_id,
    cast(accepted.year as integer) as year,
    {scope} as scope,
    gaps.reason,
    gaps.file,
    gaps.file_sha256,
    gaps.sheet,
    gaps.line
from intake.gaps as gaps
inner join {table} as accepted
    on
        gaps.file_sha256 = accepted.file_sha256
        and coalesce(gaps.sheet, '') = coalesce(accepted.sheet, '')
        and gaps.line = accepted.line
        and coalesce(gaps.first_column, 0) = coalesce(accepted.first_column, 0)
inner join reference.indicators as indicators on indicators.indicator_id = {indicator}
where gaps.dataset = '{dataset}' and accepted.city_code is not null{conditions}
"""
# For a data directory in which no dataset has gaps.
_NO_GAPS = """select
    dataset as city_code,
    dataset as indicator_id,
    cast(line as integer) as year,
    dataset as scope,
    reason,
    file,
    file_sha256,
    sheet,
    line
from intake.gaps
where line is null
"""


def gap_model(datasets: Iterable[str], folders: Iterable[Path], tables: Mapping[str, Table]) -> Model:
    """Return the model `observations.reported_gaps`.

    A dataset with a select of its own (`sql/observations/<dataset>.sql`) has gaps where it has one of them as well,
    `<dataset>_gaps.sql`; of several files the last one. `tables` has the contracts of the accepted rows too.
    """
    selects = []
    for dataset in datasets:
        written = [folder / "observations" / f"{dataset}.sql" for folder in folders]
        files = [file for file in (path.with_stem(f"{dataset}_gaps") for path in written) if file.is_file()]
        if files:
            selects.append(files[-1].read_text(encoding="utf-8"))
        elif not any(file.is_file() for file in written):
            selects.append(generate_gap_select(tables[f"intake.{dataset}"]))
    columns = ", ".join(tables[REPORTED_GAPS].columns)
    condition = "indicator_id is not null and reason <> 'confirmed_zero'"
    union = "union all\n".join(f"select {columns} from (\n{sql}) as gaps where {condition}\n" for sql in selects)
    return Model(tables[REPORTED_GAPS], _COMMENT + (union or _NO_GAPS))


def generate_gap_select(table: Table) -> str:
    """Return the select of the gaps of a dataset whose columns are its indicators, or whose rows name theirs."""
    conditions = " and accepted.district is null" if "district" in table.columns else ""
    is_long = "indicator" in table.columns
    return _SELECT.format(
        table=table.qualified_name,
        dataset=table.name,
        indicator="accepted.indicator" if is_long else f"concat('{table.name}.', gaps.column_name)",
        scope="accepted.scope" if "scope" in table.columns else "indicators.scope",
        conditions=f"{conditions} and gaps.column_name = 'value'" if is_long else conditions,
    )
