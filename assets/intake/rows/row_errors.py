"""Errors of rows: row, column, code, actual and expected value.

Here: collecting the errors of one chunk, rule by rule. Not here: the rules (assets.intake.rows.validator,
assets.intake.values.numeric_columns), the texts (assets.core.messages).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

import numpy as np
import pyarrow as pa

from assets.intake.readers.raw_rows import RawChunk, RawRow
from assets.intake.tables.table_rows import CELL, FIRST_COLUMN
from assets.intake.values.arrow_utils import Indices, Mask, build_table, take_strings

_MAX_ACTUAL_LENGTH = 200

ROW_ERROR_SCHEMA = pa.schema(
    [
        ("sheet", pa.string()),
        ("line", pa.int64()),
        (FIRST_COLUMN, pa.int64()),
        (CELL, pa.string()),
        ("position", pa.int32()),
        ("column_name", pa.string()),
        ("source_position", pa.int32()),
        ("code", pa.string()),
        ("actual", pa.string()),
        ("expected", pa.string()),
        ("raw_row", pa.string()),
        ("resubmitted_return_id", pa.string()),
    ]
)
_FIELDS = ("row", "position", "column_name", "source_position", "code", "actual", "expected")


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column of the contract and its position in the file.

    Attributes:
        name: its name in the contract.
        position: its position in the contract, from 1; 0 for a column that is not in the contract.
        source_position: its position in the file, from 1; None where the file does not have it.
        header_unit: the unit in its header, if any.
    """

    name: str
    position: int
    source_position: int | None
    header_unit: str | None = None


@dataclass
class RowErrors:
    """The errors of a chunk of `size` rows; `is_bad` marks the rows with an error."""

    size: int
    is_bad: Mask = field(init=False)
    columns: dict[str, list[Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.is_bad = np.zeros(self.size, dtype=np.bool_)
        self.columns = {name: [] for name in _FIELDS}

    def add(
        self, is_bad: Mask, source: SourceColumn, code: str, actual: pa.Array | None, expected: str | Sequence[str] = ""
    ) -> None:
        """Add one error for each bad row; `expected` is one text for all of them, or one for each."""
        numbers = np.flatnonzero(is_bad)
        if not len(numbers):
            return
        self.is_bad |= is_bad
        count = len(numbers)
        texts = take_strings(actual, numbers) if actual is not None else [""] * count
        self.columns["row"] += numbers.tolist()
        self.columns["position"] += [source.position] * count
        self.columns["column_name"] += [source.name] * count
        self.columns["source_position"] += [source.source_position] * count
        self.columns["code"] += [code] * count
        self.columns["actual"] += [text[:_MAX_ACTUAL_LENGTH] for text in texts]
        self.columns["expected"] += [expected] * count if isinstance(expected, str) else list(expected)

    def replace(self, errors: Mapping[tuple[int, SourceColumn], tuple[str, str, str]]) -> None:
        """Report one error (code, actual, expected) of some cells, by row and column, in place of their others."""
        cells = {(row, source.name) for row, source in errors}
        is_other = [cell not in cells for cell in zip(self.columns["row"], self.columns["column_name"], strict=True)]
        self.columns = {name: list(compress(values, is_other)) for name, values in self.columns.items()}
        for (row, source), error in errors.items():
            values = (row, source.position, source.name, source.source_position, *error)
            for name, value in zip(_FIELDS, values, strict=True):
                self.columns[name].append(value)
            self.is_bad[row] = True

    def add_by_distinct(
        self,
        source: SourceColumn,
        texts: pa.Array,
        codes: Sequence[str | None],
        expected: Sequence[str],
        indices: Indices,
    ) -> None:
        """Add the errors of the distinct texts of a column (`codes`, `expected`) to the rows that have these texts.

        `indices` is the number of the distinct text of each row.
        """
        for code in sorted({code for code in codes if code is not None}):
            is_bad = np.array([text_code == code for text_code in codes], dtype=np.bool_)[indices]
            self.add(is_bad, source, code, texts, [expected[index] for index in indices[is_bad].tolist()])

    def to_table(self, sheet: str | None, chunk: RawChunk, return_ids: pa.Array) -> pa.Table:
        """Return the errors, each with its row as it is in the file and the number of the reject that it corrects."""
        numbers = np.array(self.columns["row"], dtype=np.int64)
        lines = chunk.lines[numbers].tolist()
        texts = chunk.texts(set(lines)) if lines else {}
        columns = [self.columns[name] for name in _FIELDS[1:]]
        raw_rows = [texts[line] for line in lines]
        nothing = [None] * len(lines)
        texts_of_rows = [raw_rows, take_strings(return_ids, numbers)]
        return build_table(ROW_ERROR_SCHEMA, [[sheet] * len(lines), lines, nothing, nothing, *columns, *texts_of_rows])


def malformed_row_errors(sheet: str | None, rows: Sequence[RawRow], width: int) -> pa.Table:
    """Return the errors of rows that cannot be split into cells, or into another number of cells than `width`."""
    faults = (
        ("cell_count_mismatch", str(len(row.cells)), str(width)) if row.error is None else (row.code, row.error, "")
        for row in rows
    )
    errors = [
        (sheet, row.line, None, None, 0, None, None, *fault, row.text, None)
        for row, fault in zip(rows, faults, strict=True)
    ]
    return build_table(ROW_ERROR_SCHEMA, list(zip(*errors, strict=True)))
