"""Lookups in the reference tables: places, units, indicators, and the values of referenced columns.

Here: reading them from the warehouse, and their digest, which is part of the recipe of every file. Not here: the tables
(assets.reference).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assets.intake.tables.contracts import Contract
from assets.intake.values.places import Places
from assets.intake.values.units import Units
from assets.warehouse.connection import Connection, fetch_rows, quote_identifier

TABLES = (
    "reference.aliases",
    "reference.cities",
    "reference.counties",
    "reference.indicators",
    "reference.provinces",
    "reference.units",
)


# Columns by whose texts people name a row of a reference table.
_NAME_COLUMNS = frozenset({"name_zh", "name_en", "publication_zh", "publication_en"})


@dataclass(frozen=True, slots=True)
class IndicatorLimits:
    """Unit and physical limits of a registered indicator."""

    unit: str
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True)
class Lookups:
    """The lookups that a dataset needs.

    Attributes:
        places: the registered places.
        units: the registered units.
        indicators: the limits of each registered indicator.
        references: the value that each valid text stands for, by table.column: the values themselves, and names.
        digest: a digest of all of them.
        indicator_names: the indicator of the dataset of each registered name.
    """

    places: Places
    units: Units
    indicators: Mapping[str, IndicatorLimits]
    references: Mapping[str, Mapping[str, str]]
    digest: str = ""
    indicator_names: Mapping[str, str] = field(default_factory=dict)


def read_lookups(connection: Connection, contract: Contract) -> Lookups:
    """Read the lookups that a contract needs from the reference tables."""
    names = connection.execute(
        """
        with forms as (
            select city_code as form, city_code, cast(null as varchar) as province_code,
                cast(null as varchar) as county_code, false as is_alias from reference.cities
            union select name_zh, city_code, null, null, false from reference.cities
            union select short_zh, city_code, null, null, false from reference.cities
            union select province_code, null, province_code, null, false from reference.provinces
            union select name_zh, null, province_code, null, false from reference.provinces
            union select county_code, city_code, null, county_code, false from reference.counties
            union select name_zh, city_code, null, county_code, false from reference.counties
            union select alias, city_code, province_code, null, true from reference.aliases where kind <> 'homophone'
        )
        select form, city_code, province_code, county_code from forms
        order by is_alias, form, city_code, province_code, county_code
        """
    ).fetchall()
    homophones = connection.execute(
        "select alias from reference.aliases where kind = 'homophone' order by all"
    ).fetchall()
    units = connection.execute("select unit, quantity, factor from reference.units order by all").fetchall()
    indicators = connection.execute(
        "select indicator_id, unit, minimum, maximum from reference.indicators order by all"
    ).fetchall()
    own_indicators = "select {}, indicator_id from reference.indicators where dataset = $dataset"
    indicator_names = _unique_names(
        connection.execute(
            f"{own_indicators.format('name_zh')} union {own_indicators.format('name_en')}",
            {"dataset": contract.dataset},
        ).fetchall()
    )
    references = {name: referenced_texts(connection, name) for name in contract.references}
    content = [
        names,
        homophones,
        units,
        indicators,
        sorted(indicator_names.items()),
        sorted((name, sorted(values.items())) for name, values in references.items()),
    ]
    return Lookups(
        Places.of(names, (row[0] for row in homophones)),
        Units.of(units),
        {row[0]: IndicatorLimits(*row[1:]) for row in indicators},
        references,
        content_digest(content),
        indicator_names,
    )


def referenced_texts(connection: Connection, reference: str) -> dict[str, str]:
    """Return the values of `table.column` of the reference tables, each by itself and by the names of its row."""
    table, column = reference.split(".")
    rows = [row for row in fetch_rows(connection, f"from reference.{quote_identifier(table)}") if row[column]]
    names = _unique_names((row[name], str(row[column])) for row in rows for name in _NAME_COLUMNS & row.keys())
    return {**names, **{str(row[column]): str(row[column]) for row in rows}}


def _unique_names(pairs: Iterable[tuple[str | None, str]]) -> dict[str, str]:
    """What each name stands for; a name of several things names none of them."""
    named: dict[str, set[str]] = {}
    for name, value in pairs:
        if name:
            named.setdefault(name, set()).add(value)
    return {name: next(iter(values)) for name, values in sorted(named.items()) if len(values) == 1}


def content_digest(content: Iterable[object]) -> str:
    """Return a digest of rows of the reference tables, for the recipe."""
    return hashlib.sha256(json.dumps(list(content), ensure_ascii=False, default=str).encode()).hexdigest()
