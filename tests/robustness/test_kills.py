"""Killed at any moment while files are taken in: nothing is lost, nothing is doubled, and the next run completes.

`make prove` kills 200 times, the test command three times. The moments are spread over the time that a whole run takes
on this machine, so that a quick machine is killed in its work too; a run that ended before is no kill.
"""

from __future__ import annotations

import hashlib
import io
import random
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq

from assets.core.paths import PROJECT_ROOT
from assets.intake.ingest import IngestJob
from assets.intake.receipts.receipts import accepted_files, read_receipts, reject_files
from tests.helpers.proof_scale import times

# So many kills one after the other on one inbox; each run begins where the one before was killed.
MOST_KILLS, FILES, ROWS = 5, 9, 28
HEADER = ["city", "date", "posts", "source_id", "source_grade"]
CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from assets.intake.tables.contracts import Contract
from assets.intake.ingest import IngestJob
from assets.core.settings import Limits
from assets.intake.values.places import Places
from assets.intake.values.lookups import Lookups
from assets.intake.assets import ingest_dataset
from assets.intake.values.units import Units
from assets.core.paths import Paths
from assets.warehouse.connection import connect_in_memory
places, references = Places.of([("甲市", "1", None, None)], []), {"sources.source_id": {"book": "book"}}
registry = Lookups(places, Units({}), {}, references, "r")
with connect_in_memory() as connection:
    contract = Contract.model_validate_json(sys.argv[2])
    job = IngestJob(Paths(Path(sys.argv[1])), contract, connection, registry, Limits(still_written_seconds=0))
    print("ready", flush=True)
    ingest_dataset(job, datetime.now(UTC))
"""


def furnish(inbox: Path) -> None:
    """Files of every kind, each with as many rows to be accepted, one to be rejected and one that repeats."""
    for number in range(FILES):
        days = [f"2026-{1 + number:02}-{day:02}" for day in range(1, ROWS + 1)]
        rows = [HEADER, *(["甲市", day, str(number), "book", "A"] for day in days)]
        rows += [["丙市", "2026-12-01", "1", "book", "A"], rows[1]]
        if number % 3 == 2:
            book, target = openpyxl.Workbook(), io.BytesIO()
            for row in rows:
                book.active.append(row)  # type: ignore[union-attr]
            book.save(target)
            (inbox / f"{number}.xlsx").write_bytes(target.getvalue())
        else:
            text = "".join(",".join(row) + "\n" for row in rows)
            (inbox / f"{number}.csv").write_bytes(text.encode("gb18030" if number % 3 else "utf-8"))


def start(intake: IngestJob, data: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", CHILD, str(data), intake.contract.model_dump_json()]
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def assert_what_is_there_is_whole(folder: Path, archive: Path) -> None:
    """Every receipt has its files, with the rows that it says; every archived content has its hash for a name."""
    receipts = read_receipts(folder)
    for receipt, file in accepted_files(folder, receipts):
        assert pq.read_table(file).num_rows == receipt.rows_accepted
    for receipt, file in reject_files(folder, receipts):
        assert pq.read_table(file).num_rows == receipt.rows_rejected
    for kept in archive.glob("??/*"):
        assert hashlib.sha256(kept.read_bytes()).hexdigest() == kept.name


def fresh(data: Path) -> Path:
    inbox = data / "inbox" / "fairs"
    inbox.mkdir(parents=True)
    furnish(inbox)
    return data


def whole_run(intake: IngestJob, data: Path) -> float:
    """Run to the end; every file is then taken in, once. Returns the seconds it took."""
    process, began = start(intake, data), time.monotonic()
    process.communicate()
    seconds = time.monotonic() - began
    assert process.returncode == 0
    receipts = read_receipts(data / "lake" / "fairs")
    assert [(r.rows_read, r.rows_accepted, r.rows_rejected) for r in receipts] == [(ROWS + 2, ROWS, 2)] * FILES
    assert_what_is_there_is_whole(data / "lake" / "fairs", data / "archive")
    assert [file.name for file in data.rglob(".*")] == []
    return seconds


def killed_or_ended(intake: IngestJob, data: Path, seconds: float) -> float | None:
    """Start a run and kill it at this moment; where it ends before, the seconds that it took."""
    process, began = start(intake, data), time.monotonic()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()
    ended = time.monotonic() - began
    assert_what_is_there_is_whole(data / "lake" / "fairs", data / "archive")
    return None if process.returncode != 0 else ended


def test_killed_at_random_moments_no_row_is_lost_or_doubled(intake: IngestJob, tmp_path: Path) -> None:
    chance, kills = random.Random(1), 0
    seconds = whole_run(intake, fresh(tmp_path / "undisturbed"))
    for turn in count():
        data = fresh(tmp_path / f"turn{turn}")
        for _ in range(MOST_KILLS):
            if kills == times(3, 200):
                break
            ended = killed_or_ended(intake, data, chance.uniform(0, seconds))
            if ended is not None:
                # The machine has become quicker than it was when the undisturbed run was measured.
                seconds = min(seconds, ended)
                break
            kills += 1
        whole_run(intake, data)
        if kills == times(3, 200):
            return
