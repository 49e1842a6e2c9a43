"""The changelog of a release, in Chinese and English: what moved since the release before, and why.

Here: CHANGES.md as text. Not here: finding the changes (assets.release.explain.score_diff).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from assets.core.errors import Language
from assets.release.explain.score_diff import PARTS

# The widest moves are told one by one; all of them stand in the table.
LISTED_CHANGES = 200

WORDS: dict[str, tuple[str, str]] = {
    "index": ("城市指数", "City index"),
    "available_mean": ("现有指标均分（不可用于排名）", "Mean of available indicators (not for ranking)"),
    "dimension": ("维度", "Dimension"),
    "measure": ("措施", "Measure"),
    "indicator": ("指标", "Indicator"),
    "moved": ("变动", "moved"),
    "appeared": ("新有得分", "score appeared"),
    "disappeared": ("不再有得分", "score disappeared"),
    "status_only": ("仅状态改变", "status alone"),
    "revised": ("修订数据", "Revised data"),
    "added": ("新增数据", "New data"),
    "targets": ("目标或标尺", "Targets, goalposts"),
    "method": ("方法或权重", "Method, weights"),
}

_TITLES = {
    "zh": ("# 变动说明", "## 得分变动", "与发布 {old} 相比；单位：分。各部分之和等于变动。"),
    "en": ("# Changes", "## Scores that moved", "Against release {old}; in points. The parts add up to the move."),
}
_FIRST = {"zh": "第一次发布，没有可比的发布。", "en": "The first release; there is none to compare it with."}
_NONE = {"zh": "没有任何得分或状态变动。", "en": "No score and no status moved."}
_MORE = {
    "zh": "共 {n} 项，此处列出最大的 {told} 项；全部见 `release.score_changes`。",
    "en": "{n} in all, the widest {told} listed here; all are in `release.score_changes`.",
}
_LEFT = {
    "zh": "旧 SQL 无法重算，其影响全部计入方法：{names}",
    "en": "The older SQL could not be run on these, whose whole move counts as method: {names}",
}
_HEADINGS = {
    "zh": ("层次", "城市", "项目", "原", "现", "变动", "修订数据", "新增数据", "目标或标尺", "方法或权重", "说明"),
    "en": (
        "Level", "City", "Item", "Before", "Now", "Move", "Revised data", "New data", "Targets, goalposts",
        "Method, weights", "Note",
    ),
}  # fmt: skip


def label(name: str, language: Language) -> str:
    return WORDS[name][0 if language == "zh" else 1]


def format_points(hundredths: int | None) -> str:
    """Hundredths of a point as they are shown, with their sign."""
    if hundredths is None:
        return ""
    if hundredths == 0:
        return "0"
    whole, rest = divmod(abs(hundredths), 100)
    return f"{'-' if hundredths < 0 else '+'}{whole}.{rest:02d}"


def format_score(value: float | None) -> str:
    """A score rounded as the decomposition rounds it."""
    if value is None:
        return "—"
    whole, rest = divmod(int(value * 100 + 0.5), 100)
    return f"{whole}.{rest:02d}"


def change_note(change: Mapping[str, Any], language: Language) -> str:
    """Why a score appeared or disappeared, and which statuses changed why."""
    told = []
    if change["cause"]:
        told.append(f"{label(change['change'], language)}: {label(change['cause'], language)}")
    for name in ("score_status", "status"):
        old, new = change[f"{name}_old"], change[f"{name}_new"]
        if old != new:
            told.append(f"{old or '—'} → {new or '—'}")
    if change["status_cause"] and change["status_cause"] != change["cause"]:
        told[-1] += f" ({label(change['status_cause'], language)})"
    return "; ".join(told)


def change_cells(change: Mapping[str, Any], language: Language) -> tuple[str, ...]:
    """One change as it is shown in a table."""
    parts = (format_points(change[f"{part}_hundredths"]) for part in PARTS)
    return (
        label(change["level"], language),
        change[f"city_{language}"],
        "" if change["item_id"] == "all" else change[f"item_{language}"],
        format_score(change["score_old"]),
        format_score(change["score_new"]),
        format_points(change["moved_hundredths"]),
        *parts,
        change_note(change, language),
    )


def change_headings(language: Language) -> tuple[str, ...]:
    return _HEADINGS[language]


def render_changelog(old: str | None, changes: Sequence[Mapping[str, Any]], left: Sequence[str]) -> str:
    """The text of CHANGES.md; `old` is the id of the release before."""
    languages: tuple[Language, Language] = ("zh", "en")
    return "\n".join(_in_one(old, changes, left, language) for language in languages)


def _in_one(old: str | None, changes: Sequence[Mapping[str, Any]], left: Sequence[str], language: Language) -> str:
    title, heading, against = _TITLES[language]
    lines = [title, ""]
    if old is None:
        return "\n".join([*lines, _FIRST[language], ""])
    lines += [against.format(old=old), ""]
    if left:
        lines += [_LEFT[language].format(names=", ".join(left)), ""]
    if not changes:
        return "\n".join([*lines, _NONE[language], ""])
    counted = Counter((change["level"], change["change"]) for change in changes)
    lines += [f"- {label(level, language)}, {label(kind, language)}: {n}" for (level, kind), n in counted.items()]
    lines += ["", heading, ""]
    if len(changes) > LISTED_CHANGES:
        lines += [_MORE[language].format(n=len(changes), told=LISTED_CHANGES), ""]
    lines += [_row(change_headings(language)), _row("---" for _ in change_headings(language))]
    lines += [_row(change_cells(change, language)) for change in changes[:LISTED_CHANGES]]
    return "\n".join([*lines, ""])


def _row(cells: Any) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
