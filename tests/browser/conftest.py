"""Chromium without a network, and releases whose report it opens."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.builders.data_directories import Place, copy_countries

# A name that would run, or be a formula, if it were anything but text.
SCRIPT = "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
FORMULA = "=cmd|' /C calc'!A0"
HOSTILE = f"{FORMULA} {SCRIPT} \"'`"

# As the process of one page and without a sandbox of its own: containers run it as root.
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
# A name of someone else that leads to this machine.
FOREIGN_HOST = "evil.test"
_ARGUMENTS.append(f"--host-resolver-rules=MAP {FOREIGN_HOST} 127.0.0.1")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(offline=True, viewport={"width": 1280, "height": 900}) as context:
        yield context.new_page()


@pytest.fixture(scope="session")
def report(province: Place) -> Path:
    """The pages of the shipped figures: no dimension reaches its coverage, so nothing is ranked."""
    return province.release().folder / "report"


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Ranked countries, with a file among theirs whose name and cells would do harm if they were not text."""
    place = copy_countries(tmp_path_factory.mktemp("hostile") / "data")
    quoted = HOSTILE.replace('"', '""')
    place.write(
        "inbox/country_statistics/<img src=x onerror=document.title=1>.csv",
        f'country,year,life_years,coal_pct,source_id,source_grade\n"{quoted}!",2024,70,1,synthetic,A\n',
    )
    name = f'"{quoted}"'
    cities = place.data / "reference" / "cities.csv"
    cities.write_text(cities.read_text(encoding="utf-8").replace("乙,Borduria", f"{name},{name}"), encoding="utf-8")
    place.run()
    return place
