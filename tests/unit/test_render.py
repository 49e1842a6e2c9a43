"""What a reader sees on a terminal is whole, however narrow the terminal is."""

from __future__ import annotations

import re

import pytest
from rich.console import Console, RenderableType

from assets.core.errors import Issue
from assets.core.i18n import Language
from assets.core.text import format_decimal
from pipelines.cli.render.scorecards import render_cities, render_overview, render_ranks
from pipelines.cli.render.tables import MAXIMUM_ROWS, render_files, render_issue

DIMENSIONS = [
    {"dimension_id": name.lower(), "name_zh": "维度", "name_en": name}
    for name in ("Urban system", "Momentum", "Liveability", "Ecology", "Safety", "Culture", "Governance")
]
CITY = {"city_code": "X", "name_zh": "某某市", "name_en": "Jingdezhen", "mean_of_available": 83.7}
COUNTS = {"indicators_scored": 12, "indicators_total": 45, "dimensions_scored": 4, "dimensions_total": 6}


def show_cities(width: int, language: str, score: float | None) -> list[str]:
    scores = [
        {"city_code": "X", "dimension_id": dimension["dimension_id"], "score": score, **COUNTS}
        for dimension in DIMENSIONS
    ]
    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        table = render_cities([{**CITY, **COUNTS, "city_index": score}], DIMENSIONS, scores, language, width)  # type: ignore[arg-type]
        console.print(table)
    return capture.get().splitlines()


@pytest.mark.parametrize("width", [80, 90, 100, 120, 200])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("score", [None, 61.24])
def test_no_column_is_lost(width: int, language: str, score: float | None) -> None:
    text = " ".join(show_cities(width, language, score))
    assert text.count("12/45") == 1 + len(DIMENSIONS)
    assert text.count("4/6") == 1
    assert text.count("61.2") == (0 if score is None else len(DIMENSIONS) + 1)


def test_a_wide_terminal_keeps_the_headings_whole() -> None:
    assert "Liveability" in " ".join(show_cities(120, "en", None))


@pytest.mark.parametrize(("language", "is_chinese"), [("zh", True), ("en", False)])
def test_the_note_is_in_the_language_of_the_table(language: Language, is_chinese: bool) -> None:
    note = " ".join(printed(render_overview([], [], [], language)[-1]))
    assert bool(re.search(r"[\u4e00-\u9fff]", note)) == is_chinese


def test_a_rank_is_never_shown_without_its_interval() -> None:
    rank = {"name_zh": None, "name_en": None, "nominal_rank": 2, "rank_low": 1.0, "rank_high": 4.5, "cities_ranked": 11}
    assert render_ranks([rank], "en").plain == "Ranks (90 % of the draws are in this interval): Index 2 (1–4.5 / 11)"


def test_without_a_rank_the_reason_is_shown() -> None:
    assert render_ranks([{"nominal_rank": None}], "en").plain.startswith("No rank:")
    assert render_ranks([{"nominal_rank": None}], "zh").plain.startswith("没有名次")


def test_of_very_many_files_the_worst_come_first_and_the_total_is_of_all() -> None:
    counts = {"rows_read": 10, "rows_accepted": 10, "rows_aggregate": 0, "rows_rejected": 0, "status": "read"}
    files: list[dict[str, object]] = [{**counts, "file": f"f/{n:04}.csv"} for n in range(3 * MAXIMUM_ROWS)]
    files[-1] |= {"status": "refused"}
    files[-2] |= {"rows_accepted": 9, "rows_rejected": 1}
    lines = printed(render_files(files, "en"))
    assert "0299.csv" in lines[2]
    assert "0298.csv" in lines[3]
    assert sum(".csv" in line for line in lines) == MAXIMUM_ROWS
    assert any("quality.files" in line for line in lines)
    assert any(f"Total ({3 * MAXIMUM_ROWS})" in line and "3,000" in line for line in lines)


def test_a_few_files_are_listed_in_their_order() -> None:
    counts = {"rows_read": 10, "rows_accepted": 10, "rows_aggregate": 0, "rows_rejected": 0}
    statuses = ("read", "refused")
    files = [{**counts, "file": f"f/{status}.csv", "status": status} for status in statuses]
    lines = printed(render_files(files, "en"))
    assert [line.split()[0] for line in lines if ".csv" in line] == ["f/read.csv", "f/refused.csv"]
    assert not any("quality.files" in line for line in lines)


def test_of_very_many_cities_it_says_how_many_there_are() -> None:
    cities = [{**CITY, **COUNTS, "city_index": None}] * 3
    assert len(render_overview(cities, [], [], "en", most_cities=3)) == 2
    table, note, _ = render_overview(cities, [], [], "en", most_cities=2)
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
    [(2.675, 2, "2.68"), (-0.25, 1, "-0.3"), (0.5, 0, "1"), (1234.5, 1, "1,234.5"), (61.24, 1, "61.2"), (7, 2, "7.00")],
)
def test_a_number_is_rounded_half_away_from_zero(value: float, digits: int, text: str) -> None:
    assert format_decimal(value, digits) == text


def printed(part: RenderableType) -> list[str]:
    console = Console(width=120, highlight=False)
    with console.capture() as capture:
        console.print(part)
    return [line for line in capture.get().splitlines() if line.strip()]
