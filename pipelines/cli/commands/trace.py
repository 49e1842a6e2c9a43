"""gancheng trace: where a score comes from, down to file and line."""

from __future__ import annotations

from typing import Annotated

from assets.core.paths import Paths
from pipelines.cli.options import AsJson, City, InLanguage, ReleaseOption, argument, write_result


def trace(
    city: City,
    item: Annotated[str, argument("item")],
    *,
    release: ReleaseOption = "current",
    as_json: AsJson = False,
    language: InLanguage,
) -> None:
    """Show the tree of a score: formula, goalposts, target, value, file and line."""
    from assets.intake.readers.reader_process import ReaderProcess
    from assets.release.explain.score_trace import trace_score
    from assets.release.read.reader import get_release
    from assets.release.read.terms import translate_words
    from pipelines.cli.render.trace import render_trace

    paths = Paths.from_environment()
    source = get_release(paths, release)
    with ReaderProcess() as reader:
        tree = trace_score(source, paths, city, item, reader.read_row)
    write_result(as_json, tree, lambda: render_trace(translate_words(source, tree, language), language))
