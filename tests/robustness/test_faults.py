"""Faults of the machine, each for real. After each: the current release is whole, no row is lost or doubled, and the
next run completes, or this one said what a person must do.

The test command tries each once where files are taken in and published; `make prove` tries more, on whole runs.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from assets.core.paths import Paths
from assets.core.settings import Limits
from assets.core.worker import WorkerError
from assets.intake.ingest import IngestJob
from assets.intake.receipts.receipts import accepted_files
from assets.release.outputs.returns_worker import ReturnsWorker
from assets.release.publish.release_index import INDEX
from assets.release.publish.retention import verify_release
from assets.release.read.reader import list_release_ids
from assets.warehouse.connection import Connection, Warehouse, quote_literal
from pipelines.observability.system_errors import classify_system_error
from tests.builders.candidates import fill, release_of
from tests.builders.data_directories import Place, copy_countries
from tests.builders.fairs import HEADER
from tests.builders.returns_candidate import Candidate
from tests.helpers.faulty_disks import needs_mount, read_only, resize, small_disk
from tests.helpers.proof_scale import IS_PROVING, times
from tests.robustness.test_kills import assert_what_is_there_is_whole, fresh, start, whole_run

whole_runs = pytest.mark.skipif(not IS_PROVING, reason="whole runs on a failing machine: make prove")
PLENTY = 200_000
STILL_WRITTEN = 0.1


@needs_mount()
def test_a_disk_that_fills_while_files_are_taken_in_loses_and_doubles_no_row(intake: IngestJob, tmp_path: Path) -> None:
    chance = random.Random(2)
    for turn in range(times(1, 60)):
        data = tmp_path / f"turn{turn}"
        with small_disk(data, PLENTY):
            fresh(data)
            used = shutil.disk_usage(data).used // 1024
            resize(data, used + chance.randint(8, 120))
            process = start(intake, data)
            process.communicate()
            assert_what_is_there_is_whole(data / "lake" / "fairs", data / "archive")
            resize(data, PLENTY)
            whole_run(intake, data)


def publishing(connection: Connection, data: Path) -> str | None:
    """Publish, and what a person is told where that fails."""
    try:
        release_of(connection, data)
    except Exception as error:
        issue = classify_system_error(error)
        if issue is None:
            raise
        return issue.code
    return None


@needs_mount()
def test_a_disk_that_fills_while_a_release_is_published_leaves_the_current_one(tmp_path: Path) -> None:
    data, chance = tmp_path / "data", random.Random(3)
    with small_disk(data, PLENTY):
        with Warehouse(Paths(data)).connect() as connection:
            fill(connection)
            before = release_of(connection, data).manifest.release_id
        for _ in range(times(1, 40)):
            # Each run opens the candidate anew; DuckDB lets go of one that it could not write to its end.
            with Warehouse(Paths(data)).connect() as connection:
                connection.execute("update reference.sources set note_en = 'later'")
                used = shutil.disk_usage(data).used // 1024
                resize(data, used + chance.randint(64, 3000))
                assert publishing(connection, data) == "disk_full"
            told = verify_release(Paths(data), "current")
            assert (told.release_id, told.issues) == (before, ())
            assert list_release_ids(Paths(data)) == [before]
            resize(data, PLENTY)
        with Warehouse(Paths(data)).connect() as connection:
            after = release_of(connection, data).manifest.release_id
        assert after != before
        assert verify_release(Paths(data), "current").issues == ()
        assert sorted(path.name for path in (data / "releases").iterdir()) == sorted([before, after, INDEX, "current"])


@needs_mount()
def test_a_disk_that_fills_while_returns_are_written_aside_is_told_as_one(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with small_disk(data, PLENTY), Warehouse(Paths(data)).connect() as connection:
        candidate = Candidate(connection)
        candidate.sheet("parks/a.csv")
        for line in range(2, 60):
            candidate.reject("parks/a.csv", line, f"甲市,2024,{'x' * 100_000}")
        resize(data, shutil.disk_usage(data).used // 1024 + 1000)
        with ReturnsWorker(Paths(data)) as clerk:
            clerk.begin(connection)
            with pytest.raises(OSError, match="No space left on device") as full:
                clerk.put(connection, data)
        assert isinstance(full.value.__cause__, WorkerError)
        issue = classify_system_error(full.value)
        assert issue is not None
        assert (issue.code, issue.actual) == ("disk_full", "[Errno 28] No space left on device")
        assert list((data / "warehouse").glob(".*")) == []


def sent(value: int) -> str:
    """A file of 4,000 rows that all have one value."""
    days = [
        f"{year}-{month:02}-{day:02}" for year in range(2000, 2012) for month in range(1, 13) for day in range(1, 29)
    ]
    return HEADER + "".join(f"甲市,{day},{value},book,A\n" for day in days[:4_000])


def test_a_file_that_is_replaced_while_it_is_read_is_never_taken_in_as_two_halves(intake: IngestJob) -> None:
    """One half of the time by rename, as programs save; the other by writing over it, as a copy over a network does.

    A copy that pauses for longer than the limit looks like one that has ended: those are counted, since a busy machine
    may keep the writer of this test waiting.
    """
    file, versions = intake.paths.inbox / "fairs" / "sent.csv", [sent(value) for value in (1, 2, 3)]
    careful = replace(intake, limits=Limits(still_written_seconds=STILL_WRITTEN))
    chance, stop, pauses = random.Random(5), threading.Event(), []

    def write() -> None:
        turn = 0
        while not stop.wait(chance.uniform(0, 0.06)):
            turn, began = turn + 1, time.monotonic()
            target = file.with_suffix(".tmp") if turn % 2 else file
            with target.open("w", encoding="utf-8") as stream:
                half = len(versions[turn % 3]) // 2
                stream.write(versions[turn % 3][:half])
                stream.flush()
                stream.write(versions[turn % 3][half:])
            pauses.append(time.monotonic() - began)
            target.replace(file)

    file.write_text(versions[0], "utf-8")
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(times(30, 1_000)):
            careful.ingest(datetime.now(UTC))
    finally:
        stop.set()
        writer.join()
    time.sleep(2 * STILL_WRITTEN)
    whole, taken = {sha256(one.encode()).hexdigest() for one in versions}, careful.ingest(datetime.now(UTC))
    receipts = [receipt for receipt in taken if receipt.file_sha256 in whole]
    begun = [intake.paths.archived(one.file_sha256).read_text("utf-8") for one in taken if one not in receipts]
    assert len(begun) <= sum(pause > STILL_WRITTEN / 2 for pause in pauses)
    assert all(any(version.startswith(text) for version in versions) for text in begun)
    assert {(receipt.rows_accepted, receipt.rows_rejected) for receipt in receipts} == {(4_000, 0)}
    for _receipt, file in accepted_files(careful.folder, receipts):
        posts = f"select count(distinct posts) from read_parquet({quote_literal(file)})"
        assert intake.connection.execute(posts).fetchall() == [(1,)]


# --- whole runs -------------------------------------------------------------------------------------------------


@pytest.fixture
def place(countries: Place, tmp_path: Path) -> Place:
    """The countries after a run."""
    shutil.copytree(countries.data, tmp_path / "data", symlinks=True)
    return Place(tmp_path / "data")


def send_more(place: Place) -> None:
    """Another file, of another year."""
    folder = place.data / "inbox" / "country_statistics"
    text = (folder / "synthetic.csv").read_text("utf-8")
    (folder / "more.csv").write_text(text.replace("2024", "2025"), "utf-8")


def rows_in(place: Place) -> list[dict[str, object]]:
    return place.rows("select * exclude (arrival_sequence) from intake.files order by all") + place.rows(
        "select city_code, indicator_id, year, value from observations.city_observations order by all"
    )


def assert_told(done: subprocess.CompletedProcess[str], code: int, *parts: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr


@whole_runs
@needs_mount()
@pytest.mark.parametrize("folder", ["state", "releases", "lake", "warehouse", "archive"])
def test_a_folder_that_cannot_be_written_is_told_and_the_next_run_completes(place: Place, folder: str) -> None:
    before = place.release().manifest.release_id
    send_more(place)
    with read_only(place.data / folder):
        assert_told(place.call("run"), 2, "Cannot write", str(place.data / folder))
        assert verify_release(Paths(place.data), "current").issues == ()
        assert place.release().manifest.release_id == before
    assert place.run()["is_new"] is True
    assert place.rows("select count(*) as n from intake.files") == [{"n": 2}]


@whole_runs
@needs_mount()
def test_an_inbox_that_cannot_be_written_is_all_that_a_run_needs(tmp_path: Path) -> None:
    place = copy_countries(tmp_path / "data")
    with read_only(place.data / "inbox"):
        assert place.run()["is_new"] is True


@whole_runs
@needs_mount()
def test_a_full_disk_is_told_and_the_next_run_completes(countries: Place, tmp_path: Path) -> None:
    chance = random.Random(4)
    for turn in range(times(1, 12)):
        data = tmp_path / f"turn{turn}"
        with small_disk(data, PLENTY):
            shutil.copytree(countries.data, data, symlinks=True, dirs_exist_ok=True)
            place = Place(data)
            send_more(place)
            before = place.release().manifest.release_id
            resize(data, shutil.disk_usage(data).used // 1024 + chance.randint(10, 4000))
            done = place.call("run")
            assert_told(done, 2)
            # SQLite, which keeps Dagster's record of runs, knows no better.
            assert "The disk is full" in done.stderr or "Writing to the disk failed" in done.stderr
            assert verify_release(Paths(data), "current").issues == ()
            assert place.release().manifest.release_id == before
            resize(data, PLENTY)
            place.run()
            assert place.rows("select count(*) as n from intake.files") == [{"n": 2}]
            assert verify_release(Paths(data), "current").issues == ()


@whole_runs
def test_a_corrupt_receipt_is_named_and_once_it_is_gone_the_file_arrives_again(place: Place) -> None:
    before = rows_in(place)
    (receipt,) = (place.data / "lake" / "country_statistics").glob("*.json")
    receipt.write_bytes(receipt.read_bytes()[:100])
    (place.data / "state" / "last_run.json").unlink()
    assert_told(place.call("run"), 1, "lake/country_statistics/" + receipt.name, "A receipt is damaged")
    assert verify_release(Paths(place.data), "current").issues == ()
    receipt.unlink()
    place.run()
    assert rows_in(place) == before


@whole_runs
@pytest.mark.parametrize("damaged", ["gancheng.duckdb", "parquet/city_observations.parquet", "MANIFEST.json"])
def test_a_corrupt_current_release_is_made_anew(place: Place, damaged: str) -> None:
    before, old = rows_in(place), place.release().manifest
    file = place.release().folder / damaged
    file.write_bytes(file.read_bytes()[:-9] + b"corrupted")
    place.run()
    assert verify_release(Paths(place.data), "current").issues == ()
    assert rows_in(place) == before
    assert place.release().manifest.content_digest == old.content_digest


@whole_runs
def test_a_corrupt_record_of_runs_is_named_and_once_it_is_gone_the_next_run_completes(place: Place) -> None:
    for file in (place.data / "state" / "dagster").rglob("*.db"):
        file.write_bytes(b"no database" * 1000)
    (place.data / "state" / "last_run.json").unlink()
    assert_told(place.call("run"), 2, "state/dagster")
    shutil.rmtree(place.data / "state" / "dagster")
    place.run()
    assert verify_release(Paths(place.data), "current").issues == ()
