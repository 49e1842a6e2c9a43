"""How the report writes statuses, targets and figures, in Chinese and English.

Here: what only pages say of a code, and figures as text. Not here: the words that workbook and terminal use as well
(assets.release.outputs.labels); what a page says of itself stands in its template.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape

from assets.release.outputs.labels import OPERATORS, QUALIFIERS, STATUSES, Words

Row = Mapping[str, Any]

# A mark that tells statuses apart without colour.
_MARKS = {
    "achieved": "✓",
    "achieved_declining": "✓↓",
    "on_track": "▲",
    "moderate": "◆",
    "limited": "◇",
    "deteriorating": "▼",
    "not_available": "○",
    "no_target": "–",
}

PROJECTIONS: dict[str, Words] = {
    "too_few_points": ("年度点不足，不外推", "too few years to project"),
    "stale": ("数据陈旧，不外推", "too old to project"),
    "yes_no": ("是否类，不外推", "yes or no, no projection"),
    "projected": ("已外推", "projected"),
}
FRESHNESS: dict[str, Words] = {
    "in_time": ("未逾期", "in time"),
    "late": ("逾期", "late"),
    "no_deadline": ("未定期限", "no deadline"),
}
FILE_STATUSES: dict[str, Words] = {"read": ("已读取", "read"), "refused": ("整个退回", "refused")}
_CLASSES = 5


@lru_cache(maxsize=8192)
def bilingual(zh: object, en: object) -> Markup:
    """One text in two languages, of which the page shows one; the same in both stands once.

    Remembered, for a page says the same words again and again: a release of thousands of cities takes half as long.
    """
    if zh == en:
        return escape(zh)
    return Markup(f'<span lang="zh">{escape(zh)}</span><span lang="en">{escape(en)}</span>')  # noqa: S704 - escaped


def lookup(words: Mapping[Any, Words], code: Any) -> Markup:
    """The word for a code; a code without one stands for itself."""
    return bilingual(*words.get(code, (code, code)))


def name_of_row(row: Row, name: str = "name") -> Markup:
    """A column that a row has in both languages."""
    return bilingual(row[f"{name}_zh"] or "", row[f"{name}_en"] or "")


@lru_cache
def status_label(code: str) -> Markup:
    """A status with its mark, in its colour."""
    text = lookup(STATUSES, code)
    return Markup('<span class="status {}"><span aria-hidden="true">{}</span> {}</span>').format(
        code, _MARKS[code], text
    )


def formula_html(text: str) -> Markup:
    """A formula of the registry, which says it in Chinese and then in English."""
    zh, separator, en = text.partition(" | ")
    return bilingual(zh, en) if separator else escape(text)


def format_value(value: float | None, decimals: int) -> str:
    """A figure with the decimals of its indicator, at most two of them; a dash where there is none."""
    return "—" if value is None else f"{value:,.{min(decimals, 2)}f}"


def format_qualified(row: Row, decimals: int) -> str:
    return f"{QUALIFIERS.get(row['qualifier'] or '', '')}{format_value(row['value'], decimals)}"


def format_score(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}"


def format_probability(value: float) -> str:
    """A probability as a percentage; a projection is never wholly sure, so none is shown as 0 or 100."""
    percent = round(100 * value)
    return "<1%" if percent < 1 else ">99%" if percent > 99 else f"{percent}%"


def format_plain(value: float | None) -> str:
    """A number as it stands in a document, with no more digits than it has."""
    return "—" if value is None else f"{value:g}"


def format_target(operator: str, value: float, value_high: float | None, year: int | None) -> str:
    told = f"{value:g}–{value_high:g}" if value_high is not None else f"{OPERATORS.get(operator, '')}{value:g}"
    return f"{told} ({year})" if year else told


def score_class(value: float | None) -> str:
    """The class of a score for its colour: five steps of twenty points."""
    return "none" if value is None else f"s{min(int(value // (100 / _CLASSES)), _CLASSES - 1)}"


def coverage_class(scored: int, total: int) -> str:
    """The class that draws a coverage, in steps of a tenth; some is never drawn as none, not all never as all."""
    if not total or not scored:
        return "c0"
    return f"c{10 if scored == total else min(max(10 * scored // total, 1), 9)}"
