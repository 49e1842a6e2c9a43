"""The vintages of a value."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from assets.core.i18n import Language, label
from pipelines.cli.render.layout import make_table
from pipelines.cli.render.scorecards import format_value
from pipelines.cli.render.tables import Row, format_moment, phrase, select_headings


def render_history(city: Row, indicator: Row, rows: Sequence[Row], language: Language) -> list[RenderableType]:
    """Return every vintage by year, the current one marked."""
    title = Text(f"{city[f'name_{language}']}  {indicator[f'name_{language}']} ({indicator['unit']})", style="bold")
    if not rows:
        return [title, label("command_lines", "no_value", language)]
    keys = ("year", "value", "received", "history", "source", "line")
    table = make_table(select_headings(keys, language), right=(1,))
    for row in rows:
        value = format_value(row, decimals=indicator["decimals"])
        if row["original_value"] is not None:
            value = f"{value} ← {format_value(row, 'original_value', indicator['decimals'])}"
        sheet = f" [{row['sheet']}]" if row["sheet"] else ""
        table.add_row(
            f"{row['year']} {row['scope']}",
            value,
            format_moment(row["received_at"]),
            _validity_cell(row, language),
            f"{row[f'publication_{language}']} ({row['source_grade']})",
            f"{row['file']}{sheet}:{row['line']}",
        )
    return [title, table, Text(label("command_lines", "times", language), style="dim")]


def _validity_cell(row: Row, language: Language) -> Text:
    """Return whether a vintage is current, else until when and what superseded it, and its correction."""
    by = f"{row['superseded_by_file']}:{row['superseded_by_line']}"
    if row["is_current"]:
        text = Text(phrase("current", language), style="bold green")
    elif row["correction_action"] == "drop":
        text = Text(phrase("withdrawn", language), style="red")
    elif row.get("is_progress"):
        text = Text(phrase("progress", language, as_of=row["as_of"]))
    elif row["was_current"]:
        text = Text(phrase("superseded", language, at=format_moment(row["superseded_at"]), by=by))
    else:
        text = Text(phrase("never_current", language, by=by))
    if row["correction_id"] is not None:
        action = label("correction_actions", row["correction_action"], language)
        reason, date = row[f"correction_{language}"], row["corrected_date"]
        text.append(f"\n{row['correction_id']} {action}: {reason} ({date})", style="yellow")
    return text
