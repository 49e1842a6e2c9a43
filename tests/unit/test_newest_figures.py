"""Newest figures: slips are found across gaps, and moves of all cities and usual changes are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assets.quality.anomalies.observation import Observation
from tests.builders.observations import (
    CITIES,
    METADATA,
    PARAMETERS,
    SEEDS,
    at,
    cities_and_years,
    clean,
    detect,
    replace_values,
)

NEWEST = 2024


def slipped(seed: int, factor: float) -> list[Observation]:
    observations = clean(seed)
    return replace_values(observations, {("c03", NEWEST): at(observations, "c03", NEWEST).value * factor})


def moved(factor: float) -> list[Observation]:
    """All cities move alike in the newest year."""
    return [replace(o, value=o.value * factor) if o.year == NEWEST else o for o in clean(2)]


def restless(swing: float, factor: float) -> list[Observation]:
    """A city that goes up and down by a share of its figures, and then slips."""
    return [
        replace(o, value=o.value * (1 + swing * (-1) ** o.year)) if o.city_code == "c03" and o.year < NEWEST else o
        for o in slipped(1, factor)
    ]


def rates_with_a_fault() -> list[Observation]:
    """Rates of one year, the first of which is far from the others."""
    rates = [replace(o, kind="rate", value=40 + i / 10) for i, o in enumerate(clean(1)[::13])]
    return [replace(rates[0], value=4.0), *rates[1:]]


@pytest.mark.parametrize("factor", [4.0, 0.4])
def test_a_slip_in_the_newest_year_is_held_alone(factor: float) -> None:
    for seed in SEEDS:
        assert cities_and_years(detect("implausible_figure", slipped(seed, factor))) == {("c03", NEWEST)}
        # A figure that is held is unlikely too, whichever thresholds the two detectors have.
        assert ("c03", NEWEST) in cities_and_years(detect("unlikely_figure", slipped(seed, factor)))


def test_a_slip_after_a_gap_of_years_is_held() -> None:
    observations = [o for o in slipped(1, 4.0) if o.year not in (2022, 2023)]
    assert cities_and_years(detect("implausible_figure", observations)) == {("c03", NEWEST)}


def test_a_move_of_all_cities_that_they_share_is_not_held() -> None:
    assert detect("implausible_figure", moved(1.05)) == []


def test_a_column_in_another_unit_is_held_whole() -> None:
    assert cities_and_years(detect("implausible_figure", moved(10))) == {(city, NEWEST) for city in CITIES}


def test_a_listed_break_in_the_newest_year_leaves_no_history_to_compare_with() -> None:
    metadata = replace(METADATA, breaks=frozenset({("i", None, NEWEST)}))
    assert detect("implausible_figure", slipped(1, 4.0), metadata) == []


def test_a_rate_without_history_is_compared_with_the_other_cities() -> None:
    fault = rates_with_a_fault()
    assert detect("unlikely_figure", [replace(fault[0], value=40.0), *fault[1:]]) == []
    assert cities_and_years(detect("unlikely_figure", fault)) == {(fault[0].city_code, fault[0].year)}


def test_earlier_years_are_not_examined() -> None:
    observations = clean(3)
    fault = replace_values(observations, {("c03", 2018): at(observations, "c03", 2018).value * 4})
    assert detect("implausible_figure", fault) == []


@pytest.mark.parametrize(
    ("detector", "observations", "parameter", "value", "held", "held_with_value"),
    [
        ("implausible_figure", moved(1.15), "minimum_cities", 12, set(), {"c04", "c05", "c09", "c11"}),
        ("implausible_figure", slipped(1, 4.0), "minimum_years", 13, {"c03"}, set()),
        ("implausible_figure", restless(0.05, 1.8), "prior_points", 0, {"c03"}, set()),
        ("implausible_figure", restless(0.1, 2.0), "prior_points", 1000, set(), {"c03"}),
        ("unlikely_figure", rates_with_a_fault(), "minimum_cities", 12, {"c00"}, set()),
        ("unlikely_figure", slipped(1, 1.14), "threshold", 6, {"c03"}, set()),
    ],
)
def test_each_parameter_decides(
    monkeypatch: pytest.MonkeyPatch,
    detector: str,
    observations: list[Observation],
    parameter: str,
    value: float,
    held: set[str],
    held_with_value: set[str],
) -> None:
    assert {city for city, _ in cities_and_years(detect(detector, observations))} == held
    monkeypatch.setitem(PARAMETERS[detector], parameter, value)
    assert {city for city, _ in cities_and_years(detect(detector, observations))} == held_with_value
