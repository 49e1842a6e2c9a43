"""Rows as one record of a CSV file: whatever the cells contain, they are read back as they were."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from assets.intake.readers.raw_rows import to_csv_record

CELLS = st.lists(st.text(st.sampled_from("甲1,;|\"'\r\n\t "), max_size=6), min_size=2, max_size=5)


@given(CELLS, st.sampled_from(",;|\t"))
def test_cells_are_read_back_as_they_were_also_with_line_ends(cells: list[str], delimiter: str) -> None:
    record = to_csv_record(cells, delimiter)
    assert list(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter, strict=True)) == [cells]
