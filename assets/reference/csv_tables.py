"""Reference tables from CSV files, with strict types.

Here: one CSV file and its contract in, typed rows out, and an issue with line and column for each error. Not here:
rules between tables (assets.reference.integrity).
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assets.core.errors import Issue
from assets.core.text import format_number
from assets.warehouse.connection import Connection
from assets.warehouse.tables import Column, Table

Value = str | int | float | bool | None

_INTEGER = re.compile(r"[+-]?\d+")
_MAXIMUM = {"integer": 2**31 - 1, "bigint": 2**63 - 1}
_MAX_DIGITS = 20
_DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """One row of a reference table, with its line in the file."""

    line: int
    values: dict[str, Value]

    def __getitem__(self, column: str) -> Value:
        return self.values[column]


@dataclass(frozen=True, slots=True)
class ReferenceTable:
    """A reference table as read; a row with an error is not part of it."""

    table: Table
    file: str
    rows: tuple[ReferenceRow, ...]

    def column(self, name: str) -> list[Value]:
        """Return the values of a column, in the order of the file."""
        return [row[name] for row in self.rows]

    def mapping(self, key: str, value: str) -> dict[Value, Value]:
        """Return the values of one column by those of another."""
        return {row[key]: row[value] for row in self.rows}

    def issue(self, code: str, row: ReferenceRow, column: str, expected: str) -> Issue:
        """Return the issue of one cell."""
        actual = row[column]
        return Issue(code, "" if actual is None else str(actual), expected, self.file, row.line, column)

    def write(self, connection: Connection) -> None:
        """Write the rows into the database, with types and comments."""
        self.table.load_columns(connection, {name: self.column(name) for name in self.table.columns})


def read_reference_table(table: Table, file: Path) -> tuple[ReferenceTable, list[Issue]]:
    """Return the table of a file and the issues of its header and cells; no value is guessed or filled in."""
    name = f"reference/{file.name}"
    header = ",".join(table.columns)
    if not file.is_file():
        return ReferenceTable(table, name, ()), [Issue("missing_reference_table", file.name, header, name)]
    content = file.read_bytes()
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8").removeprefix("\ufeff"), newline=""), strict=True)
        return _read_rows(table, name, reader)
    except UnicodeDecodeError as error:
        issue = Issue("invalid_table_header", str(error), header, name, 1 + content.count(b"\n", 0, error.start))
    except csv.Error as error:
        issue = Issue("invalid_table_header", str(error), header, name, reader.line_num)
    return ReferenceTable(table, name, ()), [issue]


def _read_rows(table: Table, name: str, reader: Iterator[list[str]]) -> tuple[ReferenceTable, list[Issue]]:
    expected = list(table.columns)
    header = next(reader, [])
    if header != expected:
        issue = Issue("invalid_table_header", ",".join(header), ",".join(expected), name, 1)
        return ReferenceTable(table, name, ()), [issue]
    rows, issues, line = [], [], 2
    for cells in reader:
        if len(cells) != len(expected):
            issues.append(Issue("cell_count_mismatch", str(len(cells)), str(len(expected)), name, line))
        else:
            values, row_issues = _parse_row(table, cells, name, line)
            issues += row_issues
            if not row_issues:
                rows.append(ReferenceRow(line, values))
        line = getattr(reader, "line_num", line) + 1
    return ReferenceTable(table, name, tuple(rows)), issues


def _parse_row(table: Table, cells: Sequence[str], file: str, line: int) -> tuple[dict[str, Value], list[Issue]]:
    values: dict[str, Value] = {}
    issues = []
    for (name, column), text in zip(table.columns.items(), cells, strict=True):
        values[name] = value = _parse(column, text.strip())
        if text.strip() == "":
            code, expected = ("missing_value", column.en) if column.required else (None, "")
        elif value is None:
            code, expected = "invalid_type", column.type
        else:
            code, expected = _check_constraint(column, value)
        if code:
            issues.append(Issue(code, text, expected, file, line, name))
    return values, issues


def _parse(column: Column, text: str) -> Value:
    """Return the value of a cell; None where it is empty or not of the type of the column."""
    if column.type == "varchar":
        return text or None
    if column.type in ("integer", "bigint"):
        number = int(text) if _INTEGER.fullmatch(text) and len(text) <= _MAX_DIGITS else None
        return number if number is not None and -_MAXIMUM[column.type] - 1 <= number <= _MAXIMUM[column.type] else None
    if column.type == "double":
        value = float(text) if _DECIMAL.fullmatch(text) else math.inf
        return value if math.isfinite(value) else None
    if column.type == "boolean":
        return {"true": True, "false": False}.get(text)
    raise NotImplementedError(f"reference tables have no {column.type} columns")


def _check_constraint(column: Column, value: Value) -> tuple[str | None, str]:
    if column.allowed is not None and value not in column.allowed:
        return "value_not_allowed", ", ".join(str(item) for item in column.allowed)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if column.min is not None and value < column.min:
            return "number_below_minimum", format_number(column.min)
        if column.max is not None and value > column.max:
            return "number_above_maximum", format_number(column.max)
    return None, ""
