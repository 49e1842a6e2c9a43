"""What the reference tables say that rows are read against, copied into the connection in which files are read.

Here: places, indicators and the codes of other tables, and their digest, which is part of the recipe of every file. Not
here: the tables themselves (assets.reference).
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from assets.intake.cells import define_macros
from assets.intake.contracts import Dataset
from assets.intake.ledger import digest_of
from assets.intake.rows import Registered
from assets.warehouse.connection import Connection, identifier


def register(connection: Connection, work: Connection, contract: Dataset) -> tuple[Registered, str]:
    """Copy what rows are read against into the work connection; return it with its digest."""
    define_macros(work)
    places = connection.execute(
        """
        with forms as (
            select city_code as form, city_code, cast(null as varchar) as province_code from reference.cities
            union select name_zh, city_code, null from reference.cities
            union select short_zh, city_code, null from reference.cities
            union select province_code, null, province_code from reference.provinces
            union select name_zh, null, province_code from reference.provinces
            union select alias, city_code, province_code from reference.aliases
        )
        select form, city_code, province_code from forms order by all
        """
    ).fetchall()
    indicators = connection.execute(
        "select indicator_id, unit, minimum, maximum from reference.indicators order by all"
    ).fetchall()
    _copy(work, "written", ("form", "city_code", "province_code"), places)
    work.execute(
        "create table places as select distinct place_form(form) as form, city_code, province_code from written"
    )
    _copy(work, "indicators", ("indicator_id", "unit", "minimum", "maximum"), indicators)
    content: list[Sequence[object]] = [*places, *indicators]
    references: dict[str, str] = {}
    for field in contract.columns.values():
        if field.references is not None:
            table, column = field.references.split(".")
            values = connection.execute(
                f"select {identifier(column)} from reference.{identifier(table)} order by all"
            ).fetchall()
            references[field.references] = f"known_{len(references)}"
            _copy(work, references[field.references], ("value",), values)
            content += values
    return Registered(references), digest_of(content)


def _copy(work: Connection, table: str, columns: tuple[str, ...], rows: Sequence[Sequence[object]]) -> None:
    arrays = {name: [row[position] for row in rows] for position, name in enumerate(columns)}
    work.register("copied", pa.table(arrays))
    work.execute(f"create table {table} as select * from copied")
    work.unregister("copied")
