"""Moves between two releases: their parts, on the real models over a few rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.release.explain.recompute import (
    SCORES,
    ModelText,
    ReleaseModels,
    downstream_of,
    rebuild,
    rebuild_downstream,
    save_scores,
    upstream_of,
)
from assets.release.explain.score_diff import CHANGES, ENDS, PARTS, find_score_changes
from assets.warehouse.connection import Connection, connect_in_memory
from tests.builders.world import World, furnished, models, tables

TEXTS = tuple(
    ModelText(model.name, model.sql, model.upstream)
    for name, model in models().items()
    if name.startswith(("scorecards.", "observations.current_", "observations.derived_"))
)


@pytest.fixture(scope="module")
def memory() -> Iterator[Connection]:
    """A database of its own: recomputing replaces whole schemas."""
    with connect_in_memory() as connection:
        connection.execute("set threads = 1")
        yield connection


def snapshot(memory: Connection, name: str, facts: Mapping[str, Any]) -> ReleaseModels:
    """A release with these figures, goalpost and weights, its scores made by the real models."""
    for schema in ("reference", "observations", "scorecards"):
        memory.execute(f"drop schema if exists {schema} cascade")
    world = furnished(World(memory))
    for indicator_id in ("i", "j"):
        world.indicator(
            indicator_id, (0, facts.get("upper", 100)) if indicator_id == "i" else (0, 100), weight=facts.get("w", 1)
            if indicator_id == "i" else 1,
        )  # fmt: skip
        figures = {year: value for (which, year), value in facts["figures"].items() if which == indicator_id}
        world.figures(indicator_id, figures)
    if (part := facts.get("people")) is not None:
        rate = {"indicator_id": "i", "numerator_id": "j", "denominator_id": "people", "multiplier": 1}
        world.add("reference.indicator_parts", {**rate, "maximum_gap_years": 0})
        world.indicator("people", None, weight=0).figures("people", {2024: part})
    for table in {read for text in TEXTS for read in text.depends_on if not read.startswith("scorecards.")}:
        world.build(table)
    for table in ("indicator_scores", "dimension_scores", "measure_scores", "city_scores"):
        world.build(f"scorecards.{table}")
    names = memory.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where schema_name in ('reference', 'observations', 'scorecards')"
    ).fetchall()
    memory.execute(f"drop schema if exists {name} cascade; create schema {name}")
    selects = {}
    for schema, table in names:
        memory.execute(f'create table {name}."{schema}.{table}" as from {schema}.{table}')
        selects[f"{schema}.{table}"] = f'select * from {name}."{schema}.{table}"'
    return ReleaseModels(selects, facts.get("models", TEXTS))


def moves(memory: Connection, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    before, after = snapshot(memory, "before", old), snapshot(memory, "after", new)
    assert find_score_changes(memory, before, after, tables()[CHANGES]) == []
    cursor = memory.execute(f"from {CHANGES} order by level, item_id")
    names = [column[0] for column in cursor.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {f"{row['level']} {row['item_id']}": row for row in rows}


def parts(row: Mapping[str, Any], end: str = "evidenced") -> list[int]:
    return [row[f"{end}_{part}_hundredths"] for part in PARTS]


OLD = {"figures": {("i", 2024): 40.0, ("j", 2024): 60.0}}


def test_nothing_moves_between_a_release_and_itself(memory: Connection) -> None:
    assert moves(memory, OLD, OLD) == {}


def test_each_part_is_found_where_only_it_changed(memory: Connection) -> None:
    revised = moves(memory, OLD, {"figures": {("i", 2024): 50.0, ("j", 2024): 60.0}})
    assert parts(revised["indicator i"]) == [1000, 0, 0, 0]
    added = moves(memory, OLD, {"figures": {**OLD["figures"], ("i", 2023): 1.0, ("j", 2025): 9.0}})
    assert "indicator j" not in added, "a year after the assessment does not score"
    earlier = {"figures": {("i", 2023): 40.0, ("j", 2024): 60.0}}
    added = moves(memory, earlier, {"figures": {**earlier["figures"], ("i", 2024): 30.0}})
    assert parts(added["indicator i"]) == [0, -1000, 0, 0]
    aimed = moves(memory, OLD, {**OLD, "upper": 80})
    assert parts(aimed["indicator i"]) == [0, 0, 1000, 0]
    weighed = moves(memory, OLD, {**OLD, "w": 3})
    assert parts(weighed["dimension d"]) == [0, 0, 0, -500]
    assert "indicator i" not in weighed


def test_both_ends_of_a_range_have_their_own_parts(memory: Connection) -> None:
    alone = {"figures": {("j", 2024): 60.0}}
    row = moves(memory, alone, {"figures": {("i", 2024): 40.0, ("j", 2024): 70.0}})["dimension d"]
    # 30–80 becomes 55: of the revision both ends move by 5, of the new figure the lower end by 20, the upper by -30
    assert (row["evidenced_old"], row["possible_old"], row["evidenced_new"], row["possible_new"]) == (30, 80, 55, 55)
    assert (parts(row), parts(row, "possible")) == ([500, 2000, 0, 0], [500, -3000, 0, 0])
    assert (row["score_status_old"], row["score_status_new"], row["status_cause"]) == ("too_open", "ranked", "added")


def test_a_derived_score_moves_with_the_revised_part(memory: Connection) -> None:
    old, new = ({"figures": {("j", 2024): 60.0}, "people": people} for people in (2.0, 3.0))
    assert parts(moves(memory, old, new)["indicator i"]) == [-1000, 0, 0, 0]


def test_changed_sql_is_changed_method(memory: Connection) -> None:
    halved = tuple(
        ModelText(text.name, text.sql.replace("1e2 * cast(value_scaled", "5e1 * cast(value_scaled"), text.depends_on)
        for text in TEXTS
    )
    assert halved != TEXTS
    before, after = snapshot(memory, "before", {**OLD, "models": halved}), snapshot(memory, "after", OLD)
    # What was published then was made by the SQL of then.
    rebuild(memory, before)
    memory.execute("create schema then_published")
    shown = dict(before.selects)
    for table in [name for name in shown if name.startswith("scorecards.")]:
        memory.execute(f'create table then_published."{table}" as from {table}')
        shown[table] = f'select * from then_published."{table}"'
    find_score_changes(memory, ReleaseModels(shown, halved), after, tables()[CHANGES])
    row = memory.execute(
        f"select evidenced_delta_hundredths, evidenced_method_hundredths from {CHANGES} "
        "where level = 'indicator' and item_id = 'i'"
    ).fetchone()
    assert row == (2000, 2000)
    memory.execute("drop schema then_published cascade")


def test_a_score_that_appears_or_disappears_has_its_cause(memory: Connection) -> None:
    alone = {"figures": {("j", 2024): 60.0}}
    appeared = moves(memory, alone, OLD)["indicator i"]
    assert (appeared["change"], appeared["cause"], appeared["evidenced_delta_hundredths"]) == (
        "appeared",
        "added",
        None,
    )
    gone = moves(memory, OLD, alone)["indicator i"]
    assert (gone["change"], gone["cause"], gone["status_cause"]) == ("disappeared", "revised", "revised")


FIGURES = st.dictionaries(
    st.tuples(st.sampled_from("ij"), st.sampled_from([2020, 2023, 2024])),
    st.floats(0, 120).map(lambda value: round(value, 3)),
    max_size=6,
)
RELEASES = st.fixed_dictionaries({"figures": FIGURES, "upper": st.integers(50, 120), "w": st.integers(1, 5)})


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=RELEASES, new=RELEASES)
def test_the_parts_add_up_to_the_move(memory: Connection, old: dict[str, Any], new: dict[str, Any]) -> None:
    for row in moves(memory, old, new).values():
        for end in ENDS:
            move = row[f"{end}_delta_hundredths"]
            if row["change"] == "moved":
                assert sum(parts(row, end)) == move
                assert move == int(row[f"{end}_new"] * 100 + 0.5) - int(row[f"{end}_old"] * 100 + 0.5)
            else:
                assert move in (None, 0)


READ = sorted({name for text in TEXTS for name in text.depends_on} - {text.name for text in TEXTS})


def scores(memory: Connection) -> list[tuple[Any, ...]]:
    save_scores(memory, "scores_now")
    return memory.execute("from scores_now order by all").fetchall()


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=RELEASES, new=RELEASES, names=st.sets(st.sampled_from(READ)))
def test_downstream_of_replaced_tables_scores_as_if_all_were_rebuilt(
    memory: Connection, old: dict[str, Any], new: dict[str, Any], names: set[str]
) -> None:
    before, after = snapshot(memory, "before", old), snapshot(memory, "after", new)
    state = before.replacing({name: after.selects[name] for name in names})
    rebuild(memory, before)
    assert rebuild_downstream(memory, state, names) == []
    partial = scores(memory)
    rebuild(memory, state)
    assert partial == scores(memory)


def test_what_reads_nothing_that_was_replaced_is_not_rebuilt() -> None:
    assert downstream_of(TEXTS, ()) == []
    names = [model.name for model in downstream_of(TEXTS, {"observations.city_observations"})]
    assert names.index("scorecards.indicator_scores") < names.index("scorecards.dimension_scores")
    assert "scorecards.attainment_history" in names
    assert "scorecards.attainment_history" not in [
        model.name for model in downstream_of(TEXTS, {"reference.dimensions"})
    ]


def test_changes_are_found_without_the_models_on_which_no_score_depends() -> None:
    names = {model.name for model in upstream_of(TEXTS, SCORES)}
    assert names >= set(SCORES)
    assert "scorecards.redundant_indicators" not in names
    assert "scorecards.attainment_history" in names


def test_a_model_that_cannot_be_run_stays_as_it_was_published(memory: Connection) -> None:
    before = snapshot(memory, "before", OLD)
    rebuild(memory, before)
    published = memory.execute(f"from ({before.selects['scorecards.indicator_scores']}) order by all").fetchall()
    state = before.replacing({"reference.goalposts": "select 1 as nothing_of_use"})
    assert rebuild_downstream(memory, state, ["reference.goalposts"])
    assert memory.execute("from scorecards.indicator_scores order by all").fetchall() == published
