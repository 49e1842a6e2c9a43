"""The documentation holds together: generated pages fit the project, and the navigation has every page."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assets.core.messages import all_messages
from assets.core.paths import PROJECT_ROOT
from docs.reference import generate

DOCS = PROJECT_ROOT / "docs"
SITE = tomllib.loads((PROJECT_ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]


def list_pages(entries: list[Any]) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            for target in entry.values():
                yield from list_pages(target if isinstance(target, list) else [target])


@pytest.mark.parametrize("page", generate.PAGES)
def test_a_generated_page_is_that_of_the_project(page: str) -> None:
    """Where this fails, `python -m docs.reference.generate` writes the pages."""
    assert (DOCS / "reference" / page).read_text(encoding="utf-8") == generate.PAGES[page]()


def test_the_page_of_messages_lists_every_message_word_for_word() -> None:
    page = (DOCS / "reference" / "messages.md").read_text(encoding="utf-8").replace("&lt;", "<").replace("\\*", "*")
    sections = re.findall(r"^## (\w+)\n\n(.*)  \n→ (.*)\n\n(.*)  \n→ (.*)$", page, re.MULTILINE)
    assert {code: texts for code, *texts in sections} == {
        code: [message.reason.zh, message.full_remedy.zh, message.reason.en, message.full_remedy.en]
        for code, message in all_messages().items()
    }


def test_the_navigation_has_every_page_once() -> None:
    pages = sorted(str(file.relative_to(DOCS)) for file in DOCS.rglob("*.md"))
    assert sorted(list_pages(SITE["nav"])) == pages


def test_the_index_of_decision_records_lists_each_with_its_title_and_status() -> None:
    listed = re.findall(
        r"^\| \[(\d{4})\]\((.*)\) \| (.*) \| (.*) \|$", (DOCS / "adr/README.md").read_text(), re.MULTILINE
    )
    records = []
    for file in sorted((DOCS / "adr").glob("0*.md")):
        text = file.read_text(encoding="utf-8")
        number, title, status = re.findall(r"\A# (\d{4})\. (.*)\n\nStatus: (\w+), \d{4}-\d\d-\d\d\n", text)[0]
        assert re.findall(r"^## (\w+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
        records.append((number, file.name, title, status))
    assert listed == records
    assert [number for number, *_ in records] == [f"{n:04}" for n in range(1, len(records) + 1)]


def test_a_page_for_contributors_names_files_that_exist() -> None:
    """Where a run writes (data/archive and the like) there is nothing in a checkout."""
    pages = [PROJECT_ROOT / "CONTRIBUTING.md", PROJECT_ROOT / "SECURITY.md", DOCS / "glossary.md"]
    named = re.compile(r"`((?:assets|pipelines|sql|tests|docs|deploy|\.ci|data/reference|data/contracts)/[\w./-]*)`")
    for page in [*pages, *(DOCS / "adr").glob("*.md")]:
        for path in named.findall(page.read_text(encoding="utf-8")):
            assert (PROJECT_ROOT / path).exists(), f"{page.name}: {path}"


def test_a_term_of_the_glossary_is_explained_once() -> None:
    page = (DOCS / "glossary.md").read_text(encoding="utf-8")
    rows = [row for row in re.findall(r"^\| (.*) \| (.*) \| (.*) \|$", page, re.MULTILINE) if row[0] != "term"]
    rows = [row for row in rows if set(row[0]) != {"-"}]
    assert len(rows) > 60
    for column in (0, 1):
        words = [row[column] for row in rows]
        assert sorted(words) == sorted(set(words))
    assert all(re.fullmatch(r"[\u4e00-\u9fff]+", row[1]) for row in rows)


WRITTEN = [
    *(
        PROJECT_ROOT / name
        for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
    ),
    *(page for page in sorted(DOCS.rglob("*.md")) if page.parent.name != "reference"),
]


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(PROJECT_ROOT)))
def test_a_page_does_without_the_words_that_a_newcomer_cannot_guess(page: Path) -> None:
    """docs/naming.md, words not used."""
    assert re.findall(r"\b(?:told|untold|anew|whoever|nobody|mend(?:ed|s)?)\b", _prose(page), re.IGNORECASE) == []


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(PROJECT_ROOT)))
def test_a_link_of_a_page_leads_to_a_file_and_to_a_heading(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}, link


def _prose(page: Path) -> str:
    """Return a page without the table of docs/naming.md that lists the words not used."""
    return page.read_text(encoding="utf-8").partition("## Words not used")[0]
