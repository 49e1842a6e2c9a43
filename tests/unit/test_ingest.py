"""The archive and the ledger: every file is kept once, read once by a recipe, and never lost."""

from __future__ import annotations

import dataclasses
import os
from datetime import timedelta
from pathlib import Path

from assets.core.paths import Paths
from assets.intake.ingest import IngestJob, unassigned_receipts
from assets.intake.receipts.archive import scan_inbox
from assets.intake.receipts.receipts import read_receipts
from tests.builders.fairs import HEADER, NOW, counts, send
from tests.unit.conftest import LIMITS


def test_a_file_is_kept_parsed_and_receipted(intake: IngestJob) -> None:
    send(intake, "a.csv", HEADER + "甲市,2026-02-05,3,book,A\n丙市,2026-02-05,3,book,A\n")
    (receipt,) = intake.ingest(NOW)
    assert counts([receipt]) == [("fairs/a.csv", "read", 1, 1)]
    assert intake.paths.archived(receipt.file_sha256).read_text("utf-8").startswith("city,date")
    assert read_receipts(intake.folder) == [receipt]


def test_of_two_recipes_the_later_counts_after_the_clock_was_set_back(intake: IngestJob) -> None:
    send(intake, "a.csv", HEADER + "甲市,2026-02-05,3,book,A\n")
    intake.ingest(NOW)
    (before,) = intake.folder.glob("*.json")
    tomorrow = before.stat().st_mtime_ns + 10**9 * 86_400
    os.utime(before, ns=(tomorrow, tomorrow))
    changed = dataclasses.replace(intake, limits=LIMITS.model_copy(update={"columns": LIMITS.columns + 1}))
    (receipt,) = changed.ingest(NOW)
    assert receipt.recipe == changed.recipe != intake.recipe
    assert read_receipts(intake.folder) == [receipt]


def test_the_same_bytes_are_taken_in_once(intake: IngestJob) -> None:
    text = HEADER + "甲市,2026-02-05,3,book,A\n"
    send(intake, "a.csv", text)
    first = intake.ingest(NOW)
    send(intake, "b.csv", text)
    before = {file: file.stat().st_mtime_ns for file in intake.folder.iterdir()}
    assert intake.ingest(NOW + timedelta(days=1)) == first
    assert {file: file.stat().st_mtime_ns for file in intake.folder.iterdir()} == before


def test_a_file_taken_out_of_the_inbox_stays(intake: IngestJob) -> None:
    file = send(intake, "a.csv", HEADER + "甲市,2026-02-05,3,book,A\n")
    first = intake.ingest(NOW)
    file.unlink()
    assert intake.ingest(NOW) == first


def test_another_recipe_reads_again_from_the_archive_and_keeps_the_time_of_arrival(intake: IngestJob) -> None:
    send(intake, "a.csv", HEADER + "甲市,2026-02-05,3,book,A\n").rename(intake.paths.inbox / "fairs" / "c.csv")
    (first,) = intake.ingest(NOW)
    (intake.paths.inbox / "fairs" / "c.csv").unlink()
    other = dataclasses.replace(intake, registry=dataclasses.replace(intake.registry, digest="registry-2"))
    (again,) = other.ingest(NOW + timedelta(days=9))
    assert again.recipe != first.recipe
    assert (again.received_at, again.rows_accepted) == (first.received_at, 1)


def test_a_clock_set_back_does_not_make_a_correction_older(intake: IngestJob) -> None:
    send(intake, "a.csv", HEADER + "甲市,2026-02-05,3,book,A\n")
    intake.ingest(NOW)
    send(intake, "a.csv", HEADER + "甲市,2026-02-05,4,book,A\n")
    receipts = intake.ingest(NOW - timedelta(days=400))
    assert all(receipt.received_at >= NOW for receipt in receipts)


def test_what_is_no_file_of_data_is_refused_or_passed_over(intake: IngestJob, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(HEADER + "甲市,2026-02-05,3,book,A\n", "utf-8")
    (intake.paths.inbox / "fairs" / "link.csv").symlink_to(secret)
    for name in ("~$a.csv", ".hidden.csv"):
        send(intake, name, HEADER)
    send(intake, "b.pdf", "PDF")
    send(intake, "c.xlsx", "PK\x03\x04")
    send(intake, "empty.csv", "\n\n")
    send(intake, "header.csv", "city,when\n")
    codes = {receipt.file: [issue.code for issue in receipt.issues] for receipt in intake.ingest(NOW)}
    assert codes == {
        "fairs/link.csv": ["file_is_link"],
        "fairs/b.pdf": ["unsupported_file_type"],
        "fairs/c.xlsx": ["workbook_unreadable"],
        "fairs/empty.csv": ["missing_header_row"],
        "fairs/header.csv": ["unknown_header"],
    }


def test_refused_bytes_are_read_under_a_name_that_fits(intake: IngestJob) -> None:
    file = send(intake, "a.text", HEADER + "甲市,2026-02-05,3,book,A\n")
    assert counts(intake.ingest(NOW)) == [("fairs/a.text", "refused", 0, 0)]
    file.rename(file.with_suffix(".csv"))
    assert counts(intake.ingest(NOW)) == [("fairs/a.csv", "read", 1, 0)]


def test_a_file_outside_every_dataset_is_reported(intake: IngestJob) -> None:
    (intake.paths.inbox / "lost.csv").write_text("a,b\n", "utf-8")
    (intake.paths.inbox / "fare").mkdir()
    (intake.paths.inbox / "fare" / "x.csv").write_text("a,b\n1,2\n", "utf-8")
    receipts = unassigned_receipts(intake.paths, ["fairs"], NOW, LIMITS)
    assert [(receipt.file, receipt.issues[0].code) for receipt in receipts] == [
        ("fare/x.csv", "unknown_inbox_folder"),
        ("lost.csv", "unknown_inbox_folder"),
    ]
    assert all(intake.paths.archived(receipt.file_sha256).is_file() for receipt in receipts)


def test_names_with_odd_characters_are_names(intake: IngestJob) -> None:
    send(intake, "a'b;--\"<x>.csv", HEADER + "甲市,2026-02-05,3,book,A\n")
    (receipt,) = intake.ingest(NOW)
    assert receipt.rows_accepted == 1


def test_results_without_their_receipt_do_not_count_and_are_made_again(intake: IngestJob) -> None:
    send(intake, "a.csv", HEADER + "甲市,2026-02-05,3,book,A\n")
    (receipt,) = intake.ingest(NOW)
    (intake.folder / f"{receipt.stem}.json").unlink()
    (intake.folder / ".work-left").mkdir()
    assert read_receipts(intake.folder) == []
    assert counts(intake.ingest(NOW)) == counts([receipt])
    assert list(intake.folder.glob(".*")) == []


def test_hidden_folders_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "inbox" / "fairs" / ".git").mkdir(parents=True)
    (tmp_path / "inbox" / "fairs" / ".git" / "x.csv").write_text("a", "utf-8")
    assert list(scan_inbox(Paths(tmp_path), "fairs", LIMITS)) == []


def test_a_file_of_which_most_rows_are_faulty_is_refused_above_a_limit(intake: IngestJob) -> None:
    few = dataclasses.replace(intake, limits=LIMITS.model_copy(update={"faulty_rows": 3}))
    good, bad = "甲市,2026-02-{:02},3,book,A\n", "丙市,2026-02-05,3,book,A\n"
    send(few, "at.csv", HEADER + good.format(1) + 3 * bad)
    send(few, "half.csv", HEADER + "".join(map(good.format, range(2, 6))) + 4 * bad)
    send(few, "above.csv", HEADER + "".join(map(good.format, range(6, 9))) + 4 * bad)
    above, at, half = few.ingest(NOW)
    assert [(issue.code, issue.actual, issue.line) for issue in above.issues] == [("too_many_faulty_rows", "3", 8)]
    assert counts([at, half]) == [("fairs/at.csv", "read", 1, 3), ("fairs/half.csv", "read", 4, 4)]
