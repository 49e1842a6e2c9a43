"""Cells of an `.xlsx` that show something else than their value: percent formats, errors, formulas without a value.

Here: finding such cells in the XML. Not here: reading the values (assets.intake.readers.spreadsheet). The library that
reads values knows no number formats, and returns errors and formulas without a saved value as empty cells: a percentage
would become a hundredth, and an error a missing value. `.xls` has no XML and is not inspected.
"""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path, PurePosixPath

CellOverrides = Mapping[tuple[int, int], str | None]

_PERCENT_FORMATS = frozenset({9, 10})  # built into Excel; others are declared in the styles
_PREFIX = rb"<(?:[\w.-]+:)?"
_CELL = re.compile(_PREFIX + rb"c(?=[\s/>])")
# Matches begin at a name only and never backtrack, so that a hostile tag costs no more than its length.
_ATTRIBUTE = re.compile(rb"""(?<![\w:.-])([\w:.-]++)\s*+=\s*+(?:"([^"]*)"|'([^']*)')""")
_VALUE = re.compile(_PREFIX + rb"v(?:\s[^>]*)?>([^<]+)<")
_FORMULA = re.compile(_PREFIX + rb"f(?=[\s/>])[^>]*>([^<]*)")
# Literal text in a number format, in which % is only a character.
_QUOTED = re.compile(r'"[^"]*"|[\\_*].')
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def read_cell_overrides(file: Path) -> dict[str, CellOverrides]:
    """Return, by sheet, the cells whose value is not what they show.

    Returns:
        By (row, column), from 1: None for a percent format, otherwise the text to read instead of the value.
    """
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        percents = percent_styles(_part(archive, names, "xl/styles.xml"))
        return {
            sheet: dict(find_cell_overrides(_part(archive, names, part), percents))
            for sheet, part in _sheet_parts(archive, names)
        }


def _part(archive: zipfile.ZipFile, names: set[str], name: str) -> bytes:
    return archive.read(name) if name in names else b""


def _tags(xml: bytes, name: bytes) -> Iterator[dict[str, str]]:
    for tag in re.findall(_PREFIX + name + rb"(?=[\s/>])([^>]*)", xml):
        yield {
            key.decode(): html.unescape((double or single).decode("utf-8", "replace"))
            for key, double, single in _ATTRIBUTE.findall(tag)
        }


def _sheet_parts(archive: zipfile.ZipFile, names: set[str]) -> Iterator[tuple[str, str]]:
    """The name of each sheet with the part of the archive that holds it."""
    relations = _tags(_part(archive, names, "xl/_rels/workbook.xml.rels"), b"Relationship")
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    for sheet in _tags(_part(archive, names, "xl/workbook.xml"), b"sheet"):
        identifier = next((value for key, value in sheet.items() if key.endswith(":id")), None)
        target = targets.get(identifier, "")
        yield sheet.get("name", ""), target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl", target))


def percent_styles(styles: bytes) -> frozenset[str]:
    """Return the numbers of the cell styles that show percent."""
    declared = {
        int(number_format["numFmtId"])
        for number_format in _tags(styles, b"numFmt")
        if "%" in _QUOTED.sub("", number_format.get("formatCode", "")) and number_format.get("numFmtId", "").isdigit()
    }
    _, _, cells = styles.partition(b"cellXfs")
    format_ids = [style.get("numFmtId", "0") for style in _tags(cells.partition(b"cellXfs")[0], b"xf")]
    percents = declared | _PERCENT_FORMATS
    return frozenset(
        str(number) for number, format_id in enumerate(format_ids) if format_id.isdigit() and int(format_id) in percents
    )


def find_cell_overrides(xml: bytes, percents: frozenset[str]) -> Iterator[tuple[tuple[int, int], str | None]]:
    """Yield the overrides of one sheet; `percents` are the styles that show percent."""
    if not percents and not re.search(rb"""\st\s*=\s*["']e["']""", xml) and not _FORMULA.search(xml):
        return
    for cell in _CELL.split(xml)[1:]:
        head, _, body = cell.partition(b">")
        attributes = {key.decode(): (double or single).decode() for key, double, single in _ATTRIBUTE.findall(head)}
        reference = _REFERENCE.fullmatch(attributes.get("r", "").upper())
        if reference is None:
            continue
        value, formula = _VALUE.search(body), _FORMULA.search(body)
        position = (int(reference[2]), column_number(reference[1]))
        if attributes.get("t") == "e" and value is not None:
            yield position, value[1].decode("utf-8", "replace")
        elif formula is not None and value is None and attributes.get("t") != "str":
            yield position, "=" + html.unescape(formula[1].decode("utf-8", "replace"))
        elif value is not None and attributes.get("t", "n") == "n" and attributes.get("s", "0") in percents:
            yield position, None


@cache
def column_number(letters: str) -> int:
    """Return the number of a column from 1: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
