"""One changed bit in each kind of stored file, with size and time as before, and then a whole run.

What a run needs and cannot make again stops it, and the current release stays. What it can make again it makes again,
with the same content, and says so.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets.core.messages import get_message
from assets.core.paths import Paths
from assets.quality.approvals import ApprovedFlag, write_decision
from pipelines.observability.run_log import FAILED, FINISHED, RunLog
from tests.builders.data_directories import Place, copy_of
from tests.helpers.damage import flip_keeping_time
from tests.helpers.proof_scale import IS_PROVING

STOPS = {
    "archived file": ("archive/*/*", "archived_file_changed"),
    "receipt": ("lake/*/*[0-9a-f].json", "receipt_damaged"),
    "approval": ("approvals/*.yml", "approval_changed"),
}
MADE_AGAIN = {
    "accepted rows": ("lake/*/*[0-9a-f].parquet", "result_read_again"),
    "rejected rows": ("lake/*/*.rejects.parquet", "result_read_again"),
    "published table": ("releases/2*/parquet/city_scores.parquet", "current_release_replaced"),
    "published database": ("releases/2*/gancheng.duckdb", "current_release_replaced"),
    "manifest": ("releases/2*/MANIFEST.json", "current_release_replaced"),
}
SHORT = ("approval", "accepted rows", "manifest")


def changed(countries: Place, target: Path, pattern: str) -> Place:
    """A copy with an approval and with one changed bit, whose inbox no longer has the file."""
    place = copy_of(countries, target)
    (place.data / "approvals").mkdir(exist_ok=True)
    flag = {"detector": "level_shift", "indicator_id": "i", "city_code": "c", "year": 2024, "scope": "s", "value": 1.0}
    write_decision(
        place.data / "approvals", [ApprovedFlag.model_validate(flag)], "A", "compared " * 40, datetime.now(UTC)
    )
    (place.data / "inbox" / "country_statistics" / "synthetic.csv").unlink()
    flip_keeping_time(min(file for file in place.data.glob(pattern) if file.is_file()))
    return place


def release_bytes(place: Place) -> dict[str, str]:
    folder = (place.data / "releases" / "current").resolve()
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {
        str(file.relative_to(place.data.resolve())): hashlib.sha256(file.read_bytes()).hexdigest() for file in files
    }


@pytest.mark.parametrize("kind", [kind for kind in STOPS if IS_PROVING or kind in SHORT])
def test_a_changed_bit_that_a_run_cannot_repair_stops_it(countries: Place, tmp_path: Path, kind: str) -> None:
    pattern, code = STOPS[kind]
    place = changed(countries, tmp_path / "data", pattern)
    before = release_bytes(place)
    done = place.call("run")
    assert done.returncode == 1, done.stdout
    (ended,) = [record for record in RunLog(Paths(place.data)).read(FAILED) if record["event"] == FAILED]
    assert ended["code"] == code
    assert release_bytes(place) == before


@pytest.mark.parametrize("kind", [kind for kind in MADE_AGAIN if IS_PROVING or kind in SHORT])
def test_a_changed_bit_that_a_run_repairs_is_said_and_changes_no_figure(
    countries: Place, tmp_path: Path, kind: str
) -> None:
    pattern, code = MADE_AGAIN[kind]
    place = changed(countries, tmp_path / "data", pattern)
    done = place.call("run")
    assert done.returncode == 0, done.stderr
    assert get_message(code).remedy.en.split("{")[0] in " ".join(done.stdout.split())
    *_, ended = [record for record in RunLog(Paths(place.data)).read(FINISHED) if record["event"] == FINISHED]
    assert {repair["code"] for repair in ended["repairs"]} == {code}
    tables = ("intake.country_statistics", "scorecards.indicator_scores", "scorecards.city_scores")
    for table in tables:
        assert place.rows(f"from {table} order by all") == countries.rows(f"from {table} order by all")
    assert place.call("verify").returncode == 0
