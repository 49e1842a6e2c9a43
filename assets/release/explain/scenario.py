"""What scores would be, if: a value, a target, a goalpost or a weight were another one. Nothing is written.

Here: reading an assumption, recomputing the release in memory with it, what differs then; and the levers of a city.
Not here: how it is shown (pipelines.cli.render.trace).
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from assets.core.errors import Issue, UsageError
from assets.release.explain.recompute import ReleaseModels, attach_release, list_columns, rebuild, save_scores
from assets.release.read.lookup import find_city
from assets.release.read.reader import Release
from assets.warehouse.connection import Connection, connect_in_memory, quote_identifier

Row = dict[str, Any]

FORMS = "INDICATOR@CITY[@YEAR]=45, target:ID=45, goalpost:INDICATOR.upper=50, weight:INDICATOR=2, weight:dimension:ID=2"
EXAMPLE = "--set weight:dimension:ID=2"
_GOALPOSTS = ("floor", "upper", "range_low", "range_high", "width")
_OBSERVATIONS = "observations.observations"
_LEVERS = 3

_COMPARED = """
    with ranked_before as (
        select *, case when level <> 'available_mean' and score is not null then
            rank() over (partition by level, item_id order by score desc nulls last) end as place from scores_before
    ),
    ranked_after as (
        select *, case when level <> 'available_mean' and score is not null then
            rank() over (partition by level, item_id order by score desc nulls last) end as place from scores_after
    )
    select
        before.level, before.city_code, before.item_id,
        before.score as score_before, after.score as score_after,
        before.place as rank_before, after.place as rank_after,
        before.score_status as score_status_before, after.score_status as score_status_after,
        before.status as status_before, after.status as status_after,
        cities.name_zh as city_zh, cities.name_en as city_en,
        coalesce(indicators.name_zh, dimensions.name_zh, measures.title_zh, before.item_id) as item_zh,
        coalesce(indicators.name_en, dimensions.name_en, measures.title_en, before.item_id) as item_en
    from ranked_before as before
    inner join ranked_after as after using (level, city_code, item_id)
    inner join reference.cities as cities using (city_code)
    left join reference.indicators as indicators
        on before.level = 'indicator' and before.item_id = indicators.indicator_id
    left join reference.dimensions as dimensions
        on before.level = 'dimension' and before.item_id = dimensions.dimension_id
    left join reference.measures as measures
        on before.level = 'measure' and before.item_id = cast(measures.measure_id as varchar)
    where
        before.score is distinct from after.score
        or before.place is distinct from after.place
        or before.score_status is distinct from after.score_status
        or before.status is distinct from after.status
    order by
        case before.level
            when 'index' then 1 when 'available_mean' then 2 when 'dimension' then 3 when 'measure' then 4 else 5
        end, before.item_id, before.city_code
"""

# The usual step: the median over all cities of how far the figure moved from one year to the next one that has data.
_STEPS = """
    with neighbours as (
        select
            city_code, indicator_id, year, value,
            lag(value) over (partition by city_code, indicator_id order by year) as value_before,
            lag(year) over (partition by city_code, indicator_id order by year) as year_before
        from scorecards.attainment_history
    ),
    steps as (
        select indicator_id, median(abs(value - value_before) / (year - year_before)) as step
        from neighbours
        where year_before is not null
        group by indicator_id
    )
    select
        scores.indicator_id, scores.value, scores.year, scores.scope, scores.dimension_id, scores.attainment,
        steps.step, indicators.direction, indicators.minimum, indicators.maximum, indicators.decimals,
        indicators.unit, indicators.name_zh, indicators.name_en,
        goalposts.floor, goalposts.upper, goalposts.range_low, goalposts.range_high
    from scorecards.indicator_scores as scores
    inner join steps on scores.indicator_id = steps.indicator_id
    inner join reference.indicators as indicators on scores.indicator_id = indicators.indicator_id
    inner join reference.goalposts as goalposts on scores.indicator_id = goalposts.indicator_id
    where scores.city_code = ? and scores.attainment is not null and steps.step > 0
    order by scores.indicator_id
"""


@dataclass(frozen=True, slots=True)
class Change:
    """Cells of one table set to a value, in the rows where the columns have these values."""

    table: str
    column: str
    value: float
    where: tuple[tuple[str, object], ...]


def run_scenario(release: Release, texts: Sequence[str]) -> list[Row]:
    """Every score, rank and status that the assumptions change, before and after. Raises WrongCall where one is not
    understood or not possible."""
    with connect_in_memory() as connection:
        snapshot = attach_release(connection, release.folder, "published")
        rebuild(connection, snapshot)
        changes = [parse_assumption(release, text) for text in texts]
        save_scores(connection, "scores_before")
        assumed = _changed(connection, snapshot, changes)
        rebuild(connection, assumed)
        save_scores(connection, "scores_after")
        return _rows(connection, _COMPARED)


def rank_levers(release: Release, city_code: str) -> Row:
    """The indicators in which a realistic step moves the city most, the widest first.

    `basis` says what is moved: the index where there is one; else the dimension scores, where the city has any; else
    the mean of its available indicators.
    """
    with connect_in_memory() as connection:
        snapshot = attach_release(connection, release.folder, "published")
        rebuild(connection, snapshot)
        save_scores(connection, "scores_before")
        basis = _basis(connection, city_code)
        steps = [{**row, "value_after": improve_one_step(row)} for row in _rows(connection, _STEPS, [city_code])]
        steps = [row for row in steps if row["value_after"] != row["value"]]
        if steps:
            rebuild(connection, _with_doubles(connection, snapshot, city_code, steps))
        save_scores(connection, "scores_after")
        found = [_moved(connection, basis, city_code, row) for row in steps]
    moved = [row for row in found if row["score_before"] is not None and row["score_after"] is not None]
    moved.sort(key=lambda row: (row["score_before"] - row["score_after"], row["indicator_id"]))
    return {"city_code": city_code, "basis": basis, "levers": moved[:_LEVERS]}


def improve_one_step(row: Row) -> float:
    """One usual step in the good direction, no further than the goalpost that scores 100 or the limit of the unit."""
    value, step = float(row["value"]), float(row["step"])
    if row["range_low"] is not None and row["range_high"] is not None:
        low, high = float(row["range_low"]), float(row["range_high"])
        return min(value + step, low) if value < low else max(value - step, high) if value > high else value
    ends = [row["upper"], row["maximum"] if row["direction"] > 0 else row["minimum"]]
    caps = [float(end) for end in ends if end is not None]
    if row["direction"] > 0:
        return max(value, min([value + step, *caps]))
    return min(value, max([value - step, *caps]))


def parse_assumption(release: Release, text: str) -> Change:
    """One assumption as it is written after --set."""
    subject, _, number = text.rpartition("=")
    subject = subject.strip()
    value = _number(number)
    if not subject or value is None:
        raise UsageError(Issue("whatif_unreadable", text, FORMS))
    kind, colon, rest = subject.partition(":")
    if colon and kind == "target":
        _known(release, "targets", "target_id", rest)
        return Change("reference.targets", "value", value, (("target_id", rest),))
    if colon and kind == "goalpost":
        return _goalpost(release, text, rest, value)
    if colon and kind == "weight":
        return _weight(release, rest, value)
    if "@" not in subject:
        raise UsageError(Issue("whatif_unreadable", text, FORMS))
    return _figure(release, text, subject, value)


def _goalpost(release: Release, text: str, subject: str, value: float) -> Change:
    indicator_id, _, column = subject.rpartition(".")
    if column not in _GOALPOSTS:
        raise UsageError(Issue("whatif_unreadable", text, FORMS))
    _known(release, "goalposts", "indicator_id", indicator_id)
    (now,) = release.rows("select * from reference.goalposts where indicator_id = ?", [indicator_id])
    after = {**now, column: value}
    (indicator,) = release.rows("select direction from reference.indicators where indicator_id = ?", [indicator_id])
    rising = indicator["direction"]
    if None not in (after["floor"], after["upper"]) and rising * (after["upper"] - after["floor"]) <= 0:
        raise UsageError(Issue("whatif_value", text, "floor < upper" if rising > 0 else "floor > upper"))
    if after["width"] is not None and not (after["width"] > 0 and after["range_low"] <= after["range_high"]):
        raise UsageError(Issue("whatif_value", text, "width > 0, range_low ≤ range_high"))
    return Change("reference.goalposts", column, value, (("indicator_id", indicator_id),))


def _weight(release: Release, subject: str, value: float) -> Change:
    if value < 0:
        raise UsageError(Issue("whatif_value", f"{value:g}", "weight ≥ 0"))
    kind, colon, rest = subject.partition(":")
    if colon and kind == "dimension":
        _known(release, "dimensions", "dimension_id", rest)
        return Change("reference.dimensions", "weight", value, (("dimension_id", rest),))
    _known(release, "indicators", "indicator_id", subject)
    return Change("reference.indicators", "weight", value, (("indicator_id", subject),))


def _figure(release: Release, text: str, subject: str, value: float) -> Change:
    indicator_id, *place = (part.strip() for part in subject.split("@"))
    if len(place) > 2 or not place[0] or not (len(place) == 1 or (place[1].isascii() and place[1].isdigit())):
        raise UsageError(Issue("whatif_unreadable", text, FORMS))
    _known(release, "indicators", "indicator_id", indicator_id)
    (indicator,) = release.rows("select * from reference.indicators where indicator_id = ?", [indicator_id])
    lowest, highest = indicator["minimum"], indicator["maximum"]
    if (lowest is not None and value < lowest) or (highest is not None and value > highest):
        limits = f"{'' if lowest is None else f'≥ {lowest:g} '}{'' if highest is None else f'≤ {highest:g}'}".strip()
        raise UsageError(Issue("whatif_value", text, limits))
    city_code = find_city(release, place[0])["city_code"]
    year = int(place[1]) if len(place) == 2 else _latest_year(release, city_code, indicator_id)
    where = (
        ("city_code", city_code),
        ("indicator_id", indicator_id),
        ("year", year),
        ("scope", indicator["scope"]),
        ("is_current", True),
    )
    return Change(_OBSERVATIONS, "value", value, where)


def _latest_year(release: Release, city_code: str, indicator_id: str) -> int:
    """The year of the figure that scores; the year of the assessment where there is none."""
    (row,) = release.rows(
        """
        select coalesce(
            (select year from scorecards.indicator_scores where city_code = ? and indicator_id = ?),
            (select assessment_year from reference.method)
        ) as year
        """,
        [city_code, indicator_id],
    )
    return int(row["year"])


def _known(release: Release, table: str, column: str, name: str) -> None:
    known = [row[column] for row in release.rows(f"select {column} from reference.{table} order by all")]
    if name not in known:
        raise UsageError(Issue("whatif_unknown", name, ", ".join(difflib.get_close_matches(name, known, 3, 0.0))))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _changed(connection: Connection, snapshot: ReleaseModels, changes: Iterable[Change]) -> ReleaseModels:
    """The snapshot with its changed tables as copies in memory."""
    connection.execute("create schema if not exists assumed")
    copies: dict[str, str] = {}
    for change in changes:
        copy = f"assumed.{quote_identifier(change.table)}"
        if change.table not in copies:
            connection.execute(f"create table {copy} as {snapshot.selects[change.table]}")
            copies[change.table] = f"select * from {copy}"
        _set(connection, copy, change)
    return snapshot.replacing(copies)


def _set(connection: Connection, copy: str, change: Change) -> None:
    """Set the cell; a figure that nobody reported yet is added as a row, marked as assumed."""
    where = " and ".join(f"{column} = ?" for column, _ in change.where)
    values = [value for _, value in change.where]
    told = connection.execute(
        f"update {copy} set {quote_identifier(change.column)} = ? where {where}", [change.value, *values]
    )
    row = told.fetchone()
    if change.table != _OBSERVATIONS or (row is not None and row[0]):
        return
    said: Row = {**dict(change.where), change.column: change.value}
    assumed = {"vintage": 1, "source_id": "assumed", "source_grade": "C", "file": "", "file_sha256": "", "line": 0}
    cells = {
        name: cell
        for name, cell in {**assumed, **said}.items()
        if name in list_columns(connection, f"select * from {copy}")
    }
    names = ", ".join(map(quote_identifier, cells))
    connection.execute(f"insert into {copy} ({names}) values ({', '.join('?' * len(cells))})", list(cells.values()))


def _with_doubles(
    connection: Connection, snapshot: ReleaseModels, city_code: str, steps: Sequence[Row]
) -> ReleaseModels:
    """The release with a double of the city for each step, so that one recomputation answers them all.

    Goalposts are fixed, so a city more moves the score of no other.
    """
    connection.execute("create schema if not exists assumed")
    connection.execute("create table assumed.doubles (double_code varchar, indicator_id varchar, year integer,"
                       " scope varchar, value double)")  # fmt: skip
    rows = [[_double(city_code, r), r["indicator_id"], r["year"], r["scope"], r["value_after"]] for r in steps]
    connection.executemany("insert into assumed.doubles values (?, ?, ?, ?, ?)", rows)
    replaced = {}
    for name, select in snapshot.selects.items():
        columns = list_columns(connection, select) if name.startswith(("reference.", "observations.")) else {}
        if "city_code" not in columns:
            continue
        copied = ", ".join(
            "doubles.double_code as city_code" if column == "city_code" else _stepped_cell(column, name)
            for column in columns
        )
        replaced[name] = f"""{select} union all select {copied} from ({select}) as mine
            cross join assumed.doubles as doubles where mine.city_code = '{city_code.replace("'", "''")}'"""
    return snapshot.replacing(replaced)


def _stepped_cell(column: str, table: str) -> str:
    if column != "value" or table != _OBSERVATIONS:
        return f"mine.{quote_identifier(column)}"
    return (
        "case when mine.is_current and mine.indicator_id = doubles.indicator_id and mine.year = doubles.year "
        "and mine.scope = doubles.scope then doubles.value else mine.value end as value"
    )


def _double(city_code: str, row: Row) -> str:
    return f"{city_code} with {row['indicator_id']}"


def _basis(connection: Connection, city_code: str) -> str:
    """What a step is measured by: the highest level at which the city has a score."""
    rows = _rows(
        connection,
        "select distinct level from scores_before where city_code = ? and score is not null "
        "and level in ('index', 'dimension', 'available_mean')",
        [city_code],
    )
    there = {row["level"] for row in rows}
    return next((level for level in ("index", "dimension") if level in there), "available_mean")


def _moved(connection: Connection, basis: str, city_code: str, row: Row) -> Row:
    item = row["dimension_id"] if basis == "dimension" else "all"
    before, after = (
        connection.execute(
            f"select score from {table} where level = ? and city_code = ? and item_id = ?", [basis, code, item]
        ).fetchone()
        for table, code in (("scores_before", city_code), ("scores_after", _double(city_code, row)))
    )
    return {**row, "score_before": before and before[0], "score_after": after and after[0]}


def _rows(connection: Connection, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
    cursor = connection.execute(sql, list(parameters))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
