"""What is measured, against what, and from where: indicators, targets and references, sources."""

from __future__ import annotations

from assets.core.text import format_number
from assets.release.outputs.labels import CLASSES, DATA_STATUSES, DIRECTIONS, KINDS, TARGET_AUTHORITIES
from assets.release.outputs.workbook.cell_styles import (
    Cell,
    centred_cell,
    count_cell,
    coverage_cell,
    name_cell,
    quiet_cell,
    target_cell,
    text_cell,
    whole_cell,
)
from assets.release.outputs.workbook.overview_sheets import Table
from assets.release.outputs.workbook.queries import Row, fetch_rows
from assets.release.outputs.workbook.sheet import SheetColumn, SheetContent
from assets.warehouse.connection import Connection


def build_indicators_sheet(connection: Connection) -> Table:
    """Every indicator of the registry, with what it is compared with and how many cities have a figure."""
    found = fetch_rows(
        connection,
        """
        select
            indicators.*, dims.name_zh as dimension_zh, dims.name_en as dimension_en, goalposts.floor, goalposts.upper,
            goalposts.range_low, goalposts.range_high, goalposts.class as goalposts_class, data.cities,
            data.with_figure, data.newest, targets.number as targets, linked.measures, used.sources
        from reference.indicators as indicators
        inner join reference.dimensions as dims on indicators.dimension_id = dims.dimension_id
        left join reference.goalposts as goalposts on indicators.indicator_id = goalposts.indicator_id
        left join (
            select indicator_id, count(*) as cities, count(value) as with_figure, max(year) as newest
            from scorecards.indicator_scores group by indicator_id
        ) as data on indicators.indicator_id = data.indicator_id
        left join (
            select indicator_id, count(*) as number from reference.targets group by indicator_id
        ) as targets on indicators.indicator_id = targets.indicator_id
        left join (
            select indicator_id, string_agg(measure_id, '、' order by measure_id) as measures
            from reference.indicator_measures group by indicator_id
        ) as linked on indicators.indicator_id = linked.indicator_id
        left join (
            select indicator_id, string_agg(distinct publication_zh, '；' order by publication_zh) as sources
            from scorecards.indicator_scores inner join reference.sources using (source_id) group by indicator_id
        ) as used on indicators.indicator_id = used.indicator_id
        order by dims.position, indicators.dataset, indicators.indicator_id
        """,
    )
    columns = [
        SheetColumn(("维度", "Dimension"), 11),
        SheetColumn(("指标", "Indicator"), 28),
        SheetColumn(("单位", "Unit"), 10),
        SheetColumn(("方向", "Direction"), 10),
        SheetColumn(("定义", "Definition"), 46),
        SheetColumn(("公式", "Formula"), 26),
        SheetColumn(("标尺", "Scale"), 15),
        SheetColumn(("目标与参照", "Targets"), 9),
        SheetColumn(("措施", "Measures"), 8.5),
        SheetColumn(("有数字的城市", "Cities n/m"), 10, is_coverage=True),
        SheetColumn(("最新", "Newest"), 8),
        SheetColumn(("数字的来源", "Sources of figures"), 26),
    ]
    note = (
        "n/m：有数字的城市数/全部城市数。没有任何城市有数字的，写明“待报数据”。目标与参照逐项列在“目标 Targets”。",
        "n/m: cities with a figure, of all. An indicator without a figure is awaiting data. Its targets stand on "
        "their own sheet.",
    )
    page = SheetContent("指标 Indicators", ("指标", "Indicators"), (note,), columns, frozen=2)
    return page, [_indicator(row) for row in found]


def _indicator(row: Row) -> list[Cell]:
    return [
        name_cell(row["dimension_zh"], row["dimension_en"]),
        name_cell(row["name_zh"], row["name_en"]),
        centred_cell(row["unit"]),
        name_cell(*DIRECTIONS[row["direction"]]),
        name_cell(row["definition_zh"], row["definition_en"]),
        text_cell(row["formula"]),
        _scale(row),
        count_cell(row["targets"] or 0),
        centred_cell(row["measures"]),
        coverage_cell(row["with_figure"] or 0, row["cities"] or 0),
        whole_cell(row["newest"]) if row["with_figure"] else quiet_cell(DATA_STATUSES["awaiting_data"]),
        text_cell(row["sources"]),
    ]


def _scale(row: Row) -> Cell:
    """What scores 0 and 100, and what the upper end rests on."""
    if row["goalposts_class"] is None:
        return quiet_cell(DATA_STATUSES["no_goalposts"])
    ends = (
        f"100 = {format_number(row['range_low'])}–{format_number(row['range_high'])}"
        if row["range_low"] is not None
        else None
    )
    if ends is None:
        ends = f"0 = {format_number(row['floor'])}, 100 = {format_number(row['upper'])}"
    zh, en = CLASSES[row["goalposts_class"]]
    return text_cell(f"{ends}\n{zh} {en}")


def build_targets_sheet(connection: Connection) -> Table:
    """Every target and reference, with its standing, document and grade."""
    found = fetch_rows(
        connection,
        """
        select targets.*, indicators.name_zh, indicators.name_en, sources.publication_zh, sources.publication_en
        from reference.targets as targets
        inner join reference.indicators as indicators on targets.indicator_id = indicators.indicator_id
        inner join reference.dimensions as dims on indicators.dimension_id = dims.dimension_id
        left join reference.sources as sources on targets.source_id = sources.source_id
        order by dims.position, targets.indicator_id, targets.year nulls last, targets.target_id
        """,
    )
    columns = [
        SheetColumn(("指标", "Indicator"), 28),
        SheetColumn(("值", "Value"), 10),
        SheetColumn(("单位", "Unit"), 10),
        SheetColumn(("年份", "Year"), 6),
        SheetColumn(("性质", "Standing"), 18),
        SheetColumn(("适用范围", "Scope"), 28),
        SheetColumn(("文件", "Document"), 34),
        SheetColumn(("文号", "Number"), 18),
        SheetColumn(("日期", "Date"), 10),
        SheetColumn(("依据等级", "Grade"), 7),
        SheetColumn(("所见来源", "Seen in"), 30),
        SheetColumn(("说明", "Note"), 30),
    ]
    table = [
        [
            name_cell(row["name_zh"], row["name_en"]),
            target_cell(row["operator"], row["value"], row["value_high"]),
            centred_cell(row["unit"]),
            whole_cell(row["year"]),
            name_cell(*TARGET_AUTHORITIES[row["status"]]),
            name_cell(row["scope_zh"], row["scope_en"]),
            text_cell(row["document_zh"]),
            text_cell(row["document_number"]),
            centred_cell(row["document_date"]),
            centred_cell(row["source_grade"]),
            text_cell(row["publication_zh"]),
            text_cell(None) if row["note_zh"] is None else name_cell(row["note_zh"], row["note_en"] or row["note_zh"]),
        ]
        for row in found
    ]
    note = (
        "只有“本市目标”和“省定目标”是任务，其余都是参照。年份已过的，在各市的表中写作“已过期，仅作基准”。",
        "Only targets of the city and of the province are duties; the rest are references. Those whose year has "
        "passed are "
        "shown as expired on the sheets of the cities.",
    )
    return SheetContent("目标 Targets", ("目标与参照值", "Targets and references"), (note,), columns), table


def build_sources_sheet(connection: Connection) -> Table:
    """Every publication that a figure or a target of the release comes from."""
    found = fetch_rows(
        connection,
        """
        select sources.*, figures.number as figures, goals.number as goals
        from reference.sources as sources
        left join (
            select source_id, count(*) as number from observations.observations where is_current group by source_id
        ) as figures on sources.source_id = figures.source_id
        left join (
            select source_id, count(*) as number from reference.targets group by source_id
        ) as goals on sources.source_id = goals.source_id
        where figures.number is not null or goals.number is not null
        order by sources.priority, sources.source_id
        """,
    )
    columns = [
        SheetColumn(("出版物", "Publication"), 52),
        SheetColumn(("发布机构", "Publisher"), 36),
        SheetColumn(("种类", "Kind"), 12),
        SheetColumn(("优先级", "Priority"), 8),
        SheetColumn(("现行数字", "Figures"), 9),
        SheetColumn(("目标与参照", "Targets"), 10),
        SheetColumn(("使用条件", "Terms"), 20),
        SheetColumn(("说明", "Note"), 40),
    ]
    table = [
        [
            name_cell(row["publication_zh"], row["publication_en"]),
            name_cell(row["publisher_zh"], row["publisher_en"]),
            name_cell(*KINDS[row["kind"]]),
            whole_cell(row["priority"]),
            count_cell(row["figures"] or 0),
            count_cell(row["goals"] or 0),
            text_cell(row["licence"]),
            text_cell(None) if row["note_zh"] is None else name_cell(row["note_zh"], row["note_en"] or row["note_zh"]),
        ]
        for row in found
    ]
    note = (
        "同一数字有两个来源时，优先级小的为准。只列本次发布的数字或目标用到的来源。",
        "Where two sources give one figure, the smaller priority decides. Only sources that this release uses "
        "are listed.",
    )
    return SheetContent("来源 Sources", ("来源", "Sources"), (note,), columns), table
