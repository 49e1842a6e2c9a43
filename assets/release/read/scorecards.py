"""The scorecards as the commands read them from a release: of all cities, and of one.

Not here: the selects (sql/presentation).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from assets.core.errors import Issue
from assets.release.read.queries import read_rows
from assets.release.read.reader import Release

Row = dict[str, Any]


def read_overview(release: Release) -> tuple[list[Row], list[Row], list[Row]]:
    """Return the cities with their index, the dimensions in order, and the dimension scores of each city."""
    cities, dimensions = (
        read_rows(release, "city_overview", ("city_code",)),
        read_rows(release, "reference.dimensions", ("position",)),
    )
    return cities, dimensions, read_rows(release, "dimension_score_rows", ("city_code", "dimension_id"))


def read_city_scores(release: Release, city_code: str) -> tuple[list[Row], list[Row]]:
    """Return the indicators of a city that have a value, and those that await data, by dimension.

    `flags_zh` and `flags_en` name the detectors that flag the value; they are None where none does.
    """
    flags: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for flag in read_rows(release, "flag_rows", ("detector",), city_code=city_code):
        flags[flag["indicator_id"], flag["year"], flag["scope"]].append(flag)
    rows = read_rows(release, "scorecard_rows", ("dimension_position", "dataset", "indicator_id"), city_code=city_code)
    for row in rows:
        named = flags[row["indicator_id"], row["year"], row["scope"]]
        approved_zh, approved_en = ("（已放行）", " (approved)")
        row["flags_zh"] = "、".join(f["detector_zh"] + approved_zh * f["is_approved"] for f in named) or None
        row["flags_en"] = ", ".join(f["detector_en"] + approved_en * f["is_approved"] for f in named) or None
    has_value = [row for row in rows if row["data_status"] != "awaiting_data"]
    return has_value, [row for row in rows if row["data_status"] == "awaiting_data"]


def read_city_ranks(release: Release, city_code: str) -> list[Row]:
    """Return every ranking with the rank of a city and its interval; None where the city has no rank in it."""
    keys = ("nominal_rank", "median_rank", "rank_low", "rank_high", "probability_top_three")
    ranks = {
        row["dimension_id"]: row for row in read_rows(release, "rank_rows", ("dimension_id",), city_code=city_code)
    }
    rankings = read_rows(release, "ranking_rows", ("level desc", "dimension_position"))
    # The index is the ranking without a dimension.
    return [{**row, **{key: ranks.get(row["dimension_id"], {}).get(key) for key in keys}} for row in rankings]


def read_city_quarantine(release: Release, city_code: str) -> list[Row]:
    """Return the flags of the values of a city that are held back as implausible."""
    order = ("indicator_id", "year", "scope", "detector")
    return read_rows(release, "flag_rows", order, severity="blocking", is_quarantined=True, city_code=city_code)


def find_quarantined_blocks(release: Release) -> list[Issue]:
    """Return one issue for each indicator, year, scope and sheet of which shifted rows are held back."""
    order = ("file", "sheet", "year", "scope", "indicator_id", "line")
    blocks: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    flags = read_rows(release, "flag_rows", order, severity="blocking", is_quarantined=True, detector="row_shift")
    for row in flags:
        blocks[tuple(row[name] for name in order[:-1])].append(row)
    issues = []
    for rows in blocks.values():
        first = rows[0]
        lines = ", ".join(str(row["line"]) for row in rows)
        what = f"{first['name_zh']} {first['indicator_id']} {first['year']} {first['scope']}, {lines}"
        issues.append(Issue("rows_shifted", what, "quality.flags", first["file"], first["line"]))
    return issues
