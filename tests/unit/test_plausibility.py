"""Detectors: each leaves clean series alone and finds the fault that is planted in them."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

import pytest

from assets.core.paths import PROJECT_ROOT
from assets.quality.anomalies.flags import DETECTORS, NEEDED
from assets.quality.anomalies.outliers import (
    Anomaly,
    Observation,
    SeriesMetadata,
    decimals,
    nearest_years,
    significant_digits,
)

CITIES = [f"c{i:02}" for i in range(12)]
YEARS = range(2012, 2025)
KNOWN = SeriesMetadata(
    additive=frozenset({"i"}),
    never_zero=frozenset({"i"}),
    parts=(("rate", "i", "below", 100.0),),
    cities_of={"P": frozenset(CITIES)},
)
SEEDS = range(20)


def parameters() -> dict[str, dict[str, float]]:
    listed: dict[str, dict[str, float]] = defaultdict(dict)
    with (PROJECT_ROOT / "data" / "reference" / "detector_parameters.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            listed[row["detector_id"]][row["parameter"]] = float(row["value"])
    return listed


PARAMETERS = parameters()


def figure(city: str | None, year: int, value: float, **said: object) -> Observation:
    line = 2 + (year - YEARS[0]) * len(CITIES) + (CITIES.index(city) if city else 0)
    place = {"city_code": city, "province_code": None if city else "P", "file": "f.csv", "file_sha256": "f"}
    whole = {"indicator_id": "i", "scope": "whole", "vintage": 1, "sheet": None, "line": line, "kind": "stock"}
    return Observation(**{**whole, **place, "year": year, "value": value, **said})  # type: ignore[arg-type]


def clean(seed: int, **said: object) -> list[Observation]:
    """Cities of different sizes, each growing at a pace of its own with a noise of one per cent."""
    rng = random.Random(seed)
    figures = []
    for city in CITIES:
        size, pace = rng.uniform(4, 7), rng.uniform(0.0, 0.05)
        for year in YEARS:
            value = round(2.718 ** (size + pace * (year - YEARS[0]) + rng.gauss(0, 0.01)), 2)
            figures.append(figure(city, year, value, **said))
    return figures


def at(figures: Iterable[Observation], city: str, year: int) -> Observation:
    return next(f for f in figures if (f.city_code, f.year) == (city, year))


def planted(figures: list[Observation], values: dict[tuple[str, int], float]) -> list[Observation]:
    return [replace(f, value=values.get((f.city_code or "", f.year), f.value)) for f in figures]


def found(detector: str, figures: list[Observation], known: SeriesMetadata = KNOWN) -> list[Anomaly]:
    return list(DETECTORS[detector](figures, known, PARAMETERS[detector]))


def places(suspicions: list[Anomaly]) -> set[tuple[str | None, int]]:
    return {(s.figure.city_code, s.figure.year) for s in suspicions}


def shift(figures: list[Observation], year: int, rows: int) -> list[Observation]:
    """Each city of one year carries the figure of the city `rows` further on, the last those of the first."""
    of_year = [f.value for f in figures if f.year == year]
    return planted(figures, {(c, year): of_year[(i + rows) % len(CITIES)] for i, c in enumerate(CITIES)})


def test_the_registry_gives_every_detector_its_parameters() -> None:
    assert {name: set(given) for name, given in PARAMETERS.items()} == {n: set(p) for n, p in NEEDED.items()}
    assert set(DETECTORS) == set(NEEDED)


@pytest.mark.parametrize("detector", sorted(set(DETECTORS) - {"spike", "jump", "copy"}))
def test_clean_series_are_never_flagged(detector: str) -> None:
    for seed in SEEDS:
        assert found(detector, clean(seed)) == []


@pytest.mark.parametrize("detector", ["spike", "jump", "copy"])
def test_clean_series_are_flagged_in_fewer_than_one_in_a_hundred_figures(detector: str) -> None:
    flags = sum(len(found(detector, clean(seed))) for seed in SEEDS)
    assert flags / (len(SEEDS) * len(CITIES) * len(YEARS)) < 0.01


def test_a_block_shifted_by_a_row_is_found_whichever_way_and_year_and_no_other_block() -> None:
    hits = 0
    for seed in SEEDS:
        for rows in (1, -1):
            year = random.Random(seed).choice(YEARS)
            flagged = places(found("shifted_block", shift(clean(seed), year, rows)))
            hits += flagged == {(city, year) for city in CITIES}
    assert hits == 2 * len(SEEDS)


def test_a_shifted_block_that_lost_its_last_row_is_found() -> None:
    figures = [f for f in shift(clean(3), 2018, 1) if (f.city_code, f.year) != (CITIES[-1], 2018)]
    assert {year for _, year in places(found("shifted_block", figures))} == {2018}


def test_two_shifted_years_do_not_drag_the_year_between_them_along() -> None:
    figures = shift(shift(clean(4), 2016, 1), 2018, 1)
    assert {year for _, year in places(found("shifted_block", figures))} == {2016, 2018}


def noisy(seed: int, year: int, rows: int) -> list[Observation]:
    """A second column of the same lines, whose history is too noisy to tell a shift by itself."""
    rng = random.Random(seed)
    levels = {city: rng.gauss(50, 4) for city in CITIES}
    figures = [
        figure(city, y, round(levels[city] + rng.gauss(0, 2.0), 2), indicator_id="noisy", kind="rate")
        for city in CITIES
        for y in YEARS
    ]
    return shift(figures, year, rows) if rows else figures


def test_beside_a_shifted_block_the_other_columns_of_its_lines_are_held_too() -> None:
    alone = sum(bool(found("shifted_block", noisy(seed, 2024, 1))) for seed in SEEDS)
    together = sum(
        "noisy"
        in {
            s.figure.indicator_id for s in found("shifted_block", [*shift(clean(seed), 2024, 1), *noisy(seed, 2024, 1)])
        }
        for seed in SEEDS
    )
    assert together == len(SEEDS) > alone
    assert not any(
        "noisy"
        in {
            s.figure.indicator_id for s in found("shifted_block", [*shift(clean(seed), 2024, 1), *noisy(seed, 2024, 0)])
        }
        for seed in SEEDS
    )


def test_a_shifted_block_says_on_which_line_the_figure_of_a_city_stands() -> None:
    figures = shift(clean(5), 2018, -1)
    first = found("shifted_block", figures)[0]
    assert first.expected.endswith(f"(f.csv:{at(figures, CITIES[1], 2018).line})")


@pytest.mark.parametrize("factor", [1.5, 0.6])
def test_a_spike_is_flagged_in_its_year_and_is_no_jump(factor: float) -> None:
    for seed in SEEDS:
        figures = clean(seed)
        fault = planted(figures, {("c03", 2018): at(figures, "c03", 2018).value * factor})
        assert ("c03", 2018) in places(found("spike", fault))
        assert not {("c03", 2018), ("c03", 2019)} & places(found("jump", fault))


def raised(figures: list[Observation], factor: float) -> list[Observation]:
    values = {("c03", f.year): f.value * factor for f in figures if f.city_code == "c03" and f.year >= 2018}
    return planted(figures, values)


def test_a_jump_to_a_new_level_is_flagged_in_the_first_year_of_it() -> None:
    for seed in SEEDS:
        assert ("c03", 2018) in places(found("jump", raised(clean(seed), 1.6)))


@pytest.mark.parametrize("city", ["c03", None])
def test_a_listed_break_explains_a_jump_of_that_city_or_of_all(city: str | None) -> None:
    known = replace(KNOWN, breaks=frozenset({("i", city, 2018)}))
    assert ("c03", 2018) not in places(found("jump", raised(clean(1), 1.6), known))
    elsewhere = replace(KNOWN, breaks=frozenset({("i", "c04", 2018), ("other", None, 2018)}))
    assert ("c03", 2018) in places(found("jump", raised(clean(1), 1.6), elsewhere))


def test_a_constant_series_is_neither_jump_nor_spike_for_a_last_digit() -> None:
    figures = [figure("c00", year, 1000 + 10 * (year == 2018)) for year in YEARS]
    assert found("jump", figures) == found("spike", figures) == []


@pytest.mark.parametrize(("kind", "flagged"), [("flow", {("c00", 2018)}), ("stock", set()), ("rate", set())])
def test_three_equal_years_are_stale_in_a_flow_alone(kind: str, flagged: set[tuple[str, int]]) -> None:
    values = {("c00", year): 523.0 for year in (2016, 2017, 2018)}
    assert places(found("repeat", planted(clean(1, kind=kind), values))) == flagged


def test_zeros_of_a_flow_may_repeat() -> None:
    assert found("repeat", [figure("c00", year, 0, kind="flow") for year in YEARS]) == []


def test_a_figure_of_another_city_is_flagged_in_both() -> None:
    for seed in SEEDS:
        figures = clean(seed)
        fault = planted(figures, {("c01", 2018): 317.43, ("c07", 2018): 317.43})
        assert {("c01", 2018), ("c07", 2018)} <= places(found("copy", fault))


def test_coarse_figures_may_be_equal_by_chance() -> None:
    assert found("copy", [figure(city, 2018, [97.1, 97.2, 97.3][i % 3]) for i, city in enumerate(CITIES)]) == []


@pytest.mark.parametrize("value", [1234.56, 12345, 98765, 7777.7, 0.34567])
def test_digits_in_a_row_look_invented(value: float) -> None:
    assert len(found("invented", [figure("c00", 2018, value)])) == 1


@pytest.mark.parametrize("value", [1234, 1234.57, 100000, 123.4, 5745.51])
def test_other_digits_do_not(value: float) -> None:
    assert found("invented", [figure("c00", 2018, value)]) == []


def test_cities_that_do_not_add_up_flag_the_total() -> None:
    figures = clean(1)
    total = sum(f.value for f in figures if f.year == 2018)
    assert found("total", [*figures, figure(None, 2018, total * 1.01)]) == []
    (off,) = found("total", [*figures, figure(None, 2018, total * 1.1)])
    assert (off.figure.province_code, off.figure.year) == ("P", 2018)
    assert found("total", [*figures, figure(None, 2018, total * 1.1)], replace(KNOWN, additive=frozenset())) == []


def test_some_of_the_cities_may_be_less_than_the_total_but_not_more() -> None:
    some = [f for f in clean(1) if f.city_code != "c00"]
    total = sum(f.value for f in some if f.year == 2018)
    assert found("total", [*some, figure(None, 2018, total * 2)]) == []
    assert len(found("total", [*some, figure(None, 2018, total / 2)])) == 1


@pytest.mark.parametrize(("rate", "count"), [(25.0, 0), (25.3, 0), (27.0, 1), (2.5, 1)])
def test_a_rate_is_held_against_its_parts(rate: float, count: int) -> None:
    below = figure("c00", 2018, 400, indicator_id="below")
    above = figure("c00", 2018, 100)
    assert len(found("parts", [above, below, figure("c00", 2018, rate, indicator_id="rate", kind="rate")])) == count


def test_a_stock_that_returns_twice_to_a_level_it_left_flips() -> None:
    values = dict(zip(range(2014, 2021), [699, 699, 1572.3, 699, 1572, 1572, 1570], strict=True))
    figures = [figure("c00", year, value) for year, value in values.items()]
    assert places(found("flip", figures)) == {("c00", 2017), ("c00", 2018)}
    assert found("flip", figures[:4]) == []
    assert found("flip", [replace(f, kind="flow") for f in figures]) == []


@pytest.mark.parametrize(("indicator", "count"), [("i", 1), ("other", 0)])
def test_zero_is_flagged_where_it_cannot_be(indicator: str, count: int) -> None:
    assert len(found("zero", [figure("c00", 2018, 0, indicator_id=indicator)])) == count


@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_an_order_of_magnitude_is_flagged(factor: float) -> None:
    for seed in SEEDS:
        figures = clean(seed)
        fault = planted(figures, {("c03", 2018): at(figures, "c03", 2018).value * factor})
        assert places(found("magnitude", fault)) == {("c03", 2018)}


def test_digits_are_counted_as_written() -> None:
    assert [decimals(value) for value in (1.0, 1.5, 0.001, 1e-7, 1200.0, -2.25, 1.5e-9, 1e20)] == [
        0,
        1,
        3,
        7,
        0,
        2,
        10,
        0,
    ]
    assert [significant_digits(value) for value in (1200.0, 0.0012, 12.5, 1e20, -3.4e-7, 0.0)] == [2, 2, 3, 1, 2, 0]


def test_the_nearest_years_come_first_and_of_two_as_near_the_earlier() -> None:
    assert nearest_years((2012, 2013, 2015, 2016), 2) == ((1, 2), (0, 2), (3, 1), (2, 1))
    assert nearest_years((2012, 2013), 5) == ((1,), (0,))
    assert nearest_years((2012,), 5) == ((),)


def test_rows_of_many_files_make_no_block_too_short_to_compare() -> None:
    """Each city sends a file of its own: nothing can have moved by a row, whatever the figures are."""
    moved = shift(clean(1), 2018, 1)
    assert found("shifted_block", moved)
    assert not found("shifted_block", [replace(f, file_sha256=f.city_code or "") for f in moved])
