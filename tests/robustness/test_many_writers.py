"""Several processes take the same files into one lake at once, and some are killed: each file is taken in once.

`make prove` does 40 rounds, the test command one.
"""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

from assets.intake.ingest import IngestJob
from assets.intake.receipts.receipts import read_receipts
from tests.helpers.proof_scale import times
from tests.robustness.test_kills import FILES, assert_what_is_there_is_whole, fresh, start, whole_run

WRITERS = 3


def test_several_writers_of_one_lake_lose_and_double_nothing(intake: IngestJob, tmp_path: Path) -> None:
    chance = random.Random(2)
    seconds = whole_run(intake, fresh(tmp_path / "alone"))
    for turn in range(times(1, 40)):
        data = fresh(tmp_path / f"turn{turn}")
        writers = [start(intake, data) for _ in range(WRITERS)]
        doomed = writers.pop()
        try:
            doomed.wait(chance.uniform(0, seconds))
        except subprocess.TimeoutExpired:
            doomed.kill()
        doomed.communicate()
        for writer in writers:
            writer.communicate()
            assert writer.returncode == 0
        lake = data / "lake" / "fairs"
        first = read_receipts(lake)
        assert len(first) == len(list(lake.glob("*.json"))) == FILES
        assert_what_is_there_is_whole(lake, data / "archive")
        whole_run(intake, data)
        assert read_receipts(lake) == first, "a receipt that is there stays as it is"
