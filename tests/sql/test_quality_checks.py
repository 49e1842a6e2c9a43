"""Quality checks: each finds nothing in a sound candidate, and finds the fault that is planted in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlglot
from sqlglot import exp

from assets.quality.checks.definitions import Check, read_sql_checks
from tests.builders.world import PATHS, Row, World, furnished, tables

CHECKS = {check.name: check for check in read_sql_checks(PATHS.sql)}

FLAG = """
insert into quality.flags by name
select 'f' as flag_id, city_code, indicator_id, year, scope, vintage, '{0}' as detector, false as is_approved
from observations.observation_vintages limit 1
"""
APPROVED = "insert into quality.approvals by name select 'gone' as flag_id"

# What is done to the sound candidate, by the check that must find it.
FAULTS: dict[str, str] = {
    "approvals_are_in_force": APPROVED,
    "dropped_values_are_never_current": "update observations.city_observations set correction_action = 'drop'",
    "duties_come_from_policy": "update scorecards.indicator_scores set target_authority = 'policy_city'",
    "every_city_has_a_value": "update scorecards.city_scores set indicators_with_data = 0",
    "every_indicator_is_listed": "delete from scorecards.indicator_scores where value is null",
    "every_measure_is_listed": "delete from scorecards.measure_scores where measure_id = 2",
    "few_rows_are_rejected": "update intake.files set rows_read = 19, rows_rejected = 2",
    "values_are_physically_possible": "update observations.city_observations set value = 100.01",
    "files_are_readable": "update intake.files set status = 'refused'",
    "quarantined_values_never_score": "update observations.city_observations set is_quarantined = true",
    "missing_values_never_score": "update scorecards.indicator_scores set attainment = 0 where value is null",
    "observations_are_reported_once": "update observations.city_observations set is_current = true",
    "observations_trace_to_a_file": (
        "update observations.city_observations set file_sha256 = 'nowhere' where vintage = 1"
    ),
    "rejected_rows_are_kept": "delete from intake.rejects",
    "reported_values_all_arrive": "delete from observations.city_observations where vintage = 1",
    "rows_add_up": "update intake.files set rows_read = rows_read + 1",
    "scores_are_finite": "update scorecards.indicator_scores set pace_ratio_linear = 'inf'::double where value > 0",
    "sheets_add_up": "update intake.sheets set rows_title = rows_title + 1",
    "there_are_observations": "delete from observations.city_observations",
    "indices_cover_every_direction": "update scorecards.city_scores set dimensions_wide_enough = 0, evidenced = 50",
    "measure_ranks_are_due": "update scorecards.measure_scores set rank = 1, open = 20.1",
    "ranges_add_up": "update scorecards.city_scores set lost = lost + 0.00000001",
    "ranks_are_due": "update scorecards.dimension_scores set rank = 1, open = 20.1",
}
# A flag of any detector fails the check of that detector and of no other.
FAULTS |= {name: FLAG.format(name.removeprefix("no_")) for name in CHECKS if name.startswith("no_")}

# Other faults that the same check must find.
MORE_FAULTS: list[tuple[str, str]] = [
    ("duties_come_from_policy", "update scorecards.indicator_scores set target_authority = 'policy_province'"),
    (
        "duties_come_from_policy",
        "update scorecards.indicator_scores set target_authority = 'policy_city', target_id = null",
    ),
    ("values_are_physically_possible", "update observations.city_observations set value = -0.01"),
    ("values_are_physically_possible", "update observations.city_observations set value = 'nan'::double"),
    ("missing_values_never_score", "update scorecards.indicator_scores set data_status = 'scored' where value is null"),
    ("observations_are_reported_once", "update observations.city_observations set is_current = false"),
    ("observations_trace_to_a_file", "update intake.files set status = 'refused'"),
    ("rejected_rows_are_kept", "insert into intake.rejects from (select * replace (9 as line) from intake.rejects)"),
    (
        "observations_are_reported_once",
        "update observations.city_observations set is_quarantined = true where is_current",
    ),
    (
        "reported_values_all_arrive",
        "insert into observations.city_observations from observations.city_observations limit 1",
    ),
    ("indices_cover_every_direction", "update scorecards.city_scores set rank = 1, open = 20.1"),
    ("measure_ranks_are_due", "update scorecards.measure_scores set rank = 1, open = 0, indicators_total = 0"),
    (
        "ranges_add_up",
        "update scorecards.dimension_scores set evidenced = evidenced - 1, open = open + 2, lost = lost - 1",
    ),
    ("ranges_add_up", "update scorecards.measure_scores set possible = null"),
    ("ranks_are_due", "update scorecards.dimension_scores set rank = 1, open = 0, indicators_total = 0"),
    ("rows_add_up", "update intake.files set rows_aggregate = rows_aggregate + 1"),
    ("sheets_add_up", "update intake.sheets set rows_rejected = rows_rejected - 1"),
    ("scores_are_finite", "update scorecards.indicator_scores set attainment = 'nan'::double where value > 0"),
    (
        "scores_are_finite",
        "update scorecards.indicator_scores set pace_ratio_compound = '-inf'::double where value > 0",
    ),
]


@pytest.fixture(scope="module")
def sound(any_world: World) -> World:
    """Two measures, two indicators of which one has a figure, a correction, a total, and one rejected row of twelve."""
    world = furnished(any_world)
    world.add("reference.sources", {}).add("reference.measures", {"measure_id": 1}, {"measure_id": 2})
    world.indicator("i", minimum=0, maximum=100).indicator("empty").target("i", 90)
    world.add("reference.indicator_measures", {"indicator_id": "i"}, {"indicator_id": "empty", "measure_id": 2})
    counts = {"rows_read": 12, "rows_blank": 0, "rows_accepted": 10, "rows_aggregate": 1, "rows_rejected": 1}
    world.add("intake.files", counts)
    classes = {"rows_physical": 13, "rows_title": 0, "rows_header": 1, "rows_unit": 0, "rows_repeated_header": 0}
    others = ("note", "footer", "unfilled", "wrapped", "set_aside", "passed_over", "unfolded")
    classes |= {f"rows_{name}": 0 for name in others}
    world.add("intake.sheets", counts | classes)
    world.add("intake.rejects", {"dataset": "sheet", "line": 7, "error_number": 1}, {"dataset": "sheet", "line": 7})
    # the figures given for the other tests make way for those that the models make of what was reported
    world.withdraw("observations.city_observations")
    place = {"city_code": "A"}
    world.add(
        "observations.reported_observations", {**place, "year": 2015, "value": 50}, {**place, "value": 60, "line": 2}
    )
    world.add(
        "observations.reported_observations", {**place, "value": 70, "line": 3}, {"province_code": "P", "value": 65}
    )
    world.add(
        "observations.reported_observations",
        {**place, "value": 7, "line": 4, "district": "north"},
        {**place, "value": 99, "line": 5, "since_year": 2019},
    )
    for model in ("city_scores", "dimension_scores", "measure_scores"):
        world.build(f"scorecards.{model}")
    for table in (
        "intake.files",
        "intake.rejects",
        "quality.approvals",
        "quality.flags",
        "observations.aggregate_observations",
        "observations.district_observations",
        "observations.running_totals",
    ):
        world.build(table)
    return world


@pytest.fixture
def candidate(sound: World) -> Iterator[World]:
    """The sound candidate; what a test does to it is undone."""
    sound.connection.execute("begin transaction")
    yield sound
    sound.connection.execute("rollback")


def found(world: World, name: str) -> list[Row]:
    return world.query(CHECKS[name].query)


def test_every_check_has_a_fault_planted_for_it() -> None:
    assert set(FAULTS) == set(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
def test_check_finds_nothing_in_a_sound_candidate(candidate: World, name: str) -> None:
    assert found(candidate, name) == []


@pytest.mark.parametrize("name", CHECKS)
def test_check_finds_the_fault_that_is_planted_for_it(candidate: World, name: str) -> None:
    candidate.connection.execute(FAULTS[name])
    assert found(candidate, name)


@pytest.mark.parametrize(("name", "statement"), MORE_FAULTS)
def test_check_finds_its_fault_in_another_guise(candidate: World, name: str, statement: str) -> None:
    candidate.connection.execute(statement)
    assert found(candidate, name)


@pytest.mark.parametrize("counts", ["rows_read = 20, rows_rejected = 2", "rows_read = 0, rows_rejected = 0"])
def test_one_rejected_row_in_ten_is_few(candidate: World, counts: str) -> None:
    candidate.connection.execute(f"update intake.files set {counts}")
    assert found(candidate, "few_rows_are_rejected") == []


def test_a_refused_file_has_no_rows_whose_rejects_could_be_missing(candidate: World) -> None:
    candidate.connection.execute("update intake.files set status = 'refused', rows_rejected = 5")
    assert found(candidate, "rejected_rows_are_kept") == []

    candidate.connection.execute("update observations.city_observations set value = 'inf'::double")
    assert found(candidate, "values_are_physically_possible")


def test_a_rank_without_a_range_is_found(candidate: World) -> None:
    candidate.connection.execute("update scorecards.dimension_scores set evidenced = null, open = null, rank = 1")
    assert found(candidate, "ranks_are_due")


def test_a_duty_whose_year_has_passed_is_found_when_shown_as_a_duty(candidate: World) -> None:
    candidate.connection.execute("update reference.targets set authority = 'policy_city', year = 2020")
    candidate.connection.execute("update scorecards.indicator_scores set target_authority = 'policy_city'")
    candidate.connection.execute("delete from scorecards.indicator_scores where target_id is null")
    assert found(candidate, "duties_come_from_policy")


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.name)
def test_check_names_a_table_that_it_reads_and_a_rule_in_two_languages(check: Check) -> None:
    tree = sqlglot.parse_one(check.query, read="duckdb")
    assert check.table in tables()
    assert check.table in {f"{table.db}.{table.name}" for table in tree.find_all(exp.Table)}
    assert check.description_zh
    assert check.description_en
