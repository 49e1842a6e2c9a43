"""The scorecards as the commands read them from a release: of all cities, and of one."""

from __future__ import annotations

from typing import Any

from assets.release.reader import Release

Row = dict[str, Any]


def overview(release: Release) -> tuple[list[Row], list[Row], list[Row]]:
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


def of_city(release: Release, city_code: str) -> tuple[list[Row], list[Row]]:
    """The indicators of one city that have a figure, and those that await data, in the order of the dimensions."""
    rows = release.rows(
        """
        select
            dimensions.name_zh as dimension_zh, dimensions.name_en as dimension_en, indicators.name_zh,
            indicators.name_en, indicators.decimals, sources.publication_zh, sources.publication_en, scores.*
        from scorecards.indicator_scores as scores
        inner join reference.indicators as indicators on scores.indicator_id = indicators.indicator_id
        inner join reference.dimensions as dimensions on scores.dimension_id = dimensions.dimension_id
        left join reference.sources as sources on scores.source_id = sources.source_id
        where scores.city_code = ?
        order by dimensions.position, indicators.dataset, scores.indicator_id
        """,
        [city_code],
    )
    have = [row for row in rows if row["data_status"] != "awaiting_data"]
    return have, [row for row in rows if row["data_status"] == "awaiting_data"]
