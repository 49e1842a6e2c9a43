"""Misplaced blocks: figures in the rows of other places are found in whatever order, and no others."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from assets.quality.anomalies.observation import Observation
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
    replace_values,
    shift,
)
from tests.builders.planted_blocks import KINDS, exchange


def two_files(seed: int) -> tuple[list[Observation], list[Observation]]:
    """Two columns of one source, in two files."""
    return clean(seed), [replace(o, indicator_id="j", file="g.csv", file_sha256="g") for o in clean(seed + 100)]


def planted(observations: list[Observation], year: int, kind: str, seed: int) -> list[Observation]:
    carries = exchange(CITIES, kind, random.Random(seed))
    values = {(city, year): at(observations, other, year).value for city, other in carries.items()}
    return replace_values(observations, values)


@pytest.mark.parametrize(("seed", "year"), [(1, YEARS[-1]), (2, 2018)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_block_in_the_rows_of_other_places_is_held_alone_whatever_the_order(kind: str, seed: int, year: int) -> None:
    observations = [o for file in two_files(seed) for o in planted(file, year, kind, seed)]
    held = detect("misplaced_block", observations)
    # The two cities of the second seed are too alike to tell in two columns.
    is_distinct = (kind, seed) != ("two cities", 2)
    assert cities_and_years(held) == ({(city, year) for city in CITIES} if is_distinct else set())
    assert len(held) == (2 * len(CITIES) if is_distinct else 0)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("minimum_cities", 13), ("margin", 1e9), ("part_threshold", 1e9), ("minimum_share", 1.01), ("minimum_years", 13)],
)
def test_each_parameter_decides_whether_two_exchanged_cities_are_held(
    monkeypatch: pytest.MonkeyPatch, parameter: str, value: float
) -> None:
    observations = [o for file in two_files(1) for o in planted(file, YEARS[-1], "two cities", 1)]
    assert len(detect("misplaced_block", observations)) == 2 * len(CITIES)
    monkeypatch.setitem(PARAMETERS["misplaced_block"], parameter, value)
    assert detect("misplaced_block", observations) == []


@pytest.mark.parametrize("kind", ["by one", "by two", "reversed", "shuffled"])
def test_a_single_column_in_the_rows_of_other_places_is_held_alone(kind: str) -> None:
    flagged = cities_and_years(detect("misplaced_block", planted(clean(3), 2018, kind, 3)))
    assert flagged == {(city, 2018) for city in CITIES}


def test_a_shifted_block_that_lost_its_last_row_is_found() -> None:
    observations = [f for f in shift(clean(3), 2018, 1) if (f.city_code, f.year) != (CITIES[-1], 2018)]
    assert {year for _, year in cities_and_years(detect("misplaced_block", observations))} == {2018}


def test_two_shifted_years_do_not_drag_the_year_between_them_along() -> None:
    observations = shift(shift(clean(4), 2016, 1), 2018, 1)
    assert {year for _, year in cities_and_years(detect("misplaced_block", observations))} == {2016, 2018}


def test_figures_of_another_file_of_the_source_that_fit_their_cities_are_not_held() -> None:
    first, second = two_files(1)
    held = detect("misplaced_block", [*shift(first, 2018, 1), *second])
    assert {a.observation.indicator_id for a in held} == {"i"}


def test_a_misplaced_block_names_the_figure_of_a_city_only_where_it_is_certain() -> None:
    observations = shift(clean(5), 2018, -1)
    named = {a.observation.city_code: a.expected_text for a in detect("misplaced_block", observations)}
    stands = zip(CITIES, CITIES[1:] + CITIES[:1], strict=True)
    own = {city: at(observations, row, 2018) for city, row in stands}
    assert "" in named.values()
    assert any(named.values())
    assert all(text in ("", f"{own[city].text} (f.csv:{own[city].line})") for city, text in named.items() if city)


@pytest.mark.parametrize("swapped", [4, 6])
def test_a_column_in_an_exchange_of_its_own_is_flagged_once(swapped: int) -> None:
    """A block holds its columns without the others, and what others have taken out no longer contradicts it."""
    for seed in SEEDS[:6]:
        shifted = [
            replace(o, indicator_id=name)
            for at, name in ((0, "i"), (50, "j"))
            for o in shift(clean(seed + at), 2018, 1)
        ]
        column = clean(seed + 100)
        cities = random.Random(seed).sample(CITIES, swapped)
        values = {
            (city, 2018): at(column, other, 2018).value
            for pair in zip(cities[::2], cities[1::2], strict=True)
            for city, other in (pair, pair[::-1])
        }
        exchanged = [replace(o, indicator_id="k") for o in replace_values(column, values)]
        flagged = detect("misplaced_block", [*shifted, *exchanged])
        figures = [(a.observation.indicator_id, a.observation.city_code, a.observation.year) for a in flagged]
        assert len(figures) == len(set(figures))


def test_one_gross_figure_is_no_misplaced_block() -> None:
    for seed in SEEDS[:5]:
        observations = clean(seed)
        figure = at(observations, CITIES[4], 2018).value
        assert detect("misplaced_block", replace_values(observations, {(CITIES[3], 2018): figure})) == []


def test_a_common_change_of_all_cities_is_no_misplaced_block() -> None:
    raised = [replace(o, value=o.value * 3) if o.year == 2018 else o for o in clean(2)]
    assert detect("misplaced_block", raised) == []


def test_fewer_cities_than_can_be_compared_are_not_judged() -> None:
    few = [o for o in shift(clean(1), 2018, 1) if o.city_code in CITIES[:3]]
    assert detect("misplaced_block", few) == []


def many_on_lines() -> list[Observation]:
    """Cities that rise along straight lines of very different slopes, in two columns."""
    start = observation(CITIES[0], YEARS[0], 0)
    return [
        replace(
            start,
            city_code=f"u{city:02}",
            year=year,
            indicator_id=column,
            line=city,
            value=round(1 + (city * 7919 + shift * 4729) % 5900 / 100 + (year - YEARS[0]) * (city * 31 % 40) / 10, 2),
        )
        for column, shift in (("i", 0), ("j", 1))
        for year in YEARS
        for city in range(60)
    ]


def test_cities_that_rise_at_very_different_rates_are_not_exchanged_where_their_series_end() -> None:
    assert detect("misplaced_block", many_on_lines()) == []


@pytest.mark.parametrize("year", [YEARS[0], 2018, YEARS[-1]])
def test_a_block_of_such_cities_in_the_rows_of_other_places_is_held_alone(year: int) -> None:
    observations = many_on_lines()
    cities = sorted({o.city_code or "" for o in observations})
    following = dict(zip(cities, [*cities[1:], cities[0]], strict=True))
    values = {(o.city_code, o.indicator_id): o.value for o in observations if o.year == year}
    moved = [
        replace(o, value=values[following[o.city_code or ""], o.indicator_id]) if o.year == year else o
        for o in observations
    ]
    assert cities_and_years(detect("misplaced_block", moved)) == {(city, year) for city in cities}
