"""The sheets on the registry: indicators, targets and references, sources."""

from __future__ import annotations

from assets.core.i18n import labels
from assets.core.text import format_number
from assets.release.outputs.rows import Row, group_rows, read_rows
from assets.release.outputs.workbook.cell_styles import (
    Cell,
    count_cell,
    coverage_cell,
    integer_cell,
    name_cell,
    quiet_cell,
    target_cell,
    text_cell,
)
from assets.release.outputs.workbook.sheet import (
    CellReader,
    SheetColumn,
    SheetContent,
    centred,
    integer,
    names,
    text,
)
from assets.warehouse.connection import Connection


def build_indicators_sheet(connection: Connection) -> SheetContent:
    """Return every registered indicator with its goalposts and the number of cities that have a figure."""
    rows = read_rows(connection, "indicator_registry", ["dimension_position", "dataset", "indicator_id"])
    measures = group_rows(read_rows(connection, "measure_links", ["measure_id"]), "indicator_id")
    sources = group_rows(read_rows(connection, "indicator_sources", ["publication_zh"]), "indicator_id")
    for row in rows:
        own_measures, own_sources = (links.get(row["indicator_id"], []) for links in (measures, sources))
        row["measures"] = "、".join(str(link["measure_id"]) for link in own_measures) or None
        row["sources"] = "；".join(dict.fromkeys(source["publication_zh"] for source in own_sources)) or None
    columns = [
        SheetColumn(("维度", "Dimension"), 11, names("dimension")),
        SheetColumn(("指标", "Indicator"), 28, names("name")),
        SheetColumn(("单位", "Unit"), 10, centred("unit")),
        SheetColumn(("方向", "Direction"), 10, _labelled("directions", "direction")),
        SheetColumn(("定义", "Definition"), 46, names("definition")),
        SheetColumn(("公式", "Formula"), 26, text("formula")),
        SheetColumn(("标尺", "Scale"), 15, _goalposts),
        SheetColumn(("目标与参照", "Targets"), 9, _count("targets")),
        SheetColumn(("措施", "Measures"), 8.5, centred("measures")),
        SheetColumn(("有数字的城市", "Cities n/m"), 10, _cities_with_figure, is_coverage=True),
        SheetColumn(("最新", "Newest"), 8, _newest),
        SheetColumn(("数字的来源", "Sources of figures"), 26, text("sources")),
    ]
    note = (
        "n/m：有数字的城市数/全部城市数。没有任何城市有数字的，写明“待报数据”。目标与参照逐项列在“目标 Targets”。",
        "n/m: cities with a figure, of all. An indicator without a figure is awaiting data. Its targets stand on "
        "their own sheet.",
    )
    return SheetContent("指标 Indicators", ("指标", "Indicators"), (note,), columns, rows, frozen=2)


def build_targets_sheet(connection: Connection) -> SheetContent:
    """Return every target and reference with its authority, document and grade."""
    rows = read_rows(connection, "target_rows", ["dimension_position", "indicator_id", "year nulls last", "target_id"])
    columns = [
        SheetColumn(("指标", "Indicator"), 28, names("name")),
        SheetColumn(("值", "Value"), 10, lambda row: target_cell(row["operator"], row["value"], row["value_high"])),
        SheetColumn(("单位", "Unit"), 10, centred("unit")),
        SheetColumn(("年份", "Year"), 6, integer("year")),
        SheetColumn(("性质", "Standing"), 18, _labelled("target_authorities", "authority")),
        SheetColumn(("适用范围", "Scope"), 28, names("scope")),
        SheetColumn(("文件", "Document"), 34, text("document_zh")),
        SheetColumn(("文号", "Number"), 18, text("document_number")),
        SheetColumn(("日期", "Date"), 10, centred("document_date")),
        SheetColumn(("依据等级", "Grade"), 7, centred("source_grade")),
        SheetColumn(("所见来源", "Seen in"), 30, text("publication_zh")),
        SheetColumn(("说明", "Note"), 30, names("note")),
    ]
    note = (
        "只有“本市目标”和“省定目标”是任务，其余都是参照。年份已过的，在各市的表中写作“已过期，仅作基准”。",
        "Only targets of the city and of the province are duties; the rest are references. Those whose year has "
        "passed are shown as expired on the sheets of the cities.",
    )
    return SheetContent("目标 Targets", ("目标与参照值", "Targets and references"), (note,), columns, rows)


def build_sources_sheet(connection: Connection) -> SheetContent:
    """Return every publication from which a figure or a target of the release comes."""
    rows = [
        row
        for row in read_rows(connection, "source_rows", ["priority", "source_id"])
        if row["current_values"] or row["targets"]
    ]
    columns = [
        SheetColumn(("出版物", "Publication"), 52, names("publication")),
        SheetColumn(("发布机构", "Publisher"), 36, names("publisher")),
        SheetColumn(("种类", "Kind"), 12, _labelled("source_kinds", "kind")),
        SheetColumn(("优先级", "Priority"), 8, integer("priority")),
        SheetColumn(("现行数字", "Figures"), 9, _count("current_values")),
        SheetColumn(("目标与参照", "Targets"), 10, _count("targets")),
        SheetColumn(("使用条件", "Terms"), 20, text("licence")),
        SheetColumn(("说明", "Note"), 40, names("note")),
    ]
    note = (
        "同一数字有两个来源时，优先级小的为准。只列本次发布的数字或目标用到的来源。",
        "Where two sources give one figure, the smaller priority decides. Only sources that this release uses "
        "are listed.",
    )
    return SheetContent("来源 Sources", ("来源", "Sources"), (note,), columns, rows)


def _labelled(group: str, column: str) -> CellReader:
    return lambda row: name_cell(*labels(group)[str(row[column])])


def _count(column: str) -> CellReader:
    return lambda row: count_cell(row[column])


def _cities_with_figure(row: Row) -> Cell:
    return coverage_cell(row["cities_with_value"], row["cities"])


def _newest(row: Row) -> Cell:
    return (
        integer_cell(row["newest_year"])
        if row["cities_with_value"]
        else quiet_cell(labels("data_statuses")["awaiting_data"])
    )


def _goalposts(row: Row) -> Cell:
    """Return the values that score 0 and 100, and what the upper one rests on."""
    if row["goalposts_class"] is None:
        return quiet_cell(labels("data_statuses")["no_goalposts"])
    if row["range_low"] is not None:
        ends = f"100 = {format_number(row['range_low'])}–{format_number(row['range_high'])}"
    else:
        ends = f"0 = {format_number(row['lower'])}, 100 = {format_number(row['upper'])}"
    return text_cell(f"{ends}\n{' '.join(labels('goalpost_classes')[row['goalposts_class']])}")
