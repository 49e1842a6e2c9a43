"""What a reader sees on a terminal is whole, however narrow the terminal is."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from assets.core.errors import Issue
from assets.core.i18n import Language, labels
from assets.core.paths import PROJECT_ROOT
from assets.core.ranges import format_range
from assets.core.text import format_decimal
from assets.intake.rows.accounts import ROW_CLASSES
from assets.release.outputs.report import formatters
from assets.release.publish.retention import ReleaseInfo
from assets.release.read.scorecards import Overview
from assets.warehouse.tables import read_tables
from pipelines.cli.render.scorecards import render_cities, render_city_ranges, render_overview
from pipelines.cli.render.tables import MAXIMUM_ROWS, render_files, render_issue, render_releases

DIMENSIONS = [
    {"dimension_id": name.lower(), "name_zh": "维度", "name_en": name}
    for name in ("Urban system", "Momentum", "Liveability", "Ecology", "Safety", "Culture", "Governance")
]
CITY = {
    "city_code": "X",
    "name_zh": "某某市",
    "name_en": "Jingdezhen",
    "dimensions_wide_enough": 4,
    "dimensions_total": 6,
}
METHOD = {"maximum_open": 20.0, "minimum_group_indicators": 3, "basket_zh": "核心", "basket_en": "Core"}
RANKED = {"evidenced": 61.24, "possible": 61.24, "rank": 2, "score_status": "ranked"}
OPEN = {"evidenced": 61.24, "possible": 93.7, "rank": None, "score_status": "too_open"}
UNKNOWN = {"evidenced": None, "possible": None, "rank": None, "score_status": "not_in_basket"}


def overview(cities: int = 1, score: dict[str, object] = RANKED) -> Overview:
    names = [
        {**CITY, "city_code": f"{n}", "indicators_scored": 12, "indicators_total": 45, **score} for n in range(cities)
    ]
    scores = [
        {"city_code": city["city_code"], "dimension_id": dimension["dimension_id"], "is_headline": True, **score}
        for city in names
        for dimension in DIMENSIONS
    ]
    return Overview(names, DIMENSIONS, scores, METHOD)


def show_cities(width: int, language: Language, score: dict[str, object]) -> list[str]:
    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        console.print(render_cities(overview(score=score), language))
    return capture.get().splitlines()


@pytest.mark.parametrize("width", [80, 90, 100, 120, 200])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("score", "shown"), [(RANKED, "61.2"), (OPEN, "61–94"), (UNKNOWN, "—")])
def test_no_column_is_lost(width: int, language: Language, score: dict[str, object], shown: str) -> None:
    text = " ".join(show_cities(width, language, score))
    assert text.count("12/45") == 1
    assert text.count(shown) == 1 + len(DIMENSIONS)
    assert text.count("(2)") == (0 if score["rank"] is None else 1 + len(DIMENSIONS))


def test_a_wide_terminal_keeps_the_headings_whole() -> None:
    assert "Liveability" in " ".join(show_cities(120, "en", OPEN))


@pytest.mark.parametrize(("language", "is_chinese"), [("zh", True), ("en", False)])
def test_the_notes_are_in_the_language_of_the_table_and_have_the_numbers_of_the_method(
    language: Language, is_chinese: bool
) -> None:
    _, note, no_index = (" ".join(printed(part)) for part in render_overview(overview(score=UNKNOWN), language))
    assert bool(re.search(r"[\u4e00-\u9fff]", note)) == is_chinese
    assert {"20", "3"} <= set(re.findall(r"\d+", note))
    assert {"4", "6", "3"} <= set(re.findall(r"\d+", no_index))


def dimension(name: str, basket: str, **said: object) -> dict[str, object]:
    rank = {"best_rank": None, "worst_rank": None, "rank_low": None, "rank_high": None, "cities_ranked": None}
    names = {"dimension_id": name, "name_zh": name, "name_en": name, "basket_zh": basket, "basket_en": basket}
    return {**rank, **names, "is_headline": basket == "core", **said}


def show_ranges(*rows: dict[str, object]) -> str:
    title, table, note = (printed(part) for part in render_city_ranges(CITY | {"city_code": "X"}, rows, "en"))
    assert "Jingdezhen" in title[0]
    assert "evidenced" in note[0]
    return " ".join(table)


def test_a_city_has_the_bar_the_rank_and_both_intervals_of_a_dimension_and_its_range_in_other_baskets() -> None:
    ranked = {**RANKED, "best_rank": 1, "worst_rank": 3, "rank_low": 1.0, "rank_high": 4.0, "cities_ranked": 11}
    text = show_ranges(dimension("Ecology", "core", **ranked), dimension("Ecology", "full", **OPEN))
    assert "█" * 12 + "·" * 8 in text
    assert re.search(r"61\.2 +2 +1–3 +1–4 / 11 +61–94", text)


def test_without_a_rank_the_reason_is_shown() -> None:
    text = show_ranges(dimension("Ecology", "core", **OPEN))
    assert "█" * 12 + "▒" * 7 + "·" in text
    assert "61–94 too much open" in re.sub(" +", " ", text)
    assert "not in the basket" in show_ranges(dimension("Culture", "core", **UNKNOWN))


def test_of_very_many_files_the_worst_come_first_and_the_total_is_of_all() -> None:
    counts = {"rows_read": 10, "rows_accepted": 10, "rows_aggregate": 0, "rows_rejected": 0, "status": "read"}
    files: list[dict[str, object]] = [{**counts, "file": f"f/{n:04}.csv"} for n in range(3 * MAXIMUM_ROWS)]
    files[-1] |= {"status": "refused"}
    files[-2] |= {"rows_accepted": 9, "rows_rejected": 1}
    lines = printed(render_files(files, "en"))
    assert "0299.csv" in lines[2]
    assert "0298.csv" in lines[3]
    assert sum(".csv" in line for line in lines) == MAXIMUM_ROWS
    assert any("intake.files" in line for line in lines)
    assert any(f"Total ({3 * MAXIMUM_ROWS})" in line and "3,000" in line for line in lines)


def test_a_few_files_are_listed_in_their_order() -> None:
    counts = {"rows_read": 10, "rows_accepted": 10, "rows_aggregate": 0, "rows_rejected": 0}
    statuses = ("read", "refused")
    files = [{**counts, "file": f"f/{status}.csv", "status": status} for status in statuses]
    lines = printed(render_files(files, "en"))
    assert [line.split()[0] for line in lines if ".csv" in line] == ["f/read.csv", "f/refused.csv"]
    assert not any("intake.files" in line for line in lines)


def test_of_very_many_cities_it_says_how_many_there_are() -> None:
    assert len(render_overview(overview(3), "en", most_cities=3)) == 2
    table, note, _ = render_overview(overview(3), "en", most_cities=2)
    assert sum("Jingdezhen" in line for line in printed(table)) == 2
    assert "of 3 cities" in printed(note)[0]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_issue_is_shown_in_one_language_with_its_place_and_remedy(language: Language) -> None:
    issue = Issue("no_release", file="a.csv", line=2)
    wrong, remedy = (part.plain for part in render_issue(issue, language))
    assert wrong == f"{issue.where(language)}: {issue.reason(language)}"
    assert remedy == f"  → {issue.remedy(language)}"


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (2.675, 2, "2.68"),
        (-0.25, 1, "-0.3"),
        (0.5, 0, "1"),
        (1234.5, 1, "1,234.5"),
        (61.24, 1, "61.2"),
        (7, 2, "7.00"),
        (-0.04, 1, "0.0"),
        (-0.0, 0, "0"),
    ],
)
def test_a_number_is_rounded_half_away_from_zero(value: float, digits: int, text: str) -> None:
    assert format_decimal(value, digits) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.285, "+29"), (0.145, "+15"), (-0.285, "-29"), (0.0, "0"), (-0.001, "0"), (12.345, "+1,235")]
)
def test_a_percentage_is_rounded_as_its_decimal_text_and_a_zero_has_no_sign(value: float, text: str) -> None:
    assert format_decimal(value, 0, "+", exponent=2) == text


def printed(part: RenderableType) -> list[str]:
    console = Console(width=120, highlight=False)
    with console.capture() as capture:
        console.print(part)
    return [line for line in capture.get().splitlines() if line.strip()]


def test_every_kind_of_note_has_a_label_and_no_label_is_of_another_kind() -> None:
    kinds = read_tables((PROJECT_ROOT / "sql",))["intake.notes"].columns["kind"].allowed
    assert set(labels("note_kinds")) == set(kinds or ())


def test_every_class_of_rows_has_a_label_but_those_of_a_sheet_passed_over() -> None:
    assert set(labels("row_classes")) == set(ROW_CLASSES) - {"passed_over"}


@given(st.integers(0, 100_000))
def test_a_score_has_one_rounding_on_page_terminal_and_in_sql(thousandths: int) -> None:
    score = thousandths / 1000
    shown = format_decimal(score, 1)
    assert formatters.format_score(score) == format_range(score, score) == shown
    assert Decimal(shown.replace(",", "")) == Decimal(repr(score)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    # As docs/queries.md rounds a score.
    ((rounded,),) = duckdb.execute("select round(?::double::decimal(18, 6), 1)::varchar", [score]).fetchall()
    assert rounded == shown


def test_a_half_is_rounded_up_everywhere() -> None:
    assert formatters.format_score(90.55) == format_range(90.55, 90.55) == "90.6"


def test_the_table_of_releases_ends_and_says_how_many_it_leaves_out() -> None:
    listed = [
        ReleaseInfo(f"release {n:04}", datetime(2026, 1, 1, tzinfo=UTC), "1", 2, 3, 4, is_current=n == 0)
        for n in range(2_000)
    ]
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(render_releases(listed, "en"))
    text = console.export_text()
    assert text.count("release ") == MAXIMUM_ROWS
    assert "release 0000 current" in text
    assert f"… {2_000 - MAXIMUM_ROWS:,} others: --json" in text
