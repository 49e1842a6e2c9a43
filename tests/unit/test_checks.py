"""Checks: what the contract of a table implies, and those written as SQL; each finds the rows that break it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assets.core.paths import PROJECT_ROOT
from assets.quality.checks.definitions import Check, CheckParseError, CheckResult, contract_checks, read_sql_checks
from assets.warehouse.connection import Connection
from assets.warehouse.tables import Table, read_tables

HEADER = "-- table: a.b\n-- severity: error\n-- zh: 甲\n-- en: a rule\n"


def table(columns: dict[str, dict[str, Any]], *key: str) -> Table:
    said = {name: {"type": "varchar", "zh": "列", "en": "column"} | column for name, column in columns.items()}
    return Table.model_validate(
        {"schema_name": "s", "name": "t", "zh": "表", "en": "table", "key": key, "columns": said}
    )


def rows_failing(connection: Connection, contract: Table, check: str, *rows: tuple[object, ...]) -> int:
    contract.create(connection)
    blanks = ", ".join("?" for _ in contract.columns)
    for row in rows:
        connection.execute(f"insert into s.t values ({blanks})", row)
    query = next(made.query for made in contract_checks([contract]) if made.name == check)
    return len(connection.execute(query).fetchall())


KEYED = table({"a": {"required": True}, "b": {}}, "a", "b")


def test_every_table_has_the_checks_that_its_contract_implies() -> None:
    contract = table(
        {
            "a": {"required": True, "allowed": ["x", "y"]},
            "b": {"type": "double", "min": 0},
            "c": {"type": "double", "max": 1234567},
            "d": {"type": "integer", "min": 1, "max": 9, "allowed": [1, 2]},
        },
        "a",
    )
    made = contract_checks([contract, contract])
    assert made[: len(made) // 2] == made[len(made) // 2 :]
    assert [
        (check.name, check.kind, check.column, check.minimum, check.maximum) for check in made[: len(made) // 2]
    ] == [
        ("key_is_unique", "no_rows", None, None, None),
        ("required_columns_are_present", "no_rows", None, None, None),
        ("a_is_allowed", "in_set", "a", None, None),
        ("b_is_in_range", "between", "b", 0, None),
        ("c_is_in_range", "between", "c", None, 1234567),
        ("d_is_in_range", "between", "d", 1, 9),
        ("d_is_allowed", "in_set", "d", None, None),
    ]
    assert all(check.is_blocking and not check.is_sql and check.table == "s.t" for check in made)
    assert all(check.description_zh and check.description_en and check.key == ("a",) for check in made)


@pytest.mark.parametrize(
    ("rows", "failing"),
    [
        ([], 0),
        ([("x", "1"), ("x", "2"), ("y", None)], 0),
        ([("y", None), ("x", "2"), ("x", "1")], 0),
        ([("x", "1"), ("x", "1")], 1),
        ([("x", "1"), ("x", "2"), ("x", "1"), ("x", "2")], 2),
        ([("x", None)] * 3, 1),
    ],
)
def test_a_key_that_occurs_twice_is_found(connection: Connection, rows: list[tuple[object, ...]], failing: int) -> None:
    assert rows_failing(connection, KEYED, "key_is_unique", *rows) == failing


@pytest.mark.parametrize(("rows", "failing"), [([], 0), ([("x", None)], 0), ([(None, "1"), (None, None)], 2)])
def test_an_empty_required_column_is_found(
    connection: Connection, rows: list[tuple[object, ...]], failing: int
) -> None:
    assert rows_failing(connection, KEYED, "required_columns_are_present", *rows) == failing


@pytest.mark.parametrize("name", ["order", "区 县", "group"])
def test_a_column_with_any_name_can_be_checked(connection: Connection, name: str) -> None:
    contract = table({name: {"required": True}}, name)
    assert rows_failing(connection, contract, "required_columns_are_present", (None,)) == 1
    assert rows_failing(connection, contract, "key_is_unique", ("x",), ("x",)) == 1


def test_a_table_without_a_required_column_can_be_checked(connection: Connection) -> None:
    contract = table({"a": {}}, "a")
    contract.create(connection)
    for check in contract_checks([contract]):
        assert connection.execute(check.query).fetchall() == []


def test_a_limit_is_told_in_full() -> None:
    *_, check = contract_checks([table({"a": {"type": "double", "max": 1234567}}, "a")])
    assert check.description_en == "a lies in [, 1234567]"


def test_the_checks_implied_by_the_shipped_contracts_are_sound(connection: Connection) -> None:
    tables = read_tables([PROJECT_ROOT / "sql"])
    for contract in tables.values():
        contract.create(connection)
    for check in contract_checks(tables.values()):
        if check.kind == "no_rows":
            assert connection.execute(check.query).fetchall() == []


def sql_check(folder: Path, text: str) -> list[Check]:
    file = folder / "quality" / "checks" / "rule.sql"
    file.parent.mkdir(parents=True)
    file.write_text(text, "utf-8")
    return read_sql_checks([folder])


@pytest.mark.parametrize(("severity", "is_blocking"), [("error", True), ("warning", False)])
def test_a_check_written_as_sql_says_what_it_checks(tmp_path: Path, severity: str, is_blocking: bool) -> None:
    text = HEADER.replace("error", severity) + "select 1"
    (check,) = sql_check(tmp_path, text)
    assert check == Check("a.b", "rule", "no_rows", "甲", "a rule", is_blocking, query=text, is_sql=True)


@pytest.mark.parametrize("line", HEADER.splitlines())
def test_a_check_whose_header_lacks_a_line_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(CheckParseError, match=r"rule\.sql"):
        sql_check(tmp_path, HEADER.replace(line + "\n", "") + "select 1")


@pytest.mark.parametrize("severity", ["fatal", "Error", "error, or so"])
def test_a_check_with_another_severity_is_refused(tmp_path: Path, severity: str) -> None:
    with pytest.raises(CheckParseError, match="severity"):
        sql_check(tmp_path, HEADER.replace("error", severity) + "select 1")


SEVERAL = """-- table: a.b
-- severity: warning
-- check: no_x
-- zh: 甲
-- en: first
-- check: no_y
-- zh: 乙
-- en: second
select '{check}'"""


def test_checks_of_one_file_have_a_name_a_rule_and_a_select_each(tmp_path: Path) -> None:
    checks = sql_check(tmp_path, SEVERAL)
    assert [(check.name, check.description_zh, check.description_en) for check in checks] == [
        ("no_x", "甲", "first"),
        ("no_y", "乙", "second"),
    ]
    assert [check.query.splitlines()[-1] for check in checks] == ["select 'no_x'", "select 'no_y'"]
    assert not any(check.is_blocking for check in checks)


@pytest.mark.parametrize("line", ["-- zh: 甲", "-- en: second"])
def test_checks_of_one_file_of_which_one_lacks_its_rule_are_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(CheckParseError, match=r"rule\.sql"):
        sql_check(tmp_path, SEVERAL.replace(line + "\n", ""))


def test_a_folder_without_checks_has_none(tmp_path: Path) -> None:
    assert read_sql_checks([tmp_path]) == []


@pytest.mark.parametrize(("failing", "is_passed"), [(0, True), (1, False)])
def test_a_result_is_passed_where_no_row_fails(failing: int, is_passed: bool) -> None:
    check = Check("a.b", "rule", "no_rows", "甲", "a rule")
    assert CheckResult(check, 9, failing, None).is_passed is is_passed
