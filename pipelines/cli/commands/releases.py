"""gancheng releases: the list of all releases."""

from __future__ import annotations

from dataclasses import asdict

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from pipelines.cli.options import AsJson, InLanguage, write_result


def releases(*, as_json: AsJson = False, language: InLanguage) -> None:
    """List all releases, the newest first."""
    from assets.release.publish.retention import list_releases
    from pipelines.cli.render.tables import render_releases

    listed = list_releases(Paths.from_environment())
    if not listed:
        raise UsageError(Issue("no_release"))
    write_result(as_json, [asdict(release) for release in listed], lambda: render_releases(listed, language))
