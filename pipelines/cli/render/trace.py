"""The tree of a score: formula, goalposts, target, value, file and line. Not here: its content (score_trace)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from assets.core.i18n import Language, label, labels
from assets.core.text import format_number
from pipelines.cli.render.tables import MISSING

Row = Mapping[str, Any]

_REJECTS_SHOWN = 5


def render_trace(trace: Row, language: Language) -> RenderableType:
    """Return the tree of a score, as read by assets.release.explain.score_trace."""
    return _TraceTree(trace, language).build()


class _TraceTree:
    """Builds the tree of one trace in one language."""

    def __init__(self, trace: Row, language: Language) -> None:
        self._trace, self._score, self._language = trace, trace["score"], language

    def build(self) -> Tree:
        level = self._trace["level"]
        if level == "indicator":
            tree = self._build_indicator()
        elif level == "dimension":
            name = f"{self._name(self._trace['dimension'])}  {self._score['dimension_id']}"
            tree = self._build_group(name, "score", "indicators", "indicator_id")
        else:
            tree = self._build_group(self._word("index"), "city_index", "dimensions", "dimension_id")
        tree.add(self._leaf("release", self._trace["release_id"]))
        return tree

    def _build_indicator(self) -> Tree:
        score, indicator = self._score, self._trace["indicator"]
        tree = self._root(f"{self._name(indicator)}  {indicator['indicator_id']}")
        attainment = score["attainment"]
        shown = self._missing(score["data_status"]) if attainment is None else format_number(attainment)
        self._add_formula(tree.add(self._leaf("score", f"{MISSING} {shown}" if attainment is None else shown)))
        self._add_goalposts(tree, self._trace["goalposts"], indicator["unit"])
        self._add_target(tree, self._trace["target"])
        tree.add(self._leaf("status", label("statuses", score["status"], self._language)))
        self._add_observation(tree)
        self._add_flags(tree, self._trace["flags"])
        self._add_rejects(tree, self._trace["rejected"])
        return tree

    def _add_formula(self, branch: Tree) -> None:
        formula = self._trace["formula"]
        if formula is None or formula["text"] is None:
            return
        branch.add(self._leaf("rule", formula["rule"]))
        unclipped, result = format_number(formula["unclipped"]), formula["result"]
        limited = "" if formula["unclipped"] == result else f", {self._word('held')} {format_number(result)}"
        branch = branch.add(self._leaf("filled", f"{formula['text']} = {unclipped}{limited}"))
        branch.add(Text(self._word("published" if formula["is_published"] else "not_published"), style="dim"))

    def _add_goalposts(self, tree: Tree, goalposts: Row | None, unit: str) -> None:
        if goalposts is None:
            tree.add(self._leaf("goalposts", self._word("none")))
            return
        if goalposts["lower"] is not None:
            ends = f"0 = {format_number(goalposts['lower'])} {unit}, 100 = {format_number(goalposts['upper'])} {unit}"
        else:
            low, high, width = (format_number(goalposts[key]) for key in ("range_low", "range_high", "tolerance"))
            ends = f"100 = {low}–{high} {unit}, 0 = ±{width}"
        year = f" {goalposts['year']}" if goalposts["year"] else ""
        basis = label("goalpost_classes", goalposts["class"], self._language)
        branch = tree.add(self._leaf("goalposts", f"{ends} ({basis}{year})"))
        branch.add(self._leaf("why", goalposts[f"justification_{self._language}"]))

    def _add_target(self, tree: Tree, target: Row | None) -> None:
        if target is None:
            tree.add(self._leaf("target", self._word("no_target")))
            return
        high = "" if target["value_high"] is None else f"–{format_number(target['value_high'])}"
        year = f" ({target['year']})" if target["year"] else ""
        authority = label("target_authorities", self._score["target_authority"], self._language)
        value = f"{target['operator']} {format_number(target['value'])}{high} {target['unit']}{year}"
        branch = tree.add(self._leaf("target", f"{value}, {authority}"))
        keys = ("document_zh", "document_number", "document_date", f"scope_{self._language}")
        facts = [str(target[key]) for key in keys if target[key]]
        branch.add(self._leaf("document", ", ".join([*facts, self._grade(target)])))
        if target[f"note_{self._language}"]:
            branch.add(Text(target[f"note_{self._language}"], style="dim"))

    def _add_observation(self, tree: Tree) -> None:
        score = self._score
        if score["value"] is None:
            tree.add(self._leaf("observation", self._word("no_observation")))
            return
        value = f"{format_number(score['value'])} {score['unit']}, {score['year']}, {score['scope']}"
        branch = tree.add(self._leaf("observation", value))
        for vintage in self._trace["vintages"]:
            current = f" ({self._word('current')})" if vintage["is_current"] else ""
            text = f"{vintage['vintage']}{current}: {format_number(vintage['value'])}"
            self._add_vintage(branch.add(self._leaf("vintage", text)), vintage)

    def _add_vintage(self, node: Tree, vintage: Row) -> None:
        publication = vintage[f"publication_{self._language}"] or vintage["source_id"]
        node.add(self._leaf("source", f"{publication}, {self._grade(vintage)}"))
        sheet = f", {vintage['sheet']}" if vintage["sheet"] else ""
        node.add(Text(f"{vintage['file']}{sheet}, {self._word('line')} {vintage['line']}"))
        node.add(Text(f"sha256 {vintage['file_sha256']}"))
        sent = vintage["as_sent"]
        missing = label("source_line_statuses", sent["status"], self._language)
        node.add(self._leaf("as_sent", sent["text"] or missing))
        if vintage["correction_id"]:
            original = vintage["original_value"]
            sent_as = "" if original is None else f", {self._word('original_value')} {format_number(original)}"
            text = f"{vintage['correction_id']} ({vintage['correction_action']}{sent_as})"
            node.add(self._leaf("correction", text))
        if vintage["note"]:
            node.add(Text(vintage["note"], style="dim"))

    def _add_flags(self, tree: Tree, flags: Sequence[Row]) -> None:
        branch = tree.add(self._leaf("flags", "" if flags else self._word("none")))
        for flag in flags:
            severity = label("severities", "approved" if flag["is_approved"] else flag["severity"], self._language)
            where = f"{flag['year']}, {flag['scope']}, {self._name(flag)} ({severity})"
            node = branch.add(Text(f"{where}: {flag[f'explanation_{self._language}']}"))
            if flag["is_approved"]:
                approval = f"{flag['approved_by']}, {flag['approved_at']:%Y-%m-%d}: {flag['approved_reason']}"
                node.add(self._leaf("approved", approval))
            else:
                node.add(self._leaf("flag", flag["flag_id"]))

    def _add_rejects(self, tree: Tree, rejects: Sequence[Row]) -> None:
        branch = tree.add(self._leaf("rejected", "" if rejects else self._word("none")))
        for row in rejects[:_REJECTS_SHOWN]:
            line = f", {self._word('line')} {row['line']}" if row["line"] else ""
            column = f", {row['column_name']}" if row["column_name"] else ""
            node = branch.add(Text(f"{row['file']}{line}{column}: {row[f'reason_{self._language}']}", style="red"))
            if row["raw_row"]:
                node.add(Text(row["raw_row"], style="dim"))
        if len(rejects) > _REJECTS_SHOWN:
            branch.add(Text(f"{self._word('more')} {len(rejects) - _REJECTS_SHOWN}", style="dim"))

    def _build_group(self, name: str, score_key: str, counted: str, member_key: str) -> Tree:
        """Return the tree of a score that is a mean; below its threshold, the mean of what is available."""
        score, formula = self._score, self._trace["formula"]
        tree, value = self._root(name), score[score_key]
        branch = tree.add(self._leaf("score", self._word("no_score") if value is None else format_number(value)))
        if formula is not None and value is None:
            branch = branch.add(self._leaf("mean", format_number(formula["result"])))
        self._add_formula(branch)
        share = f"{self._word('needed')} {score[f'minimum_{counted}_share']:.4g}"
        tree.add(self._leaf("coverage", f"{score[f'{counted}_scored']}/{score[f'{counted}_total']}, {share}"))
        self._add_members(tree, self._trace["members"], member_key)
        return tree

    def _add_members(self, tree: Tree, members: Sequence[Row], key: str) -> None:
        scored, missing = tree.add(self._leaf("members", "")), tree.add(self._leaf("missing", ""))
        for row in members:
            name = f"{self._name(row)}  {row[key]}"
            if row["score"] is not None and row.get("is_in_index", True):
                value = ""
                if key == "indicator_id":
                    value = f" ({format_number(row['value'])} {row['unit']}, {row['year']})"
                weight = f"{self._word('weight')} {row['weight']:g}"
                scored.add(Text(f"{format_number(row['score'])}  {weight}  {name}{value}"))
            else:
                missing.add(Text(f"{name}: {self._explain_missing(row, key)}", style="dim"))

    def _explain_missing(self, row: Row, key: str) -> str:
        reason = self._missing(row["status"])
        if row["status"] == "stale":
            reason += f" ({row['year']})"
        if key == "dimension_id":
            reason += f" ({row['indicators_scored']}/{row['indicators_total']})"
        if not row.get("is_in_index", True):
            reason = f"{self._word('not_in_index')}; {reason}".rstrip("; ")
        return reason

    def _root(self, item: str) -> Tree:
        city = self._trace["city"]
        return Tree(Text(f"{self._name(city)} {city['city_code']} · {item}", style="bold"))

    def _leaf(self, key: str, text: str) -> Text:
        return Text.assemble((f"{self._word(key)}: ", "cyan"), text)

    def _word(self, key: str) -> str:
        return label("trace", key, self._language)

    def _name(self, row: Row) -> str:
        return str(row[f"name_{self._language}"])

    def _grade(self, row: Row) -> str:
        return f"{self._word('grade')} {row['source_grade']}"

    def _missing(self, status: str) -> str:
        reason = labels("missing_score_reasons").get(status)
        return status if reason is None else reason.select(self._language)
