"""One sheet of the workbook: title, notes, a table with filters, and the set-up for print.

Here: layout, frozen panes, filters, heights of rows. Not here: which sheets there are and what they contain.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from assets.release.outputs.excel_limits import SheetNames
from assets.release.outputs.rows import Row
from assets.release.outputs.score_colours import COLOURS, POINTS
from assets.release.outputs.workbook.cell_styles import (
    BAND,
    BAR,
    FONT,
    FONT_SIZE,
    GREY,
    INK,
    TITLE_FONT,
    Cell,
    Style,
    Words,
    bilingual_text,
    fit_text,
    font_size,
    make_style,
)

_A4 = 9
_MAX_FOOTER_CHARACTERS = 80
_MARGIN = 0.4  # inches
# In points, high enough also for the font that replaces a missing one.
_LINE_HEIGHT, _PADDING = 13.0, 4.0
_MAX_ROW_HEIGHT = 400.0
# Widths of characters of a table, in the unit of column widths; wide ones, such as Han, begin after the code point.
_LAST_NARROW, _NARROW_WIDTH, _WIDE_WIDTH = 0x2E7F, 0.78, 1.55
_WORDS = re.compile(r"[\u2e80-\U0010ffff]|[^\s/\-\u2e80-\U0010ffff]*[\s/\-]?")
_HEADER = make_style(
    **{"bold": True, "bg_color": BAND, "border": 1, "border_color": GREY},
    **{"text_wrap": True, "align": "center", "valign": "vcenter", "num_format": "@"},
)
_TITLE = make_style(**TITLE_FONT, font_size=15, valign="vcenter", num_format="@")
_NOTE = make_style(font_color=GREY, text_wrap=True, valign="top", num_format="@")


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column of the table.

    Attributes:
        heading: Chinese and English.
        width: in the width of a digit of the default font.
        cell: returns the cell of a row.
        group: heading over neighbouring columns of the same group.
        scale: `score` is coloured from 0 to 100, `coverage` shown with a bar from 0 to 1.
    """

    heading: Words
    width: float
    cell: Callable[[Row], Cell]
    group: Words | None = None
    scale: str | None = None


@dataclass(frozen=True, slots=True)
class SheetContent:
    """The content of a sheet.

    Attributes:
        name: the wanted name of the sheet.
        title: its title.
        notes: texts between title and table.
        columns: the columns of the table.
        rows: the rows from which the columns read their cells.
        frozen: how many columns stay visible and are repeated on every page.
        empty_text: shown where there is no row.
    """

    name: str
    title: Words
    notes: Sequence[Words]
    columns: Sequence[SheetColumn]
    rows: Sequence[Row]
    frozen: int
    empty_text: Words


class WorkbookWriter:
    """The workbook while it is written; `footer` is printed on every page."""

    def __init__(self, path: Path, footer: str, properties: dict[str, object]) -> None:
        options = {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            # Column widths are counted in digits of this size.
            "default_format_properties": {**FONT, "font_size": 11},
        }
        self._book: Any = xlsxwriter.Workbook(str(path), options)
        self._book.set_properties(properties)
        self._formats: dict[Style, Any] = {}
        self._names = SheetNames()
        # In a footer, a single & begins a code.
        self._footer = footer[:_MAX_FOOTER_CHARACTERS].replace("&", "&&")

    def close(self) -> None:
        """Write the file."""
        self._book.close()

    def format(self, style: Style) -> Any:
        """Return the xlsxwriter format of a style, which is created once."""
        if style not in self._formats:
            properties = {"font_size": FONT_SIZE, "font_color": INK, **FONT, **dict(style)}
            self._formats[style] = self._book.add_format(properties)
        return self._formats[style]

    def add_sheet(self, name: str, *, is_landscape: bool) -> tuple[str, Any]:
        """Add an empty sheet, set up for print on A4; return its name, changed where it was taken, and the sheet."""
        name = self._names.add(name)
        sheet = self._book.add_worksheet(name)
        set_up_print(sheet, is_landscape)
        sheet.center_horizontally()
        sheet.hide_gridlines(2)
        sheet.set_footer(f"&L&8{self._footer}&C&8第 &P 页，共 &N 页  &P / &N&R&8&A", {"margin": 0.25})
        return name, sheet

    def write(self, content: SheetContent) -> str:
        """Write a sheet with its table; return the name that it got."""
        name, sheet = self.add_sheet(content.name, is_landscape=True)
        columns, last = content.columns, len(content.columns) - 1
        for number, column in enumerate(columns):
            sheet.set_column(number, number, column.width)
        top = self._write_head(sheet, content, last)
        self._write_rows(sheet, content, top + 1)
        bottom = top + max(len(content.rows), 1)
        if not content.rows:
            self.write_across(sheet, top + 1, last, bilingual_text(content.empty_text), _NOTE)
        sheet.autofilter(top, 0, bottom, last)
        sheet.freeze_panes(top + 1, content.frozen)
        sheet.repeat_rows(top - 1 if _is_grouped(content) else top, top)
        sheet.print_area(0, 0, bottom, last)
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{bottom + 1}"})
        self._add_colours(sheet, columns, top + 1, bottom)
        return name

    def _add_colours(self, sheet: Any, columns: Sequence[SheetColumn], first: int, last: int) -> None:
        """Colour scores by their classes and add bars to coverages, both on fixed scales: sheets can be compared."""
        bar = {"type": "data_bar", "min_type": "num", "max_type": "num", "min_value": 0, "max_value": 1}
        bar |= {"bar_color": BAR, "bar_solid": True, "bar_border_color": BAR}
        for number, column in enumerate(columns):
            if column.scale == "score":
                cell = xl_rowcol_to_cell(first, number)
                for rule, colours in enumerate(COLOURS):
                    # A range is a text, and Excel takes any text for more than any number.
                    shown = f"AND(ISNUMBER({cell}),ROUND({cell},1)>={POINTS * rule},"
                    above = f"ROUND({cell},1)<{POINTS * (rule + 1)})" if rule < len(COLOURS) - 1 else "TRUE)"
                    rules = {"type": "formula", "criteria": f"={shown}{above}", "format": self._colour_format(*colours)}
                    sheet.conditional_format(first, number, last, number, rules)
            elif column.scale is not None:
                sheet.conditional_format(first, number, last, number, bar)

    def _colour_format(self, fill: str, ink: str) -> Any:
        """Return the format that a class of scores adds to that of a cell, created once."""
        style = make_style(bg_color=fill, font_color=ink)
        if style not in self._formats:
            self._formats[style] = self._book.add_format(dict(style))
        return self._formats[style]

    def _write_head(self, sheet: Any, content: SheetContent, last: int) -> int:
        """Write title, notes and headings; return the row of the headings."""
        self.write_across(sheet, 0, last, "  ".join(content.title), _TITLE)
        sheet.set_row(0, 24)
        total_width = sum(column.width for column in content.columns)
        for row, note in enumerate(content.notes, start=1):
            self.write_across(sheet, row, last, bilingual_text(note), _NOTE)
            sheet.set_row(row, row_height([(bilingual_text(note), total_width)]))
        top = len(content.notes) + 1
        if _is_grouped(content):
            self._write_groups(sheet, content.columns, top)
            top += 1
        headings = [bilingual_text(column.heading) for column in content.columns]
        sheet.set_row(top, row_height(zip(headings, (column.width for column in content.columns), strict=True)))
        for number, column in enumerate(content.columns):
            if column.group is not None or not _is_grouped(content):
                sheet.write_string(top, number, headings[number], self.format(_HEADER))
        return top

    def _write_groups(self, sheet: Any, columns: Sequence[SheetColumn], row: int) -> None:
        """Write a heading over each group; the heading of a column without group spans both rows."""
        first = 0
        while first < len(columns):
            group, last = columns[first].group, first
            while group is not None and last + 1 < len(columns) and columns[last + 1].group == group:
                last += 1
            if group is not None:
                self.write_across(sheet, row, last, bilingual_text(group), _HEADER, first)
            else:
                heading = self.format(_HEADER)
                sheet.merge_range(row, first, row + 1, first, "", heading)
                sheet.write_string(row, first, bilingual_text(columns[first].heading), heading)
            first = last + 1
        sheet.set_row(row, 2 * _LINE_HEIGHT + _PADDING)

    def write_across(self, sheet: Any, row: int, last: int, content: str, style: Style, first: int = 0) -> None:
        """Write a text over several columns."""
        cell_format = self.format(style)
        if last > first:
            sheet.merge_range(row, first, row, last, "", cell_format)
        sheet.write_string(row, first, fit_text(content), cell_format)

    def _write_rows(self, sheet: Any, content: SheetContent, first: int) -> None:
        """Write the rows, each as high as its texts need: not every program adapts the height when it opens a file."""
        for line, row in enumerate(content.rows, start=first):
            cells = [column.cell(row) for column in content.columns]
            texts = [
                (cell.content, column.width * FONT_SIZE / font_size(cell))
                for cell, column in zip(cells, content.columns, strict=True)
                if isinstance(cell.content, str)
            ]
            sheet.set_row(line, row_height(texts))
            for number, cell in enumerate(cells):
                cell_format = self.format(cell.style)
                if cell.content is None:
                    sheet.write_blank(line, number, None, cell_format)
                elif isinstance(cell.content, str):
                    sheet.write_string(line, number, fit_text(cell.content), cell_format)
                else:
                    sheet.write_number(line, number, cell.content, cell_format)


def _is_grouped(content: SheetContent) -> bool:
    return any(column.group is not None for column in content.columns)


def set_up_print(sheet: Any, is_landscape: bool) -> None:
    """Print a sheet on A4, one page wide."""
    sheet.set_paper(_A4)
    if is_landscape:
        sheet.set_landscape()
    sheet.set_margins(left=_MARGIN, right=_MARGIN, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)


def row_height(texts: Iterable[tuple[str, float]]) -> float:
    """Return the height in points of a row with these texts in columns of these widths."""
    lines = (sum(_count_lines(line, width) for line in text.split("\n")) for text, width in texts)
    return min(_LINE_HEIGHT * max(lines, default=1) + _PADDING, _MAX_ROW_HEIGHT)


@lru_cache(maxsize=1 << 14)
def _count_lines(line: str, width: float) -> int:
    """Return into how many lines a text is broken: between words, between Han, and in a word longer than a line.

    Cached, because the rows of a table repeat texts.
    """
    if (len(line) + 1) * _WIDE_WIDTH <= width:
        return 1  # even if all characters were wide
    lines, used = 1, 0.0
    for word in _WORDS.findall(line):
        length = sum(_WIDE_WIDTH if ord(character) > _LAST_NARROW else _NARROW_WIDTH for character in word)
        if used + length > width and used:
            lines, used = lines + 1, 0.0
        used += length
        if used > width:
            broken = math.ceil(used / width) - 1
            lines, used = lines + broken, used - broken * width
    return lines
