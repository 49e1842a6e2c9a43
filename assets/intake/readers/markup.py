"""Web pages and the XML of Excel 2003 that systems export under the name of a workbook.

Here: the tables of an HTML page and the sheets of a SpreadsheetML file as rows. Not here: archives of web pages
(assets.intake.readers.workbook refuses them), what a style does to a text (assets.intake.readers.cell_styles).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

from assets.core.errors import Issue
from assets.core.settings import Limits
from assets.intake.readers.cell_styles import (
    ERROR_IN_CELL,
    FORMULA_WITHOUT_VALUE,
    PLAIN,
    CellStyle,
    Run,
    join_runs,
    number_text,
    problem,
)
from assets.intake.readers.encoding import FileRejectedError, detect_encoding
from assets.intake.readers.number_formats import Shown, number_format
from assets.intake.readers.raw_rows import Merge
from assets.intake.readers.sheet_writer import SheetDetails, Sheets
from assets.intake.readers.zip_parts import XmlParser

Rows = list[tuple[int, dict[int, str]]]
_BLOCK_BYTES = 1 << 18
_MAX_LINE, _MAX_COLUMN = 1_048_576, 16_384
_STRUCK = frozenset({"s", "strike", "del"})
_UNREAD = frozenset({"script", "style", "title", "head", "rt", "rp"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_STRUCK_STYLE = re.compile(r"text-decoration[^;]*line-through", re.IGNORECASE)
# The names that SpreadsheetML gives to formats; the others are codes.
_NAMED_FORMATS = {
    **dict.fromkeys(("General", "General Number", "Standard", "Fixed", "Scientific"), "General"),
    "Percent": "0.00%",
    "Currency": "General",
    "Euro Currency": "General",
    **dict.fromkeys(("General Date", "Long Date", "Medium Date", "Short Date"), "yyyy-m-d"),
    **dict.fromkeys(("Long Time", "Medium Time", "Short Time"), "h:mm"),
}


def read_html(file: Path, limits: Limits) -> Sheets:
    """Yield the tables of a web page that hold more than one cell; those within a cell come first."""
    parser = _HtmlTables(limits)
    encoding = detect_encoding(file, limits)
    parser.feed(file.read_text(encoding, errors="strict"))
    parser.close()
    for number, table in enumerate(parser.tables, start=1):
        table.details.name = f"Table {number}"
        yield table.details, iter(table.rows)


class _HtmlTable:
    """One table, with the cells that reach into the rows below."""

    def __init__(self) -> None:
        self.details = SheetDetails("")
        self.rows: Rows = []
        self.line = 0
        self.column = 0
        self.texts: dict[int, str] = {}
        self.taken: dict[int, int] = {}

    def start_row(self, is_hidden: bool) -> None:
        self.line += 1
        self.column, self.texts = 0, {}
        if is_hidden:
            self.details.hidden_rows.add(self.line)

    def add(self, shown: Shown, rows: int, columns: int) -> None:
        """Add a cell to the row, behind those that reach into it from above."""
        while self.taken.get(self.column, 0) >= self.line:
            self.column += 1
        last = self.line + rows - 1
        for column in range(self.column, self.column + columns):
            self.taken[column] = last
        if rows > 1 or columns > 1:
            self.details.merges.append(Merge(self.line, self.column, last, self.column + columns - 1))
        if shown.text:
            self.texts[self.column] = shown.text
            if shown.problem is not None:
                self.details.problems[self.line, self.column] = shown.problem
        self.column += columns

    def end_row(self) -> None:
        if any(text.strip() for text in self.texts.values()):
            self.rows.append((self.line, self.texts))
            self.details.physical_rows += 1
        self.texts = {}


class _HtmlTables(HTMLParser):
    """The tables of a page; a table within a cell is one of its own."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_HtmlTable] = []
        self._limits = limits
        self._open: list[tuple[_HtmlTable, list[Run] | None, dict[str, str]]] = []
        self._table: _HtmlTable | None = None
        self._runs: list[Run] | None = None
        self._span: dict[str, str] = {}
        self._marks: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag in ("frameset", "iframe"):
            raise FileRejectedError(Issue("web_page"))
        if tag in _UNREAD:
            self._unread += 1
        elif tag == "table":
            self._start_table()
        elif self._table is None:
            return
        elif tag == "tr":
            self._end_cell()
            self._table.end_row()
            self._table.start_row(_HIDDEN.search(attributes.get("style", "")) is not None)
        elif tag in ("td", "th"):
            self._end_cell()
            self._runs, self._span, self._marks = [], attributes, []
        elif self._runs is not None:
            self._start_text(self._runs, tag, attributes)

    def _start_text(self, runs: list[Run], tag: str, attributes: dict[str, str]) -> None:
        if tag in ("br", "p", "div") and runs:
            runs.append(Run("\n"))
        elif tag == "sup" or tag in _STRUCK:
            self._marks.append("sup" if tag == "sup" else "s")
        elif _STRUCK_STYLE.search(attributes.get("style", "")):
            self._marks.append("s")

    def _start_table(self) -> None:
        if self._table is not None:
            self._open.append((self._table, self._runs, self._span))
        if len(self.tables) + len(self._open) > self._limits.sheets:
            raise FileRejectedError(Issue("too_many_sheets", str(len(self.tables)), str(self._limits.sheets)))
        self._table, self._runs, self._marks = _HtmlTable(), None, []

    def handle_data(self, data: str) -> None:
        if self._runs is not None and not self._unread:
            text = _BLANKS.sub(" ", data)
            self._runs.append(Run(text, "s" in self._marks, "sup" in self._marks))

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD:
            self._unread = max(self._unread - 1, 0)
        elif self._table is None:
            return
        elif tag in ("td", "th"):
            self._end_cell()
        elif tag == "tr":
            self._end_cell()
            self._table.end_row()
        elif tag == "table":
            self._end_table(self._table)
        elif (tag == "sup" or tag in _STRUCK) and self._marks:
            self._marks.pop()

    def close(self) -> None:
        super().close()
        while self._table is not None:
            self._end_table(self._table)

    def _end_table(self, table: _HtmlTable) -> None:
        self._end_cell()
        table.end_row()
        # A single cell only places things on the page.
        if len(table.rows) > 1 or any(len(texts) > 1 for _, texts in table.rows):
            self.tables.append(table)
        self._table, self._runs, self._span = self._open.pop() if self._open else (None, None, {})

    def _end_cell(self) -> None:
        if self._runs is None or self._table is None:
            return
        shown = join_runs(self._runs)
        shown = Shown(shown.text.strip(), shown.problem)
        if self._table.line == 0:
            self._table.start_row(False)
        rows, columns = (_span(self._span.get(name, ""), limit) for name, limit in _SPANS)
        self._table.add(shown, rows, columns)
        self._runs = None


_SPANS = (("rowspan", _MAX_LINE), ("colspan", _MAX_COLUMN))


def _span(text: str, limit: int) -> int:
    number = text.strip()
    return max(min(int(number), limit), 1) if number.isdecimal() and len(number) < 8 else 1


def read_spreadsheet_ml(file: Path, limits: Limits) -> Sheets:
    """Yield the sheets of an Excel 2003 XML file."""
    if file.stat().st_size > limits.unpacked_bytes:
        raise FileRejectedError(Issue("workbook_too_large", str(file.stat().st_size), str(limits.unpacked_bytes)))
    workbook = _SpreadsheetMl()
    parser = XmlParser(workbook.start, workbook.end, workbook.data)
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            parser.feed(block)
    parser.finish()
    for details, rows in workbook.sheets:
        details.physical_rows = len(rows)
        yield details, iter(rows)


class _SpreadsheetMl:
    """The sheets of a SpreadsheetML file as its elements arrive."""

    def __init__(self) -> None:
        self.sheets: list[tuple[SheetDetails, Rows]] = []
        self._styles: dict[str, CellStyle] = {}
        self._style = ""
        self._format, self._is_struck = "General", False
        self._texts: dict[int, str] = {}
        self._line = self._column = 0
        self._cell: dict[str, str] = {}
        self._type: str | None = None
        self._runs: list[Run] = []
        self._marks: list[str] = []
        self._path: list[str] = []
        self._starts: dict[str, Callable[[dict[str, str]], None]] = {
            "Style": self._start_style,
            "NumberFormat": self._start_format,
            "Font": self._start_font,
            "Worksheet": self._start_sheet,
            "Column": self._start_column,
            "Row": self._start_row,
            "Cell": self._start_cell,
            "Data": self._start_data,
        }

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._path.append(tag)
        values = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        if self._type is not None:
            self._marks.append(tag.lower())
        elif "Comment" not in self._path and (start := self._starts.get(tag)) is not None:
            start(values)

    def data(self, text: str) -> None:
        if self._type is not None:
            self._runs.append(Run(text, "s" in self._marks, "sup" in self._marks))
        elif self._path[-1:] == ["Visible"] and self.sheets and text.strip() != "SheetVisible":
            self.sheets[-1][0].is_hidden = True

    def end(self, tag: str) -> None:
        self._path.pop()
        if self._type is not None and self._marks:
            self._marks.pop()
        elif self._type is not None and tag == "Data":
            self._end_data(self._type)
            self._type = None
        elif tag == "Style":
            self._styles[self._style] = CellStyle(number_format(self._format), self._is_struck)
        elif tag == "Cell" and "Comment" not in self._path:
            self._end_cell()
        elif tag == "Row" and any(text.strip() for text in self._texts.values()):
            self.sheets[-1][1].append((self._line, self._texts))

    def _start_style(self, values: dict[str, str]) -> None:
        self._style = values.get("ID", "")
        parent = self._styles.get(values.get("Parent", "Default"), PLAIN)
        self._format, self._is_struck = parent.format.code, parent.is_struck

    def _start_format(self, values: dict[str, str]) -> None:
        code = values.get("Format", "General")
        self._format = _NAMED_FORMATS.get(code, code)

    def _start_font(self, values: dict[str, str]) -> None:
        self._is_struck = values.get("StrikeThrough", "0") == "1"

    def _start_sheet(self, values: dict[str, str]) -> None:
        self.sheets.append((SheetDetails(values.get("Name", "")), []))
        self._line = self._column = 0

    def _start_column(self, values: dict[str, str]) -> None:
        first = _number(values, "Index", self._column + 1)
        self._column = min(first + _number(values, "Span", 0), _MAX_COLUMN)
        if self.sheets and (values.get("Hidden") == "1" or values.get("Width") == "0"):
            self.sheets[-1][0].hidden_columns.update(range(first - 1, self._column))

    def _start_row(self, values: dict[str, str]) -> None:
        line = _number(values, "Index", self._line + 1)
        if not self.sheets or not self._line < line <= _MAX_LINE:
            raise FileRejectedError(Issue("workbook_unreadable", f'<Row ss:Index="{line}">'))
        self._line, self._column, self._texts = line, 0, {}
        if values.get("Hidden") == "1":
            self.sheets[-1][0].hidden_rows.add(line)

    def _start_cell(self, values: dict[str, str]) -> None:
        self._cell, self._runs = values, []
        self._column = _number(values, "Index", self._column + 1)
        if not self.sheets or self._column > _MAX_COLUMN:
            raise FileRejectedError(Issue("workbook_unreadable", f'<Cell ss:Index="{self._column}">'))
        across, down = _number(values, "MergeAcross", 0), _number(values, "MergeDown", 0)
        if across or down:
            column = self._column - 1
            self.sheets[-1][0].merges.append(Merge(self._line, column, self._line + down, column + across))

    def _start_data(self, values: dict[str, str]) -> None:
        self._type, self._runs, self._marks = values.get("Type", "String"), [], []

    def _end_cell(self) -> None:
        if "Formula" in self._cell and not self._runs and self._column - 1 not in self._texts:
            formula = self._cell["Formula"]
            self._put(Shown(formula, problem(FORMULA_WITHOUT_VALUE, formula)))
        self._column += _number(self._cell, "MergeAcross", 0)

    def _end_data(self, kind: str) -> None:
        shown = join_runs(self._runs)
        style = self._styles.get(self._cell.get("StyleID", "Default"), PLAIN)
        text = shown.text.strip()
        if shown.problem is not None or not text:
            self._put(shown)
        elif kind == "Error":
            self._put(Shown(text, problem(ERROR_IN_CELL, text)))
        elif kind == "Number":
            try:
                number = float(text)
            except ValueError:
                self._put(shown)
                return
            self._put(style.show_number(number, number_text(number), is_1904=False))
        elif kind == "DateTime":
            self._put(Shown(text.removesuffix(".000").removesuffix("T00:00:00").replace("T", " ")))
        elif kind == "Boolean":
            self._put(Shown("TRUE" if text == "1" else "FALSE"))
        else:
            self._put(style.show_text(shown.text))

    def _put(self, shown: Shown) -> None:
        if shown.text:
            self._texts[self._column - 1] = shown.text
            if shown.problem is not None:
                self.sheets[-1][0].problems[self._line, self._column - 1] = shown.problem


def _number(values: dict[str, str], name: str, default: int) -> int:
    text = values.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 9 else default
