"""The clock set back by a year, for real, after a run at today's date: what arrives then is still later.

The test command takes files in under such a clock; `make prove` makes whole runs.
"""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from assets.core.paths import PROJECT_ROOT, Paths
from assets.intake.ingest import IngestJob
from assets.intake.receipts.receipts import read_receipts
from assets.release.publish import retention
from assets.release.read.reader import find_previous_release, list_release_ids
from tests.builders.data_directories import Place, copy_of
from tests.builders.fairs import HEADER
from tests.helpers.needs import needs
from tests.helpers.proof_scale import IS_PROVING
from tests.robustness.test_kills import CHILD

# Clocks that only count on are left alone, as they are where a clock is set; and files keep the times that they have.
SET_BACK = ["env", "FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1", "faketime", "-f", "-365d"]
ROWS = 6  # of the countries' file
whole_runs = pytest.mark.skipif(not IS_PROVING, reason="whole runs: make prove")


@needs("faketime", "faketime")
def test_a_correction_sent_after_the_clock_was_set_back_is_later_than_what_it_corrects(
    intake: IngestJob, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    inbox = data / "inbox" / "fairs"
    inbox.mkdir(parents=True)
    clocks: tuple[list[str], ...] = ([], SET_BACK, [])
    for number, clock in enumerate(clocks):
        (inbox / "sent.csv").write_text(f"{HEADER}甲市,2020-01-01,{number},book,A\n", "utf-8")
        command = [*clock, sys.executable, "-c", CHILD, str(data), intake.contract.model_dump_json()]
        subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, check=True)
    assert time.time() - clock_of(SET_BACK) > 364 * 86_400
    receipts = sorted(read_receipts(data / "lake" / "fairs"), key=lambda receipt: receipt.received_at)
    sent = [path.read_text("utf-8") for path in (Paths(data).archived(one.file_sha256) for one in receipts)]
    assert [text.split(",")[-3] for text in sent] == ["0", "1", "2"]
    assert [(one.rows_read, one.rows_accepted) for one in receipts] == [(1, 1)] * 3
    assert receipts[1].received_at - receipts[0].received_at == timedelta(microseconds=1)


@whole_runs
@needs("faketime", "faketime")
def test_a_run_after_the_clock_was_set_back_releases_and_so_does_the_next_at_the_right_time(
    countries: Place, tmp_path: Path
) -> None:
    place = copy_of(countries, tmp_path / "data")
    paths, first = Paths(place.data), place.release().manifest.release_id
    file = place.data / "inbox" / "country_statistics" / "synthetic.csv"
    for value, clock in ((77, SET_BACK), (78, [])):
        file.write_text(
            file.read_text("utf-8").replace(f"Aland,2024,{value - 1},25", f"Aland,2024,{value},25"), "utf-8"
        )
        done = subprocess.run(
            [*clock, *place.command, "run"], env=place.environment, cwd=PROJECT_ROOT, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert retention.verify_release(paths, "current").issues == ()
        assert (value, True) in values(place)
    second, third = place.release().manifest.previous_release_id, place.release().manifest.release_id
    assert second is not None
    assert second < first < third, "an id begins with the time at which the release was made"
    assert list_release_ids(paths) == [first, second, third]
    assert find_previous_release(paths, place.release()).manifest.release_id == second
    assert [row["release_id"] for row in place.rows("from release.runs order by release_id")] == [second, first, third]
    of_files = "select count(*) as n, sum(rows_read) as read, sum(rows_accepted + rows_aggregate) as kept"
    assert place.rows(f"{of_files} from intake.files") == [{"n": 3, "read": 3 * ROWS, "kept": 3 * ROWS}]
    assert values(place) == [(76, False), (77, False), (78, True)]
    assert retention.prune_releases(paths, 2).removed == (first,)


def values(place: Place) -> list[tuple[float, bool]]:
    """The vintages of one figure, the earlier first, and which of them is current."""
    rows = place.rows(
        "select value, is_current from observations.city_observations where year = 2024 and city_code = 'A' "
        "and indicator_id = 'country_statistics.life_years' order by vintage"
    )
    return [(row["value"], row["is_current"]) for row in rows]


def clock_of(command: list[str]) -> float:
    told = subprocess.run([*command, "date", "+%s"], capture_output=True, text=True, check=True)
    return float(told.stdout)
