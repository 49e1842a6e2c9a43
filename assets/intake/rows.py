"""From rows of text to accepted and rejected rows: every cell read, every rule checked, every row in one of the two.

Here: the SQL made from a contract, for one file. Not here: how a cell is read (assets.intake.cells), where the results
are kept (assets.intake.ledger).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assets.errors import CATALOGUE
from assets.intake.cells import NO, YES, cell_reader, define_macros, typed_value
from assets.intake.contracts import Dataset, FieldContract, qualifier_of
from assets.intake.text import CELLS, FAULT, LINE, TEXT
from assets.warehouse.connection import Connection, identifier, literal
from assets.warehouse.forms import shown

_PARQUET = "(format parquet, compression zstd)"


@dataclass(frozen=True, slots=True)
class Registered:
    """What the reference tables say that rows are read against, as tables of one connection.

    `places` (form, city_code, province_code), `indicators` (indicator_id, unit, minimum, maximum), and one table of one
    column `value` for each reference that a contract may name (`sources.source_id`).
    """

    references: dict[str, str]


@dataclass(frozen=True, slots=True)
class Parsed:
    """How many rows of a file went where; they add up to the rows that were read."""

    accepted: int
    set_aside: int
    rejected: int


def parse_rows(
    connection: Connection,
    contract: Dataset,
    text: Path,
    columns: list[str],
    registered: Registered,
    accepted: Path,
    rejects: Path,
) -> Parsed:
    """Read the text Parquet of one file and write its accepted and its rejected rows as Parquet.

    `columns` are those that the file has, in its order. A row is accepted whole or rejected whole; a rejected one has a
    reject for every fault found in it.
    """
    define_macros(connection)
    connection.execute(f"create or replace temp view text_rows as select * from read_parquet({literal(text)})")
    connection.execute(f"create or replace temp table typed as {_typed(contract, columns)}")
    connection.execute(f"create or replace temp table faults as {_cell_faults(contract, registered, len(columns))}")
    connection.execute(f"insert into faults {_key_faults(contract)}")
    good = 'from typed where "raw:line" not in (select faults.line from faults)'
    connection.execute(
        f"copy (select {_accepted_columns(contract)} {good} order by line) to {literal(accepted)} {_PARQUET}"
    )
    connection.execute(f"copy ({_rejects()}) to {literal(rejects)} {_PARQUET}")
    return Parsed(
        accepted=_number(connection, f"select count(*) {good} and province_code is null"),
        set_aside=_number(connection, f"select count(*) {good} and province_code is not null"),
        rejected=_number(connection, "select count(distinct line) from faults"),
    )


def _number(connection: Connection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return int(row[0])


def _raw(name: str) -> str:
    return identifier(f"raw:{name}")


def _cell(name: str) -> str:
    return identifier(f"cell:{name}")


def _parts(name: str) -> str:
    return identifier(f"parts:{name}")


def _typed(contract: Dataset, columns: list[str]) -> str:
    """Every cell read, in layers: as sent, cleaned, taken apart, and as a value.

    Each layer names its results for the next: written as one expression, the cleaning would be planned a dozen times.
    """
    sent, cells, parts, values = [], [], [], []
    for name, field in contract.columns.items():
        sent.append(f"{identifier(name) if name in columns else 'cast(null as varchar)'} as {_raw(name)}")
        cells.append(f"{cell_reader(field)}({_raw(name)}) as {_cell(name)}")
        if field.qualified:
            parts.append(f"parts_of({_cell(name)}) as {_parts(name)}")
            values.append(f"qualifier_of({_parts(name)}) as {identifier(qualifier_of(name))}")
        if field.type != "place":
            values.append(f"{typed_value(field, _cell(name), _parts(name))} as {identifier(name)}")
    row = f'"{LINE}", "{CELLS}", "{FAULT}", "{TEXT}"'
    return f"""
        with sent as (select {row}, {", ".join(sent)} from text_rows),
        cells as materialized (select *, {", ".join(cells)} from sent),
        parts as materialized (select {", ".join(["*", *parts])} from cells)
        select parts.*, places.city_code, places.province_code, {", ".join(values)}
        from parts left join places on places.form = place_form({_cell(contract.place)})
    """


def _cell_faults(contract: Dataset, registered: Registered, width: int) -> str:
    """Every rule about one row, as one select each; a row that cannot be split into cells is judged by that alone."""
    whole = f'"{FAULT}" is null and "{CELLS}" = {width}'
    selects = [
        _fault(0, "", "row_broken", f'"{FAULT}"', "''", f'"{FAULT}" is not null'),
        _fault(
            0,
            "",
            "row_cell_count",
            f'cast("{CELLS}" as varchar)',
            f"'{width}'",
            f'"{FAULT}" is null and "{CELLS}" <> {width}',
        ),
    ]
    for position, (name, field) in enumerate(contract.columns.items(), start=1):
        for code, expected, condition in _rules(contract, name, field, registered):
            selects.append(_fault(position, name, code, _raw(name), expected, f"{whole} and {condition}"))
    return " union all ".join(selects)


def _fault(position: int, column: str, code: str, found: str, expected: str, condition: str) -> str:
    return (
        f'select "{LINE}" as line, {position} as position, {literal(column)} as column_name, {literal(code)} as code, '
        f"coalesce({found}, '') as found, coalesce(cast({expected} as varchar), '') as expected "
        f"from typed where {condition}"
    )


def _rules(contract: Dataset, name: str, field: FieldContract, registered: Registered) -> list[tuple[str, str, str]]:
    """The rules of one column: error code, what was expected (SQL), and when a row breaks it (SQL)."""
    value = identifier(name)
    empty = f"{_cell(name)} is null"
    rules = [("cell_missing", literal(field.zh), empty)] if field.required else []
    unread = f"not ({empty}) and {value} is null"
    if field.type == "place":
        nearness = f"jaro_winkler_similarity(form, place_form({_raw(name)}))"
        nearest = f"(select form from places order by {nearness} desc, form limit 1)"
        rules.append(("city_unknown", nearest, f"not ({empty}) and city_code is null and province_code is null"))
    if field.type in ("number", "integer"):
        rules.append(("number_unreadable", literal("1234.5" if field.type == "number" else "1234"), unread))
    if field.type == "integer":
        rules.append(("integer_expected", "''", f"{value} <> floor({value})"))
    if field.type == "date":
        rules.append(("date_unreadable", literal("2026-02-05"), unread))
    if field.type == "boolean":
        rules.append(("boolean_unreadable", literal(f"{YES[0]} / {NO[0]}"), unread))
    if field.min is not None:
        rules.append(("number_below_minimum", literal(shown(field.min)), f"{value} < {field.min!r}"))
    if field.max is not None:
        rules.append(("number_above_maximum", literal(shown(field.max)), f"{value} > {field.max!r}"))
    if field.allowed is not None:
        allowed = ", ".join(literal(item) for item in field.allowed)
        rules.append(("value_not_allowed", literal("、".join(field.allowed)), f"{value} not in ({allowed})"))
    if field.references is not None:
        table = registered.references[field.references]
        rules.append(
            (
                "reference_unknown",
                literal(field.references),
                f"{value} not in (select cast(value as varchar) from {table} where value is not null)",
            )
        )
    return rules + _registry_rules(contract, name, field)


def _registry_rules(contract: Dataset, name: str, field: FieldContract) -> list[tuple[str, str, str]]:
    """In a long layout a row names its indicator: its unit and limits are then those of the registry."""
    value = identifier(name)
    indicator = next((column for column, other in contract.columns.items() if other.type == "indicator"), None)
    if indicator is None:
        return []
    if field.type == "indicator":
        fed = ", ".join(literal(item) for item in contract.feeds)
        return [("reference_unknown", literal("indicators.indicator_id"), f"{value} not in ({fed})")]
    limit = f"(select {{}} from indicators where indicators.indicator_id = typed.{identifier(indicator)})"
    if field.type == "unit":
        return [("unit_differs", limit.format("unit"), f"{value} <> {limit.format('unit')}")]
    if field.type == "number":
        return [
            ("number_below_minimum", limit.format("minimum"), f"{value} < {limit.format('minimum')}"),
            ("number_above_maximum", limit.format("maximum"), f"{value} > {limit.format('maximum')}"),
        ]
    return []


def _key_faults(contract: Dataset) -> str:
    """Rows with one key: of identical ones the first stays; where they differ none can be believed."""
    key = ", ".join(
        "coalesce(city_code, province_code)" if name == contract.place else identifier(name) for name in contract.key
    )
    position = list(contract.columns).index(contract.key[0]) + 1
    expected = literal(", ".join(contract.key))
    told = f"{position}, {literal(contract.key[0])}"
    return f"""
        with good as (
            select *, row_number() over same_key as "key:repeat", first_value("{LINE}") over same_key as "key:first",
                first_value("{TEXT}") over same_key as "key:text"
            from typed where "{LINE}" not in (select faults.line from faults)
            window same_key as (
                partition by {key} order by "{LINE}" rows between unbounded preceding and unbounded following
            )
        ),
        compared as (
            select *,
                min("{LINE}") filter (where "{TEXT}" <> "key:text") over (partition by {key}) as "key:other"
            from good
        )
        select "{LINE}", {told}, 'key_repeated', cast("key:first" as varchar), {expected}
        from compared where "key:other" is null and "key:repeat" > 1
        union all
        select "{LINE}", {told}, 'key_conflict',
            cast(case when "{TEXT}" = "key:text" then "key:other" else "key:first" end as varchar), {expected}
        from compared where "key:other" is not null
    """


def _accepted_columns(contract: Dataset) -> str:
    columns = [f'"{LINE}" as line', "city_code", "province_code"]
    for name, field in contract.columns.items():
        if field.type != "place":
            columns.append(identifier(name))
        if field.qualified:
            columns.append(identifier(qualifier_of(name)))
    return ", ".join(columns)


def _rejects() -> str:
    messages = ", ".join(
        f"({', '.join(literal(part) for part in (code, m.reason_zh, m.reason_en, m.remedy_zh, m.remedy_en))})"
        for code, m in CATALOGUE.items()
    )
    texts = ", ".join(
        f"replace(replace(messages.{name}, '{{expected}}', faults.expected), '{{found}}', faults.found) as {name}"
        for name in ("reason_zh", "reason_en", "remedy_zh", "remedy_en")
    )
    return f"""
        with messages (code, reason_zh, reason_en, remedy_zh, remedy_en) as (values {messages})
        select cast(null as varchar) as sheet, faults.line, row_number() over in_row as fault_number,
            nullif(faults.column_name, '') as column_name, faults.code, faults.found, faults.expected, {texts},
            sent.row_text
        from faults
        join messages on messages.code = faults.code
        join (select "{LINE}" as line, "{TEXT}" as row_text from text_rows) as sent on sent.line = faults.line
        window in_row as (
            partition by faults.line order by faults.position, faults.code
            rows between unbounded preceding and current row
        )
        order by faults.line, fault_number
    """
