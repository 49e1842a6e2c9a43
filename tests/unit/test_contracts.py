"""Contracts of datasets: what is wrong with one is reported with its file, and registry and contracts agree."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assets.core.errors import DataError, Issue, UsageError
from assets.core.paths import PROJECT_ROOT
from assets.intake.ingest import IngestJob
from assets.intake.tables.contracts import Contract, check_contracts, qualifier_column, read_contracts
from assets.warehouse.connection import Connection

CONTRACT = """\
dataset: trees
zh: 树
en: Trees
about_zh: 一行一城
about_en: A row a city
key: [city, year]
columns:
  city: {type: place, required: true, zh: 城市, en: City}
  year: {type: integer, required: true, min: 1990, zh: 年份, en: Year, aliases: [年]}
  planted: {type: number, allow_qualifier: true, zh: 植树数, en: Trees planted, aliases: [数值]}
  source_id: {type: text, required: true, references: sources.source_id, zh: 来源, en: Source}
  source_grade: {type: text, required: true, allowed: [A, B], zh: 等级, en: Grade}
indicators: [trees.planted, trees.felled]
"""
REGISTRY = {"trees.planted": "trees", "trees.felled": "trees"}
REFERENCES = ["sources.source_id"]


def read(folder: Path, text: str = CONTRACT, name: str = "trees.yml") -> dict[str, Contract]:
    (folder / name).write_text(text, "utf-8")
    return read_contracts(folder)


def refused(folder: Path, text: str, name: str = "trees.yml") -> Issue:
    with pytest.raises(DataError) as stopped:
        read(folder, text, name)
    (issue,) = stopped.value.issues
    assert issue.code == "invalid_contract"
    assert issue.file == f"contracts/{name}"
    return issue


def test_a_good_contract_is_read(tmp_path: Path) -> None:
    trees = read(tmp_path)["trees"]
    assert (trees.place, trees.table_name, trees.key) == ("city", "intake.trees", ("city", "year"))
    assert list(check_contracts([trees], REGISTRY, REFERENCES)) == []


def test_a_deadline_is_a_day_of_the_year_after_and_changes_no_recipe(tmp_path: Path, intake: IngestJob) -> None:
    due = read(tmp_path, CONTRACT + "due: {month: 3, day: 5, first_year: 2025}\n")["trees"].due
    assert due is not None
    assert (due.on, due.first_year) == ("03-05", 2025)
    awaited = replace(intake, contract=intake.contract.model_copy(update={"due": due}))
    assert awaited.recipe == intake.recipe


def test_the_shipped_contracts_are_read() -> None:
    folder = PROJECT_ROOT / "data" / "contracts"
    assert list(read_contracts(folder)) == sorted(
        file.stem for file in folder.glob("*.yml") if file.name != "common.yml"
    )


def test_a_folder_without_contracts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "common.yml").write_text("{}\n")
    with pytest.raises(UsageError) as refused:
        read_contracts(tmp_path)
    assert refused.value.issue.code == "incomplete_data_directory"


def without(line: str) -> str:
    return "".join(kept for kept in CONTRACT.splitlines(keepends=True) if not kept.strip().startswith(line))


@pytest.mark.parametrize(
    ("text", "actual", "column"),
    [
        ("", "Input should be a valid dictionary", None),
        ("- a list", "Input should be a valid dictionary", None),
        (without("zh: 树"), "Field required", "zh"),
        (without("key:"), "Field required", "key"),
        (without("indicators:"), "Field required", "indicators"),
        (CONTRACT.replace("[city, year]", "[]"), "at least 1 item", "key"),
        (CONTRACT.replace("[city, year]", "[city, month]"), "key names no column: month", None),
        (
            CONTRACT.replace("integer, required: true, min: 1990", "place, required: true"),
            "exactly one column must have the type place, not 2",
            None,
        ),
        (CONTRACT.replace("type: place", "type: text"), "exactly one column must have the type place, not 0", None),
        (without("source_id"), "source_id is missing", None),
        (without("source_grade"), "source_grade is missing", None),
        (CONTRACT.replace("type: number", "type: figure"), "Input should be 'place'", "columns.planted.type"),
        (CONTRACT.replace("min: 1990", "minimum: 1990"), "Extra inputs", "columns.year.minimum"),
        (CONTRACT.replace("min: 1990", "min: early"), "valid number", "columns.year.min"),
        (CONTRACT + "more: 1\n", "Extra inputs", "more"),
        (CONTRACT + "due: {month: 3, day: 31}\n", "Field required", "due.first_year"),
        (CONTRACT + "due: {month: 13, day: 1, first_year: 2025}\n", "less than or equal to 12", "due.month"),
        (CONTRACT + "due: {month: 2, day: 29, first_year: 2025}\n", "not every year has the day 02-29", "due"),
        (CONTRACT + "due: 31 March\n", "valid dictionary", "due"),
    ],
)
def test_a_contract_that_makes_no_sense_is_reported(tmp_path: Path, text: str, actual: str, column: str | None) -> None:
    issue = refused(tmp_path, text)
    assert actual in issue.actual
    assert issue.column == column


@pytest.mark.parametrize("name", ["Trees", "9trees", "../trees", "trees; drop", "树"])
def test_a_dataset_is_named_as_a_table_can_be(tmp_path: Path, name: str) -> None:
    text = CONTRACT.replace("dataset: trees", f'dataset: "{name}"')
    assert refused(tmp_path, text).column == "dataset"


def test_broken_yaml_is_reported_with_its_line(tmp_path: Path) -> None:
    issue = refused(tmp_path, CONTRACT.replace("columns:", "columns: ["))
    assert (issue.line, issue.column) == (9, None)
    assert "expected" in issue.actual


def test_yaml_makes_no_objects(tmp_path: Path) -> None:
    issue = refused(tmp_path, "!!python/object/apply:os.system ['true']\n")
    assert "could not determine a constructor" in issue.actual


def test_a_contract_that_is_not_utf_8_is_reported(tmp_path: Path) -> None:
    (tmp_path / "trees.yml").write_bytes(CONTRACT.encode("gb18030"))
    with pytest.raises(DataError, match="utf-8"):
        read_contracts(tmp_path)


def test_a_dataset_is_named_as_its_file(tmp_path: Path) -> None:
    issue = refused(tmp_path, CONTRACT, "parks.yml")
    assert (issue.actual, issue.expected) == ("trees", "dataset: parks")


def test_every_broken_contract_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("[", "utf-8")
    with pytest.raises(DataError) as stopped:
        read(tmp_path, "", "b.yml")
    assert [issue.file for issue in stopped.value.issues] == ["contracts/a.yml", "contracts/b.yml"]


@pytest.mark.parametrize(
    ("registry", "issues"),
    [
        (
            {"trees.planted": "trees", "trees.fell": "trees"},
            [
                Issue(
                    "unknown_contract_indicator",
                    "trees.felled",
                    "trees.fell",
                    "contracts/trees.yml",
                    None,
                    "indicators",
                ),
                Issue(
                    "indicator_without_contract",
                    "trees.fell",
                    "contracts/trees.yml indicators",
                    "reference/indicators.csv",
                    None,
                    "dataset",
                ),
            ],
        ),
        (
            {**REGISTRY, "parks.area": "parks"},
            [
                Issue(
                    "indicator_without_contract",
                    "parks.area",
                    "contracts/parks.yml indicators",
                    "reference/indicators.csv",
                    None,
                    "dataset",
                )
            ],
        ),
        (
            {"trees.planted": "trees", "trees.felled": "parks"},
            [
                Issue(
                    "unknown_contract_indicator",
                    "trees.felled",
                    "trees.planted",
                    "contracts/trees.yml",
                    None,
                    "indicators",
                )
            ],
        ),
        (
            {},
            [
                Issue("unknown_contract_indicator", name, "", "contracts/trees.yml", None, "indicators")
                for name in ("trees.planted", "trees.felled")
            ],
        ),
    ],
)
def test_contracts_and_registry_that_do_not_name_each_other_are_reported(
    tmp_path: Path, registry: dict[str, str], issues: list[Issue]
) -> None:
    assert list(check_contracts(read(tmp_path).values(), registry, REFERENCES)) == issues


def test_a_reference_to_no_table_is_reported(tmp_path: Path) -> None:
    contracts = read(tmp_path, CONTRACT.replace("sources.source_id", "source.id"))
    assert list(check_contracts(contracts.values(), REGISTRY, REFERENCES)) == [
        Issue("unknown_foreign_key", "source.id", "reference/", "contracts/trees.yml", None, "source_id")
    ]


def test_the_table_of_a_dataset_has_its_columns_and_where_each_row_is_from(
    tmp_path: Path, connection: Connection
) -> None:
    table = read(tmp_path)["trees"].table()
    table.create(connection)
    table.persist_docs(connection)
    assert table.contract_violations(connection) == []
    assert [(name, column.type, column.required) for name, column in table.columns.items()] == [
        ("city_code", "varchar", False),
        ("province_code", "varchar", False),
        ("year", "double", True),
        ("planted", "double", False),
        (qualifier_column("planted"), "varchar", False),
        ("source_id", "varchar", True),
        ("source_grade", "varchar", True),
        ("gap_reasons", "varchar", False),
        ("source_text", "varchar", False),
        ("other_cells", "varchar", False),
        ("return_id", "varchar", False),
        ("file_sha256", "varchar", True),
        ("sheet", "varchar", False),
        ("line", "bigint", True),
        ("first_column", "bigint", False),
        ("figure_cells", "varchar", False),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("aliases: [年]", "aliases: [数值]", id="one alias for two columns"),
        pytest.param("aliases: [年]", "aliases: [植树数]", id="the name of another column as an alias"),
        pytest.param("aliases: [年]", "aliases: [ＣＩＴＹ]", id="an alias that is only written otherwise"),
        pytest.param("{type: place, required: true", "{type: place", id="a place that may be empty"),
        pytest.param("  planted:", "  line:", id="a column that the house adds"),
        pytest.param("  planted:", "  province_code:", id="a column that intake adds"),
        pytest.param("allowed: [A, B]", "min: 0", id="a limit for a text"),
        pytest.param(
            "type: number, allow_qualifier: true", "type: text, allow_qualifier: true", id="a text with a qualifier"
        ),
        pytest.param("sources.source_id", "sources", id="a reference without its column"),
        pytest.param("  planted:", "  year: {type: number, zh: 年, en: Y}\n  planted:", id="a column said twice"),
        pytest.param(
            "  planted:",
            "  planted_qualifier: {type: text, zh: 限定, en: Qualifier}\n  planted:",
            id="a column called as the qualifier of another",
        ),
        pytest.param(
            "allow_qualifier: true,",
            "allowed: [many],",
            id="words allowed for a number",
        ),
    ],
)
def test_a_contract_by_which_files_cannot_be_read_is_refused(tmp_path: Path, old: str, new: str) -> None:
    assert old in CONTRACT
    refused(tmp_path, CONTRACT.replace(old, new, 1))
