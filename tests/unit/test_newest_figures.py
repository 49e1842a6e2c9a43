"""Newest figures: slips are found across gaps, and moves of all cities and usual changes are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assets.quality.anomalies.observation import Observation
from tests.builders.observations import CITIES, METADATA, SEEDS, at, cities_and_years, clean, detect, replace_values

NEWEST = 2024


def slipped(seed: int, factor: float) -> list[Observation]:
    observations = clean(seed)
    return replace_values(observations, {("c03", NEWEST): at(observations, "c03", NEWEST).value * factor})


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
    raised = [replace(o, value=o.value * 1.05) if o.year == NEWEST else o for o in clean(2)]
    assert detect("implausible_figure", raised) == []


def test_a_column_in_another_unit_is_held_whole() -> None:
    raised = [replace(o, value=o.value * 10) if o.year == NEWEST else o for o in clean(2)]
    assert cities_and_years(detect("implausible_figure", raised)) == {(city, NEWEST) for city in CITIES}


def test_a_listed_break_in_the_newest_year_leaves_no_history_to_compare_with() -> None:
    metadata = replace(METADATA, breaks=frozenset({("i", None, NEWEST)}))
    assert detect("implausible_figure", slipped(1, 4.0), metadata) == []


def test_a_rate_without_history_is_compared_with_the_other_cities() -> None:
    rates = [replace(o, kind="rate", value=40 + i / 10) for i, o in enumerate(clean(1)[::13])]
    assert detect("unlikely_figure", rates) == []
    fault = [replace(rates[0], value=4.0), *rates[1:]]
    assert cities_and_years(detect("unlikely_figure", fault)) == {(rates[0].city_code, rates[0].year)}


def test_earlier_years_are_not_examined() -> None:
    observations = clean(3)
    fault = replace_values(observations, {("c03", 2018): at(observations, "c03", 2018).value * 4})
    assert detect("implausible_figure", fault) == []
