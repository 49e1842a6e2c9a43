"""Pace and status: where a series goes, by two rules side by side, and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.builders.world import Row, World, furnished

Test = Callable[..., None]
Series = Mapping[int, float]

RULES = ("compound", "linear")

# Profiles of cumulative targets, told beside the tests that use them.
PROFILES: list[Row] = []

# Indicator by indicator: series, targets, and what the registry says. They are judged together, which is quicker.
CASES: dict[str, tuple[Series, tuple[float | Row, ...], Row]] = {}


def case(values: Series, *targets: float | Row, **registry: object) -> Callable[[Test], Test]:
    """The test is about the score of an indicator with this series and these targets, by default for 2030."""

    def keep(test: Test) -> Test:
        CASES[test.__name__] = (values, targets, registry)
        return test

    return keep


def cases(**by_name: tuple[Series, tuple[float | Row, ...], Row, object]) -> Callable[[Test], Test]:
    """The same for several indicators, each with what the test expects of it."""

    def keep(test: Test) -> Test:
        names = {f"{test.__name__}-{name}": expected for name, (*_, expected) in by_name.items()}
        CASES.update({f"{test.__name__}-{name}": (told[0], told[1], told[2]) for name, told in by_name.items()})
        return pytest.mark.parametrize(("score", "expected"), names.items(), ids=by_name, indirect=["score"])(test)

    return keep


@pytest.fixture(scope="module")
def scores(any_world: World) -> dict[str, Row]:
    world = furnished(any_world).city("B")
    for name, (values, targets, registry) in CASES.items():
        world.indicator(name, None, **registry).figures(name, values)
        for target in targets:
            world.target(name, **(target if isinstance(target, dict) else {"value": target}))
    world.add("reference.target_cities", {"target_id": "of B", "city_code": "B"})
    world.add("reference.target_profiles", *PROFILES)
    return {row["indicator_id"]: row for row in world.rows("scorecards.indicator_scores", city_code="A")}


@pytest.fixture
def score(request: pytest.FixtureRequest, scores: dict[str, Row]) -> Row:
    return scores[getattr(request, "param", request.function.__name__)]


def one_of(values: Series, *targets: float | Row, expected: object, **registry: object) -> Any:
    """One entry of `cases`."""
    return values, targets, registry, expected


# --- Statistics Canada, compound rule, base to target -----------------------------------------------------------

FALLING: Row = {"direction": -1, "pace_rule": "compound"}
UNDER: Row = {"operator": "<="}


@case({2015: 14.5, 2023: 10.2}, {"value": 7.25, **UNDER}, **FALLING)
def test_a_substantial_series_has_the_published_ratio_and_score(score: Row) -> None:
    assert score["pace_ratio_compound"] == pytest.approx(0.9525901792032172, rel=1e-13)
    assert score["progress_score"] == pytest.approx(2.5185563910306596, rel=1e-13)
    assert (score["status"], score["pace_rule"], score["rules_agree"]) == ("on_track", "compound", True)


@case({2015: 14.5, 2023: 10.2}, {"value": 7.25, **UNDER}, **FALLING)
def test_the_linear_ratios_of_the_same_series_are_the_published_ones(score: Row) -> None:
    assert score["pace_ratio_linear"] == pytest.approx(1.112069, abs=5e-7)
    assert score["observed_change_per_year"] / score["required_change_per_year"] == pytest.approx(1.275424, abs=5e-7)


@case({2015: 14.5, 2023: 10.4}, {"value": 7.25, **UNDER}, **FALLING)
def test_a_moderate_series_has_the_published_ratio_and_score(score: Row) -> None:
    assert score["pace_ratio_compound"] == pytest.approx(0.9010899546976208, rel=1e-13)
    assert score["progress_score"] == pytest.approx(2.1506954374096354, rel=1e-13)
    assert score["status"] == "moderate"


@case({2015: 14.5, 2023: 10.4}, {"value": 7.25, **UNDER}, **FALLING)
def test_a_series_on_which_the_rules_differ_shows_both_and_says_so(score: Row) -> None:
    assert (score["status_compound"], score["status_linear"]) == ("moderate", "on_track")
    assert score["rules_agree"] is False


@case({2015: 4.2, 2024: 4.5}, {"value": 2.8, **UNDER}, **FALLING)
def test_nine_of_fifteen_years_give_the_published_deterioration(score: Row) -> None:
    assert score["pace_ratio_compound"] == pytest.approx(-0.288550, abs=5e-7)
    assert score["progress_score"] == pytest.approx(-3.702303, abs=5e-6)
    assert score["status"] == "deteriorating"


@case({2015: 4.2, 2023: 4.5}, {"value": 2.8, **UNDER}, **FALLING)
def test_eight_of_fifteen_years_do_not_give_it(score: Row) -> None:
    assert score["pace_ratio_compound"] == pytest.approx(-0.324775, abs=5e-7)


@case({2016: 95.74, 2021: 98.78}, 100, pace_rule="compound")
def test_a_series_past_the_pace_has_the_published_ratio_and_the_highest_score(score: Row) -> None:
    assert score["pace_ratio_compound"] == pytest.approx(2.013664, abs=5e-7)
    assert (score["progress_score"], score["status"]) == (5, "on_track")


@case({2015: 100, 2023: 100}, 100, pace_rule="compound")
def test_a_series_at_its_target_all_along_is_achieved_without_a_ratio(score: Row) -> None:
    assert (score["status_compound"], score["status_linear"], score["progress_score"]) == ("achieved", "achieved", 5)
    assert (score["pace_ratio_compound"], score["pace_ratio_linear"]) == (None, None)


# --- the eight statuses -----------------------------------------------------------------------------------------

STATUSES: dict[str, Any] = {
    "at_the_target_and_moving_to_it": one_of({2015: 50, 2024: 80}, 80, expected="achieved"),
    "past_the_target_and_standing_still": one_of({2015: 90, 2024: 90}, 80, expected="achieved"),
    "past_the_target_moving_away": one_of({2015: 90, 2024: 85}, 80, expected="achieved_declining"),
    "exactly_the_required_pace": one_of({2015: 50, 2024: 59}, 65, expected="on_track"),
    "95_hundredths_of_the_pace": one_of({2015: 50, 2020: 57.6}, 74, expected="on_track"),
    "a_little_less_than_that": one_of({2015: 50, 2020: 57.59}, 74, expected="moderate"),
    "60_hundredths_of_the_pace": one_of({2015: 50, 2020: 54.8}, 74, expected="moderate"),
    "less_than_60_hundredths": one_of({2015: 50, 2020: 54.79}, 74, expected="limited"),
    "standing_still": one_of({2015: 50, 2024: 50}, 80, expected="limited"),
    "moving_away": one_of({2015: 50, 2024: 49.99}, 80, expected="deteriorating"),
    "fallen_short_of_a_target_met_at_the_base": one_of({2015: 90, 2024: 79}, 80, expected="deteriorating"),
    "one_figure": one_of({2024: 70}, 80, expected="not_available"),
    "one_figure_past_the_target": one_of({2024: 90}, 80, expected="not_available"),
    "no_figure": one_of({}, 80, expected="not_available"),
    "no_target": one_of({2015: 50, 2024: 60}, expected="no_target"),
}


@cases(**STATUSES)
def test_status_of(score: Row, expected: str) -> None:
    assert score["status"] == expected


def test_the_cases_above_reach_all_statuses_but_those_of_an_expired_target() -> None:
    assert len({expected for *_, expected in STATUSES.values()}) == 8


@cases(
    on_the_pace=one_of({2015: 50, 2024: 59}, 65, expected=1.0),
    slower=one_of({2015: 50, 2020: 54.8}, 74, expected=0.6),
    where_doubles_would_miss_it=one_of({2015: 0.1, 2020: 0.2}, 0.4, expected=1.0),
)
def test_the_linear_ratio_is_exact_to_the_last_bit(score: Row, expected: float) -> None:
    assert ((0.2 - 0.1) / 5) / ((0.4 - 0.1) / 15) != 1.0
    assert score["pace_ratio_linear"] == expected


@case({2015: 50, 2024: 60})
def test_without_a_target_the_trend_is_still_shown(score: Row) -> None:
    assert score["observed_change_per_year"] == pytest.approx(10 / 9)
    assert (score["target_authority"], score["target_id"], score["progress_score"]) == ("none", None, None)


@case({2015: 90, 2024: 85}, 80)
def test_past_the_target_and_moving_away_is_never_plain_achieved(score: Row) -> None:
    assert score["is_target_met"] is True
    assert (score["status_compound"], score["status_linear"]) == ("achieved_declining", "achieved_declining")
    assert score["progress_score"] != 5


@cases(
    short_of_it=one_of({2015: 50, 2024: 60}, 80, expected=20),
    past_it=one_of({2015: 50, 2024: 85}, 80, expected=-5),
    lower_is_better=one_of({2015: 50, 2024: 40}, {"value": 30, **UNDER}, direction=-1, expected=10),
)
def test_the_gap_is_positive_short_of_the_target_and_negative_past_it(score: Row, expected: float) -> None:
    assert score["gap_to_target"] == pytest.approx(expected)


@cases(
    at_it=one_of({2015: 50, 2020: 54.8}, 74, expected=7.1429 * 0.6 - 4.2857),
    below_it=one_of({2015: 50, 2020: 54.72}, 74, expected=4.1667 * 0.59 - 2.5),
    still=one_of({2015: 50, 2020: 50}, 74, expected=-2.5),
    away=one_of({2015: 50, 2020: 30}, 74, expected=-5),
)
def test_the_progress_score_bends_at_60_hundredths(score: Row, expected: float) -> None:
    assert score["progress_score"] == pytest.approx(expected, abs=1e-12)


# --- a range, and strict limits ---------------------------------------------------------------------------------

BETWEEN: Row = {"value": 8, "value_high": 10, "operator": "between"}


@cases(
    below=one_of({2015: 5, 2024: 7.99}, BETWEEN, expected=False),
    low_end=one_of({2015: 5, 2024: 8}, BETWEEN, expected=True),
    high_end=one_of({2015: 5, 2024: 10}, BETWEEN, expected=True),
    above=one_of({2015: 5, 2024: 10.01}, BETWEEN, expected=False),
)
def test_a_range_is_met_inside_it_and_has_no_pace(score: Row, expected: bool) -> None:
    assert score["is_target_met"] is expected
    assert (score["pace_ratio_linear"], score["pace_ratio_compound"]) == (None, None)


@case({2015: 14, 2024: 12}, BETWEEN)
def test_moving_toward_a_range_from_above_is_not_deteriorating(score: Row) -> None:
    assert score["status"] != "deteriorating"


@case({2015: 9.5, 2024: 9}, BETWEEN)
def test_moving_about_inside_a_range_is_achieved(score: Row) -> None:
    assert score["status"] == "achieved"


@case({2015: 14, 2024: 12}, BETWEEN)
def test_the_gap_above_a_range_is_counted_to_its_high_end(score: Row) -> None:
    assert score["gap_to_target"] == pytest.approx(2)


@cases(
    over=one_of({2015: 30, 2024: 43}, {"value": 43, "operator": ">"}, expected=False),
    at_least=one_of({2015: 30, 2024: 43}, {"value": 43, "operator": ">="}, expected=True),
    under=one_of({2015: 50, 2024: 43}, {"value": 43, "operator": "<"}, direction=-1, expected=False),
    at_most=one_of({2015: 50, 2024: 43}, {"value": 43, "operator": "<="}, direction=-1, expected=True),
)
def test_over_and_under_do_not_include_the_value_itself(score: Row, expected: bool) -> None:
    assert score["is_target_met"] is expected


# --- where the compound rule breaks -----------------------------------------------------------------------------


@cases(
    from_zero=one_of({2015: 0, 2024: 5}, 10, pace_rule="compound", expected="moderate"),
    sign_change=one_of({2015: -4, 2024: 5}, 10, pace_rule="compound", expected="on_track"),
    negative=one_of({2015: -9, 2024: -4}, 10, pace_rule="compound", expected="limited"),
    toward_zero=one_of({2015: 9, 2024: 4}, {"value": 0, **UNDER}, **FALLING, expected="moderate"),
)
def test_compound_falls_back_to_linear_and_says_so(score: Row, expected: str) -> None:
    assert (score["pace_ratio_compound"], score["status_compound"], score["pace_rule"]) == (
        None,
        "not_available",
        "linear",
    )
    assert score["status"] == score["status_linear"] == expected
    assert score["rules_agree"] is None


@cases(
    compound=one_of({2015: 14.5, 2023: 10.4}, {"value": 7.25, **UNDER}, **FALLING, expected="compound"),
    linear=one_of(
        {2015: 14.5, 2023: 10.4}, {"value": 7.25, **UNDER}, direction=-1, pace_rule="linear", expected="linear"
    ),
)
def test_the_headline_is_that_of_the_rule_that_the_registry_names(score: Row, expected: str) -> None:
    assert (score["pace_rule"], score["status"]) == (expected, score[f"status_{expected}"])


@case({2021: 100, 2024: 200}, 400, target_kind="cumulative", pace_rule="compound")
def test_a_cumulative_count_is_paced_linearly(score: Row) -> None:
    assert score["pace_rule"] == "linear"


# --- base and current year --------------------------------------------------------------------------------------


@cases(
    of_the_registry=one_of({2015: 10, 2018: 20, 2024: 30}, 60, base_year=2018, expected=2018),
    of_the_method=one_of({2012: 10, 2015: 20, 2024: 30}, 60, expected=2015),
    next_with_data=one_of({2012: 10, 2017: 20, 2024: 30}, 60, expected=2017),
    just_far_enough=one_of({2022: 10, 2024: 30}, 60, expected=2022),
    too_near=one_of({2023: 10, 2024: 30}, 60, expected=None),
    too_early=one_of({2014: 10, 2024: 30}, 60, expected=None),
)
def test_base_year(score: Row, expected: int | None) -> None:
    assert score["base_year"] == expected
    assert score["span_years"] == (expected and 2024 - expected)
    assert (score["status"] == "not_available") == (expected is None)


def test_the_minimum_span_is_a_parameter_of_the_method(any_world: World) -> None:
    world = furnished(any_world, minimum_span_years=1).indicator("i").figures("i", {2023: 10, 2024: 30})
    assert world.score("i")["base_year"] == 2023


@case({2015: 10, 2018: 30}, 20)
def test_a_stale_figure_has_neither_status_nor_attainment(score: Row) -> None:
    assert (score["data_status"], score["status"], score["attainment"]) == ("stale", "not_available", None)


@case({2015: 10, 2018: 15}, 60)
def test_a_stale_figure_has_no_progress_score(score: Row) -> None:
    assert (score["status"], score["progress_score"]) == ("not_available", None)


# --- which target -----------------------------------------------------------------------------------------------

SERIES = {2015: 10, 2024: 20}
BY_AUTHORITY: dict[str, Row] = {
    "policy_city": {"value": 31, "authority": "policy_city"},
    "policy_province": {"value": 32, "authority": "policy_province"},
    "national": {"value": 33, "authority": "national"},
    "standard": {"value": 34, "authority": "standard"},
    "expired": {"value": 35, "authority": "policy_city", "year": 2020},
}


@cases(
    **{
        standing: one_of(SERIES, *reversed(list(BY_AUTHORITY.values())[n:]), expected=standing)
        for n, standing in enumerate(BY_AUTHORITY)
    }
)
def test_the_order_of_targets_is_city_province_nation_standard_expired(score: Row, expected: str) -> None:
    assert score["target_authority"] == expected


@cases(
    **{
        status: one_of(SERIES, {"value": 40, "authority": status, "year": 2023}, expected="expired")
        for status in ("policy_city", "policy_province", "national", "standard")
    }
)
def test_a_target_whose_year_has_passed_is_shown_as_expired_and_never_paced_to_the_horizon(
    score: Row, expected: str
) -> None:
    assert (score["target_authority"], score["target_year"], score["pace_year"]) == (expected, 2023, 2023)
    assert (score["status_linear"], score["status_compound"], score["status"]) == ("missed",) * 3
    assert (score["judged_year"], score["judged_value"]) == (2024, 20)  # the first figure from 2023 on
    assert (score["required_change_per_year"], score["pace_ratio_linear_from_now"]) == (None, None)


PAST = {"value": 40, "authority": "policy_city", "year": 2020}


@cases(
    met=one_of({2015: 10, 2020: 41, 2024: 20}, PAST, expected=("met", 2020, 41, 5)),
    missed=one_of({2015: 10, 2020: 39, 2024: 50}, PAST, expected=("missed", 2020, 39, 7.1429 * 29 / 30 - 4.2857)),
    first_after=one_of({2015: 10, 2019: 50, 2022: 41}, PAST, expected=("met", 2022, 41, 5)),
    none_after=one_of({2010: 10, 2015: 10, 2019: 50}, PAST, expected=("not_available", None, None, None)),
    stale=one_of({2008: 10, 2010: 50}, {**PAST, "year": 2009}, expected=("met", 2010, 50, 5)),
    one_point=one_of({2020: 30}, PAST, expected=("missed", 2020, 30, None)),
    away=one_of({2015: 30, 2020: 20}, PAST, expected=("missed", 2020, 20, -5)),
    at_most=one_of({2020: 39}, {**PAST, "operator": "<=", "kind": "at_most"}, direction=-1,
        expected=("met", 2020, 39, 5)),
    exclusive=one_of({2020: 40}, {**PAST, "operator": ">"}, expected=("missed", 2020, 40, None)),
)  # fmt: skip
def test_a_target_whose_year_has_passed_is_judged_by_the_figure_of_that_year_or_the_first_after_it(
    score: Row, expected: tuple[str, int | None, float | None, float | None]
) -> None:
    status, year, value, progress = expected
    assert (score["status"], score["judged_year"], score["judged_value"]) == (status, year, value)
    assert score["progress_score"] == (None if progress is None else pytest.approx(progress))


@cases(
    achieved_declining=one_of({2015: 60, 2024: 57}, 50, expected=-2.5 + 4.1667 * -3 * 15 / (10 * 9)),
    no_longer_past=one_of({2015: 60, 2024: 40}, 50, expected=-5),
    from_the_target_itself=one_of({2015: 50, 2024: 40}, 50, expected=-5),
    at_most=one_of({2015: 40, 2024: 43}, {"value": 50, "operator": "<="}, direction=-1,
        expected=-2.5 + 4.1667 * -3 * 15 / (10 * 9)),
    away_from_a_range=one_of({2015: 12, 2024: 15}, {"value": 5, "value_high": 10, "operator": "between"},
        expected=-5),
    out_of_a_range=one_of({2015: 7, 2024: 15}, {"value": 5, "value_high": 10, "operator": "between"}, expected=-5),
    no_after_a_yes=one_of({2015: 1, 2024: 0}, {"value": 1, "kind": "yes_no"}, target_kind="yes_no", expected=-5),
    still_no=one_of({2015: 0, 2024: 0}, {"value": 1, "kind": "yes_no"}, target_kind="yes_no", expected=-2.5),
)  # fmt: skip
def test_the_worst_moves_have_a_progress_score(score: Row, expected: float) -> None:
    assert score["progress_score"] == pytest.approx(expected)


@cases(
    compound_past_the_target=one_of({2015: 60, 2024: 57}, 50, pace_rule="compound", expected="achieved_declining"),
    compound_away=one_of({2015: 60, 2024: 40}, 50, pace_rule="compound", expected="deteriorating"),
)
def test_away_from_a_target_that_was_met_there_is_no_pace_ratio_and_a_negative_score(score: Row, expected: str) -> None:
    assert (score["status"], score["pace_ratio_compound"], score["pace_ratio_linear"]) == (expected, None, None)
    assert -5 <= score["progress_score"] < 0


NO_LIMIT: Row = {"pace_rule": "linear"}


@cases(
    significant=one_of({2015: 100, 2024: 110}, expected=("significant", 1.1 ** (1 / 9) - 1)),
    at_the_threshold=one_of({2022: 100, 2024: 102.01}, expected=("significant", 0.01)),
    moderate=one_of({2015: 100, 2024: 105}, expected=("moderate", 1.05 ** (1 / 9) - 1)),
    none=one_of({2015: 100, 2024: 100}, expected=("moderate", 0)),
    wrong_way=one_of({2015: 100, 2024: 99}, expected=("wrong_way", 0.99 ** (1 / 9) - 1)),
    lower_is_better=one_of({2015: 100, 2024: 80}, direction=-1, expected=("significant", 1 - 0.8 ** (1 / 9))),
    from_zero=one_of({2015: 0, 2024: 3}, expected=("significant", None)),
    across_zero=one_of({2015: 2, 2024: -3}, expected=("wrong_way", None)),
    one_point=one_of({2024: 3}, expected=(None, None)),
    of_a_size=one_of({2015: 100, 2024: 110}, weight=0, expected=(None, None)),
    stale=one_of({2010: 1, 2012: 3}, expected=(None, None)),
)
def test_without_a_target_there_is_a_trend_by_yearly_growth_and_no_status(
    score: Row, expected: tuple[str | None, float | None]
) -> None:
    trend, rate = expected
    assert (score["status"], score["progress_score"], score["trend"]) == ("no_target", None, trend)
    assert score["trend_rate"] == (None if rate is None else pytest.approx(rate, abs=1e-9))


@case({2015: 10, 2024: 20}, 50)
def test_with_a_target_there_is_no_trend(score: Row) -> None:
    assert (score["trend"], score["trend_rate"]) == (None, None)


@pytest.mark.parametrize(
    ("values", "trend", "rate"),
    [
        ((99, 99.5), "significant", 1 - 0.5 ** (1 / 4)),
        ((90, 90.2), "moderate", 1 - 0.98 ** (1 / 4)),
        ((99, 98), "wrong_way", 1 - 2 ** (1 / 4)),
        ((98, 100), "at_limit", 1),
        ((100, 100), "at_limit", None),
        ((100, 99), "wrong_way", None),
    ],
)
def test_toward_a_natural_limit_the_trend_is_how_fast_the_rest_shrinks(
    world: World, values: tuple[float, float], trend: str, rate: float | None
) -> None:
    world.indicator("i", None, maximum=100).figures("i", {2020: values[0], 2024: values[1]})
    world.add("reference.goalposts", {"indicator_id": "i", "lower": 50, "upper": 100, "class": "natural_limit"})
    score = world.score("i")
    assert score["trend"] == trend
    assert score["trend_rate"] == (None if rate is None else pytest.approx(rate))


def test_neither_pace_nor_trend_crosses_a_break_in_the_series(world: World) -> None:
    for name in "ij":
        world.indicator(name).figures(name, {2018: 100, 2020: 50, 2022: 51, 2024: 52})
    world.add("reference.series_breaks", {"indicator_id": "i", "year": 2020}, {"indicator_id": "j", "year": 2024})
    of_i, of_j = world.score("i"), world.score("j")
    assert (of_i["base_year"], of_i["trend"]) == (2020, "moderate")
    assert (of_j["base_year"], of_j["trend"]) == (None, None)


@case(SERIES, {"value": 40, "authority": "policy_city", "year": 2024})
def test_a_target_of_the_assessment_year_has_not_expired(score: Row) -> None:
    assert (score["target_authority"], score["pace_year"], score["required_change_per_year"]) == (
        "policy_city",
        2024,
        None,
    )


@case(SERIES, {"value": 40, "authority": "standard", "year": None})
def test_a_standard_without_a_year_is_paced_to_the_horizon(score: Row) -> None:
    assert (score["target_authority"], score["target_year"], score["pace_year"]) == ("standard", None, 2030)


@case(SERIES, {"value": 30, "year": 2025}, {"value": 40, "year": 2029}, {"value": 50, "year": 2035})
def test_of_two_milestones_the_one_nearest_to_the_horizon_is_taken(score: Row) -> None:
    assert score["target_year"] == 2029


@cases(
    higher_is_better=one_of(SERIES, 36, 43, expected=43),
    lower_is_better=one_of(SERIES, 43, 36, direction=-1, expected=36),
)
def test_of_two_equal_references_the_stricter_one_is_taken(score: Row, expected: float) -> None:
    assert score["target_value"] == expected


@case(SERIES, {"value": 40, "scope": "province", "authority": "policy_province"})
def test_a_target_of_the_province_as_a_whole_never_attaches_to_a_city(score: Row) -> None:
    assert (score["target_authority"], score["target_id"], score["status"]) == ("none", None, "no_target")


@case(SERIES, {"target_id": "of B", "value": 40, "scope": "cities", "authority": "policy_city"})
def test_a_target_for_some_cities_does_not_attach_to_the_others(score: Row) -> None:
    assert score["target_authority"] == "none"


def test_a_target_for_some_cities_attaches_to_those_alone(world: World) -> None:
    world.city("B").indicator("i").target("i", 40, scope="cities", authority="policy_city")
    world.add("reference.target_cities", {"target_id": "i@40", "city_code": "B"})
    assert [row["city_code"] for row in world.rows("scorecards.selected_targets")] == ["B"]


def test_the_own_number_of_a_city_replaces_the_one_for_all(world: World) -> None:
    world.city("B").indicator("i").target("i", 50, authority="policy_province")
    world.target("i", 40, scope="cities", authority="policy_province")
    world.add("reference.target_cities", {"target_id": "i@40", "city_code": "B"})
    found = {row["city_code"]: row["value"] for row in world.rows("scorecards.selected_targets")}
    assert found == {"A": 50, "B": 40}


# --- the pace from now on ---------------------------------------------------------------------------------------


@case({2015: 14.5, 2023: 10.2}, {"value": 7.25, **UNDER}, **FALLING)
def test_the_ratios_from_now_on_are_the_published_ones(score: Row) -> None:
    assert score["pace_ratio_compound_from_now"] == pytest.approx(0.903740, abs=5e-7)
    assert score["pace_ratio_linear_from_now"] == pytest.approx(1.275424, abs=5e-7)
    assert score["observed_growth_rate"] == pytest.approx((10.2 / 14.5) ** (1 / 8) - 1)
    assert score["required_growth_rate"] == pytest.approx((7.25 / 10.2) ** (1 / 7) - 1)


@case({2015: 50, 2024: 90}, 80)
def test_past_the_target_no_pace_is_needed_any_more(score: Row) -> None:
    assert (score["pace_ratio_linear_from_now"], score["pace_ratio_compound_from_now"]) == (None, None)


# --- a limit that must be passed --------------------------------------------------------------------------------


@cases(
    over=one_of({2015: 43, 2024: 43}, {"value": 43, "operator": ">"}, expected="limited"),
    under=one_of({2015: 43, 2024: 43}, {"value": 43, "operator": "<"}, direction=-1, expected="limited"),
    zero=one_of({2015: 0, 2024: 0}, {"value": 0, "operator": ">"}, pace_rule="compound", expected="limited"),
)
def test_standing_still_at_a_limit_that_must_be_passed_is_no_progress(score: Row, expected: str) -> None:
    assert (score["status"], score["pace_ratio_linear"], score["progress_score"]) == (expected, 0, -2.5)


# --- cumulative, yes or no, to keep -----------------------------------------------------------------------------

COUNT: Row = {"kind": "cumulative", "value": 100, "year": 2030}


@cases(
    on_the_pace=one_of({2024: 40}, COUNT, base_year=2020, target_kind="cumulative", expected=(0.4, 0.4, 1.0)),
    behind=one_of({2024: 20}, COUNT, base_year=2020, target_kind="cumulative", expected=(0.2, 0.4, 0.5)),
    nothing_yet=one_of({2024: 0}, COUNT, base_year=2020, target_kind="cumulative", expected=(0, 0.4, 0)),
)
def test_a_count_is_judged_by_the_share_expected_by_now(score: Row, expected: tuple[float, float, float]) -> None:
    found = (score["share_of_total"], score["expected_share"], score["pace_ratio_linear"])
    assert found == pytest.approx(expected)
    assert (score["base_year"], score["base_value"], score["pace_ratio_compound"]) == (2020, 0, None)


PROFILES += [
    {"target_id": "profiled", "year": year, "expected_share": share}
    for year, share in ((2020, 0.0), (2022, 0.5), (2026, 0.9), (2030, 1.0))
]


@case({2024: 70}, {**COUNT, "target_id": "profiled"}, target_kind="cumulative")
def test_a_profile_says_what_is_expected_by_now(score: Row) -> None:
    assert score["expected_share"] == pytest.approx(0.7)
    assert score["pace_ratio_linear"] == pytest.approx(1)
    assert (score["base_year"], score["status"]) == (2020, "on_track")


@cases(
    reached=one_of({2024: 100}, COUNT, base_year=2020, expected="achieved"),
    one_year_in=one_of({2024: 10}, COUNT, base_year=2023, expected="not_available"),
    not_begun=one_of({2024: 0}, COUNT, base_year=2026, expected="not_available"),
)
def test_status_of_a_count(score: Row, expected: str) -> None:
    assert score["status"] == expected


YES: Row = {"kind": "yes_no", "operator": "=", "value": 1}


@cases(
    still_yes=one_of({2015: 1, 2024: 1}, YES, expected="achieved"),
    now_yes=one_of({2015: 0, 2024: 1}, YES, expected="achieved"),
    still_no=one_of({2015: 0, 2024: 0}, YES, expected="limited"),
    no_longer=one_of({2015: 1, 2024: 0}, YES, expected="deteriorating"),
)
def test_a_yes_is_there_or_not_and_has_no_pace(score: Row, expected: str) -> None:
    assert score["status"] == expected
    assert (score["pace_ratio_linear"], score["pace_ratio_compound"]) == (None, None)


KEEP: Row = {"kind": "keep_at_least", "value": 80}


@cases(
    both=one_of({2015: 85, 2024: 86}, KEEP, expected=(True, True, "achieved")),
    level_alone=one_of({2015: 90, 2024: 86}, KEEP, expected=(True, False, "achieved_declining")),
    trend_alone=one_of({2015: 70, 2024: 79}, KEEP, expected=(False, True, "on_track")),
    neither=one_of({2015: 82, 2024: 79}, KEEP, expected=(False, False, "deteriorating")),
)
def test_what_is_to_be_kept_is_a_level_and_a_trend(score: Row, expected: tuple[bool, bool, str]) -> None:
    assert (score["is_level_met"], score["is_not_declining"], score["status"]) == expected


# --- milestones -------------------------------------------------------------------------------------------------


def test_every_milestone_has_its_own_target_and_the_headline_stays_one(world: World) -> None:
    world.indicator("i").figures("i", {2015: 40, 2024: 60})
    for year, value in ((2027, 70), (2030, 80), (2035, 90), (2029, 79)):
        world.target("i", value, year=year)
    world.add("reference.milestones", *({"milestone_year": year} for year in (2027, 2030, 2035)))
    rows = world.rows("scorecards.milestone_targets")
    assert [(row["milestone_year"], row["value"], row["gap_to_target"]) for row in rows] == [
        (2027, 70, 10),
        (2030, 80, 20),
        (2035, 90, 30),
    ]
    assert [row["is_selected"] for row in rows] == [False, True, False]
    assert rows[0]["required_change_per_year"] == pytest.approx(10 / 3)


def test_a_standard_without_a_year_holds_at_each_milestone(world: World) -> None:
    world.indicator("i").target("i", 43, authority="standard", year=None).target("i", 50, year=2030)
    world.add("reference.milestones", *({"milestone_year": year} for year in (2027, 2030)))
    found = [
        (row["milestone_year"], row["authority"], row["value"]) for row in world.rows("scorecards.milestone_targets")
    ]
    assert found == [(2027, "standard", 43), (2030, "national", 50)]


# --- the preset of Statistics Canada ----------------------------------------------------------------------------

FROM_ZERO = ((3 / 0.001) ** (1 / 9) - 1) / ((6 / 0.001) ** (1 / 15) - 1)


@pytest.mark.parametrize(
    ("values", "target", "direction", "ratio", "status"),
    [
        ({2015: 14.5, 2023: 10.2}, 7.25, -1, 0.9525901792032172, "on_track"),
        ({2015: 14.5, 2023: 10.4}, 7.25, -1, 0.9010899546976208, "moderate"),
        ({2015: 4.2, 2024: 4.5}, 2.8, -1, -0.288550, "deteriorating"),
        ({2016: 95.74, 2021: 98.78}, 100, 1, 2.013664, "on_track"),
        ({2015: 100, 2024: 100}, 100, 1, None, "achieved"),
        ({2015: 0, 2024: 3}, 6, 1, FROM_ZERO, "on_track"),
        ({2015: 8, 2024: 0}, 0, -1, None, "achieved"),
        ({2015: 120, 2024: 110}, 100, 1, None, "achieved"),
        ({2015: 120, 2024: 90}, 100, 1, None, "deteriorating"),
        ({2015: -3, 2024: 2}, 5, 1, None, "not_available"),
    ],
)
def test_the_status_by_the_rule_of_statistics_canada_is_the_published_one(
    world: World, values: Series, target: float, direction: int, ratio: float | None, status: str
) -> None:
    world.indicator("i", None, direction=direction).figures("i", values)
    row = world.target("i", target, operator=">=" if direction == 1 else "<=").row("scorecards.preset_statuses")
    assert row["status"] == status
    if ratio is not None:
        assert row["pace_ratio"] == pytest.approx(ratio, abs=5e-7)
    assert (row["progress_score"] == 5) == (status == "achieved" or (ratio or 0) > 1.3)


# --- targets of the province ------------------------------------------------------------------------------------


def province(world: World, values: Series, *, is_expired: bool = False, **said: object) -> Row:
    """The comparison of the only target of the area P, whose total has these values."""
    world.indicator("i", None, direction=said.pop("direction", 1))
    world.connection.execute("update reference.cities set province_code = 'P'")
    for code in ("P", "nation"):
        rows = (
            {"province_code": code, "indicator_id": "i", "year": year, "value": value} for year, value in values.items()
        )
        filled = ({**row, "scope": "whole", "is_current": True, "is_progress": False, "vintage": 1} for row in rows)
        world.add("observations.aggregate_observations", *filled)
    year = 2020 if is_expired else 2030
    world.target("i", said.pop("value", 40), scope="province", authority="policy_province", year=year, **said)
    return world.row("scorecards.province_targets")


@pytest.mark.parametrize(
    ("values", "status", "year"),
    [
        ({2018: 39, 2020: 41, 2024: 30}, "met", 2020),
        ({2018: 45, 2021: 39, 2024: 50}, "missed", 2021),
        ({2018: 45}, "not_available", None),
    ],
)
def test_an_expired_target_of_the_province_is_judged_by_its_total_of_that_year(
    world: World, values: Series, status: str, year: int | None
) -> None:
    row = province(world, values, is_expired=True)
    assert (row["province_code"], row["authority"], row["status"], row["year"]) == ("P", "expired", status, year)


@pytest.mark.parametrize(
    ("values", "said", "status"),
    [
        ({2015: 10, 2024: 41}, {}, "achieved"),
        ({2015: 50, 2024: 45}, {}, "achieved_declining"),
        ({2015: 50, 2024: 35}, {}, "deteriorating"),
        ({2015: 10, 2024: 28}, {}, "on_track"),
        ({2015: 10, 2024: 22}, {}, "moderate"),
        ({2015: 10, 2024: 12}, {}, "limited"),
        ({2024: 50}, {}, "not_available"),
        ({2010: 10, 2017: 50}, {}, "not_available"),
        ({2015: 50, 2024: 38}, {"direction": -1, "operator": "<=", "kind": "at_most"}, "achieved"),
        ({2015: 30, 2024: 42}, {"operator": "between", "kind": "range", "value_high": 45}, "achieved"),
    ],
)
def test_a_target_of_the_province_is_paced_by_its_totals(world: World, values: Series, said: Row, status: str) -> None:
    assert province(world, values, **said)["status"] == status


def test_a_target_of_the_province_without_a_total_is_listed(world: World) -> None:
    row = province(world, {})
    assert (row["status"], row["value"], row["is_met"], row["gap_to_target"]) == ("not_available", None, None, None)
