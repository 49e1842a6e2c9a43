"""What the pages show, read from the candidate.

Here: rows as dictionaries, in the order in which pages show them. Figures, of which there are cities times indicators,
come as a stream. Not here: the views (sql/presentation), formats (assets.release.outputs.report.formatters) and layout
(the templates).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from assets.release.outputs.rows import Row, fetch_row, fetch_rows, group_rows, read_rows, stream_figures
from assets.release.read.queries import view_sql
from assets.warehouse.connection import Connection

# A page with more rows is too long to read; it states how many it lists and which table has all.
MAX_LISTED = 500


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """What many pages need: places, dimensions, measures, indicators and the parameters of the method.

    Attributes:
        indicator_measures: the measures of an indicator.
        measure_indicators: the indicators of a measure.
        targets: the targets of an indicator.
        terms: English by kind and Chinese term.
    """

    method: Row
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
    targets = read_rows(connection, "target_rows", ["indicator_id", "year nulls last", "target_id"])
    indicators = read_rows(connection, "indicator_registry", ["dimension_position", "indicator_id"])
    dimensions = read_rows(connection, "dimension_overview", ["position", "dimension_id"])
    return ReferenceData(
        method=fetch_row(connection, "from reference.parameters"),
        cities={row["city_code"]: row for row in read_rows(connection, "city_overview", ["city_code"])},
        dimensions={row["dimension_id"]: row for row in dimensions},
        measures={row["measure_id"]: row for row in read_rows(connection, "measure_overview", ["measure_id"])},
        indicators={row["indicator_id"]: row for row in indicators},
        indicator_measures={
            indicator_id: [row["measure_id"] for row in rows]
            for indicator_id, rows in group_rows(links, "indicator_id").items()
        },
        measure_indicators={
            measure_id: [row["indicator_id"] for row in rows]
            for measure_id, rows in group_rows(links, "measure_id").items()
        },
        targets=group_rows(targets, "indicator_id"),
        terms={(row["kind"], row["term"]): row["name_en"] for row in fetch_rows(connection, "from reference.terms")},
    )


def read_figures_by_city(connection: Connection) -> Iterator[tuple[str, list[Row]]]:
    """Yield each city that has a figure, in the order of the codes, with its figures."""
    yield from _read_figures(connection, "city_code", "figures.city_code, figures.indicator_id")


def read_figures_by_indicator(connection: Connection) -> Iterator[tuple[str, list[Row]]]:
    """Yield each indicator that has a figure with its figures, the best score first, figures without score last."""
    order = "figures.indicator_id, figures.attainment desc nulls last, figures.value desc, figures.city_code"
    yield from _read_figures(connection, "indicator_id", order)


def _read_figures(connection: Connection, column: str, order: str) -> Iterator[tuple[str, list[Row]]]:
    figures = (row for row in stream_figures(connection, order) if row["value"] is not None)
    for key, group in groupby(figures, key=lambda row: str(row[column])):
        yield key, list(group)


def read_attainments(connection: Connection) -> dict[str, dict[str, Row]]:
    """Return the attainment of each figure, by indicator and then by city."""
    rows = fetch_rows(
        connection,
        "select city_code, indicator_id, attainment from scorecards.indicator_scores where value is not null",
    )
    return _nest(rows, "indicator_id", "city_code")


def read_dimension_scores(connection: Connection) -> dict[str, dict[str, Row]]:
    """Return the dimension scores, by city and then by dimension."""
    return _nest(fetch_rows(connection, "from scorecards.dimension_scores"), "city_code", "dimension_id")


def read_measure_scores(connection: Connection) -> dict[str, dict[int, Row]]:
    """Return the measure scores, by city and then by measure."""
    return _nest(fetch_rows(connection, "from scorecards.measure_scores"), "city_code", "measure_id")


def _nest(rows: list[Row], outer: str, inner: str) -> dict[Any, dict[Any, Row]]:
    return {key: {row[inner]: row for row in group} for key, group in group_rows(rows, outer).items()}


def read_rankings(connection: Connection) -> list[Row]:
    """Return the rankings that have ranks, the index first, each with its `places` from the first rank down."""
    order = ["level = 'index' desc", "dimension_position"]
    rankings = read_rows(connection, "ranking_rows", order, ranking_status="ranked")
    ranks = read_rows(connection, "rank_rows", ["nominal_rank", "median_rank", "city_code"])
    places = group_rows(ranks, "level", "dimension_id")
    return [{**ranking, "places": places.get((ranking["level"], ranking["dimension_id"]), [])} for ranking in rankings]


def read_quality(connection: Connection) -> dict[str, list[Row]]:
    """Return what the page on data quality shows."""
    return {
        "files": read_rows(connection, "quality.files", ["status desc", "dataset", "arrival_sequence", "file"]),
        "rejects": fetch_rows(
            connection,
            f"""
            from quality.rejects where not is_resolved
            order by dataset, file, file_sha256, sheet nulls first, line nulls first, error_number limit {MAX_LISTED}
            """,
        ),
        "freshness": fetch_rows(
            connection,
            f"""
            from ({view_sql("freshness_rows")})
            order by days_late desc nulls last, due_date, dataset, city_code limit {MAX_LISTED}
            """,
        ),
        "flag_counts": read_rows(connection, "flag_counts", ["status_position", "detector"]),
        "flags": fetch_rows(
            connection,
            f"""
            from ({view_sql("flag_rows")})
            order by status_position, indicator_id, city_code nulls first, year, scope, detector limit {MAX_LISTED}
            """,
        ),
        "conflicts": fetch_rows(connection, "select count(*) as conflicts from observations.source_conflicts"),
        "checks": read_rows(connection, "check_counts", ["table_name"]),
        "warnings": read_rows(connection, "quality.check_results", ["table_name", "check_name"], is_passed=False),
    }


def read_freshness(connection: Connection) -> dict[str, list[Row]]:
    """Return what each city has sent of each dataset and when the next year is due, by city."""
    return group_rows(read_rows(connection, "freshness_rows", ["city_code", "dataset"]), "city_code")


def read_quarantined(connection: Connection) -> dict[str, list[Row]]:
    """Return the figures that are held back as implausible, by city."""
    order = ["city_code", "indicator_id", "year", "scope", "detector"]
    rows = read_rows(connection, "flag_rows", order, flag_status="blocking")
    return group_rows((row for row in rows if row["city_code"] is not None), "city_code")


def read_models(connection: Connection) -> list[Row]:
    """Return the SQL of the scores as it ran."""
    return fetch_rows(connection, "select name, sql from release.models where name like 'scorecards.%' order by name")
