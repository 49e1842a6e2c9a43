"""What a cell of an `.xlsx` shows beside the value that is read from it: percent, an error, a formula without a value.

Here: finding such cells in the XML. Not here: reading the values (assets.intake.readers.spreadsheet). The library that
reads them tells no number formats, and of errors and of formulas that were saved without their value it makes empty
cells; a percentage would be read as a hundredth, and the others would be missing without a word. `.xls` is not looked
into.
"""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

CellOverrides = Mapping[tuple[int, int], str | None]

_PERCENT_FORMATS = frozenset({9, 10})  # of Excel itself; others are declared in the styles
_PREFIX = rb"<(?:[\w.-]+:)?"
_CELL = re.compile(_PREFIX + rb"c(?=[\s/>])")
# Tried at the beginning of a name alone and never twice: a hostile tag costs no more than its length.
_ATTRIBUTE = re.compile(rb"""(?<![\w:.-])([\w:.-]++)\s*+=\s*+(?:"([^"]*)"|'([^']*)')""")
_VALUE = re.compile(_PREFIX + rb"v(?:\s[^>]*)?>([^<]+)<")
_FORMULA = re.compile(_PREFIX + rb"f(?=[\s/>])[^>]*>([^<]*)")
# In a number format: what is shown as it stands. A % in it multiplies nothing.
_QUOTED = re.compile(r'"[^"]*"|[\\_*].')
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def read_cell_overrides(file: Path) -> dict[str, CellOverrides]:
    """By sheet, the cells (row and column from 1) that show percent (None), or the text that is to be read instead."""
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        percents = _percent_styles(_part(archive, names, "xl/styles.xml"))
        return {
            sheet: dict(_marks(_part(archive, names, part), percents))
            for sheet, part in _parts_of_sheets(archive, names)
        }


def _part(archive: zipfile.ZipFile, names: set[str], name: str) -> bytes:
    return archive.read(name) if name in names else b""


def _tags(xml: bytes, name: bytes) -> Iterator[dict[str, str]]:
    for tag in re.findall(_PREFIX + name + rb"(?=[\s/>])([^>]*)", xml):
        yield {
            key.decode(): html.unescape((double or single).decode("utf-8", "replace"))
            for key, double, single in _ATTRIBUTE.findall(tag)
        }


def _parts_of_sheets(archive: zipfile.ZipFile, names: set[str]) -> Iterator[tuple[str, str]]:
    """The name of each sheet with the part of the archive that holds it."""
    relations = _tags(_part(archive, names, "xl/_rels/workbook.xml.rels"), b"Relationship")
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    for sheet in _tags(_part(archive, names, "xl/workbook.xml"), b"sheet"):
        identifier = next((value for key, value in sheet.items() if key.endswith(":id")), None)
        target = targets.get(identifier, "")
        yield sheet.get("name", ""), target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl", target))


def _percent_styles(styles: bytes) -> frozenset[str]:
    """The numbers of the cell styles that show percent."""
    declared = {
        int(form["numFmtId"])
        for form in _tags(styles, b"numFmt")
        if "%" in _QUOTED.sub("", form.get("formatCode", "")) and form.get("numFmtId", "").isdigit()
    }
    _, _, cells = styles.partition(b"cellXfs")
    used = [style.get("numFmtId", "0") for style in _tags(cells.partition(b"cellXfs")[0], b"xf")]
    percents = declared | _PERCENT_FORMATS
    return frozenset(str(number) for number, form in enumerate(used) if form.isdigit() and int(form) in percents)


def _marks(xml: bytes, percents: frozenset[str]) -> Iterator[tuple[tuple[int, int], str | None]]:
    if not percents and not re.search(rb"""\st\s*=\s*["']e["']""", xml) and not _FORMULA.search(xml):
        return
    for piece in _CELL.split(xml)[1:]:
        head, _, body = piece.partition(b">")
        said = {key.decode(): (double or single).decode() for key, double, single in _ATTRIBUTE.findall(head)}
        place = _REFERENCE.fullmatch(said.get("r", "").upper())
        if place is None:
            continue
        value, formula = _VALUE.search(body), _FORMULA.search(body)
        where = (int(place[2]), _column(place[1]))
        if said.get("t") == "e" and value is not None:
            yield where, value[1].decode("utf-8", "replace")
        elif formula is not None and value is None and said.get("t") != "str":
            yield where, "=" + html.unescape(formula[1].decode("utf-8", "replace"))
        elif value is not None and said.get("t", "n") == "n" and said.get("s", "0") in percents:
            yield where, None


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
