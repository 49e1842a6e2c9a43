"""Lookups in the reference tables: places, units, indicators, and the values of referenced columns.

Here: reading them from the warehouse, and their digest, which is part of the recipe of every file. Not here: the tables
(assets.reference).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assets.intake.tables.contracts import Contract
from assets.intake.values.places import Places
from assets.intake.values.units import Units
from assets.warehouse.connection import Connection, quote_identifier

TABLES = (
    "reference.aliases",
    "reference.cities",
    "reference.counties",
    "reference.indicators",
    "reference.provinces",
    "reference.units",
)


@dataclass(frozen=True, slots=True)
class IndicatorLimits:
    """Unit and physical limits of a registered indicator."""

    unit: str
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True)
class Lookups:
    """The lookups that a dataset needs; `references` are the valid values by table.column."""

    places: Places
    units: Units
    indicators: Mapping[str, IndicatorLimits]
    references: Mapping[str, frozenset[str]]
    digest: str = ""


def read_lookups(connection: Connection, contract: Contract) -> Lookups:
    """Read the lookups that a contract needs from the reference tables."""
    names = connection.execute(
        """
        with forms as (
            select city_code as form, city_code, cast(null as varchar) as province_code,
                cast(null as varchar) as county_code from reference.cities
            union select name_zh, city_code, null, null from reference.cities
            union select short_zh, city_code, null, null from reference.cities
            union select province_code, null, province_code, null from reference.provinces
            union select name_zh, null, province_code, null from reference.provinces
            union select county_code, city_code, null, county_code from reference.counties
            union select name_zh, city_code, null, county_code from reference.counties
            union select alias, city_code, province_code, null from reference.aliases where kind <> 'homophone'
        )
        select form, city_code, province_code, county_code from forms order by all
        """
    ).fetchall()
    homophones = connection.execute(
        "select alias from reference.aliases where kind = 'homophone' order by all"
    ).fetchall()
    units = connection.execute("select unit, quantity, factor from reference.units order by all").fetchall()
    indicators = connection.execute(
        "select indicator_id, unit, minimum, maximum from reference.indicators order by all"
    ).fetchall()
    references = {name: referenced_values(connection, name) for name in contract.references}
    content = [
        names,
        homophones,
        units,
        indicators,
        sorted((name, sorted(values)) for name, values in references.items()),
    ]
    return Lookups(
        Places.of(names, (row[0] for row in homophones)),
        Units.of(units),
        {row[0]: IndicatorLimits(*row[1:]) for row in indicators},
        references,
        content_digest(content),
    )


def referenced_values(connection: Connection, reference: str) -> frozenset[str]:
    """Return the values of `table.column` of the reference tables as texts."""
    table, column = reference.split(".")
    rows = connection.execute(f"select {quote_identifier(column)} from reference.{quote_identifier(table)}").fetchall()
    return frozenset(str(row[0]) for row in rows if row[0] is not None)


def content_digest(content: Iterable[object]) -> str:
    """Return a digest of rows of the reference tables, for the recipe."""
    return hashlib.sha256(json.dumps(list(content), ensure_ascii=False, default=str).encode()).hexdigest()
