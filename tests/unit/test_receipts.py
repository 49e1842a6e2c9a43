"""Receipts: what became of every file, whatever it is called, whatever it holds, and whenever a run was killed."""

from __future__ import annotations

import dataclasses
import os
from datetime import timedelta
from pathlib import Path

import pytest

from assets.core.errors import DataError
from assets.core.paths import Paths
from assets.core.settings import Limits
from assets.intake.ingest import IngestJob, unassigned_receipts
from assets.intake.receipts.receipts import (
    accepted_files,
    damaged_results,
    read_receipts,
    reject_files,
)
from assets.intake.values.lookups import content_digest
from assets.warehouse.connection import quote_literal
from tests.builders.fairs import HEADER, NOW, counts, send
from tests.unit.conftest import LIMITS

ROW = "甲市,2026-02-05,3,book,A\n"


def moved_on(intake: IngestJob, **changed: object) -> IngestJob:
    """The intake of another day, with something in its recipe changed."""
    return dataclasses.replace(intake, **changed)


def test_the_recipe_is_contract_registry_and_parser(intake: IngestJob) -> None:
    relimited = intake.contract.model_copy(update={"about_en": "changed"})
    recipes = {
        intake.recipe,
        moved_on(intake, contract=relimited).recipe,
        moved_on(intake, registry=dataclasses.replace(intake.registry, digest="registry-2")).recipe,
        moved_on(intake, limits=Limits(columns=7)).recipe,
    }
    assert len(recipes) == 4
    assert moved_on(intake).recipe == intake.recipe


def test_a_changed_contract_reads_again_and_decides_again(intake: IngestJob) -> None:
    send(intake, "a.csv", HEADER + ROW)
    assert counts(intake.ingest(NOW)) == [("fairs/a.csv", "read", 1, 0)]
    strict = intake.contract.columns["posts"].model_copy(update={"min": 10})
    contract = intake.contract.model_copy(update={"columns": {**intake.contract.columns, "posts": strict}})
    (again,) = moved_on(intake, contract=contract).ingest(NOW + timedelta(days=1))
    assert (counts([again]), again.received_at) == ([("fairs/a.csv", "read", 0, 1)], NOW)
    (back,) = intake.ingest(NOW + timedelta(days=2))
    assert (counts([back]), back.received_at) == ([("fairs/a.csv", "read", 1, 0)], NOW)
    assert read_receipts(intake.folder) == [back]


def test_refused_files_have_a_receipt_and_no_rows(intake: IngestJob) -> None:
    (intake.paths.inbox / "fairs" / "bytes.csv").write_bytes((HEADER + ROW).encode() + b"\xff")
    (intake.paths.inbox / "fairs" / "zip.xlsx").write_bytes(b"PK\x03\x04broken")
    send(intake, "nul.csv", HEADER + "\0")
    send(intake, "quote.csv", '"city"x,date\n' + ROW)
    send(intake, "missing.csv", "city,posts,source_id,source_grade\n甲市,3,book,A\n")
    send(intake, "doubled.csv", "city,城市,date,source_id,source_grade\n")
    send(intake, "zero.csv", "")
    receipts = intake.ingest(NOW)
    assert {receipt.file: receipt.issues[0].code for receipt in receipts} == {
        "fairs/bytes.csv": "invalid_encoding",
        "fairs/zip.xlsx": "workbook_unreadable",
        "fairs/nul.csv": "file_has_nul",
        "fairs/quote.csv": "malformed_row",
        "fairs/missing.csv": "missing_column",
        "fairs/doubled.csv": "duplicate_header",
        "fairs/zero.csv": "missing_header_row",
    }
    assert accepted_files(intake.folder, receipts) == reject_files(intake.folder, receipts) == []
    assert sorted(file.suffix for file in intake.folder.iterdir()) == [".json"] * 7


def test_a_file_whose_encoding_breaks_in_its_middle_is_refused_whole(intake: IngestJob) -> None:
    text = (HEADER + ROW * 2000).encode() + b"\xff,\n"
    (intake.paths.inbox / "fairs" / "a.csv").write_bytes(text)
    (receipt,) = intake.ingest(NOW)
    assert (receipt.status, receipt.rows_read, receipt.issues[0].code) == ("refused", 0, "invalid_encoding")
    assert [file.suffix for file in intake.folder.iterdir()] == [".json"]


def test_the_header_may_stand_below_blank_lines_and_rows_keep_their_lines(intake: IngestJob) -> None:
    send(intake, "a.csv", "\n,,\n" + HEADER + "\n" + ROW + "丙市,2026-02-05,3,book,A\n")
    (receipt,) = intake.ingest(NOW)
    assert (receipt.rows_read, receipt.rows_blank, receipt.rows_accepted, receipt.rows_rejected) == (2, 3, 1, 1)
    ((_, file),) = reject_files(intake.folder, [receipt])
    rows = intake.connection.execute(f"select line from read_parquet({quote_literal(file)})").fetchall()
    assert rows == [(6,)]


def test_a_header_without_rows_is_read_and_empty(intake: IngestJob) -> None:
    send(intake, "a.csv", HEADER)
    (receipt,) = intake.ingest(NOW)
    assert (receipt.status, receipt.rows_read) == ("read", 0)


@pytest.mark.parametrize(
    "name", ["a.CSV", "名 称.csv", "2024/南昌.csv", "a.b.csv", "a.txt", "a.tsv", "a.xlsx", "a.xls"]
)
def test_a_csv_file_may_have_any_name_and_depth(intake: IngestJob, name: str) -> None:
    (intake.paths.inbox / "fairs" / "2024").mkdir()
    send(intake, name, HEADER + ROW)
    assert counts(intake.ingest(NOW)) == [(f"fairs/{name}", "read", 1, 0)]


@pytest.mark.parametrize("name", ["a.csv.gz", "a.zip", "csv", "a.pdf", "a.et"])
def test_a_file_of_another_kind_is_refused_and_kept(intake: IngestJob, name: str) -> None:
    send(intake, name, HEADER + ROW)
    (receipt,) = intake.ingest(NOW)
    (issue,) = receipt.issues
    assert (issue.code, issue.actual, issue.expected) == ("unsupported_file_type", Path(name).suffix, "CSV, XLSX")
    assert intake.paths.archived(receipt.file_sha256).is_file()


def test_what_a_killed_run_left_behind_is_cleared_away(intake: IngestJob) -> None:
    send(intake, "a.csv", HEADER + ROW)
    (receipt,) = intake.ingest(NOW)
    (intake.folder / ".work-left").mkdir()
    (intake.folder / ".work-left" / "text.parquet").write_text("half")
    (intake.folder / f"{receipt.stem}.json").unlink()
    (intake.folder / f"{receipt.stem}.rejects.parquet").unlink()
    (intake.paths.archive / ".arriving-half").write_text("half")
    assert intake.ingest(NOW) == [receipt]
    assert sorted(file.name for file in intake.folder.iterdir()) == [
        f"{receipt.stem}.{suffix}" for suffix in ("json", "parquet", "rejects.parquet")
    ]
    assert list(intake.paths.archive.glob(".*")) == []


def test_no_receipt_is_no_receipts(tmp_path: Path) -> None:
    assert read_receipts(tmp_path / "lake" / "fairs") == []


def test_an_inbox_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert unassigned_receipts(Paths(tmp_path), ["fairs"], NOW, LIMITS) == []


def test_hidden_folders_of_the_inbox_and_those_of_datasets_are_no_strays(intake: IngestJob) -> None:
    for name in ("fairs", ".git", "~$x"):
        (intake.paths.inbox / name).mkdir(exist_ok=True)
        (intake.paths.inbox / name / "a.csv").write_text("x", "utf-8")
    assert unassigned_receipts(intake.paths, ["fairs"], NOW, LIMITS) == []


@pytest.mark.parametrize(
    ("one", "other"), [([["a"]], [["b"]]), ([["a", "b"]], [["a"], ["b"]]), ([["1"]], [[1]]), ([], [[]])]
)
def test_the_digest_reports_other_rows_apart(one: list[list[object]], other: list[list[object]]) -> None:
    assert content_digest(one) != content_digest(other)
    assert content_digest(one) == content_digest(one)


def test_a_clock_set_back_leaves_corrections_in_the_order_in_which_they_came(intake: IngestJob) -> None:
    for number in range(4, 8):
        send(intake, "a.csv", HEADER + f"甲市,2026-02-05,{number},book,A\n")
        receipts = intake.ingest(NOW - timedelta(days=400 * (number - 4)))
    read = [
        intake.connection.execute(f"select posts from read_parquet({quote_literal(file)})").fetchall()
        for _, file in accepted_files(intake.folder, receipts)
    ]
    assert read == [[(number,)] for number in range(4, 8)]


def test_a_file_name_that_is_not_utf_8_does_not_stop_the_run(intake: IngestJob) -> None:
    name = os.fsdecode("南昌.csv".encode("gb18030"))
    send(intake, name, HEADER + ROW)
    (receipt,) = intake.ingest(NOW)
    assert receipt.rows_accepted == 1
    assert read_receipts(intake.folder) == [receipt]


def test_two_copies_of_a_stray_file_have_one_receipt_key_each(intake: IngestJob) -> None:
    (intake.paths.inbox / "fare").mkdir()
    for name in ("a.csv", "b.csv"):
        (intake.paths.inbox / "fare" / name).write_text("x", "utf-8")
    receipts = unassigned_receipts(intake.paths, ["fairs"], NOW, LIMITS)
    assert len({(receipt.dataset, receipt.file_sha256) for receipt in receipts}) == len(receipts)


def test_refused_bytes_under_two_names_are_taken_in_once(intake: IngestJob) -> None:
    for name in ("a.txt", "b.txt"):
        send(intake, name, HEADER + ROW)
    intake.ingest(NOW)
    before = [file.stat().st_mtime_ns for file in intake.folder.iterdir()]
    intake.ingest(NOW + timedelta(days=1))
    assert [file.stat().st_mtime_ns for file in intake.folder.iterdir()] == before


def test_results_that_are_lost_or_cut_off_are_made_again_with_the_time_of_arrival(intake: IngestJob) -> None:
    send(intake, "sent.csv", HEADER + ROW)
    (before,) = intake.ingest(NOW)
    for spoil in (Path.unlink, lambda file: os.truncate(file, 40)):
        for pattern in ("*.rejects.parquet", "*[0-9a-f].parquet"):
            (file,) = intake.folder.glob(pattern)
            spoil(file)
            assert damaged_results(intake.folder, before) == [file]
            assert intake.ingest(NOW + timedelta(days=1)) == [before]
            assert damaged_results(intake.folder, before) == []


def test_a_broken_receipt_stops_the_run_and_is_named(intake: IngestJob) -> None:
    send(intake, "sent.csv", HEADER + ROW)
    (receipt,) = intake.ingest(NOW)
    (file,) = intake.folder.glob("*.json")
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(DataError) as stopped:
        intake.ingest(NOW)
    (issue,) = stopped.value.issues
    assert (issue.code, issue.actual) == ("receipt_damaged", receipt.file_sha256)
    assert issue.file == f"lake/fairs/{file.name}"
    file.unlink()
    assert [taken.file_sha256 for taken in intake.ingest(NOW)] == [receipt.file_sha256]


def test_an_original_that_is_gone_is_asked_for_and_enough_once_it_is_sent_again(intake: IngestJob) -> None:
    send(intake, "sent.csv", HEADER + ROW)
    (before,) = intake.ingest(NOW)
    sent = intake.paths.inbox / before.file
    content = sent.read_bytes()
    sent.unlink()
    intake.paths.archived(before.file_sha256).unlink()
    assert intake.ingest(NOW) == [before], "nothing is to be read again"
    again = moved_on(intake, limits=Limits(still_written_seconds=0, columns=99))
    with pytest.raises(DataError) as stopped:
        again.ingest(NOW)
    assert [(issue.code, issue.file) for issue in stopped.value.issues] == [("missing_archived_file", before.file)]
    sent.write_bytes(content)
    (after,) = again.ingest(NOW + timedelta(days=1))
    assert (after.received_at, after.rows_accepted) == (before.received_at, before.rows_accepted)
