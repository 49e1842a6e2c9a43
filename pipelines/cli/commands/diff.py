"""gancheng diff: the scores that changed between two releases, and why."""

from __future__ import annotations

from typing import Annotated

from assets.core.paths import Paths
from pipelines.cli.options import AsJson, InLanguage, argument, write_result


def diff(
    old: Annotated[str, argument("older_release")] = "previous",
    new: Annotated[str, argument("newer_release")] = "current",
    *,
    as_json: AsJson = False,
    language: InLanguage,
) -> None:
    """Show each score that changed, with the parts of its change."""
    from assets.release.explain.score_diff import diff_releases
    from assets.release.read.reader import find_previous_release, get_release
    from pipelines.cli.render.changes import render_changes

    paths = Paths.from_environment()
    newer = get_release(paths, new)
    older = find_previous_release(paths, newer) if old == "previous" else get_release(paths, old)
    changes, skipped = diff_releases(older, newer)
    ids = older.manifest.release_id, newer.manifest.release_id
    content = {"old": ids[0], "new": ids[1], "not_recomputed": skipped, "changes": changes}
    write_result(as_json, content, lambda: render_changes(*ids, changes, skipped, language))
