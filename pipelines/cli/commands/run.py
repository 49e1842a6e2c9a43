"""gancheng run: read the inbox, check, score and release."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from assets.core.i18n import Language
from assets.core.paths import Paths
from pipelines.cli.options import AsJson, InLanguage, line, option, write_result

if TYPE_CHECKING:
    from rich.console import RenderableType

    from assets.release.read.reader import Release
    from pipelines.runner import RunOutcome


def run(
    *, waits: Annotated[bool, option("wait", "--wait/--no-wait")] = True, as_json: AsJson = False, language: InLanguage
) -> None:
    """Run the pipeline if anything is new, and show what arrived and the scores."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from pipelines.locks import wait_for_lock
    from pipelines.runner import run_if_changed

    paths = Paths.from_environment()
    errors = Console(stderr=True, highlight=False)
    wait_for_lock(paths, (lambda process: errors.print(line("waiting", language, pid=process))) if waits else None)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task("", total=None)
        outcome = run_if_changed(
            paths, lambda table, total: progress.update(task, advance=1, total=total, description=table)
        )
    release = outcome.release

    def render() -> list[RenderableType]:
        kind = line("new_release" if outcome.is_new else "current_release", language)
        parts = _render_run(release, language) if outcome.had_work else [line("no_work", language)]
        is_inside = release.folder.is_relative_to(Path.cwd())
        folder = os.path.relpath(release.folder) if is_inside else str(release.folder)
        return [*parts, f"{kind} {release.manifest.release_id}", folder]

    # Opening the database takes a tenth of a call that has nothing to do.
    write_result(as_json, _list_outcome(outcome) if as_json else None, render)


def _list_outcome(outcome: RunOutcome) -> dict[str, Any]:
    release = outcome.release
    with release.connect():
        return {
            "release_id": release.manifest.release_id,
            "content_digest": release.manifest.content_digest,
            "folder": str(release.folder),
            "is_new": outcome.is_new,
            "had_work": outcome.had_work,
            "files": release.rows("from intake.files order by dataset, file"),
            "failed_checks": release.rows("from quality.check_results where not is_passed order by all"),
        }


def _render_run(release: Release, language: Language) -> list[RenderableType]:
    """Return the files, the checks, what is held back, and the scores of the first cities."""
    from rich.text import Text

    from assets.release.read.queries import read_rows
    from assets.release.read.scorecards import find_quarantined_blocks, read_overview
    from pipelines.cli.render import scorecards, tables

    with release.connect():
        files = read_rows(release, "intake.files", ("dataset", "file"))
        counts = read_rows(release, "check_counts")
        warnings = read_rows(release, "quality.check_results", ("table_name", "check_name"), is_passed=False)
        blocks = find_quarantined_blocks(release)
        overview = read_overview(release)
    totals = {name: sum(row[name] for row in counts) for name in ("checks", "failed")}
    texts = (f"  {row[f'description_{language}']}: {row['rows_failing']}" for row in warnings)
    return [
        tables.render_files(files, language),
        line("checks", language, **totals),
        *(Text(text, style="yellow") for text in texts),
        *(part for issue in blocks for part in tables.render_issue(issue, language)),
        *scorecards.render_overview(overview, language, most_cities=tables.MAXIMUM_ROWS),
    ]
