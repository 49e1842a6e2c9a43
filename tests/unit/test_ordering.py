"""Order is told as sorting would tell it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.warehouse.connection import connect_in_memory
from assets.warehouse.sort_check import is_out_of_order

ROWS = st.lists(
    st.tuples(
        st.sampled_from([None, "", "a", "b"]), st.sampled_from([None, 1, 2]), st.sampled_from([None, 0.5, float("nan")])
    ),
    max_size=5,
)


def place(row: tuple[str | None, int | None, float | None]) -> tuple[object, ...]:
    """Empty cells first, and what is no number behind all numbers."""
    return tuple((cell is not None, cell != cell, cell if cell == cell else 0) for cell in row)


@pytest.mark.parametrize("strictly", [False, True])
@given(rows=ROWS)
def test_rows_are_out_of_order_where_sorting_would_move_them_or_a_key_repeats(
    rows: list[tuple[str | None, int | None, float | None]], strictly: bool
) -> None:
    places = [place(row) for row in rows]
    stands = places == (sorted(set(places)) if strictly else sorted(places))
    with connect_in_memory() as connection:
        connection.execute('create table keyed (a varchar, "区 县" integer, c double)')
        if rows:
            connection.executemany("insert into keyed values (?, ?, ?)", rows)
        found = connection.execute(
            f"select count(*) from ({is_out_of_order('keyed', ('a', '区 县', 'c'), strictly=strictly)})"
        ).fetchall()
    # A first row without any cell follows nothing; a strict reading doubts it, which costs a look and no more.
    doubted = strictly and bool(rows) and rows[0] == (None, None, None)
    assert (found == [(0,)]) == (stands and not doubted)
