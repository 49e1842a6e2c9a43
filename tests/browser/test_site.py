"""The documentation site builds without a warning, opens from its folder and can be searched without a network."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page

from assets.core.paths import PROJECT_ROOT
from tests.helpers.needs import needs

BUILDER = PROJECT_ROOT / ".venv" / "site" / "bin"

pytestmark = needs("zensical", "make docs", BUILDER)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it, from a copy of the pages."""
    recipe = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "--assume-old=.venv/runtime", "--assume-old=.venv/site", "docs"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    program, *arguments = shlex.split(recipe[-1])
    folder = tmp_path_factory.mktemp("documentation")
    shutil.copytree(PROJECT_ROOT / "docs", folder / "docs")
    shutil.copy(PROJECT_ROOT / "zensical.toml", folder)
    built = subprocess.run(
        [PROJECT_ROOT / program, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert "--strict" in arguments
    assert built.returncode == 0, built.stderr
    assert "Warning" not in built.stdout + built.stderr
    return folder / "site"


def test_the_site_has_every_page_and_nothing_that_is_not_for_readers(site: Path) -> None:
    pages = {file.with_suffix("").name for file in (PROJECT_ROOT / "docs").rglob("*.md")} - {"README"}
    assert pages < {file.with_suffix("").name for file in site.rglob("*.html")}
    assert [file for file in site.rglob("*") if file.suffix in (".py", ".lock", ".md")] == []


def test_the_pages_load_nothing_from_the_network(site: Path) -> None:
    loading = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)=[\"']?((?:https?:)?//[^\"'\s>]+)")
    loaded = {url for file in site.rglob("*.html") for url in loading.findall(file.read_text(encoding="utf-8"))}
    imported = re.compile(r"(?:@import|url\()\s*[\"']?(?:https?:)?//")
    styles = [file.name for file in site.rglob("*.css") if imported.search(file.read_text(encoding="utf-8"))]
    assert loaded == set()
    assert styles == []


def test_the_search_index_holds_every_part(site: Path) -> None:
    index = (site / "search.js").read_text(encoding="utf-8")
    for page in ("intake.html", "glossary.html", "reference/tables.html", "adr/index.html", "zh/offices.html"):
        assert f'"location":"{page}"' in index


@needs("chromium", "chromium")
@pytest.mark.parametrize(("words", "target"), [("content addressed archive", "adr/0003"), ("退回编号", "returns")])
def test_a_reader_searches_from_the_folder_without_a_network(site: Path, page: Page, words: str, target: str) -> None:
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto((site / "index.html").as_uri())
    page.keyboard.press("/")
    page.get_by_role("combobox").fill(words)
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape((site / target).as_uri())))
    assert failed == []
