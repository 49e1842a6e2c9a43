"""Reading back: what a file was read as, so that its sender sees a wrong unit or column before it counts.

Here: per column the unit taken and the smallest and largest figure, and the figures that will not score. Not here: what
was wrong with the file (assets.intake.dry_run), the output (pipelines.cli.render.check).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from assets.intake.receipts.receipts import SheetColumn
from assets.intake.tables.contracts import Contract
from assets.warehouse.connection import Connection, quote_identifier, quote_literal
from assets.warehouse.tables import Table

_LONG_COLUMNS = ("indicator", "value")


@dataclass(frozen=True, slots=True)
class ColumnReading:
    """The accepted figures of one column, or of one indicator where each row names its own.

    Attributes:
        column: the column of the contract, or the indicator.
        unit: the unit of the figures; None for dates and for numbers without one.
        unit_en: its English name, where the registry has one.
        header: the header as it is in the file; None for an indicator.
        source_unit: the unit in the file, where the file names one.
        missing: the number of rows without a figure.
    """

    column: str
    zh: str
    en: str
    unit: str | None
    unit_en: str | None
    header: str | None
    source_unit: str | None
    figures: int
    missing: int
    minimum: float | date | None
    maximum: float | date | None


@dataclass(frozen=True, slots=True)
class UnscoredFigures:
    """Accepted figures that will not score: of another scope than the one that scores, or only shown.

    `scope` and `scoring_scope` are None where no figure of the indicator scores.
    """

    indicator_id: str
    zh: str
    en: str
    scope: str | None
    figures: int
    scoring_scope: str | None


def read_columns(
    connection: Connection, contract: Contract, accepted: Path, columns: Sequence[SheetColumn]
) -> list[ColumnReading]:
    """Return the readings of the numbers and dates in the accepted rows of cities, for the columns of the file."""
    rows = f"(from read_parquet({quote_literal(accepted)}) where province_code is null)"
    is_long = set(_LONG_COLUMNS) <= contract.columns.keys()
    units = dict(connection.execute("select term, name_en from reference.terms where kind = 'unit'").fetchall())
    readings = []
    for source in columns:
        name, column = source.column, contract.columns[source.column]
        if not (column.is_numeric or column.type == "date") or (is_long and name == "value"):
            continue
        figure = quote_identifier(name)
        counts = connection.execute(
            f"select count({figure}), count(*) - count({figure}), min({figure}), max({figure}) from {rows}"
        ).fetchall()[0]
        unit = (column.unit, units.get(column.unit, column.unit))
        readings.append(ColumnReading(name, column.zh, column.en, *unit, source.header, source.unit, *counts))
    return [*readings, *(_read_indicators(connection, rows) if is_long else ())]


def _read_indicators(connection: Connection, rows: str) -> list[ColumnReading]:
    found = connection.execute(
        f"""
        select rows.indicator, indicators.name_zh, indicators.name_en, indicators.unit,
            coalesce(terms.name_en, indicators.unit), null, null,
            count(rows.value), count(*) - count(rows.value), min(rows.value), max(rows.value)
        from {rows} as rows
        inner join reference.indicators as indicators on rows.indicator = indicators.indicator_id
        left join reference.terms as terms on indicators.unit = terms.term and terms.kind = 'unit'
        group by all
        order by rows.indicator
        """
    ).fetchall()
    return [ColumnReading(*row) for row in found]


def find_unscored(connection: Connection, table: Table, accepted: Path, model: str) -> list[UnscoredFigures]:
    """Return the figures of accepted rows that will not score, by indicator and scope.

    `model` is the select that turns accepted rows into observations; the connection gets the rows as the table of the
    dataset.
    """
    connection.execute(f"create schema if not exists {table.schema_name}")
    # Some models order rows by the arrival of their files.
    connection.execute(
        f"create or replace view {table.schema_name}.files as "
        f"select {quote_literal(table.name)} as dataset, '' as file_sha256, 1 as arrival_sequence"
    )
    connection.execute(
        f"create or replace view {table.qualified_name} as "
        f"select *, '' as file_sha256 from read_parquet({quote_literal(accepted)})"
    )
    found = connection.execute(
        f"""
        with figures as (
            {model}
        ),
        unscored as (
            select figures.indicator_id, indicators.name_zh, indicators.name_en,
                case when indicators.weight > 0 then figures.scope end as sent_scope,
                case when indicators.weight > 0 then indicators.scope end as scoring_scope
            from figures
            inner join reference.indicators as indicators on figures.indicator_id = indicators.indicator_id
            where figures.city_code is not null and (indicators.weight = 0 or figures.scope <> indicators.scope)
        )
        select indicator_id, name_zh, name_en, sent_scope, count(*), scoring_scope from unscored
        group by all
        order by scoring_scope nulls last, indicator_id, sent_scope
        """
    ).fetchall()
    return [UnscoredFigures(*row) for row in found]
