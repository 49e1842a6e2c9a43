"""Cells of the workbook and how they look: a number is a number, a text is never a formula.

Here: what is written into one cell, with its format. Not here: where a cell stands
(assets.release.outputs.workbook.sheet).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from assets.core.text import escape_xlsx_markup, format_number
from assets.release.outputs.labels import OPERATORS, QUALIFIERS, STATUSES, Words

# By name: 等线 comes with Windows and Office, 134 (simplified Chinese) and 2 (sans serif) say what else will do.
FONT: dict[str, object] = {"font_name": "等线", "font_family": 2, "font_charset": 134, "font_scheme": ""}
TITLE_FONT: dict[str, object] = {"font_name": "黑体", "font_family": 2, "font_charset": 134, "font_scheme": ""}
INK, GREY, RULE, BAND = "#1F2933", "#5F6B7A", "#B8C2CC", "#DCE6F1"
# Told apart by colour-blind readers, and in print by the word that stands in the cell.
LOW, MIDDLE, HIGH, BAR = "#F2B27A", "#FFFFFF", "#7FB2E5", "#CFE1F3"
_STATUS_FILLS = {
    "achieved": "#BBD9F2",
    "achieved_declining": "#E6E1C5",
    "on_track": "#DCECF9",
    "moderate": "#FBF0D0",
    "limited": "#F9DDBB",
    "deteriorating": "#F2B27A",
}

SIZE = 9
LONGEST_CELL = 32_767
_CUT = "…（全文见 Parquet, in full in Parquet）"
# The registry keeps up to six decimals for exact sums; a reader wants two.
_MOST_DECIMALS = 2

Style = tuple[tuple[str, object], ...]


class Cell(NamedTuple):
    """What stands in a cell, and how; None is an empty cell."""

    content: str | float | None
    style: Style


class Formats:
    """The formats of one workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[Style, Any] = {}

    def of(self, style: Style) -> Any:
        if style not in self._made:
            self._made[style] = self._book.add_format({"font_size": SIZE, "font_color": INK, **FONT, **dict(style)})
        return self._made[style]


@lru_cache(maxsize=1024)
def make_style(**properties: object) -> Style:
    return tuple(sorted(properties.items()))


def cell_size(cell: Cell) -> float:
    """The size of its letters."""
    return next((float(str(value)) for name, value in cell.style if name == "font_size"), SIZE)


_BOX: dict[str, object] = {"border": 1, "border_color": RULE, "valign": "vcenter"}
# Text format: what is typed over the cell stays as typed, and nothing becomes a date.
_TEXT = make_style(**_BOX, num_format="@", text_wrap=True)
_CENTRED = make_style(**_BOX, num_format="@", text_wrap=True, align="center")
_QUIET = make_style(**_BOX, num_format="@", text_wrap=True, align="center", font_color=GREY, font_size=8)
_WHOLE = make_style(**_BOX, num_format="0", align="center")
_COUNT = make_style(**_BOX, num_format="#,##0", align="right")
_STRONG = make_style(**_BOX, num_format="@", text_wrap=True, bold=True)


def text_cell(content: object) -> Cell:
    return Cell(None if content is None else fit_text(str(content)), _TEXT)


def strong_cell(words: Words) -> Cell:
    return Cell(bilingual_text(words), _STRONG)


def centred_cell(content: object) -> Cell:
    return Cell(None if content is None else fit_text(str(content)), _CENTRED)


def quiet_cell(words: Words) -> Cell:
    """A word that stands where a number is missing."""
    return Cell(bilingual_text(words), _QUIET)


def name_cell(zh: object, en: object) -> Cell:
    """A name in both languages, one below the other."""
    return text_cell(bilingual_text((str(zh), str(en))))


def bilingual_text(words: Words) -> str:
    zh, en = words
    return zh if zh == en else f"{zh}\n{en}"


def whole_cell(content: float | None) -> Cell:
    """A year, a rank, a line: no separator of thousands."""
    return Cell(content, _WHOLE)


def tenths_cell(content: float) -> Cell:
    """A quantile of ranks, which may lie between two of them."""
    return Cell(content, make_style(**_BOX, num_format="0.0", align="center"))


def count_cell(content: int | None) -> Cell:
    return Cell(content, _COUNT)


def value_cell(value: float | None, decimals: int, qualifier: str | None = None) -> Cell:
    """A figure with the decimals of its indicator, behind the sign of its qualifier."""
    form = "#,##0" + (f".{'0' * min(decimals, _MOST_DECIMALS)}" if decimals else "")
    return Cell(value, make_style(**_BOX, num_format=_behind(QUALIFIERS.get(qualifier or ""), form), align="right"))


def target_cell(operator: str | None, value: float | None, high: float | None) -> Cell:
    """The value of a target: a number behind its sign; a range, which is two numbers, is a text."""
    if value is None:
        return Cell(None, _TEXT)
    if operator == "between" and high is not None:
        return Cell(f"{format_number(value)}–{format_number(high)}", make_style(**_BOX, num_format="@", align="right"))
    digits = format_number(value)
    decimals = len(digits.partition(".")[2]) if "e" not in digits else _MOST_DECIMALS
    form = "#,##0" + (f".{'0' * decimals}" if decimals else "")
    return Cell(value, make_style(**_BOX, num_format=_behind(OPERATORS.get(operator or ""), form), align="right"))


def _behind(sign: str | None, form: str) -> str:
    return f'"{sign} "{form}' if sign else form


def score_cell(value: float) -> Cell:
    return Cell(value, make_style(**_BOX, num_format="0.0", align="center", bold=True))


def coverage_cell(scored: int, total: int) -> Cell:
    """n/m, as plain as the score: the share is the number, and n/m is what is seen of it."""
    if not total:
        return Cell("0/0", _CENTRED)
    return Cell(scored / total, make_style(**_BOX, num_format=f'"{scored}/{total}"', align="center"))


def share_cell(value: float | None) -> Cell:
    return Cell(value, make_style(**_BOX, num_format="0%", align="center"))


def status_cell(name: str) -> Cell:
    fill = _STATUS_FILLS.get(name)
    if fill is None:
        return quiet_cell(STATUSES[name])
    return Cell(
        bilingual_text(STATUSES[name]),
        make_style(**_BOX, num_format="@", text_wrap=True, align="center", bg_color=fill),
    )


def fit_text(content: str) -> str:
    """A text that a cell can hold; what is cut says so."""
    return escape_xlsx_markup(content if len(content) <= LONGEST_CELL else content[: LONGEST_CELL - len(_CUT)] + _CUT)
