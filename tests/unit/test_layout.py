"""What the terminal shows is whole at any width: no figure, word or identifier is broken, and no row is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from pipelines.cli.render.layout import make_table, wrap
from pipelines.cli.render.row_formats import select_right

WORDS = st.text("abc 0123456789.,%–中文数字，。()", min_size=1, max_size=60)


def show(table: object, width: int) -> str:
    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


@given(WORDS, st.integers(1, 30))
def test_a_broken_text_has_every_character_and_no_line_is_too_long(text: str, width: int) -> None:
    lines = wrap(Text(text), width).plain.split("\n")
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cell_len(line.rstrip()) <= max(width, 2) for line in lines)


@pytest.mark.parametrize(
    "text", ["面积2,887.98平方公里", "10 000 people", "61–74 (3)", "≈7,613 元/人", "预计2030年达到85.02%"]
)
def test_a_line_breaks_around_a_figure(text: str) -> None:
    figures = re.findall(r"\d[\d,.–%]*(?: \d{3})*", text)
    wrapped = wrap(Text(text), max(map(cell_len, re.findall(r"[^\s一-鿿]+(?: 000)?", text))) + 1).plain
    assert all(figure in wrapped for figure in figures)


@given(st.lists(st.tuples(WORDS, st.integers(), st.floats(allow_nan=False)), min_size=1, max_size=5))
def test_every_figure_of_a_table_is_whole_at_every_width(rows: list[tuple[str, int, float]]) -> None:
    cells = [(text, str(number), str(value)) for text, number, value in rows]
    for width in (60, 80, 120, 200):
        shown = show(make_table(["text", "number", "value"], (1, 2), rows=cells), width)
        assert all(cell_len(line.rstrip()) <= width for line in shown.splitlines())
        found = shown.split()
        assert all(number in found and value in found for _, number, value in cells)


def test_a_narrow_terminal_gets_records() -> None:
    table = make_table([f"column{n}" for n in range(9)], rows=[["1234567890"] * 9])
    assert show(table, 60).splitlines()[0] == "column0: 1234567890"
    assert len(show(table, 120).splitlines()) == 3


def test_columns_of_numbers_are_aligned_to_the_right() -> None:
    rows = [(1, None, "x", True), (2.5, 3, None, False)]
    assert select_right(["a", "b", "c", "d"], rows) == {0, 1}
