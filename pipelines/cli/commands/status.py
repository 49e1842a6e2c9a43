"""gancheng status: the current release, what arrived, and what is overdue."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from assets.core.paths import Paths
from pipelines.cli.options import AsJson, AsOf, InLanguage, line, write_result

if TYPE_CHECKING:
    from rich.console import RenderableType

_COUNTED = ("source_conflicts", "applied_corrections")


def status(
    *,
    as_of: AsOf = None,
    as_json: AsJson = False,
    language: InLanguage,
) -> None:
    """Show the current release, the rows received of each dataset, flags, and what is overdue."""
    from assets.core.settings import read_settings
    from assets.release.publish.fingerprint import compute_fingerprint, load_fingerprint
    from assets.release.read.queries import read_rows
    from assets.release.read.reader import get_current_release
    from pipelines.cli.render import arrivals, scorecards, tables
    from pipelines.observability.overdue import find_due_soon, find_overdue, find_partly_sent

    paths = Paths.from_environment()
    release = get_current_release(paths)
    manifest = release.manifest
    is_up_to_date = load_fingerprint(paths) == (compute_fingerprint(paths), manifest.release_id)
    with release.connect():
        day = (as_of or datetime.now()).date()
        late = find_overdue(release, day)
        days = max(read_settings(paths).reminders.days, default=-1)
        soon, partly = find_due_soon(release, day, days), find_partly_sent(release, day, days)
        datasets = read_rows(release, "dataset_rows", ("dataset",))
        flags = read_rows(release, "flag_counts", ("status_position", "detector"))
        sent_again = read_rows(release, "files_sent_again", ("received_at", "file"))
        counts = {name: release.rows(f"select count(*) as n from observations.{name}")[0]["n"] for name in _COUNTED}

    def render() -> list[RenderableType]:
        return [
            line("release", language, text=manifest.release_id),
            line("released", language, text=f"{manifest.run.released_at:%Y-%m-%d %H:%M}"),
            line("method", language, text=manifest.method_version),
            tables.render_datasets(datasets, language),
            *arrivals.render_sent_again(sent_again[::-1], language),
            scorecards.render_flag_counts(flags, language),
            line("noteworthy", language, **counts),
            tables.render_overdue(late, language),
            *tables.render_owed("due_soon", soon, language),
            *tables.render_owed("partly_sent", partly, language),
            line("up_to_date" if is_up_to_date else "not_up_to_date", language),
        ]

    content: dict[str, Any] = {
        "release_id": manifest.release_id,
        "content_digest": manifest.content_digest,
        "released_at": manifest.run.released_at.isoformat(),
        "method_version": manifest.method_version,
        "folder": str(release.folder),
        "is_up_to_date": is_up_to_date,
        **counts,
        "datasets": datasets,
        "sent_again": sent_again,
        "flags": flags,
        "late": late,
        "due_soon": soon,
        "partly_sent": partly,
    }
    write_result(as_json, content, render)
