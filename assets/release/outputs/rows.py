"""Rows of the candidate as dictionaries by column name, for pages, sheets and documents.

Here: reading and grouping them, and the figures that report and workbook show. Not here: the views
(sql/presentation), and what a single page or sheet reads besides them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from assets.release.read.queries import read_view, to_rows
from assets.release.read.scorecards import select_figures
from assets.warehouse.connection import Connection, fetch_rows

Row = dict[str, Any]

# The tables that pages, sheets and cards read; where one is not published, there are none of them.
SOURCE_TABLES = frozenset(
    f"{schema}.{name}"
    for schema, names in {
        "intake": "contracts datasets files rejects",
        "observations": "city_observations current_observations reported_gaps source_conflicts",
        "quality": "check_results flags freshness",
        "reference": "basket_indicators baskets cities city_tiles detectors dimensions goalposts indicator_measures "
        "indicators measures parameters provinces sources targets terms",
        "release": "models score_changes",
        "scorecards": "attainment_history city_scores dimension_scores indicator_scores measure_scores projections "
        "province_targets rank_intervals rankings",
    }.items()
    for name in names.split()
)
_ROWS_PER_BLOCK = 2000


def read_rows(
    connection: Connection, name: str, order: Sequence[str] = (), limit: int | None = None, **filters: object
) -> list[Row]:
    """Return the rows of a view of sql/presentation, or of a table; the arguments are those of `read_view`."""
    return to_rows(read_view(connection, name, order, limit, **filters))


def fetch_row(connection: Connection, sql: str) -> Row:
    """Return the only row of a select that has exactly one."""
    (row,) = fetch_rows(connection, sql)
    return row


def stream_figures(connection: Connection, order: str) -> Iterator[Row]:
    """Yield the figures of all cities, those without a value too, with `points`: year, value, qualifier.

    There may be too many figures for one data frame. Other selects may run on the connection meanwhile.
    """
    sql = f"""
        select figures.*, series.points
        from ({select_figures("flag_status <> 'blocking'")}) as figures
        left join (
            select
                city_code, indicator_id,
                list(struct_pack(year := year, value := value, qualifier := qualifier) order by year) as points
            from scorecards.attainment_history group by city_code, indicator_id
        ) as series on figures.city_code = series.city_code and figures.indicator_id = series.indicator_id
        order by {order}
    """
    result = connection.cursor().execute(sql)
    names = [column[0] for column in result.description or ()]
    while block := result.fetchmany(_ROWS_PER_BLOCK):
        yield from (dict(zip(names, row, strict=True)) for row in block)


def group_rows(rows: Iterable[Row], *names: str) -> dict[Any, list[Row]]:
    """Return the rows by the value of one column, or by the tuple of the values of several."""
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[names[0]] if len(names) == 1 else tuple(row[name] for name in names)].append(row)
    return dict(groups)
