"""The history of a figure: all its vintages, and which one superseded which, when.

Not here: which vintage is current (sql/observations/observation_vintages.sql), and layouts
(pipelines.cli.render.tables).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from assets.release.read.queries import read_rows
from assets.release.read.reader import Release, Row


def read_observation_history(release: Release, city_code: str, indicator_id: str) -> list[Row]:
    """Return every vintage of every year and scope, the earlier ones first, with its arrival and its successor."""
    order = ("year", "scope", "vintage")
    rows = read_rows(release, "vintage_rows", order, city_code=city_code, indicator_id=indicator_id)
    years = [list(group) for _, group in groupby(rows, key=lambda row: (row["year"], row["scope"]))]
    return [{**row, **_succession(row, vintages)} for vintages in years for row in vintages]


def _succession(row: Row, vintages: Sequence[Row]) -> Row:
    """Return which vintage superseded this one and when: the first one of a higher rank to arrive.

    A vintage that arrived after one of a higher rank was never current. A dropped one and progress never are.
    """
    higher = [v for v in vintages if v["vintage"] > row["vintage"] and _can_be_current(v)]
    successor: Row = {}
    moment, was_current = None, row["is_current"]
    if higher and _can_be_current(row):
        moment = max(row["received_at"], min(v["received_at"] for v in higher))
        successor = max((v for v in higher if v["received_at"] <= moment), key=lambda v: v["vintage"])
        was_current = moment > row["received_at"]
    return {
        "was_current": was_current,
        "superseded_at": moment,
        "superseded_by_file": successor.get("file"),
        "superseded_by_line": successor.get("line"),
        "superseded_by_source_id": successor.get("source_id"),
    }


def _can_be_current(row: Row) -> bool:
    return not row.get("is_progress") and row["correction_action"] != "drop"
