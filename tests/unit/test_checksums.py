"""Changes of stored files: noticed when they are read, and then restored from the archive or named."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.core.data_dir_version import ensure_data_dir
from assets.core.errors import DataError
from assets.core.sealed import read_sealed
from assets.intake.ingest import IngestJob
from assets.intake.load import load_accepted
from assets.intake.receipts.receipts import damaged_results, read_receipts, reject_files
from tests.builders.fairs import HEADER, NOW, send
from tests.helpers.proof_scale import times

GOOD = "".join(f"甲市,2026-01-{day:02},{day},book,A\n" for day in range(1, 20))
BAD = "甲市,2026-02-30,4,book,A\n丙市,2026-01-02,4,book,A\n"


@pytest.fixture
def arrived(intake: IngestJob) -> IngestJob:
    """Two files, no longer in the inbox, so that the archive alone has them."""
    files = [send(intake, "a.csv", HEADER + GOOD + BAD), send(intake, "b.csv", HEADER + "乙市,2026-01-05,5,book,A\n")]
    intake.ingest(NOW)
    for file in files:
        file.unlink()
    return intake


def content(intake: IngestJob) -> tuple[Any, ...]:
    """What a run takes from the lake: receipts, accepted rows, rejected rows."""
    receipts = intake.ingest(NOW)
    table = intake.contract.table()
    load_accepted(intake.connection, table, intake.folder, receipts)
    rows = intake.connection.execute(f"from {table.qualified_name} order by all").fetchall()
    rejects = [pq.read_table(file).to_pylist() for _, file in reject_files(intake.folder, receipts)]
    return receipts, rows, rejects


def flip(file: Path, place: int, change: int = 1) -> None:
    """Change one byte and keep size and times."""
    status, text = file.stat(), bytearray(file.read_bytes())
    text[place % len(text)] ^= change
    file.chmod(0o644)
    file.write_bytes(bytes(text))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def edit_rows(file: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    pq.write_table(change(pq.read_table(file)), file)


def set_column(name: str, value: object) -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        position, field = table.schema.get_field_index(name), table.schema.field(name)
        return table.set_column(position, field, pa.array([value] * len(table), field.type))

    return change


def edit_receipt(**changes: object) -> Callable[[Path], None]:
    return lambda file: void(file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | changes), "utf-8"))


def void(_: object) -> None: ...


REPAIRED: dict[str, tuple[str, Callable[[Path], None]]] = {
    "accepted values": ("*[0-9a-f].parquet", lambda file: edit_rows(file, set_column("posts", 99))),
    "accepted rows deleted": ("*[0-9a-f].parquet", lambda file: edit_rows(file, lambda table: table.slice(0, 1))),
    "accepted rows rotten": ("*[0-9a-f].parquet", lambda file: flip(file, 60)),
    "rejects without their rows": ("*.rejects.parquet", lambda file: edit_rows(file, lambda table: table.slice(0, 0))),
    "reasons of rejects": ("*.rejects.parquet", lambda file: edit_rows(file, set_column("reason_zh", "其他原因"))),
    "rejects rotten": ("*.rejects.parquet", lambda file: flip(file, 60)),
}
NAMED: dict[str, Callable[[Path], None]] = {
    "refused": edit_receipt(status="refused", rows_read=0, rows_accepted=0, rows_rejected=0),
    "name": edit_receipt(file="fairs/other.csv"),
    "time": edit_receipt(received_at="2020-01-01T00:00:00Z"),
    "results": edit_receipt(results={}),
    "no seal": edit_receipt(sha256_of_content=None),
    "one byte": lambda file: flip(file, 40),
    "of another file": lambda file: void(shutil.copy(next(f for f in file.parent.glob("*.json") if f != file), file)),
}


@pytest.mark.parametrize("kind", REPAIRED)
def test_a_result_that_was_changed_is_read_again_from_the_archive(arrived: IngestJob, kind: str) -> None:
    before, (pattern, change) = content(arrived), REPAIRED[kind]
    for file in arrived.folder.glob(pattern):
        change(file)
    damaged = [path for receipt in read_receipts(arrived.folder) for path in damaged_results(arrived.folder, receipt)]
    assert damaged
    assert content(arrived) == before
    assert {(issue.code, issue.actual) for issue in arrived.repairs} == {
        ("result_read_again", path.name) for path in damaged
    }
    assert not any(damaged_results(arrived.folder, receipt) for receipt in read_receipts(arrived.folder))


@pytest.mark.parametrize("kind", NAMED)
def test_a_receipt_that_was_changed_stops_the_run_and_is_named(arrived: IngestJob, kind: str) -> None:
    file = min(arrived.folder.glob("*.json"))
    NAMED[kind](file)
    with pytest.raises(DataError) as stopped:
        arrived.ingest(NOW)
    assert [(issue.code, issue.file) for issue in stopped.value.issues] == [
        ("receipt_damaged", f"lake/fairs/{file.name}")
    ]


def test_an_original_that_was_changed_is_named_until_the_inbox_has_it_again(arrived: IngestJob) -> None:
    before = content(arrived)
    receipt = next(receipt for receipt in before[0] if receipt.file == "fairs/a.csv")
    flip(arrived.paths.archived(receipt.file_sha256), 50)
    with pytest.raises(DataError) as stopped:
        arrived.ingest(NOW)
    assert [(issue.code, issue.file) for issue in stopped.value.issues] == [("archived_file_changed", receipt.file)]
    send(arrived, "a.csv", HEADER + GOOD + BAD)
    assert content(arrived)[1] == before[1]


def test_a_cache_that_was_rewritten_hides_no_changed_file(arrived: IngestJob) -> None:
    file = send(arrived, "c.csv", HEADER + "乙市,2026-01-09,5,book,A\n")
    os.utime(file, (1, 1))
    arrived.ingest(NOW)
    cache = arrived.paths.file_hashes / "fairs.json"
    file.write_text(HEADER + "乙市,2026-01-09,6,book,A\n", "utf-8")
    os.utime(file, (1, 1))
    status = file.stat()
    state = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev]
    known = next(receipt for receipt in read_receipts(arrived.folder) if receipt.file == "fairs/c.csv")
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps({"fairs/c.csv": [*state, known.file_sha256], "sha256_of_content": "0" * 64}))
    assert read_sealed(cache) is None
    assert len(arrived.ingest(NOW)) == 4


def test_receipts_of_an_earlier_lake_are_sealed_once_and_their_files_read_again(arrived: IngestJob) -> None:
    before = content(arrived)
    for file in arrived.folder.glob("*.json"):
        receipt = json.loads(file.read_text("utf-8"))
        del receipt["sha256_of_content"], receipt["results"]
        file.write_text(json.dumps(receipt), "utf-8")
    (arrived.paths.lake / "VERSION").write_text("2\n")
    ensure_data_dir(arrived.paths)
    assert content(arrived) == before
    assert arrived.repairs == []
    assert (arrived.paths.lake / "VERSION").read_text() == "3\n"


def test_a_random_change_of_a_stored_file_gives_the_same_rows_or_stops(arrived: IngestJob, tmp_path: Path) -> None:
    before, kept = content(arrived), tmp_path / "kept"
    shutil.copytree(arrived.paths.data, kept)
    draw = random.Random(20)
    for _ in range(times(25, 1000)):
        folders = (arrived.paths.lake, arrived.paths.archive, arrived.paths.state)
        file = draw.choice([file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()])
        flip(file, draw.randrange(1 << 20), draw.randrange(1, 256))
        with suppress(DataError):
            assert content(arrived) == before, file
        for folder in folders:
            shutil.rmtree(folder)
            shutil.copytree(kept / folder.name, folder)
