"""`.xlsx`, `.xlsm` and `.xlsb`: each sheet as rows of the texts that its cells show.

Here: where a workbook keeps sheets, texts and styles, and its typed cells. Not here: what a style does to a text
(assets.intake.readers.cell_styles), the limits on what cells become (sheet_writer).

The libraries that read values (calamine, openpyxl) leave out what decides whether a value may be taken: number formats,
struck-out runs and unsaved formulas in one, workbooks of other programs (strict, damaged styles) in the other, and both
fill the memory with the cells between two that are far apart. So the parts are read with expat, row by row.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar
from xml.etree import ElementTree

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
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.number_formats import HIDDEN, Shown, built_in_code, number_format
from assets.intake.readers.raw_rows import CellProblem, Merge, column_letters
from assets.intake.readers.sheet_writer import SheetDetails, SheetRows, Sheets
from assets.intake.readers.xlsx_row_count import count_rows
from assets.intake.readers.zip_parts import XmlParser, ZipParts

T = TypeVar("T")
_TRUE = frozenset({"1", "true", "on"})
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
# A number with at most 15 digits, none of them superfluous: its text as it is.
_EXACT = re.compile(r"-?(?:[1-9][0-9]{0,14}|(?=[0-9.]{3,15}$)(?:0|[1-9][0-9]*)\.[0-9]*[1-9])")
_WHITE_INDEXES = frozenset({"1", "9"})
_MAX_COLUMN, _MAX_LINE = 16_384, 1_048_576


@dataclass(frozen=True, slots=True)
class _Texts:
    """The texts that cells share, and the problems of some of them."""

    texts: Sequence[str] = ()
    problems: Mapping[int, CellProblem] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _SheetPart:
    """A sheet and the part that holds it."""

    name: str
    part: str
    is_hidden: bool


class XlsxWorkbook:
    """A workbook in the form of Excel 2007 and later; `is_workbook` says whether the zip is one, `part` is its root."""

    def __init__(self, parts: ZipParts, limits: Limits) -> None:
        self._parts = parts
        self._limits = limits
        self.part = _office_document(parts)
        self._relations = _relations(parts, self.part)
        self._root = parts.tree(self.part)

    @property
    def is_workbook(self) -> bool:
        """Whether it is a workbook and no other document of an office program."""
        return self._root is not None and self._root.tag == "workbook"

    def sheet_parts(self) -> list[_SheetPart]:
        """Return the sheets in their order; charts and macros are none."""
        assert self._root is not None
        found = []
        for sheet in self._root.iterfind("sheets/sheet"):
            identifier = next((value for key, value in sheet.items() if key.rpartition(":")[2] == "id"), "")
            kind, part = self._relations.get(identifier, ("worksheet", ""))
            if kind == "worksheet" and part in self._parts:
                found.append(_SheetPart(sheet.get("name", ""), part, sheet.get("state", "visible") != "visible"))
            elif kind == "worksheet":
                raise FileRejectedError(Issue("workbook_unreadable", part or "xl/worksheets", sheet=sheet.get("name")))
        return found

    def sheets(self) -> Sheets:
        """Yield the sheets: details that are complete when the rows are read, and the rows."""
        assert self._root is not None
        properties = self._root.find("workbookPr")
        is_1904 = properties is not None and properties.get("date1904", "0") in _TRUE
        texts = self._shared_texts()
        styles_part = self._related_part("styles")
        styles = _read_styles(self._parts.tree(styles_part)) if styles_part is not None else []
        blank = frozenset(number for number, text in enumerate(texts.texts) if not text.strip())
        for sheet in self.sheet_parts():
            details = SheetDetails(sheet.name, sheet.is_hidden)
            count = count_rows(self._parts.blocks(sheet.part), blank)
            details.physical_rows, details.merges = count.rows, list(_merges(count.merges))
            parser = _SheetParser(details, texts, styles, is_1904=is_1904)
            yield details, parser.rows(self._parts.blocks(sheet.part))

    def _related_part(self, kind: str) -> str | None:
        parts = (part for found, part in self._relations.values() if found == kind)
        return next((part for part in parts if part in self._parts), None)

    def _shared_texts(self) -> _Texts:
        part = self._related_part("sharedStrings")
        if part is None:
            return _Texts()
        texts: list[str] = []
        problems: dict[int, CellProblem] = {}
        characters = 0
        reader = _TextReader()

        def end(tag: str) -> None:
            nonlocal characters
            reader.end(tag)
            if tag == "si":
                shown = reader.take()
                if len(shown.text) > self._limits.cell_characters:
                    actual, expected = str(len(shown.text)), str(self._limits.cell_characters)
                    raise FileRejectedError(Issue("cell_too_long", actual, expected))
                characters += len(shown.text)
                if characters > self._limits.workbook_characters:
                    actual, expected = str(characters), str(self._limits.workbook_characters)
                    raise FileRejectedError(Issue("workbook_too_large", actual, expected))
                if shown.problem is not None:
                    problems[len(texts)] = shown.problem
                texts.append(shown.text)

        parser = XmlParser(reader.start, end, reader.data)
        for block in self._parts.blocks(part):
            parser.feed(block)
        parser.finish()
        return _Texts(texts, problems)


class _TextReader:
    """The text of one string item, shared or inline: its runs without its phonetic guide."""

    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._text: list[str] = []
        self._is_text = self._is_phonetic = self._is_struck = self._is_raised = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "t":
            self._is_text = not self._is_phonetic
        elif tag == "rPh":
            self._is_phonetic = True
        elif tag == "r":
            self._is_struck = self._is_raised = False
        elif tag in ("strike", "dstrike"):
            self._is_struck = _is_on(attributes)
        elif tag == "vertAlign":
            self._is_raised = attributes.get("val") == "superscript"

    def data(self, text: str) -> None:
        if self._is_text:
            self._text.append(text)

    def end(self, tag: str) -> None:
        if tag == "t" and self._is_text:
            self._runs.append(Run(_unescape("".join(self._text)), self._is_struck, self._is_raised))
            self._text, self._is_text = [], False
        elif tag == "rPh":
            self._is_phonetic = False
        elif tag == "r":
            self._is_struck = self._is_raised = False

    def take(self) -> Shown:
        """Return the text and begin with the next."""
        runs, self._runs = self._runs, []
        if len(runs) == 1 and not runs[0].is_struck:
            return Shown(runs[0].text)
        return join_runs(runs) if runs else Shown("")


class _SheetParser:
    """The rows of one sheet; a row or a cell without a reference follows the previous one."""

    def __init__(
        self, details: SheetDetails, texts: _Texts, styles: Sequence[CellStyle | None], *, is_1904: bool
    ) -> None:
        self._details = details
        self._texts = texts
        self._styles = {str(number): style for number, style in enumerate(styles)}
        self._is_1904 = is_1904
        self._hides_zeros = False
        self._complete: list[tuple[int, dict[int, str]]] = []
        self._row: dict[int, str] = {}
        self._line = self._column = 0
        self._type = self._style = ""
        self._value: list[str] = []
        self._formula: list[str] | None = None
        self._target: list[str] | None = None
        self._inline = _TextReader()
        self._is_inline = self._is_in_data = self._has_number = self._is_hidden = False
        self._starts = {
            "row": self._start_row,
            "c": self._start_cell,
            "f": self._start_formula,
            "is": self._start_inline,
            "col": self._start_column,
            "sheetData": self._start_data,
            "sheetView": self._start_view,
        }
        self._ends = {"row": self._end_row, "c": self._end_cell, "sheetData": self._end_data}

    def rows(self, blocks: Iterator[bytes]) -> SheetRows:
        """Yield the rows with at least one text."""
        parser = XmlParser(self._start, self._end, self._data)
        for block in blocks:
            parser.feed(block)
            yield from self._complete
            self._complete.clear()
        parser.finish()

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._is_inline:
            self._inline.start(tag, attributes)
        elif tag == "v":
            self._target = self._value
        elif (start := self._starts.get(tag)) is not None:
            start(attributes)

    def _end(self, tag: str) -> None:
        self._target = None
        if self._is_inline:
            self._inline.end(tag)
            if tag == "is":
                self._is_inline = False
                self._put(self._styled_text(self._inline.take()))
        elif (end := self._ends.get(tag)) is not None:
            end()

    def _data(self, text: str) -> None:
        if self._target is not None:
            self._target.append(text)
        elif self._is_inline:
            self._inline.data(text)

    def _start_view(self, attributes: dict[str, str]) -> None:
        self._hides_zeros = attributes.get("showZeros", "1") not in _TRUE

    def _start_column(self, attributes: dict[str, str]) -> None:
        is_hidden = attributes.get("hidden", "0") in _TRUE or _is_zero(attributes.get("width"))
        first, last = attributes.get("min", ""), attributes.get("max", "")
        if is_hidden and first.isdecimal() and last.isdecimal():
            self._details.hidden_columns.update(range(int(first) - 1, min(int(last), _MAX_COLUMN)))

    def _start_data(self, _: dict[str, str]) -> None:
        self._is_in_data = True

    def _end_data(self) -> None:
        self._is_in_data = False

    def _start_row(self, attributes: dict[str, str]) -> None:
        if not self._is_in_data:
            return
        number = attributes.get("r", "").strip()
        line = int(number) if number.isdecimal() else self._line + 1
        self._begin_line(line)
        self._has_number = number.isdecimal()
        self._is_hidden = attributes.get("hidden", "0") in _TRUE or _is_zero(attributes.get("ht"))

    def _begin_line(self, line: int) -> None:
        if not self._line < line <= _MAX_LINE:
            raise FileRejectedError(Issue("workbook_unreadable", f'<row r="{line}">', sheet=self._details.name))
        self._line, self._column, self._row = line, -1, {}

    def _end_row(self) -> None:
        if self._row:
            self._complete.append((self._line, self._row))
            if self._is_hidden:
                self._details.hidden_rows.add(self._line)
        self._row = {}

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        column = self._column + 1
        if reference is not None and reference != f"{column_letters(column)}{self._line}":
            match = _REFERENCE.fullmatch(reference.strip())
            if match is None:
                raise FileRejectedError(Issue("workbook_unreadable", f'<c r="{reference}">', sheet=self._details.name))
            column, line = column_number(match[1]) - 1, int(match[2])
            if not self._has_number and line > self._line and not self._row:
                self._begin_line(line)
            if line != self._line:
                raise FileRejectedError(Issue("workbook_unreadable", f'<c r="{reference}">', sheet=self._details.name))
        if column >= _MAX_COLUMN:
            raise FileRejectedError(Issue("workbook_unreadable", f'<c r="{reference}">', sheet=self._details.name))
        self._column = column
        self._type, self._style = attributes.get("t", "n"), attributes.get("s", "0")
        self._value, self._formula = [], None

    def _start_formula(self, _: dict[str, str]) -> None:
        self._formula = self._target = []

    def _start_inline(self, _: dict[str, str]) -> None:
        self._is_inline = True

    def _end_cell(self) -> None:
        value = self._value[0] if len(self._value) == 1 else "".join(self._value)
        if self._type == "n" and self._formula is None:
            if value and not value.isspace():
                self._put_number(value.strip())
        elif self._type == "s":
            if value.strip():
                self._put(self._styled_text(self._shared(value.strip())))
        else:
            self._end_typed_cell(value)

    def _end_typed_cell(self, value: str) -> None:
        if self._type == "str":
            self._put(self._styled_text(Shown(_unescape(value))))
        elif self._formula is not None and not value.strip():
            self._put_problem(FORMULA_WITHOUT_VALUE, "=" + "".join(self._formula))
        elif not value.strip():
            return
        elif self._type == "e":
            self._put_problem(ERROR_IN_CELL, value.strip())
        elif self._type == "b":
            self._put(Shown("TRUE" if value.strip() in _TRUE else "FALSE"))
        elif self._type == "d":
            self._put(Shown(value.strip().removesuffix("T00:00:00").removesuffix("T00:00:00.000").replace("T", " ")))
        else:
            self._put_number(value.strip())

    def _shared(self, value: str) -> Shown:
        number = int(value) if value.isdecimal() else -1
        if not 0 <= number < len(self._texts.texts):
            raise FileRejectedError(Issue("workbook_unreadable", f"<v>{value[:20]}</v>", sheet=self._details.name))
        return Shown(self._texts.texts[number], self._texts.problems.get(number))

    def _styled_text(self, shown: Shown) -> Shown:
        style = self._styles.get(self._style)
        return shown if style is None or shown.problem is not None else style.show_text(shown.text)

    def _put_number(self, value: str) -> None:
        style = self._styles.get(self._style)
        is_exact = _EXACT.fullmatch(value) is not None
        if is_exact and style is None:
            self._row[self._column] = value
            return
        try:
            number = float(value)
        except ValueError:
            self._put(Shown(value))
            return
        stored = value if is_exact else number_text(number)
        if self._hides_zeros and number == 0:
            self._put(Shown(stored, problem(HIDDEN, "", stored)))
        else:
            self._put(Shown(stored) if style is None else style.show_number(number, stored, is_1904=self._is_1904))

    def _put(self, shown: Shown) -> None:
        if shown.text:
            self._row[self._column] = shown.text
            if shown.problem is not None:
                self._details.problems[self._line, self._column] = shown.problem

    def _put_problem(self, code: str, text: str) -> None:
        self._put(Shown(text, problem(code, text)))


def _office_document(parts: ZipParts) -> str:
    """The main part of the package, wherever it is."""
    relations = _relations(parts, "").values()
    return next((part for kind, part in relations if kind == "officeDocument" and part in parts), "xl/workbook.xml")


def _relations(parts: ZipParts, part: str) -> dict[str, tuple[str, str]]:
    """Kind and part of each relation of a part. Strict workbooks have other namespaces; the last word is the same."""
    folder, name = posixpath.split(part)
    root = parts.tree(posixpath.join(folder, "_rels", f"{name}.rels"))
    if root is None:
        return {}
    return {
        relation.get("Id", ""): (
            relation.get("Type", "").rpartition("/")[2],
            posixpath.join(folder, relation.get("Target", "").replace("\\", "/")).lstrip("/"),
        )
        for relation in root.iterfind("Relationship")
        if relation.get("TargetMode") != "External"
    }


def _read_styles(root: ElementTree.Element | None) -> list[CellStyle | None]:
    """The styles by number; None for those that show texts and numbers as they are."""
    assert root is not None
    codes = {
        number_format_.get("numFmtId", ""): number_format_.get("formatCode", "")
        for number_format_ in root.iterfind("numFmts/numFmt")
    }
    fonts = [(_font_is_struck(font), _is_white(font.find("color"))) for font in root.iterfind("fonts/font")]
    dark = [_is_dark(fill) for fill in root.iterfind("fills/fill")]

    def style_of(xf: ElementTree.Element) -> CellStyle | None:
        identifier = xf.get("numFmtId", "0")
        code = codes.get(identifier)
        if code is None:
            code = built_in_code(int(identifier)) if identifier.isdecimal() else "General"
        is_struck, is_white = _item(fonts, xf.get("fontId"), (False, False))
        style = CellStyle(number_format(code), is_struck, is_white and not _item(dark, xf.get("fillId"), False))
        return None if style.is_plain or style == PLAIN else style

    return [style_of(xf) for xf in root.iterfind("cellXfs/xf")]


def _font_is_struck(font: ElementTree.Element) -> bool:
    strike = font.find("strike")
    return strike is not None and _is_on(dict(strike.items()))


def _is_white(color: ElementTree.Element | None) -> bool:
    if color is None or float(color.get("tint", "0") or 0) < 0:
        return False
    rgb = color.get("rgb", "")
    return rgb[-6:].upper() == "FFFFFF" or color.get("theme") == "0" or color.get("indexed") in _WHITE_INDEXES


def _is_dark(fill: ElementTree.Element) -> bool:
    """Whether the background is not white, so that white letters can be read."""
    pattern = fill.find("patternFill")
    if pattern is None:
        return fill.find("gradientFill") is not None
    if pattern.get("patternType", "none") == "none":
        return False
    color = pattern.find("fgColor")
    return color is not None and not _is_white(color)


def _item(items: Sequence[T], number: str | None, default: T) -> T:
    return items[int(number)] if number is not None and number.isdecimal() and int(number) < len(items) else default


def _merges(references: Sequence[str]) -> Iterator[Merge]:
    for reference in references:
        first, _, last = reference.partition(":")
        start, end = _REFERENCE.fullmatch(first), _REFERENCE.fullmatch(last)
        if start is not None and end is not None:
            yield Merge(int(start[2]), column_number(start[1]) - 1, int(end[2]), column_number(end[1]) - 1)


def _is_on(attributes: Mapping[str, str]) -> bool:
    return attributes.get("val", "1") in _TRUE


def _is_zero(number: str | None) -> bool:
    try:
        return number is not None and float(number) == 0
    except ValueError:
        return False


def _unescape(text: str) -> str:
    """The characters that XML does not allow are written as _x000D_; line ends are line feeds."""
    if "_x" in text:
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


@cache
def column_number(letters: str) -> int:
    """Return the number of a column from 1: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
