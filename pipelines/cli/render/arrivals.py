"""What arrived in a run: the files to correct first, then figures that do not score, sheets, and files sent again.

Here: a few lines, however many files there are. Not here: the table of all files (pipelines.cli.render.tables).
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from assets.core.i18n import Language, label
from assets.intake.receipts.arrivals import sender_folder
from pipelines.cli.render.sheets import render_account
from pipelines.cli.render.tables import Row, format_moment, unwrapped

_MAX_FILES, _MAX_SHEETS = 10, 30


def _text(key: str, language: Language, **values: object) -> str:
    return label("run_faults", key, language).format(**values)


def render_file_faults(faults: Sequence[Row], returns: str, language: Language) -> list[Text]:
    """Return which files were refused, how many rows of which were rejected, and where the returns are.

    `is_new` marks the rows of `file_faults` that arrived in this run.
    """
    new, earlier = ([row for row in faults if row["is_new"] is flag] for flag in (True, False))
    refused, rejected = ([row for row in new if row["status"] == status] for status in ("refused", "read"))
    lines = [] if new else [unwrapped(_text("none", language), "green")]
    if refused:
        lines.append(unwrapped(_text("refused", language, files=len(refused)), "bold red"))
        for row in refused[:_MAX_FILES]:
            lines.append(unwrapped(f"  {row['file']}: {row[f'reason_{language}']}", "red"))
            lines.append(unwrapped(f"    → {row[f'remedy_{language}']}"))
        lines += _more(len(refused), language)
    if rejected:
        rows = sum(row["rows_open"] for row in rejected)
        lines.append(unwrapped(_text("rejected", language, rows=rows, files=len(rejected)), "bold red"))
        for row in sorted(rejected, key=lambda row: -row["rows_open"])[:_MAX_FILES]:
            lines.append(unwrapped("  " + _text("rows_of_file", language, file=row["file"], rows=row["rows_open"])))
        lines += _more(len(rejected), language)
    if earlier:
        rows = sum(row["rows_open"] for row in earlier)
        lines.append(unwrapped(_text("earlier", language, files=len(earlier), rows=rows), "yellow"))
    return [*lines, unwrapped(_text("returns", language, folder=returns))] if faults else lines


def _more(count: int, language: Language) -> list[Text]:
    if count <= _MAX_FILES:
        return []
    return [unwrapped("  " + _text("more", language, count=count - _MAX_FILES), "dim")]


def render_sheets(sheets: Sequence[Row], language: Language) -> list[Text]:
    """Return the account of each sheet below the name of its file; of very many those that were passed over first."""
    chosen = sorted(sheets, key=lambda row: row["status"] == "read")[:_MAX_SHEETS]
    kept = [row for row in sheets if row in chosen and row["rows_physical"] is not None]
    lines = []
    for row in kept:
        counts = {name.removeprefix("rows_"): count for name, count in row.items() if name.startswith("rows_")}
        lines.append(
            unwrapped(f"{row['file']} ").append(
                render_account(row["sheet"], counts, row[f"reason_{language}"], language)
            )
        )
    if len(sheets) > _MAX_SHEETS:
        lines.append(unwrapped(_text("more", language, count=len(sheets) - _MAX_SHEETS), "dim"))
    return lines


def render_unscored(unscored: Sequence[Row], language: Language) -> list[Text]:
    """Return for each dataset how many figures do not score, and where to look."""
    lines = []
    for dataset in dict.fromkeys(row["dataset"] for row in unscored):
        counts = {"other_scope": 0, "context": 0}
        for row in unscored:
            if row["dataset"] == dataset:
                counts["context" if row["scoring_scope"] is None else "other_scope"] += row["figures"]
        lines.append(unwrapped(_text("unscored", language, dataset=dataset, **counts), "yellow"))
    return lines


def render_sent_again(files: Sequence[Row], language: Language) -> list[Text]:
    """Return which files were sent again, and what is current now."""
    lines = []
    for row in files[:_MAX_FILES]:
        moments = {"first": format_moment(row["first_received_at"]), "last": format_moment(row["received_at"])}
        is_of_another = sender_folder(row["file"]) != sender_folder(row["first_file"])
        key = "sent_by_another" if is_of_another else "sent_again"
        lines.append(unwrapped(_text(key, language, **row, **moments), "yellow"))
    return [*lines, *_more(len(files), language)]
