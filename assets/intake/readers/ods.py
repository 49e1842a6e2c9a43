"""`.ods`, the form of LibreOffice: each sheet as rows of the texts that its cells show.

Here: the elements of an OpenDocument table. Not here: the comparison of numbers with their texts
(assets.intake.readers.shown_texts), the count of rows (ods_row_count).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

from assets.core.errors import Issue
from assets.intake.readers.cell_styles import (
    ERROR_IN_CELL,
    FORMULA_WITHOUT_VALUE,
    STRUCK_OUT,
    WHITE_TEXT,
    Run,
    join_runs,
    number_text,
    problem,
)
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.number_formats import HIDDEN, Shown
from assets.intake.readers.ods_row_count import count_rows
from assets.intake.readers.raw_rows import Merge
from assets.intake.readers.sheet_writer import SheetDetails, SheetRows, Sheets
from assets.intake.readers.shown_texts import compare
from assets.intake.readers.zip_parts import XmlParser, ZipParts

CONTENT, _STYLES, _MANIFEST = "content.xml", "styles.xml", "META-INF/manifest.xml"
_MAX_LINE, _MAX_COLUMN = 1_048_576, 16_384
_NUMBERS = frozenset({"float", "percentage", "currency"})
_SKIPPED = frozenset({"annotation", "ruby-text", "shapes", "frame", "tracked-changes", "event-listeners", "forms"})
_DIGITS = re.compile("[0-9]+")
_WHITE = "#ffffff"


@dataclass(frozen=True, slots=True)
class _Style:
    """What a style does to a text; None where it leaves that to its parent."""

    parent: str | None = None
    is_struck: bool | None = None
    is_raised: bool | None = None
    is_white: bool | None = None
    is_dark: bool | None = None
    is_hidden: bool = False


@dataclass(slots=True)
class _Cell:
    """The cell that is being read."""

    attributes: Mapping[str, str]
    is_covered: bool
    runs: list[Run] = field(default_factory=list)
    paragraphs: int = 0


class OdsWorkbook:
    """A workbook in the OpenDocument form."""

    def __init__(self, parts: ZipParts) -> None:
        manifest = parts.tree(_MANIFEST)
        if manifest is not None and any(element.tag == "encryption-data" for element in manifest.iter()):
            raise FileRejectedError(Issue("encrypted_workbook"))
        self._parts = parts

    def sheets(self) -> Sheets:
        """Yield the sheets: details that are complete when the rows are read, and the rows."""
        counts = count_rows(self._parts.blocks(CONTENT))
        events = _Events(self._parts)
        for number, details in enumerate(iter(events.next_sheet, None)):
            details.physical_rows = counts[number] if number < len(counts) else 0
            yield details, events.rows()


class _Events:
    """The sheets and rows of the content, in order."""

    def __init__(self, parts: ZipParts) -> None:
        self._styles = _read_styles(parts.tree(_STYLES))
        self._blocks = parts.blocks(CONTENT)
        self._parser: XmlParser | None = XmlParser(self._start, self._end, self._data)
        self._queue: list[SheetDetails | tuple[int, dict[int, str]]] = []
        self._style_texts: list[ElementTree.Element] = []
        self._builder: ElementTree.TreeBuilder | None = None
        self._details = SheetDetails("")
        self._depth_skipped = 0
        self._line = self._column = self._repeated_rows = 0
        self._row: dict[int, Shown] = {}
        self._default_styles: dict[int, str] = {}
        self._cell: _Cell | None = None
        self._spans: list[str | None] = []

    def next_sheet(self) -> SheetDetails | None:
        """Return the next sheet, None behind the last one."""
        while not any(isinstance(entry, SheetDetails) for entry in self._queue) and self._feed():
            pass
        while self._queue:
            if isinstance(entry := self._queue.pop(0), SheetDetails):
                return entry
        return None

    def rows(self) -> SheetRows:
        """Yield the rows of the sheet."""
        while self._queue or self._feed():
            while self._queue:
                entry = self._queue[0]
                if isinstance(entry, SheetDetails):
                    return
                yield self._queue.pop(0)  # type: ignore[misc]

    def _feed(self) -> bool:
        """Parse the next block; return whether there was one."""
        if self._parser is None:
            return False
        block = next(self._blocks, None)
        if block is None:
            self._parser.finish()
            self._parser = None
            return False
        self._parser.feed(block)
        return True

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        values = {key.rpartition(":")[2]: value for key, value in attributes.items() if not key.startswith("calcext:")}
        if attributes.get("calcext:value-type") == "error":
            values["value-type"] = "error"
        if self._builder is not None or tag == "automatic-styles":
            self._builder = self._builder or ElementTree.TreeBuilder()
            self._builder.start(tag, values)
        elif self._depth_skipped or tag in _SKIPPED:
            self._depth_skipped += 1
        elif self._cell is not None:
            self._start_text(self._cell, tag, values)
        else:
            self._start_table(tag, values)

    def _start_table(self, tag: str, values: dict[str, str]) -> None:
        if tag == "table":
            style = self._styles.get(values.get("style-name", ""), _Style())
            self._details = SheetDetails(values.get("name", ""), style.is_hidden or values.get("display") == "false")
            self._queue.append(self._details)
            self._line, self._column, self._default_styles = 0, 0, {}
        elif tag == "table-column":
            self._start_column(values)
        elif tag == "table-row":
            self._repeated_rows = _count(values, "number-rows-repeated", _MAX_LINE)
            self._row, self._column = {}, 0
            if values.get("visibility", "visible") != "visible":
                first = self._line + 1
                self._details.hidden_rows.update(range(first, min(first + self._repeated_rows, _MAX_LINE + 1)))
        elif tag in ("table-cell", "covered-table-cell"):
            self._cell, self._spans = _Cell(values, tag == "covered-table-cell"), []

    def _start_column(self, values: dict[str, str]) -> None:
        count = _count(values, "number-columns-repeated", _MAX_COLUMN)
        columns = range(self._column, min(self._column + count, _MAX_COLUMN))
        if values.get("visibility", "visible") != "visible":
            self._details.hidden_columns.update(columns)
        if (style := values.get("default-cell-style-name")) is not None:
            self._default_styles.update(dict.fromkeys(columns, style))
        self._column += count

    def _start_text(self, cell: _Cell, tag: str, values: dict[str, str]) -> None:
        if tag == "p":
            cell.paragraphs += 1
            if cell.paragraphs > 1:
                cell.runs.append(Run("\n"))
        elif tag == "span":
            self._spans.append(values.get("style-name"))
        elif tag == "s":
            cell.runs.append(Run(" " * _count(values, "c", 1000)))
        elif tag in ("tab", "line-break"):
            cell.runs.append(Run("\t" if tag == "tab" else "\n"))

    def _data(self, text: str) -> None:
        if self._builder is not None:
            self._builder.data(text)
        elif self._cell is not None and self._cell.paragraphs and not self._depth_skipped:
            spans = [self._resolve(style) for style in self._spans]
            is_struck = any(style.is_struck for style in spans)
            self._cell.runs.append(Run(text, is_struck, any(style.is_raised for style in spans)))

    def _end(self, tag: str) -> None:
        if self._builder is not None:
            self._builder.end(tag)
            if tag == "automatic-styles":
                self._styles.update(_read_styles(self._builder.close()))
                self._builder = None
        elif self._depth_skipped:
            self._depth_skipped -= 1
        elif tag == "span" and self._spans:
            self._spans.pop()
        elif tag in ("table-cell", "covered-table-cell") and self._cell is not None:
            self._end_cell(self._cell)
            self._cell = None
        elif tag == "table-row":
            self._end_row()

    def _end_cell(self, cell: _Cell) -> None:
        shown = Shown("") if cell.is_covered else self._show(cell)
        count = _count(cell.attributes, "number-columns-repeated", _MAX_COLUMN)
        if shown.text:
            self._row.update(dict.fromkeys(range(self._column, min(self._column + count, _MAX_COLUMN)), shown))
        rows = _count(cell.attributes, "number-rows-spanned", _MAX_LINE)
        columns = _count(cell.attributes, "number-columns-spanned", _MAX_COLUMN)
        if rows > 1 or columns > 1:
            first = self._line + 1
            self._details.merges.append(Merge(first, self._column, first + rows - 1, self._column + columns - 1))
        self._column += count

    def _end_row(self) -> None:
        if self._row:
            texts = {column: shown.text for column, shown in self._row.items()}
            for line in range(self._line + 1, min(self._line + self._repeated_rows, _MAX_LINE) + 1):
                for column, shown in self._row.items():
                    if shown.problem is not None:
                        self._details.problems[line, column] = shown.problem
                self._queue.append((line, dict(texts)))
        self._line += self._repeated_rows

    def _show(self, cell: _Cell) -> Shown:
        name = cell.attributes.get("style-name") or self._default_styles.get(self._column)
        style = self._resolve(name)
        shown = self._show_value(cell)
        if shown.problem is None and shown.text.strip() and (style.is_struck or (style.is_white and not style.is_dark)):
            return Shown(shown.text, problem(STRUCK_OUT if style.is_struck else WHITE_TEXT, shown.text))
        return shown

    def _show_value(self, cell: _Cell) -> Shown:
        kind, text = cell.attributes.get("value-type"), join_runs(cell.runs) if cell.runs else Shown("")
        if kind == "error":
            return Shown(text.text, problem(ERROR_IN_CELL, text.text))
        if kind in _NUMBERS:
            stored = _stored_number(cell.attributes.get("value", ""))
            return text if stored is None or text.problem is not None else compare(stored, text.text)
        if kind == "date":
            return Shown(_date_text(cell.attributes.get("date-value", ""), text.text))
        if kind == "boolean":
            return Shown("TRUE" if cell.attributes.get("boolean-value") == "true" else "FALSE")
        if "formula" in cell.attributes and kind is None and not text.text:
            formula = cell.attributes["formula"]
            return Shown(formula, problem(FORMULA_WITHOUT_VALUE, formula))
        hidden = cell.attributes.get("string-value", "")
        if hidden.strip() and not text.text.strip():
            return Shown(hidden, problem(HIDDEN, "", hidden))
        return text

    def _resolve(self, name: str | None) -> _Style:
        """A style with what it leaves to its parents."""
        is_struck = is_raised = is_white = is_dark = None
        seen = set()
        while name is not None and name not in seen and (style := self._styles.get(name)) is not None:
            seen.add(name)
            is_struck = style.is_struck if is_struck is None else is_struck
            is_raised = style.is_raised if is_raised is None else is_raised
            is_white = style.is_white if is_white is None else is_white
            is_dark = style.is_dark if is_dark is None else is_dark
            name = style.parent
        return _Style(None, is_struck, is_raised, is_white, is_dark)


def _read_styles(root: ElementTree.Element | None) -> dict[str, _Style]:
    return {} if root is None else {style.get("name", ""): _read_style(style) for style in root.iter("style")}


def _read_style(style: ElementTree.Element) -> _Style:
    values: dict[str, str] = {}
    for properties in style:
        if properties.tag in ("text-properties", "table-cell-properties", "table-properties"):
            values |= {key.rpartition(":")[2]: value for key, value in properties.items()}
    lines = [values[name] for name in ("text-line-through-style", "text-line-through-type") if name in values]
    position = values.get("text-position")
    color, background = values.get("color"), values.get("background-color")
    return _Style(
        style.get("parent-style-name") or _local(style, "parent-style-name"),
        "none" not in lines if lines else None,
        None if position is None else position.startswith("super"),
        None if color is None else color.lower() == _WHITE,
        None if background is None else background.lower() not in (_WHITE, "transparent"),
        values.get("display") == "false",
    )


def _local(element: ElementTree.Element, name: str) -> str | None:
    return next((value for key, value in element.items() if key.rpartition(":")[2] == name), None)


def _count(values: Mapping[str, str], name: str, limit: int) -> int:
    number = values.get(name, "1")
    return max(min(int(number), limit), 1) if number.isdecimal() and len(number) < 10 else 1


def _stored_number(value: str) -> str | None:
    try:
        return number_text(float(value))
    except ValueError:
        return None


def _date_text(value: str, shown: str) -> str:
    """A date as far as it is shown: a year, a year and a month, else the whole date."""
    date = value.removesuffix("T00:00:00").replace("T", " ")
    groups = _DIGITS.findall(shown)
    year, _, rest = date.partition("-")
    if groups == [year]:
        return year
    if len(groups) == 2 and groups[0] == year and ":" not in shown:
        return f"{year}年{int(rest.partition('-')[0] or 1)}月"
    return date
