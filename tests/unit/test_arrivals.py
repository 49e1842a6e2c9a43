"""Sent again: the same bytes after a correction count as the latest; a file that stays in the inbox does not."""

from __future__ import annotations

import dataclasses
import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from assets.core.errors import DataError
from assets.core.paths import Paths
from assets.core.sync_state import has_remote_changes, sync_state_digest
from assets.intake.assets import ingest_dataset
from assets.intake.ingest import IngestJob
from assets.intake.receipts.arrivals import ArrivalBatch, InboxListing, read_batches
from assets.intake.receipts.receipts import read_receipts, sort_receipts
from tests.builders.fairs import HEADER, NOW, send

FIRST, SECOND, THIRD = (HEADER + f"甲市,2026-02-05,{posts},book,A\n" for posts in (1, 2, 3))
TEXTS = {FIRST: "first", SECOND: "second", THIRD: "third"}


class Days:
    """Runs of the intake on one day after the other, and the order in which the contents arrived last."""

    def __init__(self, intake: IngestJob) -> None:
        self.intake, self.day = intake, 0

    def send(self, name: str, text: str) -> Path:
        """Put a file there as a copying program does, later than every file before."""
        file = send(self.intake, name, text)
        moment = 1_700_000_000_000_000_000 + (self.day + 1) * 86_400_000_000_000
        os.utime(file, ns=(moment, moment))
        return file

    def run(self, now: datetime | None = None) -> list[str]:
        self.day += 1
        receipts = self.intake.ingest(now or NOW + timedelta(days=self.day))
        assert [receipt.file_sha256 for receipt in sort_receipts(read_receipts(self.intake.folder))] == [
            receipt.file_sha256 for receipt in receipts
        ]
        archived = (self.intake.paths.archived(receipt.file_sha256).read_text("utf-8") for receipt in receipts)
        return [TEXTS[text] for text in archived]

    @property
    def arrivals(self) -> list[str]:
        """The names of all later arrivals."""
        return [arrival.file for batch in read_batches(self.intake.folder) for arrival in batch.arrivals]


@pytest.fixture
def days(intake: IngestJob) -> Days:
    return Days(intake)


@pytest.fixture
def corrected(days: Days) -> Days:
    """A file, and on the next day a file with its correction."""
    days.send("a.csv", FIRST)
    assert days.run() == ["first"]
    days.send("b.csv", SECOND)
    assert days.run() == ["first", "second"]
    return days


def test_a_file_that_is_replaced_by_its_correction_and_put_back_counts_again(days: Days) -> None:
    for text, order in ((FIRST, ["first"]), (SECOND, ["first", "second"]), (FIRST, ["second", "first"])):
        days.send("a.csv", text)
        assert days.run() == order
    assert days.arrivals == ["fairs/a.csv"]
    receipt = days.intake.ingest(NOW)[-1]
    assert (receipt.received_at, receipt.last_received_at) == (NOW + timedelta(days=1), NOW + timedelta(days=3))


def test_a_file_that_stays_in_the_inbox_is_no_arrival(corrected: Days) -> None:
    assert [corrected.run() for _ in range(3)] == [["first", "second"]] * 3
    assert corrected.arrivals == []


def test_the_same_file_copied_over_itself_counts_again_and_once(corrected: Days) -> None:
    corrected.send("a.csv", FIRST)
    assert corrected.run() == corrected.run() == ["second", "first"]
    assert corrected.arrivals == ["fairs/a.csv"]


def test_a_file_that_was_removed_and_came_back_counts_again(corrected: Days) -> None:
    (corrected.intake.paths.inbox / "fairs" / "a.csv").unlink()
    assert corrected.run() == ["first", "second"]
    corrected.send("a.csv", FIRST)
    assert corrected.run() == ["second", "first"]


def test_a_file_that_came_back_between_two_runs_with_its_old_time_counts_again(corrected: Days) -> None:
    file = corrected.intake.paths.inbox / "fairs" / "a.csv"
    copy = shutil.copy2(file, corrected.intake.paths.data / "copy.csv")
    file.unlink()
    (file.parent / "other.csv").write_text(THIRD, "utf-8")  # takes the number of the file
    shutil.copy2(copy, file)
    assert corrected.run() == ["second", "first", "third"]


def test_the_same_bytes_under_another_name_or_from_another_sender_count_again(corrected: Days) -> None:
    (corrected.intake.paths.inbox / "fairs" / "office").mkdir()
    corrected.send("office/c.csv", FIRST)
    assert corrected.run() == corrected.run() == ["second", "first"]
    assert corrected.arrivals == ["fairs/office/c.csv"]


def test_the_latest_file_sent_again_stays_the_latest_and_nothing_is_recorded(corrected: Days) -> None:
    corrected.send("b.csv", SECOND)
    corrected.send("c.csv", SECOND)
    assert corrected.run() == ["first", "second"]
    assert corrected.arrivals == []


def arrivals_of(days: Days) -> list[tuple[str, list[str]]]:
    receipts = sort_receipts(read_receipts(days.intake.folder))
    return [(each.file, [later.file for later in each.arrivals]) for each in receipts]


@pytest.mark.parametrize("runs_between", [False, True])
def test_the_same_bytes_from_two_senders_are_an_arrival_of_each_and_read_once(days: Days, runs_between: bool) -> None:
    for sender in ("east", "west"):
        (days.intake.paths.inbox / "fairs" / sender).mkdir()
    days.send("east/a.csv", FIRST)
    if runs_between:
        days.run()
    days.send("west/b.csv", FIRST)
    days.send("west/copy.csv", FIRST)
    assert days.run() == days.run() == ["first"]
    ((file, later),) = arrivals_of(days)
    assert file == "fairs/east/a.csv"
    assert len(later) == 1
    assert later[0].startswith("fairs/west/")
    (receipt,) = read_receipts(days.intake.folder)
    assert receipt.senders == {"east", "west"}
    assert receipt.rows_accepted == 1


def test_a_second_sender_in_the_same_run_changes_no_order(days: Days) -> None:
    (days.intake.paths.inbox / "fairs" / "west").mkdir()
    days.send("a.csv", FIRST)
    days.send("b.csv", SECOND)
    days.send("west/c.csv", FIRST)
    assert days.run() == days.run() == ["first", "second"]
    assert days.arrivals == ["fairs/west/c.csv"]


def test_a_second_sender_of_the_latest_files_changes_no_order_among_them(corrected: Days) -> None:
    (corrected.intake.paths.inbox / "fairs" / "west").mkdir()
    corrected.send("west/b.csv", SECOND)
    corrected.send("west/z.csv", FIRST)
    assert corrected.run() == corrected.run() == ["first", "second"]
    assert sorted(corrected.arrivals) == ["fairs/west/b.csv", "fairs/west/z.csv"]


def test_a_kill_after_the_first_receipt_loses_no_sender(days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    (days.intake.paths.inbox / "fairs" / "west").mkdir()
    days.send("a.csv", FIRST)
    days.send("west/b.csv", FIRST)
    with monkeypatch.context() as killed:
        killed.setattr(ArrivalBatch, "write", _kill)
        with pytest.raises(KeyboardInterrupt):
            days.run()
    assert days.run() == ["first"]
    assert days.arrivals == ["fairs/west/b.csv"]


def _kill(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_renamed_file_and_changed_permissions_are_no_arrivals(corrected: Days) -> None:
    file = corrected.intake.paths.inbox / "fairs" / "a.csv"
    file.chmod(0o600)
    assert corrected.run() == ["first", "second"]
    file.rename(file.with_name("2026-a.csv"))
    assert corrected.run() == ["first", "second"]


def test_an_inbox_that_is_copied_as_a_whole_changes_nothing(corrected: Days) -> None:
    for name, text in (("b.csv", SECOND), ("a.csv", FIRST)):
        corrected.send(name, text)
    assert corrected.run() == ["first", "second"]
    assert corrected.arrivals == []


def test_a_folder_that_was_away_and_is_back_as_it_was_changes_nothing(corrected: Days) -> None:
    folder = corrected.intake.paths.inbox / "fairs"
    folder.rename(folder.with_name("away"))
    assert corrected.run() == ["first", "second"]
    folder.with_name("away").rename(folder)
    assert corrected.run() == ["first", "second"]


def test_files_sent_again_in_one_run_keep_their_order_and_new_ones_are_later(corrected: Days) -> None:
    corrected.send("c.csv", THIRD)
    assert corrected.run() == ["first", "second", "third"]
    for name, text in (("b.csv", SECOND), ("a.csv", FIRST)):
        corrected.send(name, text)
    fourth = HEADER + "甲市,2026-02-05,4,book,A\n"
    TEXTS[fourth] = "fourth"
    corrected.send("0.csv", fourth)
    assert corrected.run() == ["third", "first", "second", "fourth"]


def test_a_listing_that_is_lost_makes_no_arrivals(corrected: Days) -> None:
    (corrected.intake.paths.inbox_listings / "fairs.json").write_text("{", "utf-8")
    corrected.send("a.csv", FIRST)
    assert corrected.run() == ["first", "second"]
    corrected.send("a.csv", FIRST)
    corrected.day += 1
    corrected.send("a.csv", FIRST)
    assert corrected.run() == ["second", "first"]


def test_a_kill_before_the_listing_is_written_records_nothing_twice(
    corrected: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    corrected.send("a.csv", FIRST)
    with monkeypatch.context() as patch:
        patch.setattr(InboxListing, "write", kill)
        with pytest.raises(KeyboardInterrupt):
            corrected.run()
    assert corrected.run() == ["second", "first"]
    assert corrected.arrivals == ["fairs/a.csv"]


def test_a_kill_before_the_arrivals_are_written_loses_nothing(corrected: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    corrected.send("a.csv", FIRST)
    with monkeypatch.context() as patch:
        patch.setattr(ArrivalBatch, "write", kill)
        with pytest.raises(KeyboardInterrupt):
            corrected.run()
    assert corrected.run() == ["second", "first"]


def test_a_file_sent_again_is_later_also_after_the_clock_was_set_back(corrected: Days) -> None:
    corrected.send("a.csv", FIRST)
    assert corrected.run(NOW - timedelta(days=400)) == ["second", "first"]


def test_another_recipe_keeps_the_later_arrivals(corrected: Days) -> None:
    corrected.send("a.csv", FIRST)
    corrected.run()
    registry = dataclasses.replace(corrected.intake.registry, digest="registry-2")
    corrected.intake = dataclasses.replace(corrected.intake, registry=registry)
    assert corrected.run() == ["second", "first"]


WITH_TIME = '{"arrivals": [{"file": "a", "file_sha256": "b", "received_at": "TIME"}]}'


@pytest.mark.parametrize(
    "content",
    [
        *("{", '{"arrivals": []}', "[" * 5000, WITH_TIME.replace("TIME", "2026-01-01T00:00:00")),
        *(WITH_TIME.replace("TIME", time) for time in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00")),
    ],
)
def test_a_damaged_record_is_named(corrected: Days, content: str) -> None:
    corrected.send("a.csv", FIRST)
    corrected.run()
    (record,) = (corrected.intake.folder / "arrivals").iterdir()
    record.write_text(content, "utf-8")
    with pytest.raises(DataError) as damaged:
        corrected.run()
    assert [issue.code for issue in damaged.value.issues] == ["receipt_damaged"]


# --- several machines -------------------------------------------------------------------------------------------


@pytest.fixture
def machines(intake: IngestJob, tmp_path: Path) -> tuple[Days, Days]:
    (tmp_path / "shared").mkdir()
    made = []
    for name in ("one", "other"):
        paths = Paths(tmp_path / name)
        (paths.inbox / "fairs").mkdir(parents=True)
        paths.settings.write_text(f"storage: {{store: {tmp_path / 'shared'}}}\n", "utf-8")
        made.append(Days(dataclasses.replace(intake, paths=paths)))
    return made[0], made[1]


def run_shared(machine: Days, day: int) -> list[str]:
    receipts = ingest_dataset(machine.intake, NOW + timedelta(days=day))
    archived = (machine.intake.paths.archived(receipt.file_sha256).read_text("utf-8") for receipt in receipts)
    return [TEXTS[text] for text in archived]


def test_a_later_arrival_on_one_machine_counts_on_all(machines: tuple[Days, Days], tmp_path: Path) -> None:
    one, other = machines
    one.send("a.csv", FIRST)
    assert run_shared(one, 1) == ["first"]
    other.send("b.csv", SECOND)
    assert run_shared(other, 2) == ["first", "second"]
    assert run_shared(one, 3) == ["first", "second"]
    one.day = 3
    one.send("a.csv", FIRST)
    assert run_shared(one, 4) == ["second", "first"]
    assert has_remote_changes(other.intake.paths, sync_state_digest(other.intake.paths))
    assert run_shared(other, 5) == run_shared(one, 6) == ["second", "first"]
    assert not has_remote_changes(other.intake.paths, sync_state_digest(other.intake.paths))
    assert len(list((tmp_path / "shared").rglob("*.arrivals.json"))) == 1
    shutil.rmtree(other.intake.paths.lake)
    assert run_shared(other, 7) == ["second", "first"]


def test_a_record_that_was_not_uploaded_is_uploaded_by_the_next_run(
    machines: tuple[Days, Days], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = machines
    for day, (name, text) in enumerate((("a.csv", FIRST), ("b.csv", SECOND), ("a.csv", FIRST)), start=1):
        one.day = day
        one.send(name, text)
        if day == 3:
            one.run()  # killed before the upload
        else:
            run_shared(one, day)
    assert run_shared(other, 4) == ["first", "second"]
    assert run_shared(one, 5) == run_shared(other, 6) == ["second", "first"]


def test_a_damaged_record_of_the_store_is_named(machines: tuple[Days, Days], tmp_path: Path) -> None:
    one, other = machines
    for day, (name, text) in enumerate((("a.csv", FIRST), ("b.csv", SECOND), ("a.csv", FIRST)), start=1):
        one.day = day
        one.send(name, text)
        run_shared(one, day)
    (record,) = (tmp_path / "shared").rglob("*.arrivals.json")
    record.write_text(record.read_text("utf-8").replace("a.csv", "c.csv"), "utf-8")
    with pytest.raises(DataError) as damaged:
        run_shared(other, 4)
    assert [issue.code for issue in damaged.value.issues] == ["shared_store_damaged"]
