"""What the commands show on a terminal: tables of rich, in Chinese or English.

Here: labels and layouts. Not here: figures (they come from a release) and commands (pipelines.cli.app). Rounding
happens only here: the release keeps every digit.
"""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from assets.core.errors import Issue
from assets.core.i18n import Language
from assets.release.outputs.labels import DATA_STATUSES, OPERATORS, QUALIFIERS, SEVERITIES, STATUSES, TARGET_AUTHORITIES

if TYPE_CHECKING:
    from assets.intake.dry_run import DryRunResult
    from assets.release.publish.quarantine import BlockedCandidate
    from assets.release.publish.retention import PruneResult, ReleaseInfo

Row = dict[str, Any]

_LABELS: dict[str, tuple[str, str]] = {
    "file": ("文件", "File"),
    "rows_read": ("数据行", "Rows"),
    "rows_accepted": ("采用", "Accepted"),
    "rows_aggregate": ("合计另存", "Set aside"),
    "rows_rejected": ("退回", "Rejected"),
    "total": ("总计", "Total"),
    "city": ("城市", "City"),
    "indicators": ("指标", "Scored"),
    "mean": ("均分", "Mean of these"),
    "index": ("指数", "Index"),
    "indicator": ("指标", "Indicator"),
    "value": ("数值", "Value"),
    "year": ("年份", "Year"),
    "source": ("来源", "Source"),
    "target": ("目标或参照", "Target or reference"),
    "attainment": ("得分", "Score"),
    "status": ("状态", "Status"),
    "projection": ("趋势外推", "Projection"),
    "dataset": ("数据集", "Dataset"),
    "files": ("文件数", "Files"),
    "received": ("收到", "Received"),
    "history": ("现行或被取代", "Current or superseded"),
    "line": ("文件与行", "File and line"),
}

_STATUS_STYLES = {
    "achieved": "green",
    "achieved_declining": "yellow",
    "on_track": "green",
    "moderate": "yellow",
    "limited": "dark_orange",
    "deteriorating": "red",
    "not_available": "dim",
    "no_target": "dim",
}

FLAG = " ⚑"

_BOTH: tuple[Language, Language] = ("zh", "en")
# More lines than this nobody reads after a run; who wants them asks for them.
MOST_LINES = 100
_NARROW = 100


def label(name: str, language: Language) -> str:
    """A heading in the reader's language."""
    return _LABELS[name][0 if language == "zh" else 1]


def format_number(value: float | None, digits: int = 1) -> str:
    return "—" if value is None else f"{value:.{digits}f}"


def format_value(value: float, decimals: int) -> str:
    """A figure with the decimals of its indicator, at most two of them, and no more than it has."""
    return f"{value:,.{min(decimals, 2)}f}"


def _in(language: Language, texts: Sequence[str]) -> str:
    return texts[0 if language == "zh" else 1]


def _table(*headings: str, title: str | None = None, right: Sequence[int] = ()) -> Table:
    table = Table(
        title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False, padding=(0, 1, 0, 0)
    )
    for position, heading in enumerate(headings):
        table.add_column(heading, justify="right" if position in right else "left", overflow="fold")
    return table


def render_files(files: Sequence[Row], language: Language) -> Table:
    """Every file with its rows: read = accepted + set aside + rejected. Of very many, those to be mended first."""
    counts = ("rows_read", "rows_accepted", "rows_aggregate", "rows_rejected")
    table = _table(label("file", language), *(label(name, language) for name in counts), right=range(1, 5))
    for file in _worst(files):
        refused = file["status"] == "refused"
        told = _in(language, ("整个退回", "refused")) if refused else f"{file['rows_read']:,}"
        rejected = Text(f"{file['rows_rejected']:,}", style="red" if file["rows_rejected"] else "")
        cells = (f"{file['rows_accepted']:,}", f"{file['rows_aggregate']:,}")
        table.add_row(escape(file["file"]), Text(told, style="red" if refused else ""), *cells, rejected)
    if len(files) > MOST_LINES:
        table.add_row(_in(language, ("… 其余见 quality.files", "… the others: quality.files")), style="dim")
    table.add_section()
    totals = [f"{sum(file[name] for file in files):,}" for name in counts]
    table.add_row(f"{label('total', language)} ({len(files)})", *totals, style="bold")
    return table


def _worst(files: Sequence[Row]) -> Sequence[Row]:
    """As many as anybody reads: all, or the refused, then those with rejected rows, then others."""
    if len(files) <= MOST_LINES:
        return files
    return sorted(files, key=lambda file: (file["status"] != "refused", not file["rows_rejected"]))[:MOST_LINES]


def render_cities(
    cities: Sequence[Row], dimensions: Sequence[Row], scores: Sequence[Row], language: Language, width: int
) -> Table:
    """City by dimension: how many of its indicators have data, and before that the score where these are enough."""
    by_place = {(score["city_code"], score["dimension_id"]): score for score in scores}
    rows = [
        (
            Text(city[f"name_{language}"]),
            Text(f"{city['indicators_scored']}/{city['indicators_total']}"),
            Text(format_number(city["mean_of_available"])),
            *(_dimension(by_place[city["city_code"], dimension["dimension_id"]]) for dimension in dimensions),
            _scored(city["city_index"], city["dimensions_scored"], city["dimensions_total"]),
        )
        for city in cities
    ]
    headings = [label(name, language) for name in ("city", "indicators", "mean")]
    headings += [dimension[f"name_{language}"] for dimension in dimensions]
    headings.append(label("index", language))
    gap = 1 if width < _NARROW else 2
    folded, widths = _fit(headings, rows, width - gap * len(headings))
    table = _table(*folded, right=range(1, len(headings)))
    table.padding = (0, gap - 1, 0, 0)
    for column, cells in zip(table.columns, widths, strict=True):
        column.width = cells
    for row in rows:
        table.add_row(*row)
    return table


def _fit(headings: Sequence[str], rows: Sequence[Sequence[Text]], room: int) -> tuple[list[str], list[int]]:
    """Headings and widths that fit the room: "61.2 4/13" goes on two lines, then long headings are broken.

    Figures are never broken: a terminal too narrow even for them gets the narrowest table.
    """
    cells = [[row[position].plain for row in rows] for position in range(len(headings))]
    lines: list[list[str]] = []
    widths: list[int] = []
    for is_folded, limit in ((False, 14), (True, 14), (True, 10), (True, 8), (True, 6)):
        lines = [textwrap.wrap(heading, limit) for heading in headings]
        shown = ((word for cell in column for word in (cell.split() if is_folded else (cell,))) for column in cells)
        widths = [
            max(map(cell_len, (*column, *heading)), default=1) for column, heading in zip(shown, lines, strict=True)
        ]
        if sum(widths) <= room:
            break
    return ["\n".join(heading) for heading in lines], widths


def _dimension(score: Row) -> Text:
    return _scored(score["score"], score["indicators_scored"], score["indicators_total"])


def _scored(score: float | None, scored: int, total: int) -> Text:
    covered = Text(f"{scored}/{total}", style="dim")
    return covered if score is None else Text.assemble((f"{score:.1f} ", "bold"), covered)


def hidden_cities_note(cities: Sequence[Row], language: Language) -> str | None:
    """Where the cities that a run does not list are found; None where it lists all."""
    if len(cities) <= MOST_LINES:
        return None
    told = ("… 共 {} 个城市，全部见 gancheng scorecard", "… of {} cities; gancheng scorecard lists all")
    return _in(language, told).format(len(cities))


def coverage_note(language: Language) -> str:
    return _in(
        language,
        (
            "n/m：有得分的指标数/全部计分指标数。达到门槛的，得分写在前面；未达门槛的不予评分，不是低分。"
            "均分只概括已有数据的指标，不可用于排名。",
            "n/m: indicators with a score, of all that are scored. Where enough have one, the score stands before it; "
            "elsewhere no score is given, which is not a low score. "
            "The mean sums up only the indicators that have figures and is not for ranking.",
        ),
    )


def render_city_scorecard(
    city: Row, rows: Sequence[Row], awaiting: Sequence[Row], language: Language
) -> RenderableType:
    """The indicators of one city by dimension, then those that await data."""
    parts: list[RenderableType] = [Text(f"{city[f'name_{language}']}  {city['city_code']}", style="bold")]
    for dimension in dict.fromkeys(row[f"dimension_{language}"] for row in rows):
        headings = ("indicator", "value", "year", "source", "target", "attainment", "status", "projection")
        table = _table(*(label(name, language) for name in headings), title=dimension, right=(1, 2, 5))
        cells = [_indicator_cells(row, language) for row in rows if row[f"dimension_{language}"] == dimension]
        for position in (1, 2, 5):
            table.columns[position].min_width = max(Text(str(shown[position])).cell_len for shown in cells)
        for shown in cells:
            table.add_row(*shown)
        parts.append(table)
    names = (
        "、".join(row["name_zh"] for row in awaiting) if language == "zh" else "; ".join(r["name_en"] for r in awaiting)
    )
    if any(row.get("projected_value") is not None for row in rows):
        parts.append(Text(_projection_note(language), style="dim"))
    if names:
        heading = _in(language, (f"待报数据的指标（{len(awaiting)}）", f"Awaiting data ({len(awaiting)})"))
        parts.append(Text(f"{heading}: {names}", style="dim"))
    return Group(*parts)


def _indicator_cells(row: Row, language: Language) -> tuple[str, str, str, str, str, str, Text, str]:
    value = f"{QUALIFIERS.get(row['qualifier'] or '', '')}{format_value(row['value'], row['decimals'])} {row['unit']}"
    value += FLAG if row["flags_zh"] else ""
    source = f"{row[f'publication_{language}']} ({row['source_grade']})"
    unscored = DATA_STATUSES.get(row["data_status"])
    attainment = _in(language, unscored) if unscored and row["attainment"] is None else format_number(row["attainment"])
    return (
        escape(row[f"name_{language}"]),
        escape(value),
        str(row["year"]),
        escape(source),
        escape(_target(row, language)),
        attainment,
        _status(row, language),
        _projection(row),
    )


def _projection(row: Row) -> str:
    """Year, value and interval of the projection, and the probability that the target is met."""
    if row.get("projected_value") is None:
        return "—"
    value, low, high = (format_value(row[f"projected_{name}"], row["decimals"]) for name in ("value", "low", "high"))
    chance = "" if row["probability_met"] is None else f", {100 * row['probability_met']:.0f}%"
    return f"{row['projected_year']}: {value} ({low}–{high}{chance})"


def _projection_note(language: Language) -> str:
    return _in(
        language,
        (
            "趋势外推：直线外推值（90% 预测区间，达到目标或参照值的概率）；只说明照此下去会怎样。",
            "Projection: the straight line, its 90 % prediction interval, and the probability that the target or "
            "reference is met; it says what comes if all goes on as before.",
        ),
    )


def ranks_note(ranks: Sequence[Row], language: Language) -> Text:
    """Each rank with the places between which 90 % of the draws put the city, or why there is none."""
    told = [_rank(row, language) for row in ranks if row["nominal_rank"] is not None]
    heading = _in(language, ("名次（90% 的抽样在此区间）", "Ranks (90 % of the draws lie between)"))
    if told:
        return Text(f"{heading}: " + _in(language, ("；", "; ")).join(told), style="dim")
    reason = _in(
        language,
        (
            "没有名次：各维度有得分的城市不足两个，或本市覆盖不足",
            "No rank: too few figures for this city or for any other to rank with",
        ),
    )
    return Text(reason, style="dim")


def _rank(row: Row, language: Language) -> str:
    name = row[f"name_{language}"] or _in(language, ("指数", "Index"))
    return f"{name} {row['nominal_rank']} ({row['rank_low']:g}–{row['rank_high']:g} / {row['cities_ranked']})"


def _target(row: Row, language: Language) -> str:
    if row["target_id"] is None:
        return "—"
    year = f" ({row['target_year']})" if row["target_year"] else ""
    shown = f"{OPERATORS.get(row['target_operator'], '')}{row['target_value']:g}"
    if row["target_operator"] == "between":
        shown = f"{row['target_value']:g}–{row['target_value_high']:g}"
    return f"{shown}{year} {_in(language, TARGET_AUTHORITIES[row['target_authority']])}"


def _status(row: Row, language: Language) -> Text:
    """The headline status; where the other rule says otherwise, that too."""
    zh, en = STATUSES[row["status"]]
    style = _STATUS_STYLES[row["status"]]
    text = Text(zh if language == "zh" else en, style=style)
    if row["rules_agree"] is False:
        other = row["status_linear"] if row["pace_rule"] == "compound" else row["status_compound"]
        text.append(f" / {_in(language, STATUSES[other])}", style="dim")
    return text


def flags_note(rows: Sequence[Row], held: Sequence[Row], language: Language) -> list[Text]:
    """What the mark of flagged figures stands for, and what is held back, line by line."""
    told = [
        Text(f"{FLAG.strip()} {row[f'name_{language}']} {row['year']}: {row[f'flags_{language}']}", style="yellow")
        for row in rows
        if row["flags_zh"]
    ]
    return told + [
        Text(f"{FLAG.strip()} {row[f'name_{language}']} {row['year']}: {row[f'explanation_{language}']}", style="red")
        for row in held
    ]


def flags_count(counts: Sequence[Row], language: Language) -> str:
    """How many figures are flagged, by detector."""
    each = [
        f"{row[f'name_{language}']} ({_in(language, SEVERITIES[row['severity']])}) {row['flags']}" for row in counts
    ]
    none, words = _in(language, ("无", "none")), _in(language, ("存疑数字", "Flagged figures"))
    return f"{words}: {_in(language, ('、', ', ')).join(each) or none}"


def render_datasets(datasets: Sequence[Row], language: Language) -> Table:
    """Every dataset with its files and rows."""
    counts = ("files", "rows_read", "rows_accepted", "rows_aggregate", "rows_rejected")
    table = _table(label("dataset", language), *(label(name, language) for name in counts), right=range(1, 6))
    for row in datasets:
        table.add_row(row["dataset"], *(f"{row[name]:,}" for name in counts))
    return table


def render_overdue(late: Sequence[Row], language: Language) -> str:
    """What is overdue: dataset, year, deadline and the cities, a line each."""
    if not late:
        return _in(language, ("没有逾期未报的数字", "Nothing is overdue"))
    form = _in(language, ("逾期未报：{} {} 年（应于 {}，{} 市）：{}", "Overdue: {} {} (due {}, cities: {}): {}"))
    return "\n".join(
        form.format(row[f"name_{language}"], row["due_year"], row["due_date"], row["cities"], row[f"cities_{language}"])
        for row in late
    )


def render_releases(releases: Sequence[ReleaseInfo], language: Language) -> Table:
    """Every release, the newest first, the current one marked."""
    headings = {
        "release": ("发布", "Release"),
        "released": ("时间 (UTC)", "Time (UTC)"),
        "method": ("方法", "Method"),
        "files": ("文件", "Files"),
        "rows": ("行", "Rows"),
        "size": ("MB", "MB"),
    }
    table = _table(*(_in(language, heading) for heading in headings.values()), right=range(3, 6))
    for one in releases:
        mark = f" {_in(language, ('现行', 'current'))}" if one.is_current else ""
        table.add_row(
            f"{one.release_id}{mark}",
            _moment(one.released_at),
            escape(one.method_version),
            f"{one.files_received:,}",
            f"{one.rows_accepted:,}",
            f"{one.bytes / 1e6:,.1f}",
            style="bold green" if one.is_current else None,
        )
    return table


def render_pruned(pruned: PruneResult, language: Language) -> str:
    """Which releases went, which stay, and which are left because they are open."""
    words = {
        "removed": ("已删除", "Removed"),
        "in_use": ("有人正在读取，未删除", "Open by a reader, left"),
        "kept": ("保留", "Kept"),
    }
    ids = {"removed": pruned.removed, "in_use": pruned.in_use, "kept": pruned.kept}
    none = _in(language, ("无", "none"))
    return "\n".join(f"{_in(language, words[name])}: {', '.join(found) or none}" for name, found in ids.items())


_ACTIONS: dict[str, tuple[str, str]] = {
    "drop": ("撤下", "dropped"),
    "replace": ("改为此数", "replaced"),
    "scale": ("换算", "scaled"),
    "flag": ("存疑", "flagged"),
}


def render_history(rows: Sequence[Row], indicator: Row, language: Language) -> Table:
    """Every vintage of a figure by year, the current one marked."""
    headings = ("year", "value", "received", "history", "source", "line")
    table = _table(*(label(name, language) for name in headings), right=(1,))
    for row in rows:
        value = f"{QUALIFIERS.get(row['qualifier'] or '', '')}{format_value(row['value'], indicator['decimals'])}"
        if row["original_value"] is not None:
            value = f"{value} ← {format_value(row['original_value'], indicator['decimals'])}"
        sheet = f" [{row['sheet']}]" if row["sheet"] else ""
        table.add_row(
            f"{row['year']} {row['scope']}",
            escape(value),
            _moment(row["received_at"]),
            _standing(row, language),
            escape(f"{row[f'publication_{language}']} ({row['source_grade']})"),
            escape(f"{row['file']}{sheet}:{row['line']}"),
        )
    return table


def _moment(moment: datetime | None) -> str:
    return "—" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _standing(row: Row, language: Language) -> Text:
    """Whether a vintage is current, since when not, by what, and what a correction did to it."""
    if row["is_current"]:
        text = Text(_in(language, ("现行", "current")), style="bold green")
    elif row["correction_action"] == "drop":
        text = Text(_in(language, ("不再采用", "withdrawn")), style="red")
    else:
        by = f"{row['superseded_by_file']}:{row['superseded_by_line']}"
        at = _moment(row["superseded_at"])
        never = _in(language, (f"未曾现行，不及 {by}", f"never current, outranked by {by}"))
        text = Text(_in(language, (f"{at} 被 {by} 取代", f"until {at}, by {by}")) if row["was_current"] else never)
    if row["correction_id"] is not None:
        action, reason = _in(language, _ACTIONS[row["correction_action"]]), row[f"correction_{language}"]
        text.append(f"\n{row['correction_id']} {action}: {reason} ({row['corrected_date']})", style="yellow")
    return text


def render_dry_run(checked: DryRunResult, language: Language) -> Text:
    """What a run would make of a file: every fault with its place and remedy, then the rows."""
    text = Text()
    for fault in checked.errors:
        place = ", ".join(part for part in (checked.file, fault.where(language)) if part)
        text.append(f"{place}: {fault.reason(language)}\n", style="red")
        text.append(f"  → {fault.remedy(language)}\n")
    told = _in(language, ("整个退回", "refused as a whole"))
    if checked.status == "read":
        counts = ("rows_read", "rows_accepted", "rows_aggregate", "rows_rejected")
        told = ", ".join(f"{label(name, language)} {getattr(checked, name):,}" for name in counts)
    style = "green" if checked.is_clean else "bold red"
    name = f"{checked.file} ({checked.dataset})" if checked.dataset else checked.file
    return text.append(f"{name}: {told}", style=style)


def render_blocked(blocked: BlockedCandidate | None, is_past: bool, language: Language) -> Text:
    """What the last blocked candidate failed, with its rows, and how to look into it."""
    if blocked is None:
        return Text(_in(language, ("没有未能发布的候选。", "No candidate was blocked.")))
    failed = blocked.failed_checks()
    told = _in(language, ("未能发布的候选", "Blocked candidate"))
    text = Text(f"{told}: {_moment(blocked.blocked_at)} UTC, {blocked.run_id}\n", style="bold")
    if is_past:
        text.append(_in(language, ("此后已有新的发布。\n", "A release has been made since.\n")), style="dim")
    for check in failed:
        kind, style = (("阻止发布", "blocking"), "red") if check["is_blocking"] else (("警告", "warning"), "yellow")
        text.append(f"{_in(language, kind)} ", style=style)
        text.append(f"{check['table_name']} {check['check_name']}: {check[f'description_{language}']}")
        text.append(f" ({check['rows_failing']:,})\n  {check['failing_sample']}\n")
    look = _in(language, ("自行查看（只读）", "Look into it, read-only"))
    return text.append(f"{look}:\n  duckdb -readonly {shlex.quote(str(blocked.database))}")


def render_approved(file: Path, flags: Sequence[Row], language: Language) -> Text:
    """What was approved, and where that is recorded."""
    text = Text()
    for flag in flags:
        place = flag["city_code"] or flag["province_code"]
        text.append(f"{flag['flag_id']} {flag['detector']} {place} {flag['indicator_id']} {flag['year']}")
        text.append(f" = {flag['value']:.10g}\n")
    after = _in(language, ("已记录；下次运行起生效", "Recorded; it holds from the next run on"))
    return text.append(f"{after}: {file}", style="green")


def render_rows(rows: Sequence[Row]) -> Table:
    """The answer to a query, as it is."""
    table = _table(*(rows[0] if rows else ()))
    for row in rows:
        table.add_row(*("" if value is None else escape(str(value)) for value in row.values()))
    return table


def print_issues(console: Console, issues: Sequence[Issue]) -> None:
    """What must be mended: in both languages, since the sender of a file and its keeper may not share one."""
    for issue in issues:
        for language in _BOTH:
            where = issue.where(language)
            told = f"{where}: {issue.reason(language)}" if where else issue.reason(language)
            console.print(Text(told, style="bold red" if language == "zh" else "red"), soft_wrap=True)
            console.print(Text(f"  → {issue.remedy(language)}"), soft_wrap=True)
