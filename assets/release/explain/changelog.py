"""The changelog of a release, in Chinese and English: which scores changed since the previous release, and why.

Here: CHANGES.md as text, and the cells of a change in any table. Not here: finding the changes
(assets.release.explain.score_diff).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from assets.core.i18n import Language, label, labels
from assets.core.ranges import format_range
from assets.core.text import MISSING, format_decimal
from assets.release.explain.score_diff import ENDS, PARTS

# The largest changes are listed; the table has all of them.
LISTED_CHANGES = 200


def format_points(hundredths: int | None) -> str:
    """Return hundredths of a point as points, with their sign."""
    if not hundredths:
        return "" if hundredths is None else "0"
    return format_decimal(hundredths / 100, 2, "+")


def format_ends(change: Mapping[str, Any], state: str) -> str:
    """Return both ends of a score in points, rounded as the decomposition rounds them."""
    lower, upper = (change[f"{end}_{state}"] for end in ENDS)
    if lower is None or upper is None:
        return MISSING
    return format_range(math.floor(lower * 100 + 0.5) / 100, math.floor(upper * 100 + 0.5) / 100, digits=2)


def format_moves(change: Mapping[str, Any], part: str) -> str:
    """Return the move of both ends of a range, or one number where both moved alike."""
    return " / ".join(dict.fromkeys(format_points(change[f"{end}_{part}_hundredths"]) for end in ENDS))


def change_note(change: Mapping[str, Any], language: Language) -> str:
    """Return why a score appeared or disappeared, and which statuses changed why."""
    notes = []
    if change["cause"]:
        notes.append(f"{_label(change['change'], language)}: {_label(change['cause'], language)}")
    for name in ("score_status", "status"):
        old, new = change[f"{name}_old"], change[f"{name}_new"]
        if old != new:
            notes.append(f"{old or '—'} → {new or '—'}")
    if change["status_cause"] and change["status_cause"] != change["cause"]:
        notes[-1] += f" ({_label(change['status_cause'], language)})"
    return "; ".join(notes)


def change_cells(change: Mapping[str, Any], language: Language) -> tuple[str, ...]:
    """Return one change as the cells of a table with `change_headings`."""
    item = "" if change["item_id"] == "all" else change[f"item_{language}"]
    return (
        _label(change["level"], language),
        change[f"basket_{language}"],
        change[f"city_{language}"],
        item,
        *(format_ends(change, state) for state in ("old", "new")),
        *(format_moves(change, part) for part in ("delta", *PARTS)),
        change_note(change, language),
    )


def change_headings(language: Language) -> tuple[str, ...]:
    return tuple(heading.select(language) for heading in labels("changelog_headings").values())


def render_changelog(old_id: str | None, changes: Sequence[Mapping[str, Any]], failed_models: Sequence[str]) -> str:
    """Return the text of CHANGES.md; `old_id` is the previous release, if there is one to compare with."""
    return "\n".join(_render_language(old_id, changes, failed_models, language) for language in get_args(Language))


def _render_language(
    old_id: str | None, changes: Sequence[Mapping[str, Any]], failed_models: Sequence[str], language: Language
) -> str:
    lines = [f"# {_label('title', language)}", ""]
    if old_id is None:
        return "\n".join([*lines, _label("first", language), ""])
    lines += [_label("compared", language).format(old=old_id), ""]
    if failed_models:
        lines += [_label("not_recomputed", language).format(names=", ".join(failed_models)), ""]
    if not changes:
        return "\n".join([*lines, _label("unchanged", language), ""])
    counts = Counter((change["level"], change["change"]) for change in changes)
    lines += [f"- {_label(level, language)}, {_label(kind, language)}: {n}" for (level, kind), n in counts.items()]
    lines += ["", f"## {_label('scores', language)}", ""]
    if len(changes) > LISTED_CHANGES:
        lines += [_label("more", language).format(count=len(changes), shown=LISTED_CHANGES), ""]
    headings = change_headings(language)
    lines += [_render_row(headings), _render_row("---" for _ in headings)]
    lines += [_render_row(change_cells(change, language)) for change in changes[:LISTED_CHANGES]]
    return "\n".join([*lines, ""])


def _label(key: str, language: Language) -> str:
    return label("changelog", key, language)


def _render_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
