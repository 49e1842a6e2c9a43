"""The parts of an `.xlsb` as those of an `.xlsx`: the records of a binary part become the elements that mean the same.

Here: records ([MS-XLSB]) of sheets, cells, texts and styles. Not here: what the elements mean
(assets.intake.readers.xlsx), so that one reader reads both kinds of workbooks.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from struct import unpack_from
from xml.sax.saxutils import escape, quoteattr

from assets.core.errors import Issue
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.raw_rows import column_letters
from assets.intake.readers.zip_parts import ZipParts

_ROW, _BLANK, _SHORT_BLANK = 0, 1, 12
_SHARED_TEXT, _FONT, _FORMAT, _FILL, _XF = 19, 43, 44, 45, 47
_COLUMN, _RICH_CELL, _VIEW, _PROPERTIES, _SHEET, _MERGE = 60, 62, 137, 153, 156, 176
_DATA_END = 146
_TAGS = {129: "worksheet", 131: "workbook", 143: "sheets", 145: "sheetData", 159: "sst", 278: "styleSheet"}
_TAGS |= {603: "fills", 611: "fonts", 615: "numFmts", 617: "cellXfs", 626: "cellStyleXfs"}
# The record behind that of a beginning ends it.
_ENDS = {kind + 1: tag for kind, tag in _TAGS.items()}
_STATES = ("visible", "hidden", "veryHidden")
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A", 43: "#N/A"}
# What XML has no character for, and what would be read as an escaped character.
_ESCAPED = re.compile("[\0-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_GRADIENT, _SUPERSCRIPT, _NO_TEXT, _MAX_RECORD = 0x28, 1, 0xFFFFFFFF, 1 << 24
_INDEXED, _RGB, _THEME = 1, 2, 3
_BATCH = 5_000  # elements

Font = tuple[bool, bool]


class XlsbParts(ZipParts):
    """The parts of a zip, the binary ones as XML."""

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield a part in blocks; nothing where there is no such part.

        Raises:
            FileRejectedError: the part is damaged, or too large.
        """
        if not name.lower().endswith(".bin"):
            yield from super().blocks(name)
            return
        try:
            translator = _Translator(self._fonts)
            elements = (translator.translate(kind, data) for kind, data in self._records(name))
            for batch in iter(lambda: "".join(islice(elements, _BATCH)), ""):
                yield batch.encode("utf-8", "replace")
        except (struct.error, IndexError) as error:
            raise FileRejectedError(Issue("workbook_unreadable", f"{name}: {error}")) from error

    def _fonts(self, number: int) -> Font:
        return self._font_list[number] if number < len(self._font_list) else (False, False)

    @cached_property
    def _font_list(self) -> Sequence[Font]:
        """Whether each font is struck out, and whether it is raised; runs of a text name their fonts."""
        styles = next((name for name in self.names() if name.endswith("styles.bin")), "")
        fonts = (data for kind, data in self._records(styles) if kind == _FONT)
        return [(_short(data, 2) & 8 > 0, _short(data, 6) == _SUPERSCRIPT) for data in fonts]

    def _records(self, name: str) -> Iterator[tuple[int, bytes]]:
        """The records of a part: kind and content."""
        rest = b""
        for block in super().blocks(name):
            rest, start = rest + block, 0
            while (header := _header(rest, start)) is not None and header[1] + header[2] <= len(rest):
                kind, position, length = header
                start = position + length
                yield kind, rest[position:start]
            rest = rest[start:]
        if rest:
            raise struct.error("the last record is cut off")


def _header(data: bytes, start: int) -> tuple[int, int, int] | None:
    """Kind, position and length of the content of a record; None where bytes are missing.

    Both numbers have 7 bits a byte, the lowest first; the highest bit says that another byte follows.
    """
    numbers = []
    for most in (2, 4):
        number = 0
        for shift in range(0, 7 * most, 7):
            if start >= len(data):
                return None
            byte, start = data[start], start + 1
            number |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
        numbers.append(number)
    if numbers[1] > _MAX_RECORD:
        raise struct.error(f"a record of {numbers[1]} bytes")
    return numbers[0], start, numbers[1]


class _Translator:
    """The elements of one part in the order of its records; `fonts` says whether a font is struck out, and raised."""

    def __init__(self, fonts: Callable[[int], Font]) -> None:
        self._fonts = fonts
        self._is_in_row = False
        self._line, self._column = 0, -1

    def translate(self, kind: int, data: bytes) -> str:
        """Return the XML of a record; nothing for one that does not matter."""
        if kind in _ELEMENTS:
            return _ELEMENTS[kind](data)
        if kind in (_BLANK, _SHORT_BLANK):
            self._column = _long(data, 0) if kind == _BLANK else self._column + 1
            return ""
        if kind == _ROW:
            return self._row(data)
        if kind == _SHARED_TEXT:
            return f"<si>{self._rich_text(data, 0)}</si>"
        if kind in _VALUES or kind in _SHORT_VALUES or kind == _RICH_CELL:
            return self._cell(kind, data)
        end = "</row>" if kind == _DATA_END and self._is_in_row else ""
        return f"<{_TAGS[kind]}>" if kind in _TAGS else f"{end}</{_ENDS[kind]}>" if kind in _ENDS else ""

    def _row(self, data: bytes) -> str:
        end, self._is_in_row = "</row>" if self._is_in_row else "", True
        self._line, self._column = _long(data, 0) + 1, -1
        return f'{end}<row r="{self._line}" hidden="{data[11] >> 4 & 1}">'

    def _cell(self, kind: int, data: bytes) -> str:
        """A cell; a short record leaves out the column, which is the next one."""
        if kind in _SHORT_VALUES:
            kind -= _SHORT
            data = (self._column + 1).to_bytes(4, "little") + data
        self._column = _long(data, 0)
        place = f'r="{column_letters(self._column)}{self._line}" s="{_long(data, 4) & 0xFFFFFF}"'
        if kind == _RICH_CELL:
            return f'<c {place} t="inlineStr"><is>{self._rich_text(data, 8)}</is></c>'
        name, value = _VALUES[kind]
        return f'<c {place} t="{name}"><v>{value(data)}</v></c>'

    def _rich_text(self, data: bytes, start: int) -> str:
        text, end = _wide(data, start + 1)
        if not data[start] & 1:
            return f"<t>{_escape(text)}</t>"
        count = _long(data, end)
        runs = [unpack_from("<HH", data, end + 4 + 4 * number) for number in range(min(count, len(data) // 4))]
        # Places count the 16-bit units of the text.
        units = text.encode("utf-16-le", "surrogatepass")
        starts = [(0, None), *runs]
        parts = []
        for (first, font), (last, _) in zip(starts, [*runs, (len(units), None)], strict=True):
            piece = units[2 * first : 2 * last].decode("utf-16-le", "replace")
            is_struck, is_raised = self._fonts(font) if font is not None else (False, False)
            looks = "<strike/>" * is_struck + '<vertAlign val="superscript"/>' * is_raised
            parts.append(f"<r><rPr>{looks}</rPr><t>{_escape(piece)}</t></r>" if piece else "")
        return "".join(parts)


# --- records ----------------------------------------------------------------------------------------------------


def _short(data: bytes, start: int) -> int:
    return int(unpack_from("<H", data, start)[0])


def _long(data: bytes, start: int) -> int:
    return int(unpack_from("<I", data, start)[0])


def _wide(data: bytes, start: int) -> tuple[str, int]:
    """A text with its length before it, and where it ends."""
    length = _long(data, start)
    if length == _NO_TEXT:
        return "", start + 4
    end = start + 4 + 2 * length
    if end > len(data):
        raise struct.error("a text is cut off")
    return data[start + 4 : end].decode("utf-16-le", "replace"), end


def _escape(text: str) -> str:
    return escape(_ESCAPED.sub(lambda match: f"_x{ord(match[0]):04X}_", text))


def _attribute(data: bytes, start: int) -> str:
    return quoteattr(_ESCAPED.sub("", _wide(data, start)[0]))


def _packed_number(data: bytes) -> str:
    """A number of 30 bits: whole or the first bits of a double, by 100 where the first flag is set."""
    packed = _long(data, 8)
    if packed & 2:
        value: float = unpack_from("<i", data, 8)[0] >> 2
    else:
        value = unpack_from("<d", b"\0\0\0\0" + (packed & ~3).to_bytes(4, "little"))[0]
    return repr(value / 100 if packed & 1 else value)


def _sheet(data: bytes) -> str:
    _, end = _wide(data, 8)
    state = _STATES[min(_long(data, 0), len(_STATES) - 1)]
    return f'<sheet state="{state}" id={_attribute(data, 8)} name={_attribute(data, end)}/>'


def _column(data: bytes) -> str:
    first, last, width = unpack_from("<III", data)
    return f'<col min="{first + 1}" max="{last + 1}" width="{width / 256}" hidden="{data[16] & 1}"/>'


def _merge(data: bytes) -> str:
    top, bottom, left, right = unpack_from("<IIII", data)
    return f'<mergeCell ref="{column_letters(left)}{top + 1}:{column_letters(right)}{bottom + 1}"/>'


def _font(data: bytes) -> str:
    is_struck = _short(data, 2) & 8 > 0
    return f"<font>{'<strike/>' * is_struck}{_colour('color', data, 12)}</font>"


def _fill(data: bytes) -> str:
    pattern = _long(data, 0)
    if pattern == _GRADIENT:
        return "<fill><gradientFill/></fill>"
    kind = "solid" if pattern else "none"
    return f'<fill><patternFill patternType="{kind}">{_colour("fgColor", data, 4)}</patternFill></fill>'


def _colour(tag: str, data: bytes, start: int) -> str:
    kind, index, tint = data[start] >> 1, data[start + 1], unpack_from("<h", data, start + 2)[0] / 32767
    values = {_INDEXED: f'indexed="{index}"', _THEME: f'theme="{index}"'}
    values[_RGB] = f'rgb="FF{data[start + 4 : start + 7].hex().upper()}"'
    return f'<{tag} {values[kind]} tint="{tint}"/>' if kind in values else ""


_Value = tuple[str, Callable[[bytes], str]]
_PACKED: _Value = ("n", _packed_number)
_DOUBLE: _Value = ("n", lambda data: repr(unpack_from("<d", data, 8)[0]))
_TEXT: _Value = ("str", lambda data: _escape(_wide(data, 8)[0]))
_BOOLEAN: _Value = ("b", lambda data: str(int(data[8] != 0)))
_ERROR: _Value = ("e", lambda data: _ERRORS.get(data[8], "#"))
_SHARED: _Value = ("s", lambda data: str(_long(data, 8)))
# From 8 on the saved values of formulas, as those of cells.
_VALUES = {2: _PACKED, 3: _ERROR, 4: _BOOLEAN, 5: _DOUBLE, 6: _TEXT, 7: _SHARED}
_VALUES |= {8: _TEXT, 9: _DOUBLE, 10: _BOOLEAN, 11: _ERROR}
_SHORT = 11
_SHORT_VALUES = frozenset(range(2 + _SHORT, 8 + _SHORT))
_ELEMENTS: dict[int, Callable[[bytes], str]] = {
    _SHEET: _sheet,
    _PROPERTIES: lambda data: f'<workbookPr date1904="{data[0] & 1}"/>',
    _FONT: _font,
    _FORMAT: lambda data: f'<numFmt numFmtId="{_short(data, 0)}" formatCode={_attribute(data, 2)}/>',
    _FILL: _fill,
    _XF: lambda data: f'<xf numFmtId="{_short(data, 2)}" fontId="{_short(data, 4)}" fillId="{_short(data, 6)}"/>',
    _COLUMN: _column,
    _MERGE: _merge,
    _VIEW: lambda data: f'<sheetView showZeros="{_short(data, 0) >> 4 & 1}"/>',
}
