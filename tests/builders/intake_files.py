"""What is sent: synthetic tables as CSV and as Excel makes them. Every figure is invented; no city reported it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import openpyxl
import xlwt

Cells = Sequence[object]
Sheets = Mapping[str, Sequence[Cells]]

# Every row must say where its figure is from: a registered source and its grade.
SOURCE = ("mohurd_yearbook", "A")
PARKS = ("城市", "年份", "统计口径", "人均公园绿地面积（平方米）", "建成区绿化覆盖率（%）", "来源代码", "来源等级")
STATISTICS = ("城市", "指标代码", "年份", "数值", "计量单位", "统计口径", "来源代码", "来源等级")
FAIRS = (
    "城市",
    "举办日期",
    "活动名称",
    "参会企业数",
    "提供岗位数",
    "到场人数",
    "是否为本地岗位",
    "来源代码",
    "来源等级",
    "口径",
)


def park(city: object, year: object = 2024, area: object = 12.5, cover: object = 43.25, scope: str = "城区") -> Cells:
    """A row below PARKS."""
    return (city, year, scope, area, cover, *SOURCE)


def statistic(
    indicator: str, value: object, unit: str, city: object = "南昌市", year: object = 2024, scope: str = "全市"
) -> Cells:
    """A row below STATISTICS."""
    return (city, f"city_statistics.{indicator}", year, value, unit, scope, *SOURCE)


def fair(date: object, event: object = "合成招聘会", city: object = "南昌市", **figures: object) -> Cells:
    """A row below FAIRS."""
    counts = (figures.get(name, "") for name in ("enterprises", "posts", "attendance"))
    return (city, date, event, *counts, "是", *SOURCE, "全市")


def text_of(*rows: Cells, delimiter: str = ",", end: str = "\r\n") -> str:
    """A table as Excel exports it."""
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter, lineterminator=end).writerows(rows)
    return target.getvalue()


def parks(*rows: Cells, headers: Cells = PARKS) -> str:
    return text_of(headers, *rows)


def xlsx(sheets: Sheets) -> bytes:
    """A workbook as Excel has written them since 2007."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def xls(sheets: Sheets) -> bytes:
    """A workbook as Excel wrote them before."""
    book = xlwt.Workbook(encoding="utf-8")
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for line, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write(line, column, cell)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()
