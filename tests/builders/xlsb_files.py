"""Binary workbooks (.xlsb), written record by record after [MS-XLSB], because no library here writes any."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_MAIN = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
Cell = str | float | bool | bytes | None


def record(kind: int, data: bytes = b"") -> bytes:
    """A record: kind and length as numbers of 7 bits a byte, then its content."""
    header = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length = len(data)
    while length > 0x7F:
        header += bytes([length & 0x7F | 0x80])
        length >>= 7
    return header + bytes([length]) + data


def wide(text: str) -> bytes:
    units = text.encode("utf-16-le")
    return struct.pack("<I", len(units) // 2) + units


def rich(text: str, runs: Sequence[tuple[int, int]] = ()) -> bytes:
    """A text whose runs begin at a place and have a font."""
    tail = struct.pack("<I", len(runs)) + b"".join(struct.pack("<HH", *run) for run in runs) if runs else b""
    return bytes([1 if runs else 0]) + wide(text) + tail


@dataclass(frozen=True)
class Sheet:
    """A sheet: its rows of cells (bytes are the record of a cell behind its place), and what is hidden or merged.

    Attributes:
        styles: the style of a cell, by row and column from 0.
        formulas: cells that are saved as formulas.
        is_short: whether cells are written without their columns, as some programs do.
    """

    rows: Sequence[Sequence[Cell]]
    styles: Mapping[tuple[int, int], int] = field(default_factory=dict)
    formulas: frozenset[tuple[int, int]] = frozenset()
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merges: Sequence[tuple[int, int, int, int]] = ()
    state: int = 0
    is_short: bool = False


def xlsb(
    sheets: Mapping[str, Sheet],
    formats: Sequence[str] = (),
    shared: Sequence[bytes] = (),
    *,
    is_1904: bool = False,
) -> bytes:
    """A workbook.

    Args:
        sheets: by name.
        formats: number formats; a style 1 has the first, and so on. The next style is struck out, the last white.
        shared: the shared texts, as `rich` writes them; a cell of bytes b"0" shows the first one.
        is_1904: whether dates count from 1904.
    """
    parts = {
        "[Content_Types].xml": _content_types(len(sheets)),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.bin")]),
        "xl/workbook.bin": _workbook(sheets, is_1904),
        "xl/_rels/workbook.bin.rels": _relations(
            [
                *(("worksheet", f"worksheets/sheet{number}.bin") for number in range(1, len(sheets) + 1)),
                ("styles", "styles.bin"),
                ("sharedStrings", "sharedStrings.bin"),
            ]
        ),
        "xl/styles.bin": _styles(formats),
        "xl/sharedStrings.bin": record(159, struct.pack("<II", len(shared), len(shared)))
        + b"".join(record(19, text) for text in shared)
        + record(160),
    }
    parts |= {f"xl/worksheets/sheet{n}.bin": _sheet(sheet) for n, sheet in enumerate(sheets.values(), start=1)}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def _content_types(sheets: int) -> str:
    kinds = {"workbook": "main", "styles": "styles", "sharedStrings": "sharedStrings"}
    kinds |= {f"worksheets/sheet{number}": "worksheet" for number in range(1, sheets + 1)}
    overrides = "".join(
        f'<Override PartName="/xl/{name}.bin" ContentType="application/vnd.ms-excel.{kind}"/>'
        for name, kind in kinds.items()
    )
    rels = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    return f'{_XML}<Types xmlns="{_PACKAGE}/content-types">{rels}{overrides}</Types>'


def _relations(targets: Iterable[tuple[str, str]]) -> str:
    entries = "".join(
        f'<Relationship Id="rId{number}" Type="{_MAIN}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{entries}</Relationships>'


def _workbook(sheets: Mapping[str, Sheet], is_1904: bool) -> bytes:
    bundles = b"".join(
        record(156, struct.pack("<II", sheet.state, number) + wide(f"rId{number}") + wide(name))
        for number, (name, sheet) in enumerate(sheets.items(), start=1)
    )
    properties = record(153, struct.pack("<II", int(is_1904), 0) + wide(""))
    return record(131) + properties + record(143) + bundles + record(144) + record(132)


def _styles(formats: Sequence[str]) -> bytes:
    codes = b"".join(record(44, struct.pack("<H", 164 + number) + wide(code)) for number, code in enumerate(formats))
    # Plain, struck out, white letters, superscript.
    fonts = [(0, 0, 0), (8, 0, 0), (0, 0, 9), (0, 1, 0)]
    written = b"".join(record(43, _font(*font)) for font in fonts)
    styles = [(0, 0), *((164 + number, 0) for number in range(len(formats))), (0, 1), (0, 2)]
    cells = b"".join(record(47, _style(*style)) for style in styles)
    return b"".join(
        [
            record(278),
            record(615, struct.pack("<I", len(formats))) + codes + record(616),
            record(611, struct.pack("<I", len(fonts))) + written + record(612),
            record(603, struct.pack("<I", 1)) + record(45, bytes(68)) + record(604),
            # Styles of styles come first and are numbered for themselves.
            record(626, struct.pack("<I", 1)) + record(47, _style(9, 1)) + record(627),
            record(617, struct.pack("<I", len(styles))) + cells + record(618),
            record(279),
        ]
    )


def _font(flags: int, raised: int, white: int) -> bytes:
    colour = bytes([1 << 1 | 1, white]) + bytes(6) if white else bytes(8)
    return struct.pack("<HHHH", 220, flags, 400, raised) + bytes(4) + colour + bytes(1) + wide("Calibri")


def _style(number_format: int, font: int) -> bytes:
    return struct.pack("<HHHHH", 0, number_format, font, 0, 0) + bytes(6)


def _sheet(sheet: Sheet) -> bytes:
    width = max((len(row) for row in sheet.rows), default=1)
    columns = b"".join(
        record(60, struct.pack("<IIIIH", column, column, 2304, 0, 1)) for column in sorted(sheet.hidden_columns)
    )
    rows = b"".join(_row(sheet, number, cells) for number, cells in enumerate(sheet.rows) if cells)
    merges = b"".join(
        record(176, struct.pack("<IIII", top, bottom, left, right)) for top, left, bottom, right in sheet.merges
    )
    return b"".join(
        [
            record(129),
            record(148, struct.pack("<IIII", 0, max(len(sheet.rows) - 1, 0), 0, max(width - 1, 0))),
            record(133) + record(137, struct.pack("<H", 0xFFFF) + bytes(28)) + record(138) + record(134),
            record(390) + columns + record(391) if columns else b"",
            record(145) + rows + record(146),
            record(177, struct.pack("<I", len(sheet.merges))) + merges + record(178) if merges else b"",
            record(130),
        ]
    )


def _row(sheet: Sheet, line: int, cells: Sequence[Cell]) -> bytes:
    flags = 0x10 if line in sheet.hidden_rows else 0
    head = record(0, struct.pack("<IIHBBBI", line, 0, 300, 0, flags, 0, 0))
    return head + b"".join(_cell(sheet, line, column, value) for column, value in enumerate(cells))


def _cell(sheet: Sheet, line: int, column: int, value: Cell) -> bytes:
    kind, data = _value(value)
    place = struct.pack("<II", column, sheet.styles.get((line, column), 0))
    if (line, column) in sheet.formulas:
        if kind == 2:
            data = struct.pack("<d", value)
        kind = {2: 9, 3: 11, 4: 10, 5: 9, 6: 8}[kind]
        return record(kind, place + data + struct.pack("<HII", 0, 0, 0))
    return record(kind + 11, place[4:] + data) if sheet.is_short else record(kind, place + data)


def _value(value: Cell) -> tuple[int, bytes]:
    """The kind of the record of a value, and its content."""
    if value is None:
        return 1, b""
    if isinstance(value, bytes):
        return (7, struct.pack("<I", int(value))) if value.isdigit() else (3, value[1:])
    if isinstance(value, bool):
        return 4, bytes([value])
    if isinstance(value, str):
        return 6, wide(value)
    if float(value).is_integer() and abs(value) < 1 << 29:
        return 2, struct.pack("<i", int(value) << 2 | 2)
    hundredfold = round(value * 100)
    if abs(hundredfold) < 1 << 29 and hundredfold / 100 == value:
        return 2, struct.pack("<i", hundredfold << 2 | 3)
    return 5, struct.pack("<d", value)
