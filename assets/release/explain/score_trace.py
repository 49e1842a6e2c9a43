"""The tree of a number: from a score back to the file and the line that it rests on.

Here: what a release says about one score, gathered by city and indicator, dimension or index, as plain dictionaries;
the formula with its figures; the line as it was sent, read from the archive. Not here: how it is shown
(pipelines.cli.render.trace). Nothing is computed but what the formula shows, and that is compared with the published
score.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from assets.core.paths import Paths
from assets.release.explain.source_line import read_source_line
from assets.release.read.lookup import find_city, find_scored_item
from assets.release.read.reader import Release

Row = dict[str, Any]

INDEX = "index"
_EQUAL = 1e-9


def trace_score(release: Release, paths: Paths, city: str, item: str) -> Row:
    """The tree of an indicator, a dimension or the index of a city. Raises WrongCall where a name is unknown."""
    found = find_city(release, city)
    code = found["city_code"]
    if item == INDEX:
        tree = _of_index(release, code)
    else:
        level, name = find_scored_item(release, item)
        tree = _of_dimension(release, code, name) if level == "dimension" else _of_indicator(release, paths, code, name)
    return {"release_id": release.manifest.release_id, "city": found, **tree}


def _of_index(release: Release, code: str) -> Row:
    score = _need(release, "select * from scorecards.city_scores where city_code = ?", code)
    members = release.rows(
        """
        select dimensions.dimension_id, dimensions.name_zh, dimensions.name_en, dimensions.weight,
            dimensions.is_in_index, scores.score, scores.score_status as status,
            scores.indicators_scored, scores.indicators_total, scores.minimum_indicators_share
        from reference.dimensions as dimensions
        inner join scorecards.dimension_scores as scores using (dimension_id)
        where scores.city_code = ?
        order by dimensions.position
        """,
        [code],
    )
    carrying = [row for row in members if row["is_in_index"]]
    # Below the threshold no mean of the dimensions is published, so none is worked out either.
    formula = None if score["city_index"] is None else weighted_mean_formula(carrying, score["city_index"])
    return {"level": INDEX, "score": score, "formula": formula, "members": members}


def _of_dimension(release: Release, code: str, dimension_id: str) -> Row:
    score = _need(
        release,
        "select * from scorecards.dimension_scores where city_code = ? and dimension_id = ?",
        code,
        dimension_id,
    )
    members = release.rows(
        """
        select scores.indicator_id, indicators.name_zh, indicators.name_en, scores.weight,
            scores.attainment as score, scores.data_status as status, scores.value, scores.unit, scores.year,
            indicators.decimals, indicators.maximum_age_years, indicators.dataset
        from scorecards.indicator_scores as scores
        inner join reference.indicators as indicators using (indicator_id)
        where scores.city_code = ? and scores.dimension_id = ?
        order by scores.attainment is null, scores.indicator_id
        """,
        [code, dimension_id],
    )
    names = _need(release, "select name_zh, name_en from reference.dimensions where dimension_id = ?", dimension_id)
    formula = weighted_mean_formula([row for row in members if row["weight"] > 0], score["mean_of_available"])
    return {"level": "dimension", "dimension": names, "score": score, "formula": formula, "members": members}


def _of_indicator(release: Release, paths: Paths, code: str, indicator_id: str) -> Row:
    key = (code, indicator_id)
    score = _need(release, "select * from scorecards.indicator_scores where city_code = ? and indicator_id = ?", *key)
    indicator = _need(release, "select * from reference.indicators where indicator_id = ?", indicator_id)
    goalposts = _one(release, "select * from reference.goalposts where indicator_id = ?", indicator_id)
    point = _one(
        release,
        "select * from scorecards.attainment_history where city_code = ? and indicator_id = ? and year = ?",
        *key,
        score["year"],
    )
    vintages = release.rows(
        """
        select vintages.*, sources.publication_zh, sources.publication_en, sheets.encoding
        from observations.city_observations as vintages
        left join reference.sources as sources using (source_id)
        left join intake.sheets as sheets
            on vintages.file_sha256 = sheets.file_sha256 and vintages.sheet is not distinct from sheets.sheet
        where vintages.city_code = ? and vintages.indicator_id = ? and vintages.year = ? and vintages.scope = ?
        order by vintages.vintage desc
        """,
        [*key, score["year"], score["scope"]],
    )
    for vintage in vintages:
        where = (vintage["file_sha256"], vintage["sheet"], vintage["line"], vintage.pop("encoding"))
        vintage["as_sent"] = read_source_line(paths, *where)._asdict()
    return {
        "level": "indicator",
        "indicator": indicator,
        "score": score,
        "formula": None if point is None or goalposts is None else attainment_formula(point, goalposts, indicator),
        "goalposts": goalposts,
        "target": _target(release, score["target_id"]),
        "source": _one(release, "select * from reference.sources where source_id = ?", score["source_id"]),
        "vintages": vintages,
        "flags": _flags(release, code, indicator_id),
        "rejected": _rejected(release, code, indicator, [row["file_sha256"] for row in vintages]),
    }


def _target(release: Release, target_id: str | None) -> Row | None:
    return _one(
        release,
        """
        select targets.*, sources.publication_zh, sources.publication_en
        from reference.targets as targets left join reference.sources as sources using (source_id)
        where targets.target_id = ?
        """,
        target_id,
    )


def _flags(release: Release, code: str, indicator_id: str) -> list[Row]:
    """What the plausibility detectors remark on the figures of this indicator."""
    return release.rows(
        """
        select flags.*, detectors.name_zh, detectors.name_en
        from quality.flags as flags
        inner join reference.detectors as detectors on flags.detector = detectors.detector_id
        where flags.city_code = ? and flags.indicator_id = ?
        order by flags.year desc, flags.scope, flags.detector
        """,
        [code, indicator_id],
    )


def _rejected(release: Release, code: str, indicator: Row, hashes: Sequence[str]) -> list[Row]:
    """Rejected rows of the dataset that name the city, then the others of the files that the figures came from."""
    names = release.rows(
        """
        select unnest([city_code, name_zh, short_zh, name_en]) as name from reference.cities where city_code = $1
        union select alias from reference.aliases where city_code = $1
        """,
        [code],
    )
    rows = release.rows(
        "select * from intake.rejects where dataset = ? order by file, line, error_number", [indicator["dataset"]]
    )
    for row in rows:
        text = (row["raw_row"] or "").lower()
        row["names_the_city"] = any(name["name"].lower() in text for name in names)
    near = [row for row in rows if row["names_the_city"] or row["file_sha256"] in hashes]
    return sorted(near, key=lambda row: not row["names_the_city"])


def attainment_formula(point: Row, goalposts: Row, indicator: Row) -> Row:
    """The formula of a score with its figures, what it gives, and whether that is the published score."""
    decimals = int(indicator["decimals"])
    value, floor, upper = (
        Decimal(point["value_scaled"]).scaleb(-decimals),
        scaled_integer(goalposts["lower"], decimals),
        scaled_integer(goalposts["upper"], decimals),
    )
    if floor is not None and upper is not None:
        text = f"100 × ({_in(value)} − {_in(floor)}) ÷ ({_in(upper)} − {_in(floor)})"
        result = 100 * float(value - floor) / float(upper - floor)
        rule = "clip(100 (x − L) / (T − L), 0, 100)"
    elif goalposts["tolerance"] is not None:
        x, a, b, w = (float(value) for value in (
            point["value"], goalposts["range_low"], goalposts["range_high"], goalposts["tolerance"]))  # fmt: skip
        text = f"100 × (1 − max({_of(a)} − {_of(x)}, 0, {_of(x)} − {_of(b)}) ÷ {_of(w)})"
        result = 100 * (1 - max(a - x, 0, x - b) / w)
        rule = "clip(100 (1 − max(a − x, 0, x − b) / w), 0, 100)"
    else:
        return {"rule": None, "text": None, "result": None, "is_published": False}
    return _compared(rule, text, result, min(max(result, 0.0), 100.0), point["attainment"])


def weighted_mean_formula(members: Sequence[Row], published: float | None) -> Row | None:
    """The weighted mean of the members that have a score, with its figures."""
    scored = [row for row in members if row["score"] is not None and row["weight"] > 0]
    if not scored:
        return None
    above = " + ".join(f"{_of(row['weight'])} × {_of(round(row['score'], 8))}" for row in scored)
    below = " + ".join(_of(row["weight"]) for row in scored)
    # As the SQL does it: whole numbers, divided once.
    weights = [math.floor(row["weight"] * 1e6 + 0.5) for row in scored]
    scores = [math.floor(row["score"] * 1e8 + 0.5) for row in scored]
    result = sum(w * s for w, s in zip(weights, scores, strict=True)) / (sum(weights) * 1e8)
    return _compared("Σ w·s / Σ w", f"({above}) ÷ ({below})", result, result, published)


def _compared(rule: str, text: str, result: float, clipped: float, published: float | None) -> Row:
    agrees = published is not None and math.isclose(clipped, published, rel_tol=_EQUAL, abs_tol=_EQUAL)
    return {"rule": rule, "text": text, "unclipped": result, "result": clipped, "is_published": agrees}


def scaled_integer(value: float | None, decimals: int) -> Decimal | None:
    """A figure as the SQL takes it: whole units of the indicator's last decimal."""
    return None if value is None else Decimal(math.floor(value * 10.0**decimals + 0.5)).scaleb(-decimals)


def _in(value: Decimal) -> str:
    shown = f"{value:f}"
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return f"({shown})" if value < 0 else shown


def _of(value: float) -> str:
    return _in(Decimal(f"{value:.15g}"))


def _one(release: Release, sql: str, *parameters: object) -> Row | None:
    rows = release.rows(sql, parameters)
    return rows[0] if rows else None


def _need(release: Release, sql: str, *parameters: object) -> Row:
    row = _one(release, sql, *parameters)
    assert row is not None, "a release lists every city with every indicator and dimension"
    return row
