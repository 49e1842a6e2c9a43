"""Text to rows: split as they were written, each row with its physical line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.core.settings import Limits
from assets.intake.readers import delimited
from assets.intake.readers.delimited import DelimitedSheet, detect_delimiter, has_regular_rows
from assets.intake.readers.encoding import FileRejectedError, detect_encoding
from assets.intake.readers.raw_rows import ChunkSchema, RawRow

LIMITS = Limits()
MANY = 1 << 20


def sheet_of(tmp_path: Path, content: str | bytes, delimiter: str = ",", limits: Limits = LIMITS) -> DelimitedSheet:
    file = tmp_path / "sent.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return DelimitedSheet(file, detect_encoding(file, limits), delimiter, limits)


def rows_of(tmp_path: Path, content: str | bytes, delimiter: str = ",") -> list[RawRow]:
    return sheet_of(tmp_path, content, delimiter).head(MANY)


def simplify(rows: list[RawRow]) -> list[tuple[int, tuple[str, ...], bool]]:
    return [(row.line, row.cells, row.error is not None) for row in rows]


def chunked(
    sheet: DelimitedSheet, after: int, width: int, min_width: int | None = None
) -> list[tuple[int, tuple[str, ...], str]]:
    """Line, cells and text of every row below a line, in the order of lines; broken rows have no cells."""
    rows = []
    for task in sheet.chunks(after, ChunkSchema(width, frozenset(), min_width)):
        chunk = task()
        texts = chunk.texts(set(chunk.lines.tolist()))
        cells = zip(*(column.to_pylist() for column in chunk.columns), strict=True)
        rows += [(line, row, texts[line]) for line, row in zip(chunk.lines.tolist(), cells, strict=True)]
        rows += [(row.line, row.cells, row.text) for row in chunk.malformed]
    return sorted(rows)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_three_kinds_of_line_end_are_one(tmp_path: Path, end: str) -> None:
    rows = rows_of(tmp_path, end.join(("a,b", "1,2", "", "3,4")))
    assert simplify(rows) == [(1, ("a", "b"), False), (2, ("1", "2"), False), (3, (), False), (4, ("3", "4"), False)]
    assert [row.text for row in rows] == ["a,b", "1,2", "", "3,4"]
    assert [row.is_blank for row in rows] == [False, False, True, False]


def test_a_byte_order_mark_is_taken_off_once_and_at_the_beginning_alone(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "\ufeffa,b\n\ufeff1,2\n")
    assert [row.cells for row in rows] == [("a", "b"), ("\ufeff1", "2")]


@pytest.mark.parametrize("content", ["", "\ufeff"])
def test_an_empty_file_has_no_rows(tmp_path: Path, content: str) -> None:
    assert rows_of(tmp_path, content) == []
    assert chunked(sheet_of(tmp_path, content), 0, 1) == []


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
    rows = rows_of(tmp_path, 'a,b\n"x"y,1\nz,2\n')
    assert simplify(rows) == [(1, ("a", "b"), False), (2, (), True), (3, ("z", "2"), False)]
    assert rows[1].text == '"x"y,1'
    assert not rows[1].is_blank


def test_a_quote_that_never_ends_breaks_its_own_line_alone(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, 'a,b\n1,"open\n2,3\n4,5')
    assert simplify(rows) == [(1, ("a", "b"), False), (2, (), True), (3, ("2", "3"), False), (4, ("4", "5"), False)]
    assert rows[1].text == '1,"open'


def test_two_stray_quotes_do_not_swallow_the_rows_between_them(tmp_path: Path) -> None:
    rows = chunked(sheet_of(tmp_path, 'a,b\n1,"open\n2,3\n4,"5\n6,7\n'), 1, 2)
    assert [(line, cells) for line, cells, _ in rows] == [(2, ()), (3, ("2", "3")), (4, ()), (5, ("6", "7"))]


DITTO = '市,年,值,等级,注\n甲,1,5,A,\n乙,1,6,A,"\n丙,1,7,A,\n丁,1,8,A,"\n戊,1,9,A,\n'


@pytest.mark.parametrize(
    ("content", "broken"),
    [
        (DITTO, []),
        (DITTO.replace("7,A,", "7,A"), []),
        (DITTO.replace("7,A,", '7,A,"'), []),
        (DITTO.replace("A,\n", 'A,"\n'), []),
        (DITTO.replace('"', '"同上'), [3, 5]),
        (DITTO.replace('8,A,"', '8,A,同上"'), [5]),
        ('市,年,值,等级,注\n甲,1,5,A,"口袋\n乙,1,6,A,\n丙,1,7,A,绿地"\n', [2, 4]),
    ],
)
def test_no_row_is_swallowed_by_stray_quotes(tmp_path: Path, content: str, broken: list[int]) -> None:
    rows = chunked(sheet_of(tmp_path, content), 1, 5, 4)
    assert [line for line, _, _ in rows] == [*range(2, content.count("\n") + 1)]
    assert [line for line, cells, _ in rows if not cells] == broken


@pytest.mark.parametrize(
    "cell", ["上半年，12 个\n下半年，30 个", "甲\n乙\n丙", "一,二,三\n四", "一\n二,三", '"一"\n二', "2024\n1,2,3,4"]
)
@pytest.mark.parametrize("column", [0, 2, 4])
def test_a_note_of_several_lines_is_one_cell(tmp_path: Path, cell: str, column: int) -> None:
    written = ["乙", "1", "6", "A", ""]
    written[column] = cell
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([["市", "年", "值", "等级", "注"], written, ["丙", "2", "7", "B", ""]])
    rows = chunked(sheet_of(tmp_path, buffer.getvalue()), 1, 5, 4)
    assert [cells for _, cells, _ in rows] == [tuple(written), ("丙", "2", "7", "B", "")]


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_empty_cells_may_be_missing_or_too_many_at_the_end_of_a_row(tmp_path: Path, quote: str, end: str) -> None:
    lines = ["a,b,c,d", f"{quote}1{quote},2,3", "4,5,6,7", "8,9", "1,2,3,4,,", "1,2,3,4, ,5", "1,2,3,", "1,2,3"]
    rows = chunked(sheet_of(tmp_path, end.join(lines)), 1, 4, 3)
    assert [cells for _, cells, _ in rows] == [
        ("1", "2", "3", ""),
        ("4", "5", "6", "7"),
        ("8", "9"),
        ("1", "2", "3", "4"),
        ("1", "2", "3", "4", " ", "5"),
        ("1", "2", "3", ""),
        ("1", "2", "3"),  # the file may be cut off here
    ]
    assert [text for _, _, text in rows] == lines[1:]


def test_a_text_as_a_formula_is_its_text(tmp_path: Path) -> None:
    for content in ('x,y\n="360100",1\n', 'x,y\n"=""360100""",1\n'):
        assert chunked(sheet_of(tmp_path, content), 1, 2)[0][1] == ("360100", "1")
        assert [row.cells for row in rows_of(tmp_path, content)][1] == ("360100", "1")
    assert rows_of(tmp_path, 'x,y\n="1"&"2",=1\n')[1].cells == ('="1"&"2"', "=1")


@pytest.mark.parametrize("text", ['"十四五"规划项目', '属于"十四五"规划', '"甲"、"乙"两处', '5"管'])
def test_quotes_around_a_word_are_part_of_the_cell(tmp_path: Path, text: str) -> None:
    rows = chunked(sheet_of(tmp_path, f"a,b,c\n1,2,{text}\n3,{text},4\n"), 1, 3)
    assert [cells for _, cells, _ in rows] == [("1", "2", text), ("3", text, "4")]


def test_a_quote_that_may_contain_a_delimiter_breaks_its_row(tmp_path: Path) -> None:
    assert chunked(sheet_of(tmp_path, 'a,b,c\n"1,2"x,3\n'), 1, 3)[0][1] == ()


def headers_of(names: str) -> Callable[[Sequence[str]], int]:
    return lambda cells: sum(cell in names.split() for cell in cells)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("title", ["", "sep={}\n", "a title, with; many | of\tthem\n"])
def test_the_delimiter_is_the_one_between_the_headers(tmp_path: Path, delimiter: str, title: str) -> None:
    sheet = sheet_of(tmp_path, title.format(delimiter) + delimiter.join(["x", "y", "z"]) + "\n")
    assert detect_delimiter(sheet.file, "utf-8", LIMITS, 40, headers_of("x y z")) == delimiter


@pytest.mark.parametrize("delimiter", ["，", "、", "；", "｜", "    ", "　", "^"])
def test_another_delimiter_is_named(tmp_path: Path, delimiter: str) -> None:
    sheet = sheet_of(tmp_path, delimiter.join(["x", "y", "z"]) + "\n" + delimiter.join("123") + "\n")
    with pytest.raises(FileRejectedError) as rejection:
        detect_delimiter(sheet.file, "utf-8", LIMITS, 40, headers_of("x y z"))
    assert [(issue.code, issue.actual) for issue in rejection.value.issues] == [("unsupported_delimiter", delimiter[0])]


def test_a_cell_may_have_as_many_lines_as_the_limit_says(tmp_path: Path) -> None:
    content = 'a,b\n"1\n2\n3",x\ny,z\n'
    for lines, expected in ((3, [(2, ("1\n2\n3", "x")), (5, ("y", "z"))]), (2, None)):
        sheet = sheet_of(tmp_path, content, limits=Limits(row_lines=lines))
        rows = [(line, cells) for line, cells, _ in chunked(sheet, 1, 2)]
        assert rows == expected if expected else rows[0] == (2, ())


@pytest.mark.parametrize("text", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "=1+1", "'", "\\"])
def test_odd_characters_are_data_and_end_no_line(tmp_path: Path, text: str) -> None:
    content = f"a,{text},b\nc\n"
    assert [(row.line, row.cells) for row in rows_of(tmp_path, content)] == [(1, ("a", text, "b")), (2, ("c",))]
    assert [row[:2] for row in chunked(sheet_of(tmp_path, content), 0, 3)] == [(1, ("a", text, "b")), (2, ("c",))]


@pytest.mark.parametrize(
    ("content", "regular"),
    [
        ('a,b\n"x",""\n', True),
        ('"x,1","2"\r\n', True),
        ('"he said ""no""",1\n', True),
        ('"x\ny",1\n', False),
        ('x "y" z,1\n', False),
        ("a\rb\n", False),
        ('"open,1\n', False),
    ],
)
def test_a_block_is_regular_where_each_line_is_a_row(content: str, regular: bool) -> None:
    assert has_regular_rows(content.encode(), ",") == regular


CELL = st.text(
    st.one_of(st.sampled_from(',"\r\n\ufeff ='), st.characters(codec="utf-8", exclude_characters="\x00")), max_size=6
)
QUICK = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(
    st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=6),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_cells_come_back_as_written_with_the_line_on_which_they_stand(
    tmp_path: Path, rows: list[list[str]], quoting: int, end: str
) -> None:
    buffer = io.StringIO(newline="")
    # A line of a cell that looks like a row by itself is taken for one.
    rows = [[cell.replace(",", "") if re.search("[\r\n]", cell) else cell for cell in row] for row in rows]
    # A cell with a lone line end of the other kind must be quoted too, as every spreadsheet does.
    quoting = csv.QUOTE_ALL if any(re.search("[\r\n]", cell) for row in rows for cell in row) else quoting
    writer = csv.writer(buffer, quoting=quoting, lineterminator=end)
    writer.writerow(["x", "y", "z"])
    expected: list[tuple[int, tuple[str, ...]]] = []
    for row in rows:
        lines = len(re.findall("\r\n|\r|\n", buffer.getvalue()))
        expected.append((1 + lines, tuple(row)))
        writer.writerow(row)
    assert [(row.line, row.cells) for row in rows_of(tmp_path, buffer.getvalue())][1:] == expected
    filled = [row for row in expected if any(row[1])]
    read = chunked(sheet_of(tmp_path, buffer.getvalue()), 1, 3)
    assert [row[:2] for row in read if any(row[1])] == filled


@QUICK
@given(st.text(st.sampled_from('a,"\r\n '), max_size=40))
def test_whatever_is_sent_every_line_is_in_exactly_one_row(tmp_path: Path, content: str) -> None:
    rows, lines = rows_of(tmp_path, content), list(io.StringIO(content, newline=""))
    starts = [*(row.line for row in rows), len(lines) + 1]
    taken = ["".join(lines[start - 1 : end - 1]).rstrip("\r\n") for start, end in pairwise(starts)]
    assert starts[0] == 1
    assert taken == [row.text for row in rows]


@QUICK
@given(st.text(st.sampled_from('a1,"\r\n'), max_size=60))
def test_a_block_split_quickly_gives_the_rows_of_one_split_carefully(tmp_path: Path, content: str) -> None:
    sheet = sheet_of(tmp_path, content)
    quick = chunked(sheet, 0, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "has_regular_rows", lambda data, delimiter: False)
        careful = chunked(sheet, 0, 2)
    # Arrow passes over empty lines, which are no data; the careful way counts them as blank.
    assert [row for row in quick if row[2]] == [row for row in careful if row[2]]


@QUICK
@given(st.text(st.sampled_from('a1,"\r\n'), max_size=60), st.integers(1, 4))
def test_rows_are_the_same_in_pieces_of_few_lines(tmp_path: Path, content: str, lines: int) -> None:
    sheet = sheet_of(tmp_path, content)
    whole = chunked(sheet, 0, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_MAX_LINES", lines)
        assert chunked(sheet, 0, 2) == whole


@pytest.mark.parametrize(
    ("content", "count"), [(b"a,b\n1,2\n", 2), (b"a,b\r\n\r\n1,2", 3), (b"a\r1\r2", 3), (b'a\n"1\n2"\n', 3)]
)
def test_the_physical_rows_of_a_text_file_are_its_lines(tmp_path: Path, content: bytes, count: int) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    assert DelimitedSheet(tmp_path / "a.csv", "utf-8", ",", Limits()).physical_rows() == count
