"""The pictures of the README: `python -m tests.browser.pictures`, of the current release, whenever pages change."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from assets.core.paths import PROJECT_ROOT, Paths

SHOTS = {
    "overview": ("index.html", 1000),
    "city": ("city/360100.html", 1060),
    "indicator": ("indicator/parks.park_area_per_capita_m2.html", 760),
}


def take(report: Path, target: Path) -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for language in ("zh", "en"):
            for name, (page_name, height) in SHOTS.items():
                page = chromium.new_page(viewport={"width": 1180, "height": height})
                page.goto(f"{(report / page_name).as_uri()}#lang={language}")
                if name == "indicator":
                    page.locator("figure").scroll_into_view_if_needed()
                    page.evaluate("document.querySelectorAll('h2')[1].scrollIntoView()")
                page.screenshot(path=target / f"{name}.{language}.png")
        chromium.close()


if __name__ == "__main__":
    take(Paths.from_environment().current_release.resolve() / "report", PROJECT_ROOT / "docs" / "pictures")
