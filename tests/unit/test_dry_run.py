"""Dry run: a file gets the result that a run would give, and nothing is written."""

from __future__ import annotations

import io
import json
import shutil
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from assets.core.errors import DataError, UsageError
from assets.core.paths import DATA_DIR_VARIABLE, PROJECT_ROOT, Paths
from assets.core.settings import Limits
from assets.intake.dry_run import DryRunResult
from assets.intake.file_parser import FileParser, HeaderCount, ParseResult
from assets.intake.ingest import IngestJob
from assets.intake.receipts.receipts import KnownContent
from assets.intake.tables.contracts import read_contracts
from assets.intake.values.lookups import read_lookups
from assets.reference.load import load_reference_tables
from assets.warehouse.connection import connect_in_memory
from assets.warehouse.tables import read_tables
from pipelines.cli.app import app
from pipelines.cli.commands.check import check_files
from pipelines.cli.render.check import render_check
from tests.builders.data_directories import FIXTURES
from tests.builders.intake_files import PARKS, STATISTICS, park, parks, statistic, text_of, xlsx
from tests.helpers.exchanged_names import exchanging, to_link, to_pipe
from tests.helpers.hang_guard import hang_guard
from tests.helpers.proof_scale import times

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
    assert (checked.errors[0].line, checked.errors[0].column_name) == (4, "country")


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
    assert "1 × country: Unknown place “Atlantis”" in result.stdout
    assert "new.csv: 2 rows, 1 accepted, 1 aggregates, 0 rejected. Ready to be sent." in result.stdout
    assert result.stdout.rstrip().endswith(
        "bad.csv: 1 rows, 0 accepted, 0 aggregates, 1 rejected. Correct the file before it is sent."
    )


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """The shipped registry and contracts, without inbox and runs."""
    for name in ("reference", "contracts"):
        shutil.copytree(PROJECT_ROOT / "data" / name, tmp_path / "shipped" / name)
    return tmp_path / "shipped"


def check_park(shipped: Path, tmp_path: Path, content: str) -> DryRunResult:
    return check(shipped, sent(tmp_path, content), "parks")


def test_accepted_rows_are_listed_with_every_column_and_their_place(shipped: Path, tmp_path: Path) -> None:
    file = sent(tmp_path, parks(park("南昌市"), park("九江市", area="x"), park("全省"), park("赣州市", year=2023)))
    (result,) = check_files(Paths(shipped), [file], with_rows=True)
    assert result.rows is not None
    contract = read_contracts(shipped / "contracts")["parks"]
    assert all({*contract.columns, "city_code", "year", "file", "sheet", "line"} == row.keys() for row in result.rows)
    names = ("city_code", "year", "park_area_per_capita_m2", "greenway_length_km", "file", "sheet", "line")
    assert [tuple(row[name] for name in names) for row in result.rows] == [
        ("360100", 2024, 12.5, None, "new.csv", None, 2),
        ("360700", 2023, 12.5, None, "new.csv", None, 5),
    ]


def test_figures_are_read_back_with_the_unit_taken(shipped: Path, tmp_path: Path) -> None:
    headers = [*PARKS, "绿道长度（米）"]
    rows = [[*park("南昌市"), 12000], [*park("九江市", area=18), ""], [*park("赣州市", area="x"), 900_000]]
    result = check_park(shipped, tmp_path, text_of(headers, *rows))
    readings = {
        reading.column: (
            reading.source_unit,
            reading.unit,
            reading.figures,
            reading.missing,
            reading.minimum,
            reading.maximum,
        )
        for reading in result.columns
    }
    assert readings["greenway_length_km"] == ("米", "公里", 1, 1, 12, 12)
    assert readings["park_area_per_capita_m2"] == ("平方米", "平方米/人", 2, 0, 12.5, 18)


def test_a_long_file_is_read_back_by_indicator(shipped: Path, tmp_path: Path) -> None:
    rows = [statistic("gdp_100m_yuan", 7203.5, "亿元"), statistic("gdp_100m_yuan", 37_001_000, "万元", "九江市")]
    result = check(shipped, sent(tmp_path, text_of(STATISTICS, *rows)), "city_statistics")
    (reading,) = [reading for reading in result.columns if reading.column.endswith("gdp_100m_yuan")]
    assert (reading.unit, reading.figures, reading.minimum, reading.maximum) == ("亿元", 2, 3700.1, 7203.5)


def test_figures_of_a_scope_that_does_not_score_are_named(shipped: Path, tmp_path: Path) -> None:
    result = check_park(
        shipped, tmp_path, parks(park("南昌市"), park("九江市", scope="全市"), park("全省", scope="全市"))
    )
    unscored = {(entry.indicator_id, entry.scope): (entry.figures, entry.scoring_scope) for entry in result.unscored}
    assert unscored[("parks.park_area_per_capita_m2", "全市")] == (1, "城区")
    assert {scope for _, scope in unscored} == {"全市"}


def test_figures_that_never_score_are_named(shipped: Path, tmp_path: Path) -> None:
    result = check_park(shipped, tmp_path, text_of([*PARKS, "绿道长度"], [*park("南昌市"), 12]))
    assert [(entry.indicator_id, entry.scoring_scope) for entry in result.unscored] == [
        ("parks.greenway_length_km", None)
    ]


def test_the_dataset_is_the_one_with_the_largest_share_of_the_headers(shipped: Path, tmp_path: Path) -> None:
    (result,) = check_files(Paths(shipped), [sent(tmp_path, text_of([*PARKS, "绿地面积（亩）"], [*park("南昌市"), 1]))])
    assert (result.dataset, result.status) == ("parks", "refused")
    assert result.guess == HeaderCount(len(PARKS), len(PARKS) + 1)
    assert [error.actual for error in result.errors] == ["绿地面积（亩）"]
    assert "7 of 8 headers" in output_of(result)


def test_sixty_thousand_faults_are_a_screen_of_kinds_with_counts_and_first_places(
    shipped: Path, tmp_path: Path
) -> None:
    bad = [park("南昌市", year=year, area="x", cover=900) for year in range(30_000)]
    result = check_park(shipped, tmp_path, parks(*bad))
    assert len(result.errors) > 60_000
    output = output_of(result)
    assert len(output.splitlines()) < 60
    assert "30,000 × 人均公园绿地面积（平方米）" in output
    assert "(line 2, line 3, line 4 …)" in output
    (without_errors,) = check_files(Paths(shipped), [tmp_path / "new.csv"], "parks", with_errors=False)
    assert (without_errors.errors, without_errors.faults) == ((), result.faults)


def test_many_sheets_columns_and_notes_are_no_more_than_a_screen(shipped: Path, tmp_path: Path) -> None:
    sheets = {f"说明{number}": [["本表说明"]] for number in range(40)} | {"数据": [PARKS, park("南昌市")]}
    file = tmp_path / "new.xlsx"
    file.write_bytes(xlsx(sheets))
    output = output_of(check(shipped, file, "parks"))
    assert len(output.splitlines()) < 60
    assert "Sheet 说明0: passed over (1 rows)" in output


def test_the_account_of_each_sheet_is_shown(shipped: Path, tmp_path: Path) -> None:
    file = tmp_path / "new.xlsx"
    file.write_bytes(
        xlsx({"数据": [["2024年公园绿地"], PARKS, park("南昌市"), park("九江市", area="x"), ["注：合成"]]})
    )
    output = output_of(check(shipped, file, "parks"))
    assert (
        "Sheet 数据: 5 rows = titles 1 + headers 1 + notes 1 + data 2; Accepted 1, Aggregates 0, Rejected 1" in output
    )


def test_a_content_that_arrived_before_is_named_with_what_arrived_since(data: Path, tmp_path: Path) -> None:
    first, second = sent(tmp_path, HEADER + GOOD), sent(tmp_path, HEADER + GOOD.replace("70", "71"), "later.csv")
    assert check(data, first).known is None
    contract = read_contracts(data / "contracts")["country_statistics"]
    inbox = data / "inbox" / "country_statistics"
    inbox.mkdir(parents=True)
    tables = {table.name: table for table in read_tables(Paths(data).sql).values() if table.schema_name == "reference"}
    with connect_in_memory() as connection:
        for content in load_reference_tables(tables, Paths(data)).values():
            content.write(connection)
        limits = Limits(still_written_seconds=0)
        job = IngestJob(Paths(data), contract, connection, read_lookups(connection, contract), limits)
        for number, file in enumerate((first, second)):
            shutil.copy(file, inbox)
            job.ingest(datetime(2026, 2, 5 + number, tzinfo=UTC))
    known, latest = check(data, first), check(data, second)
    moments = (datetime(2026, 2, 5, tzinfo=UTC),)
    assert known.known == KnownContent("country_statistics/new.csv", moments, 1)
    assert "received on 2026-02-05 00:00 (UTC) as country_statistics/new.csv; 1 files arrived since" in output_of(known)
    assert "it is the last file of the dataset" in output_of(latest)


def test_nothing_is_copied_and_what_a_killed_check_left_is_deleted(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    killed = temporary / f".check-{socket.gethostname()}-999999999-x"
    killed.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    parsed_files: list[bool] = []
    parse = FileParser.parse

    def parse_and_look(parser: FileParser, file: Path, *arguments: Any) -> ParseResult:
        parsed_files.append(file.samefile(sent_file))
        assert [entry.name for entry in temporary.glob("**/*.csv")] == []
        return parse(parser, file, *arguments)

    monkeypatch.setattr(FileParser, "parse", parse_and_look)
    sent_file = sent(tmp_path, HEADER + GOOD)
    check(data, sent_file)
    assert (set(parsed_files), list(temporary.iterdir())) == ({True}, [])


@pytest.mark.parametrize("exchange", [to_link, to_pipe])
def test_nothing_foreign_is_checked_while_a_name_is_exchanged(
    data: Path, tmp_path: Path, exchange: Callable[[Path, Path], None]
) -> None:
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "secret.csv").write_text(HEADER + GOOD * 40, "utf-8")
    file, end, checked = sent(tmp_path, HEADER + GOOD), time.monotonic() + times(3, 60), list[DryRunResult]()
    with hang_guard(times(62, 120)), exchanging(file, tmp_path / "foreign", exchange, HEADER + GOOD):
        while time.monotonic() < end:
            with suppress(UsageError):  # no file at this moment
                checked.append(check(data, file))
    assert {result.rows_read for result in checked if result.status == "read"} <= {2}
    refused = {error.code for result in checked if result.status == "refused" for error in result.errors}
    assert refused <= {"file_is_link", "file_unreadable", "file_changed"}


def test_without_a_path_for_open_files_a_copy_is_checked_and_deleted(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assets.intake.dry_run._OPEN_FILES", tmp_path / "none")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = sorted(tmp_path.iterdir())
    file = sent(tmp_path, HEADER + GOOD)
    assert (check(data, file).rows_read, sorted(tmp_path.iterdir())) == (2, sorted([*before, file]))


def test_a_file_above_the_limit_is_refused_unread(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (data / "settings.yml").write_text("limits: {file_bytes: 10}\n", "utf-8")
    monkeypatch.setattr(FileParser, "parse", None)
    assert [error.code for error in check(data, sent(tmp_path, HEADER + GOOD)).errors] == ["file_too_large"]


def test_a_file_that_changes_while_it_is_checked_is_checked_again(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = sent(tmp_path, HEADER + GOOD)
    parse = FileParser.parse

    def parse_and_change(*arguments: Any) -> ParseResult:
        result = parse(*arguments)
        file.write_text(HEADER, "utf-8")
        return result

    monkeypatch.setattr(FileParser, "parse", parse_and_change)
    assert [error.code for error in check(data, file).errors] == ["file_changed"]


def output_of(result: DryRunResult) -> str:
    console = Console(width=200, file=io.StringIO())
    with console.capture() as captured:
        for part in render_check(result, "en"):
            console.print(part)
    return captured.get()
