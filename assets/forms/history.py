"""Earlier figures beside those that a form asks for: the last one, and how far a figure usually moves from it.

Here: reading a release. Not here: where the figures stand in the form (assets.forms.form), and the detectors that flag
figures that have arrived (assets.quality.anomalies), whose parameters are used.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from assets.forms.registry import FormRegistry
from assets.intake.tables.contracts import SCOPE, Contract
from assets.quality.anomalies.observation import MAD_TO_SIGMA
from assets.release.read.reader import Release
from assets.warehouse.connection import quote_identifier

Series = Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Earlier:
    """The last figure before the year of a form; `low` and `high` bound what it usually moves to."""

    year: int
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class History:
    """The earlier figures of one dataset and city.

    Attributes:
        by_indicator: the last figure of each indicator in its registered scope.
        rows: the last rows of a dataset whose rows differ by choices: the choices, and the figures by column.
        choices: the choices that any city has made.
    """

    by_indicator: Mapping[str, Earlier] = field(default_factory=dict)
    rows: Mapping[tuple[str, ...], Mapping[str, Earlier]] = field(default_factory=dict)
    choices: Sequence[tuple[str, ...]] = ()


def read_history(
    release: Release | None, registry: FormRegistry, contract: Contract, city_code: str, year: int
) -> History:
    """Return the figures before a year; nothing without a release."""
    if release is None:
        return History()
    indicators = [indicator.indicator_id for indicator in registry.indicators_of(contract.dataset)]
    scopes = {name: registry.indicators[name].scope for name in indicators}
    rows = release.rows(
        """
        select indicator_id, city_code, year, value, scope from observations.current_observations
        where list_contains(?, indicator_id) and year < ? and not is_derived order by all
        """,
        [indicators, year],
    )
    series: dict[str, dict[str, list[tuple[int, float]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["scope"] == scopes[row["indicator_id"]]:
            series[row["indicator_id"]][row["city_code"]].append((row["year"], row["value"]))
    by_indicator = {
        name: _last(cities[city_code], cities.values(), year, registry)
        for name, cities in series.items()
        if cities[city_code] and registry.indicators[name].kind != "yes_no"
    }
    choices = choice_columns(contract)
    if not choices or contract.year is None or contract.column_of("indicator") is not None:
        return History(by_indicator)
    return History(by_indicator, *_read_rows(release, contract, choices, city_code, year))


def choice_columns(contract: Contract) -> tuple[str, ...]:
    """Return the columns of the key that hold a choice and no scope: other choices, other figures."""
    return tuple(name for name in contract.key if contract.columns[name].allowed is not None and name != SCOPE)


def _last(own: Series, of_cities: Iterable[Series], year: int, registry: FormRegistry) -> Earlier:
    """The last figure of a series with the bounds of its usual move: that of the city, else that of all cities."""
    last_year, value = own[-1]
    fewest = registry.parameters.get(("level_shift", "minimum_changes"), math.inf)
    threshold = registry.parameters.get(("spike", "threshold"), math.inf)
    floor = registry.parameters.get(("spike", "scale_floor"), 0.0)
    changes = list(_changes(own))
    if len(changes) < fewest:
        changes = [change for series in of_cities for change in _changes(series)]
    if len(changes) < fewest or not value or math.isinf(threshold):
        return Earlier(last_year, value)
    middle = median(changes)
    spread = max(MAD_TO_SIGMA * median(abs(change - middle) for change in changes), floor)
    move = threshold * spread * math.sqrt(year - last_year) * abs(value)
    return Earlier(last_year, value, _round(value - move), _round(value + move))


def _changes(series: Series) -> Iterable[float]:
    """The changes from a year to the next one, as shares of the level."""
    for (year, before), (next_year, after) in pairwise(series):
        if next_year == year + 1 and before:
            yield (after - before) / abs(before)


def _round(value: float) -> float:
    return float(f"{value:.6g}")


def _read_rows(
    release: Release, contract: Contract, choices: tuple[str, ...], city_code: str, year: int
) -> tuple[dict[tuple[str, ...], dict[str, Earlier]], list[tuple[str, ...]]]:
    """The last accepted rows of the city by their choices, and the choices of all cities."""
    particular = [name for name in contract.key if name not in (*choices, contract.place, contract.year, SCOPE)]
    table = ".".join(map(quote_identifier, contract.table_name.split(".")))
    cells = ", ".join(f"accepted.{quote_identifier(name)}" for name in (*choices, *contract.figures))
    whole = "".join(f" and accepted.{quote_identifier(name)} is null" for name in particular)
    year_column = quote_identifier(contract.year or "")
    rows = release.rows(
        f"""
        select accepted.city_code, accepted.{year_column} as form_year, {cells}
        from {table} as accepted
        inner join intake.files as files
            on files.dataset = ? and accepted.file_sha256 = files.file_sha256
        where accepted.city_code is not null and accepted.{year_column} < ?{whole}
        order by accepted.{year_column}, files.arrival_sequence, accepted.line
        """,
        [contract.dataset, year],
    )
    last: dict[tuple[str, ...], dict[str, Earlier]] = {}
    for row in rows:
        if row["city_code"] == city_code:
            values = last.setdefault(tuple(row[name] for name in choices), {})
            filled = (name for name in contract.figures if row[name] is not None)
            values |= {name: Earlier(int(row["form_year"]), row[name]) for name in filled}
    order = [list(contract.columns[name].allowed or ()) for name in choices]
    made = {tuple(row[name] for name in choices) for row in rows}
    # The release may be of an earlier contract, which allowed others.
    allowed = [key for key in made if all(value in values for values, value in zip(order, key, strict=True))]
    allowed.sort(key=lambda key: [values.index(value) for values, value in zip(order, key, strict=True)])
    return last, allowed
