"""Which scores moved between two releases, and why: revised data, new data, targets and goalposts, method.

Here: the decomposition. The older release is recomputed with one thing replaced at a time, in that order; what is left
to the newer release is the method: parameters, weights, registry and SQL. Scores become whole hundredths of a point
before they are subtracted, so the parts add up to the move to the last digit shown. Not here: how it is told
(assets.release.explain.changelog, pipelines.cli.render.trace).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assets.release.explain.recompute import (
    SCORES,
    ReleaseModels,
    create_views,
    list_columns,
    rebuild,
    rebuild_downstream,
    save_scores,
    upstream_of,
)
from assets.warehouse.connection import Connection, quote_identifier
from assets.warehouse.tables import Table

CHANGES = "release.score_changes"
PARTS = ("revised", "added", "targets", "method")

_IDENTITY = ("city_code", "province_code", "indicator_id", "year", "scope")

# Each status or presence has the cause of the last step at which it changed.
_DECOMPOSITION = """
    with compared as (
        select
            coalesce(old.level, new.level) as level,
            coalesce(old.city_code, new.city_code) as city_code,
            coalesce(old.item_id, new.item_id) as item_id,
            old.score as score_old,
            new.score as score_new,
            cast(floor(old.score * 1e2 + 0.5) as bigint) as old_hundredths,
            cast(floor(new.score * 1e2 + 0.5) as bigint) as new_hundredths,
            cast(floor(again.score * 1e2 + 0.5) as bigint) as again_hundredths,
            cast(floor(revised.score * 1e2 + 0.5) as bigint) as at_revised,
            cast(floor(added.score * 1e2 + 0.5) as bigint) as at_added,
            cast(floor(targets.score * 1e2 + 0.5) as bigint) as at_targets,
            old.score_status as score_status_old,
            new.score_status as score_status_new,
            old.status as status_old,
            new.status as status_new,
            [old.score_status, old.status] as told_old,
            [again.score_status, again.status] as told_again,
            [revised.score_status, revised.status] as told_revised,
            [added.score_status, added.status] as told_added,
            [targets.score_status, targets.status] as told_targets,
            [new.score_status, new.status] as told_new
        from scores_old as old
        full join scores_new as new using (level, city_code, item_id)
        left join scores_again as again using (level, city_code, item_id)
        left join scores_revised as revised using (level, city_code, item_id)
        left join scores_added as added using (level, city_code, item_id)
        left join scores_targets as targets using (level, city_code, item_id)
    ),

    carried as (
        -- a step at which the score is missing for the moment moves nothing; the next one takes the whole
        select
            *,
            coalesce(again_hundredths, old_hundredths) as h0,
            coalesce(at_revised, again_hundredths, old_hundredths) as h1,
            coalesce(at_added, at_revised, again_hundredths, old_hundredths) as h2,
            coalesce(at_targets, at_added, at_revised, again_hundredths, old_hundredths) as h3
        from compared
    ),

    parted as (
        select
            *,
            new_hundredths - old_hundredths as moved_hundredths,
            case when new_hundredths is not null and old_hundredths is not null then h1 - h0 end as revised_hundredths,
            case when new_hundredths is not null and old_hundredths is not null then h2 - h1 end as added_hundredths,
            case when new_hundredths is not null and old_hundredths is not null then h3 - h2 end as targets_hundredths
        from carried
    ),

    named as (
        select
            *,
            case
                when score_old is null and score_new is not null then 'appeared'
                when score_old is not null and score_new is null then 'disappeared'
                when moved_hundredths <> 0 then 'moved'
                when told_old is distinct from told_new then 'status_only'
            end as change
        from parted
    )

    select
        level,
        city_code,
        item_id,
        change,
        score_old,
        score_new,
        moved_hundredths,
        revised_hundredths,
        added_hundredths,
        targets_hundredths,
        moved_hundredths - revised_hundredths - added_hundredths - targets_hundredths as method_hundredths,
        case
            when change not in ('appeared', 'disappeared') then null
            when (at_targets is null) <> (new_hundredths is null) then 'method'
            when (at_added is null) <> (at_targets is null) then 'targets'
            when (at_revised is null) <> (at_added is null) then 'added'
            when (again_hundredths is null) <> (at_revised is null) then 'revised'
            else 'method'
        end as cause,
        score_status_old,
        score_status_new,
        status_old,
        status_new,
        case
            when told_old is not distinct from told_new then null
            when told_targets is distinct from told_new then 'method'
            when told_added is distinct from told_targets then 'targets'
            when told_revised is distinct from told_added then 'added'
            when told_again is distinct from told_revised then 'revised'
            else 'method'
        end as status_cause
    from named
    where change is not null
"""


def find_score_changes(connection: Connection, old: ReleaseModels, new: ReleaseModels, table: Table) -> list[str]:
    """Make the table of changes on a connection in memory.

    Returns the older models that could not be run; what they would have shown of data and targets counts as method.
    Each step makes anew what rests on the tables that it replaced; the rest would be the same.
    """
    # A release from before the models were published is recomputed by those of the newer one.
    older = ReleaseModels(old.selects, upstream_of(old.models or new.models, SCORES))
    create_views(connection, old.selects)
    save_scores(connection, "scores_old")
    left = set(rebuild(connection, older))
    save_scores(connection, "scores_again")
    state = older
    for step, replaced in _steps(connection, older, new):
        state = state.replacing(replaced)
        left |= set(rebuild_downstream(connection, state, replaced))
        save_scores(connection, f"scores_{step}")
    create_views(connection, new.selects)
    save_scores(connection, "scores_new")
    table.create(connection)
    names = ", ".join(quote_identifier(name) for name in table.columns)
    connection.execute(f"insert into {table.qualified_name} select {names} from ({_DECOMPOSITION})")
    return sorted(left)


def _steps(connection: Connection, old: ReleaseModels, new: ReleaseModels) -> Iterator[tuple[str, Mapping[str, str]]]:
    """What is replaced in the older release at each step, one thing after the other: what its models read."""
    read = sorted({name for model in old.models for name in model.reads if name in old.selects and name in new.selects})
    observed = [name for name in read if name.startswith("observations.")]
    bars = [name for name in read if _is_bar(connection, name, old.selects[name])]
    yield "revised", {name: _revised(connection, old.selects[name], new.selects[name]) for name in observed}
    added = [name for name in observed if _has_added(connection, old.selects[name], new.selects[name])]
    yield "added", _as_before(connection, old, new, added)
    aimed = _as_before(connection, old, new, bars)
    yield "targets", {name: now for name, now in aimed.items() if _differ(connection, old.selects[name], now)}


def _differ(connection: Connection, one: str, other: str) -> bool:
    """Whether two selects have other rows, or columns of another type."""
    if list_columns(connection, one) != list_columns(connection, other):
        return True
    found = connection.execute(
        f"select count(*) from ((({one}) except all ({other})) union all (({other}) except all ({one})))"
    ).fetchone()
    return found != (0,)


def _is_bar(connection: Connection, name: str, select: str) -> bool:
    """Whether a reference table says what is aimed at: the goalposts, and whatever is about a target."""
    return name == "reference.goalposts" or (
        name.startswith("reference.") and "target_id" in list_columns(connection, select)
    )


def _as_before(connection: Connection, old: ReleaseModels, new: ReleaseModels, names: list[str]) -> dict[str, str]:
    return {name: _conformed(connection, old.selects[name], new.selects[name]) for name in names}


def _conformed(connection: Connection, old: str, new: str) -> str:
    """The newer rows in the older columns, for the older SQL."""
    there = list_columns(connection, new)
    cells = (
        quote_identifier(name) if name in there else f"cast(null as {type_}) as {quote_identifier(name)}"
        for name, type_ in list_columns(connection, old).items()
    )
    return f"select {', '.join(cells)} from ({new})"


def _revised(connection: Connection, old: str, new: str) -> str:
    """The newer rows of every figure that the older release has too, with those that were withdrawn left out."""
    return f"select now.* from ({_conformed(connection, old, new)}) as now where {_was_there(connection, old)}"


def _has_added(connection: Connection, old: str, new: str) -> bool:
    """Whether the newer release has rows of figures that the older one does not have."""
    newer = _conformed(connection, old, new)
    found = connection.execute(
        f"select count(*) from ({newer}) as now where not {_was_there(connection, old)}"
    ).fetchone()
    return found != (0,)


def _was_there(connection: Connection, old: str) -> str:
    keys = [name for name in _IDENTITY if name in list_columns(connection, old)]
    same = " and ".join(f"before.{name} is not distinct from now.{name}" for name in keys)
    return f"exists (select 1 from ({old}) as before where {same})"


def read_named_changes(connection: Connection, limit: int | None = None) -> list[Mapping[str, Any]]:
    """The changes with the names of cities and items in both languages, the widest of each level first."""
    cursor = connection.execute(
        f"""
        select
            changes.*,
            coalesce(cities.name_zh, changes.city_code) as city_zh,
            coalesce(cities.name_en, changes.city_code) as city_en,
            coalesce(indicators.name_zh, dimensions.name_zh, measures.title_zh, changes.item_id) as item_zh,
            coalesce(indicators.name_en, dimensions.name_en, measures.title_en, changes.item_id) as item_en
        from {CHANGES} as changes
        left join reference.cities as cities using (city_code)
        left join reference.indicators as indicators
            on changes.level = 'indicator' and changes.item_id = indicators.indicator_id
        left join reference.dimensions as dimensions
            on changes.level = 'dimension' and changes.item_id = dimensions.dimension_id
        left join reference.measures as measures
            on changes.level = 'measure' and changes.item_id = cast(measures.measure_id as varchar)
        order by
            case changes.level
                when 'index' then 1 when 'available_mean' then 2 when 'dimension' then 3 when 'measure' then 4 else 5
            end,
            abs(coalesce(changes.moved_hundredths, 10000)) desc, changes.city_code, changes.item_id
        {"" if limit is None else f"limit {int(limit)}"}
        """
    )
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
