"""The sheet of one city: each indicator with value, target, score, status by both rules, projection and source."""

from __future__ import annotations

from collections.abc import Sequence

from assets.core.i18n import labels
from assets.release.outputs.rows import Row, group_rows, read_rows, stream_figures
from assets.release.outputs.workbook.cell_styles import (
    Cell,
    Words,
    bilingual_text,
    centred_cell,
    name_cell,
    quiet_cell,
    share_cell,
    status_cell,
    target_cell,
    value_cell,
)
from assets.release.outputs.workbook.overview_sheets import attainment_cell
from assets.release.outputs.workbook.sheet import (
    CellReader,
    SheetColumn,
    SheetContent,
    centred,
    file_and_sheet,
    integer,
    names,
    text,
)
from assets.warehouse.connection import Connection


def read_indicators(connection: Connection) -> dict[str, list[Row]]:
    """Return the indicators of each city, those with a value first, in the order of the dimensions."""
    columns = ("city_code", "value is null", "dimension_position", "dataset", "indicator_id")
    figures = stream_figures(connection, ", ".join(f"figures.{column}" for column in columns))
    return group_rows(figures, "city_code")


def read_ranks(connection: Connection) -> dict[str, list[Row]]:
    """Return the ranks of each city with their intervals."""
    return group_rows(
        read_rows(connection, "rank_rows", ["city_code", "level desc", "dimension_position"]), "city_code"
    )


def build_city_sheet(city: Row, indicators: Sequence[Row], ranks: Sequence[Row], method: Row) -> SheetContent:
    """Return the sheet of a city; `method` has the horizon and the level of the prediction interval."""
    title = (f"{city['name_zh']}（{city['city_code']}）", str(city["name_en"]))
    notes = (_scores(city), _ranks(ranks))
    return SheetContent(f"{city['name_zh']} {city['name_en']}", title, notes, _columns(method), indicators, frozen=2)


def _scores(city: Row) -> Words:
    indicators = f"{city['indicators_scored']}/{city['indicators_total']}"
    directions = f"{city['dimensions_scored']}/{city['dimensions_total']}"
    mean, index = city["mean_of_available"], city["city_index"]
    zh = f"计分指标 {indicators}" + ("" if mean is None else f"，现有均分 {mean:.1f}（不可用于排名）")
    en = f"Indicators that score {indicators}" + ("" if mean is None else f", their mean {mean:.1f} (not for ranking)")
    zh += f"；城市指数 {'覆盖不足，不发布' if index is None else f'{index:.1f}'}（方向 {directions}）。"
    en += (
        f"; city index {'not published: too few data' if index is None else f'{index:.1f}'} (directions {directions})."
    )
    stale = city["indicators_stale"]
    return (f"{zh}陈旧的数字 {stale} 项，不计分。", f"{en} Figures too old to score: {stale}.") if stale else (zh, en)


def _ranks(ranks: Sequence[Row]) -> Words:
    if not ranks:
        return (
            "没有名次：本市覆盖不足，或有得分的城市不足两个。目标栏“参照”不是本市任务。",
            "No rank: this city or all others have too few figures. Targets marked as reference are no duty of "
            "the city.",
        )
    texts = [
        (
            row["dimension_zh"] or "城市指数",
            row["dimension_en"] or "city index",
            f"{row['nominal_rank']} ({row['rank_low']:g}–{row['rank_high']:g} / {row['cities_ranked']})",
        )
        for row in ranks
    ]
    return (
        "名次（90% 的抽样在括号内的区间/城市数）：" + "；".join(f"{zh} {rank}" for zh, _, rank in texts),
        "Ranks (90 % of the draws lie between / cities): " + "; ".join(f"{en} {rank}" for _, en, rank in texts),
    )


def _columns(method: Row) -> list[SheetColumn]:
    goals: Words = ("目标或参照", "Target or reference")
    statuses: Words = ("状态（两种规则）", "Status by both rules")
    horizon, level = method["horizon_year"], f"{method['interval_level']:.0%}"
    projected: Words = (f"{horizon} 年外推（{level} 区间）", f"Projected to {horizon}, {level} interval")
    source: Words = ("来源", "Source")
    return [
        SheetColumn(("维度", "Dimension"), 12, names("dimension")),
        SheetColumn(("指标", "Indicator"), 28, names("name")),
        SheetColumn(("数值", "Value"), 9.5, lambda row: value_cell(row["value"], row["decimals"], row["qualifier"])),
        SheetColumn(("单位", "Unit"), 9, centred("unit")),
        SheetColumn(("年份", "Year"), 6, integer("year")),
        SheetColumn(("值", "Value"), 8, _target, goals),
        SheetColumn(("年份", "Year"), 6, integer("target_year"), goals),
        SheetColumn(("性质", "Standing"), 19, _authority, goals),
        SheetColumn(("得分", "Score"), 10, attainment_cell, is_score=True),
        SheetColumn(("线性", "Linear"), 11, _status("status_linear"), statuses),
        SheetColumn(("复合", "Compound"), 11, _status("status_compound"), statuses),
        SheetColumn(("主用", "Headline"), 9, _headline_rule, statuses),
        SheetColumn(("值", "Value"), 9, _projected("projected_value"), projected),
        SheetColumn(("低", "Low"), 9, _projected("projected_low"), projected),
        SheetColumn(("高", "High"), 9, _projected("projected_high"), projected),
        SheetColumn(("达到概率", "Met"), 7.5, lambda row: share_cell(row["probability_met"]), projected),
        SheetColumn(("存疑", "Flags"), 12, names("flags")),
        SheetColumn(("出版物", "Publication"), 22, text("publication_zh"), source),
        SheetColumn(("等级", "Grade"), 7, centred("source_grade"), source),
        SheetColumn(("文件", "File"), 24, file_and_sheet, source),
        SheetColumn(("行", "Line"), 6, integer("line"), source),
    ]


def _target(row: Row) -> Cell:
    return target_cell(row["target_operator"], row["target_value"], row["target_value_high"])


def _authority(row: Row) -> Cell:
    authorities = labels("target_authorities")
    return (
        quiet_cell(authorities["none"])
        if row["target_id"] is None
        else name_cell(*authorities[row["target_authority"]])
    )


def _projected(column: str) -> CellReader:
    return lambda row: value_cell(row[column], row["decimals"])


def _status(column: str) -> CellReader:
    """Return a reader of a status; without a value there is none."""
    return lambda row: centred_cell("—") if row["value"] is None else status_cell(row[column])


def _headline_rule(row: Row) -> Cell:
    return centred_cell("—" if row["value"] is None else bilingual_text(labels("pace_rules")[row["pace_rule"]]))
