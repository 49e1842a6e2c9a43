"""gancheng verify: the files of a release against its manifest."""

from __future__ import annotations

import typer

from assets.core.errors import DataError
from assets.core.paths import Paths
from pipelines.cli.options import DATA_FAILED, AsJson, InLanguage, ReleaseArgument, line, write_result


def verify(release: ReleaseArgument = "current", *, as_json: AsJson = False, language: InLanguage) -> None:
    """Compare every file of a release with its manifest."""
    from assets.release.publish.retention import verify_release

    verified = verify_release(Paths.from_environment(), release)
    if verified.issues and not as_json:
        raise DataError(verified.issues)
    damages = [{"code": issue.code, "file": issue.file} for issue in verified.issues]
    content = {"release_id": verified.release_id, "files": verified.files, "damages": damages}
    text = line("verified", language, release=verified.release_id, files=verified.files)
    write_result(as_json, content, lambda: text)
    if damages:
        raise typer.Exit(DATA_FAILED)
