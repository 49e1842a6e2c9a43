"""gancheng run: read the inbox, check, score and release."""

from __future__ import annotations

import os
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from assets.core.i18n import Language
from assets.core.paths import Paths
from pipelines.cli.options import INTERRUPTED, AsJson, InLanguage, line, make_console, option, write_result

if TYPE_CHECKING:
    from rich.console import RenderableType

    from pipelines.runner import RunOutcome

RETURNS_FOLDER = "returns"


def run(
    *, waits: Annotated[bool, option("wait", "--wait/--no-wait")] = True, as_json: AsJson = False, language: InLanguage
) -> None:
    """Run the pipeline if anything is new, and show what arrived and the scores."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from assets.release.publish.current import find_current_folder

    paths = Paths.from_environment()
    errors = make_console(is_error=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    before = find_current_folder(paths)
    try:
        with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
            task = progress.add_task(line("starting", language), total=None)
            # Imported while the first line is on the screen.
            from pipelines.locks import wait_for_lock
            from pipelines.runner import run_if_changed

            wait_for_lock(
                paths, (lambda process: errors.print(line("waiting", language, pid=process))) if waits else None
            )
            outcome = run_if_changed(
                paths, lambda table, total: progress.update(task, advance=1, total=total, description=table)
            )
    except KeyboardInterrupt:
        is_unchanged = find_current_folder(paths) == before
        errors.print(line("interrupted_run" if is_unchanged else "interrupted", language), soft_wrap=True)
        raise typer.Exit(INTERRUPTED) from None
    # Opening the database takes a tenth of a call that has nothing to do.
    write_result(as_json, _list_outcome(outcome) if as_json else None, lambda: _render_outcome(outcome, language))


class _Received(NamedTuple):
    """What a run received: files to correct, sheets, files that were sent again, and figures that do not score."""

    faults: list[dict[str, Any]]
    sheets: list[dict[str, Any]]
    sent_again: list[dict[str, Any]]
    unscored: list[dict[str, Any]]


def _read_received(outcome: RunOutcome) -> _Received:
    """Return the files to correct, marked where they are new, and what arrived since the previous release."""
    from assets.release.read.queries import read_rows

    release, previous = outcome.release, outcome.previous if outcome.had_work else outcome.release
    known = {(file.dataset, file.sha256) for file in previous.manifest.inputs} if previous else set()
    faults = read_rows(release, "file_faults", ("dataset", "arrival_sequence", "file"))
    sheets = read_rows(release, "intake.sheets", ("dataset", "file", "position"))
    sent_again = read_rows(release, "files_sent_again", ("received_at", "file"))
    unscored = read_rows(release, "unscored_figures", ("dataset", "file", "indicator_id", "scope"))
    if previous is not None:
        since = previous.manifest.run.released_at.astimezone(UTC).replace(tzinfo=None)
        sent_again = [row for row in sent_again if row["received_at"] > since]
    return _Received(
        [{**row, "is_new": (row["dataset"], row["file_sha256"]) not in known} for row in faults],
        [row for row in sheets if (row["dataset"], row["file_sha256"]) not in known],
        sent_again,
        [row for row in unscored if (row["dataset"], row["file_sha256"]) not in known],
    )


def _list_outcome(outcome: RunOutcome) -> dict[str, Any]:
    release = outcome.release
    with release.connect():
        return {
            "release_id": release.manifest.release_id,
            "content_digest": release.manifest.content_digest,
            "folder": str(release.folder),
            "is_new": outcome.is_new,
            "had_work": outcome.had_work,
            "repairs": [{"code": issue.code, "file": issue.file, "actual": issue.actual} for issue in outcome.repairs],
            "returns": str(release.folder / RETURNS_FOLDER),
            **_read_received(outcome)._asdict(),
            "files": release.rows("from intake.files order by dataset, file"),
            "failed_checks": release.rows("from quality.check_results where not is_passed order by all"),
        }


def _render_outcome(outcome: RunOutcome, language: Language) -> list[RenderableType]:
    release = outcome.release
    kind = line("new_release" if outcome.is_new else "current_release", language)
    parts = _render_run(outcome, language) if outcome.had_work else [line("no_work", language)]
    return [*parts, f"{kind} {release.manifest.release_id}", _shorten(release.folder)]


def _shorten(folder: Path) -> str:
    return os.path.relpath(folder) if folder.is_relative_to(Path.cwd()) else str(folder)


def _render_run(outcome: RunOutcome, language: Language) -> list[RenderableType]:
    """Return what has to be corrected, the files, the checks, what is held back, and the scores of the first cities."""
    from rich.text import Text

    from assets.release.read.queries import read_rows
    from assets.release.read.scorecards import find_quarantined_figures, read_overview
    from pipelines.cli.render import arrivals, scorecards, tables

    release = outcome.release
    with release.connect():
        received = _read_received(outcome)
        files = read_rows(release, "intake.files", ("dataset", "file"))
        counts = read_rows(release, "check_counts")
        warnings = read_rows(release, "quality.check_results", ("table_name", "check_name"), is_passed=False)
        held_back = find_quarantined_figures(release)
        overview = read_overview(release)
    totals = {name: sum(row[name] for row in counts) for name in ("checks", "failed")}
    texts = (f"  {row[f'description_{language}']}: {row['rows_failing']}" for row in warnings)
    return [
        *arrivals.render_file_faults(received.faults, _shorten(release.folder / RETURNS_FOLDER), language),
        *arrivals.render_sent_again(received.sent_again, language),
        *arrivals.render_unscored(received.unscored, language),
        *arrivals.render_sheets(received.sheets, language),
        tables.render_files(files, language),
        line("checks", language, **totals),
        *(part for issue in outcome.repairs for part in tables.render_issue(issue, language, "yellow")),
        *(Text(text, style="yellow") for text in texts),
        *(part for issue in held_back for part in tables.render_issue(issue, language)),
        *scorecards.render_overview(overview, language, most_cities=tables.MAXIMUM_ROWS),
    ]
