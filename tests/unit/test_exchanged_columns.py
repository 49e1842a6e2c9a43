"""Exchanged columns: figures under the name of another indicator are found, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from assets.quality.anomalies.observation import Anomaly, Observation
from tests.builders.observations import CITIES, PARAMETERS, YEARS, clean, detect, shift

NAMES = "ijkl"
YEAR = YEARS[-1]


def columns(seed: int) -> list[Observation]:
    """Four indicators of a source, in two files."""
    return [
        replace(o, indicator_id=name, file=f"{number % 2}.csv", file_sha256=str(number % 2))
        for number, name in enumerate(NAMES)
        for o in clean(seed + 50 * number)
    ]


def rename(observations: list[Observation], names: Mapping[str, str], year: int = YEAR) -> list[Observation]:
    """Let the columns of a year carry the figures of others."""
    value = {(o.indicator_id, o.city_code): o.value for o in observations if o.year == year}
    return [
        replace(o, value=value[names.get(o.indicator_id, o.indicator_id), o.city_code]) if o.year == year else o
        for o in observations
    ]


def held(anomalies: list[Anomaly]) -> set[tuple[str, int]]:
    return {(anomaly.observation.indicator_id, anomaly.observation.year) for anomaly in anomalies}


@pytest.mark.parametrize("year", [YEAR, 2018])
@pytest.mark.parametrize("names", [{"i": "j", "j": "i"}, {"i": "k", "k": "i"}, {"i": "j", "j": "k", "k": "i"}])
def test_exchanged_columns_are_held_whole_with_the_figure_that_belongs_there(names: dict[str, str], year: int) -> None:
    clean_columns = columns(1)
    found = detect("exchanged_columns", rename(clean_columns, names, year))
    assert held(found) == {(name, year) for name in names}
    assert len(found) == len(names) * len(CITIES)
    own = {(o.indicator_id, o.city_code): o.text for o in clean_columns if o.year == year}
    source = {figures: name for name, figures in names.items()}
    for anomaly in found:
        o = anomaly.observation
        text = own[o.indicator_id, o.city_code]
        assert anomaly.expected_text.startswith(f"{text} ({source[o.indicator_id]}, ")


def test_one_column_under_another_name_is_held_alone_without_a_direction() -> None:
    """The column of that name is right, or has no figures in the year."""
    copied = rename(columns(2), {"i": "j"})
    for observations in (copied, [o for o in copied if (o.indicator_id, o.year) != ("j", YEAR)]):
        found = detect("exchanged_columns", observations)
        assert held(found) == {("i", YEAR)}
        assert {anomaly.expected_text for anomaly in found} == {""}


def test_two_exchanged_years_do_not_drag_the_year_between_them_along() -> None:
    names = {"i": "j", "j": "i"}
    found = detect("exchanged_columns", rename(rename(columns(3), names, 2016), names, 2018))
    assert held(found) == {(name, year) for name in names for year in (2016, 2018)}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("threshold", 1e9),
        ("margin", 1e9),
        ("minimum_share", 1.01),
        ("maximum_distance", 0),
        ("minimum_cities", 13),
        ("minimum_years", 13),
    ],
)
def test_each_parameter_decides_whether_exchanged_columns_are_held(
    monkeypatch: pytest.MonkeyPatch, parameter: str, value: float
) -> None:
    monkeypatch.setitem(PARAMETERS["exchanged_columns"], "single_threshold", 1e9)
    observations = rename(columns(1), {"i": "j", "j": "i"})
    assert held(detect("exchanged_columns", observations)) == {("i", YEAR), ("j", YEAR)}
    monkeypatch.setitem(PARAMETERS["exchanged_columns"], parameter, value)
    assert detect("exchanged_columns", observations) == []


def test_columns_that_chance_exchanges_as_well_are_not_held() -> None:
    """Two columns of the same level and order in every city, up to their noise."""
    twins = [replace(o, indicator_id=name) for name, seed in (("i", 1), ("j", 1)) for o in clean(seed)]
    assert detect("exchanged_columns", rename(twins, {"i": "j", "j": "i"})) == []


@pytest.mark.parametrize("factor", [0.01, 0.1, 3.0, 10.0, 100.0])
def test_a_column_in_another_unit_is_no_exchange(factor: float) -> None:
    changed = [replace(o, value=o.value * factor) if (o.indicator_id, o.year) == ("i", YEAR) else o for o in columns(4)]
    assert detect("exchanged_columns", changed) == []


def test_rows_of_other_places_and_clean_columns_are_no_exchange() -> None:
    for seed in range(5):
        shifted = [replace(o, indicator_id=name) for name in NAMES for o in shift(clean(seed + ord(name)), YEAR, 1)]
        assert detect("exchanged_columns", shifted) == []
        assert detect("exchanged_columns", columns(seed)) == []
        # What the rows cannot explain well, a block may claim too, but of no other column.
        assert held(detect("misplaced_block", rename(columns(seed), {"i": "j", "j": "i"}))) <= {
            ("i", YEAR),
            ("j", YEAR),
        }
