"""The pictures of README and guides: `python -m tests.browser.pictures`, of the current release, when these change.

The figures typed into the forms are synthetic.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from assets.core.paths import PROJECT_ROOT, Paths
from assets.forms.history import read_history
from assets.forms.registry import read_form_registry
from assets.release.read.reader import get_current_release
from tests.builders.form_filling import YEAR, MadeForm, make_form

SHOTS = {
    "overview": ("index.html", 1000),
    "city": ("city/360100.html", 1060),
    "indicator": ("indicator/parks.park_area_per_capita_m2.html", 760),
}
# The forms: what is typed into them, by the text that the form gives in a row and column, and the part of the page.
_SIGNED = {"填报人": "甲某", "审核人": "乙某", "填报日期": "2026-03-02", "报送状态": "报送完毕"}
FORMS: dict[str, tuple[str, dict[tuple[str, str], Any], tuple[int, int]]] = {
    "parks": (
        "form_parks",
        {
            ("城区", "park_area_per_capita_m2"): 52.9,
            ("城区", "green_coverage_pct"): 143.2,
            ("城区", "green_space_pct"): 40.1,
            ("城区", "park_service_coverage_pct"): "未统计",
            ("城区", "pocket_parks_total"): "80余",
        },
        (1280, 400),
    ),
    "city_statistics": (
        "form_statistics",
        {
            ("空气质量指数年均值", "value"): 61,
            ("人均一般公共预算收入", "value"): "未统计",
            ("人均地区生产总值", "value"): 121000,
            ("政务服务一网通办率", "value"): 96.1,
            ("人均道路面积", "value"): 159.1,
        },
        (1170, 760),
    ),
}


def take_forms(paths: Paths, target: Path) -> None:
    """Fill in forms, and take pictures of them as LibreOffice prints them."""
    registry, release = read_form_registry(paths), get_current_release(paths)
    for dataset, (name, typed, size) in FORMS.items():
        contract = registry.get_contract(dataset)
        history = read_history(release, registry, contract, registry.get_cities("南昌市")[0].city_code, YEAR)
        with tempfile.TemporaryDirectory() as folder:
            made = make_form(dataset, Path(folder), history)
            cells = {(_row(made, text), column): value for (text, column), value in typed.items()}
            file = made.fill(cells, _SIGNED, Path(folder) / "form.xlsx")
            profile = f"-env:UserInstallation={(Path(folder) / 'profile').as_uri()}"
            convert = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", folder, str(file)]
            subprocess.run(convert, check=True, capture_output=True)
            part = ["-W", str(size[0]), "-H", str(size[1])]
            draw = ["pdftoppm", "-png", "-singlefile", "-r", "100", *part, str(file.with_suffix(".pdf"))]
            subprocess.run([*draw, str(target / f"{name}.zh")], check=True)


def _row(made: MadeForm, text: str) -> int:
    return next(number for number, row in enumerate(made.form.rows) if text in row.given.values())


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
    take_forms(Paths.from_environment(), PROJECT_ROOT / "docs" / "pictures")
    take(Paths.from_environment().current_release.resolve() / "report", PROJECT_ROOT / "docs" / "pictures")
