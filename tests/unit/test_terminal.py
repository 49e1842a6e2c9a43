"""What a reader sees on a terminal is whole, however narrow the terminal is."""

from __future__ import annotations

import pytest
from rich.console import Console

from pipelines.terminal import cities_table, coverage_note, ranks_note

DIMENSIONS = [
    {"dimension_id": name.lower(), "name_zh": "维度", "name_en": name}
    for name in ("Urban system", "Momentum", "Liveability", "Ecology", "Safety", "Culture", "Governance")
]
CITY = {"city_code": "X", "name_zh": "某某市", "name_en": "Jingdezhen", "available_mean": 83.7}
COUNTS = {"indicators_scored": 12, "indicators_total": 45, "dimensions_scored": 4, "dimensions_total": 6}


def shown(width: int, language: str, score: float | None) -> list[str]:
    scores = [
        {"city_code": "X", "dimension_id": dimension["dimension_id"], "score": score, **COUNTS}
        for dimension in DIMENSIONS
    ]
    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        table = cities_table([{**CITY, **COUNTS, "city_index": score}], DIMENSIONS, scores, language, width)  # type: ignore[arg-type]
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
