"""Turns between Arrow and numpy: the quick ways say what the plain ones would."""

from __future__ import annotations

import re

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from assets.core.text import BLANKS
from assets.intake.values.arrow_utils import strip_blanks, take_categories
from assets.intake.values.numeric_columns import parse_plain_numbers

# Blanks, and characters that share a byte with one: 　 is e3 80 80, 〇 e3 80 87, 一 e4 b8 80, é c3 a9, \u00a0 c2 a0.
TEXTS = st.lists(st.text(f"{BLANKS}a1.〇一é市à", max_size=5), max_size=6)
FIGURES = st.lists(st.text("0123456789.+-e １", max_size=20), max_size=6)


@given(TEXTS, st.integers(0, 2))
def test_trimming_takes_the_blanks_at_both_ends_and_nothing_else(texts: list[str], start: int) -> None:
    column = pa.array(texts, pa.string()).slice(start)
    assert strip_blanks(column).to_pylist() == [text.strip(BLANKS) for text in texts[start:]]


@given(FIGURES, st.integers(0, 2))
def test_plain_numbers_are_digits_with_a_point_between_and_a_sign_before(texts: list[str], start: int) -> None:
    column = pa.array(texts, pa.string()).slice(start)
    plain = [bool(re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text)) and len(text) <= 16 for text in texts[start:]]
    assert parse_plain_numbers(column).tolist() == plain


def test_texts_on_a_few_rows_leave_the_others_empty() -> None:
    assert take_categories({1: "约"}, 3).to_pylist() == [None, "约", None]
    assert take_categories({}, 2) == pa.nulls(2, pa.string())
