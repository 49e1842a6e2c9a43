"""What the pages show, read from the candidate.

Here: rows as dictionaries, in the order in which pages show them. Figures, of which there are cities times indicators,
come as a stream. Not here: the views (sql/presentation), formats (assets.release.outputs.report.formatters) and layout
(the templates).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from assets.release.outputs.metadata import read_places
from assets.release.outputs.rows import Row, fetch_row, group_rows, read_rows, stream_figures
from assets.release.read.queries import view_sql
from assets.warehouse.connection import Connection, fetch_rows

# A page with more rows is too long to read; it states how many it lists and which table has all.
MAX_LISTED = 500


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """What many pages need: places, dimensions, measures, indicators and the parameters of the method.

    Attributes:
        places: the names of the provinces, in Chinese and in English.
        baskets: the headline first.
        headline: the headline basket.
        indicator_measures: the measures of an indicator.
        measure_indicators: the indicators of a measure.
        targets: the targets of an indicator.
        terms: English by kind and Chinese term.
    """

    places: tuple[str, str]
    method: Row
    baskets: list[Row]
    headline: Row
    cities: dict[str, Row]
    dimensions: dict[str, Row]
    measures: dict[int, Row]
    indicators: dict[str, Row]
    indicator_measures: dict[str, list[int]]
    measure_indicators: dict[int, list[str]]
    targets: dict[str, list[Row]]
    terms: dict[tuple[str, str], str]


def read_reference_data(connection: Connection) -> ReferenceData:
    """Return the reference data of the candidate."""
    links = read_rows(connection, "measure_links", ["indicator_id", "measure_id"])
    by_indicator, by_measure = group_rows(links, "indicator_id"), group_rows(links, "measure_id")
    targets = read_rows(connection, "target_rows", ["indicator_id", "year nulls last", "target_id"])
    indicators = read_rows(connection, "indicator_registry", ["dimension_position", "indicator_id"])
    dimensions = read_rows(connection, "dimension_overview", ["position", "dimension_id"])
    baskets = read_rows(connection, "reference.baskets", ["is_headline desc", "basket_id"])
    return ReferenceData(
        places=read_places(connection),
        method=fetch_row(connection, "from reference.parameters"),
        baskets=baskets,
        headline=baskets[0],
        cities={row["city_code"]: row for row in read_rows(connection, "city_overview", ["city_code"])},
        dimensions={row["dimension_id"]: row for row in dimensions},
        measures={row["measure_id"]: row for row in read_rows(connection, "measure_overview", ["measure_id"])},
        indicators={row["indicator_id"]: row for row in indicators},
        indicator_measures={key: [row["measure_id"] for row in rows] for key, rows in by_indicator.items()},
        measure_indicators={key: [row["indicator_id"] for row in rows] for key, rows in by_measure.items()},
        targets=group_rows(targets, "indicator_id"),
        terms={(row["kind"], row["term"]): row["name_en"] for row in fetch_rows(connection, "from reference.terms")},
    )


def read_figures(
    connection: Connection, column: str, order: str, keys: Iterable[str]
) -> Iterator[tuple[str, list[Row]]]:
    """Yield each key, a city or an indicator, with its figures; keys without a figure come last."""
    without_figures = dict.fromkeys(keys)
    figures = (row for row in stream_figures(connection, order) if row["value"] is not None)
    for key, group in groupby(figures, key=lambda row: str(row[column])):
        without_figures.pop(key, None)
        yield key, list(group)
    yield from ((key, []) for key in without_figures)


def read_gaps(connection: Connection) -> list[Row]:
    """Return the reasons that cities gave instead of figures later than the current ones."""
    columns = "city_code, indicator_id, gap_reason, gap_year"
    return fetch_rows(connection, f"select {columns} from ({view_sql('scorecard_rows')}) where gap_reason is not null")


def nest_rows(rows: Iterable[Row], outer: str, inner: str) -> dict[Any, dict[Any, Row]]:
    """Return the rows by the value of one column, and then by that of another."""
    return {key: {row[inner]: row for row in group} for key, group in group_rows(rows, outer).items()}


def read_scores(connection: Connection, level: str) -> dict[str, dict[tuple[str, Any], Row]]:
    """Return the scores of dimensions or measures by city, and then by basket and item."""
    scores = group_rows(fetch_rows(connection, f"from scorecards.{level}_scores"), "city_code")
    return {city: {(row["basket_id"], row[f"{level}_id"]): row for row in rows} for city, rows in scores.items()}


def read_open_figures(connection: Connection) -> list[Row]:
    """Return the indicators without a score that are part of a basket, those of the headline first."""
    order = ["is_headline desc", "basket_id", "points desc", "dimension_position", "indicator_id"]
    return read_rows(connection, "open_figures", order)


def read_rankings(connection: Connection) -> list[Row]:
    """Return the rankings that have ranks, the index first, each with its `places` from the first rank down."""
    order = ["level = 'index' desc", "dimension_position"]
    rankings = read_rows(connection, "ranking_rows", order, ranking_status="ranked")
    ranks = read_rows(connection, "rank_rows", ["nominal_rank", "median_rank", "city_code"])
    places = group_rows(ranks, "level", "dimension_id")
    return [{**ranking, "places": places.get((ranking["level"], ranking["dimension_id"]), [])} for ranking in rankings]


def read_moves(connection: Connection) -> list[Row]:
    """Return how many scores of indicators rose, fell, appeared or disappeared since the release before, by city."""
    return fetch_rows(
        connection,
        """
        select
            city_code,
            count(*) filter (where evidenced_delta_hundredths > 0) as rose,
            count(*) filter (where evidenced_delta_hundredths < 0) as fell,
            count(*) filter (where change = 'appeared') as appeared,
            count(*) filter (where change = 'disappeared') as disappeared
        from release.score_changes where level = 'indicator' group by city_code
        """,
    )


def read_quality(connection: Connection) -> dict[str, list[Row]]:
    """Return what the page on data quality shows."""
    reject_order = ("dataset", "file", "file_sha256", "sheet nulls first", "line nulls first", "error_number")
    freshness_order = ("days_late desc nulls last", "due_date", "dataset", "city_code")
    flag_order = ("status_position", "indicator_id", "city_code nulls first", "year", "scope", "detector")
    return {
        "files": read_rows(connection, "intake.files", ["status desc", "dataset", "arrival_sequence", "file"]),
        "rejects": read_rows(connection, "intake.rejects", reject_order, MAX_LISTED, is_resolved=False),
        "freshness": read_rows(connection, "freshness_rows", freshness_order, MAX_LISTED),
        "flag_counts": read_rows(connection, "flag_counts", ["status_position", "detector"]),
        "flags": read_rows(connection, "flag_rows", flag_order, MAX_LISTED),
        "conflicts": fetch_rows(connection, "select count(*) as conflicts from observations.source_conflicts"),
        "checks": read_rows(connection, "check_counts", ["table_name"]),
        "warnings": read_rows(connection, "quality.check_results", ["table_name", "check_name"], is_passed=False),
    }
