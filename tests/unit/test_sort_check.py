"""The check of the order agrees with sorting."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assets.warehouse.connection import Connection
from assets.warehouse.sort_check import is_out_of_order

Row = tuple[str | None, int | None, float | None]
ROWS = st.lists(
    st.tuples(
        st.sampled_from([None, "", "a", "b"]), st.sampled_from([None, 1, 2]), st.sampled_from([None, 0.5, float("nan")])
    ),
    max_size=5,
)


def sort_key(row: Row) -> tuple[object, ...]:
    """Return the sort key of a row: empty cells first, NaN after all numbers."""
    return tuple((cell is not None, cell != cell, cell if cell == cell else 0) for cell in row)


@given(rows=ROWS)
def test_rows_are_out_of_order_where_sorting_would_move_them(work: Connection, rows: list[Row]) -> None:
    places = [sort_key(row) for row in rows]
    work.execute('create or replace temp table keyed (a varchar, "区 县" integer, c double)')
    if rows:
        work.executemany("insert into keyed values (?, ?, ?)", rows)
    query = is_out_of_order("keyed", ("a", "区 县", "c"))
    count = work.execute(f"select count(*) from ({query})").fetchone()
    work.execute("drop table keyed")
    assert (count == (0,)) == (places == sorted(places))
