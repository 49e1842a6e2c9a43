"""Dry run: a file gets the result that a run would give, and nothing is written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assets.core.errors import DataError, UsageError
from assets.core.paths import DATA_DIR_VARIABLE, Paths
from assets.intake.dry_run import DryRunResult
from pipelines.cli.app import app
from pipelines.cli.commands.check import check_files
from tests.builders.data_directories import FIXTURES

HEADER = "country,year,life_years,coal_pct,source_id,source_grade\n"
GOOD = "Aland,2025,70,30,synthetic,A\nworld,2025,71,30,synthetic,A\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Registry and contracts of three countries; no inbox, and no run so far."""
    for name in ("reference", "contracts"):
        shutil.copytree(FIXTURES / "countries" / name, tmp_path / "data" / name)
    return tmp_path / "data"


def another_dataset(data: Path, *columns: str) -> None:
    """A second contract, of the first one's columns, without those that are named."""
    lines = (data / "contracts" / "country_statistics.yml").read_text("utf-8").splitlines()
    kept = [line for line in lines if not any(line.strip().startswith(f"{column}:") for column in columns)]
    text = "\n".join(kept).replace("dataset: country_statistics", "dataset: other")
    (data / "contracts" / "other.yml").write_text(text, "utf-8")


def sent(tmp_path: Path, text: str, name: str = "new.csv") -> Path:
    (tmp_path / name).write_text(text, "utf-8")
    return tmp_path / name


def check(data: Path, file: Path, dataset: str | None = None) -> DryRunResult:
    (checked,) = check_files(Paths(data), [file], dataset)
    return checked


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_clean_file_is_reported_its_dataset_and_rows(data: Path, tmp_path: Path) -> None:
    checked = check(data, sent(tmp_path, HEADER + GOOD))
    assert checked.is_clean
    assert (checked.dataset, checked.rows_read, checked.rows_accepted, checked.rows_aggregate) == (
        "country_statistics",
        2,
        1,
        1,
    )


def test_every_fault_has_its_line_column_reason_and_remedy(data: Path, tmp_path: Path) -> None:
    checked = check(data, sent(tmp_path, HEADER + GOOD + "Atlantis,2025,old,30,synthetic,A\n"))
    assert (checked.is_clean, checked.rows_rejected) == (False, 1)
    assert [(fault.line, fault.column_name, fault.code) for fault in checked.errors] == [
        (4, "country", "unknown_place"),
        (4, "life_years", "invalid_number"),
    ]
    assert all(fault.reason(tongue) and fault.remedy(tongue) for fault in checked.errors for tongue in ("zh", "en"))
    assert checked.errors[0].where("en") == "line 4, column country"


def test_nothing_is_written(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = sent(tmp_path, HEADER + GOOD)
    monkeypatch.chdir(tmp_path)
    before = snapshot(tmp_path)
    check(data, file)
    assert snapshot(tmp_path) == before


def test_a_refused_file_is_reported_against_the_dataset_that_it_comes_nearest_to(data: Path, tmp_path: Path) -> None:
    another_dataset(data, "life_years", "coal_pct")
    checked = check(data, sent(tmp_path, HEADER.replace("coal_pct", "charcoal") + GOOD))
    assert (checked.dataset, checked.status, checked.is_clean) == ("country_statistics", "refused", False)
    assert [(fault.line, fault.actual) for fault in checked.errors] == [(1, "charcoal")]


def test_headers_choose_the_dataset_and_where_they_fit_two_a_person_does(data: Path, tmp_path: Path) -> None:
    another_dataset(data, "coal_pct")
    assert check(data, sent(tmp_path, HEADER + GOOD)).dataset == "country_statistics"
    both = sent(tmp_path, "country,year,life_years,source_id,source_grade\nAland,2025,70,synthetic,A\n")
    with pytest.raises(UsageError) as wrong:
        check(data, both)
    assert wrong.value.issue.code == "ambiguous_dataset"
    assert wrong.value.issue.expected == "country_statistics, other"
    assert check(data, both, "other").is_clean


@pytest.mark.parametrize("name", ["table.doc", "~$table.csv", ".table.csv"])
def test_what_no_dataset_reads_is_reported_without_one(data: Path, tmp_path: Path, name: str) -> None:
    another_dataset(data, "coal_pct")
    checked = check(data, sent(tmp_path, HEADER + GOOD, name))
    assert (checked.dataset, checked.is_clean) == (None, False)
    code = "unsupported_file_type" if name == "table.doc" else "file_ignored"
    assert [fault.code for fault in checked.errors] == [code]


def test_a_link_is_refused_as_a_run_would(data: Path, tmp_path: Path) -> None:
    sent(tmp_path, HEADER + GOOD)
    (tmp_path / "link.csv").symlink_to(tmp_path / "new.csv")
    assert [fault.code for fault in check(data, tmp_path / "link.csv").errors] == ["file_is_link"]


@pytest.mark.parametrize("name", ["no.csv", "data"])
def test_what_is_no_file_is_a_wrong_call(data: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as wrong:
        check(data, tmp_path / name)
    assert wrong.value.issue.code == "missing_file"


def test_a_dataset_that_is_not_there_and_a_directory_without_registry_are_wrong_calls(
    data: Path, tmp_path: Path
) -> None:
    file = sent(tmp_path, HEADER + GOOD)
    with pytest.raises(UsageError) as wrong:
        check(data, file, "statistics")
    assert (wrong.value.issue.code, wrong.value.issue.expected) == ("unknown_dataset", "country_statistics")
    with pytest.raises(UsageError) as wrong:
        check(tmp_path, file)
    assert wrong.value.issue.code == "incomplete_data_directory"


def test_a_broken_registry_is_reported_before_the_file(data: Path, tmp_path: Path) -> None:
    (data / "reference" / "cities.csv").unlink()
    with pytest.raises(DataError):
        check(data, sent(tmp_path, HEADER + GOOD))


def test_the_command_exits_with_1_where_a_row_would_be_rejected(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(data))
    good, bad = sent(tmp_path, HEADER + GOOD), sent(tmp_path, HEADER + "Atlantis,2025,1,1,synthetic,A\n", "bad.csv")
    clean = CliRunner().invoke(app, ["check", str(good), "--json"])
    assert (clean.exit_code, json.loads(clean.stdout)[0]["rows_read"]) == (0, 2)
    result = CliRunner().invoke(app, ["check", str(good), str(bad), "--lang", "en"])
    assert result.exit_code == 1
    assert "bad.csv, line 2, column country: Unknown place “Atlantis”" in result.stdout
    assert "new.csv (country_statistics): Rows 2, Accepted 1, Aggregates 1, Rejected 0" in result.stdout
