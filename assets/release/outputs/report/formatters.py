"""How the report shows labels, targets and figures, in Chinese and English.

Here: values as text or as escaped HTML. Not here: the labels of codes (assets/core/labels.yml), and the texts of a page
(its template).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape

from assets.core.i18n import labels
from assets.core.text import format_decimal
from assets.release.outputs.score_colours import score_class_number

Row = Mapping[str, Any]

# Marks that distinguish statuses without colour.
_MARKS = {
    "achieved": "✓",
    "achieved_declining": "✓↓",
    "on_track": "▲",
    "moderate": "◆",
    "limited": "◇",
    "deteriorating": "▼",
    "met": "✓",
    "missed": "✗",
    "not_available": "○",
    "no_target": "–",
}


@lru_cache(maxsize=8192)
def bilingual(zh: object, en: object) -> Markup:
    """Return a text in two languages, of which the page shows one; a text that is the same in both occurs once.

    Cached, because pages repeat texts: a release of thousands of cities takes half the time.
    """
    if zh == en:
        return escape(zh)
    return Markup(f'<span lang="zh">{escape(zh)}</span><span lang="en">{escape(en)}</span>')  # noqa: S704 - escaped


def code_label(group: str, code: object) -> Markup:
    """Return the label of a code in a group of labels.yml; a code without label is shown itself."""
    return bilingual(*labels(group).get(str(code), (code, code)))


def name_of_row(row: Row, name: str = "name") -> Markup:
    """Return the columns `<name>_zh` and `<name>_en` of a row."""
    return bilingual(row[f"{name}_zh"] or "", row[f"{name}_en"] or "")


@lru_cache
def status_label(code: str) -> Markup:
    """Return a pace status with its mark, in its colour."""
    text = code_label("statuses", code)
    return Markup('<span class="status {}"><span aria-hidden="true">{}</span> {}</span>').format(
        code, _MARKS[code], text
    )


def formula_html(text: str) -> Markup:
    """Return a formula of the registry, which has Chinese and English separated by a bar."""
    zh, separator, en = text.partition(" | ")
    return bilingual(zh, en) if separator else escape(text)


def format_value(value: float | None, decimals: int) -> str:
    """Return a figure with the decimals of its indicator, but at most two; a dash where it is missing."""
    return "—" if value is None else format_decimal(value, min(decimals, 2))


def format_qualified(row: Row, decimals: int) -> str:
    """Return the value of a row after the sign of its qualifier."""
    return f"{_sign('qualifiers', row['qualifier'])}{format_value(row['value'], decimals)}"


def format_score(value: float | None) -> str:
    """Return a score with one decimal; a dash where there is none."""
    return "—" if value is None else format_decimal(value, 1)


def format_probability(value: float) -> str:
    """Return a probability in percent; never 0 or 100, because no projection is certain."""
    percent = int(format_decimal(value, 0, exponent=2))
    return "<1%" if percent < 1 else ">99%" if percent > 99 else f"{percent}%"


def format_percent(share: float, digits: int = 0, sign: str = "") -> str:
    """Return a share in percent, rounded like every other figure."""
    return f"{format_decimal(share, digits, sign, exponent=2)}%"


def format_plain(value: float | None) -> str:
    """Return a number of the registry with no more digits than it has."""
    return "—" if value is None else f"{value:g}"


def format_target(operator: str, value: float, value_high: float | None, year: int | None) -> str:
    """Return a target, a range or a number after its sign, with its year."""
    text = f"{value:g}–{value_high:g}" if value_high is not None else f"{_sign('operators', operator)}{value:g}"
    return f"{text} ({year})" if year else text


def _sign(group: str, code: str | None) -> str:
    sign = labels(group).get(code or "")
    return "" if sign is None else sign.zh


def score_class(value: float | None) -> str:
    """Return the CSS class of a score."""
    return "none" if value is None else f"s{score_class_number(value)}"
