"""Data Docs: the pages of Great Expectations for each validated table, without scripts and network requests.

Here: the pages, rendered by Great Expectations into a template of this project, because its own template loads styles
and scripts from the network. Not here: executing checks (assets.quality.checks.gx_runner), and the report that links
the pages (assets.release.outputs.report).
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

# Links to pages of expectation suites, which are not rendered: the results name every expectation.
_LINK_ELSEWHERE = re.compile(r'<a href="(?:\.\./){2,}[^"]*"\s*>(.*?)</a>', re.DOTALL)
_TEMPLATES = Path(__file__).parent / "templates"


class _PageView(DefaultJinjaPageView):
    _template = "data_docs.html.j2"

    def __init__(self) -> None:
        super().__init__()
        templates = FileSystemLoader(_TEMPLATES)
        self.env.loader = ChoiceLoader([templates, self.env.loader] if self.env.loader else [templates])


def write_pages(results: Mapping[str, ExpectationSuiteValidationResult], folder: Path) -> list[Path]:
    """Write a page for each table, named after it; return the pages. Content of cells appears as text."""
    folder.mkdir(parents=True, exist_ok=True)
    renderer, view = ValidationResultsPageRenderer(run_info_at_end=True), _PageView()
    pages = []
    for table, result in results.items():
        _escape(result)
        page = folder / f"{table}.html"
        text = str(view.render(renderer.render(result), table=table))  # type: ignore[no-untyped-call]
        text = _LINK_ELSEWHERE.sub(r"\1", text)
        page.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
        pages.append(page)
    return pages


def _escape(result: ExpectationSuiteValidationResult) -> None:
    """Escape rows, SQL and rules, which the templates of Great Expectations insert as markup."""
    for outcome in result.results:
        outcome.result = _escaped(outcome.result)
        config = outcome.expectation_config
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
