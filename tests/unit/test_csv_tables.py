"""Reference tables are read with strict types: nothing is guessed, and every fault has its line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.core.errors import Issue
from assets.reference.csv_tables import ReferenceTable, read_reference_table
from assets.warehouse.connection import Connection
from assets.warehouse.tables import Table

TABLE = Table.model_validate(
    {
        "schema_name": "reference",
        "name": "things",
        "zh": "东西",
        "en": "Things",
        "key": ["thing_id"],
        "columns": {
            "thing_id": {"type": "varchar", "zh": "代码", "en": "Identifier", "required": True},
            "rank": {"type": "integer", "zh": "次序", "en": "Rank", "min": 1, "max": 9},
            "size": {"type": "bigint", "zh": "大小", "en": "Size"},
            "weight": {"type": "double", "zh": "权重", "en": "Weight", "min": 0, "max": 1},
            "is_new": {"type": "boolean", "zh": "是否新", "en": "Whether new"},
            "kind": {"type": "varchar", "zh": "种类", "en": "Kind", "allowed": ["a", "b"]},
            "sign": {"type": "integer", "zh": "方向", "en": "Sign", "allowed": [1, -1]},
        },
    }
)
HEADER = ",".join(TABLE.columns)
GOOD = "x,1,10,0.5,true,a,-1"


def read(tmp_path: Path, text: str | bytes, table: Table = TABLE) -> tuple[ReferenceTable, list[Issue]]:
    file = tmp_path / "things.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_reference_table(table, file)


def test_good_rows_have_their_types_and_lines(tmp_path: Path) -> None:
    table, issues = read(tmp_path, f"{HEADER}\n{GOOD}\n y , 2 ,,,false,,\n")
    assert issues == []
    assert [row.line for row in table.rows] == [2, 3]
    assert list(table.rows[0].values.values()) == ["x", 1, 10, 0.5, True, "a", -1]
    assert list(table.rows[1].values.values()) == ["y", 2, None, None, False, None, None]
    assert table.column("rank") == [1, 2]


@pytest.mark.parametrize(("text", "value"), [("5e-1", 0.5), ("1E-05", 0.00001), ("1e+0", 1), ("0.25E1", 2.5)])
def test_a_number_may_have_an_exponent(tmp_path: Path, text: str, value: float) -> None:
    table, issues = read(tmp_path, f"{HEADER}\nx,1,10,{text},true,a,-1\n")
    if value <= 1:
        assert (table.column("weight"), issues) == ([value], [])
    else:
        assert [issue.code for issue in issues] == ["number_above_maximum"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_make_no_difference(tmp_path: Path, end: str, mark: str) -> None:
    table, issues = read(tmp_path, mark + end.join((HEADER, GOOD, "")))
    assert (len(table.rows), issues) == (1, [])


def test_a_missing_file_is_told_with_the_header_it_needs(tmp_path: Path) -> None:
    table, issues = read_reference_table(TABLE, tmp_path / "things.csv")
    assert table.rows == ()
    assert issues == [Issue("missing_reference_table", "things.csv", HEADER, "reference/things.csv")]


@pytest.mark.parametrize("header", ["", "thing_id", HEADER.replace("rank,size", "size,rank"), f"{HEADER},more"])
def test_a_header_other_than_that_of_the_contract_is_told(tmp_path: Path, header: str) -> None:
    table, issues = read(tmp_path, f"{header}\n{GOOD}\n" if header else "")
    assert table.rows == ()
    assert issues == [Issue("invalid_table_header", header, HEADER, "reference/things.csv", 1)]


@pytest.mark.parametrize(
    ("row", "code", "found", "expected", "column"),
    [
        ("x,1", "cell_count_mismatch", "2", "7", None),
        (f"{GOOD},more", "cell_count_mismatch", "8", "7", None),
        (",1,10,0.5,true,a,-1", "missing_value", "", "Identifier", "thing_id"),
        ("x,1.0,10,0.5,true,a,-1", "invalid_type", "1.0", "integer", "rank"),
        ("x,one,10,0.5,true,a,-1", "invalid_type", "one", "integer", "rank"),
        ("x,1,1e3,0.5,true,a,-1", "invalid_type", "1e3", "bigint", "size"),
        ("x,1,1_000,0.5,true,a,-1", "invalid_type", "1_000", "bigint", "size"),
        ("x,1,10,.5,true,a,-1", "invalid_type", ".5", "double", "weight"),
        ("x,1,10,inf,true,a,-1", "invalid_type", "inf", "double", "weight"),
        ("x,1,10,nan,true,a,-1", "invalid_type", "nan", "double", "weight"),
        ("x,1,10,0.5,True,a,-1", "invalid_type", "True", "boolean", "is_new"),
        ("x,1,10,0.5,1,a,-1", "invalid_type", "1", "boolean", "is_new"),
        ("x,1,10,0.5,true,c,-1", "value_not_allowed", "c", "a, b", "kind"),
        ("x,1,10,0.5,true,a,2", "value_not_allowed", "2", "1, -1", "sign"),
        ("x,0,10,0.5,true,a,-1", "number_below_minimum", "0", "1", "rank"),
        ("x,10,10,0.5,true,a,-1", "number_above_maximum", "10", "9", "rank"),
        ("x,1,10,-0.1,true,a,-1", "number_below_minimum", "-0.1", "0", "weight"),
        ("x,1,10,1.1,true,a,-1", "number_above_maximum", "1.1", "1", "weight"),
    ],
)
def test_a_bad_row_is_told_and_left_out(
    tmp_path: Path, row: str, code: str, found: str, expected: str, column: str | None
) -> None:
    table, issues = read(tmp_path, f"{HEADER}\n{GOOD}\n{row}\n")
    assert issues == [Issue(code, found, expected, "reference/things.csv", 3, column)]
    assert [good.line for good in table.rows] == [2]


def test_every_fault_of_a_row_is_told(tmp_path: Path) -> None:
    _, issues = read(tmp_path, f"{HEADER}\n,0,ten,2,maybe,c,0\n")
    assert [issue.column for issue in issues] == list(TABLE.columns)


@pytest.mark.parametrize(
    "row", ["x,1,,,,,", "x,9,,,,,", "x,+1,,,,,", "x,,-9223372036854775807,,,,", "x,,,0,,,", "x,,,1.0,,,"]
)
def test_a_limit_is_itself_allowed(tmp_path: Path, row: str) -> None:
    table, issues = read(tmp_path, f"{HEADER}\n{row}\n")
    assert (len(table.rows), issues) == (1, [])


def test_the_line_is_the_physical_one_after_a_cell_of_several_lines(tmp_path: Path) -> None:
    _, issues = read(tmp_path, f'{HEADER}\n"x\ny\nz",1,,,,,\n,1,,,,,\n')
    assert [(issue.line, issue.column) for issue in issues] == [(5, "thing_id")]


def test_a_table_that_is_not_utf_8_is_refused_whole(tmp_path: Path) -> None:
    table, issues = read(tmp_path, f"{HEADER}\n{GOOD}\n南昌,1,,,,,\n".encode("gb18030"))
    assert (table.rows, [issue.code for issue in issues]) == ((), ["invalid_table_header"])


def test_a_broken_quote_is_told_with_its_line(tmp_path: Path) -> None:
    table, (issue,) = read(tmp_path, f'{HEADER}\n{GOOD}\n"x"y,1,,,,,\n{GOOD}\n')
    assert (table.rows, issue.code, issue.line) == ((), "invalid_table_header", 3)


@pytest.mark.parametrize(
    "mark",
    [
        "",
        pytest.param(
            "\ufeff",
        ),
    ],
)
def test_a_byte_that_is_not_utf_8_is_told_with_its_line(tmp_path: Path, mark: str) -> None:
    _, (issue,) = read(tmp_path, f"{mark}{HEADER}\n{GOOD}\n".encode() + b"\xff,1,,,,,\n")
    assert issue.line == 3


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("x,,9223372036854775808,,,,", "size"),
        pytest.param(
            f"x,,{'9' * 5000},,,,",
            "size",
        ),
        (f"x,,,{'9' * 400},,,", "weight"),
    ],
)
def test_a_number_too_large_for_its_type_is_told(tmp_path: Path, row: str, column: str) -> None:
    free = {name: said.model_copy(update={"min": None, "max": None}) for name, said in TABLE.columns.items()}
    _, issues = read(tmp_path, f"{HEADER}\n{row}\n", TABLE.model_copy(update={"columns": free}))
    assert [(issue.code, issue.column) for issue in issues] == [("invalid_type", column)]


def test_a_limit_is_told_in_full(tmp_path: Path) -> None:
    rank = TABLE.columns["rank"].model_copy(update={"max": 1234567.0})
    table = TABLE.model_copy(update={"columns": {**TABLE.columns, "rank": rank}})
    _, (issue,) = read(tmp_path, f"{HEADER}\nx,1234568,,,,,\n", table)
    assert issue.expected == "1234567"


def test_rows_are_written_with_types_and_comments(tmp_path: Path, connection: Connection) -> None:
    table, _ = read(tmp_path, f"{HEADER}\n{GOOD}\ny,,,,,,\n")
    table.write(connection)
    assert connection.execute("select * from reference.things order by 1").fetchall() == [
        ("x", 1, 10, 0.5, True, "a", -1),
        ("y", None, None, None, None, None, None),
    ]
    assert TABLE.contract_violations(connection) == []
    comment = connection.execute("select comment from duckdb_columns() where column_name = 'weight'").fetchone()
    assert comment == ("权重 | Weight",)


def test_a_table_without_rows_is_written_empty_and_with_its_types(tmp_path: Path, connection: Connection) -> None:
    table, issues = read(tmp_path, f"{HEADER}\n")
    table.write(connection)
    assert (issues, TABLE.contract_violations(connection)) == ([], [])


def test_hostile_text_is_data(tmp_path: Path, connection: Connection) -> None:
    text = "'; drop table things; --"
    table, issues = read(tmp_path, f'{HEADER}\n"{text}",,,,,,\n')
    table.write(connection)
    assert issues == []
    assert connection.execute("select thing_id from reference.things").fetchall() == [(text,)]


def test_a_column_of_dates_is_not_read_from_a_reference_table(tmp_path: Path) -> None:
    dates = {"day": {"type": "date", "zh": "日期", "en": "Day"}}
    table = Table.model_validate(TABLE.model_dump() | {"columns": dates, "key": ["day"]})
    with pytest.raises(NotImplementedError, match="date"):
        read(tmp_path, "day\n2026-02-05\n", table)
