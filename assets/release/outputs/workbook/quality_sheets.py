"""What was sent back and what is doubtful: rejected rows with reason and remedy, flagged figures with explanation."""

from __future__ import annotations

from assets.release.outputs.labels import SEVERITIES, Words
from assets.release.outputs.workbook.cell_styles import (
    Cell,
    centred_cell,
    name_cell,
    strong_cell,
    text_cell,
    value_cell,
    whole_cell,
)
from assets.release.outputs.workbook.city_sheet import rank_cell
from assets.release.outputs.workbook.overview_sheets import Table
from assets.release.outputs.workbook.queries import Row, fetch_row, fetch_rows
from assets.release.outputs.workbook.sheet import SheetColumn, SheetContent
from assets.warehouse.connection import Connection

MOST_ROWS = 5_000


def build_rejects_sheet(connection: Connection, most_rows: int = MOST_ROWS) -> Table:
    """Every fault that still waits for its sender; beyond so many the note says how many there are."""
    pending = "from intake.rejects where not coalesce(is_resolved, false)"
    total = fetch_row(connection, f"select count(*) as number {pending}")["number"]
    found = fetch_rows(
        connection, f"{pending} order by dataset, file, file_sha256, sheet, line, error_number limit {most_rows}"
    )
    columns = [
        SheetColumn(("数据集", "Dataset"), 15),
        SheetColumn(("文件", "File"), 28),
        SheetColumn(("行", "Line"), 7),
        SheetColumn(("列", "Column"), 16),
        SheetColumn(("原内容", "Found"), 20),
        SheetColumn(("原因", "Reason"), 46),
        SheetColumn(("处理办法", "Remedy"), 46),
        SheetColumn(("退回编号", "Return"), 14),
    ]
    table = [
        [
            text_cell(fault["dataset"]),
            text_cell(rank_cell(fault)),
            whole_cell(fault["line"]),
            text_cell(fault["column_name"]),
            text_cell(fault["actual"]),
            name_cell(fault["reason_zh"], fault["reason_en"]),
            name_cell(fault["remedy_zh"], fault["remedy_en"]),
            centred_cell(fault["return_id"]),
        ]
        for fault in found
    ]
    note = (
        f"共 {total} 处错误，列出 {len(found)} 处；一行可有几处。原行在发布的 returns 目录中，改好标红的单元格，"
        "把文件放回收件箱即可。",
        f"{total} faults, {len(found)} of them listed; a row may have several. The rows as sent stand in the "
        "folder returns "
        "of the release: correct the red cells and put the file back into the inbox.",
    )
    page = SheetContent(
        "退回的行 Rejected",
        ("退回的行", "Rejected rows"),
        (note,),
        columns,
        if_empty=("没有退回的行", "No row is rejected"),
    )
    return page, table


def build_flags_sheet(connection: Connection, most_rows: int = MOST_ROWS) -> Table:
    """Every figure that looks implausible, the gravest first."""
    total = fetch_row(connection, "select count(*) as number from quality.flags")["number"]
    found = fetch_rows(
        connection,
        f"""
        select
            flags.*, detectors.name_zh as detector_zh, detectors.name_en as detector_en, indicators.name_zh,
            indicators.name_en, indicators.decimals, indicators.unit, sent.value,
            coalesce(cities.name_zh, provinces.name_zh) as place_zh,
            coalesce(cities.name_en, provinces.name_en) as place_en
        from quality.flags as flags
        inner join reference.detectors as detectors on flags.detector = detectors.detector_id
        inner join reference.indicators as indicators on flags.indicator_id = indicators.indicator_id
        left join reference.cities as cities on flags.city_code = cities.city_code
        left join reference.provinces as provinces on flags.province_code = provinces.province_code
        left join observations.city_observations as sent
            on flags.city_code = sent.city_code and flags.indicator_id = sent.indicator_id
            and flags.year = sent.year and flags.scope = sent.scope and flags.vintage = sent.vintage
        order by
            case flags.severity when 'blocking' then 1 when 'warning' then 2 else 3 end, flags.detector,
            flags.indicator_id, flags.city_code, flags.province_code, flags.year, flags.scope, flags.vintage
        limit {most_rows}
        """,
    )
    columns = [
        SheetColumn(("轻重", "Severity"), 9),
        SheetColumn(("疑点", "Doubt"), 17),
        SheetColumn(("城市", "City"), 12),
        SheetColumn(("指标", "Indicator"), 28),
        SheetColumn(("年份", "Year"), 6),
        SheetColumn(("数值", "Value"), 11),
        SheetColumn(("单位", "Unit"), 10),
        SheetColumn(("说明与处理办法", "Explanation and remedy"), 60),
        SheetColumn(("文件", "File"), 28),
        SheetColumn(("行", "Line"), 6),
    ]
    note = (
        f"共 {total} 处，列出 {len(found)} 处。存疑不等于有错：提示和警告照常计分，扣留的不计分。请对照原件。",
        f"{total} flags, {len(found)} of them listed. A flag is a question, not a fault: notes and warnings "
        "score as usual, "
        "figures held back do not. Check them against the original.",
    )
    page = SheetContent(
        "存疑 Flags",
        ("存疑数字", "Flagged figures"),
        (note,),
        columns,
        if_empty=("没有存疑数字", "No figure is flagged"),
    )
    return page, [_flag(one) for one in found]


def _flag(flag: Row) -> list[Cell]:
    severity: Words = SEVERITIES["approved" if flag["is_approved"] else flag["severity"]]
    return [
        strong_cell(severity),
        name_cell(flag["detector_zh"], flag["detector_en"]),
        text_cell(None) if flag["place_zh"] is None else name_cell(flag["place_zh"], flag["place_en"]),
        name_cell(flag["name_zh"], flag["name_en"]),
        whole_cell(flag["year"]),
        text_cell(flag["value_text"]) if flag["value"] is None else value_cell(flag["value"], flag["decimals"]),
        centred_cell(flag["unit"]),
        name_cell(flag["explanation_zh"], flag["explanation_en"]),
        text_cell(rank_cell(flag)),
        whole_cell(flag["line"]),
    ]
