"""gancheng candidate: the last candidate that was not released."""

from __future__ import annotations

from assets.core.paths import Paths
from pipelines.cli.options import AsJson, InLanguage, write_result


def candidate(*, as_json: AsJson = False, language: InLanguage) -> None:
    """Show the failed checks of the last blocked candidate, their rows, and its database."""
    from assets.release.publish.quarantine import is_superseded, load_blocked
    from pipelines.cli.render.tables import render_blocked

    paths = Paths.from_environment()
    blocked = load_blocked(paths)
    content = blocked and {**blocked.model_dump(), "failed_checks": blocked.failed_checks()}
    is_past = blocked is not None and is_superseded(paths, blocked)
    write_result(as_json, content, lambda: render_blocked(blocked, is_past, language))
