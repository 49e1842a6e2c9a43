"""Sheets of all cities: city by dimension, ranks with their intervals, indicator by city, measure by city."""

from __future__ import annotations

from collections.abc import Sequence

from assets.core.i18n import labels
from assets.release.outputs.rows import Row, fetch_rows, group_rows, read_rows
from assets.release.outputs.workbook.cell_styles import (
    Cell,
    Words,
    coverage_cell,
    name_cell,
    quiet_cell,
    score_cell,
    share_cell,
    tenths_cell,
    text_cell,
)
from assets.release.outputs.workbook.sheet import CellReader, SheetColumn, SheetContent, integer, names
from assets.warehouse.connection import Connection

_SCORE: Words = ("得分", "Score")
_COVERED: Words = ("覆盖", "n/m")
_COVERAGE: Words = (
    "覆盖 n/m：有得分的指标数/全部计分指标数。未达门槛的不发布得分（写“覆盖不足”或“待报数据”），不是低分。",
    "n/m: indicators with a score, of all that count. Below the threshold no score is published; that is not a "
    "low score.",
)
_MEAN: Words = (
    "“现有均分”只概括已有数字的指标，须与覆盖同看，不可用于排名。",
    "The mean sums up the indicators that have figures alone: read it beside the coverage, never rank by it.",
)


def build_dimensions_sheet(connection: Connection, cities: Sequence[Row]) -> SheetContent:
    """Return city by dimension: the score, with n/m next to it."""
    dimensions = fetch_rows(connection, "from reference.dimensions order by position")
    scores = group_rows(fetch_rows(connection, "from scorecards.dimension_scores"), "city_code")
    rows = [{**city, **{row["dimension_id"]: row for row in scores[city["city_code"]]}} for city in cities]
    index, listed = labels("levels")["index"], ("计分指标", "Indicators")
    columns = [
        SheetColumn(("城市", "City"), 14, names("name")),
        SheetColumn(("现有均分", "Mean"), 8.5, _mean, listed, is_score=True),
        SheetColumn(_COVERED, 8, _coverage("indicators"), listed, is_coverage=True),
        SheetColumn(_SCORE, 11, _index, index, is_score=True),
        SheetColumn(("方向", "n/m"), 7, _coverage("dimensions"), index, is_coverage=True),
    ]
    for dimension in dimensions:
        columns += _score_columns(dimension["dimension_id"], (dimension["name_zh"], dimension["name_en"]), (11, 7))
    return SheetContent("总览 Overview", ("城市与维度", "Cities by dimension"), (_COVERAGE, _MEAN), columns, rows)


def build_ranks_sheet(connection: Connection) -> SheetContent:
    """Return every rank with its interval; no row where nothing is ranked."""
    rows = read_rows(connection, "rank_rows", ["level desc", "dimension_position", "nominal_rank", "city_code"])
    columns = [
        SheetColumn(("排名对象", "Ranking"), 24, _ranking),
        SheetColumn(("城市", "City"), 20, names("city")),
        SheetColumn(("名次", "Rank"), 10, integer("nominal_rank")),
        SheetColumn(("低端 5%", "5 % rank"), 11, lambda row: tenths_cell(row["rank_low"])),
        SheetColumn(("中位", "Median"), 10, lambda row: tenths_cell(row["median_rank"])),
        SheetColumn(("高端 95%", "95 % rank"), 11, lambda row: tenths_cell(row["rank_high"])),
        SheetColumn(("进前三的概率", "Among first three"), 16, lambda row: share_cell(row["probability_top_three"])),
        SheetColumn(("参与排名的城市", "Cities ranked"), 14, integer("cities_ranked")),
    ]
    note = (
        "名次须连同区间看：改变权重、标准化、合成方法或剔除一项指标，90% 的抽样在低端与高端之间；"
        "区间重叠的城市分不出先后。",
        "Read a rank with its interval: 90 % of the draws, which vary weights, normalisation, aggregation and one "
        "indicator left out, lie within it; cities whose intervals overlap cannot be told apart.",
    )
    return SheetContent("名次 Ranks", ("名次与区间", "Ranks and their intervals"), (note,), columns, rows, frozen=2)


def build_scores_sheet(connection: Connection, cities: Sequence[Row]) -> SheetContent:
    """Return indicator by city: the attainment of each figure, for the indicators that score in some city."""
    scores = read_rows(connection, "scorecard_rows", ["dimension_position", "indicator_id", "city_code"])
    rows = [
        {**indicator[0], **{row["city_code"]: row for row in indicator}}
        for indicator in group_rows(scores, "indicator_id").values()
        if any(row["attainment"] is not None for row in indicator)
    ]
    codes = [city["city_code"] for city in cities]
    columns = [
        SheetColumn(("维度", "Dimension"), 13, names("dimension")),
        SheetColumn(("指标", "Indicator"), 32, names("name")),
        SheetColumn(_COVERED, 8, lambda row: _cities_scored(row, codes), is_coverage=True),
        *(SheetColumn(_short(city), 11, _attainment(city["city_code"]), is_score=True) for city in cities),
    ]
    note = (
        "得分 0 至 100：按登记的固定标尺，由最新数字算出；标尺与目标是两回事，得分低不等于没有达到目标。n/m："
        "有得分的城市数/全部城市数。没有列出的指标还没有可计分的数字。",
        "Scores, 0 to 100, on the fixed scales of the registry; a scale is not a target. n/m: cities with a "
        "score, of all. Indicators that are not listed have no figure that scores yet.",
    )
    title = ("各市指标得分", "Indicator scores by city")
    return SheetContent("指标得分 Scores", title, (note,), columns, rows, frozen=3)


def build_measures_sheet(connection: Connection, cities: Sequence[Row]) -> SheetContent:
    """Return measure by city: the score or the reason why there is none, and n/m."""
    measures = read_rows(connection, "measure_overview", ["measure_id"])
    scores = group_rows(fetch_rows(connection, "from scorecards.measure_scores"), "measure_id")
    rows = [{**measure, **{row["city_code"]: row for row in scores[measure["measure_id"]]}} for measure in measures]
    columns = [
        SheetColumn(("序号", "No."), 5, integer("measure_id")),
        SheetColumn(("措施", "Measure"), 38, names("title")),
        SheetColumn(("维度", "Dimension"), 11.5, names("dimension")),
        SheetColumn(("对应指标", "Indicators"), 9.5, integer("indicators_linked")),
    ]
    for city in cities:
        columns += _score_columns(city["city_code"], _short(city), (9.2, 5.4))
    note = (
        "待报数据：该措施的指标都没有数字。无目标：有数字，但没有一项有目标或参照值。覆盖不足："
        "有得分的指标未达门槛。n/m：有得分的指标数/该措施的计分指标数。",
        "Awaiting data: no indicator of the measure has a figure. No target: none has a target or reference. Too "
        "few data: below the coverage threshold. n/m: indicators with a score, of those that count for the measure.",
    )
    title = (f"{len(rows)} 条措施", f"The {len(rows)} measures")
    return SheetContent("措施 Measures", title, (note,), columns, rows, frozen=2)


def attainment_cell(row: Row) -> Cell:
    """Return the score of an indicator, or the reason why it has none."""
    if row["attainment"] is not None:
        return score_cell(row["attainment"])
    reason = labels("data_statuses").get(row["data_status"])
    return text_cell(None) if reason is None else quiet_cell(reason)


def _score_columns(key: str, group: Words, widths: tuple[float, float]) -> list[SheetColumn]:
    """Return the columns of a score and its coverage, which a row has as a row of its own under the key."""
    coverage = _coverage("indicators")
    return [
        SheetColumn(_SCORE, widths[0], lambda row: _score_or_reason(row[key]), group, is_score=True),
        SheetColumn(_COVERED, widths[1], lambda row: coverage(row[key]), group, is_coverage=True),
    ]


def _score_or_reason(row: Row) -> Cell:
    return _score(row["score"], row["score_status"])


def _score(value: float | None, status: str) -> Cell:
    return quiet_cell(labels("score_statuses")[status]) if value is None else score_cell(value)


def _mean(city: Row) -> Cell:
    return _score(city["mean_of_available"], "awaiting_data")


def _index(city: Row) -> Cell:
    return _score(city["city_index"], "not_available")


def _coverage(kind: str) -> CellReader:
    return lambda row: coverage_cell(row[f"{kind}_scored"], row[f"{kind}_total"])


def _attainment(city_code: str) -> CellReader:
    return lambda row: attainment_cell(row[city_code])


def _cities_scored(row: Row, codes: Sequence[str]) -> Cell:
    return coverage_cell(sum(row[code]["attainment"] is not None for code in codes), len(codes))


def _ranking(row: Row) -> Cell:
    if row["level"] == "index":
        return name_cell(*labels("levels")["index"])
    return name_cell(row["dimension_zh"], row["dimension_en"])


def _short(city: Row) -> Words:
    return city["short_zh"], city["name_en"]
