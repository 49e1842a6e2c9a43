"""Checks: the rules that the contracts of tables imply, and those written as SQL.

Here: building checks from contracts and from `sql/quality/checks/*.sql`. Not here: executing them
(assets.quality.checks.gx_worker).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assets.core.text import format_number
from assets.warehouse.connection import quote_identifier
from assets.warehouse.tables import Column, Table

Kind = Literal["between", "in_set", "no_rows"]


@dataclass(frozen=True, slots=True)
class Check:
    """A rule for one table. The `query` of a `no_rows` check selects the rows that break it."""

    table: str
    name: str
    kind: Kind
    description_zh: str
    description_en: str
    is_blocking: bool = True
    key: tuple[str, ...] = ()
    column: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str | int, ...] = ()
    query: str = ""
    is_sql: bool = False  # from a file of its own, so Dagster shows it under its own name


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check. `sample` has the keys of a few failing rows, as JSON."""

    check: Check
    rows_checked: int | None
    rows_failing: int
    sample: str | None

    @property
    def is_passed(self) -> bool:
        """Return whether no row fails."""
        return self.rows_failing == 0


class CheckExecutionError(Exception):
    """A check could not be executed: an error of the project, never of the data."""


class CheckParseError(Exception):
    """A check file lacks a header that states what it checks."""


def contract_checks(tables: Iterable[Table]) -> list[Check]:
    """Return the checks of the contracts: keys are unique, required columns filled, values in range and allowed."""
    return [check for table in tables for check in _table_checks(table)]


def _table_checks(table: Table) -> Iterator[Check]:
    name, key = table.qualified_name, ", ".join(table.key)
    columns = ", ".join(map(quote_identifier, table.key))
    yield Check(
        table=name,
        name="key_is_unique",
        kind="no_rows",
        description_zh=f"{key} 唯一",
        description_en=f"{key} is unique",
        key=table.key,
        query=f"select {columns}, count(*) as occurrences from {name} group by {columns} having count(*) > 1",
    )
    if any(column.required for column in table.columns.values()):
        yield _required_columns_check(table)
    for column_name, column in table.columns.items():
        yield from _column_checks(name, table.key, column_name, column)


def _required_columns_check(table: Table) -> Check:
    """Check all required columns of a table together: each expectation costs more than its query in DuckDB."""
    required = [name for name, column in table.columns.items() if column.required]
    empty = " or ".join(f"{quote_identifier(name)} is null" for name in required)
    return Check(
        table=table.qualified_name,
        name="required_columns_are_present",
        kind="no_rows",
        description_zh=f"{'、'.join(required)} 不为空",
        description_en=f"{', '.join(required)} are not empty",
        key=table.key,
        query=f"select * from {table.qualified_name} where {empty}",
    )


def _column_checks(table: str, key: tuple[str, ...], name: str, column: Column) -> Iterator[Check]:
    if column.min is not None or column.max is not None:
        low, high = (("" if limit is None else format_number(limit)) for limit in (column.min, column.max))
        rule = (f"{name} 在 [{low}, {high}] 之内", f"{name} lies in [{low}, {high}]")
        yield Check(
            table, f"{name}_is_in_range", "between", *rule, key=key, column=name, minimum=column.min, maximum=column.max
        )
    if column.allowed is not None:
        listed = ", ".join(str(item) for item in column.allowed)
        rule = (f"{name} 只取：{listed}", f"{name} is one of ({listed})")
        yield Check(table, f"{name}_is_allowed", "in_set", *rule, key=key, column=name, allowed=column.allowed)


_HEADER = re.compile(r"^-- (table|severity|zh|en): (.+)$", re.MULTILINE)
# A file may have several checks of one severity; its select has the name of each as `{check}`.
_CHECK = re.compile(r"^-- check: (\w+)\n-- zh: (.+)\n-- en: (.+)\n", re.MULTILINE)


def read_sql_checks(folders: Iterable[Path]) -> list[Check]:
    """Return the checks written as SQL; their first comments state table, severity (error or warning) and rule."""
    files = [file for folder in folders for file in sorted((folder / "quality" / "checks").glob("*.sql"))]
    return [check for file in files for check in _read_sql_file(file)]


def _read_sql_file(file: Path) -> Iterator[Check]:
    sql = file.read_text(encoding="utf-8")
    header = dict(_HEADER.findall(sql))
    named = _CHECK.findall(sql)
    is_complete = {"table", "severity", "zh", "en"} == set(header) and len(named) == sql.count("-- check: ")
    if not is_complete or header["severity"] not in ("error", "warning"):
        raise CheckParseError(f"{file.name}: the header must state table, severity (error or warning), zh and en")
    for name, zh, en in named or [(file.stem, header["zh"], header["en"])]:
        yield Check(
            table=header["table"],
            name=name,
            kind="no_rows",
            description_zh=zh,
            description_en=en,
            is_blocking=header["severity"] == "error",
            query=_CHECK.sub("", sql).replace("{check}", name),
            is_sql=True,
        )
