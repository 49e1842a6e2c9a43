"""Tables and notes about files, datasets, releases, candidates and issues.

Here also: the labels that all layouts share. Not here: widths (pipelines.cli.render.layout), scores
(pipelines.cli.render.scorecards) and explanations (pipelines.cli.render.trace, pipelines.cli.render.changes).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from assets.core.errors import Issue
from assets.core.i18n import Language, label, labels
from assets.core.text import MISSING
from pipelines.cli.render.layout import FittedTable, make_table
from pipelines.cli.render.row_formats import format_plain, select_right

if TYPE_CHECKING:
    from assets.release.publish.quarantine import BlockedCandidate
    from assets.release.publish.retention import PruneResult, ReleaseInfo

Row = dict[str, Any]

# A run lists no more files and cities than this; the rest are found by a query or another command.
MAXIMUM_ROWS = 100
_ROW_COUNTS = ("rows_read", "rows_accepted", "rows_aggregate", "rows_rejected")


# A short text of the terminal: its key, the language, and its values.
phrase = partial(label, "terminal")


def select_headings(keys: Iterable[str], language: Language) -> list[str]:
    """Return the headings of columns."""
    return [label("headings", key, language) for key in keys]


def unwrapped(text: str = "", style: str = "") -> Text:
    """Return a text whose lines are not broken at the width of the terminal."""
    return Text(text, style=style, no_wrap=True)


def format_moment(moment: datetime | None) -> str:
    """Return a time to the minute."""
    return MISSING if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def render_files(files: Sequence[Row], language: Language) -> FittedTable:
    """Return every file with its rows: read = accepted + aggregates + rejected. Of very many, the worst first."""
    table = make_table(select_headings(("file", *_ROW_COUNTS), language), right=range(1, 5))
    for file in _select_worst(files):
        is_refused = file["status"] == "refused"
        read = phrase("refused", language) if is_refused else f"{file['rows_read']:,}"
        rejected = Text(f"{file['rows_rejected']:,}", style="red" if file["rows_rejected"] else "")
        cells = (f"{file['rows_accepted']:,}", f"{file['rows_aggregate']:,}")
        table.add_row(file["file"], Text(read, style="red" if is_refused else ""), *cells, rejected)
    if len(files) > MAXIMUM_ROWS:
        table.add_row(phrase("more_files", language), style="dim")
    table.add_section()
    totals = [f"{sum(file[name] for file in files):,}" for name in _ROW_COUNTS]
    table.add_row(f"{label('headings', 'total', language)} ({len(files)})", *totals, style="bold")
    return table


def _select_worst(files: Sequence[Row]) -> Sequence[Row]:
    """Return all files, or of very many the refused ones, then those with rejected rows, then others."""
    if len(files) <= MAXIMUM_ROWS:
        return files
    return sorted(files, key=lambda file: (file["status"] != "refused", not file["rows_rejected"]))[:MAXIMUM_ROWS]


def render_datasets(datasets: Sequence[Row], language: Language) -> FittedTable:
    """Return every dataset with its files and rows."""
    counts = ("files", *_ROW_COUNTS)
    rows = ((row["dataset"], *(f"{row[name]:,}" for name in counts)) for row in datasets)
    return make_table(select_headings(("dataset", *counts), language), right=range(1, 6), rows=rows)


def render_overdue(late: Sequence[Row], language: Language) -> Text:
    """Return what is overdue, one line for each dataset and year."""
    lines = _owed_lines("overdue", late, language)
    return unwrapped("\n".join(lines) or phrase("nothing_overdue", language), style="yellow" if late else "")


def render_owed(key: str, rows: Sequence[Row], language: Language) -> list[Text]:
    """Return what is due soon or partly sent, by the phrase of it: one line for each dataset and year."""
    return [unwrapped(line) for line in _owed_lines(key, rows, language)]


def _owed_lines(key: str, rows: Sequence[Row], language: Language) -> list[str]:
    names = {"name": f"name_{language}", "places": f"cities_{language}", "responsible": f"responsible_{language}"}
    return [phrase(key, language, **row, **{name: row[column] for name, column in names.items()}) for row in rows]


def render_releases(releases: Sequence[ReleaseInfo], language: Language) -> FittedTable:
    """Return the newest releases, the current one marked."""
    table = make_table([heading.select(language) for heading in labels("release_headings").values()], right=range(3, 6))
    for release in releases[:MAXIMUM_ROWS]:
        mark = f" {phrase('current', language)}" if release.is_current else ""
        table.add_row(
            f"{release.release_id}{mark}",
            format_moment(release.released_at),
            release.method_version,
            f"{release.files_received:,}",
            f"{release.rows_accepted:,}",
            f"{release.bytes / 1e6:,.1f}",
            style="bold green" if release.is_current else None,
        )
    if len(releases) > MAXIMUM_ROWS:
        table.add_row(phrase("more_releases", language, count=len(releases) - MAXIMUM_ROWS))
    return table


def render_pruned(pruned: PruneResult, language: Language) -> str:
    """Return which releases were deleted, which are in use, and which are kept."""
    ids = {"removed": pruned.removed, "in_use": pruned.in_use, "kept": pruned.kept}
    none = phrase("none", language)
    return "\n".join(f"{label('prune_results', key, language)}: {', '.join(each) or none}" for key, each in ids.items())


def render_blocked(blocked: BlockedCandidate | None, is_past: bool, language: Language) -> Text:
    """Return what the last blocked candidate failed, with its rows, and how to inspect it."""
    if blocked is None:
        return Text(phrase("no_blocked_candidate", language))
    text = unwrapped()
    heading = f"{phrase('blocked_candidate', language)}: {format_moment(blocked.blocked_at)} UTC, {blocked.run_id}\n"
    text.append(heading, style="bold")
    if is_past:
        text.append(f"{phrase('newer_release', language)}\n", style="dim")
    for check in blocked.failed_checks():
        key, style = ("blocking_check", "red") if check["is_blocking"] else ("warning_check", "yellow")
        text.append(f"{phrase(key, language)} ", style=style)
        text.append(f"{check['table_name']} {check['check_name']}: {check[f'description_{language}']}")
        text.append(f" ({check['rows_failing']:,})\n  {check['failing_sample']}\n")
    command = f"duckdb -readonly {shlex.quote(str(blocked.database))}"
    return text.append(f"{phrase('inspect_candidate', language)}:\n  {command}")


def render_approved(file: Path, flags: Sequence[Row], language: Language) -> Text:
    """Return what was approved, and the file that records it."""
    text = unwrapped()
    for flag in flags:
        place = flag["city_code"] or flag["province_code"]
        text.append(f"{flag['flag_id']} {flag['detector']} {place} {flag['indicator_id']} {flag['year']}")
        text.append(f" = {flag['value']:.10g}\n")
    return text.append(f"{label('command_lines', 'approved', language)}: {file}", style="green")


def render_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> FittedTable:
    """Return the answer to a query; numbers are aligned to the right."""
    return make_table(
        columns, select_right(columns, rows), rows=([format_plain(value) for value in row] for row in rows)
    )


def render_catalogue(rows: Sequence[Row], names: Sequence[str], language: Language) -> FittedTable:
    """Return tables or columns with what they mean; `names` are the columns before the meaning."""
    cells = [[*(row[name] for name in names), row[language]] for row in rows]
    return make_table(
        select_headings((*names, "meaning"), language),
        select_right(names, [row[: len(names)] for row in cells]),
        rows=([f"{value:,}" if isinstance(value, int) else format_plain(value) for value in row] for row in cells),
    )


def render_issue(issue: Issue, language: Language, style: str = "bold red") -> tuple[Text, Text]:
    """Return what is wrong with its place, and the remedy."""
    where, reason = issue.where(language), issue.reason(language)
    return (
        unwrapped(f"{where}: {reason}" if where else reason, style=style),
        unwrapped(f"  → {issue.remedy(language)}"),
    )


def print_issues(console: Console, issues: Iterable[Issue], language: Language) -> None:
    """Print what must be fixed, and how."""
    for issue in issues:
        for part in render_issue(issue, language):
            console.print(part, soft_wrap=True)
