"""The scorecards as the commands read them from a release: of all cities, and of one.

Here also: the select of the figures that terminal, report and workbook show. Not here: the views (sql/presentation).
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from assets.core.errors import Issue
from assets.release.read.queries import read_rows, view_sql
from assets.release.read.reader import Release, Row


def select_figures(flags: str) -> str:
    """Return a select of the figures: `scorecard_rows` with `flags_zh` and `flags_en`, the detectors that flagged them.

    It is no view, because only DuckDB lists the names of a row in this way. `flags` is the condition for the rows of
    `flag_rows` that are named.
    """
    return f"""
        select figures.*, flagged.flags_zh, flagged.flags_en
        from ({view_sql("scorecard_rows")}) as figures
        left join (
            select
                city_code, indicator_id, year, scope,
                string_agg(detector_zh || if(is_approved, '（已放行）', ''), '、' order by detector) as flags_zh,
                string_agg(detector_en || if(is_approved, ' (approved)', ''), ', ' order by detector) as flags_en
            from ({view_sql("flag_rows")}) where {flags} group by all
        ) as flagged
            on figures.city_code = flagged.city_code and figures.indicator_id = flagged.indicator_id
            and figures.year = flagged.year and figures.scope = flagged.scope
    """


_SCORE_ORDER = ("city_code", "is_headline desc", "basket_id", "dimension_position", "dimension_id")


class Overview(NamedTuple):
    """The cities with their index, the dimensions in order, the dimension scores, and how they are made.

    `method` has the parameters and the headline basket, to which the index belongs; the dimension scores are of all
    baskets, the headline first.
    """

    cities: list[Row]
    dimensions: list[Row]
    scores: list[Row]
    method: Row


def read_overview(release: Release) -> Overview:
    """Return the scores of all cities."""
    return Overview(
        read_rows(release, "city_overview", ("city_code",)),
        read_rows(release, "reference.dimensions", ("position",)),
        read_rows(release, "dimension_score_rows", _SCORE_ORDER),
        read_method(release),
    )


def read_method(release: Release) -> Row:
    """Return the parameters of the method with `basket_zh` and `basket_en`, the names of the headline basket."""
    (method,) = release.rows(
        "select parameters.*, name_zh as basket_zh, name_en as basket_en "
        "from reference.parameters as parameters inner join reference.baskets on is_headline"
    )
    return method


def read_city_ranges(release: Release, city_code: str) -> list[Row]:
    """Return the dimension scores of a city in every basket, each with the interval of its simulated ranks if any."""
    ranks = {row["dimension_id"]: row for row in read_rows(release, "rank_rows", city_code=city_code)}
    rows = read_rows(release, "dimension_score_rows", _SCORE_ORDER, city_code=city_code)
    for row in rows:
        interval = ranks.get(row["dimension_id"], {}) if row["is_headline"] else {}
        row |= {name: interval.get(name) for name in ("rank_low", "rank_high", "cities_ranked")}
    return rows


def read_city_scores(release: Release, city_code: str) -> tuple[list[Row], list[Row]]:
    """Return the indicators of a city that have a value, and those that await data, by dimension."""
    select = f"from ({select_figures('true')}) where city_code = ? order by dimension_position, dataset, indicator_id"
    rows = release.rows(select, [city_code])
    has_value = [row for row in rows if row["data_status"] != "awaiting_data"]
    return has_value, [row for row in rows if row["data_status"] == "awaiting_data"]


def read_city_quarantine(release: Release, city_code: str) -> list[Row]:
    """Return the flags of the values of a city that are held back as implausible."""
    order = ("indicator_id", "year", "scope", "detector")
    return read_rows(release, "flag_rows", order, severity="blocking", is_quarantined=True, city_code=city_code)


def find_quarantined_figures(release: Release) -> list[Issue]:
    """Return one issue for each detector, file, sheet and year of which figures are held back."""
    group = ("file", "sheet", "year", "detector")
    issues = []
    for _, rows in groupby(
        read_rows(release, "flag_rows", (*group, "line", "indicator_id"), severity="blocking", is_quarantined=True),
        key=lambda row: [row[name] for name in group],
    ):
        first, *others = rows
        names = ", ".join(sorted({row["indicator_id"] for row in (first, *others)}))
        lines = ", ".join(str(line) for line in sorted({row["line"] for row in (first, *others)}))
        what = f"{first['detector']} {first['year']}: {names}; {lines}"
        issues.append(Issue("figures_held_back", what, "quality.flags", first["file"], first["line"]))
    return issues
