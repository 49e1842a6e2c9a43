"""The score changes between two releases and their causes: revised data, new data, targets and goalposts, method.

Here: the decomposition. The older release is recomputed with one kind of tables replaced after the other, in that
order; the rest is the method: parameters, weights, registry and SQL. Scores are rounded to hundredths of a point before
they are subtracted, so that the parts add up to the change exactly. Not here: its presentation
(assets.release.explain.changelog, pipelines.cli.render.trace).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from assets.core.paths import SHIPPED
from assets.release.explain.recompute import (
    SCORES,
    ReleaseModels,
    attach_release,
    create_table_views,
    fetch_named_rows,
    list_columns,
    rebuild,
    rebuild_downstream,
    save_scores,
    upstream_of,
)
from assets.release.read.reader import Release, Row
from assets.warehouse.connection import Connection, connect_in_memory, quote_identifier
from assets.warehouse.tables import Table, read_table

CHANGES = "release.score_changes"
ENDS = ("evidenced", "possible")
PARTS = ("revised", "added", "targets", "method")

_IDENTITY = ("city_code", "province_code", "indicator_id", "year", "scope")
# The saved scores, in order: each part is the difference between the one before it and the next one.
_STATES = ("old", "recomputed", "revised", "added", "targets", "new")


def _cause(column: str) -> str:
    """Return SQL for the part in which a column, given with the state as {}, changed last."""
    cases = (
        f"when {column.format(before)} is distinct from {column.format(after)} then '{part}'"
        for part, (before, after) in zip(PARTS, pairwise(_STATES[1:]), strict=True)
    )
    return f"case {' '.join(reversed(list(cases)))} else 'method' end"


def _each_end(template: str, separator: str = ", ") -> str:
    """Return a piece of SQL once for each end of the range, which replaces `END` in it."""
    return separator.join(template.replace("END", end) for end in ENDS)


_KEY = ("level", "basket_id", "city_code", "item_id")
_COMPARED = (*ENDS, "score_status", "status")
_STATE_COLUMNS = ", ".join(
    _each_end(f"cast(floor({state}.END * 1e2 + 0.5) as bigint) as END_{state}_points")
    + f", {state}.evidenced is null as is_missing_{state}, [{state}.score_status, {state}.status] as statuses_{state}"
    for state in _STATES
)
# A state in which the score is missing counts as no change; the next one has the total.
_CARRIED_COLUMNS = ", ".join(
    _each_end(f"coalesce({', '.join(f'END_{earlier}_points' for earlier in reversed(_STATES[:n]))}) as END_{state}")
    for n, state in enumerate(_STATES[1:-1], start=2)
)
_DELTAS = _each_end("END_new_points - END_old_points as END_delta_hundredths")
_PARTS = _each_end(
    """if(END_delta_hundredths is null, null, END_revised - END_recomputed) as END_revised_hundredths,
    if(END_delta_hundredths is null, null, END_added - END_revised) as END_added_hundredths,
    if(END_delta_hundredths is null, null, END_targets - END_added) as END_targets_hundredths,
    END_delta_hundredths - (END_targets - END_recomputed) as END_method_hundredths"""
)
_JOINS = " ".join(f"left join scores_{state} as {state} using ({', '.join(_KEY)})" for state in _STATES[1:-1])
_DECOMPOSITION = f"""
    with compared as (
        select
            {", ".join(f"coalesce(old.{name}, new.{name}) as {name}" for name in _KEY)},
            {", ".join(f"{state}.{name} as {name}_{state}" for state in ("old", "new") for name in _COMPARED)},
            {_STATE_COLUMNS}
        from scores_old as old
        full join scores_new as new using ({", ".join(_KEY)}) {_JOINS}
    ),
    carried as (
        select *, {_DELTAS}, {_CARRIED_COLUMNS} from compared
    ),
    classified as (
        select
            *, {_PARTS},
            case
                when evidenced_old is null and evidenced_new is not null then 'appeared'
                when evidenced_old is not null and evidenced_new is null then 'disappeared'
                when {_each_end("END_delta_hundredths <> 0", " or ")} then 'moved'
                when statuses_old is distinct from statuses_new then 'status_only'
            end as change
        from carried
    )
    select
        *, if(change in ('appeared', 'disappeared'), {_cause("is_missing_{}")}, null) as cause,
        if(statuses_old is distinct from statuses_new, {_cause("statuses_{}")}, null) as status_cause
    from classified
    where change is not null
"""


def diff_releases(old: Release, new: Release) -> tuple[list[Row], list[str]]:
    """Return the score changes from one release to the other, and the older models that cannot be run.

    Raises:
        UsageError: the tables of a release have names that this version does not know.
    """
    table = read_table(SHIPPED / "sql" / f"{CHANGES.replace('.', '/')}.yml")
    with connect_in_memory() as connection:
        before = attach_release(connection, old.database, "before")
        after = attach_release(connection, new.database, "after")
        failed_models = find_score_changes(connection, before, after, table)
        return read_named_changes(connection), failed_models


def find_score_changes(connection: Connection, old: ReleaseModels, new: ReleaseModels, table: Table) -> list[str]:
    """Write the table of score changes on a connection in memory, whose schemas are replaced.

    Each step recomputes only what depends on the tables that it replaces.

    Returns:
        The older models that cannot be run; their effect counts as method.
    """
    # A release without published models is recomputed by those of the newer one.
    older = ReleaseModels(old.selects, upstream_of(old.models or new.models, SCORES))
    create_table_views(connection, old.selects)
    save_scores(connection, "scores_old")
    failed_models = set(rebuild(connection, older))
    save_scores(connection, "scores_recomputed")
    state = older
    for step, replaced in _steps(connection, older, new):
        state = state.replacing(replaced)
        failed_models |= set(rebuild_downstream(connection, state, replaced))
        save_scores(connection, f"scores_{step}")
    create_table_views(connection, new.selects)
    save_scores(connection, "scores_new")
    table.create(connection)
    names = ", ".join(quote_identifier(name) for name in table.columns)
    connection.execute(f"insert into {table.qualified_name} select {names} from ({_DECOMPOSITION})")
    return sorted(failed_models)


def _steps(connection: Connection, old: ReleaseModels, new: ReleaseModels) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield each step with the tables that it replaces, of those that the older models read."""
    common = old.selects.keys() & new.selects.keys()
    made = {model.name for model in old.models}
    inputs = sorted(common & {name for model in old.models for name in model.depends_on} - made)
    observed = [name for name in inputs if name.startswith("observations.")]
    yield "revised", {name: _revised(connection, old.selects[name], new.selects[name]) for name in observed}
    newer = {name: _conform(connection, old.selects[name], new.selects[name]) for name in inputs}
    yield "added", {name: newer[name] for name in observed if _has_added(connection, old.selects[name], newer[name])}
    targets = [name for name in inputs if _defines_targets(connection, name, old.selects[name])]
    yield "targets", {name: newer[name] for name in targets if _differ(connection, old.selects[name], newer[name])}


def _differ(connection: Connection, first: str, second: str) -> bool:
    """Return whether two selects differ in their rows or in the types of their columns."""
    if list_columns(connection, first) != list_columns(connection, second):
        return True
    differences = f"(({first}) except all ({second})) union all (({second}) except all ({first}))"
    return _has_rows(connection, f"select * from ({differences})")


def _has_rows(connection: Connection, select: str) -> bool:
    return connection.execute(f"select 1 from ({select}) limit 1").fetchone() is not None


def _defines_targets(connection: Connection, name: str, select: str) -> bool:
    """Return whether a reference table has the goalposts or is about targets."""
    return name == "reference.goalposts" or (
        name.startswith("reference.") and "target_id" in list_columns(connection, select)
    )


def _conform(connection: Connection, old: str, new: str) -> str:
    """Return a select of the newer rows in the columns that the older SQL reads."""
    existing = list_columns(connection, new)
    cells = (
        quote_identifier(name) if name in existing else f"cast(null as {type_}) as {quote_identifier(name)}"
        for name, type_ in list_columns(connection, old).items()
    )
    return f"select {', '.join(cells)} from ({new})"


def _revised(connection: Connection, old: str, new: str) -> str:
    """Return a select of the newer rows of figures that the older release has; withdrawn figures have none."""
    return f"select now.* from ({_conform(connection, old, new)}) as now where {_in_old(connection, old)}"


def _has_added(connection: Connection, old: str, new: str) -> bool:
    """Return whether the newer release has figures that the older one does not have."""
    return _has_rows(connection, f"select 1 from ({new}) as now where not {_in_old(connection, old)}")


def _in_old(connection: Connection, old: str) -> str:
    """Return the condition that the older release has the figure of the row `now`."""
    keys = [name for name in _IDENTITY if name in list_columns(connection, old)]
    is_same = " and ".join(f"before.{name} is not distinct from now.{name}" for name in keys)
    return f"exists (select 1 from ({old}) as before where {is_same})"


def read_named_changes(connection: Connection, limit: int | None = None) -> list[Row]:
    """Return the changes with the names of cities and items in both languages, the largest of each level first."""
    moves = _each_end("abs(coalesce(scores.END_delta_hundredths, 10000))")
    order = f"greatest({moves}) desc, scores.city_code, scores.item_id"
    limited = order if limit is None else f"{order} limit {int(limit)}"
    return fetch_named_rows(connection, f"select * from {CHANGES}", limited)
