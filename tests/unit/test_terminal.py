"""What a reader sees on a terminal is whole, however narrow the terminal is."""

from __future__ import annotations

import pytest
from rich.console import Console
from rich.table import Table

from pipelines.cli.render.tables import (
    MOST_LINES,
    coverage_note,
    hidden_cities_note,
    ranks_note,
    render_cities,
    render_files,
)

DIMENSIONS = [
    {"dimension_id": name.lower(), "name_zh": "维度", "name_en": name}
    for name in ("Urban system", "Momentum", "Liveability", "Ecology", "Safety", "Culture", "Governance")
]
CITY = {"city_code": "X", "name_zh": "某某市", "name_en": "Jingdezhen", "mean_of_available": 83.7}
COUNTS = {"indicators_scored": 12, "indicators_total": 45, "dimensions_scored": 4, "dimensions_total": 6}


def shown(width: int, language: str, score: float | None) -> list[str]:
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
    text = " ".join(shown(width, language, score))
    assert text.count("12/45") == 1 + len(DIMENSIONS)
    assert text.count("4/6") == 1
    assert text.count("61.2") == (0 if score is None else len(DIMENSIONS) + 1)


def test_a_wide_terminal_keeps_the_headings_whole() -> None:
    assert "Liveability" in " ".join(shown(120, "en", None))


def test_the_note_is_in_the_language_of_the_table() -> None:
    assert coverage_note("en").isascii()
    assert not coverage_note("zh").isascii()


def test_a_rank_is_never_shown_without_its_interval() -> None:
    rank = {"name_zh": None, "name_en": None, "nominal_rank": 2, "rank_low": 1.0, "rank_high": 4.5, "cities_ranked": 11}
    assert ranks_note([rank], "en").plain == "Ranks (90 % of the draws lie between): Index 2 (1–4.5 / 11)"


def test_without_a_rank_the_reason_is_shown() -> None:
    assert ranks_note([{"nominal_rank": None}], "en").plain.startswith("No rank:")
    assert ranks_note([{"nominal_rank": None}], "zh").plain.startswith("没有名次")


def test_of_very_many_files_those_to_be_mended_come_first_and_the_total_is_of_all() -> None:
    counts = {"rows_read": 10, "rows_accepted": 10, "rows_aggregate": 0, "rows_rejected": 0, "status": "read"}
    files: list[dict[str, object]] = [{**counts, "file": f"f/{n:04}.csv"} for n in range(3 * MOST_LINES)]
    files[-1] |= {"status": "refused"}
    files[-2] |= {"rows_accepted": 9, "rows_rejected": 1}
    lines = printed(render_files(files, "en"))
    assert "0299.csv" in lines[2]
    assert "0298.csv" in lines[3]
    assert sum(".csv" in line for line in lines) == MOST_LINES
    assert any("intake.files" in line for line in lines)
    assert any(f"Total ({3 * MOST_LINES})" in line and "3,000" in line for line in lines)


def test_a_few_files_are_listed_in_their_order() -> None:
    counts = {"rows_read": 10, "rows_accepted": 10, "rows_aggregate": 0, "rows_rejected": 0}
    statuses = ("read", "refused")
    files = [{**counts, "file": f"f/{status}.csv", "status": status} for status in statuses]
    lines = printed(render_files(files, "en"))
    assert [line.split()[0] for line in lines if ".csv" in line] == ["f/read.csv", "f/refused.csv"]
    assert not any("intake.files" in line for line in lines)


def test_of_very_many_cities_it_says_where_all_stand() -> None:
    assert hidden_cities_note([CITY] * MOST_LINES, "en") is None
    assert f"of {MOST_LINES + 1} cities" in (hidden_cities_note([CITY] * (MOST_LINES + 1), "en") or "")


def printed(table: Table) -> list[str]:
    console = Console(width=120, highlight=False)
    with console.capture() as capture:
        console.print(table)
    return [line for line in capture.get().splitlines() if line.strip()]
