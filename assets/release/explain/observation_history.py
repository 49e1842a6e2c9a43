"""The history of one figure as the commands read it from a release: every vintage, and what took its place when.

Here: the vintages and their succession. Not here: finding the indicator (assets.release.read.lookup), which vintage is
current (sql/observations/observation_vintages.sql), layouts (pipelines.cli.render.tables).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from assets.release.read.reader import Release

Row = dict[str, Any]


def read_observation_history(release: Release, city_code: str, indicator_id: str) -> list[Row]:
    """Every vintage of every year and scope, the earlier ones first, with its arrival and what superseded it."""
    rows = release.rows(
        """
        select
            observations.* exclude (city_code, indicator_id), arrivals.received_at, sources.publication_zh,
            sources.publication_en, corrections.reason_zh as correction_zh, corrections.reason_en as correction_en,
            corrections.decided_by as corrected_by, corrections.decided_date as corrected_date
        from observations.city_observations as observations
        inner join reference.indicators as indicators using (indicator_id)
        inner join reference.sources as sources using (source_id)
        left join intake.file_arrivals as arrivals
            on indicators.dataset = arrivals.dataset and observations.file_sha256 = arrivals.file_sha256
        left join observations.applied_corrections as corrections
            on observations.correction_id = corrections.correction_id
                and observations.file_sha256 = corrections.file_sha256
                and observations.sheet is not distinct from corrections.sheet
                and observations.line = corrections.line
        where observations.city_code = ? and observations.indicator_id = ?
        order by observations.year, observations.scope, observations.vintage
        """,
        [city_code, indicator_id],
    )
    told = []
    for _, group in groupby(rows, key=lambda row: (row["year"], row["scope"])):
        vintages = list(group)
        told += [{**row, **_succession(row, vintages)} for row in vintages]
    return told


def _succession(row: Row, vintages: Sequence[Row]) -> Row:
    """What took the place of a vintage, and when: the first of a higher rank to arrive, at the earliest at once.

    A figure that met one of a higher rank when it arrived was never current; a dropped one gives way to its correction.
    """
    standing = [other for other in vintages if other["correction_action"] != "drop"]
    higher = [other for other in standing if other["vintage"] > row["vintage"]]
    if row["correction_action"] == "drop" or not higher:
        return _superseded(None, None, was_current=row["is_current"])
    moment = max(row["received_at"], min(other["received_at"] for other in higher))
    successor = max((other for other in higher if other["received_at"] <= moment), key=lambda other: other["vintage"])
    return _superseded(successor, moment, was_current=moment > row["received_at"])


def _superseded(successor: Row | None, moment: object, was_current: bool) -> Row:
    by = successor or {}
    return {
        "was_current": was_current,
        "superseded_at": moment,
        "superseded_by_file": by.get("file"),
        "superseded_by_line": by.get("line"),
        "superseded_by_source_id": by.get("source_id"),
    }
