"""Letters from a template: a .docx file in whose text {name} is filled in, and rows and paragraphs are repeated.

Here: filling a template that people edit in Word or WPS, which split a text at will. Not here: what a letter says
(assets.forms.request).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.dom.minidom import parseString
from xml.parsers.expat import ExpatError

from assets.core.errors import DataError, Issue
from assets.core.text import escape_control

SHIPPED = Path(__file__).with_name("letter.docx")
_DOCUMENT = "word/document.xml"
_TOKEN = re.compile(r"\{(?:(\w+)\.)?(\w+)\}")

# The types of minidom allow nodes where a document of Word has elements.
Element = Any
Values = Mapping[str, str]
Lists = Mapping[str, Sequence[Values]]


def fill_letter(template: Path, target: Path, values: Values, lists: Lists) -> None:
    """Write a letter.

    Args:
        template: the .docx file. A paragraph or a row of a table with {list.field} is repeated for each item of the
            list; where the list is empty, the paragraph or the whole table is left out.
        target: the letter.
        values: the texts of {name}.
        lists: the items of each list, with the text of each field.

    Raises:
        DataError: the template is no .docx file, or names a value that does not exist.
    """
    try:
        with zipfile.ZipFile(template) as source:
            entries = [(entry, source.read(entry)) for entry in source.infolist()]
        if _DOCUMENT not in (entry.filename for entry, _ in entries):
            raise zipfile.BadZipFile(_DOCUMENT)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
            for entry, content in entries:
                is_document = entry.filename == _DOCUMENT
                written.writestr(entry, _fill(content, values, lists) if is_document else content)
    except _UnknownFieldError as error:
        raise DataError([Issue("unknown_template_field", str(error), file=template.name)]) from error
    except (zipfile.BadZipFile, ExpatError) as error:
        raise DataError([Issue("template_unreadable", file=template.name)]) from error


class _UnknownFieldError(Exception):
    """The template names a value or a list that the letter has not."""


def _fill(content: bytes, values: Values, lists: Lists) -> bytes:
    document: Any = parseString(content)  # noqa: S318 - the template is the province's own file
    for paragraph in document.getElementsByTagName("w:p"):
        _replace(paragraph, "", values)
    rows = [(row, name) for row in document.getElementsByTagName("w:tr") if (name := _list_of(row))]
    within = {id(paragraph) for row, _ in rows for paragraph in row.getElementsByTagName("w:p")}
    paragraphs = (each for each in document.getElementsByTagName("w:p") if id(each) not in within)
    for element, name in [*rows, *((each, name) for each in paragraphs if (name := _list_of(each)))]:
        if name not in lists:
            raise _UnknownFieldError(name)
        _repeat(element, name, lists[name])
    filled: bytes = document.toxml("utf-8")
    return filled


def _list_of(element: Element) -> str | None:
    """The list of which an element shows one item, None where it shows none."""
    return next((token[1] for token in _TOKEN.finditer(_text(element)) if token[1]), None)


def _repeat(element: Element, name: str, items: Sequence[Values]) -> None:
    parent = element.parentNode
    for item in items:
        copy = element.cloneNode(deep=True)
        for paragraph in [copy] if copy.tagName == "w:p" else copy.getElementsByTagName("w:p"):
            _replace(paragraph, name, item)
        parent.insertBefore(copy, element)
    parent.removeChild(element)
    if not items and element.tagName == "w:tr":
        parent.parentNode.removeChild(parent)  # headings over nothing


def _text(element: Element) -> str:
    texts = element.getElementsByTagName("w:t")
    return "".join(text.firstChild.data for text in texts if text.firstChild is not None)


def _replace(paragraph: Element, name: str, values: Values) -> None:
    """Fill in the tokens of one list, or those without a list; the text goes into the first piece, with its format."""
    text = _text(paragraph)
    tokens = [token for token in _TOKEN.finditer(text) if (token[1] or "") == name]
    unknown = next((token[2] for token in tokens if token[2] not in values), None)
    if unknown is not None:
        raise _UnknownFieldError(unknown)
    filled = _TOKEN.sub(lambda token: values[token[2]] if (token[1] or "") == name else token[0], text)
    if filled == text:
        return
    first, *others = paragraph.getElementsByTagName("w:t")
    for piece in (first, *others):
        while piece.firstChild is not None:
            piece.removeChild(piece.firstChild)
    first.setAttribute("xml:space", "preserve")
    first.appendChild(paragraph.ownerDocument.createTextNode(escape_control(filled)))
