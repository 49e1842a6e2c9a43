"""Great Expectations' Data Docs of an audit: one page a table, without a script and without a request to anywhere.

Here: the pages, rendered by Great Expectations into a frame of ours. Its own frame fetches styles and scripts from the
network, where these pages must open without one. Not here: the checks (assets.quality.checks.gx_runner), and where a
release shows the pages (assets.release.outputs.report).
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view.view import DefaultJinjaPageView
from jinja2 import ChoiceLoader, FileSystemLoader

# It links to pages of expectations, which nobody makes: the result names every one.
_LINK_ELSEWHERE = re.compile(r'<a href="(?:\.\./){2,}[^"]*"\s*>(.*?)</a>', re.DOTALL)
_TEMPLATES = Path(__file__).parent / "templates"


class _PageView(DefaultJinjaPageView):
    _template = "data_docs.html.j2"

    def __init__(self) -> None:
        super().__init__()
        own = FileSystemLoader(_TEMPLATES)
        self.env.loader = ChoiceLoader([own, self.env.loader] if self.env.loader else [own])


def write_pages(results: Mapping[str, ExpectationSuiteValidationResult], folder: Path) -> list[Path]:
    """One page for the result of each table, named by the table; what cells hold is text on it."""
    folder.mkdir(parents=True, exist_ok=True)
    renderer, view = ValidationResultsPageRenderer(run_info_at_end=True), _PageView()
    pages = []
    for table, result in results.items():
        _escape(result)
        page = folder / f"{table}.html"
        text = str(view.render(renderer.render(result), table=table))  # type: ignore[no-untyped-call]
        text = _LINK_ELSEWHERE.sub(r"\1", text)
        page.write_text(text, encoding="utf-8", errors="backslashreplace")
        pages.append(page)
    return pages


def _escape(result: ExpectationSuiteValidationResult) -> None:
    """Its templates take what they are given for markup: rows from files, SQL and rules are made text beforehand."""
    for answer in result.results:
        answer.result = _escaped(answer.result)
        config = answer.expectation_config
        if config is not None:
            config.kwargs = _escaped(config.kwargs)
            config.description = _escaped(config.description)


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return html.escape(value)
    if isinstance(value, Mapping):
        return {_escaped(key): _escaped(part) for key, part in value.items()}
    if isinstance(value, Sequence):
        return [_escaped(part) for part in value]
    return value
