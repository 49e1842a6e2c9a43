"""The check of a file: what it was read as, what is wrong with it, and what a run would do with it.

Here: at most a screen for a file, however many faults it has; all of them are in the JSON. Not here: the check itself
(assets.intake.dry_run).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from rich.text import Text

from assets.core.i18n import Language, label, labels
from assets.core.text import MISSING
from pipelines.cli.render.layout import FittedTable, make_table
from pipelines.cli.render.sheets import render_account
from pipelines.cli.render.tables import format_moment, phrase, unwrapped

if TYPE_CHECKING:
    from assets.intake.dry_run import DryRunResult, FaultGroup
    from assets.intake.read_back import ColumnReading
    from assets.intake.receipts.receipts import SheetSummary

_MAX_SHEETS, _MAX_COLUMNS, _MAX_KINDS, _MAX_LINES = 5, 14, 10, 4
_OUTCOMES = ("accepted", "aggregate", "rejected")
_HEADINGS = ("column", "unit", "figures", "missing", "minimum", "maximum")
# The notes that only repeat texts of the file.
_QUOTED = ("title", "footnote", "sheet_skipped")


def render_check(result: DryRunResult, language: Language) -> list[Text | FittedTable]:
    """Return what a run would make of a file; the summary comes last."""
    parts: list[Text | FittedTable] = [_title(result, language)]
    parts += _limit(_sheet_lines(result.sheets, language), _MAX_SHEETS, language)
    if result.rows_accepted:
        parts += [_columns(result.columns, language)]
        parts += _more(len(result.columns), _MAX_COLUMNS, language)
    parts += _fault_lines(result, language)
    parts += _limit(_unscored_lines(result, language), _MAX_LINES, language)
    parts += _limit(_note_lines(result, language), _MAX_LINES, language)
    return [*parts, *_known_lines(result, language), _summary(result, language)]


_text = partial(label, "check")


def _limit(lines: Iterable[Text], most: int, language: Language) -> list[Text]:
    lines = list(lines)
    return [*lines[:most], *_more(len(lines), most, language)]


def _more(count: int, most: int, language: Language) -> list[Text]:
    return [unwrapped(_text("more", language, count=count - most), "dim")] if count > most else []


def _title(result: DryRunResult, language: Language) -> Text:
    if result.dataset is None:
        return unwrapped(_text("no_dataset", language, file=result.file), "bold")
    guess = result.guess
    key = "read_as" if guess is None else "guessed"
    counts = {} if guess is None else {"known": guess.known, "cells": guess.cells}
    return unwrapped(_text(key, language, file=result.file, dataset=result.dataset, **counts), "bold")


# --- sheets and columns -----------------------------------------------------------------------------------------


def _sheet_lines(sheets: Sequence[SheetSummary], language: Language) -> Iterator[Text]:
    """One line for each sheet: the account of its rows, or why it was passed over."""
    for sheet in sheets:
        if sheet.account is not None:
            reason = sheet.issue.reason(language) if sheet.issue is not None else None
            yield render_account(sheet.sheet, sheet.account.model_dump(), reason, language)


def _columns(readings: Sequence[ColumnReading], language: Language) -> FittedTable:
    headings = [label("check_headings", key, language) for key in _HEADINGS]
    table = make_table(headings, right=range(2, 6))
    for reading in readings[:_MAX_COLUMNS]:
        unit = (reading.unit if language == "zh" else reading.unit_en) or MISSING
        if reading.source_unit and reading.source_unit != reading.unit:
            unit = _text("converted", language, unit=unit, source=reading.source_unit)
        name = reading.zh if language == "zh" else reading.en
        smallest, largest = (_figure(value) for value in (reading.minimum, reading.maximum))
        table.add_row(name, unit, f"{reading.figures:,}", f"{reading.missing:,}", smallest, largest)
    return table


def _figure(value: object) -> str:
    if value is None:
        return MISSING
    return f"{value:.15g}" if isinstance(value, float) else str(value)


# --- faults -----------------------------------------------------------------------------------------------------


def _fault_lines(result: DryRunResult, language: Language) -> Iterator[Text]:
    """The faults grouped by kind and column, the most frequent first: what is wrong, the first places, what to do."""
    headers = {column.column: column.header for sheet in result.sheets for column in sheet.columns}
    if not result.faults:
        return
    count = sum(group.count for group in result.faults)
    yield unwrapped(_text("faults", language, count=count, kinds=len(result.faults)), "bold red")
    for group in result.faults[:_MAX_KINDS]:
        first, column = group.first[0], group.column_name
        name = (headers.get(column) or result.titles.get(column, column)) if column else None
        reason = f"{name}: {first.reason(language)}" if name else first.reason(language)
        yield unwrapped(f"  {group.count:,} × {reason}", "red").append(_places(group, language), "default")
        yield unwrapped(f"      → {first.remedy(language)}")
    yield from _more(len(result.faults), _MAX_KINDS, language)


def _places(group: FaultGroup, language: Language) -> str:
    """The first places of a group of errors, in brackets; nothing where they have none."""
    places = dict.fromkeys((error.sheet, error.line) for error in group.first if error.line is not None)
    texts = [" ".join(filter(None, (sheet, _text("line", language, line=line)))) for sheet, line in places]
    if not texts:
        return ""
    more = " …" if group.count > len(group.first) else ""
    return f" ({phrase('list_separator', language).join(texts)}{more})"


# --- what will not score, notes, summary ------------------------------------------------------------------------


def _unscored_lines(result: DryRunResult, language: Language) -> Iterator[Text]:
    context = []
    for figures in result.unscored:
        name = figures.zh if language == "zh" else figures.en
        if figures.scoring_scope is None:
            context.append(name)
            continue
        values = {"figures": figures.figures, "scope": figures.scope, "scoring_scope": figures.scoring_scope}
        yield unwrapped(_text("other_scope", language, name=name, **values), "yellow")
    if context:
        names = phrase("name_separator", language).join(context)
        yield unwrapped(_text("context_only", language, names=names), "yellow")


def _note_lines(result: DryRunResult, language: Language) -> Iterator[Text]:
    kinds = labels("note_kinds")
    for note in result.notes:
        if note.kind not in _QUOTED:
            kind = kinds[note.kind].select(language) if note.kind in kinds else note.kind
            sheet = f"{note.sheet} " if note.sheet else ""
            yield unwrapped(f"{sheet}{kind}: {note.text}")


def _known_lines(result: DryRunResult, language: Language) -> Iterator[Text]:
    if result.known is not None:
        key = "known_and_later_files" if result.known.later_files else "known_and_latest"
        values = {
            "file": result.known.file,
            "last": format_moment(result.known.received_at[-1]),
            "later": result.known.later_files,
        }
        yield unwrapped(_text(key, language, **values), "yellow")


def _summary(result: DryRunResult, language: Language) -> Text:
    if result.status != "read":
        return unwrapped(f"{result.file}: {_text('is_refused', language)}", "bold red")
    counts = {name: getattr(result, f"rows_{name}") for name in ("read", *_OUTCOMES)}
    aside = _text("set_aside", language, rows=result.rows_set_aside) if result.rows_set_aside else ""
    verdict = _text("is_clean" if result.is_clean else "has_faults", language)
    text = f"{result.file}: {_text('summary', language, **counts)}{aside}{verdict}"
    return unwrapped(text, "green" if result.is_clean else "bold red")
