"""The sheets of the workbook: those of all cities, one for each city, the registry and the quality of the data.

Here: the rows of each sheet, and the kinds of cells that sheets.yml names. Not here: the columns of a sheet
(sheets.yml) and its layout (assets.release.outputs.workbook.sheet).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from assets.core.i18n import labels
from assets.core.ranges import BAR_MARKS, PARTS, format_range, split_bar
from assets.core.text import format_number
from assets.core.yaml_files import read_yaml
from assets.release.outputs.rows import Row, fetch_row, group_rows, read_rows, stream_figures
from assets.release.outputs.workbook.cell_styles import (
    Cell,
    Words,
    bilingual_text,
    centred_cell,
    coverage_cell,
    name_cell,
    number_cell,
    quiet_cell,
    score_cell,
    status_cell,
    strong_cell,
    target_cell,
    text_cell,
    value_cell,
)
from assets.release.outputs.workbook.sheet import SheetColumn, SheetContent
from assets.release.read.queries import count_rows
from assets.warehouse.connection import Connection, fetch_rows

# --- kinds of cells ---------------------------------------------------------------------------------------------


def _names(row: Row, column: str) -> Cell:
    zh, en = row[f"{column}_zh"], row[f"{column}_en"]
    return text_cell(None) if zh is None else name_cell(zh, zh if en is None else en)


def _bilingual(row: Row, column: str) -> Cell:
    """Return a text that holds its English after a bar."""
    zh, _, en = (row[column] or "").partition(" | ")
    return name_cell(zh, en or zh) if zh else text_cell(None)


def _ranking(row: Row) -> Cell:
    return name_cell(*labels("levels")["index"]) if row["level"] == "index" else _names(row, "dimension")


def _range(row: Row) -> Cell:
    """Return a score: a number, a text with both ends where points are open, or why there is none."""
    lower, upper = row["evidenced"], row["possible"]
    status = row.get("score_status", "ranked")
    if lower is None or status in ("not_in_basket", "awaiting_data"):
        return quiet_cell(labels("score_statuses")[status])
    return score_cell(lower) if lower == upper else centred_cell(format_range(lower, upper))


def _part(row: Row, part: str) -> Cell:
    """Return the evidenced, open or lost points with one decimal, so that the three shown add up to 100."""
    if row["evidenced"] is None:
        return centred_cell("—")
    tenths = dict(zip(PARTS, split_bar(row["evidenced"], row["possible"], 1000), strict=True))
    return number_cell(tenths[part] / 10, "0.0")


def _bar(row: Row) -> Cell:
    if row["evidenced"] is None:
        return text_cell(None)
    lengths = split_bar(row["evidenced"], row["possible"], _BAR_LENGTH)
    return text_cell("".join(mark * length for mark, length in zip(BAR_MARKS, lengths, strict=True)))


def _attainment(row: Row) -> Cell:
    if row["attainment"] is not None:
        return score_cell(row["attainment"])
    reason = labels("data_statuses").get(row["data_status"])
    if row["value"] is None and row["gap_reason"] is not None:
        reason = labels("gap_reasons")[row["gap_reason"]]
    return text_cell(None) if reason is None else quiet_cell(reason)


def _status(row: Row, column: str) -> Cell:
    """Return a status; without a target, the trend."""
    if row.get("trend") is not None:
        return quiet_cell(labels("trends")[row["trend"]])
    return centred_cell("—") if row["value"] is None else status_cell(row[column])


def _pace_rule(row: Row) -> Cell:
    return centred_cell("—" if row["value"] is None else bilingual_text(labels("pace_rules")[row["pace_rule"]]))


def _authority(row: Row) -> Cell:
    words = labels("target_authorities")
    return quiet_cell(words["none"]) if row["target_id"] is None else name_cell(*words[row["target_authority"]])


def _goalposts(row: Row) -> Cell:
    """Return the values that score 0 and 100, and what the upper one rests on."""
    if row["goalposts_class"] is None:
        return quiet_cell(labels("data_statuses")["no_goalposts"])
    if row["range_low"] is not None:
        ends = f"100 = {format_number(row['range_low'])}–{format_number(row['range_high'])}"
    else:
        ends = f"0 = {format_number(row['lower'])}, 100 = {format_number(row['upper'])}"
    return text_cell(f"{ends}\n{' '.join(labels('goalpost_classes')[row['goalposts_class']])}")


def _newest_year(row: Row) -> Cell:
    if not row["cities_with_value"]:
        return quiet_cell(labels("data_statuses")["awaiting_data"])
    return number_cell(row["newest_year"], "0")


def _flagged_value(row: Row) -> Cell:
    value = row["observed_value"]
    return text_cell(row["value_text"]) if value is None else value_cell(value, row["decimals"])


def _file(row: Row) -> Cell:
    return text_cell(row["file"] if row["file"] is None or row["sheet"] is None else f"{row['file']} [{row['sheet']}]")


# By the name in sheets.yml; the arguments after the row are the words that follow it there.
_KINDS: Mapping[str, Callable[..., Cell]] = {
    "text": lambda row, column: text_cell(row[column]),
    "centred": lambda row, column: centred_cell(row[column]),
    "names": _names,
    "bilingual": _bilingual,
    "label": lambda row, group, column: name_cell(*labels(group)[str(row[column])]),
    "strong_label": lambda row, group, column: strong_cell(labels(group)[row[column]]),
    "ranking": _ranking,
    "integer": lambda row, column: number_cell(row[column], "0"),
    "tenths": lambda row, column: number_cell(row[column], "0.0"),
    "share": lambda row, column: number_cell(row[column], "0%"),
    "count": lambda row, column: number_cell(row[column], "#,##0", align="right"),
    "value": lambda row, column, qualifier="": value_cell(row[column], row["decimals"], row.get(qualifier)),
    "target": lambda row, *columns: target_cell(*(row[column] for column in columns)),
    "coverage": lambda row, scored, total: coverage_cell(row[scored], row[total]),
    "range": _range,
    "part": _part,
    "bar": _bar,
    "attainment": _attainment,
    "status": _status,
    "pace_rule": _pace_rule,
    "authority": _authority,
    "goalposts": _goalposts,
    "newest_year": _newest_year,
    "flagged_value": _flagged_value,
    "file": _file,
}
_BAR_LENGTH = 20
_SCALES = {"range": "score", "attainment": "score", "coverage": "coverage"}


# --- sheets -----------------------------------------------------------------------------------------------------


@cache
def _definitions() -> Mapping[str, Any]:
    content: Mapping[str, Any] = read_yaml(Path(__file__).with_name("sheets.yml"))
    return content


def build_sheet(
    connection: Connection,
    key: str,
    rows: Sequence[Row] | None = None,
    columns: Sequence[SheetColumn] = (),
    notes: Sequence[Words] = (),
    limit: int | None = None,
    **facts: object,
) -> SheetContent:
    """Return a sheet of sheets.yml.

    Args:
        connection: the candidate.
        key: the name of the sheet in the file.
        rows: its rows; by default those of the table or view that the file names.
        columns: further columns, one for each city, say.
        notes: further notes.
        limit: the number of rows to list; by default that of the file.
        facts: values for the texts of the file.
    """
    sheet = _definitions()[key]
    if rows is None:
        source, filters = sheet["rows"], sheet.get("filters", {})
        limit = sheet.get("limit") if limit is None else limit
        rows = read_rows(connection, source, sheet["order"], limit, **filters)
        if limit is not None:
            facts["total"] = count_rows(connection, source, **filters)
    facts["listed"] = len(rows)
    if any("unit" in row for row in rows[:1]):
        terms = {row["term"]: row["name_en"] for row in read_rows(connection, "reference.terms", kind="unit")}
        rows = [_translate_unit(row, terms) for row in rows]

    def fill(words: Mapping[str, str]) -> Words:
        return words["zh"].format(**facts), words["en"].format(**facts)

    groups = {name: fill(words) for name, words in sheet.get("groups", {}).items()}
    own_columns = [
        make_column(fill(column), column["width"], column["cell"], groups.get(column.get("group")))
        for column in sheet["columns"]
    ]
    return SheetContent(
        name=sheet["name"].format(**facts),
        title=fill(sheet["title"]),
        notes=[*(fill(labels("workbook_notes")[note]._asdict()) for note in sheet.get("notes", ())), *notes],
        columns=[*own_columns, *columns],
        rows=rows,
        frozen=sheet.get("frozen", 1),
        empty_text=fill(sheet["empty"]) if "empty" in sheet else ("没有", "none"),
    )


def _translate_unit(row: Row, terms: Mapping[str, str]) -> Row:
    """Return the row with the English of its unit below it."""
    unit: str | None = row.get("unit")
    return row if unit is None else {**row, "unit": bilingual_text((unit, terms.get(unit, unit)))}


def make_column(heading: Words, width: float, cell: str, group: Words | None = None, part: str = "") -> SheetColumn:
    """Return a column whose cells are of a kind of sheets.yml; they read the row, or the row that it has as a part."""
    kind, *names = cell.split()
    read = _KINDS[kind]
    return SheetColumn(heading, width, lambda row: read(row[part] if part else row, *names), group, _SCALES.get(kind))


def _range_columns(key: str, group: Words, widths: tuple[float, float]) -> list[SheetColumn]:
    """Return the columns of a score and its rank, which a row has as a row of its own under the key."""
    return [
        make_column(("得分", "Score"), widths[0], "range", group, key),
        make_column(("名次", "Rank"), widths[1], "integer rank", group, key),
    ]


def build_dimensions_sheet(connection: Connection, cities: Sequence[Row]) -> SheetContent:
    """Return city by dimension: the score in the headline basket, with its rank."""
    scores = group_rows(read_rows(connection, "dimension_score_rows", is_headline=True), "city_code")
    rows = [{**city, **{row["dimension_id"]: row for row in scores[city["city_code"]]}} for city in cities]
    columns: list[SheetColumn] = []
    for dimension in fetch_rows(connection, "from reference.dimensions order by position"):
        columns += _range_columns(dimension["dimension_id"], (dimension["name_zh"], dimension["name_en"]), (11, 6))
    return build_sheet(connection, "dimensions", rows, columns, **read_method(connection))


def read_method(connection: Connection) -> Row:
    """Return the parameters of the method and the names of the headline basket, for the notes."""
    return fetch_row(
        connection,
        "select parameters.*, name_zh as basket_zh, name_en as basket_en "
        "from reference.parameters as parameters inner join reference.baskets on is_headline",
    )


def build_scores_sheet(connection: Connection, cities: Sequence[Row]) -> SheetContent:
    """Return indicator by city: the attainment of each figure, for the indicators that score in some city."""
    scores = read_rows(connection, "scorecard_rows", ["dimension_position", "indicator_id", "city_code"])
    rows = []
    for indicator in group_rows(scores, "indicator_id").values():
        counts = {"cities_scored": sum(row["attainment"] is not None for row in indicator), "cities": len(cities)}
        if counts["cities_scored"]:
            rows.append({**indicator[0], **counts, **{row["city_code"]: row for row in indicator}})
    columns = [make_column(_short_names(city), 11, "attainment", part=city["city_code"]) for city in cities]
    return build_sheet(connection, "scores", rows, columns)


def build_measures_sheet(connection: Connection, cities: Sequence[Row]) -> SheetContent:
    """Return measure by city: the score in the headline basket, or the reason why there is none, and its rank."""
    measures = read_rows(connection, "measure_overview", ["measure_id"])
    headline = fetch_row(connection, "select basket_id from reference.baskets where is_headline")
    scores = group_rows(read_rows(connection, "scorecards.measure_scores", **headline), "measure_id")
    rows = [{**measure, **{row["city_code"]: row for row in scores[measure["measure_id"]]}} for measure in measures]
    columns: list[SheetColumn] = []
    for city in cities:
        columns += _range_columns(city["city_code"], _short_names(city), (9.2, 5.4))
    return build_sheet(connection, "measures", rows, columns)


def build_city_sheets(connection: Connection, cities: Sequence[Row]) -> Iterator[SheetContent]:
    """Yield the sheet of each city: each indicator with value, target, score, both statuses, projection and source."""
    method = fetch_row(connection, "select horizon_year, interval_level from reference.parameters")
    columns = ("city_code", "value is null", "dimension_position", "dataset", "indicator_id")
    figures = group_rows(stream_figures(connection, ", ".join(f"figures.{column}" for column in columns)), "city_code")
    ranks = group_rows(
        read_rows(connection, "rank_rows", ["city_code", "level desc", "dimension_position"]), "city_code"
    )
    for city in cities:
        notes = (_describe_scores(city), _describe_ranks(ranks.get(city["city_code"], [])))
        rows = figures.get(city["city_code"], [])
        yield build_sheet(connection, "city", rows, notes=notes, **city, **method)


def build_indicators_sheet(connection: Connection) -> SheetContent:
    """Return every registered indicator with its goalposts and the number of cities that have a figure."""
    rows = read_rows(connection, "indicator_registry", ["dimension_position", "dataset", "indicator_id"])
    measures = group_rows(read_rows(connection, "measure_links", ["measure_id"]), "indicator_id")
    sources = group_rows(read_rows(connection, "indicator_sources", ["publication_zh"]), "indicator_id")
    for row in rows:
        own_measures, own_sources = (links.get(row["indicator_id"], []) for links in (measures, sources))
        row["measures"] = "、".join(str(link["measure_id"]) for link in own_measures) or None
        for language, separator in (("zh", "；"), ("en", "; ")):
            names = dict.fromkeys(source[f"publication_{language}"] for source in own_sources)
            row[f"sources_{language}"] = separator.join(filter(None, names)) or None
    return build_sheet(connection, "indicators", rows)


def build_sources_sheet(connection: Connection) -> SheetContent:
    """Return every publication from which a figure or a target of the release comes."""
    rows = read_rows(connection, "source_rows", ["priority", "source_id"])
    return build_sheet(connection, "sources", [row for row in rows if row["current_values"] or row["targets"]])


# --- notes and names --------------------------------------------------------------------------------------------


def _describe_scores(city: Row) -> Words:
    texts = labels("workbook_notes")
    index = format_range(city["evidenced"], city["possible"])
    key = "city_without_index" if city["evidenced"] is None else "city_scores"
    stale = "stale_figures" if city["indicators_stale"] else None
    zh, en = texts[key].zh.format(index=index, **city), texts[key].en.format(index=index, **city)
    if stale is not None:
        zh, en = zh + texts[stale].zh.format(**city), f"{en} {texts[stale].en.format(**city)}"
    return zh, en


def _describe_ranks(ranks: Sequence[Row]) -> Words:
    texts = labels("workbook_notes")
    if not ranks:
        return texts["city_without_ranks"]
    interval = "{nominal_rank} ({rank_low:g}–{rank_high:g} / {cities_ranked})"
    zh = "；".join(f"{row['dimension_zh'] or '城市指数'} {interval.format(**row)}" for row in ranks)
    en = "; ".join(f"{row['dimension_en'] or 'city index'} {interval.format(**row)}" for row in ranks)
    return texts["city_ranks"].zh.format(ranks=zh), texts["city_ranks"].en.format(ranks=en)


def _short_names(city: Row) -> Words:
    return city["short_zh"], city["name_en"]
