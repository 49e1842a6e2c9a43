"""The sheet of one city: every indicator with figure, target, score, status by both rules, projection and source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assets.release.outputs.labels import RULES, TARGET_AUTHORITIES, Words
from assets.release.outputs.workbook.cell_styles import (
    Cell,
    bilingual_text,
    centred_cell,
    name_cell,
    quiet_cell,
    share_cell,
    status_cell,
    target_cell,
    text_cell,
    value_cell,
    whole_cell,
)
from assets.release.outputs.workbook.overview_sheets import Table, attainment_cell
from assets.release.outputs.workbook.queries import Row, fetch_rows
from assets.release.outputs.workbook.sheet import SheetColumn, SheetContent
from assets.warehouse.connection import Connection


def read_indicators(connection: Connection) -> dict[str, list[Row]]:
    """The indicators of every city: those with a figure first, each in the order of the dimensions."""
    found = fetch_rows(
        connection,
        """
        select
            dims.name_zh as dimension_zh, dims.name_en as dimension_en, indicators.name_zh, indicators.name_en,
            indicators.decimals, sources.publication_zh, projections.projected_value, projections.projected_low,
            projections.projected_high, projections.probability_met, scores.*, flagged.flags_zh, flagged.flags_en
        from scorecards.indicator_scores as scores
        inner join reference.indicators as indicators on scores.indicator_id = indicators.indicator_id
        inner join reference.dimensions as dims on scores.dimension_id = dims.dimension_id
        left join reference.sources as sources on scores.source_id = sources.source_id
        left join scorecards.projections as projections
            on scores.city_code = projections.city_code and scores.indicator_id = projections.indicator_id
        left join (
            select
                city_code, indicator_id, year, scope, string_agg(distinct name_zh, '、' order by name_zh) as flags_zh,
                string_agg(distinct name_en, ', ' order by name_en) as flags_en
            from quality.flags as flags
            inner join reference.detectors as detectors on flags.detector = detectors.detector_id
            where flags.severity <> 'blocking' or flags.is_approved
            group by all
        ) as flagged
            on scores.city_code = flagged.city_code and scores.indicator_id = flagged.indicator_id
            and scores.year = flagged.year and scores.scope = flagged.scope
        order by scores.city_code, scores.value is null, dims.position, indicators.dataset, scores.indicator_id
        """,
    )
    by_city: dict[str, list[Row]] = {}
    for row in found:
        by_city.setdefault(row["city_code"], []).append(row)
    return by_city


def read_ranks(connection: Connection) -> dict[str, list[Row]]:
    """The ranks of every city, with their intervals."""
    found = fetch_rows(
        connection,
        """
        select intervals.*, dims.name_zh, dims.name_en
        from scorecards.rank_intervals as intervals
        left join reference.dimensions as dims on intervals.dimension_id = dims.dimension_id
        order by intervals.city_code, intervals.level desc, dims.position
        """,
    )
    by_city: dict[str, list[Row]] = {}
    for row in found:
        by_city.setdefault(row["city_code"], []).append(row)
    return by_city


def build_city_sheet(city: Row, indicators: Sequence[Row], ranks: Sequence[Row], method: Row) -> Table:
    title = (f"{city['name_zh']}（{city['city_code']}）", str(city["name_en"]))
    notes = (_scores(city), _ranks(city, ranks))
    page = SheetContent(f"{city['name_zh']} {city['name_en']}", title, notes, _columns(method), frozen=2)
    return page, [_cells(row) for row in indicators]


def _scores(city: Row) -> Words:
    covered = f"{city['indicators_scored']}/{city['indicators_total']}"
    carried = f"{city['dimensions_scored']}/{city['dimensions_total']}"
    mean, index = city["available_mean"], city["city_index"]
    zh = f"计分指标 {covered}" + ("" if mean is None else f"，现有均分 {mean:.1f}（不可用于排名）")
    en = f"Indicators that score {covered}" + ("" if mean is None else f", their mean {mean:.1f} (not for ranking)")
    zh += f"；城市指数 {'覆盖不足，不发布' if index is None else f'{index:.1f}'}（方向 {carried}）。"
    en += f"; city index {'not published: too few data' if index is None else f'{index:.1f}'} (directions {carried})."
    stale = city["indicators_stale"]
    return (f"{zh}陈旧的数字 {stale} 项，不计分。", f"{en} Figures too old to score: {stale}.") if stale else (zh, en)


def _ranks(city: Row, ranks: Sequence[Row]) -> Words:
    if not ranks:
        return (
            "没有名次：本市覆盖不足，或有得分的城市不足两个。目标栏“参照”不是本市任务。",
            "No rank: this city or all others have too few figures. Targets marked as reference are no duty of "
            "the city.",
        )
    told = [
        (
            row["name_zh"] or "城市指数",
            row["name_en"] or "city index",
            f"{row['nominal_rank']} ({row['rank_low']:g}–{row['rank_high']:g} / {row['cities_ranked']})",
        )
        for row in ranks
    ]
    return (
        "名次（90% 的抽样在括号内的区间/城市数）：" + "；".join(f"{zh} {rank}" for zh, _, rank in told),
        "Ranks (90 % of the draws lie between / cities): " + "; ".join(f"{en} {rank}" for _, en, rank in told),
    )


def _columns(method: Row) -> list[SheetColumn]:
    goals: Words = ("目标或参照", "Target or reference")
    statuses: Words = ("状态（两种规则）", "Status by both rules")
    horizon, level = method["horizon_year"], f"{method['interval_level']:.0%}"
    projected: Words = (f"{horizon} 年外推（{level} 区间）", f"Projected to {horizon}, {level} interval")
    source: Words = ("来源", "Source")
    return [
        SheetColumn(("维度", "Dimension"), 12),
        SheetColumn(("指标", "Indicator"), 28),
        SheetColumn(("数值", "Value"), 9.5),
        SheetColumn(("单位", "Unit"), 9),
        SheetColumn(("年份", "Year"), 6),
        SheetColumn(("值", "Value"), 8, goals),
        SheetColumn(("年份", "Year"), 6, goals),
        SheetColumn(("性质", "Standing"), 19, goals),
        SheetColumn(("得分", "Score"), 10, is_score=True),
        SheetColumn(("线性", "Linear"), 11, statuses),
        SheetColumn(("复合", "Compound"), 11, statuses),
        SheetColumn(("主用", "Headline"), 9, statuses),
        SheetColumn(("值", "Value"), 9, projected),
        SheetColumn(("低", "Low"), 9, projected),
        SheetColumn(("高", "High"), 9, projected),
        SheetColumn(("达到概率", "Met"), 7.5, projected),
        SheetColumn(("存疑", "Flags"), 12),
        SheetColumn(("出版物", "Publication"), 22, source),
        SheetColumn(("等级", "Grade"), 7, source),
        SheetColumn(("文件", "File"), 24, source),
        SheetColumn(("行", "Line"), 6, source),
    ]


def _cells(row: Row) -> list[Cell]:
    decimals = row["decimals"]
    has_target = row["target_id"] is not None
    return [
        name_cell(row["dimension_zh"], row["dimension_en"]),
        name_cell(row["name_zh"], row["name_en"]),
        value_cell(row["value"], decimals, row["qualifier"]),
        centred_cell(row["unit"]),
        whole_cell(row["year"]),
        target_cell(row["target_operator"], row["target_value"], row["target_value_high"]),
        whole_cell(row["target_year"]),
        name_cell(*TARGET_AUTHORITIES[row["target_status"]]) if has_target else quiet_cell(TARGET_AUTHORITIES["none"]),
        attainment_cell(row),
        *_statuses(row),
        value_cell(row["projected_value"], decimals),
        value_cell(row["projected_low"], decimals),
        value_cell(row["projected_high"], decimals),
        share_cell(row["probability_met"]),
        text_cell(None) if row["flags_zh"] is None else name_cell(row["flags_zh"], row["flags_en"]),
        text_cell(row["publication_zh"]),
        centred_cell(row["source_grade"]),
        text_cell(rank_cell(row)),
        whole_cell(row["line"]),
    ]


def _statuses(row: Row) -> list[Cell]:
    """Both, and which of them is the headline; a figure that is not there has none."""
    if row["value"] is None:
        return [centred_cell("—")] * 3
    return [
        status_cell(row["status_linear"]),
        status_cell(row["status_compound"]),
        centred_cell(bilingual_text(RULES[row["pace_rule"]])),
    ]


def rank_cell(row: Mapping[str, object]) -> str | None:
    """The file, and the sheet of a workbook."""
    if row["file"] is None:
        return None
    return f"{row['file']} [{row['sheet']}]" if row["sheet"] is not None else str(row["file"])
