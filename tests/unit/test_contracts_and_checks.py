"""Contracts of datasets, checks, and the catalogue of errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.core.errors import DataError, Issue
from assets.core.paths import PROJECT_ROOT
from assets.intake.tables.contracts import Contract, check_contracts, read_contracts
from assets.quality.checks.definitions import CheckParseError, contract_checks, read_sql_checks
from assets.warehouse.connection import connect_in_memory
from assets.warehouse.models import ContractViolationError, Model
from assets.warehouse.tables import Table, read_tables

CONTRACT = (PROJECT_ROOT / "tests/fixtures/countries/contracts/country_statistics.yml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("dataset: country_statistics", "dataset: other", "other"),
        ("columns:", "columns: [", "expected"),
        ("{type: place, required: true, zh: 国家", "{type: text, required: true, zh: 国家", "place"),
        ("  year: {type: integer", "  year: {type: place", "place"),
        ("  source_grade: {type: text", "  grade: {type: text", "source_grade"),
        ("key: [country, year]", "key: [country, month]", "month"),
        ("type: number, unit: 年", "type: figure, unit: 年", "Input should be"),
        ("min: 0, max: 120", "minimum: 0, max: 120", "Extra inputs"),
    ],
)
def test_a_contract_that_makes_no_sense_is_told_with_its_file(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in CONTRACT
    (tmp_path / "country_statistics.yml").write_text(CONTRACT.replace(old, new, 1), "utf-8")
    with pytest.raises(DataError) as stopped:
        read_contracts(tmp_path)
    (issue,) = stopped.value.issues
    assert issue.file == "contracts/country_statistics.yml"
    assert told in issue.actual


def test_contract_and_registry_must_name_each_other(fairs: Contract) -> None:
    known = ["sources.source_id"]
    assert list(check_contracts([fairs], {"fairs.posts": "fairs"}, known)) == []
    (unknown, unfed) = check_contracts([fairs], {"fairs.post": "fairs"}, known)
    assert (unknown.code, unknown.actual, unknown.expected) == (
        "unknown_contract_indicator",
        "fairs.posts",
        "fairs.post",
    )
    assert (unfed.code, unfed.actual) == ("indicator_without_contract", "fairs.post")
    (reference,) = check_contracts([fairs], {"fairs.posts": "fairs"}, [])
    assert (reference.code, reference.actual) == ("unknown_foreign_key", "sources.source_id")


def test_a_model_that_breaks_its_contract_is_not_built() -> None:
    tables = read_tables([PROJECT_ROOT / "sql"])
    model = Model(tables["intake.rejects"], "select * from source.rows")
    with connect_in_memory() as connection:
        connection.execute("create schema source; create table source.rows as select 1 as other")
        with pytest.raises(ContractViolationError, match="other integer is built and not declared"):
            model.build(connection)
        assert connection.execute("select count(*) from duckdb_tables() where schema_name = 'intake'").fetchone() == (
            0,
        )


def test_a_contract_becomes_a_suite() -> None:
    content = {
        "zh": "表",
        "en": "table",
        "key": ["a", "b"],
        "columns": {
            "a": {"type": "varchar", "zh": "甲", "en": "a", "required": True, "allowed": ["x"]},
            "b": {"type": "double", "zh": "乙", "en": "b", "min": 0},
        },
    }
    table = Table.model_validate(content | {"schema_name": "s", "name": "t"})
    assert [(check.name, check.kind) for check in contract_checks([table])] == [
        ("key_is_unique", "no_rows"),
        ("required_columns_are_present", "no_rows"),
        ("a_is_allowed", "in_set"),
        ("b_is_in_range", "between"),
    ]


@pytest.mark.parametrize("header", ["-- table: a.b\n", "-- table: a.b\n-- severity: fatal\n-- zh: 甲\n-- en: a\n"])
def test_a_check_that_does_not_say_what_it_checks_is_refused(tmp_path: Path, header: str) -> None:
    folder = tmp_path / "quality" / "checks"
    folder.mkdir(parents=True)
    (folder / "bad.sql").write_text(header + "select 1", "utf-8")
    with pytest.raises(CheckParseError, match=r"bad\.sql"):
        read_sql_checks([tmp_path])


def test_a_finding_says_where_in_both_languages() -> None:
    issue = Issue("unknown_place", "{expected}", "南昌", "parks/a.csv", 7, "city")
    assert issue.where("en") == "parks/a.csv, line 7, column city"
    assert issue.where("zh") == "parks/a.csv, 第 7 行, 列 city"
    assert issue.reason("en") == "Unknown place “{expected}”"
