"""Several tables of one sheet as one: rows under the same columns, or further columns of the same rows.

Here: which of the two a table is, and the joined rows. Not here: how the tables are found
(assets.intake.tables.arrangement).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assets.core.errors import Issue
from assets.intake.tables.contracts import Contract
from assets.intake.tables.headers import Header
from assets.intake.tables.row_kinds import is_number, plain_form
from assets.intake.tables.table_rows import Cell, TableRow, header_key
from assets.intake.values.units import Units

NormalisePlace = Callable[[str], str]


@dataclass(frozen=True)
class Table:
    """A table of a sheet: its headers, its rows, and the required columns that it lacks, with an issue for each."""

    headers: tuple[Header, ...]
    rows: tuple[TableRow, ...]
    missing: tuple[Issue, ...] = ()


@dataclass(frozen=True)
class TableJoiner:
    """The joining of the tables of one sheet."""

    contract: Contract
    units: Units
    normalise_place: NormalisePlace

    def join(self, tables: Sequence[Table]) -> tuple[Table, list[Issue]]:
        """Return one table with the rows of all, and why some cannot be joined."""
        joined, issues = tables[0], list(tables[0].missing)
        for table in tables[1:]:
            units = {header_key(header): header.unit for header in joined.headers}
            adapted = replace(table, rows=tuple(self._adapt_units(row, table.headers, units) for row in table.rows))
            result = self._add_columns(joined, adapted) or self._add_rows(joined, adapted)
            if result is None:
                issues += table.missing
            else:
                joined = result
        return joined, issues

    def _add_rows(self, upper: Table, lower: Table) -> Table | None:
        """The rows of both, None where the lower table lacks required columns."""
        return None if lower.missing else Table(_all_headers(upper, lower), (*upper.rows, *lower.rows))

    def _add_columns(self, upper: Table, lower: Table) -> Table | None:
        """The rows of the upper table with the further columns of the lower one, None where its rows are others."""
        keys = [name for name in self._key if _has(upper, name) and _has(lower, name)]
        by_key: dict[tuple[str, ...], int] = {}
        for number, row in enumerate(upper.rows):
            by_key.setdefault(self._key_of(row, keys), number)
        are_unique = len(by_key) == len(upper.rows)
        places = [by_key.get(self._key_of(row, keys)) for row in lower.rows]
        if not are_unique or not places or None in places or len(set(places)) < len(places):
            return None
        rows = list(upper.rows)
        for place, addition in zip(places, lower.rows, strict=True):
            row = rows[place or 0]
            if any(_differs(addition.cells[key], row.cells.get(key)) for key in addition.cells if key not in keys):
                return None
            rows[place or 0] = replace(row, cells={**addition.cells, **_filled(row)})
        return Table(_all_headers(upper, lower), tuple(rows), upper.missing)

    @property
    def _key(self) -> list[str]:
        code = self.contract.place_code
        return [*self.contract.key, *([code] if code is not None else [])]

    def _key_of(self, row: TableRow, keys: Sequence[str]) -> tuple[str, ...]:
        if row.malformed is not None:
            return ("malformed", str(row.line))
        texts = {key: row.cells[key].text if key in row.cells else "" for key in keys}
        return tuple(
            self.normalise_place(text) if self.contract.columns[key].is_place else plain_form(text).removesuffix("年")
            for key, text in texts.items()
        )

    def _adapt_units(self, row: TableRow, headers: Sequence[Header], units: dict[str, str | None]) -> TableRow:
        """The row with the unit behind each number whose column has another unit in the table above."""
        cells = dict(row.cells)
        for header in headers:
            key, column = header_key(header), self.contract.columns.get(header.column or "")
            if column is None or column.unit is None or key not in units or key not in cells:
                continue
            own, other = header.unit or column.unit, units[key] or column.unit
            if self.units.factor(own, other) != 1 and is_number(plain_form(cells[key].text)):
                cells[key] = cells[key]._replace(text=f"{cells[key].text.strip()}{own}")
        return replace(row, cells=cells)


def _has(table: Table, column: str) -> bool:
    return any(header.column == column for header in table.headers)


def _all_headers(upper: Table, lower: Table) -> tuple[Header, ...]:
    present = {header_key(header) for header in upper.headers}
    return (*upper.headers, *(header for header in lower.headers if header_key(header) not in present))


def _differs(cell: Cell, other: Cell | None) -> bool:
    return other is not None and bool(other.text.strip()) and cell.text.strip() not in ("", other.text.strip())


def _filled(row: TableRow) -> dict[str, Cell]:
    return {key: cell for key, cell in row.cells.items() if cell.text.strip()}
