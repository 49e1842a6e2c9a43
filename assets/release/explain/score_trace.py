"""The trace of a score: its formula with the figures, and the file and line that each figure comes from.

Here: the rows of a release behind one score as plain dictionaries, and the original lines from the archive. Not here:
layouts (pipelines.cli.render.trace). The formula is computed again only to be compared with the published score.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from decimal import Decimal
from string import ascii_uppercase

from assets.core.paths import Paths
from assets.release.explain.source_line import SheetRowReader, read_source_line
from assets.release.read.lookup import find_city, find_scored_item
from assets.release.read.queries import read_rows
from assets.release.read.reader import Release, Row

INDEX = "index"
ENDS = ("evidenced", "possible")
_TOLERANCE = 1e-9


def trace_score(release: Release, paths: Paths, city: str, item: str, read_sheet_row: SheetRowReader) -> Row:
    """Return the trace of the score of a city: `item` is `index`, or a name of an indicator or a dimension.

    The row of a workbook behind a figure is read with `read_sheet_row`.

    Raises:
        UsageError: the city or the item is unknown.
    """
    names = find_city(release, city)
    code = names["city_code"]
    level, identifier = (INDEX, None) if item == INDEX else find_scored_item(release, item)
    if level == "indicator" and identifier is not None:
        trace = _trace_indicator(release, paths, code, identifier, read_sheet_row)
    else:
        trace = _trace_group(release, code, identifier)
    return {"release_id": release.manifest.release_id, "city": names, **trace}


def _trace_group(release: Release, code: str, dimension_id: str | None = None) -> Row:
    """Return the ranges of a dimension or, without one, of the index, in every basket, the headline first."""
    baskets = read_rows(release, "reference.baskets", ("is_headline desc", "basket_id"))
    key = {"city_code": code} | ({} if dimension_id is None else {"dimension_id": dimension_id})
    table = "scorecards.city_scores" if dimension_id is None else "scorecards.dimension_scores"
    ranges = []
    for basket in baskets:
        of_basket = {**key, "basket_id": basket["basket_id"]}
        (score,) = read_rows(release, table, **of_basket)
        open_figures = read_rows(release, "open_figures", ("points desc", "indicator_id"), **of_basket)
        if dimension_id is None:
            order = ("dimension_position",)
            members = read_rows(release, "dimension_score_rows", order, **of_basket, is_in_index=True)
            open_figures = _scale_points(open_figures, members)
        else:
            members = _read_members(release, basket["basket_id"], code, dimension_id)
        formulas = {
            end: weighted_mean_formula(members, end, score[end]) for end in ENDS if score["evidenced"] is not None
        }
        ranges.append(
            {"basket": basket, "score": score, "formulas": formulas, "members": members, "open": open_figures}
        )
    presets = """
        select presets.*, scores.score, scores.coverage
        from scorecards.preset_scores as scores
        inner join reference.presets as presets using (preset_id)
        inner join reference.baskets as baskets using (basket_id)
        where baskets.is_headline and city_code = ? and item_id = ? order by preset_id
    """
    return {
        "level": INDEX if dimension_id is None else "dimension",
        "dimension": None
        if dimension_id is None
        else _fetch_one(release, "reference.dimensions", dimension_id=dimension_id),
        "ranges": ranges,
        "presets": release.rows(presets, [code, dimension_id or "all"]),
    }


def _scale_points(open_figures: Sequence[Row], dimensions: Sequence[Row]) -> list[Row]:
    """Return the open figures of the directions with the points of the index that each would close."""
    total = sum(row["weight"] for row in dimensions)
    shares = {row["dimension_id"]: row["weight"] / total for row in dimensions if row["weight"] > 0}
    rows = [
        {**row, "points": row["points"] * shares[row["dimension_id"]]}
        for row in open_figures
        if row["dimension_id"] in shares
    ]
    return sorted(rows, key=lambda row: -row["points"])


def _read_members(release: Release, basket_id: str, code: str, dimension_id: str) -> list[Row]:
    """Return the indicators of a dimension and basket; without a score, `evidenced` is 0 and `possible` 100."""
    return release.rows(
        """
        select scores.indicator_id, indicators.name_zh, indicators.name_en, scores.attainment,
            coalesce(members.weight, scores.weight) as weight, scores.data_status, scores.value, scores.unit,
            scores.year, coalesce(scores.attainment, 0) as evidenced, coalesce(scores.attainment, 100) as possible
        from reference.basket_indicators as members
        inner join scorecards.indicator_scores as scores using (indicator_id)
        inner join reference.indicators as indicators using (indicator_id)
        where members.basket_id = ? and scores.city_code = ? and scores.dimension_id = ?
        order by scores.attainment is null, scores.indicator_id
        """,
        [basket_id, code, dimension_id],
    )


def _trace_indicator(
    release: Release, paths: Paths, code: str, indicator_id: str, read_sheet_row: SheetRowReader
) -> Row:
    key = {"city_code": code, "indicator_id": indicator_id}
    (score,) = read_rows(release, "scorecards.indicator_scores", **key)
    (indicator,) = read_rows(release, "reference.indicators", indicator_id=indicator_id)
    goalposts = _fetch_one(release, "reference.goalposts", indicator_id=indicator_id)
    point = _fetch_one(release, "scorecards.attainment_history", **key, year=score["year"])
    year = {"year": score["year"], "scope": score["scope"]}
    vintages = read_rows(release, "vintage_rows", ("vintage desc",), **key, **year)
    parts = read_rows(release, "part_rows", ("part desc",), **key, year=score["year"])
    for row in [*vintages, *parts]:
        place, encoding = (row["file_sha256"], row["sheet"]), row.pop("encoding")
        row["cells"] = _read_cells(release, code, row.get("part_id") or indicator_id, row)
        lines = sorted({int(cell.lstrip(ascii_uppercase)) for cell in row["cells"].values()}) or [row["line"]]
        sent = [read_source_line(paths, *place, line, encoding, read_sheet_row) for line in lines]
        texts = [line.text for line in sent if line.text is not None]
        row["as_sent"] = sent[0]._replace(text="\n".join(texts) or None)._asdict()
    flags = """
        select flags.*, detectors.name_zh, detectors.name_en
        from quality.flags as flags
        inner join reference.detectors as detectors on flags.detector = detectors.detector_id
        where flags.city_code = ? and flags.indicator_id = ?
        order by flags.year desc, flags.scope, flags.detector
    """
    return {
        "level": "indicator",
        "indicator": indicator,
        "score": score,
        "formula": None if point is None or goalposts is None else attainment_formula(point, goalposts, indicator),
        "goalposts": goalposts,
        "target": _fetch_one(release, "target_rows", target_id=score["target_id"]),
        "source": _fetch_one(release, "reference.sources", source_id=score["source_id"]),
        "vintages": vintages,
        "parts": parts,
        "flags": release.rows(flags, [code, indicator_id]),
        "rejected": _read_rejects(release, code, indicator["dataset"], [row["file_sha256"] for row in vintages]),
    }


def _read_cells(release: Release, code: str, indicator_id: str, row: Row) -> dict[str, str]:
    """Return the cells of a figure and of its place and year by column, of a sheet that was rearranged, else none."""
    dataset = indicator_id.split(".")[0]
    year = row.get("part_year", row.get("year"))
    others = {other["indicator_id"] for other in read_rows(release, "reference.indicators", dataset=dataset)}
    places = {"city_code": code, "file_sha256": row["file_sha256"], "line": row["line"]}
    for sent in read_rows(release, f"intake.{dataset}", **places):
        is_row = sent.get("year", year) == year and sent.get("indicator", indicator_id) == indicator_id
        if is_row and sent["sheet"] == row["sheet"] and sent["figure_cells"]:
            cells: dict[str, str] = json.loads(sent["figure_cells"])
            return {name: cell for name, cell in cells.items() if f"{dataset}.{name}" not in others - {indicator_id}}
    return {}


def _fetch_one(release: Release, name: str, **filters: object) -> Row | None:
    rows = read_rows(release, name, (), **filters)
    return rows[0] if rows else None


def _read_rejects(release: Release, code: str, dataset: str, hashes: Sequence[str]) -> list[Row]:
    """Return rejected rows of the dataset that name the city, then those of the files with the figures."""
    (city,) = read_rows(release, "reference.cities", city_code=code)
    aliases = read_rows(release, "reference.aliases", city_code=code)
    names = {code, city["name_zh"], city["short_zh"], city["name_en"], *(row["alias"] for row in aliases)}
    rows = read_rows(release, "intake.rejects", ("file", "line", "error_number"), dataset=dataset)
    for row in rows:
        text = (row["raw_row"] or "").lower()
        row["names_the_city"] = any(name.lower() in text for name in names)
    related = [row for row in rows if row["names_the_city"] or row["file_sha256"] in hashes]
    return sorted(related, key=lambda row: not row["names_the_city"])


def attainment_formula(point: Row, goalposts: Row, indicator: Row) -> Row:
    """Return the formula of an indicator score (docs/method.md) with the figures of a row of attainment_history.

    Returns:
        `rule` and `text`, the results before and after clipping to 0..100, and `is_published`: whether the result is
        the published score.
    """
    decimals = int(indicator["decimals"])
    value = Decimal(point["value_scaled"]).scaleb(-decimals)
    lower, upper = (scale_value(goalposts[end], decimals) for end in ("lower", "upper"))
    if lower is not None and upper is not None:
        low, high, x = (_format_decimal(number) for number in (lower, upper, value))
        if goalposts["scale"] == "log":
            text = f"100 × ln({x} ÷ {low}) ÷ ln({high} ÷ {low})"
            result = _log_attainment(float(value), float(lower), float(upper))
            rule = "clip(100 ln(x / L) / ln(T / L), 0, 100)"
        else:
            text = f"100 × ({x} − {low}) ÷ ({high} − {low})"
            result = 100 * float(value - lower) / float(upper - lower)
            rule = "clip(100 (x − L) / (T − L), 0, 100)"
    elif goalposts["tolerance"] is not None:
        numbers = [float(point["value"]), *(float(goalposts[n]) for n in ("range_low", "range_high", "tolerance"))]
        x, low, high, width = map(_format_float, numbers)
        text = f"100 × (1 − max({low} − {x}, 0, {x} − {high}) ÷ {width})"
        result = 100 * (1 - max(numbers[1] - numbers[0], 0, numbers[0] - numbers[2]) / numbers[3])
        rule = "clip(100 (1 − max(a − x, 0, x − b) / w), 0, 100)"
    else:
        return {"rule": None, "text": None, "result": None, "is_published": False}
    return _compare_result(rule, text, result, min(max(result, 0.0), 100.0), point["attainment"])


def _log_attainment(value: float, lower: float, upper: float) -> float:
    """Return the attainment on a logarithmic scale; a value without a logarithm is beyond the goalpost nearer to 0."""
    if value <= 0:
        return 0.0 if lower < upper else 100.0
    return 100 * math.log(value / lower) / math.log(upper / lower)


def weighted_mean_formula(members: Sequence[Row], end: str, published: float) -> Row:
    """Return the weighted mean of one end of the members' ranges, with its figures."""
    weighted = [row for row in members if row["weight"] > 0]
    terms = " + ".join(f"{_format_float(row['weight'])} × {_format_float(round(row[end], 8))}" for row in weighted)
    divisor = " + ".join(_format_float(row["weight"]) for row in weighted)
    # As the SQL does it: sums of integers, divided once.
    weights = [math.floor(row["weight"] * 1e6 + 0.5) for row in weighted]
    scores = [math.floor(row[end] * 1e8 + 0.5) for row in weighted]
    total = sum(w * s for w, s in zip(weights, scores, strict=True))
    result = math.floor(total / sum(weights) + 0.5) / 1e8
    return _compare_result("Σ w·s / Σ w", f"({terms}) ÷ ({divisor})", result, result, published)


def _compare_result(rule: str, text: str, result: float, clipped: float, published: float | None) -> Row:
    is_published = published is not None and math.isclose(clipped, published, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    return {"rule": rule, "text": text, "unclipped": result, "result": clipped, "is_published": is_published}


def scale_value(value: float | None, decimals: int) -> Decimal | None:
    """Return a value rounded to the decimals of its indicator, as the SQL rounds it."""
    return None if value is None else Decimal(math.floor(value * 10.0**decimals + 0.5)).scaleb(-decimals)


def _format_decimal(value: Decimal) -> str:
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"({text})" if value < 0 else text


def _format_float(value: float) -> str:
    return _format_decimal(Decimal(f"{value:.15g}"))
