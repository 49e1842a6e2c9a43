"""Faults of rows: which row, which column, which error, what was found and what was expected.

Here: gathering the faults of one chunk rule by rule. Not here: the rules (assets.intake.rows.validator,
assets.intake.values.numeric_columns), the sentences (assets.core.errors).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from assets.intake.readers.raw_rows import RawChunk, RawRow
from assets.intake.values.arrow_utils import Indices, Mask, build_table, take_strings

_LONGEST_FOUND = 200

ROW_ERROR_SCHEMA = pa.schema(
    [
        ("sheet", pa.string()),
        ("line", pa.int64()),
        ("position", pa.int32()),
        ("column_name", pa.string()),
        ("sent_position", pa.int32()),
        ("code", pa.string()),
        ("found", pa.string()),
        ("expected", pa.string()),
        ("row_text", pa.string()),
        ("carried_id", pa.string()),
    ]
)
_OF_ROW = ("row", "position", "column_name", "sent_position", "code", "found", "expected")


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column of the contract and where the file has it; `sent_position` counts from 1, None where it has not."""

    name: str
    position: int
    sent_position: int | None
    header_unit: str | None = None


@dataclass
class RowErrors:
    """The faults of a chunk of `size` rows; `is_bad` says which of the rows have one."""

    size: int
    is_bad: Mask = field(init=False)
    rows: dict[str, list[Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.is_bad = np.zeros(self.size, dtype=np.bool_)
        self.rows = {name: [] for name in _OF_ROW}

    def add(
        self, bad: Mask, where: SourceColumn, code: str, found: pa.Array | None, expected: str | Sequence[str] = ""
    ) -> None:
        """`bad` says which rows; `found` is the column as sent; `expected` is one text, or one for each bad row."""
        numbers = np.flatnonzero(bad)
        if not len(numbers):
            return
        self.is_bad |= bad
        count = len(numbers)
        texts = take_strings(found, numbers) if found is not None else [""] * count
        self.rows["row"] += numbers.tolist()
        self.rows["position"] += [where.position] * count
        self.rows["column_name"] += [where.name] * count
        self.rows["sent_position"] += [where.sent_position] * count
        self.rows["code"] += [code] * count
        self.rows["found"] += [text[:_LONGEST_FOUND] for text in texts]
        self.rows["expected"] += [expected] * count if isinstance(expected, str) else list(expected)

    def add_by_distinct(
        self,
        where: SourceColumn,
        column: pa.Array,
        codes: Sequence[str | None],
        expected: Sequence[str],
        indices: Indices,
    ) -> None:
        """Errors of the distinct texts of a column, over the rows that have them."""
        for code in sorted({code for code in codes if code is not None}):
            bad = np.array([other == code for other in codes], dtype=np.bool_)[indices]
            self.add(bad, where, code, column, [expected[index] for index in indices[bad].tolist()])

    def table(self, sheet: str | None, chunk: RawChunk, return_ids: pa.Array) -> pa.Table:
        """The faults, each with its row as it was sent and the number under which that came back, if it did."""
        numbers = np.array(self.rows["row"], dtype=np.int64)
        lines = chunk.lines[numbers].tolist()
        texts = chunk.texts(set(lines)) if lines else {}
        columns = [self.rows[name] for name in _OF_ROW[1:]]
        sent = [texts[line] for line in lines]
        return build_table(
            ROW_ERROR_SCHEMA, [[sheet] * len(lines), lines, *columns, sent, take_strings(return_ids, numbers)]
        )


def malformed_row_errors(sheet: str | None, rows: Sequence[RawRow], width: int) -> pa.Table:
    """Rows that do not have the cells of the table: broken ones, and those with too few or too many."""
    told = [
        (sheet, row.line, 0, None, None, "row_broken", row.fault, "", row.text, None)
        if row.fault is not None
        else (sheet, row.line, 0, None, None, "row_cell_count", str(len(row.cells)), str(width), row.text, None)
        for row in rows
    ]
    return build_table(ROW_ERROR_SCHEMA, list(zip(*told, strict=True)))
