"""The account of a sheet in one line: what became of each of its rows, or why it was passed over.

Here: the line that `check` and `run` share. Not here: the counts (assets.intake.rows.accounts, intake.sheets).
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text

from assets.core.i18n import Language, label, labels
from pipelines.cli.render.tables import phrase, unwrapped

_OUTCOMES = ("accepted", "aggregate", "rejected")


def render_account(name: str | None, counts: Mapping[str, int], reason: str | None, language: Language) -> Text:
    """Return the line of a sheet, or of the table of a text file, which has no name.

    `counts` are its rows by class and outcome, and `physical`: all of them. `reason` is why it was passed over.
    """
    sheet = label("accounts", "sheet" if name else "table", language).format(sheet=name)
    if reason is not None:
        text = label("accounts", "passed_over", language).format(rows=counts["physical"], reason=reason)
        return unwrapped(sheet + text, "yellow")
    classes = [
        f"{title.select(language)} {counts[key]:,}" for key, title in labels("row_classes").items() if counts[key]
    ]
    outcomes = [f"{label('headings', f'rows_{key}', language)} {counts[key]:,}" for key in _OUTCOMES]
    total = label("accounts", "rows", language).format(rows=counts["physical"])
    separators = phrase("clause_separator", language), phrase("list_separator", language)
    return unwrapped(f"{sheet}{total} = {' + '.join(classes)}{separators[0]}{separators[1].join(outcomes)}")
