"""Cells of the workbook and their formats: a number is written as a number, a text never as a formula.

Here: the content and the format of one cell. Not here: the position of a cell (assets.release.outputs.workbook.sheet).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from assets.core.i18n import labels
from assets.core.text import format_number
from assets.release.outputs.excel_limits import fit_cell_text

# By name: 等线 comes with Windows and Office; 134 (simplified Chinese) and 2 (sans serif) describe a substitute.
FONT: dict[str, object] = {"font_name": "等线", "font_family": 2, "font_charset": 134, "font_scheme": ""}
TITLE_FONT: dict[str, object] = {"font_name": "黑体", "font_family": 2, "font_charset": 134, "font_scheme": ""}
INK, GREY, RULE, BAND = "#1F2933", "#5F6B7A", "#B8C2CC", "#DCE6F1"
BAR = "#CFE1F3"
# Different to colour-blind readers; in black and white the text of the cell tells them apart.
_STATUS_FILLS = {
    "achieved": "#BBD9F2",
    "achieved_declining": "#E6E1C5",
    "on_track": "#DCECF9",
    "moderate": "#FBF0D0",
    "limited": "#F9DDBB",
    "deteriorating": "#F2B27A",
    "met": "#BBD9F2",
    "missed": "#F2B27A",
}

FONT_SIZE = 9
_CUT_NOTE = "…（全文见 Parquet, in full in Parquet）"
# The registry keeps up to six decimals for exact sums; readers need two.
_MAX_DECIMALS = 2

Words = tuple[str, str]  # Chinese, English
Style = tuple[tuple[str, object], ...]


class Cell(NamedTuple):
    """The content of a cell and its style; None is an empty cell."""

    content: str | float | None
    style: Style


@lru_cache(maxsize=1024)
def make_style(**properties: object) -> Style:
    """Return a style from the format properties of xlsxwriter."""
    return tuple(sorted(properties.items()))


def font_size(cell: Cell) -> float:
    """Return the font size of a cell in points."""
    return next((float(str(value)) for name, value in cell.style if name == "font_size"), FONT_SIZE)


_BOX: dict[str, object] = {"border": 1, "border_color": RULE, "valign": "vcenter"}
# Text format: Excel keeps what is typed over the cell, and makes no date of it.
_TEXT = make_style(**_BOX, num_format="@", text_wrap=True)
_CENTRED = make_style(**_BOX, num_format="@", text_wrap=True, align="center")
_QUIET = make_style(**_BOX, num_format="@", text_wrap=True, align="center", font_color=GREY, font_size=8)
_STRONG = make_style(**_BOX, num_format="@", text_wrap=True, bold=True)


def text_cell(content: object) -> Cell:
    """Return a text, left-aligned."""
    return Cell(None if content is None else fit_text(str(content)), _TEXT)


def strong_cell(words: Words) -> Cell:
    """Return a bold text in both languages."""
    return Cell(bilingual_text(words), _STRONG)


def centred_cell(content: object) -> Cell:
    """Return a centred text."""
    return Cell(None if content is None else fit_text(str(content)), _CENTRED)


def quiet_cell(words: Words) -> Cell:
    """Return a grey text that replaces a missing number."""
    return Cell(bilingual_text(words), _QUIET)


def name_cell(zh: object, en: object) -> Cell:
    """Return a name in both languages, one below the other."""
    return text_cell(bilingual_text((str(zh), str(en))))


def bilingual_text(words: Words) -> str:
    """Return both languages on two lines; a text that is the same in both once."""
    zh, en = words
    return zh if zh == en else f"{zh}\n{en}"


def number_cell(content: float | None, number_format: str, align: str = "center", **style: object) -> Cell:
    """Return a number in a number format of Excel."""
    return Cell(content, make_style(**_BOX, num_format=number_format, align=align, **style))


def value_cell(value: float | None, decimals: int, qualifier: str | None = None) -> Cell:
    """Return a value with the decimals of its indicator, after the sign of its qualifier."""
    number_format = _number_format(min(decimals, _MAX_DECIMALS), "qualifiers", qualifier)
    return number_cell(value, number_format, align="right")


def target_cell(operator: str | None, value: float | None, high: float | None) -> Cell:
    """Return the value of a target: a number after its sign, or a text where it is a range of two numbers."""
    if value is None:
        return Cell(None, _TEXT)
    if operator == "between" and high is not None:
        return Cell(f"{format_number(value)}–{format_number(high)}", number_cell(None, "@", align="right").style)
    digits = format_number(value)
    decimals = len(digits.partition(".")[2]) if "e" not in digits else _MAX_DECIMALS
    return number_cell(value, _number_format(decimals, "operators", operator), align="right")


def _number_format(decimals: int, group: str, code: str | None) -> str:
    """Return the number format of Excel, after the sign that the code has in a group of labels."""
    number_format = "#,##0" + (f".{'0' * decimals}" if decimals else "")
    sign = labels(group).get(code or "")
    return f'"{sign.zh} "{number_format}' if sign else number_format


def score_cell(value: float) -> Cell:
    """Return a score."""
    return number_cell(value, "0.0", bold=True)


def coverage_cell(scored: int, total: int) -> Cell:
    """Return n/m; the content of the cell is the share, so that it can be sorted and drawn as a bar."""
    return number_cell(scored / total, f'"{scored}/{total}"') if total else Cell("0/0", _CENTRED)


def status_cell(status: str) -> Cell:
    """Return the label of a pace status in its colour."""
    words, fill = labels("statuses")[status], _STATUS_FILLS.get(status)
    if fill is None:
        return quiet_cell(words)
    style = make_style(**_BOX, num_format="@", text_wrap=True, align="center", bg_color=fill)
    return Cell(bilingual_text(words), style)


def fit_text(content: str) -> str:
    """Return a text that fits into a cell."""
    return fit_cell_text(content, _CUT_NOTE)
