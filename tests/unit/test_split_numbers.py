"""Numbers that commas have split: every row with one is found, and no row without one is suspected."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from assets.intake.readers.split_numbers import ColumnKind, find_split_number

MAX_COMMAS = 8


@given(st.lists(st.integers(0, 9_999_999), min_size=1, max_size=5), st.sampled_from(("", "合成")), st.booleans())
def test_a_row_with_split_numbers_is_found_and_no_other(figures: list[int], note: str, is_cut: bool) -> None:
    kinds: list[ColumnKind] = ["other", "year", *["figure" for _ in figures], "word"]
    numbers = [f"{figure:,}" for figure in figures]
    cells = ["南昌市", "2023", *",".join(numbers).split(","), note]
    commas = sum(number.count(",") for number in numbers)
    assume(commas <= MAX_COMMAS)
    # Only an empty note can be left out together with its comma.
    found = find_split_number(cells[:-1] if is_cut and not note else cells, kinds)
    assert (found is not None) == (commas > 0)
    assert found is None or found in ",".join(numbers)


def test_a_row_of_words_alone_is_not_suspected() -> None:
    assert find_split_number(["1", "200", "3"], ["word", "other", "word"]) is None
    assert find_split_number(["南昌市", "1", "200"], ["other", "figure"]) == "1,200"
    assert find_split_number(["南昌市", "1", "200", "城区", "7"], ["other", "figure", "figure", "word", "word"]) is None
