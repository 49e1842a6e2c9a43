"""The scorecards as the commands read them from a release: of all cities, and of one."""

from __future__ import annotations

from typing import Any

from assets.core.errors import Issue
from assets.release.read.reader import Release

Row = dict[str, Any]


def read_overview(release: Release) -> tuple[list[Row], list[Row], list[Row]]:
    """Cities with their index, dimensions in order, and the score of each city in each dimension."""
    cities = release.rows(
        """
        select cities.name_zh, cities.name_en, scores.*
        from scorecards.city_scores as scores
        inner join reference.cities as cities on scores.city_code = cities.city_code
        order by scores.city_code
        """
    )
    dimensions = release.rows("select dimension_id, name_zh, name_en from reference.dimensions order by position")
    return cities, dimensions, release.rows("from scorecards.dimension_scores order by city_code, dimension_id")


def read_city_scores(release: Release, city_code: str) -> tuple[list[Row], list[Row]]:
    """The indicators of one city that have a figure, and those that await data, in the order of the dimensions."""
    approved = _is_approved(release)
    rows = release.rows(
        f"""
        select
            dimensions.name_zh as dimension_zh, dimensions.name_en as dimension_en, indicators.name_zh,
            indicators.name_en, indicators.decimals, sources.publication_zh, sources.publication_en,
            projections.projected_year, projections.projected_value, projections.projected_low,
            projections.projected_high, projections.probability_met, projections.expected_year, scores.*,
            flagged.flags_zh, flagged.flags_en
        from scorecards.indicator_scores as scores
        inner join reference.indicators as indicators on scores.indicator_id = indicators.indicator_id
        inner join reference.dimensions as dimensions on scores.dimension_id = dimensions.dimension_id
        left join reference.sources as sources on scores.source_id = sources.source_id
        left join scorecards.projections as projections
            on scores.city_code = projections.city_code and scores.indicator_id = projections.indicator_id
        left join (
            select
                city_code, indicator_id, year, scope,
                string_agg(name_zh || if({approved}, '（已放行）', ''), '、' order by detector) as flags_zh,
                string_agg(name_en || if({approved}, ' (approved)', ''), ', ' order by detector) as flags_en
            from quality.flags as flags
            inner join reference.detectors as detectors on flags.detector = detectors.detector_id
            group by all
        ) as flagged
            on scores.city_code = flagged.city_code and scores.indicator_id = flagged.indicator_id
            and scores.year = flagged.year and scores.scope = flagged.scope
        where scores.city_code = ?
        order by dimensions.position, indicators.dataset, scores.indicator_id
        """,
        [city_code],
    )
    have = [row for row in rows if row["data_status"] != "awaiting_data"]
    return have, [row for row in rows if row["data_status"] == "awaiting_data"]


def read_city_ranks(release: Release, city_code: str) -> list[Row]:
    """The rank of a city in each ranking with its interval; without one where too few cities have a score."""
    return release.rows(
        """
        select
            rankings.*, dimensions.name_zh, dimensions.name_en, intervals.nominal_rank, intervals.median_rank,
            intervals.rank_low, intervals.rank_high, intervals.probability_top_three
        from scorecards.rankings as rankings
        left join reference.dimensions as dimensions on rankings.dimension_id = dimensions.dimension_id
        left join scorecards.rank_intervals as intervals
            on
                rankings.level = intervals.level
                and rankings.dimension_id is not distinct from intervals.dimension_id
                and intervals.city_code = ?
        order by rankings.level desc, dimensions.position
        """,
        [city_code],
    )


def read_city_quarantine(release: Release, city_code: str) -> list[Row]:
    """The figures of one city that are held back as implausible."""
    return release.rows(
        """
        select indicators.name_zh, indicators.name_en, flags.*
        from quality.flags as flags
        inner join reference.indicators as indicators on flags.indicator_id = indicators.indicator_id
        semi join observations.observations as held
            on held.is_held and flags.city_code = held.city_code and flags.indicator_id = held.indicator_id
                and flags.year = held.year and flags.scope = held.scope and flags.vintage = held.vintage
        where flags.severity = 'blocking' and flags.city_code = ?
        order by flags.indicator_id, flags.year, flags.scope, flags.detector
        """,
        [city_code],
    )


def find_quarantined_blocks(release: Release) -> list[Issue]:
    """What is held back, one finding for each indicator, year and file: where it stands and what to do."""
    rows = release.rows(
        """
        select
            flags.file, flags.sheet, flags.year, flags.scope, indicators.indicator_id, indicators.name_zh,
            min(line) as first_line, string_agg(line, ', ' order by line) as lines
        from quality.flags as flags
        inner join reference.indicators as indicators on flags.indicator_id = indicators.indicator_id
        semi join observations.observations as held
            on held.is_held and flags.city_code = held.city_code and flags.indicator_id = held.indicator_id
                and flags.year = held.year and flags.scope = held.scope and flags.vintage = held.vintage
        where flags.severity = 'blocking' and flags.detector = 'shifted_block'
        group by all
        order by all
        """
    )
    return [
        Issue(
            "block_shifted",
            f"{row['name_zh']} {row['indicator_id']} {row['year']} {row['scope']}, {row['lines']}",
            "quality.flags",
            row["file"],
            row["first_line"],
        )
        for row in rows
    ]


def count_flags(release: Release) -> list[Row]:
    """How many figures each detector flags, the gravest first."""
    return release.rows(
        f"""
        from (
            select
                flags.detector, detectors.name_zh, detectors.name_en,
                if({_is_approved(release)}, 'approved', flags.severity) as severity, count(*) as flags
            from quality.flags as flags
            inner join reference.detectors as detectors on flags.detector = detectors.detector_id
            group by all
        )
        order by list_position(['blocking', 'warning', 'note', 'approved'], severity), detector
        """
    )


def _is_approved(release: Release) -> str:
    """Whether a flag is approved, as SQL; in a release of an older make none is."""
    known = release.rows(
        "from duckdb_columns() where schema_name = 'quality' and table_name = 'flags' and column_name = 'is_approved'"
    )
    return "flags.is_approved" if known else "false"
