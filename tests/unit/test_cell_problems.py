"""Cells that show something else than they hold: their row is rejected, with what is shown and what is stored."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from assets.intake.readers.raw_rows import CellProblem, RawChunk, RawRow
from assets.intake.rows.validator import ChunkResult, RowValidator
from assets.intake.tables.contracts import Contract
from assets.intake.tables.detection import TableDetector, detect_table
from assets.intake.tables.headers import HeaderMatcher
from assets.intake.values.lookups import Lookups

HEADERS = ("city", "date", "posts", "share", "source_id", "source_grade", "")
ROWS = (("甲市", "2026-02-05", "12", "x", "book", "A", ""), ("乙市", "2026-02-06", "5", "3.5", "book", "B", ""))
PROBLEM = CellProblem("text_damaged", "12", "1212")


def validated(fairs: Contract, registry: Lookups, problems: dict[tuple[int, int], CellProblem]) -> ChunkResult:
    """The rows of lines 2 and 3 of a sheet with problems by line and column."""
    layout = detect_table([RawRow(1, HEADERS, "")], TableDetector(HeaderMatcher(fairs, registry.units)))
    lines, texts = np.array([2, 3], dtype=np.int64), {2: "first", 3: "second"}
    columns = [pa.array(cells) for cells in zip(*ROWS, strict=True)]
    chunk = RawChunk(lines, columns, lambda numbers: {line: texts[line] for line in numbers})
    return RowValidator(fairs, registry, layout, "表", problems).validate(chunk)


def errors_of(result: ChunkResult) -> list[tuple[object, ...]]:
    names = ("line", "column_name", "source_position", "code", "actual", "expected", "raw_row")
    return sorted(tuple(row[name] for name in names) for row in result.errors.to_pylist())


def test_a_cell_with_a_problem_rejects_its_row_with_what_is_shown_and_stored(
    fairs: Contract, registry: Lookups
) -> None:
    result = validated(fairs, registry, {(3, 2): PROBLEM})
    assert errors_of(result) == [
        (2, "share", 4, "invalid_number", "x", "1234.5", "first"),
        (3, "posts", 3, "text_damaged", "12", "1212", "second"),
    ]
    assert result.valid.num_rows == 0


def test_a_problem_is_reported_instead_of_what_the_text_of_the_cell_gave(fairs: Contract, registry: Lookups) -> None:
    result = validated(fairs, registry, {(2, 3): PROBLEM})
    assert errors_of(result) == [(2, "share", 4, "text_damaged", "12", "1212", "first")]
    assert result.valid["line"].to_pylist() == [3]


def test_a_problem_beside_the_columns_or_rows_of_the_table_is_none_of_a_row(fairs: Contract, registry: Lookups) -> None:
    result = validated(fairs, registry, {(3, 6): PROBLEM, (3, 9): PROBLEM, (4, 2): PROBLEM, (1, 0): PROBLEM})
    assert [row[0] for row in errors_of(result)] == [2]


def test_each_cell_of_a_row_may_have_a_problem(fairs: Contract, registry: Lookups) -> None:
    result = validated(fairs, registry, {(3, column): PROBLEM for column in range(7)})
    assert [row[1] for row in errors_of(result) if row[0] == 3] == sorted(HEADERS[:6])
