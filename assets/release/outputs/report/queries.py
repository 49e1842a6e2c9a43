"""What the pages tell, read from the candidate by SQL.

Here: rows as dictionaries, in the order in which pages show them. What is as long as cities times indicators comes as a
stream. Not here: how a figure is written (assets.release.outputs.report.formatters) and laid out (the templates).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from assets.warehouse.connection import Connection

Row = dict[str, Any]

SOURCE_TABLES = frozenset(
    {
        "intake.contracts",
        "intake.datasets",
        "observations.source_conflicts",
        "quality.check_results",
        "intake.files",
        "quality.flags",
        "quality.freshness",
        "intake.rejects",
        "reference.cities",
        "reference.city_tiles",
        "reference.detectors",
        "reference.dimensions",
        "reference.goalposts",
        "reference.indicator_measures",
        "reference.indicators",
        "reference.measures",
        "reference.parameters",
        "reference.sources",
        "reference.targets",
        "reference.terms",
        "release.models",
        "release.score_changes",
        "scorecards.attainment_history",
        "scorecards.city_scores",
        "scorecards.dimension_scores",
        "scorecards.indicator_scores",
        "scorecards.measure_scores",
        "scorecards.projections",
        "scorecards.rank_intervals",
        "scorecards.rankings",
    }
)

# More rows than this are no page that anybody reads; the page says so and names the table that has all.
MOST_ROWS = 500

_ROWS_AT_ONCE = 2000
# How grave a flag is, unless a person let the value pass.
_FLAGS = "select *, case when is_approved then 'approved' else severity end as standing from quality.flags"
_GRAVEST_FIRST = "['blocking', 'warning', 'note', 'approved']"


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """What every page names: places, dimensions, measures, indicators and the parameters of the method."""

    method: Row
    cities: dict[str, Row]
    dimensions: dict[str, Row]
    measures: dict[int, Row]
    indicators: dict[str, Row]
    measures_of: dict[str, list[int]]  # by indicator
    indicators_of: dict[int, list[str]]  # by measure
    targets: dict[str, list[Row]]  # by indicator
    terms: dict[tuple[str, str], str]  # English by kind and word


def read_reference_data(connection: Connection) -> ReferenceData:
    links = fetch_rows(connection, "from reference.indicator_measures order by indicator_id, measure_id")
    measures_of: dict[str, list[int]] = defaultdict(list)
    indicators_of: dict[int, list[str]] = defaultdict(list)
    for link in links:
        measures_of[link["indicator_id"]].append(link["measure_id"])
        indicators_of[link["measure_id"]].append(link["indicator_id"])
    targets = fetch_rows(
        connection,
        """
        select targets.*, publication_zh, publication_en
        from reference.targets inner join reference.sources using (source_id)
        order by indicator_id, year nulls last, target_id
        """,
    )
    return ReferenceData(
        method=fetch_rows(connection, "from reference.parameters")[0],
        cities=_by("city_code", _cities(connection)),
        dimensions=_by("dimension_id", _dimensions(connection)),
        measures=_by("measure_id", _measures(connection)),
        indicators=_by("indicator_id", _indicators(connection)),
        measures_of=measures_of,
        indicators_of=indicators_of,
        targets=group_rows(targets, "indicator_id"),
        terms={
            (term["kind"], term["term"]): term["name_en"] for term in fetch_rows(connection, "from reference.terms")
        },
    )


def _cities(connection: Connection) -> list[Row]:
    return fetch_rows(
        connection,
        """
        select cities.*, tiles.tile_row, tiles.tile_column, scores.* exclude (city_code)
        from reference.cities as cities
        left join reference.city_tiles as tiles on cities.city_code = tiles.city_code
        left join scorecards.city_scores as scores on cities.city_code = scores.city_code
        order by cities.city_code
        """,
    )


def _dimensions(connection: Connection) -> list[Row]:
    """Dimensions in their order, with how far the best covered city gets."""
    return fetch_rows(
        connection,
        """
        select
            dimensions.*, counted.best, counted.total, counted.cities_scored,
            cast(ceil(dimensions.minimum_indicators_share * counted.total - 1e-9) as integer) as needed
        from reference.dimensions as dimensions
        left join (
            select
                dimension_id, max(indicators_scored) as best, max(indicators_total) as total,
                count(score) as cities_scored
            from scorecards.dimension_scores group by dimension_id
        ) as counted on dimensions.dimension_id = counted.dimension_id
        order by dimensions.position, dimensions.dimension_id
        """,
    )


def _measures(connection: Connection) -> list[Row]:
    return fetch_rows(
        connection,
        """
        select
            measures.*, counted.* exclude (measure_id), dimensions.name_zh as dimension_zh,
            dimensions.name_en as dimension_en
        from reference.measures as measures
        inner join reference.dimensions as dimensions on measures.dimension_id = dimensions.dimension_id
        left join (
            select
                measure_id, max(indicators_linked) as linked, max(indicators_with_data) as with_data,
                max(indicators_with_target) as with_target, max(indicators_scored) as best,
                max(indicators_total) as total, count(score) as cities_scored
            from scorecards.measure_scores group by measure_id
        ) as counted on measures.measure_id = counted.measure_id
        order by measures.measure_id
        """,
    )


def _indicators(connection: Connection) -> list[Row]:
    return fetch_rows(
        connection,
        """
        select
            indicators.*, dimensions.name_zh as dimension_zh, dimensions.name_en as dimension_en,
            goalposts.* exclude (indicator_id), counted.* exclude (indicator_id)
        from reference.indicators as indicators
        inner join reference.dimensions as dimensions on indicators.dimension_id = dimensions.dimension_id
        left join reference.goalposts as goalposts on indicators.indicator_id = goalposts.indicator_id
        left join (
            select
                indicator_id, count(value) as with_figure, count(attainment) as scored,
                count(*) filter (where data_status = 'stale') as stale, min(year) as oldest, max(year) as newest
            from scorecards.indicator_scores group by indicator_id
        ) as counted on indicators.indicator_id = counted.indicator_id
        order by dimensions.position, indicators.indicator_id
        """,
    )


# --- figures ----------------------------------------------------------------------------------------------------

# Every figure of a city with all that is said of it; `points` is its series. Ordered by a page, then within the page.
_FIGURES = """
select
    scores.*, sources.publication_zh, sources.publication_en, series.points,
    projections.* exclude (city_code, indicator_id, target_id, target_year, points),
    flagged.flags_zh, flagged.flags_en,
    case when scores.attainment is not null then
        rank() over (partition by scores.indicator_id order by scores.attainment desc nulls last)
    end as place
from scorecards.indicator_scores as scores
left join reference.sources as sources on scores.source_id = sources.source_id
left join scorecards.projections as projections
    on scores.city_code = projections.city_code and scores.indicator_id = projections.indicator_id
left join (
    select
        city_code, indicator_id,
        list(struct_pack(year := year, value := value, qualifier := qualifier) order by year) as points
    from scorecards.attainment_history group by city_code, indicator_id
) as series on scores.city_code = series.city_code and scores.indicator_id = series.indicator_id
left join (
    select
        city_code, indicator_id, year, scope,
        string_agg(name_zh || if(is_approved, '（已放行）', ''), '、' order by detector) as flags_zh,
        string_agg(name_en || if(is_approved, ' (approved)', ''), ', ' order by detector) as flags_en
    from quality.flags as flags
    inner join reference.detectors as detectors on flags.detector = detectors.detector_id
    where flags.severity <> 'blocking' or flags.is_approved
    group by all
) as flagged
    on scores.city_code = flagged.city_code and scores.indicator_id = flagged.indicator_id
    and scores.year = flagged.year and scores.scope = flagged.scope
where scores.value is not null
"""


def read_scores_by_city(connection: Connection) -> Iterator[tuple[str, list[Row]]]:
    """Each city that has a figure, in order of its code, with its figures."""
    found = stream_rows(connection, f"{_FIGURES} order by scores.city_code, scores.indicator_id")
    for city_code, figures in groupby(found, key=lambda row: str(row["city_code"])):
        yield city_code, list(figures)


def read_scores_by_indicator(connection: Connection) -> Iterator[tuple[str, list[Row]]]:
    """Each indicator that has a figure with its figures, the best score first, then those without a score."""
    order = "scores.indicator_id, scores.attainment desc nulls last, scores.value desc, scores.city_code"
    found = stream_rows(connection, f"{_FIGURES} order by {order}")
    for indicator_id, figures in groupby(found, key=lambda row: str(row["indicator_id"])):
        yield indicator_id, list(figures)


def read_attainments(connection: Connection) -> Iterator[Row]:
    """The score of every figure that has one, for tables of cities by indicators."""
    return stream_rows(
        connection,
        """
        select city_code, indicator_id, attainment, value, year, data_status
        from scorecards.indicator_scores where value is not null order by indicator_id, city_code
        """,
    )


def read_dimension_scores(connection: Connection) -> dict[str, dict[str, Row]]:
    """By city, then by dimension."""
    return _nested(connection, "from scorecards.dimension_scores order by city_code, dimension_id", "dimension_id")


def read_measure_scores(connection: Connection) -> dict[str, dict[int, Row]]:
    """By city, then by measure."""
    return _nested(connection, "from scorecards.measure_scores order by city_code, measure_id", "measure_id")


def read_rankings(connection: Connection) -> list[Row]:
    """The rankings in which there are ranks, the index first, each with its cities from the first place down."""
    heads = fetch_rows(
        connection,
        """
        select rankings.*, dimensions.name_zh, dimensions.name_en
        from scorecards.rankings as rankings
        left join reference.dimensions as dimensions on rankings.dimension_id = dimensions.dimension_id
        where rankings.ranking_status = 'ranked'
        order by rankings.level = 'index' desc, dimensions.position
        """,
    )
    places = group_rows(
        fetch_rows(
            connection,
            """
            select intervals.*, coalesce(dimensions.score, cities.city_index) as score
            from scorecards.rank_intervals as intervals
            left join scorecards.dimension_scores as dimensions
                on intervals.city_code = dimensions.city_code and intervals.dimension_id = dimensions.dimension_id
            left join scorecards.city_scores as cities
                on intervals.city_code = cities.city_code and intervals.level = 'index'
            order by intervals.nominal_rank, intervals.median_rank, intervals.city_code
            """,
        ),
        "level",
        "dimension_id",
    )
    return [{**head, "places": places.get((head["level"], head["dimension_id"]), [])} for head in heads]


# --- quality ----------------------------------------------------------------------------------------------------


def read_quality(connection: Connection) -> dict[str, list[Row]]:
    """What the page on data quality tells."""
    return {
        "files": fetch_rows(connection, "from intake.files order by status desc, dataset, arrival_sequence, file"),
        "rejects": fetch_rows(
            connection,
            f"""
            from intake.rejects where not is_resolved
            order by dataset, file, file_sha256, sheet nulls first, line nulls first, error_number limit {MOST_ROWS}
            """,
        ),
        "rejects_count": fetch_rows(
            connection,
            """
            select
                count(*) as faults, count(distinct return_id) as returned,
                count(*) filter (where is_resolved) as resolved
            from intake.rejects
            """,
        ),
        "freshness": fetch_rows(
            connection,
            f"""
            {_FRESHNESS}
            order by freshness.days_late desc nulls last, freshness.due_date, freshness.dataset, freshness.city_code
            limit {MOST_ROWS}
            """,
        ),
        "flag_counts": fetch_rows(
            connection,
            f"""
            select
                flags.detector, detectors.name_zh, detectors.name_en, detectors.looks_for_zh, detectors.looks_for_en,
                flags.standing, count(*) as flags
            from ({_FLAGS}) as flags
            inner join reference.detectors as detectors on flags.detector = detectors.detector_id
            group by
                flags.detector, flags.standing, detectors.name_zh, detectors.name_en, detectors.looks_for_zh,
                detectors.looks_for_en
            order by list_position({_GRAVEST_FIRST}, flags.standing), flags.detector
            """,
        ),
        "flags": fetch_rows(
            connection,
            f"""
            select flags.*, detectors.name_zh, detectors.name_en
            from ({_FLAGS}) as flags inner join reference.detectors as detectors
                on flags.detector = detectors.detector_id
            order by
                list_position({_GRAVEST_FIRST}, flags.standing), flags.indicator_id, flags.city_code nulls first,
                flags.year, flags.scope, flags.detector
            limit {MOST_ROWS}
            """,
        ),
        "conflicts": fetch_rows(
            connection,
            """
            select count(*) as conflicts, count(distinct indicator_id) as indicators
            from observations.source_conflicts
            """,
        ),
        "checks": fetch_rows(
            connection,
            """
            select
                table_name, count(*) as checks, count(*) filter (where is_blocking) as blocking,
                count(*) filter (where not is_passed) as failed, max(rows_checked) as rows_checked
            from quality.check_results group by table_name order by table_name
            """,
        ),
        "warnings": fetch_rows(
            connection, "from quality.check_results where not is_passed order by table_name, check_name"
        ),
    }


# What each city has sent of each dataset, and when the next year is due.
_FRESHNESS = """
select freshness.*, datasets.name_zh, datasets.name_en
from quality.freshness as freshness
inner join intake.datasets as datasets on freshness.dataset = datasets.dataset
"""


def read_freshness(connection: Connection) -> dict[str, list[Row]]:
    """What is awaited of each city, by city."""
    return group_rows(
        fetch_rows(connection, f"{_FRESHNESS} order by freshness.city_code, freshness.dataset"), "city_code"
    )


def read_quarantined(connection: Connection) -> dict[str, list[Row]]:
    """Figures held back as implausible, by city."""
    found = fetch_rows(
        connection,
        """
        from quality.flags where severity = 'blocking' and not is_approved and city_code is not null
        order by city_code, indicator_id, year, scope, detector
        """,
    )
    return group_rows(found, "city_code")


def read_models(connection: Connection) -> list[Row]:
    """The SQL of the scores as it ran."""
    return fetch_rows(connection, "select name, sql from release.models where name like 'scorecards.%' order by name")


# --- reading ----------------------------------------------------------------------------------------------------


def fetch_rows(connection: Connection, sql: str) -> list[Row]:
    return list(stream_rows(connection, sql))


def stream_rows(connection: Connection, sql: str) -> Iterator[Row]:
    found = connection.cursor().execute(sql)
    names = [column[0] for column in found.description or ()]
    while block := found.fetchmany(_ROWS_AT_ONCE):
        for row in block:
            yield dict(zip(names, row, strict=True))


def group_rows(found: Iterable[Row], *names: str) -> dict[Any, list[Row]]:
    """Rows by the value of a column, or by the values of several."""
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in found:
        groups[row[names[0]] if len(names) == 1 else tuple(row[name] for name in names)].append(row)
    return dict(groups)


def _by(name: str, found: Sequence[Row]) -> dict[Any, Row]:
    return {row[name]: row for row in found}


def _nested(connection: Connection, sql: str, name: str) -> dict[str, dict[Any, Row]]:
    nested: dict[str, dict[Any, Row]] = defaultdict(dict)
    for row in stream_rows(connection, sql):
        nested[row["city_code"]][row[name]] = row
    return dict(nested)
