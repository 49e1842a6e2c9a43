"""A sheet of the workbook: title, notes, one table that can be filtered, and how it is printed.

Here: names of sheets, where things stand, frozen panes, filters, print set-up. Not here: which sheets there are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import xlsxwriter

from assets.release.outputs.labels import Words
from assets.release.outputs.workbook.cell_styles import (
    BAND,
    BAR,
    FONT,
    GREY,
    HIGH,
    LOW,
    MIDDLE,
    SIZE,
    TITLE_FONT,
    Cell,
    Formats,
    bilingual_text,
    cell_size,
    fit_text,
    make_style,
)

A4 = 9
_LONGEST_SHEET = 31
_LONGEST_FOOTER = 80
_MARGIN = 0.4  # inches
_LINE, _PADDING = 13.0, 4.0  # points; with the font that stands in for a missing one too
_HIGHEST = 400.0
# Of the size that tables have, in digits of the size that columns are counted in; Han and the like begin at _NARROW.
_NARROW, _NARROW_SIGN, _WIDE_SIGN = 0x2E7F, 0.78, 1.55
_WORDS = re.compile(r"[\u2e80-\U0010ffff]|[^\s/\-\u2e80-\U0010ffff]*[\s/\-]?")
_HEADER = make_style(
    **{"bold": True, "bg_color": BAND, "border": 1, "border_color": GREY},
    **{"text_wrap": True, "align": "center", "valign": "vcenter", "num_format": "@"},
)
_TITLE = make_style(**TITLE_FONT, font_size=15, valign="vcenter", num_format="@")
_NOTE = make_style(font_color=GREY, text_wrap=True, valign="top", num_format="@")


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column with its heading; scores are coloured, coverages have a bar. Columns of one group stand under one."""

    heading: Words
    width: float
    group: Words | None = None
    is_score: bool = False
    is_coverage: bool = False


@dataclass(frozen=True, slots=True)
class SheetContent:
    """What a sheet is: `name` is its wanted name, `frozen` the columns that stay in sight and on every page."""

    name: str
    title: Words
    notes: Sequence[Words]
    columns: Sequence[SheetColumn]
    frozen: int = 1
    if_empty: Words = ("没有", "none")


@dataclass(frozen=True, slots=True)
class PlacedSheet:
    """A sheet that was written: the name it got, its title and the number of rows."""

    name: str
    title: Words
    rows: int


class WorkbookWriter:
    """The workbook while it is written; `footer` stands on every printed page."""

    def __init__(self, path: Path, footer: str, properties: dict[str, object]) -> None:
        options = {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            # Its size is what the widths of columns are counted in.
            "default_format_properties": {**FONT, "font_size": 11},
        }
        self._book: Any = xlsxwriter.Workbook(str(path), options)
        self._book.set_properties(properties)
        self.formats = Formats(self._book)
        self._names: set[str] = set()
        # A single & begins a code there.
        self._footer = footer[:_LONGEST_FOOTER].replace("&", "&&")

    def close(self) -> None:
        self._book.close()

    def free_name(self, wanted: str) -> str:
        """A name that a sheet may have and no other sheet has, whatever its case."""
        base = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "_", wanted)[:_LONGEST_SHEET].strip("' ") or "_"
        name, number = base, 1
        while name.casefold() in self._names | {"history"}:
            number += 1
            ending = f" ({number})"
            name = base[: _LONGEST_SHEET - len(ending)] + ending
        self._names.add(name.casefold())
        return name

    def sheet(self, name: str, *, is_landscape: bool) -> Any:
        """An empty sheet of this free name, set up for print: A4, as wide as the page, numbered."""
        sheet = self._book.add_worksheet(name)
        sheet.set_paper(A4)
        if is_landscape:
            sheet.set_landscape()
        sheet.set_margins(left=_MARGIN, right=_MARGIN, top=0.5, bottom=0.6)
        sheet.center_horizontally()
        sheet.fit_to_pages(1, 0)
        sheet.hide_gridlines(2)
        sheet.set_footer(f"&L&8{self._footer}&C&8第 &P 页，共 &N 页  &P / &N&R&8&A", {"margin": 0.25})
        return sheet

    def write(self, page: SheetContent, rows: Iterable[Sequence[Cell]]) -> PlacedSheet:
        name = self.free_name(page.name)
        sheet, last = self.sheet(name, is_landscape=True), len(page.columns) - 1
        for number, column in enumerate(page.columns):
            sheet.set_column(number, number, column.width)
        top = self._write_head(sheet, page, last)
        written = self._write_rows(sheet, page.columns, rows, top + 1)
        bottom = top + max(written, 1)
        if not written:
            self.put_across(sheet, top + 1, last, bilingual_text(page.if_empty), _NOTE)
        sheet.autofilter(top, 0, bottom, last)
        sheet.freeze_panes(top + 1, page.frozen)
        sheet.repeat_rows(top - 1 if _is_grouped(page) else top, top)
        sheet.print_area(0, 0, bottom, last)
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{bottom + 1}"})
        _colour(sheet, page.columns, top + 1, bottom)
        return PlacedSheet(name, page.title, written)

    def _write_head(self, sheet: Any, page: SheetContent, last: int) -> int:
        """Title, notes and headings; return the row of the headings."""
        zh, en = page.title
        self.put_across(sheet, 0, last, f"{zh}  {en}", _TITLE)
        sheet.set_row(0, 24)
        room = sum(column.width for column in page.columns)
        for row, note in enumerate(page.notes, start=1):
            self.put_across(sheet, row, last, bilingual_text(note), _NOTE)
            sheet.set_row(row, row_height([(bilingual_text(note), room)]))
        top = len(page.notes) + 1
        if _is_grouped(page):
            self._write_groups(sheet, page.columns, top)
            top += 1
        sheet.set_row(top, row_height([(bilingual_text(column.heading), column.width) for column in page.columns]))
        for number, column in enumerate(page.columns):
            if column.group is not None or not _is_grouped(page):
                sheet.write_string(top, number, bilingual_text(column.heading), self.formats.of(_HEADER))
        return top

    def _write_groups(self, sheet: Any, columns: Sequence[SheetColumn], row: int) -> None:
        """A heading over each group; a column of no group has its own heading through both rows."""
        first = 0
        while first < len(columns):
            group, last = columns[first].group, first
            while group is not None and last + 1 < len(columns) and columns[last + 1].group == group:
                last += 1
            if group is not None:
                self.put_across(sheet, row, last, bilingual_text(group), _HEADER, first)
            else:
                heading = self.formats.of(_HEADER)
                sheet.merge_range(row, first, row + 1, first, "", heading)
                sheet.write_string(row, first, bilingual_text(columns[first].heading), heading)
            first = last + 1
        sheet.set_row(row, 2 * _LINE + _PADDING)

    def put_across(self, sheet: Any, row: int, last: int, content: str, look: Any, first: int = 0) -> None:
        """A text over several columns."""
        form = self.formats.of(look)
        if last > first:
            sheet.merge_range(row, first, row, last, "", form)
        sheet.write_string(row, first, fit_text(content), form)

    def _write_rows(
        self, sheet: Any, columns: Sequence[SheetColumn], rows: Iterable[Sequence[Cell]], first: int
    ) -> int:
        """Write the rows, each as high as its texts need: not every program finds the height by itself."""
        written = 0
        for row in rows:
            texts = [
                (cell.content, column.width * SIZE / cell_size(cell))
                for cell, column in zip(row, columns, strict=True)
                if isinstance(cell.content, str)
            ]
            sheet.set_row(first + written, row_height(texts))
            for number, cell in enumerate(row):
                self.put(sheet, first + written, number, cell)
            written += 1
        return written

    def put(self, sheet: Any, row: int, column: int, cell: Cell) -> None:
        form = self.formats.of(cell.style)
        if cell.content is None:
            sheet.write_blank(row, column, None, form)
        elif isinstance(cell.content, str):
            sheet.write_string(row, column, fit_text(cell.content), form)
        else:
            sheet.write_number(row, column, cell.content, form)


def _is_grouped(page: SheetContent) -> bool:
    return any(column.group is not None for column in page.columns)


def _colour(sheet: Any, columns: Sequence[SheetColumn], first: int, last: int) -> None:
    """Scores from 0 to 100 in colour, coverages with a bar: both on fixed scales, so that sheets compare."""
    numbers = {"min_type": "num", "mid_type": "num", "max_type": "num"}
    scale = {**numbers, "type": "3_color_scale", "min_value": 0, "mid_value": 50, "max_value": 100}
    scale |= {"min_color": LOW, "mid_color": MIDDLE, "max_color": HIGH}
    bar = {"type": "data_bar", "min_type": "num", "max_type": "num", "min_value": 0, "max_value": 1}
    bar |= {"bar_color": BAR, "bar_solid": True, "bar_border_color": BAR}
    for number, column in enumerate(columns):
        if column.is_score or column.is_coverage:
            sheet.conditional_format(first, number, last, number, scale if column.is_score else bar)


def row_height(texts: Iterable[tuple[str, float]]) -> float:
    """How high a row must be for these texts in columns of these widths, in points."""
    lines = (sum(_lines(line, width) for line in text.split("\n")) for text, width in texts)
    return min(_LINE * max(lines, default=1) + _PADDING, _HIGHEST)


@lru_cache(maxsize=1 << 14)
def _lines(line: str, width: float) -> int:
    """On how many lines a text is broken: between words, in a word that is longer than a line, and between Han.

    Remembered, for the rows of a table say the same again and again.
    """
    if (len(line) + 1) * _WIDE_SIGN <= width:
        return 1  # even if it were all Han
    lines, used = 1, 0.0
    for word in _WORDS.findall(line):
        long = sum(_WIDE_SIGN if ord(sign) > _NARROW else _NARROW_SIGN for sign in word)
        if used + long > width and used:
            lines, used = lines + 1, 0.0
        used += long
        if used > width:
            broken = math.ceil(used / width) - 1
            lines, used = lines + broken, used - broken * width
    return lines
