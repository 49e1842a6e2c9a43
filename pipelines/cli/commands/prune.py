"""gancheng prune: the deletion of old releases."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from assets.core.paths import Paths
from pipelines.cli.options import AsJson, InLanguage, option, write_result


def prune(*, keep: Annotated[int, option("keep", min=0)], as_json: AsJson = False, language: InLanguage) -> None:
    """Delete old releases and the records of old runs."""
    from assets.release.publish.retention import prune_releases
    from pipelines.cli.render.tables import render_pruned
    from pipelines.orchestration.retention import delete_old_runs

    paths = Paths.from_environment()
    pruned = prune_releases(paths, keep)
    delete_old_runs(paths)
    write_result(as_json, asdict(pruned), lambda: render_pruned(pruned, language))
