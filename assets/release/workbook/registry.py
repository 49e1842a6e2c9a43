"""What is measured, against what, and from where: indicators, targets and references, sources."""

from __future__ import annotations

from assets.release.words import CLASSES, DATA_STATUSES, DIRECTIONS, KINDS, STANDINGS
from assets.release.workbook.cells import Cell, centred, count, coverage, goal, named, quiet, text, whole
from assets.release.workbook.overview import Table
from assets.release.workbook.page import Column, Page
from assets.release.workbook.reading import Row, rows
from assets.warehouse.connection import Connection
from assets.warehouse.forms import shown


def indicators(connection: Connection) -> Table:
    """Every indicator of the registry, with what it is compared with and how many cities have a figure."""
    found = rows(
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
        Column(("维度", "Dimension"), 11),
        Column(("指标", "Indicator"), 28),
        Column(("单位", "Unit"), 10),
        Column(("方向", "Direction"), 10),
        Column(("定义", "Definition"), 46),
        Column(("公式", "Formula"), 26),
        Column(("标尺", "Scale"), 15),
        Column(("目标与参照", "Targets"), 9),
        Column(("措施", "Measures"), 8.5),
        Column(("有数字的城市", "Cities n/m"), 10, is_coverage=True),
        Column(("最新", "Newest"), 8),
        Column(("数字的来源", "Sources of figures"), 26),
    ]
    note = (
        "n/m：有数字的城市数/全部城市数。没有任何城市有数字的，写明“待报数据”。目标与参照逐项列在“目标 Targets”。",
        "n/m: cities with a figure, of all. An indicator without a figure is awaiting data. Its targets stand on "
        "their own sheet.",
    )
    page = Page("指标 Indicators", ("指标", "Indicators"), (note,), columns, frozen=2)
    return page, [_indicator(row) for row in found]


def _indicator(row: Row) -> list[Cell]:
    return [
        named(row["dimension_zh"], row["dimension_en"]),
        named(row["name_zh"], row["name_en"]),
        centred(row["unit"]),
        named(*DIRECTIONS[row["direction"]]),
        named(row["definition_zh"], row["definition_en"]),
        text(row["formula"]),
        _scale(row),
        count(row["targets"] or 0),
        centred(row["measures"]),
        coverage(row["with_figure"] or 0, row["cities"] or 0),
        whole(row["newest"]) if row["with_figure"] else quiet(DATA_STATUSES["awaiting_data"]),
        text(row["sources"]),
    ]


def _scale(row: Row) -> Cell:
    """What scores 0 and 100, and what the upper end rests on."""
    if row["goalposts_class"] is None:
        return quiet(DATA_STATUSES["no_goalposts"])
    ends = f"100 = {shown(row['range_low'])}–{shown(row['range_high'])}" if row["range_low"] is not None else None
    if ends is None:
        ends = f"0 = {shown(row['floor'])}, 100 = {shown(row['upper'])}"
    zh, en = CLASSES[row["goalposts_class"]]
    return text(f"{ends}\n{zh} {en}")


def targets(connection: Connection) -> Table:
    """Every target and reference, with its standing, document and grade."""
    found = rows(
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
        Column(("指标", "Indicator"), 28),
        Column(("值", "Value"), 10),
        Column(("单位", "Unit"), 10),
        Column(("年份", "Year"), 6),
        Column(("性质", "Standing"), 18),
        Column(("适用范围", "Scope"), 28),
        Column(("文件", "Document"), 34),
        Column(("文号", "Number"), 18),
        Column(("日期", "Date"), 10),
        Column(("依据等级", "Grade"), 7),
        Column(("所见来源", "Seen in"), 30),
        Column(("说明", "Note"), 30),
    ]
    table = [
        [
            named(row["name_zh"], row["name_en"]),
            goal(row["operator"], row["value"], row["value_high"]),
            centred(row["unit"]),
            whole(row["year"]),
            named(*STANDINGS[row["status"]]),
            named(row["scope_zh"], row["scope_en"]),
            text(row["document_zh"]),
            text(row["document_number"]),
            centred(row["document_date"]),
            centred(row["source_grade"]),
            text(row["publication_zh"]),
            text(None) if row["note_zh"] is None else named(row["note_zh"], row["note_en"] or row["note_zh"]),
        ]
        for row in found
    ]
    note = (
        "只有“本市目标”和“省定目标”是任务，其余都是参照。年份已过的，在各市的表中写作“已过期，仅作基准”。",
        "Only targets of the city and of the province are duties; the rest are references. Those whose year has "
        "passed are "
        "shown as expired on the sheets of the cities.",
    )
    return Page("目标 Targets", ("目标与参照值", "Targets and references"), (note,), columns), table


def sources(connection: Connection) -> Table:
    """Every publication that a figure or a target of the release comes from."""
    found = rows(
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
        Column(("出版物", "Publication"), 52),
        Column(("发布机构", "Publisher"), 36),
        Column(("种类", "Kind"), 12),
        Column(("优先级", "Priority"), 8),
        Column(("现行数字", "Figures"), 9),
        Column(("目标与参照", "Targets"), 10),
        Column(("使用条件", "Terms"), 20),
        Column(("说明", "Note"), 40),
    ]
    table = [
        [
            named(row["publication_zh"], row["publication_en"]),
            named(row["publisher_zh"], row["publisher_en"]),
            named(*KINDS[row["kind"]]),
            whole(row["priority"]),
            count(row["figures"] or 0),
            count(row["goals"] or 0),
            text(row["licence"]),
            text(None) if row["note_zh"] is None else named(row["note_zh"], row["note_en"] or row["note_zh"]),
        ]
        for row in found
    ]
    note = (
        "同一数字有两个来源时，优先级小的为准。只列本次发布的数字或目标用到的来源。",
        "Where two sources give one figure, the smaller priority decides. Only sources that this release uses "
        "are listed.",
    )
    return Page("来源 Sources", ("来源", "Sources"), (note,), columns), table
