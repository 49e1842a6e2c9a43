"""The scores that changed between two releases, and those that an assumption would change."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from assets.core.i18n import Language, label, labels
from assets.core.ranges import format_range
from assets.core.text import MISSING, format_decimal
from assets.release.explain import changelog
from pipelines.cli.render.layout import FittedTable, make_table
from pipelines.cli.render.tables import Row


def render_changes(
    old: str, new: str, changes: Sequence[Row], skipped: Sequence[str], language: Language
) -> RenderableType:
    """Return every score that changed with the parts of its change; `skipped` are models that could not be rerun."""
    title = Text(f"{old} → {new}", style="bold")
    if not changes:
        return Group(title, Text(label("changelog", "unchanged", language)))
    rows = (map(Text, changelog.change_cells(change, language)) for change in changes)
    table = make_table(changelog.change_headings(language), right=range(4, 11), rows=rows)
    if not skipped:
        return Group(title, table)
    note = label("changelog", "not_recomputed", language, names=", ".join(skipped))
    return Group(title, table, Text(note, style="yellow"))


def render_scenario(rows: Sequence[Row], language: Language) -> RenderableType:
    """Return scores, ranks and statuses before and after."""
    if not rows:
        return Text(label("scenario", "unchanged", language))
    table = _labelled_table("scenario_headings", range(4, 8), language)
    for row in rows:
        statuses = [
            f"{row[f'{name}_before'] or MISSING} → {row[f'{name}_after'] or MISSING}"
            for name in ("score_status", "status")
            if row[f"{name}_before"] != row[f"{name}_after"]
        ]
        item = "" if row["item_id"] == "all" else row[f"item_{language}"]
        cells = [
            label("changelog", row["level"], language),
            *(row[f"{name}_{language}"] for name in ("basket", "city")),
        ]
        cells += [item, *(format_range(row[f"evidenced_{s}"], row[f"possible_{s}"], 2) for s in ("before", "after"))]
        cells += [MISSING if row[name] is None else str(row[name]) for name in ("rank_before", "rank_after")]
        table.add_row(*map(Text, [*cells, "; ".join(statuses)]))
    return Group(table, Text(label("scenario", "note", language), style="dim"))


def render_levers(city: Row, result: Row, language: Language) -> RenderableType:
    """Return the indicators in which a realistic step raises the city most."""
    basis = label("lever_bases", result["basis"], language)
    title = Text(f"{city[f'name_{language}']}: {basis}", style="bold")
    if not result["levers"]:
        return Group(title, Text(label("scenario", "no_levers", language)))
    table = _labelled_table("lever_headings", range(1, 7), language)
    for row in result["levers"]:
        digits = min(row["decimals"], 2)
        step = format_decimal(row["value_after"] - row["value"], digits, "+")
        after = f"{format_decimal(row['value_after'], digits)} {row['unit']}"
        scores = [format_decimal(row[f"evidenced_{state}"], 2) for state in ("before", "after")]
        change = format_decimal(row["evidenced_after"] - row["evidenced_before"], 2, "+")
        cells = [row[f"name_{language}"], format_decimal(row["value"], digits), step, after, *scores, change]
        table.add_row(*map(Text, cells))
    return Group(title, table, Text(label("scenario", "levers_note", language), style="dim"))


def _labelled_table(group: str, right: range, language: Language) -> FittedTable:
    return make_table([heading.select(language) for heading in labels(group).values()], right)
