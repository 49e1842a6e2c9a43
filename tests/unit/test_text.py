"""Bytes to rows of text: decoded strictly, split as they were written, each row with its physical line."""

from __future__ import annotations

import csv
import io
import re
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from assets.intake.text import CELLS, FAULT, LINE, TEXT, FileRefused, TextRow, read_rows, write_text
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def rows_of(tmp_path: Path, content: str | bytes) -> list[TextRow]:
    file = tmp_path / "sent.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_rows(file))


def told(rows: list[TextRow]) -> list[tuple[int, tuple[str, ...], bool]]:
    return [(row.line, row.cells, row.fault is not None) for row in rows]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_three_kinds_of_line_end_are_one(tmp_path: Path, end: str) -> None:
    rows = rows_of(tmp_path, end.join(("a,b", "1,2", "", "3,4")))
    assert told(rows) == [(1, ("a", "b"), False), (2, ("1", "2"), False), (3, (), False), (4, ("3", "4"), False)]
    assert [row.text for row in rows] == ["a,b", "1,2", "", "3,4"]
    assert [row.is_blank for row in rows] == [False, False, True, False]


def test_a_byte_order_mark_is_taken_off_once_and_at_the_beginning_alone(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "\ufeffa,b\n\ufeff1,2\n")
    assert [row.cells for row in rows] == [("a", "b"), ("\ufeff1", "2")]


@pytest.mark.parametrize("content", ["", "\ufeff"])
def test_an_empty_file_has_no_rows(tmp_path: Path, content: str) -> None:
    assert rows_of(tmp_path, content) == []


@pytest.mark.parametrize("row", ["", ",", " , ", "\u3000,\u00a0", '"",""', '"\n",'])
def test_a_row_of_nothing_is_blank(tmp_path: Path, row: str) -> None:
    assert [row.is_blank for row in rows_of(tmp_path, f"{row}\nx,y\n")] == [True, False]


def test_the_line_is_the_physical_one_after_cells_of_several_lines(tmp_path: Path) -> None:
    content = 'a,b\r\n"one\r\ntwo\rthree\nfour",1\r\n\r\nx,2'
    assert [(row.line, row.cells) for row in rows_of(tmp_path, content)] == [
        (1, ("a", "b")),
        (2, ("one\r\ntwo\rthree\nfour", "1")),
        (6, ()),
        (7, ("x", "2")),
    ]


def test_a_row_keeps_its_text_as_it_was_sent(tmp_path: Path) -> None:
    _, row = rows_of(tmp_path, 'a,b\r\n"x\r\ny", ""z"" \r\n')
    assert row.text == '"x\r\ny", ""z"" '


def test_text_after_a_closing_quote_breaks_its_row_alone(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, 'a,b\n"x"y,1\n"p\nq"r,1\nz,2\n')
    assert told(rows) == [(1, ("a", "b"), False), (2, (), True), (3, (), True), (5, ("z", "2"), False)]
    assert [row.text for row in rows[1:3]] == ['"x"y,1', '"p\nq"r,1']
    assert not rows[1].is_blank


def test_a_quote_that_never_ends_is_one_broken_row_with_all_its_text(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, 'a,b\n1,"open\n2,3\n4,5')
    assert told(rows) == [(1, ("a", "b"), False), (2, (), True)]
    assert rows[1].text == '1,"open\n2,3\n4,5'


@pytest.mark.parametrize(("length", "is_broken"), [(100_000, False), (100_001, True)])
def test_an_overlong_cell_breaks_its_row_alone(tmp_path: Path, length: int, is_broken: bool) -> None:
    rows = rows_of(tmp_path, f"a,b\n{'x' * length},1\nz,2\n")
    assert [(row.line, row.fault is not None) for row in rows] == [(1, False), (2, is_broken), (3, False)]


def test_an_open_quote_swallows_no_more_than_a_cell_may_hold(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, 'a,b\n"open,1\n' + "z,2\n" * 60_000)
    assert [row.line for row in rows if row.fault] == [2]
    assert rows[-1].cells == ("z", "2")
    assert rows[-1].line == 60_002


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "=1+1", "'", "\\"])
def test_odd_characters_are_data_and_end_no_line(tmp_path: Path, text: str) -> None:
    rows = rows_of(tmp_path, f"a,{text},b\nc\n")
    assert [(row.line, row.cells) for row in rows] == [(1, ("a", text, "b")), (2, ("c",))]


@pytest.mark.parametrize(
    "content",
    [
        "城市,年份\n南昌,2024\n".encode("gb18030"),
        "城市,年份\n南昌,2024\n".encode("utf-16"),
        b"city\ncaf\xe9\n",
        b"city\n\xed\xa0\x80\n",  # half of a surrogate pair
        b"city\n\xc0\xaf\n",  # an overlong form
        b"city\n\xe5\x8d",  # cut off inside a character
    ],
)
def test_bytes_that_are_not_utf_8_refuse_the_file(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileRefused) as refused:
        rows_of(tmp_path, content)
    finding = refused.value.finding
    assert (finding.code, finding.expected) == ("file_not_utf8", "UTF-8")
    assert re.fullmatch("0x[0-9a-f]{2}", finding.found)


@pytest.mark.parametrize("rows", [1, 5, 3000])
def test_a_byte_that_is_not_utf_8_is_told_with_its_line(tmp_path: Path, rows: int) -> None:
    with pytest.raises(FileRefused) as refused:
        rows_of(tmp_path, b"1,2\n" * rows + b"caf\xe9,2\n" + b"1,2\n" * 9)
    assert (refused.value.finding.found, refused.value.finding.line) == ("0xe9", rows + 1)


CELL = st.text(
    st.one_of(st.sampled_from(',"\r\n\x00\ufeff ='), st.characters(codec="utf-8", exclude_categories=["Cs"])),
    max_size=6,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(CELL, min_size=1, max_size=4), min_size=1, max_size=6),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_cells_come_back_as_written_with_the_line_on_which_they_stand(
    tmp_path: Path, rows: list[list[str]], quoting: int, end: str
) -> None:
    buffer = io.StringIO(newline="")
    # A cell with a lone line end of the other kind must be quoted too, as every spreadsheet does.
    quoting = csv.QUOTE_ALL if any(re.search("[\r\n]", cell) for row in rows for cell in row) else quoting
    writer = csv.writer(buffer, quoting=quoting, lineterminator=end)
    writer.writerow(["header"])
    expected = [(1, ("header",), False)]
    for row in rows:
        lines = len(re.findall("\r\n|\r|\n", buffer.getvalue()))
        expected.append((1 + lines, tuple(row), False))
        writer.writerow(row)
    assert told(rows_of(tmp_path, buffer.getvalue())) == expected


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from('a,"\r\n '), max_size=40))
def test_whatever_is_sent_every_line_is_in_exactly_one_row(tmp_path: Path, content: str) -> None:
    rows, lines = rows_of(tmp_path, content), list(io.StringIO(content, newline=""))
    starts = [*(row.line for row in rows), len(lines) + 1]
    taken = ["".join(lines[start - 1 : end - 1]).rstrip("\r\n") for start, end in pairwise(starts)]
    assert starts[0] == 1
    assert taken == [row.text for row in rows]


def test_text_becomes_parquet_with_blank_rows_counted_and_left_out(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, 'x,1\n\ny\n , \n"z"z,1\nw,2,3\n,4\n')
    assert write_text(iter(rows), ["a", "b"], tmp_path / "text.parquet") == (5, 2)
    written = pq.read_table(tmp_path / "text.parquet").to_pylist()
    assert [(row[LINE], row[CELLS], row["a"], row["b"], row[TEXT]) for row in written] == [
        (1, 2, "x", "1", "x,1"),
        (3, 1, None, None, "y"),
        (5, 0, None, None, '"z"z,1'),
        (6, 3, None, None, "w,2,3"),
        (7, 2, "", "4", ",4"),
    ]
    assert [row[FAULT] is not None for row in written] == [False, False, True, False, False]


def test_more_rows_than_one_batch_are_all_written(tmp_path: Path) -> None:
    count = 50_001
    rows = (TextRow(line, (str(line),), None, str(line)) for line in range(1, count + 1))
    assert write_text(rows, ["a"], tmp_path / "text.parquet") == (count, 0)
    assert pq.read_table(tmp_path / "text.parquet", columns=["a"])["a"].to_pylist() == [
        str(line) for line in range(1, count + 1)
    ]


def test_no_rows_become_an_empty_parquet_with_its_columns(tmp_path: Path) -> None:
    assert write_text(iter(()), ["a"], tmp_path / "text.parquet") == (0, 0)
    table = pq.read_table(tmp_path / "text.parquet")
    assert (table.num_rows, table.column_names) == (0, [LINE, CELLS, FAULT, TEXT, "a"])
