"""How numbers are explained on a terminal: the tree of a score, what moved between releases, what would be if.

Here: labels and layouts. Not here: the figures (assets.release.explain.score_trace, changes, whatif).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from assets.core.i18n import Language, label
from assets.release.explain import changelog
from assets.release.outputs.labels import SEVERITIES, STATUSES, TARGET_AUTHORITIES

Row = Mapping[str, Any]

_WORDS: dict[str, tuple[str, str]] = {
    "score": ("得分", "Score"),
    "rule": ("公式", "Formula"),
    "filled": ("代入", "With the figures"),
    "held": ("限于 0 至 100", "held to 0..100"),
    "published": ("与发布的数值一致", "as published"),
    "not_published": (
        "与发布的得分不同：该指标的算法见发布中的 SQL",
        "not the published score: its SQL is in the release",
    ),
    "goalposts": ("标尺", "Goalposts"),
    "why": ("依据", "Why"),
    "target": ("目标或参照", "Target or reference"),
    "document": ("文件", "Document"),
    "no_target": ("没有目标", "no target"),
    "observation": ("观测值", "Observation"),
    "no_observation": ("没有数据：待报", "no figure: awaiting data"),
    "vintage": ("版本", "Vintage"),
    "current": ("现行", "current"),
    "source": ("来源", "Source"),
    "grade": ("等级", "grade"),
    "line": ("行", "line"),
    "as_sent": ("原行", "As sent"),
    "flags": ("疑点", "Flags"),
    "flag": ("存疑编号", "Flag"),
    "approved": ("已放行", "Approved"),
    "correction": ("更正", "Correction"),
    "original_value": ("报来的是", "sent as"),
    "none": ("无", "none"),
    "rejected": ("一同退回的行", "Rejected beside it"),
    "status": ("进展", "Pace"),
    "coverage": ("覆盖", "Coverage"),
    "needed": ("所需占比", "share needed"),
    "missing": ("缺", "Missing"),
    "members": ("组成", "Made of"),
    "weight": ("权重", "weight"),
    "no_score": ("不评分：覆盖不足，不是低分", "no score: too few have one, which is not a low score"),
    "mean": ("现有指标均分（不可用于排名）", "mean of the available, not for ranking"),
    "index": ("城市指数", "City index"),
    "release": ("发布", "Release"),
    "more": ("另有", "more"),
    "not_in_index": ("不计入指数", "not part of the index"),
}

# Why a member has no score.
_MISSING: dict[str, tuple[str, str]] = {
    "stale": ("数据陈旧", "too old to score"),
    "awaiting_data": ("待报数据", "awaiting data"),
    "no_goalposts": ("无标尺", "no goalposts"),
    "context": ("背景数字，不计分", "context, never scores"),
    "not_available": ("覆盖不足", "too few indicators score"),
}

_CLASSES: dict[str, tuple[str, str]] = {
    "target": ("目标", "target"),
    "standard": ("标准", "standard"),
    "natural_limit": ("自然极限", "natural limit"),
    "best_performers": ("先进水平", "best performers"),
}

_AS_SENT: dict[str, tuple[str, str]] = {
    "too_large": ("文件过大，请直接查看归档", "the file is too large; look into the archive"),
    "not_in_archive": ("不在归档中", "not in the archive"),
    "damaged": ("归档内容与 sha256 不符", "the archived bytes are not those of the sha256"),
    "read": ("没有此行", "no such line"),
}

_REJECTS_SHOWN = 5


def render_trace(found: Row, language: Language) -> RenderableType:
    """The tree of a number, as found by assets.release.explain.score_trace."""
    make = {"indicator": _indicator, "dimension": _dimension, "index": _index}[found["level"]]
    tree = make(found, language)
    tree.add(_leaf("release", found["release_id"], language))
    return tree


def _indicator(found: Row, language: Language) -> Tree:
    score, indicator = found["score"], found["indicator"]
    tree = Tree(_title(found, f"{indicator[f'name_{language}']}  {indicator['indicator_id']}", language))
    shown = "—" if score["attainment"] is None else f"{score['attainment']:.15g}"
    why = "" if score["attainment"] is not None else _missing(score["data_status"], language)
    branch = tree.add(_leaf("score", f"{shown} {why}".strip(), language))
    _formula(branch, found["formula"], language)
    _goalposts(tree, found["goalposts"], indicator["unit"], language)
    _target(tree, found["target"], score, language)
    tree.add(_leaf("status", _in(STATUSES[score["status"]], language), language))
    _observation(tree, found, language)
    flags = tree.add(_leaf("flags", "" if found["flags"] else _word("none", language), language))
    for flag in found["flags"]:
        severity = _in(SEVERITIES["approved" if flag.get("is_approved") else flag["severity"]], language)
        where = f"{flag['year']}, {flag['scope']}, {flag[f'name_{language}']} ({severity})"
        one = flags.add(Text(f"{where}: {flag[f'explanation_{language}']}"))
        if flag.get("is_approved"):
            told = f"{flag['approved_by']}, {flag['approved_at']:%Y-%m-%d}: {flag['approved_reason']}"
            one.add(_leaf("approved", told, language))
        elif flag.get("flag_id"):
            one.add(_leaf("flag", flag["flag_id"], language))
    _rejects(tree, found["rejected"], language)
    return tree


def _formula(branch: Tree, formula: Row | None, language: Language) -> None:
    if formula is None or formula["text"] is None:
        return
    branch.add(_leaf("rule", formula["rule"], language))
    held = "" if formula["unclipped"] == formula["result"] else f", {_word('held', language)} {formula['result']:.15g}"
    filled = branch.add(_leaf("filled", f"{formula['text']} = {formula['unclipped']:.15g}{held}", language))
    filled.add(Text(_word("published" if formula["is_published"] else "not_published", language), style="dim"))


def _goalposts(tree: Tree, goalposts: Row | None, unit: str, language: Language) -> None:
    if goalposts is None:
        tree.add(_leaf("goalposts", _word("none", language), language))
        return
    if goalposts["lower"] is not None:
        told = f"0 = {goalposts['lower']:.15g} {unit}, 100 = {goalposts['upper']:.15g} {unit}"
    else:
        low, high, width = goalposts["range_low"], goalposts["range_high"], goalposts["tolerance"]
        told = f"100 = {low:.15g}–{high:.15g} {unit}, 0 = ±{width:.15g}"
    year = f" {goalposts['year']}" if goalposts["year"] else ""
    branch = tree.add(_leaf("goalposts", f"{told} ({_in(_CLASSES[goalposts['class']], language)}{year})", language))
    branch.add(_leaf("why", goalposts[f"justification_{language}"], language))


def _target(tree: Tree, target: Row | None, score: Row, language: Language) -> None:
    if target is None:
        tree.add(_leaf("target", _word("no_target", language), language))
        return
    value = f"{target['value']:.15g}" + ("" if target["value_high"] is None else f"–{target['value_high']:.15g}")
    year = f" ({target['year']})" if target["year"] else ""
    standing = _in(TARGET_AUTHORITIES[score["target_authority"]], language)
    branch = tree.add(_leaf("target", f"{target['operator']} {value} {target['unit']}{year}, {standing}", language))
    facts = (target["document_zh"], target["document_number"], target["document_date"], target[f"scope_{language}"])
    grade = f"{_word('grade', language)} {target['source_grade']}"
    branch.add(_leaf("document", ", ".join([*(fact for fact in facts if fact), grade]), language))
    if target[f"note_{language}"]:
        branch.add(Text(target[f"note_{language}"], style="dim"))


def _observation(tree: Tree, found: Row, language: Language) -> None:
    score = found["score"]
    if score["value"] is None:
        tree.add(_leaf("observation", _word("no_observation", language), language))
        return
    told = f"{score['value']:.15g} {score['unit']}, {score['year']}, {score['scope']}"
    branch = tree.add(_leaf("observation", told, language))
    for vintage in found["vintages"]:
        current = f" ({_word('current', language)})" if vintage["is_current"] else ""
        one = branch.add(_leaf("vintage", f"{vintage['vintage']}{current}: {vintage['value']:.15g}", language))
        grade = f"{_word('grade', language)} {vintage['source_grade']}"
        one.add(_leaf("source", f"{vintage[f'publication_{language}'] or vintage['source_id']}, {grade}", language))
        sheet = f", {vintage['sheet']}" if vintage["sheet"] else ""
        one.add(Text(f"{vintage['file']}{sheet}, {_word('line', language)} {vintage['line']}"))
        one.add(Text(f"sha256 {vintage['file_sha256']}"))
        sent = vintage["as_sent"]
        one.add(_leaf("as_sent", sent["text"] or _in(_AS_SENT[sent["status"]], language), language))
        if vintage["correction_id"]:
            one.add(_leaf("correction", _correction(vintage, language), language))
        if vintage["note"]:
            one.add(Text(vintage["note"], style="dim"))


def _correction(vintage: Row, language: Language) -> str:
    sent = (
        ""
        if vintage["original_value"] is None
        else f", {_word('original_value', language)} {vintage['original_value']:.15g}"
    )
    return f"{vintage['correction_id']} ({vintage['correction_action']}{sent})"


def _rejects(tree: Tree, rejected: Sequence[Row], language: Language) -> None:
    branch = tree.add(_leaf("rejected", "" if rejected else _word("none", language), language))
    for row in rejected[:_REJECTS_SHOWN]:
        line = f", {_word('line', language)} {row['line']}" if row["line"] else ""
        column = f", {row['column_name']}" if row["column_name"] else ""
        one = branch.add(Text(f"{row['file']}{line}{column}: {row[f'reason_{language}']}", style="red"))
        if row["raw_row"]:
            one.add(Text(row["raw_row"], style="dim"))
    if len(rejected) > _REJECTS_SHOWN:
        branch.add(Text(f"{_word('more', language)} {len(rejected) - _REJECTS_SHOWN}", style="dim"))


def _dimension(found: Row, language: Language) -> Tree:
    score = found["score"]
    tree = Tree(_title(found, f"{found['dimension'][f'name_{language}']}  {score['dimension_id']}", language))
    _group_score(tree, found, score["score"], language)
    share = f"{_word('needed', language)} {score['minimum_indicators_share']:.4g}"
    tree.add(_leaf("coverage", f"{score['indicators_scored']}/{score['indicators_total']}, {share}", language))
    _members(tree, found["members"], "indicator_id", language)
    return tree


def _index(found: Row, language: Language) -> Tree:
    score = found["score"]
    tree = Tree(_title(found, _word("index", language), language))
    _group_score(tree, found, score["city_index"], language)
    share = f"{_word('needed', language)} {score['minimum_dimensions_share']:.4g}"
    tree.add(_leaf("coverage", f"{score['dimensions_scored']}/{score['dimensions_total']}, {share}", language))
    _members(tree, found["members"], "dimension_id", language)
    return tree


def _group_score(tree: Tree, found: Row, value: float | None, language: Language) -> None:
    """The score; below its threshold the mean of what there is, named as such."""
    told = _word("no_score", language) if value is None else f"{value:.15g}"
    branch = tree.add(_leaf("score", told, language))
    formula = found["formula"]
    if formula is not None and value is None:
        branch = branch.add(_leaf("mean", f"{formula['result']:.15g}", language))
    _formula(branch, formula, language)


def _members(tree: Tree, members: Sequence[Row], key: str, language: Language) -> None:
    have = tree.add(_leaf("members", "", language))
    lack = tree.add(_leaf("missing", "", language))
    for row in members:
        name = f"{row[f'name_{language}']}  {row[key]}"
        if row["score"] is not None and row.get("is_in_index", True):
            figure = f" ({row['value']:.15g} {row['unit']}, {row['year']})" if key == "indicator_id" else ""
            have.add(Text(f"{row['score']:.15g}  {_word('weight', language)} {row['weight']:g}  {name}{figure}"))
            continue
        why = _missing(row["status"], language)
        if row["status"] == "stale":
            why += f" ({row['year']})"
        if key == "dimension_id":
            why += f" ({row['indicators_scored']}/{row['indicators_total']})"
        if not row.get("is_in_index", True):
            why = f"{_word('not_in_index', language)}; {why}".rstrip("; ")
        lack.add(Text(f"{name}: {why}", style="dim"))


def render_changes(
    old: str, new: str, changes: Sequence[Row], left: Sequence[str], language: Language
) -> RenderableType:
    """Every score that moved, with the parts of its move."""
    title = Text(f"{old} → {new}", style="bold")
    if not changes:
        return Group(title, Text(_in(("没有任何得分或状态变动。", "No score and no status moved."), language)))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for position, heading in enumerate(changelog.change_headings(language)):
        table.add_column(heading, justify="right" if 3 <= position <= 9 else "left", overflow="fold")
    for change in changes:
        table.add_row(*map(Text, changelog.change_cells(change, language)))
    parts: list[RenderableType] = [title, table]
    if left:
        told = _in(("旧 SQL 无法重算，计入方法：", "The older SQL could not be run; counted as method: "), language)
        parts.append(Text(told + ", ".join(left), style="yellow"))
    return Group(*parts)


def render_scenario(rows: Sequence[Row], language: Language) -> RenderableType:
    """Scores and ranks before and after."""
    if not rows:
        return Text(_in(("没有任何得分、名次或状态因此改变。", "No score, rank or status would change."), language))
    headings = _in(
        ("层次|城市|项目|原得分|新得分|原名次|新名次|状态", "Level|City|Item|Before|After|Rank|Rank after|Status"),
        language,
    ).split("|")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for position, heading in enumerate(headings):
        table.add_column(heading, justify="right" if 3 <= position <= 6 else "left", overflow="fold")
    for row in rows:
        moved = [
            f"{row[f'{name}_before'] or '—'} → {row[f'{name}_after'] or '—'}"
            for name in ("score_status", "status")
            if row[f"{name}_before"] != row[f"{name}_after"]
        ]
        item = "" if row["item_id"] == "all" else row[f"item_{language}"]
        cells = [label("changelog", row["level"], language), row[f"city_{language}"], item]
        cells += [changelog.format_score(row["score_before"]), changelog.format_score(row["score_after"])]
        cells += ["—" if row[name] is None else str(row[name]) for name in ("rank_before", "rank_after")]
        table.add_row(*map(Text, [*cells, "; ".join(moved)]))
    note = ("只作推算，没有写入任何文件。", "Worked out in memory; nothing was written.")
    return Group(table, Text(_in(note, language), style="dim"))


_BASES: dict[str, tuple[str, str]] = {
    "index": ("城市指数", "the city index"),
    "dimension": (
        "该城市没有指数（覆盖不足）；以下为对所属维度得分的影响",
        "no index for lack of coverage: the score of the dimension",
    ),
    "mean_of_available": (
        "该城市没有指数和维度得分（覆盖不足）；以下为对现有指标均分的影响，不可用于排名",
        "no index and no dimension score for lack of coverage: the mean of the available indicators, not for ranking",
    ),
}


def render_levers(city: Row, found: Row, language: Language) -> RenderableType:
    """The indicators in which a realistic step moves the city most."""
    title = Text(f"{city[f'name_{language}']}: {_in(_BASES[found['basis']], language)}", style="bold")
    if not found["levers"]:
        return Group(title, Text(_in(("没有可推算的指标。", "There is no indicator to work it out for."), language)))
    headings = _in(
        ("指标|现值|一步|之后|得分：原|得分：后|变动", "Indicator|Now|One step|After|Score before|Score after|Move"),
        language,
    ).split("|")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for position, heading in enumerate(headings):
        table.add_column(heading, justify="right" if position else "left", overflow="fold")
    for row in found["levers"]:
        digits = min(row["decimals"], 2)
        figures = (row["value"], row["value_after"] - row["value"], row["value_after"])
        shown = [f"{figures[0]:.{digits}f}", f"{figures[1]:+.{digits}f}", f"{figures[2]:.{digits}f} {row['unit']}"]
        scores = [changelog.format_score(row["score_before"]), changelog.format_score(row["score_after"])]
        move = f"{row['score_after'] - row['score_before']:+.2f}"
        table.add_row(*map(Text, [row[f"name_{language}"], *shown, *scores, move]))
    note = (
        "一步：该指标在所有城市逐年变化绝对值的中位数，朝好的方向，不超过满分标尺和自然极限。",
        "One step: the median of the yearly changes of the indicator over all cities, whatever their sign, in the good "
        "direction, held at the upper goalpost and the natural limit.",
    )
    return Group(title, table, Text(_in(note, language), style="dim"))


def _title(found: Row, item: str, language: Language) -> Text:
    city = found["city"]
    return Text(f"{city[f'name_{language}']} {city['city_code']} · {item}", style="bold")


def _leaf(name: str, told: str, language: Language) -> Text:
    return Text.assemble((f"{_word(name, language)}: ", "cyan"), told)


def _word(name: str, language: Language) -> str:
    return _in(_WORDS[name], language)


def _missing(status: str, language: Language) -> str:
    return _in(_MISSING[status], language) if status in _MISSING else status


def _in(texts: Sequence[str], language: Language) -> str:
    return texts[0 if language == "zh" else 1]
