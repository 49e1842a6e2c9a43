"""The sheets on quality: rejected rows with reason and remedy, flagged figures with explanation."""

from __future__ import annotations

from assets.core.i18n import labels
from assets.release.outputs.rows import Row, fetch_row, fetch_rows
from assets.release.outputs.workbook.cell_styles import Cell, strong_cell, text_cell, value_cell
from assets.release.outputs.workbook.sheet import (
    SheetColumn,
    SheetContent,
    centred,
    file_and_sheet,
    integer,
    names,
    text,
)
from assets.release.read.queries import view_sql
from assets.warehouse.connection import Connection

MAX_LISTED = 5_000


def build_rejects_sheet(connection: Connection, max_listed: int = MAX_LISTED) -> SheetContent:
    """Return every error that its sender has not corrected yet; the note states how many there are in total."""
    pending = "from quality.rejects where not coalesce(is_resolved, false)"
    total = fetch_row(connection, f"select count(*) as number {pending}")["number"]
    rows = fetch_rows(
        connection, f"{pending} order by dataset, file, file_sha256, sheet, line, error_number limit {max_listed}"
    )
    columns = [
        SheetColumn(("数据集", "Dataset"), 15, text("dataset")),
        SheetColumn(("文件", "File"), 28, file_and_sheet),
        SheetColumn(("行", "Line"), 7, integer("line")),
        SheetColumn(("列", "Column"), 16, text("column_name")),
        SheetColumn(("原内容", "Found"), 20, text("actual")),
        SheetColumn(("原因", "Reason"), 46, names("reason")),
        SheetColumn(("处理办法", "Remedy"), 46, names("remedy")),
        SheetColumn(("退回编号", "Return"), 14, centred("return_id")),
    ]
    note = (
        f"共 {total} 处错误，列出 {len(rows)} 处；一行可有几处。原行在发布的 returns 目录中，改好标红的单元格，"
        "把文件放回收件箱即可。",
        f"{total} faults, {len(rows)} of them listed; a row may have several. The rows as sent stand in the "
        "folder returns of the release: correct the red cells and put the file back into the inbox.",
    )
    title, empty_text = ("退回的行", "Rejected rows"), ("没有退回的行", "No row is rejected")
    return SheetContent("退回的行 Rejected", title, (note,), columns, rows, empty_text=empty_text)


def build_flags_sheet(connection: Connection, max_listed: int = MAX_LISTED) -> SheetContent:
    """Return every implausible figure, the most severe first."""
    total = fetch_row(connection, "select count(*) as number from quality.flags")["number"]
    rows = fetch_rows(
        connection,
        f"""
        from ({view_sql("flag_rows")})
        order by
            case severity when 'blocking' then 1 when 'warning' then 2 else 3 end, detector, indicator_id, city_code,
            province_code, year, scope, vintage
        limit {max_listed}
        """,
    )
    columns = [
        SheetColumn(("轻重", "Severity"), 9, _severity),
        SheetColumn(("疑点", "Doubt"), 17, names("detector")),
        SheetColumn(("城市", "City"), 12, names("place")),
        SheetColumn(("指标", "Indicator"), 28, names("name")),
        SheetColumn(("年份", "Year"), 6, integer("year")),
        SheetColumn(("数值", "Value"), 11, _value),
        SheetColumn(("单位", "Unit"), 10, centred("unit")),
        SheetColumn(("说明与处理办法", "Explanation and remedy"), 60, names("explanation")),
        SheetColumn(("文件", "File"), 28, file_and_sheet),
        SheetColumn(("行", "Line"), 6, integer("line")),
    ]
    note = (
        f"共 {total} 处，列出 {len(rows)} 处。存疑不等于有错：提示和警告照常计分，扣留的不计分。请对照原件。",
        f"{total} flags, {len(rows)} of them listed. A flag is a question, not a fault: notes and warnings "
        "score as usual, figures held back do not. Check them against the original.",
    )
    title, empty_text = ("存疑数字", "Flagged figures"), ("没有存疑数字", "No figure is flagged")
    return SheetContent("存疑 Flags", title, (note,), columns, rows, empty_text=empty_text)


def _severity(flag: Row) -> Cell:
    return strong_cell(labels("severities")[flag["flag_status"]])


def _value(flag: Row) -> Cell:
    value = flag["observed_value"]
    return text_cell(flag["value_text"]) if value is None else value_cell(value, flag["decimals"])
