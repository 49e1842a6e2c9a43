"""All cities at a glance: city by dimension, ranks with their intervals, indicator by city, measure by city."""

from __future__ import annotations

from collections.abc import Sequence

from assets.release.outputs.labels import DATA_STATUSES, LEVELS, SCORE_STATUSES, Words
from assets.release.outputs.workbook.cell_styles import (
    Cell,
    coverage_cell,
    name_cell,
    quiet_cell,
    score_cell,
    share_cell,
    tenths_cell,
    text_cell,
    whole_cell,
)
from assets.release.outputs.workbook.queries import Row, fetch_rows
from assets.release.outputs.workbook.sheet import SheetColumn, SheetContent
from assets.warehouse.connection import Connection

Table = tuple[SheetContent, list[list[Cell]]]

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


def build_dimensions_sheet(connection: Connection, cities: Sequence[Row]) -> Table:
    """City by dimension: the score, and n/m beside it."""
    dims = fetch_rows(connection, "from reference.dimensions order by position")
    scored = fetch_rows(connection, "from scorecards.dimension_scores")
    by_place = {(one["city_code"], one["dimension_id"]): one for one in scored}
    index, listed = LEVELS["index"], ("计分指标", "Indicators")
    columns = [
        SheetColumn(("城市", "City"), 14),
        SheetColumn(("现有均分", "Mean"), 8.5, listed, is_score=True),
        SheetColumn(_COVERED, 8, listed, is_coverage=True),
        SheetColumn(_SCORE, 11, index, is_score=True),
        SheetColumn(("方向", "n/m"), 7, index, is_coverage=True),
    ]
    for dimension in dims:
        group = (dimension["name_zh"], dimension["name_en"])
        columns += [SheetColumn(_SCORE, 11, group, is_score=True), SheetColumn(_COVERED, 7, group, is_coverage=True)]
    table = []
    for city in cities:
        cells = [name_cell(city["name_zh"], city["name_en"])]
        cells += [_number(city["available_mean"], "awaiting_data")]
        cells += [coverage_cell(city["indicators_scored"], city["indicators_total"])]
        cells += [_number(city["city_index"], "not_available")]
        cells += [coverage_cell(city["dimensions_scored"], city["dimensions_total"])]
        for dimension in dims:
            one = by_place[city["city_code"], dimension["dimension_id"]]
            cells += [_number(one["score"], one["score_status"])]
            cells += [coverage_cell(one["indicators_scored"], one["indicators_total"])]
        table.append(cells)
    page = SheetContent("总览 Overview", ("城市与维度", "Cities by dimension"), (_COVERAGE, _MEAN), columns)
    return page, table


def build_ranks_sheet(connection: Connection) -> Table:
    """Every rank with the interval in which it lies; no row where nothing is ranked."""
    found = fetch_rows(
        connection,
        """
        select intervals.*, cities.name_zh, cities.name_en, dims.name_zh as dimension_zh, dims.name_en as dimension_en
        from scorecards.rank_intervals as intervals
        inner join reference.cities as cities on intervals.city_code = cities.city_code
        left join reference.dimensions as dims on intervals.dimension_id = dims.dimension_id
        order by intervals.level desc, dims.position, intervals.nominal_rank, intervals.city_code
        """,
    )
    columns = [
        SheetColumn(("排名对象", "Ranking"), 24),
        SheetColumn(("城市", "City"), 20),
        SheetColumn(("名次", "Rank"), 10),
        SheetColumn(("低端 5%", "5 % rank"), 11),
        SheetColumn(("中位", "Median"), 10),
        SheetColumn(("高端 95%", "95 % rank"), 11),
        SheetColumn(("进前三的概率", "Among first three"), 16),
        SheetColumn(("参与排名的城市", "Cities ranked"), 14),
    ]
    table = [
        [
            _ranking(row),
            name_cell(row["name_zh"], row["name_en"]),
            whole_cell(row["nominal_rank"]),
            tenths_cell(row["rank_low"]),
            tenths_cell(row["median_rank"]),
            tenths_cell(row["rank_high"]),
            share_cell(row["probability_top_three"]),
            whole_cell(row["cities_ranked"]),
        ]
        for row in found
    ]
    note = (
        "名次须连同区间看：改变权重、标准化、合成方法或剔除一项指标，90% 的抽样在低端与高端之间；"
        "区间重叠的城市分不出先后。",
        "Read a rank with its interval: 90 % of the draws, which vary weights, normalisation, aggregation and one "
        "indicator left out, lie within it; cities whose intervals overlap cannot be told apart.",
    )
    return SheetContent("名次 Ranks", ("名次与区间", "Ranks and their intervals"), (note,), columns, frozen=2), table


def _ranking(row: Row) -> Cell:
    if row["level"] == "index":
        return name_cell(*LEVELS["index"])
    return name_cell(row["dimension_zh"], row["dimension_en"])


def build_scores_sheet(connection: Connection, cities: Sequence[Row]) -> Table:
    """Indicator by city: the attainment of each figure, for the indicators that score somewhere."""
    found = fetch_rows(
        connection,
        """
        select
            indicators.name_zh, indicators.name_en, dims.name_zh as dimension_zh, dims.name_en as dimension_en, scores.*
        from scorecards.indicator_scores as scores
        inner join reference.indicators as indicators on scores.indicator_id = indicators.indicator_id
        inner join reference.dimensions as dims on scores.dimension_id = dims.dimension_id
        where scores.indicator_id in (
            select indicator_id from scorecards.indicator_scores where attainment is not null
        )
        order by dims.position, scores.indicator_id, scores.city_code
        """,
    )
    by_indicator: dict[str, dict[str, Row]] = {}
    for row in found:
        by_indicator.setdefault(row["indicator_id"], {})[row["city_code"]] = row
    columns = [
        SheetColumn(("维度", "Dimension"), 13),
        SheetColumn(("指标", "Indicator"), 32),
        SheetColumn(_COVERED, 8, is_coverage=True),
    ]
    columns += [SheetColumn(_short(city), 11, is_score=True) for city in cities]
    table = []
    for of_city in by_indicator.values():
        one = next(iter(of_city.values()))
        scored = sum(row["attainment"] is not None for row in of_city.values())
        cells = [name_cell(one["dimension_zh"], one["dimension_en"]), name_cell(one["name_zh"], one["name_en"])]
        cells += [coverage_cell(scored, len(cities))]
        table.append(cells + [attainment_cell(of_city[city["city_code"]]) for city in cities])
    note = (
        "得分 0 至 100：按登记的固定标尺，由最新数字算出；标尺与目标是两回事，得分低不等于没有达到目标。n/m："
        "有得分的城市数/全部城市数。没有列出的指标还没有可计分的数字。",
        "Scores, 0 to 100, on the fixed scales of the registry; a scale is not a target. n/m: cities with a "
        "score, of all. "
        "Indicators that are not listed have no figure that scores yet.",
    )
    page = SheetContent("指标得分 Scores", ("各市指标得分", "Indicator scores by city"), (note,), columns, frozen=3)
    return page, table


def build_measures_sheet(connection: Connection, cities: Sequence[Row]) -> Table:
    """Measure by city: the score or the word for why there is none, and n/m."""
    found = fetch_rows(
        connection,
        """
        select measures.*, dims.name_zh as dimension_zh, dims.name_en as dimension_en
        from reference.measures as measures
        inner join reference.dimensions as dims on measures.dimension_id = dims.dimension_id
        order by measures.measure_id
        """,
    )
    scored = fetch_rows(connection, "from scorecards.measure_scores")
    by_place = {(one["city_code"], one["measure_id"]): one for one in scored}
    columns = [
        SheetColumn(("序号", "No."), 5),
        SheetColumn(("措施", "Measure"), 38),
        SheetColumn(("维度", "Dimension"), 11.5),
        SheetColumn(("对应指标", "Indicators"), 9.5),
    ]
    for city in cities:
        columns += [
            SheetColumn(_SCORE, 9.2, _short(city), is_score=True),
            SheetColumn(_COVERED, 5.4, _short(city), is_coverage=True),
        ]
    table = []
    for measure in found:
        of_city = [by_place[city["city_code"], measure["measure_id"]] for city in cities]
        cells = [whole_cell(measure["measure_id"]), name_cell(measure["title_zh"], measure["title_en"])]
        cells += [name_cell(measure["dimension_zh"], measure["dimension_en"])]
        cells += [whole_cell(max((one["indicators_linked"] for one in of_city), default=0))]
        for one in of_city:
            cells += [_number(one["score"], one["score_status"])]
            cells += [coverage_cell(one["indicators_scored"], one["indicators_total"])]
        table.append(cells)
    note = (
        "待报数据：该措施的指标都没有数字。无目标：有数字，但没有一项有目标或参照值。覆盖不足："
        "有得分的指标未达门槛。n/m：有得分的指标数/该措施的计分指标数。",
        "Awaiting data: no indicator of the measure has a figure. No target: none has a target or reference. Too "
        "few data: "
        "below the coverage threshold. n/m: indicators with a score, of those that count for the measure.",
    )
    title = (f"{len(found)} 条措施", f"The {len(found)} measures")
    return SheetContent("措施 Measures", title, (note,), columns, frozen=2), table


def attainment_cell(row: Row) -> Cell:
    """The score of an indicator, or the word for why it has none."""
    if row["attainment"] is not None:
        return score_cell(row["attainment"])
    return quiet_cell(DATA_STATUSES[row["data_status"]]) if row["data_status"] in DATA_STATUSES else text_cell(None)


def _number(value: float | None, status: str) -> Cell:
    return quiet_cell(SCORE_STATUSES[status]) if value is None else score_cell(value)


def _short(city: Row) -> Words:
    return city["short_zh"], city["name_en"]
