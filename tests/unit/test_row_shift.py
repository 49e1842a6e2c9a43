"""Row shifts: blocks that are shifted are found, in either direction, and no others."""

from __future__ import annotations

import random
from dataclasses import replace

from assets.quality.anomalies.outliers import Anomaly, Observation, Panel
from assets.quality.anomalies.row_shift import detect_row_shift
from tests.builders.observations import (
    CITIES,
    PARAMETERS,
    SEEDS,
    YEARS,
    at,
    cities_and_years,
    clean,
    detect,
    observation,
    shift,
)


def test_a_block_shifted_by_a_row_is_found_whichever_way_and_year_and_no_other_block() -> None:
    hits = 0
    for seed in SEEDS:
        for rows in (1, -1):
            year = random.Random(seed).choice(YEARS)
            flagged = cities_and_years(detect("row_shift", shift(clean(seed), year, rows)))
            hits += flagged == {(city, year) for city in CITIES}
    assert hits == 2 * len(SEEDS)


def test_a_shifted_block_that_lost_its_last_row_is_found() -> None:
    observations = [f for f in shift(clean(3), 2018, 1) if (f.city_code, f.year) != (CITIES[-1], 2018)]
    assert {year for _, year in cities_and_years(detect("row_shift", observations))} == {2018}


def test_two_shifted_years_do_not_drag_the_year_between_them_along() -> None:
    observations = shift(shift(clean(4), 2016, 1), 2018, 1)
    assert {year for _, year in cities_and_years(detect("row_shift", observations))} == {2016, 2018}


def indicators(anomalies: list[Anomaly]) -> set[str]:
    return {anomaly.observation.indicator_id for anomaly in anomalies}


def noisy(seed: int, year: int, rows: int) -> list[Observation]:
    """A second column of the same lines, whose history is too noisy to tell a shift by itself."""
    rng = random.Random(seed)
    levels = {city: rng.gauss(50, 4) for city in CITIES}
    observations = [
        observation(city, y, round(levels[city] + rng.gauss(0, 2.0), 2), indicator_id="noisy", kind="rate")
        for city in CITIES
        for y in YEARS
    ]
    return shift(observations, year, rows) if rows else observations


def test_beside_a_shifted_block_the_other_columns_of_its_lines_are_held_too() -> None:
    alone = sum(bool(detect("row_shift", noisy(seed, 2024, 1))) for seed in SEEDS)
    together = [detect("row_shift", [*shift(clean(seed), 2024, 1), *noisy(seed, 2024, 1)]) for seed in SEEDS]
    unshifted = [detect("row_shift", [*shift(clean(seed), 2024, 1), *noisy(seed, 2024, 0)]) for seed in SEEDS]
    assert sum("noisy" in indicators(anomalies) for anomalies in together) == len(SEEDS) > alone
    assert not any("noisy" in indicators(anomalies) for anomalies in unshifted)


def test_a_shifted_block_says_on_which_line_the_figure_of_a_city_stands() -> None:
    observations = shift(clean(5), 2018, -1)
    first = detect("row_shift", observations)[0]
    assert first.expected_text.endswith(f"(f.csv:{at(observations, CITIES[1], 2018).line})")


def test_rows_of_many_files_make_no_block_too_short_to_compare() -> None:
    """Each city sends a file of its own: nothing can have moved by a row, whatever the observations are."""
    moved = shift(clean(1), 2018, 1)
    assert detect("row_shift", moved)
    assert not detect("row_shift", [replace(f, file_sha256=f.city_code or "") for f in moved])


def partly_shifted() -> list[Observation]:
    """In 2018 five of twelve rows fit much better when moved by a row, the others equally well."""
    levels = dict(zip(CITIES, (20.0, 40.0, 60.0, 80.0, *[10.0] * 8), strict=True))
    values = dict(zip(CITIES, (10.0, 20.0, 40.0, 60.0, 80.0, *[10.0] * 7), strict=True))
    return [
        observation(city, year, values[city] if year == 2018 else levels[city], kind="rate")
        for city in CITIES
        for year in YEARS
    ]


def test_a_block_of_which_too_few_rows_fit_better_is_not_shifted() -> None:
    assert detect("row_shift", partly_shifted()) == []
    lower_share = PARAMETERS["row_shift"] | {"minimum_share": 0.4}
    anomalies = detect_row_shift(Panel(partly_shifted()), lower_share)
    assert {anomaly.observation.year for anomaly in anomalies} == {2018}
