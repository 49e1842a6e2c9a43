"""gancheng report: the web report of a release."""

from __future__ import annotations

from typing import Annotated

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from pipelines.cli.options import InLanguage, ReleaseArgument, option, write_text


def report(
    release: ReleaseArgument = "current",
    *,
    is_opened: Annotated[bool, option("open", "--open")] = False,
    _language: InLanguage,
) -> None:
    """Print the path of the first page of the report, or open it in a browser."""
    from assets.release.publish.file_names import REPORT_INDEX
    from assets.release.read.reader import get_release

    source = get_release(Paths.from_environment(), release)
    page = source.folder / REPORT_INDEX
    if not page.is_file():
        raise UsageError(Issue("release_without_report", source.manifest.release_id))
    write_text(str(page))
    if is_opened:
        import webbrowser

        webbrowser.open(page.as_uri())
