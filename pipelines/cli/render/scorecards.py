"""The scorecards of all cities and of one, with ranks, flags and projections."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from assets.core.i18n import Language, label, labels
from assets.core.ranges import BAR_MARKS, PARTS, format_range, split_bar
from assets.core.text import MISSING, format_decimal
from assets.release.read.scorecards import Overview
from pipelines.cli.render.layout import FittedTable, make_table
from pipelines.cli.render.tables import Row, phrase, select_headings

FLAG = "⚑"
_STATUS_STYLES = {
    "achieved": "green",
    "achieved_declining": "yellow",
    "on_track": "green",
    "moderate": "yellow",
    "limited": "dark_orange",
    "deteriorating": "red",
    "met": "green",
    "missed": "red",
    "not_available": "dim",
    "no_target": "dim",
}
_MAXIMUM_DECIMALS = 2
_BAR_LENGTH = 20


def format_value(row: Row, name: str = "value", decimals: int | None = None) -> str:
    """Return a value with its qualifier and the decimals of its indicator, at most two."""
    digits = min(row["decimals"] if decimals is None else decimals, _MAXIMUM_DECIMALS)
    qualifier = labels("qualifiers").get(row["qualifier"] or "") if name == "value" else None
    return f"{qualifier.zh if qualifier else ''}{format_decimal(row[name], digits)}"


def render_overview(overview: Overview, language: Language, most_cities: int | None = None) -> list[RenderableType]:
    """Return the table of all cities or the first ones, and notes on how to read it."""
    parts: list[RenderableType] = [render_cities(overview, language, most_cities)]
    if most_cities is not None and len(overview.cities) > most_cities:
        parts.append(Text(phrase("more_cities", language, count=len(overview.cities)), style="dim"))
    method, names = overview.method, {"minimum": overview.method["minimum_group_indicators"]}
    names |= {"basket": method[f"basket_{language}"], "open": f"{method['maximum_open']:g}"}
    parts.append(Text(phrase("ranges_note", language, **names), style="dim"))
    for city in overview.cities[:1]:
        if city["evidenced"] is None:
            counts = {"wide": city["dimensions_wide_enough"], "total": city["dimensions_total"]}
            parts.append(Text(phrase("no_index", language, **names, **counts), style="dim"))
    return parts


def render_cities(overview: Overview, language: Language, most_cities: int | None = None) -> FittedTable:
    """Return the score of each city in each dimension of the headline basket, with its rank where it has one."""
    scores = {(row["city_code"], row["dimension_id"]): row for row in overview.scores if row["is_headline"]}
    rows = [
        (
            Text(city[f"name_{language}"]),
            Text(f"{city['indicators_scored']}/{city['indicators_total']}"),
            *(_ranked_cell(scores[city["city_code"], dimension["dimension_id"]]) for dimension in overview.dimensions),
            _ranked_cell(city),
        )
        for city in overview.cities[:most_cities]
    ]
    headings = select_headings(("city", "indicators"), language)
    headings += [dimension[f"name_{language}"] for dimension in overview.dimensions]
    headings += select_headings(("index",), language)
    return make_table(headings, right=range(1, len(headings)), rows=rows)


def _range_cell(score: Row) -> Text:
    """Return a score; without a rank it is dim, and where no figure is there it is a dash."""
    if score["score_status"] in ("not_in_basket", "awaiting_data"):
        return Text(MISSING, style="dim")
    return Text(format_range(score["evidenced"], score["possible"]), style="bold" if score["rank"] else "dim")


def _ranked_cell(score: Row) -> Text:
    """Return a score with its rank, if it has one."""
    rank = "" if score["rank"] is None else f" ({score['rank']})"
    return Text.assemble(_range_cell(score), rank)


def _format_score(score: float | None) -> str:
    return MISSING if score is None else format_decimal(score, 1)


def render_city_ranges(city: Row, ranges: Sequence[Row], language: Language) -> list[RenderableType]:
    """Return the bar of each dimension of a city, with its rank in the headline basket and its range in the others."""
    others = list(dict.fromkeys(row[f"basket_{language}"] for row in ranges if not row["is_headline"]))
    scores = {(row["dimension_id"], row[f"basket_{language}"]): row for row in ranges}
    headings = select_headings(("dimension", "bar", "attainment", "rank", "bounds", "interval"), language)
    table = make_table([*headings, *others], right=range(2, 6 + len(others)))
    for row in ranges:
        if row["is_headline"]:
            cells = [_bar_cell(row), _range_cell(row), *_rank_cells(row, language)]
            other_cells = [_range_cell(scores[row["dimension_id"], basket]) for basket in others]
            table.add_row(row[f"name_{language}"], *cells, *other_cells)
    words = {part: f"{mark} {label('ranges', part, language)}" for part, mark in zip(PARTS, BAR_MARKS, strict=True)}
    title = Text(f"{city[f'name_{language}']}  {city['city_code']}", style="bold")
    return [title, table, Text(phrase("bar_note", language, **words), style="dim")]


def _bar_cell(score: Row) -> Text:
    if score["evidenced"] is None:
        return Text("")
    lengths = split_bar(score["evidenced"], score["possible"], _BAR_LENGTH)
    return Text("".join(mark * length for mark, length in zip(BAR_MARKS, lengths, strict=True)))


def _rank_cells(score: Row, language: Language) -> list[Text]:
    """Return the rank, the ranks that the open figures allow, and those of the simulations; or why there is none."""
    if score["rank"] is None:
        return [Text(label("score_statuses", score["score_status"], language), style="dim"), Text(""), Text("")]
    bounds = f"{score['best_rank']}–{score['worst_rank']}"
    is_simulated = score["rank_low"] is not None
    interval = f"{score['rank_low']:g}–{score['rank_high']:g} / {score['cities_ranked']}" if is_simulated else MISSING
    return [Text(str(score["rank"]), style="bold"), Text(bounds), Text(interval)]


def render_city_scorecard(rows: Sequence[Row], awaiting: Sequence[Row], language: Language) -> list[RenderableType]:
    """Return the indicators of one city by dimension, then those that await data."""
    parts: list[RenderableType] = []
    keys = ("indicator", "value", "year", "source", "target", "attainment", "status", "projection")
    for dimension in dict.fromkeys(row[f"dimension_{language}"] for row in rows):
        lines = [_indicator_cells(row, language) for row in rows if row[f"dimension_{language}"] == dimension]
        parts.append(make_table(select_headings(keys, language), right=(1, 2, 5), title=dimension, rows=lines))
    if any(row["projected_value"] is not None for row in rows):
        parts.append(Text(phrase("projection_note", language), style="dim"))
    if awaiting:
        names = phrase("name_separator", language).join(_name_awaiting(row, language) for row in awaiting)
        parts.append(Text(f"{phrase('awaiting_data', language, count=len(awaiting))}: {names}", style="dim"))
    return parts


def _name_awaiting(row: Row, language: Language) -> str:
    """The name of an indicator without a value, with the reason that the city gave."""
    name = str(row[f"name_{language}"])
    if row["gap_reason"] is None:
        return name
    return f"{name} ({row['gap_year']}: {label('gap_reasons', row['gap_reason'], language)})"


def _indicator_cells(row: Row, language: Language) -> list[Text]:
    times = "× " if row["unit"][:1].isdigit() else ""
    value = f"{format_value(row)} {times}{row['unit']}" + (f" {FLAG}" if row["flags_zh"] else "")
    attainment = _format_score(row["attainment"])
    if row["attainment"] is None and row["data_status"] in labels("data_statuses"):
        attainment = label("data_statuses", row["data_status"], language)
    texts = [row[f"name_{language}"], value, str(row["year"])]
    texts += [f"{row[f'publication_{language}']} ({row['source_grade']})", _format_target(row, language), attainment]
    return [*map(Text, texts), _status_cell(row, language), Text(_format_projection(row))]


def _format_projection(row: Row) -> str:
    """Return year, value and interval of the projection, and the probability that the target is met."""
    if row["projected_value"] is None:
        return MISSING
    value, low, high = (format_value(row, f"projected_{name}") for name in ("value", "low", "high"))
    probability = (
        "" if row["probability_met"] is None else f", {format_decimal(row['probability_met'], 0, exponent=2)}%"
    )
    return f"{row['projected_year']}: {value} ({low}–{high}{probability})"


def _format_target(row: Row, language: Language) -> str:
    if row["target_id"] is None:
        return MISSING
    year = f" ({row['target_year']})" if row["target_year"] else ""
    operator = labels("operators").get(row["target_operator"])
    text = f"{operator.zh if operator else ''}{row['target_value']:g}"
    if row["target_operator"] == "between":
        text = f"{row['target_value']:g}–{row['target_value_high']:g}"
    return f"{text}{year} {label('target_authorities', row['target_authority'], language)}"


def _status_cell(row: Row, language: Language) -> Text:
    """Return the headline status, and that of the second rule where it differs; without a target, the trend."""
    if row["trend"] is not None:
        return Text(label("trends", row["trend"], language), style="dim")
    text = Text(label("statuses", row["status"], language), style=_STATUS_STYLES[row["status"]])
    if row["status"] in ("met", "missed"):
        text.append(f" ({row['judged_year']}: {format_value(row, 'judged_value')})", style="dim")
    if row["rules_agree"] is False:
        second = row["status_linear"] if row["pace_rule"] == "compound" else row["status_compound"]
        text.append(f" / {label('statuses', second, language)}", style="dim")
    return text


def render_flags(rows: Sequence[Row], held: Sequence[Row], language: Language) -> list[Text]:
    """Return what is flagged and what is held back, one line a value."""
    lines = [(row, f"flags_{language}", "yellow") for row in rows if row["flags_zh"]]
    lines += [(row, f"explanation_{language}", "red") for row in held]
    return [Text(f"{FLAG} {row[f'name_{language}']} {row['year']}: {row[key]}", style) for row, key, style in lines]


def render_flag_counts(counts: Sequence[Row], language: Language) -> str:
    """Return how many values each detector flags."""
    texts = [
        f"{row[f'name_{language}']} ({label('severities', row['severity'], language)}) {row['flags']}" for row in counts
    ]
    joined = phrase("list_separator", language).join(texts)
    return f"{phrase('flagged', language)}: {joined or phrase('none', language)}"
