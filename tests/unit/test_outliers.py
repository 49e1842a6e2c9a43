"""Detectors: each leaves clean series alone and finds the fault that is planted in them."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

from assets.core.paths import PROJECT_ROOT
from assets.quality.anomalies.flags import DETECTORS
from assets.quality.anomalies.observation import Observation, nearest_years
from assets.quality.anomalies.outliers import decimals, significant_digits
from tests.builders.observations import (
    CITIES,
    METADATA,
    PARAMETERS,
    SEEDS,
    YEARS,
    at,
    cities_and_years,
    clean,
    detect,
    detect_total,
    observation,
    replace_values,
)


def test_the_registry_gives_every_detector_its_parameters() -> None:
    assert {name: set(given) for name, given in PARAMETERS.items()} == {n: p for n, (_, p) in DETECTORS.items()}


@pytest.mark.parametrize("detector", sorted(set(DETECTORS) - {"spike", "level_shift", "duplicate_value"}))
def test_clean_series_are_never_flagged(detector: str) -> None:
    for seed in SEEDS:
        assert detect(detector, clean(seed)) == []


@pytest.mark.parametrize("detector", ["spike", "level_shift", "duplicate_value"])
def test_clean_series_are_flagged_in_fewer_than_one_in_a_hundred_figures(detector: str) -> None:
    flags = sum(len(detect(detector, clean(seed))) for seed in SEEDS)
    assert flags / (len(SEEDS) * len(CITIES) * len(YEARS)) < 0.01


@pytest.mark.parametrize("factor", [1.5, 0.6])
def test_a_spike_is_flagged_in_its_year_and_is_no_jump(factor: float) -> None:
    for seed in SEEDS:
        observations = clean(seed)
        fault = replace_values(observations, {("c03", 2018): at(observations, "c03", 2018).value * factor})
        assert ("c03", 2018) in cities_and_years(detect("spike", fault))
        assert not {("c03", 2018), ("c03", 2019)} & cities_and_years(detect("level_shift", fault))


def raised(observations: list[Observation], factor: float) -> list[Observation]:
    values = {("c03", f.year): f.value * factor for f in observations if f.city_code == "c03" and f.year >= 2018}
    return replace_values(observations, values)


def test_a_jump_to_a_new_level_is_flagged_in_the_first_year_of_it() -> None:
    for seed in SEEDS:
        assert ("c03", 2018) in cities_and_years(detect("level_shift", raised(clean(seed), 1.6)))


@pytest.mark.parametrize("city", ["c03", None])
def test_a_listed_break_explains_a_jump_of_that_city_or_of_all(city: str | None) -> None:
    metadata = replace(METADATA, breaks=frozenset({("i", city, 2018)}))
    assert ("c03", 2018) not in cities_and_years(detect("level_shift", raised(clean(1), 1.6), metadata))
    elsewhere = replace(METADATA, breaks=frozenset({("i", "c04", 2018), ("other", None, 2018)}))
    assert ("c03", 2018) in cities_and_years(detect("level_shift", raised(clean(1), 1.6), elsewhere))


def test_a_constant_series_is_neither_jump_nor_spike_for_a_last_digit() -> None:
    observations = [observation("c00", year, 1000 + 10 * (year == 2018)) for year in YEARS]
    assert detect("level_shift", observations) == detect("spike", observations) == []


@pytest.mark.parametrize(("kind", "flagged"), [("flow", {("c00", 2018)}), ("stock", set()), ("rate", set())])
def test_three_equal_years_are_stale_in_a_flow_alone(kind: str, flagged: set[tuple[str, int]]) -> None:
    values = {("c00", year): 523.0 for year in (2016, 2017, 2018)}
    assert cities_and_years(detect("repeated_value", replace_values(clean(1, kind=kind), values))) == flagged


def test_zeros_of_a_flow_may_repeat() -> None:
    assert detect("repeated_value", [observation("c00", year, 0, kind="flow") for year in YEARS]) == []


def test_a_figure_of_another_city_is_flagged_in_both() -> None:
    for seed in SEEDS:
        observations = clean(seed)
        fault = replace_values(observations, {("c01", 2018): 317.43, ("c07", 2018): 317.43})
        assert {("c01", 2018), ("c07", 2018)} <= cities_and_years(detect("duplicate_value", fault))


def test_coarse_figures_may_be_equal_by_chance() -> None:
    assert (
        detect("duplicate_value", [observation(city, 2018, [97.1, 97.2, 97.3][i % 3]) for i, city in enumerate(CITIES)])
        == []
    )


@pytest.mark.parametrize("value", [1234.56, 12345, 98765, 7777.7, 0.34567])
def test_digits_in_a_row_look_invented(value: float) -> None:
    assert len(detect("sequential_digits", [observation("c00", 2018, value)])) == 1


@pytest.mark.parametrize("value", [1234, 1234.57, 100000, 123.4, 5745.51])
def test_other_digits_do_not(value: float) -> None:
    assert detect("sequential_digits", [observation("c00", 2018, value)]) == []


def test_cities_that_do_not_add_up_flag_the_total() -> None:
    observations = clean(1)
    total = sum(f.value for f in observations if f.year == 2018)
    assert detect("sum_mismatch", [*observations, observation(None, 2018, total * 1.01)]) == []
    (off,) = detect("sum_mismatch", [*observations, observation(None, 2018, total * 1.1)])
    assert (off.observation.province_code, off.observation.year) == ("P", 2018)
    assert (
        detect(
            "sum_mismatch",
            [*observations, observation(None, 2018, total * 1.1)],
            replace(METADATA, additive=frozenset()),
        )
        == []
    )


def read_registry(table: str) -> list[dict[str, str]]:
    with (PROJECT_ROOT / "data" / "reference" / f"{table}.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_cities_of_every_amount_of_the_registry_are_compared_with_the_province() -> None:
    amounts = {row["indicator_id"] for row in read_registry("indicators") if row["kind"] in ("stock", "flow")}
    additive = {row["indicator_id"] for row in read_registry("indicator_plausibility") if row["is_additive"] == "true"}
    assert additive == amounts
    metadata = replace(METADATA, additive=frozenset(additive))
    for name in sorted(additive):
        cities = [observation(city, 2018, 10.0, indicator_id=name) for city in CITIES]
        for total, count in ((120.0, 0), (126.0, 1), (114.0, 1)):
            province = observation(None, 2018, total, indicator_id=name)
            assert len(detect("sum_mismatch", [*cities, province], metadata)) == count


def test_each_part_of_the_registry_is_compared_with_its_whole() -> None:
    whole_of = {row["indicator_id"]: row["part_of_id"] for row in read_registry("indicator_plausibility")}
    parts = {part: whole for part, whole in whole_of.items() if whole}
    assert parts
    for part, whole in parts.items():
        figures = [observation("c00", 2018, 50, indicator_id=whole), observation("c00", 2018, 51, indicator_id=part)]
        metadata = replace(METADATA, whole_of={part: whole})
        assert [a.observation.indicator_id for a in detect("part_exceeds_whole", figures, metadata)] == [part]


def test_some_of_the_cities_may_be_less_than_the_total_but_not_more() -> None:
    some = [f for f in clean(1) if f.city_code != "c00"]
    total = sum(f.value for f in some if f.year == 2018)
    assert detect("sum_mismatch", [*some, observation(None, 2018, total * 2)]) == []
    assert len(detect("sum_mismatch", [*some, observation(None, 2018, total / 2)])) == 1


@pytest.mark.parametrize(("rate", "count"), [(25.0, 0), (25.3, 0), (27.0, 1), (2.5, 1)])
def test_a_rate_is_held_against_its_parts(rate: float, count: int) -> None:
    below = observation("c00", 2018, 400, indicator_id="below")
    above = observation("c00", 2018, 100)
    assert (
        len(detect("ratio_mismatch", [above, below, observation("c00", 2018, rate, indicator_id="rate", kind="rate")]))
        == count
    )


@pytest.mark.parametrize(("gap", "count"), [(0, 1), (2, 1), (3, 0), (-1, 0)])
def test_the_denominator_of_a_rate_may_be_some_years_older_and_never_newer(gap: int, count: int) -> None:
    rows = [observation("c00", 2018, 100), observation("c00", 2018, 27.0, indicator_id="rate", kind="rate")]
    assert len(detect("ratio_mismatch", [*rows, observation("c00", 2018 - gap, 400, indicator_id="below")])) == count


def test_parts_of_another_scope_are_no_parts() -> None:
    rows = [observation("c00", 2018, 100), observation("c00", 2018, 27.0, indicator_id="rate", kind="rate")]
    below = observation("c00", 2018, 400, indicator_id="below", scope="centre")
    assert detect("ratio_mismatch", [*rows, below]) == []


@pytest.mark.parametrize(("parts", "count"), [((40.0,), 0), ((60.0,), 1), ((30.0, 20.0), 0), ((30.0, 21.0), 2)])
def test_the_parts_of_a_whole_do_not_exceed_it_together(parts: tuple[float, ...], count: int) -> None:
    whole = observation("c00", 2018, 50, indicator_id="whole", kind="rate")
    names = ("part", "other part")
    rows = [observation("c00", 2018, value, indicator_id=names[i], kind="rate") for i, value in enumerate(parts)]
    assert len(detect("part_exceeds_whole", [whole, *rows])) == count
    assert detect("part_exceeds_whole", [replace(whole, year=2017), *rows]) == []


def planned(year: int, value: float, city: str | None = None) -> Observation:
    return observation(city, year, value, indicator_id="planned", kind="flow")


def done(year: int, value: float, city: str | None = None) -> Observation:
    return observation(city, year, value, indicator_id="done", kind="flow", vintage=0)


PLANS = [planned(2019, 686), planned(2020, 1506), planned(2023, 1245), planned(2024, 1343)]


def test_communities_in_the_plan_that_were_sent_as_completed_are_flagged() -> None:
    (found,) = detect_total(2019, done(2024, 7119), *PLANS)
    assert (found.value_text, found.expected_text) == ("7119 (2019–2024); Σ (4/6)", "4780")


@pytest.mark.parametrize(("value", "count"), [(4780, 0), (4781, 1)])
def test_a_total_may_reach_the_sum_of_its_plans_and_not_exceed_it(value: float, count: int) -> None:
    assert len(detect_total(2019, done(2024, value), *PLANS)) == count


def test_a_total_with_few_plans_or_those_of_others_is_not_judged() -> None:
    assert detect_total(2012, done(2024, 99_999), *PLANS) == []
    assert detect_total(2019, done(2024, 99_999)) == []
    assert detect_total(2019, done(2024, 99_999, "c01"), *PLANS) == []
    assert detect_total(2019, observation(None, 2024, 99_999, indicator_id="other"), *PLANS) == []


def test_the_running_plan_of_the_period_decides_over_the_yearly_plans() -> None:
    plan = (2019, observation(None, 2024, 7000, indicator_id="planned"))
    assert detect_total(2019, done(2024, 6900), *PLANS, plan) == []
    (found,) = detect_total(2019, done(2024, 7119), *PLANS, plan)
    assert found.expected_text == "7000"
    short = (2020, observation(None, 2024, 1, indicator_id="planned"))
    assert len(detect_total(2019, done(2024, 4781), *PLANS, short)) == 1


def test_a_stock_that_returns_twice_to_a_level_it_left_flips() -> None:
    values = dict(zip(range(2014, 2021), [699, 699, 1572.3, 699, 1572, 1572, 1570], strict=True))
    observations = [observation("c00", year, value) for year, value in values.items()]
    assert cities_and_years(detect("definition_flip", observations)) == {("c00", 2017), ("c00", 2018)}
    assert detect("definition_flip", observations[:4]) == []
    assert detect("definition_flip", [replace(f, kind="flow") for f in observations]) == []


@pytest.mark.parametrize(("indicator", "count"), [("i", 1), ("other", 0)])
def test_zero_is_flagged_where_it_cannot_be(indicator: str, count: int) -> None:
    assert len(detect("impossible_zero", [observation("c00", 2018, 0, indicator_id=indicator)])) == count


@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_an_order_of_magnitude_is_flagged(factor: float) -> None:
    for seed in SEEDS:
        observations = clean(seed)
        fault = replace_values(observations, {("c03", 2018): at(observations, "c03", 2018).value * factor})
        assert cities_and_years(detect("magnitude_outlier", fault)) == {("c03", 2018)}


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
