"""The report in a real Chromium, from a folder and without a network, as an office opens it from a file share."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import FORMULA, HOSTILE
from tests.browser.page_checks import CHINESE, CLIPPED, ENGLISH, NARROW_CELLS
from tests.builders.data_directories import Place
from tests.helpers.needs import needs

pytestmark = needs("chromium", "chromium")

CITY, INDICATOR, MEASURE = "city/360100.html", "indicator/parks.park_area_per_capita_m2.html", "measure/15.html"
ONE_OF_EACH = (
    "index.html",
    CITY,
    "measures.html",
    MEASURE,
    "indicators.html",
    INDICATOR,
    "quality.html",
    "checks/quality.flags.html",
    "changes.html",
    "ranks.html",
    "data.html",
    "sql.html",
    "method.html",
    "formulas.html",
)


def address(folder: Path, name: str = "index.html", language: str = "zh") -> str:
    return f"{(folder / name).as_uri()}#lang={language}"


def pages(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.html"))


def complaints(page: Page) -> list[str]:
    """What the console says and what is asked of anything but the folder, from now on."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("requestfailed", lambda request: heard.append(f"failed: {request.url}"))
    page.on("request", lambda asked: None if asked.url.startswith("file://") else heard.append(f"asked: {asked.url}"))
    return heard


# --- every page -------------------------------------------------------------------------------------------------


def test_every_page_opens_without_a_network_and_without_a_word_in_the_console(page: Page, report: Path) -> None:
    heard = complaints(page)
    for name in pages(report):
        page.goto(address(report, name))
        assert page.locator("h1").count() == 1, name
    assert heard == []


def test_there_is_a_page_for_every_city_measure_indicator_and_table_of_checks(report: Path, province: Place) -> None:
    counted = {
        "city": "reference.cities",
        "measure": "reference.measures",
        "indicator": "reference.indicators",
    }
    for folder, table in counted.items():
        assert len(list((report / folder).iterdir())) == province.rows(f"select count(*) as n from {table}")[0]["n"]
    checked = province.rows("select distinct table_name from quality.check_results order by all")
    assert sorted(file.stem for file in (report / "checks").iterdir()) == [row["table_name"] for row in checked]


class _Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attributes if name in ("href", "src")]


def test_every_link_leads_to_a_file_of_the_report(report: Path) -> None:
    for name in pages(report):
        for link in _Links((report / name).read_text(encoding="utf-8")).found:
            target = link.split("#")[0]
            assert not target or (report / name).parent.joinpath(target).is_file(), f"{name}: {link}"


# --- language ---------------------------------------------------------------------------------------------------


def test_the_language_is_switched_without_a_server_and_kept_on_the_next_page(page: Page, report: Path) -> None:
    page.goto((report / "index.html").as_uri())
    expect(page.locator("h1")).to_have_text("城市评分卡概览", use_inner_text=True)
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("City scorecards: overview", use_inner_text=True)
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("link", name="Nanchang").first.click()
    expect(page.locator("h1")).to_have_text("Nanchang", use_inner_text=True)
    page.get_by_role("button", name="中文").click()
    expect(page.locator("h1")).to_have_text("南昌市", use_inner_text=True)


def test_without_scripts_everything_can_be_read_in_chinese(browser: Browser, report: Path) -> None:
    with browser.new_context(offline=True, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto((report / CITY).as_uri())
        expect(page.locator("h1")).to_have_text("南昌市", use_inner_text=True)
        expect(page.locator("table.cards").first).to_be_visible()


# --- tables -----------------------------------------------------------------------------------------------------


def test_a_table_is_sorted_by_a_heading_and_put_back_as_it_was(page: Page, report: Path) -> None:
    page.goto(address(report, INDICATOR))
    table = page.locator("table.sortable")
    heading = table.locator("thead th").nth(2)

    def shown() -> list[float]:
        cells: list[float] = table.locator("tbody td[data-value]:nth-child(3)").evaluate_all(
            "cells => cells.map(cell => Number(cell.dataset.value))"
        )
        return cells

    published = shown()
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert shown() == sorted(published, reverse=True)
    heading.get_by_role("button").click()
    assert shown() == sorted(published)
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") is None
    assert shown() == published


@pytest.mark.parametrize("width", [1280, 375])
def test_a_table_is_saved_as_csv_and_as_a_workbook_in_the_language_of_the_page(
    page: Page, report: Path, tmp_path: Path, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address(report, language="en"))
    tools = page.locator("table.matrix + .tools button:not(.fold)")
    csv_file, workbook = (_download(page, tools.nth(number), tmp_path) for number in range(2))
    with csv_file.open(encoding="utf-8-sig", newline="") as stream:
        saved = list(csv.reader(stream))
    assert saved[0][:3] == ["Indicator", "Nanchang", "Jingdezhen"]
    assert ["Park green space per head", "27.2"] in [row[:2] for row in saved]
    sheet = openpyxl.load_workbook(workbook).worksheets[0]
    assert [cell.value for cell in sheet[1]] == saved[0]
    assert next(row[1].value for row in sheet.iter_rows(min_row=2)) == float(saved[1][1])
    assert "Cities-by-indicator" in csv_file.name


@pytest.mark.parametrize("width", [1280, 375])
def test_a_filter_hides_the_rows_without_a_text(page: Page, report: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address(report, "indicators.html", "en"))
    field = page.locator(".filter").first
    rows = page.locator("table.sortable tbody tr:visible")
    before = page.locator("table.sortable tbody tr").count()
    field.fill("park")
    assert 0 < rows.count() < before
    field.fill("nothing has this text")
    assert rows.count() == 0


@pytest.mark.parametrize(("name", "width", "first"), [("index.html", 375, 5), ("indicators.html", 1280, 20)])
def test_a_long_table_shows_its_first_rows_and_all_on_demand_and_in_print(
    page: Page, report: Path, name: str, width: int, first: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address(report, name, "en"))
    table = page.locator("table.cards:has(> tbody > tr:nth-child(11))").first
    rows, shown = table.locator("tbody tr"), table.locator("tbody tr:visible")
    assert (shown.count(), rows.count() > first) == (first, True)
    page.emulate_media(media="print")
    assert shown.count() == rows.count()
    page.emulate_media(media="screen")
    page.get_by_role("button", name=f"Show all {rows.count()} rows").first.click()
    expect(shown).to_have_count(rows.count())
    page.get_by_role("button", name="Show the first rows only").click()
    expect(shown).to_have_count(first)


def test_a_table_that_was_cards_is_sorted_by_its_figures(page: Page, report: Path) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(address(report, "measures.html", "en"))
    page.set_viewport_size({"width": 1280, "height": 800})
    # As in the table of many cities by indicator, which no small release has.
    page.evaluate("for (const cell of document.querySelectorAll('td[data-value]')) delete cell.dataset.value")
    table = page.locator("table.sortable")
    table.locator("thead button", has_text="Indicators").click()
    shown = [int(text) for text in table.locator("tbody tr > :nth-child(3)").all_inner_texts()]
    assert len(set(shown)) > 1
    assert shown == sorted(shown, reverse=True)


def test_a_chart_is_saved_as_svg_and_as_png(page: Page, report: Path, tmp_path: Path) -> None:
    page.goto(address(report, INDICATOR, "en"))
    tools = page.locator(".plot + .tools button")
    svg, png = (_download(page, tools.nth(number), tmp_path) for number in range(2))
    assert ">Nanchang</text>" in svg.read_text(encoding="utf-8")
    assert "南昌" not in svg.read_text(encoding="utf-8")
    assert png.read_bytes().startswith(b"\x89PNG")


def _download(page: Page, button: Locator, folder: Path) -> Path:
    with page.expect_download() as download:
        button.click()
    target = folder / download.value.suggested_filename
    download.value.save_as(target)
    return target


@pytest.mark.parametrize(
    ("language", "words", "title"), [("zh", "公园绿地", "人均公园绿地面积"), ("en", "nanch", "Nanchang")]
)
def test_a_reader_searches_for_cities_indicators_and_measures(
    page: Page, report: Path, language: str, words: str, title: str
) -> None:
    page.goto(address(report, MEASURE, language))
    page.get_by_role("searchbox").fill(words)
    expect(page.locator(".search a").first).to_have_text(title)
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("h1")).to_have_text(title, use_inner_text=True)


def test_a_reader_writes_sql_without_a_network(page: Page, report: Path, province: Place) -> None:
    heard = complaints(page)
    page.goto(address(report, "sql.html", "en"))
    page.locator("#run:enabled").wait_for()
    page.locator("#statement").fill("select count(*) as n, max(attainment) as best from scores")
    page.locator("#run").click()
    expect(page.locator("#outcome")).to_have_text("1 row", use_inner_text=True)
    (row,) = province.rows(
        "select count(*) as n, max(attainment) as best from scorecards.indicator_scores where value is not null"
    )
    assert [float(text) for text in page.locator("#result td").all_inner_texts()] == [row["n"], row["best"]]
    page.locator("#statement").fill("select nothing")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#outcome")).to_contain_text("The statement failed")
    for text, message in (
        ("select 1; select 2", "There are 2 statements; a query is one"),
        ("select 1; -- and a comment", "1 row"),
        (" -- only a comment", "There is no statement"),
    ):
        page.locator("#statement").fill(text)
        page.locator("#run").click()
        expect(page.locator("#outcome")).to_have_text(message, use_inner_text=True)
    for example in page.locator("#examples option").all()[1:]:
        page.locator("#examples").select_option(example.get_attribute("value"))
        expect(page.locator("#result tbody tr").first).to_be_visible()
    assert heard == []


def test_a_browser_that_cannot_run_queries_says_so(page: Page, report: Path) -> None:
    page.add_init_script("delete window.WebAssembly")
    page.goto(address(report, "sql.html", "en"))
    expect(page.locator("#outcome")).to_contain_text("This browser cannot run queries")
    expect(page.locator("#run")).to_be_disabled()


# --- ten seconds (the questions: docs/report.md) ----------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (375, 812)])
def test_the_first_screen_answers_the_four_questions(
    page: Page, report: Path, language: str, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    for city in sorted((report / "city").iterdir()):
        page.goto("about:blank")
        page.goto(address(report, f"city/{city.name}", language))
        _assert_on_first_screen(page.locator("h1, .answers li"), 5, width, height)
        for answer in page.locator(".answers li").all():
            expect(answer.locator(":scope > *")).to_have_count(3)
            assert all(text.strip() for text in answer.locator(":scope > *").all_inner_texts())
    page.goto("about:blank")
    page.goto(address(report, language=language))
    _assert_on_first_screen(page.locator("h1, .answers li"), 5, width, height)
    # The first and the last city of a dimension.
    leaders = page.locator("h2 + table tbody tr, h2 + .scroll tbody tr").first.locator("a")
    _assert_on_first_screen(leaders, 4, width, height)


def _assert_on_first_screen(places: Locator, expected: int, width: int, height: int) -> None:
    assert places.count() == expected
    for place in places.all():
        box = place.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height, place.inner_text()


# --- accessibility ----------------------------------------------------------------------------------------------


def test_everything_is_reached_and_worked_by_the_keyboard(page: Page, report: Path) -> None:
    page.goto(address(report))
    focused = "document.activeElement.innerText"
    page.keyboard.press("Tab")
    assert page.evaluate(focused).strip() == "跳到正文"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.goto("about:blank")
    page.goto(address(report))
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(focused).strip())
        if reached[-1] == "English":
            page.keyboard.press("Enter")
            break
    expect(page.locator("h1")).to_have_text("City scorecards: overview", use_inner_text=True)
    places = page.evaluate(
        """() => [...document.querySelectorAll('a[href], button, summary, .scroll')]
            .filter(one => one.tabIndex < 0).map(one => one.outerHTML.slice(0, 80))"""
    )
    assert places == []


# The ratio of luminances of the text and of what lies behind it, by the formula of WCAG 2.
_FAINT = """() => {
    const shade = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
    const parts = colour => colour.match(/[\\d.]+/g).map(Number);
    const behind = element => {
        for (let one = element; one; one = one.parentElement) {
            const colour = parts(getComputedStyle(one).backgroundColor);
            if (colour.length < 4 || colour[3] === 1) return colour;
        }
        return [255, 255, 255];
    };
    const faint = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
        const style = getComputedStyle(element), is_svg = element instanceof SVGElement;
        const pair = [parts(is_svg ? style.fill : style.color), behind(element)].map(shade).sort((a, b) => b - a);
        const ratio = (pair[0] + .05) / (pair[1] + .05), size = parseFloat(style.fontSize);
        const is_large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        if (ratio < (is_large ? 3 : 4.5)) faint.add(`${ratio.toFixed(2)} ${element.tagName} ${element.className}`);
    }
    return [...faint];
}"""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_text_stands_out_from_what_lies_behind_it(page: Page, report: Path, language: str) -> None:
    for name in ONE_OF_EACH:
        page.goto(address(report, name, language))
        assert page.evaluate(_FAINT) == [], name


def test_a_check_of_contrast_finds_faint_text(page: Page, report: Path) -> None:
    page.goto(address(report))
    page.evaluate("document.querySelector('h1').style.color = '#bbb'")
    assert page.evaluate(_FAINT) == ["1.92 SPAN "]


def test_pictures_are_named_or_hidden_and_tables_have_headings(page: Page, report: Path) -> None:
    bare = """() => [
        ...[...document.querySelectorAll('svg')].filter(one => one.ariaHidden !== 'true'
            && !one.closest('[role=img][aria-label]')),
        ...[...document.querySelectorAll('table')].filter(one => !one.querySelector('th')
            && !one.classList.contains('tiles')),
        ...[...document.querySelectorAll('button, a')].filter(one => !one.innerText.trim() && one.checkVisibility()),
    ].map(one => one.outerHTML.slice(0, 120))"""
    levels = "() => [...document.querySelectorAll('h1, h2, h3')].map(one => Number(one.tagName[1]))"
    for name in ONE_OF_EACH:
        if name.startswith("checks/"):  # made by Great Expectations
            continue
        page.goto(address(report, name))
        assert page.evaluate(bare) == [], name
        found = page.evaluate(levels)
        assert found[0] == 1, name
        assert all(below <= above + 1 for above, below in pairwise(found)), name


# --- phone, printer, weight -------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [375, 1280])
def test_pages_fit_their_screen(page: Page, report: Path, language: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for name in (name for name in ONE_OF_EACH if not name.startswith("checks/")):  # those are not laid out here
        page.goto("about:blank")
        page.goto(address(report, name, language))
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate(NARROW_CELLS) == [], name
        assert page.evaluate(CLIPPED) == [], name


@pytest.mark.parametrize(("language", "check"), [("zh", ENGLISH), ("en", CHINESE)])
def test_pages_are_in_one_language(page: Page, report: Path, language: str, check: str) -> None:
    # English pages all of them: what is Chinese in the registry differs by page.
    names = pages(report) if language == "en" else ONE_OF_EACH
    for name in (name for name in names if not name.startswith("checks/")):  # made by Great Expectations
        page.goto("about:blank")
        page.goto(address(report, name, language))
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate(check) == [], name


def test_the_checks_of_layout_and_language_find_what_they_look_for(page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    page.set_content(
        "<main><table><tr><td style='width:1em;max-width:1em'>公园绿地</td></tr></table>"
        "<div style='overflow-x:auto;width:50px'><p style='width:90px'>Parks and 公园 (绿地)</p></div></main>"
    )
    assert page.evaluate(NARROW_CELLS) == ["公园绿地"]
    assert len(page.evaluate(CLIPPED)) == 1
    assert page.evaluate(CHINESE) == ["公园绿地", "Parks and 公园 (绿地)"]
    assert page.evaluate(ENGLISH) == ["Parks and 公园 (绿地)"]


@needs("pdftotext", "poppler-utils")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_city_is_printed_as_a_briefing_of_two_pages_and_two_of_tables(
    page: Page, report: Path, tmp_path: Path, language: str
) -> None:
    page.goto(address(report, CITY, language))
    printed = tmp_path / "city.pdf"
    page.pdf(path=printed, prefer_css_page_size=True)
    text = subprocess.run(["pdftotext", "-layout", printed, "-"], capture_output=True, text=True, check=True).stdout
    pages = ["".join(one.split()) for one in text.rstrip("\f").split("\f")]
    assert len(pages) <= 4
    (tables,) = (
        n for n, one in enumerate(pages) if {"zh": "计分指标趋势图", "en": "ScoredindicatorsTrend"}[language] in one
    )
    assert tables <= 2
    assert ("南昌市" if language == "zh" else "Nanchang") in pages[0]
    assert "12.89" in pages[0]
    assert "12.89" in "".join(pages[tables:])
    assert {"zh": "跳到正文", "en": "Skiptothetext"}[language] not in pages[0]


def test_the_first_page_weighs_far_less_than_it_may(page: Page, report: Path) -> None:
    loaded: list[Path] = []
    page.on("request", lambda request: loaded.append(Path(request.url.removeprefix("file://").split("#")[0])))
    page.goto(address(report))
    assert {file.name for file in loaded} == {"index.html", "report.css", "report.js"}
    assert sum(file.stat().st_size for file in loaded) < 300_000
    assert max((report / name).stat().st_size for name in pages(report)) < 500_000


# --- what it says -----------------------------------------------------------------------------------------------


def test_the_overview_says_who_is_first_and_last_and_why_there_is_no_index(
    page: Page, report: Path, province: Place
) -> None:
    page.goto(address(report, language="en"))
    assert "too few indicators: Safety, Culture, Governance" in page.locator(".answers").inner_text()
    row = page.locator("h2:has-text('First and last') + table tbody tr", has_text="Ecology")
    expect(row).to_contain_text("Jingdezhen 87.7")
    expect(row.locator("td").nth(3)).to_have_text("Nanchang 52.9", use_inner_text=True)
    assert page.locator(".matrix tbody tr").count() == 21
    # What is late depends on the day of the run.
    late = province.rows("from quality.freshness where status = 'late'")
    assert len(late) >= 52
    assert page.locator(".overdue .late").count() == len(late)


def test_the_tiles_show_what_is_chosen(page: Page, report: Path) -> None:
    page.goto(address(report, language="en"))
    tile = page.locator(".tile", has_text="Nanchang")
    expect(tile).to_contain_text("76.6")
    page.get_by_label("Show").select_option("Park green space per head")
    expect(tile).to_contain_text("27.2")
    expect(tile).to_have_class("tile s1")


def test_a_city_says_its_best_and_its_weakest_figures_and_what_is_late(
    page: Page, report: Path, province: Place
) -> None:
    late = province.rows(
        "select name_en from presentation.freshness_rows where city_code = '360100' and status = 'late' "
        "order by days_late desc, due_date, dataset"
    )
    assert len(late) >= 4
    page.goto(address(report, CITY, "en"))
    answers = [" ".join(one.split()) for one in page.locator(".answers li").all_inner_texts()]
    assert answers == [
        "Indicators with a figure 43 of 112 Core 15/15",
        "Best indicator Urbanisation rate of residents place 1 of 11 · 79.58 %",
        "Weakest indicator Road area per head place 11 of 11 · 15.91 m² a head",
        f"Overdue {len(late)} datasets {', '.join(row['name_en'] for row in late)}",
    ]
    briefing = page.locator("p.briefing[lang=en]")
    expect(briefing).to_contain_text("Place among the ranked cities: momentum 2 of 11, liveability 11 of 11, ")
    expect(briefing).to_contain_text("4 are at it and 3 are not")
    strips = page.locator(".strips tbody tr")
    assert strips.count() == 18
    expect(strips.filter(has_text="Park green space per head")).to_contain_text("11/11")


def test_each_figure_of_a_city_has_its_file_and_line(page: Page, report: Path, province: Place) -> None:
    page.goto(address(report, CITY))
    shown = page.locator(".scored code, .context code").all_text_contents()
    rows = province.rows(
        "select file, line from scorecards.indicator_scores where city_code = '360100' and value is not null"
    )
    assert sorted(shown) == sorted(f"{row['file']}:{row['line']}" for row in rows)


def test_a_reference_is_never_shown_as_a_duty(page: Page, report: Path) -> None:
    page.goto(address(report, INDICATOR, "en"))
    expect(page.locator("main")).to_contain_text("standard, a reference")
    expect(page.locator("main")).not_to_contain_text("target of the city")


def test_an_indicator_is_drawn_with_its_projections_and_told_in_a_table(page: Page, report: Path) -> None:
    page.goto(address(report, INDICATOR, "en"))
    plot = page.locator(".plot svg")
    expect(plot).to_contain_text("Fuzhou")
    assert plot.locator("text:visible", has_text="Nanchang").count() == 1
    assert plot.locator("text:visible", has_text="南昌").count() == 0
    assert page.locator("table.sortable > tbody > tr").count() == 11


def test_ranks_are_drawn_with_their_intervals(page: Page, hostile: Place) -> None:
    page.goto(address(hostile.release().folder / "report", "ranks.html", "en"))
    expect(page.locator(".plot svg").first).to_contain_text("Aland")
    row = page.locator("details tbody tr", has_text="Aland").first
    expect(row.locator("td").first).to_have_text("1")
    expect(row).to_contain_text("1–2")


# --- hostile ----------------------------------------------------------------------------------------------------


def test_names_and_cells_of_a_hostile_file_are_text_on_every_page(page: Page, hostile: Place) -> None:
    folder = hostile.release().folder / "report"
    heard = complaints(page)
    for name in pages(folder):
        page.goto(address(folder, name))
        assert page.title() != "run", name
        assert page.locator("main script, main img").count() == 0, name
    assert heard == []
    page.goto(address(folder, "quality.html"))
    expect(page.locator("main")).to_contain_text("<img src=x onerror=document.title=1>.csv")
    expect(page.locator("main")).to_contain_text(FORMULA)


def test_they_are_text_in_the_workbook_and_in_exported_csv(hostile: Place, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(hostile.release().folder / "workbook.xlsx")
    cells: list[Any] = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert any(HOSTILE in str(cell.value) for cell in cells)
    assert all(cell.data_type != "f" for cell in cells)
    assert hostile.call("export", str(tmp_path), "--format", "csv").returncode == 0
    with (tmp_path / "cities.csv").open(encoding="utf-8-sig", newline="") as stream:
        named = {row["name_en"] for row in csv.DictReader(stream)}
    assert f"'{HOSTILE}" in named
    for file in tmp_path.glob("*.csv"):
        with file.open(encoding="utf-8-sig", newline="") as stream:
            started = {cell[:1] for row in csv.reader(stream) for cell in row if not re.match(r"-?[\d.]", cell)}
        assert not started & set("=+@\t\r"), file.name


# --- the command ------------------------------------------------------------------------------------------------


def test_the_command_tells_where_the_first_page_is(province: Place) -> None:
    told = province.call("report")
    assert told.returncode == 0
    assert Path(told.stdout.strip()) == province.release().folder / "report" / "index.html"


def test_a_release_of_an_older_make_has_no_pages_and_says_so(hostile: Place, tmp_path: Path) -> None:
    copy = Place(tmp_path / "data")
    shutil.copytree(hostile.data / "releases", copy.data / "releases", symlinks=True)
    shutil.rmtree(copy.release().folder / "report")
    told = copy.call("report")
    assert told.returncode == 2
    assert "An older version built it" in told.stderr
