"""Machines that share a store on object storage, killed at any moment: nothing is lost, nothing is doubled.

Processes of their own, and a server of the protocol of S3, which is killed as well. `make prove` kills 100 times, the
test command once.
"""

from __future__ import annotations

import dataclasses
import hashlib
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.core.object_store import open_store
from assets.core.paths import Paths
from assets.core.sync_state import result_folder
from assets.intake.assets import ingest_dataset
from assets.intake.ingest import IngestJob, utc_now
from assets.intake.receipts.receipts import Receipt, read_receipts
from assets.intake.receipts.sync import SyncedReceipt
from assets.intake.values.lookups import Lookups
from assets.intake.values.places import Places
from assets.intake.values.units import Units
from tests.helpers.proof_scale import times
from tests.robustness.test_kills import FILES, ROWS, assert_what_is_there_is_whole, fresh, start
from tests.servers.object_storage import BUCKET, Storage, files, needs_storage, storage

pytestmark = needs_storage()

MACHINES = times(2, 5)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Storage]:
    with storage(tmp_path / "storage") as one:
        yield one


@pytest.fixture
def registry() -> Lookups:
    """That of the processes, so that the test takes in by the recipe that they have."""
    references = {"sources.source_id": {"book": "book"}}
    return Lookups(Places.of([("甲市", "1", None, None)], []), Units({}), {}, references, "r")


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What all machines are sent: a workbook made anew would be another file."""
    return fresh(tmp_path_factory.mktemp("sent") / "data") / "inbox"


def machine(data: Path, store: str, sent: Path | None = None) -> Path:
    """A data directory that shares the store of this name; without files it has its settings and nothing else."""
    data.mkdir()
    if sent is not None:
        shutil.copytree(sent, data / "inbox")
    (data / "settings.yml").write_text(f"storage: {{store: s3://{BUCKET}/{store}}}\n", "utf-8")
    return data


def taken_in(data: Path) -> list[Receipt]:
    receipts = read_receipts(data / "lake" / "fairs")
    return sorted(receipts, key=lambda receipt: (receipt.received_at, receipt.file))


def assert_the_store_is_whole(store: str) -> int:
    """Every receipt has its bytes and results, with the checksums that it says; the number of receipts."""
    place, bucket = f"{BUCKET}/{store}", files()
    receipts = bucket.find(f"{place}/receipts")
    for name in receipts:
        kept = SyncedReceipt.from_bytes(bucket.cat_file(name))
        assert kept is not None
        sums = {f"archive/{kept.receipt.file_sha256[:2]}/{kept.receipt.file_sha256}": kept.receipt.file_sha256}
        for suffix, checksum in kept.results.items():
            folder = result_folder("fairs", kept.receipt.recipe, suffix)
            sums[f"{folder}/file_sha256={kept.receipt.file_sha256}/checksum={checksum}/part.parquet"] = checksum
        for there, checksum in sums.items():
            assert hashlib.sha256(bucket.cat_file(f"{place}/{there}")).hexdigest() == checksum
    return len(receipts)


def end(intake: IngestJob, data: Path) -> float:
    """Take in to the end; every file is then taken in, once. Returns the seconds it took."""
    began = time.monotonic()
    receipts = ingest_dataset(dataclasses.replace(intake, paths=Paths(data)), utc_now())
    seconds = time.monotonic() - began
    assert [(r.rows_read, r.rows_accepted, r.rows_rejected) for r in receipts] == [(ROWS + 2, ROWS, 2)] * FILES
    assert taken_in(data) == receipts
    assert_what_is_there_is_whole(data / "lake" / "fairs", data / "archive")
    return seconds


def test_what_others_put_since_a_listing_is_seen(server: Storage, tmp_path: Path) -> None:
    (tmp_path / "settings.yml").write_text(f"storage: {{store: s3://{BUCKET}/seen}}\n", "utf-8")
    (tmp_path / "ours").write_bytes(b"ours")
    store = open_store(Paths(tmp_path))
    assert store is not None
    assert store.put_if_absent("receipts/fairs/1", tmp_path / "ours")
    assert store.list("receipts/fairs") == {"1": 4}
    files().pipe_file(f"{BUCKET}/seen/receipts/fairs/2", b"theirs")
    assert not store.put_if_absent("receipts/fairs/2", tmp_path / "ours")
    assert store.read("receipts/fairs/2") == b"theirs"


def test_machines_that_take_the_same_files_at_once_have_one_receipt_each(
    intake: IngestJob, server: Storage, sent: Path, tmp_path: Path
) -> None:
    places = [machine(tmp_path / str(number), "at_once", sent) for number in range(MACHINES)]
    at_once = [start(intake, data) for data in places]
    for process in at_once:
        process.communicate()
        assert process.returncode == 0
    assert assert_the_store_is_whole("at_once") == FILES
    first = taken_in(places[0])
    assert len(first) == FILES
    for data in (*places, machine(tmp_path / "empty", "at_once")):
        end(intake, data)
        assert taken_in(data) == first, "a receipt that is there stays as it is"
    assert assert_the_store_is_whole("at_once") == FILES


@pytest.mark.parametrize("seed", range(times(1, 10)))
def test_killed_at_random_moments_nothing_is_lost_or_doubled(
    intake: IngestJob, server: Storage, sent: Path, tmp_path: Path, seed: int
) -> None:
    """The server goes down as well, every second time; what it was told it still has."""
    chance, kills, turn = random.Random(seed), 0, 0
    seconds = end(intake, machine(tmp_path / "undisturbed", "undisturbed", sent))
    while kills < times(1, 10):
        store, turn = f"turn{turn}", turn + 1
        data = machine(tmp_path / store, store, sent)
        process = start(intake, data)
        doomed = process if turn % 2 else server
        try:
            process.wait(chance.uniform(0, seconds))
        except subprocess.TimeoutExpired:
            doomed.kill()
            kills += 1
        process.communicate()
        if doomed is server:
            server.kill()
            server.start()
        assert assert_the_store_is_whole(store) <= FILES
        end(intake, data)
        assert assert_the_store_is_whole(store) == FILES
        empty = machine(tmp_path / f"{store}-empty", store)
        end(intake, empty)
        assert taken_in(empty) == taken_in(data)
