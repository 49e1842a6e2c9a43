"""The tree of a score: formula, goalposts, target, value, file and line. Not here: its content (score_trace)."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from assets.core.i18n import Language, label, labels
from assets.core.ranges import format_range
from assets.core.text import MISSING, format_decimal, format_number
from pipelines.cli.render.layout import Wrapped
from pipelines.cli.render.tables import Row

_REJECTS_SHOWN = 5


def render_trace(trace: Row, language: Language) -> RenderableType:
    """Return the tree of a score, as read by assets.release.explain.score_trace."""
    tree = _TraceTree(trace, language).build()
    _wrap_leaves(tree)
    return tree


def _wrap_leaves(tree: Tree) -> None:
    tree.label = Wrapped(tree.label) if isinstance(tree.label, Text) else tree.label
    for child in tree.children:
        _wrap_leaves(child)


class _TraceTree:
    """Builds the tree of one trace in one language."""

    def __init__(self, trace: Row, language: Language) -> None:
        self._trace, self._score, self._language = trace, trace.get("score", {}), language

    def build(self) -> Tree:
        tree = self._build_indicator() if self._trace["level"] == "indicator" else self._build_group()
        tree.add(self._leaf("release", self._trace["release_id"]))
        return tree

    def _build_indicator(self) -> Tree:
        score, indicator = self._score, self._trace["indicator"]
        tree = self._root(f"{self._name(indicator)}  {indicator['indicator_id']}")
        attainment = score["attainment"]
        shown = self._missing(score["data_status"]) if attainment is None else format_number(attainment)
        score_leaf = self._leaf("score", f"{MISSING} {shown}" if attainment is None else shown)
        self._add_formula(tree.add(score_leaf), self._trace["formula"])
        self._add_goalposts(tree, self._trace["goalposts"], indicator["unit"])
        self._add_target(tree, self._trace["target"])
        tree.add(self._leaf("status", self._describe_status()))
        self._add_observation(tree)
        self._add_flags(tree, self._trace["flags"])
        self._add_rejects(tree, self._trace["rejected"])
        return tree

    def _describe_status(self) -> str:
        """Return the status, with the figure that an expired target is judged by; without a target, the trend."""
        score = self._score
        if score["trend"] is not None:
            rate = (
                "" if score["trend_rate"] is None else f" ({format_decimal(score['trend_rate'], 2, '+', exponent=2)} %)"
            )
            return label("trends", score["trend"], self._language) + rate
        text = label("statuses", score["status"], self._language)
        is_past = score["status"] in ("met", "missed")
        return f"{text} ({score['judged_year']}: {format_number(score['judged_value'])})" if is_past else text

    def _add_formula(self, branch: Tree, formula: Row | None) -> None:
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
        # The registry has the names of documents in Chinese; an English reader gets them in brackets.
        named = "{}" if self._language == "zh" else "({})"
        keys = ("document_zh", "document_number", "document_date", f"scope_{self._language}")
        facts = [
            named.format(target[key]) if key in ("document_zh", "document_number") else str(target[key])
            for key in keys
            if target[key]
        ]
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
        self._add_parts(branch, self._trace["parts"])

    def _add_parts(self, tree: Tree, parts: Sequence[Row]) -> None:
        """Add the numerator and the denominator of a derived figure, or of one that is compared with its parts."""
        if not parts:
            return
        above, below = parts
        text = (
            f"{format_number(above['value'])} × {format_number(above['multiplier'])} ÷ {format_number(below['value'])}"
        )
        text = f"{text} = {format_number(above['derived_value'])}"
        if above["reported_value"] is not None:
            text = f"{text} ({self._word('against_reported')} {above['difference_pct']:+.2f} %)"
        branch = tree.add(self._leaf("derived", text))
        for part in parts:
            sign = label("qualifiers", part["qualifier"], self._language) if part["qualifier"] else ""
            value = f"{sign}{format_number(part['value'])} {part['unit']}, {part['part_year']}"
            self._add_source(branch.add(self._leaf(part["part"], f"{self._name(part)}: {value}")), part)

    def _add_vintage(self, node: Tree, vintage: Row) -> None:
        self._add_source(node, vintage)
        if vintage["correction_id"]:
            original = vintage["original_value"]
            sent_as = "" if original is None else f", {self._word('original_value')} {format_number(original)}"
            text = f"{vintage['correction_id']} ({vintage['correction_action']}{sent_as})"
            node.add(self._leaf("correction", text))
        if vintage["note"]:
            node.add(self._leaf("sent_note", vintage["note"]))

    def _add_source(self, node: Tree, vintage: Row) -> None:
        publication = vintage[f"publication_{self._language}"] or vintage["source_id"]
        node.add(self._leaf("source", f"{publication}, {self._grade(vintage)}"))
        sheet = f", {vintage['sheet']}" if vintage["sheet"] else ""
        cells = "".join(f", {name} {cell}" for name, cell in vintage["cells"].items())
        node.add(Text(f"{vintage['file']}{sheet}, {self._word('line')} {vintage['line']}{cells}"))
        node.add(Text(f"sha256 {vintage['file_sha256']}"))
        sent = vintage["as_sent"]
        missing = label("source_line_statuses", sent["status"], self._language)
        node.add(self._leaf("as_sent", sent["text"] or missing))

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

    def _build_group(self) -> Tree:
        """Return the tree of a dimension or of the index: its range in every basket, and what is open in it."""
        dimension = self._trace["dimension"]
        name = self._word("index") if dimension is None else f"{self._name(dimension)}  {dimension['dimension_id']}"
        tree = self._root(name)
        for group in self._trace["ranges"]:
            self._add_basket(tree, group)
        self._add_presets(tree)
        return tree

    def _add_basket(self, tree: Tree, group: Row) -> None:
        score, basket = group["score"], group["basket"]
        status = label("score_statuses", score["score_status"], self._language)
        if score["rank"] is not None:
            status = f"{self._word('rank')} {score['rank']}"
            if score["best_rank"] != score["worst_rank"]:
                status += f" ({self._word('bounds').format(best=score['best_rank'], worst=score['worst_rank'])})"
        text = f"{self._name(basket)}  {format_range(score['evidenced'], score['possible'], 2)}, {status}"
        branch = tree.add(self._leaf("basket", text))
        ends = ("evidenced", "possible") if score["open"] else ("evidenced",)
        for end in ends if group["formulas"] else ():
            self._add_formula(branch.add(self._leaf(end, format_number(score[end]))), group["formulas"][end])
        self._add_open(branch, group)
        self._add_members(branch, group["members"])

    def _add_open(self, tree: Tree, group: Row) -> None:
        """Add the open points, and the figures that would close them, the one that closes most first."""
        if not group["open"]:
            return
        points = group["score"]["open"]
        text = "" if points is None else f"{format_decimal(points, 2)} {self._word('points')}"
        branch = tree.add(self._leaf("open", text)).add(self._leaf("open_figures", ""))
        for row in group["open"]:
            reason = label("missing_score_reasons", row["data_status"], self._language)
            year = f" ({row['year']})" if row["year"] else ""
            name = f"{self._name(row)}  {row['indicator_id']}: {reason}{year}"
            branch.add(Text(f"{format_decimal(row['points'], 2)}  {name}"))

    def _add_members(self, tree: Tree, members: Sequence[Row]) -> None:
        branch = tree.add(self._leaf("members", ""))
        for row in members:
            weight = f"{self._word('weight')} {row['weight']:g}"
            name, value = f"{self._name(row)}  {row.get('indicator_id') or row['dimension_id']}", ""
            if row.get("value") is not None:
                value = f" ({format_number(row['value'])} {row['unit']}, {row['year']})"
            branch.add(Text(f"{format_range(row['evidenced'], row['possible'], 2)}  {weight}  {name}{value}"))

    def _add_presets(self, tree: Tree) -> None:
        mean = self._trace["ranges"][0]["score"]["mean_of_available"]
        tree.add(self._leaf("mean", MISSING if mean is None else format_decimal(mean, 2)))
        branch = tree.add(self._leaf("presets", ""))
        for row in self._trace["presets"]:
            score = MISSING if row["score"] is None else format_decimal(row["score"], 2)
            branch.add(Text(f"{score}  {self._name(row)}: {row[f'about_{self._language}']}", style="dim"))

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
