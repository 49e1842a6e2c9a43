"""What is checked: the rules that the contracts of the tables imply, and those written as SQL.

Here: making checks out of contracts and out of `sql/quality/checks/*.sql`. Not here: running them
(assets.quality.checks.gx_worker).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assets.core.text import format_number
from assets.warehouse.connection import quote_identifier
from assets.warehouse.sort_check import is_out_of_order
from assets.warehouse.tables import Column, Table

Kind = Literal["between", "in_set", "no_rows"]


@dataclass(frozen=True, slots=True)
class Check:
    """One rule about one table. `query` of a `no_rows` check selects the rows that break the rule."""

    table: str
    name: str
    kind: Kind
    rule_zh: str
    rule_en: str
    is_blocking: bool = True
    key: tuple[str, ...] = ()
    column: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str | int, ...] = ()
    query: str = ""
    is_sql: bool = False  # written as a file of its own, and so shown by its own name


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one check came out. `sample` names a few failing rows by their key, as JSON."""

    check: Check
    rows_checked: int | None
    rows_failing: int
    sample: str | None

    @property
    def is_passed(self) -> bool:
        return self.rows_failing == 0


class CheckExecutionError(Exception):
    """A check could not be carried out; a fault of this project, never of the data."""


class CheckParseError(Exception):
    """A check file of ours does not say what it checks."""


def contract_checks(tables: Iterable[Table]) -> list[Check]:
    """The suite of every table: its key is unique, and each column keeps what its contract says."""
    return [check for table in tables for check in _of_table(table)]


def _of_table(table: Table) -> Iterator[Check]:
    name, key = table.qualified_name, ", ".join(table.key)
    yield Check(
        table=name,
        name="key_is_unique",
        kind="no_rows",
        rule_zh=f"{key} 唯一",
        rule_en=f"{key} is unique",
        key=table.key,
        query=_repeated_keys(name, table.key),
    )
    if any(column.required for column in table.columns.values()):
        yield _required(table)
    for column_name, column in table.columns.items():
        yield from _of_column(name, table.key, column_name, column)


def _repeated_keys(name: str, key: Sequence[str]) -> str:
    """The keys that occur more than once.

    Rows that stand in strict order of their key repeat none, which one look at each row tells in a fifth of the time of
    grouping them; they are grouped only where they stand otherwise.
    """
    columns = ", ".join(quote_identifier(column) for column in key)
    return f"""
        with unordered as (
            select count(*) > 0 as is_so from ({is_out_of_order(name, key, strictly=True)})
        )
        select {columns}, count(*) as occurrences from {name}
        where (select is_so from unordered)
        group by {columns} having count(*) > 1
    """


def _required(table: Table) -> Check:
    """All required columns of a table at once: an expectation costs Great Expectations more than DuckDB its query."""
    required = [name for name, column in table.columns.items() if column.required]
    empty = " or ".join(f"{quote_identifier(name)} is null" for name in required)
    return Check(
        table=table.qualified_name,
        name="required_columns_are_present",
        kind="no_rows",
        rule_zh=f"{'、'.join(required)} 不为空",
        rule_en=f"{', '.join(required)} are not empty",
        key=table.key,
        query=f"select * from {table.qualified_name} where {empty}",
    )


def _of_column(table: str, key: tuple[str, ...], name: str, column: Column) -> Iterator[Check]:
    if column.min is not None or column.max is not None:
        low, high = (("" if limit is None else format_number(limit)) for limit in (column.min, column.max))
        rule = (f"{name} 在 [{low}, {high}] 之内", f"{name} lies in [{low}, {high}]")
        yield Check(
            table, f"{name}_is_in_range", "between", *rule, key=key, column=name, minimum=column.min, maximum=column.max
        )
    if column.allowed is not None:
        listed = ", ".join(str(item) for item in column.allowed)
        rule = (f"{name} 只取：{listed}", f"{name} is one of: {listed}")
        yield Check(table, f"{name}_is_allowed", "in_set", *rule, key=key, column=name, allowed=column.allowed)


_HEADER = re.compile(r"^-- (table|severity|zh|en): (.+)$", re.MULTILINE)


def read_sql_checks(folders: Iterable[Path]) -> list[Check]:
    """The checks written as SQL; their first comments say table, severity (error or warning) and rule."""
    files = [file for folder in folders for file in sorted((folder / "quality" / "checks").glob("*.sql"))]
    return [_read_sql_check(file) for file in files]


def _read_sql_check(file: Path) -> Check:
    sql = file.read_text(encoding="utf-8")
    said = dict(_HEADER.findall(sql))
    missing = {"table", "severity", "zh", "en"} - set(said)
    if missing or said.get("severity") not in ("error", "warning"):
        raise CheckParseError(f"{file.name}: the header must say table, severity (error or warning), zh and en")
    return Check(
        table=said["table"],
        name=file.stem,
        kind="no_rows",
        rule_zh=said["zh"],
        rule_en=said["en"],
        is_blocking=said["severity"] == "error",
        query=sql,
        is_sql=True,
    )
