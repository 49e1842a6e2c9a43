"""What-if scenarios: the scores with another value, target, goalpost or weight. Nothing is written to the release.

Here: parsing assumptions, recomputing the release in memory with them, and the levers of a city. Not here: layouts
(pipelines.cli.render.trace).
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from assets.core.errors import Issue, UsageError
from assets.release.explain.recompute import (
    ReleaseModels,
    attach_release,
    fetch_named_rows,
    list_columns,
    rebuild,
    save_scores,
)
from assets.release.read.lookup import find_city
from assets.release.read.queries import read_rows
from assets.release.read.reader import Release, Row
from assets.warehouse.connection import Connection, connect_in_memory, quote_identifier, quote_literal

FORMS = "INDICATOR@CITY[@YEAR]=45, target:ID=45, goalpost:INDICATOR.upper=50, weight:INDICATOR=2, weight:dimension:ID=2"
EXAMPLE = "--set weight:dimension:ID=2"
_FORM = re.compile(
    r"""(?:
        target:(?P<target_id>.*?)
        | goalpost:(?P<goalpost>.*?)\.(?P<column>lower|upper|range_low|range_high|tolerance)
        | weight:dimension:(?P<dimension_id>.*?)
        | weight:(?P<weighted_id>.*?)
        | (?!goalpost:)(?P<indicator_id>[^@]+?)\s*@\s*(?P<city>[^@]+?)\s*(?:@\s*(?P<year>[0-9]+))?
    )\s*=(?P<value>[^=]*)""",
    re.VERBOSE,
)
_OBSERVATIONS = "observations.city_observations"
_CURRENT = "observations.current_observations"
_LEVERS = 3

_COMPARED = ("evidenced", "possible", "rank", "score_status", "status")
_DIFFERENCES = f"""
    select
        level, basket_id, city_code, item_id,
        {", ".join(f"{state}.{name} as {name}_{state}" for name in _COMPARED for state in ("before", "after"))}
    from scores_before as before
    inner join scores_after as after using (level, basket_id, city_code, item_id)
    where {" or ".join(f"before.{name} is distinct from after.{name}" for name in _COMPARED)}
"""


@dataclass(frozen=True, slots=True)
class Assumption:
    """A value for one column of a table, in the rows where the key columns have these values."""

    table: str
    column: str
    value: float
    key: dict[str, object]


def run_scenario(release: Release, texts: Sequence[str]) -> list[Row]:
    """Return every score, rank and status that the assumptions change, before and after.

    Raises:
        UsageError: an assumption cannot be parsed or is not possible.
    """
    with _recomputed(release) as (connection, snapshot):
        assumptions = [parse_assumption(release, text) for text in texts]
        save_scores(connection, "scores_before")
        rebuild(connection, _apply(connection, snapshot, assumptions))
        save_scores(connection, "scores_after")
        return fetch_named_rows(connection, _DIFFERENCES, "scores.item_id, scores.city_code")


def rank_levers(release: Release, city_code: str) -> Row:
    """Return the indicators in which one realistic step raises the score of a city most, the best first.

    Returns:
        The city, its levers, and as `basis` the score that is compared, in the headline basket: the index if there is
        one, else the scores of dimensions. `evidenced_before` and `evidenced_after` are its lower ends.
    """
    rows = read_rows(release, "lever_rows", ("indicator_id",), city_code=city_code)
    steps = [row for row in rows if row.setdefault("value_after", improve_one_step(row)) != row["value"]]
    with _recomputed(release) as (connection, snapshot):
        save_scores(connection, "scores_before")
        basis = _find_basis(connection, city_code)
        if steps:
            rebuild(connection, _add_copies(connection, snapshot, city_code, steps))
        save_scores(connection, "scores_after")
        levers = [{**row, **_compare_scores(connection, basis, city_code, row)} for row in steps]
    levers = [row for row in levers if (row["evidenced_after"] or 0) > (row["evidenced_before"] or 0)]
    levers.sort(key=lambda row: (row["evidenced_before"] - row["evidenced_after"], row["indicator_id"]))
    return {"city_code": city_code, "basis": basis, "levers": levers[:_LEVERS]}


def improve_one_step(row: Row) -> float:
    """Return the value after one step in the good direction, limited to the upper goalpost and the natural limit."""
    value, step = float(row["value"]), float(row["step"])
    if row["range_low"] is not None and row["range_high"] is not None:
        low, high = float(row["range_low"]), float(row["range_high"])
        return min(value + step, low) if value < low else max(value - step, high) if value > high else value
    ends = (row["upper"], row["maximum"] if row["direction"] > 0 else row["minimum"])
    limits = [float(end) for end in ends if end is not None]
    if row["direction"] > 0:
        return max(value, min([value + step, *limits]))
    return min(value, max([value - step, *limits]))


def parse_assumption(release: Release, text: str) -> Assumption:
    """Parse one assumption in one of the FORMS.

    Raises:
        UsageError: it has no such form, names something unknown, or its value is not possible.
    """
    form = _FORM.fullmatch(text.strip())
    value = _parse_number(form["value"]) if form is not None else None
    if form is None or value is None:
        raise UsageError(Issue("invalid_assumption", text, FORMS))
    names = form.groupdict()
    if names["target_id"] is not None:
        _find_row(release, "targets", "target_id", names["target_id"])
        return Assumption("reference.targets", "value", value, {"target_id": names["target_id"]})
    if names["goalpost"] is not None:
        return _assume_goalpost(release, text, names["goalpost"], names["column"], value)
    if names["dimension_id"] is not None:
        return _assume_weight(release, "dimension", names["dimension_id"], value)
    if names["weighted_id"] is not None:
        return _assume_weight(release, "indicator", names["weighted_id"], value)
    return _assume_figure(release, text, names, value)


def _assume_goalpost(release: Release, text: str, indicator_id: str, column: str, value: float) -> Assumption:
    goalposts = _find_row(release, "goalposts", "indicator_id", indicator_id) | {column: value}
    direction = _find_row(release, "indicators", "indicator_id", indicator_id)["direction"]
    lower, upper, width = goalposts["lower"], goalposts["upper"], goalposts["tolerance"]
    if None not in (lower, upper) and direction * (upper - lower) <= 0:
        raise UsageError(Issue("assumption_out_of_range", text, "lower < upper" if direction > 0 else "lower > upper"))
    if goalposts["scale"] == "log" and min(lower, upper) <= 0:
        raise UsageError(Issue("assumption_out_of_range", text, "lower > 0, upper > 0"))
    if width is not None and not (width > 0 and goalposts["range_low"] <= goalposts["range_high"]):
        raise UsageError(Issue("assumption_out_of_range", text, "tolerance > 0, range_low ≤ range_high"))
    return Assumption("reference.goalposts", column, value, {"indicator_id": indicator_id})


def _assume_weight(release: Release, level: str, name: str, value: float) -> Assumption:
    if value < 0:
        raise UsageError(Issue("assumption_out_of_range", f"{value:g}", "weight ≥ 0"))
    _find_row(release, f"{level}s", f"{level}_id", name)
    # An indicator has its weight in the baskets.
    table = "reference.basket_indicators" if level == "indicator" else "reference.dimensions"
    return Assumption(table, "weight", value, {f"{level}_id": name})


def _assume_figure(release: Release, text: str, names: Mapping[str, str | None], value: float) -> Assumption:
    indicator = _find_row(release, "indicators", "indicator_id", names["indicator_id"] or "")
    lowest, highest = indicator["minimum"], indicator["maximum"]
    if (lowest is not None and value < lowest) or (highest is not None and value > highest):
        limits = " ".join(f"{sign} {end:g}" for sign, end in (("≥", lowest), ("≤", highest)) if end is not None)
        raise UsageError(Issue("assumption_out_of_range", text, limits))
    key = {
        "city_code": find_city(release, names["city"] or "")["city_code"],
        "indicator_id": indicator["indicator_id"],
        "scope": indicator["scope"],
        "is_current": True,
    }
    year = int(names["year"]) if names["year"] else _read_scored_year(release, key["city_code"], key["indicator_id"])
    return Assumption(_OBSERVATIONS, "value", value, {**key, "year": year})


def _read_scored_year(release: Release, city_code: str, indicator_id: str) -> int:
    """Return the year of the figure with the score, or the assessment year if there is no figure."""
    scores = read_rows(release, "scorecards.indicator_scores", city_code=city_code, indicator_id=indicator_id)
    (parameters,) = read_rows(release, "reference.parameters")
    years = [row["year"] for row in scores if row["year"] is not None]
    return int(years[0] if years else parameters["assessment_year"])


def _find_row(release: Release, table: str, column: str, name: str) -> Row:
    rows = {row[column]: row for row in read_rows(release, f"reference.{table}", (column,))}
    if name not in rows:
        similar = ", ".join(difflib.get_close_matches(name, rows, 3, 0.0))
        raise UsageError(Issue("unknown_assumption_item", name, similar))
    return rows[name]


def _parse_number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


@contextmanager
def _recomputed(release: Release) -> Iterator[tuple[Connection, ReleaseModels]]:
    """Open a database in memory that has the tables of the release, with its scores recomputed."""
    with connect_in_memory() as connection:
        snapshot = attach_release(connection, release.database, "published")
        rebuild(connection, snapshot)
        yield connection, snapshot


def _apply(connection: Connection, snapshot: ReleaseModels, assumptions: Iterable[Assumption]) -> ReleaseModels:
    """Return the snapshot with copies in memory of the tables that the assumptions change."""
    connection.execute("create schema if not exists assumed")
    selects: dict[str, str] = {}
    for assumption in assumptions:
        copy = f"assumed.{quote_identifier(assumption.table)}"
        if assumption.table not in selects:
            connection.execute(f"create table {copy} as {snapshot.selects[assumption.table]}")
            selects[assumption.table] = f"select * from {copy}"
        _set_value(connection, copy, assumption)
    return snapshot.replacing(selects)


def _set_value(connection: Connection, copy: str, assumption: Assumption) -> None:
    """Update the value; a figure that no city reported is added as a row with the source `assumed`."""
    where = " and ".join(f"{column} = ?" for column in assumption.key)
    count = connection.execute(
        f"update {copy} set {quote_identifier(assumption.column)} = ? where {where}",
        [assumption.value, *assumption.key.values()],
    ).fetchone()
    if assumption.table != _OBSERVATIONS or (count is not None and count[0]):
        return
    row = {"vintage": 1, "source_id": "assumed", "source_grade": "C", "file": "", "file_sha256": "", "line": 0}
    row |= {**assumption.key, assumption.column: assumption.value}
    cells = {name: row[name] for name in list_columns(connection, f"select * from {copy}") if name in row}
    names = ", ".join(map(quote_identifier, cells))
    connection.execute(f"insert into {copy} ({names}) values ({', '.join('?' * len(cells))})", list(cells.values()))


def _add_copies(connection: Connection, snapshot: ReleaseModels, city_code: str, steps: Sequence[Row]) -> ReleaseModels:
    """Return the release with one copy of the city for each step, so that one recomputation is enough for all.

    Goalposts are fixed, so an additional city does not change the scores of the others.
    """
    connection.execute("create schema if not exists assumed")
    connection.execute(
        "create table assumed.copies "
        "(copy_code varchar, indicator_id varchar, year integer, scope varchar, value double)"
    )
    names = ("indicator_id", "year", "scope", "value_after")
    rows = [[_copy_code(city_code, step), *(step[name] for name in names)] for step in steps]
    connection.executemany("insert into assumed.copies values (?, ?, ?, ?, ?)", rows)
    replaced = {}
    for name, select in snapshot.selects.items():
        columns = list_columns(connection, select) if name.startswith(("reference.", "observations.")) else {}
        if "city_code" in columns:
            cells = ", ".join(_copied_cell(column, name) for column in columns)
            replaced[name] = f"""
                {select} union all select {cells} from ({select}) as city
                cross join assumed.copies as copies where city.city_code = {quote_literal(city_code)}
            """
    if (current := snapshot.selects.get(_CURRENT)) is not None:
        replaced[_OBSERVATIONS] += _derived_copies(connection, snapshot.selects[_OBSERVATIONS], current, city_code)
    return snapshot.replacing(replaced)


def _derived_copies(connection: Connection, observations: str, current: str, city_code: str) -> str:
    """Return SQL that adds the steps of derived figures as reported ones, which then count instead."""
    known = list_columns(connection, current)
    given = {"city_code": "copies.copy_code", "value": "copies.value", "is_current": "true"}
    cells = (
        f"{given.get(column, f'city.{quote_identifier(column)}' if column in known else 'null')} as "
        f"{quote_identifier(column)}"
        for column in list_columns(connection, observations)
    )
    return f"""
        union all select {", ".join(cells)} from ({current}) as city
        inner join assumed.copies as copies using (indicator_id, year, scope)
        where city.is_derived and city.city_code = {quote_literal(city_code)}
    """


def _copied_cell(column: str, table: str) -> str:
    if column == "city_code":
        return "copies.copy_code as city_code"
    if column == "value" and table == _OBSERVATIONS:
        return (
            "case when city.is_current and city.indicator_id = copies.indicator_id and city.year = copies.year "
            "and city.scope = copies.scope then copies.value else city.value end as value"
        )
    return f"city.{quote_identifier(column)}"


def _copy_code(city_code: str, step: Row) -> str:
    return f"{city_code} with {step['indicator_id']}"


def _find_basis(connection: Connection, city_code: str) -> str:
    """Return the highest level at which the city has a score in the headline basket."""
    has_index = _read_lower_end(connection, "scores_before", "index", "all", city_code) is not None
    return "index" if has_index else "dimension"


def _compare_scores(connection: Connection, basis: str, city_code: str, step: Row) -> Row:
    item = step["dimension_id"] if basis == "dimension" else "all"
    codes = {"before": city_code, "after": _copy_code(city_code, step)}
    return {
        f"evidenced_{state}": _read_lower_end(connection, f"scores_{state}", basis, item, code)
        for state, code in codes.items()
    }


def _read_lower_end(connection: Connection, scores: str, level: str, item_id: str, city_code: str) -> float | None:
    ((evidenced,),) = connection.execute(
        f"""
        select max(evidenced) from {scores}
        inner join reference.baskets using (basket_id)
        where is_headline and level = ? and item_id = ? and city_code = ?
        """,
        [level, item_id, city_code],
    ).fetchall()
    return None if evidenced is None else float(evidenced)
