"""The doctor: each thing that can be wrong is found, named with a remedy, and not found where it is not."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, nullcontext
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
from sqlalchemy.exc import DatabaseError

from assets.core.data_dir_version import LAKE_VERSION, ensure_data_dir
from assets.core.errors import IssueError, UsageError
from assets.core.files import write_atomically
from assets.core.paths import Paths
from assets.intake.ingest import IngestJob, utc_now
from assets.intake.receipts.receipts import read_receipt
from pipelines.cli import doctor
from pipelines.preconditions import find_unmet
from pipelines.runner import run_if_changed
from tests.builders.candidates import copy_release
from tests.builders.data_directories import FIXTURES, Place

NOBODY = 65534
SENT = "city,date,posts,source_id,source_grade\n甲市,2026-01-01,5,book,A\n"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The countries with a release, as a run leaves them but for the lake."""
    data = tmp_path_factory.mktemp("well") / "data"
    shutil.copytree(FIXTURES / "countries", data)
    copy_release(data)
    ensure_data_dir(Paths(data))
    return data


@pytest.fixture
def place(released: Path, tmp_path: Path, intake: IngestJob) -> Paths:
    """A sound installation: a release, and a lake with one file."""
    shutil.copytree(released, tmp_path, symlinks=True, dirs_exist_ok=True)
    (tmp_path / "state").chmod(0o700)
    (tmp_path / "inbox" / "fairs" / "sent.csv").write_text(SENT, "utf-8")
    (receipt,) = intake.ingest(utc_now() - timedelta(days=1))
    assert receipt.rows_accepted == 1
    return Paths(tmp_path)


def codes(paths: Paths) -> list[str]:
    """What the doctor finds, but for the room on the disk of whoever runs the tests."""
    return [issue.code for issue in doctor.diagnose(paths) if issue.code != "disk_nearly_full"]


def spoil_lake(pattern: str, do: Callable[[Path], object]) -> Callable[[Paths], None]:
    def spoil(paths: Paths) -> None:
        (file,) = paths.lake.glob(f"fairs/{pattern}")
        do(file)

    return spoil


def spoil_archive(do: Callable[[Path], object]) -> Callable[[Paths], None]:
    def spoil(paths: Paths) -> None:
        (file,) = (file for file in paths.archive.rglob("*") if file.is_file())
        file.chmod(0o644)
        do(file)

    return spoil


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def receive_tomorrow(file: Path) -> None:
    receipt = read_receipt(file)
    assert receipt is not None
    changed = receipt.model_copy(update={"received_at": utc_now() + timedelta(days=1)})
    file.write_text(changed.to_text(), "utf-8")


def break_dagster(paths: Paths) -> None:
    folder = paths.state / "dagster" / "history"
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "runs.db")) as connection:
        connection.execute("create table runs (id)")
    assert codes(paths) == []
    (folder / "runs.db").write_bytes(b"no database at all" * 500)


FAULTS: dict[str, tuple[list[str], Callable[[Paths], object]]] = {
    "lake of a newer program": (["newer_data_version"], lambda p: (p.lake / "VERSION").write_text("99")),
    "state of a newer program": (["newer_data_version"], lambda p: (p.state / "VERSION").write_text("99")),
    "version is no number": (["invalid_version"], lambda p: (p.lake / "VERSION").write_bytes(b"\xff\x00")),
    "receipt cut off": (["receipt_damaged"], spoil_lake("*.json", cut)),
    "receipt empty": (["receipt_damaged"], spoil_lake("*.json", lambda file: file.write_bytes(b""))),
    "receipt of the future": (["clock_behind"], spoil_lake("*.json", receive_tomorrow)),
    "rejects gone": (["missing_intake_results"], spoil_lake("*.rejects.parquet", Path.unlink)),
    "rows cut off": (["missing_intake_results"], spoil_lake("*[0-9a-f].parquet", cut)),
    "original gone": (["missing_archived_file"], spoil_archive(Path.unlink)),
    "original cut off": (["archived_file_changed"], spoil_archive(cut)),
    "state open to others": (["insecure_state_folder"], lambda p: p.state.chmod(0o755)),
    "no inbox": (["folder_unreadable"], lambda p: shutil.rmtree(p.inbox)),
    "lake is no folder": (["folder_unwritable"], lambda p: (shutil.rmtree(p.lake), p.lake.touch())),
    "never released": (["no_release"], lambda p: shutil.rmtree(p.releases)),
    "current leads nowhere": (["missing_current_release"], lambda p: shutil.rmtree(p.current_release.resolve())),
    "current changed": (
        ["current_release_damaged", "release_file_changed"],
        lambda p: cut(p.current_release / "gancheng.duckdb"),
    ),
    "current copied without its manifest": (
        ["current_is_folder", "current_release_damaged", "invalid_manifest"],
        lambda p: (
            (folder := p.current_release.resolve()),
            p.current_release.unlink(),
            shutil.copytree(folder, p.current_release, ignore=shutil.ignore_patterns("MANIFEST.json")),
        ),
    ),
    "no manifest": (
        ["current_release_damaged", "invalid_manifest"],
        lambda p: (p.current_release / "MANIFEST.json").unlink(),
    ),
    "half a release": (["stale_temp_file"], lambda p: (p.releases / ".building-1").mkdir()),
    "half a snapshot": (["stale_temp_file"], lambda p: p.snapshot.touch()),
    "returns that nobody took over": (
        ["stale_temp_file"],
        lambda p: (p.candidate.parent / ".returns-1").mkdir(parents=True),
    ),
    "half a switch": (["stale_temp_file"], lambda p: (p.releases / ".current-1").symlink_to("x")),
    "half pruned": (["stale_temp_file"], lambda p: (p.releases / ".pruning-1").mkdir()),
    "half parsed": (["stale_temp_file"], lambda p: (p.lake / "fairs" / ".work-1").mkdir()),
    "half copied": (["stale_temp_file"], lambda p: (p.archive / ".arriving-1").touch()),
    "record of runs broken": (["dagster_storage_damaged"], break_dagster),
    "contract unreadable": (["invalid_contract"], lambda p: (p.contracts / "x.yml").write_text("[")),
    "store not mounted": (
        ["shared_store_unreachable"],
        lambda p: p.settings.write_text("storage: {store: /nowhere}\n"),
    ),
    "store unreadable": (["invalid_settings"], lambda p: p.settings.write_text("storage: {stores: /nowhere}\n")),
    "an inbox that is not mounted": (["inbox_not_mounted"], lambda p: (shutil.rmtree(p.inbox), p.inbox.mkdir())),
    "contract of an earlier version": (
        ["sql_does_not_fit"],
        lambda p: (
            (p.data / "sql" / "observations").mkdir(parents=True)
            or (p.data / "sql" / "observations" / "country_statistics.sql").write_text(
                "select district as city_code from intake.country_statistics"
            )
        ),
    ),
    "SQL without a column": (
        ["sql_does_not_fit"],
        lambda p: write_atomically(
            p.data / "sql" / "observations" / "country_statistics.sql", "select 'A' as city_code"
        ),
    ),
    "deep settings": (["invalid_settings"], lambda p: p.settings.write_text("[" * 300_000 + "]" * 300_000)),
    "settings are a folder": (["invalid_settings"], lambda p: p.settings.mkdir()),
    "correction unreadable": (["invalid_correction"], lambda p: write_atomically(p.corrections / "a.yml", "{")),
    "approval unreadable": (["invalid_approval"], lambda p: write_atomically(p.approvals / "a.yml", "{")),
    "reference table gone": (["missing_reference_table"], lambda p: (p.reference / "cities.csv").unlink()),
    "no contracts": (["incomplete_data_directory"], lambda p: shutil.rmtree(p.contracts)),
}
# A run repairs or replaces the others, or needs none of what they lack.
REFUSED = {
    *("lake of a newer program", "state of a newer program", "version is no number"),
    *("current copied without its manifest", "no inbox", "an inbox that is not mounted", "lake is no folder"),
    *("contract unreadable", "contract of an earlier version", "SQL without a column", "no contracts"),
    *("store unreadable", "deep settings", "settings are a folder"),
    *("correction unreadable", "approval unreadable", "reference table gone"),
}


def test_a_sound_installation_has_nothing_wrong(place: Paths) -> None:
    assert codes(place) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_and_nothing_else(place: Paths, fault: str) -> None:
    expected, spoil = FAULTS[fault]
    spoil(place)
    assert codes(place) == expected
    assert all(issue.remedy("zh") and issue.remedy("en") for issue in doctor.diagnose(place))


def test_a_changed_byte_of_an_original_is_found_where_every_original_is_read(place: Paths) -> None:
    def flip(file: Path) -> None:
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(bytes(content))

    assert list(doctor.check_originals(place)) == []
    spoil_archive(flip)(place)
    (original,) = (file for file in place.archive.rglob("*") if file.is_file())
    assert codes(place) == []
    found = [issue for issue in doctor.diagnose(place, is_deep=True) if issue.code != "disk_nearly_full"]
    file = original.relative_to(place.data).as_posix()
    assert [(issue.code, issue.file) for issue in found] == [("archived_file_changed", file)]


def test_little_room_is_told_with_what_is_needed(place: Paths) -> None:
    (issue,) = doctor.check_disk(place, minimum=10**18)
    assert (issue.code, issue.expected) == ("disk_nearly_full", "1000000000000")
    assert list(doctor.check_disk(place, minimum=0)) == []


def test_packages_that_differ_are_named() -> None:
    assert list(doctor.check_packages()) == []
    issues = doctor.check_packages(required=["no-such-package>=1", "pyyaml>=99", "rich>=1", "x; extra == 'dev'"])
    assert [(issue.code, issue.expected) for issue in issues] == [
        ("package_version_mismatch", "no-such-package>=1"),
        ("package_version_mismatch", "pyyaml>=99"),
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, which only root can")
def test_folders_that_the_user_may_not_use_are_found(place: Paths) -> None:
    """As nobody: for root no folder is closed."""
    with tempfile.TemporaryDirectory() as base:
        data = Path(base) / "data"
        shutil.copytree(place.data, data, symlinks=True)
        closed = Paths(data)
        Path(base).chmod(0o755)
        (data / "inbox" / "fairs").chmod(0o700)
        os.seteuid(NOBODY)
        try:
            issues = (*find_unmet(closed), *doctor.check_access(closed))
        finally:
            os.seteuid(0)
    found = {(issue.code, issue.file or issue.actual) for issue in issues}
    kept = (closed.archive, closed.lake, closed.candidate.parent, closed.releases, closed.state)
    assert found == {
        ("folder_unreadable", "inbox/fairs"),
        *(("folder_unwritable", str(folder)) for folder in kept),
    }


def test_what_a_run_is_working_on_is_no_leftover(place: Paths) -> None:
    (place.releases / ".building-1").mkdir()
    with (place.state / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert codes(place) == []
    assert codes(place) == ["stale_temp_file"]


def test_nothing_newer_is_touched(place: Paths) -> None:
    (place.lake / "VERSION").write_text("99\n")
    with pytest.raises(UsageError, match="newer"):
        ensure_data_dir(place)
    assert (place.lake / "VERSION").read_text() == "99\n"


def test_a_lake_from_before_there_were_versions_is_claimed_as_it_is(place: Paths) -> None:
    (place.lake / "VERSION").unlink()
    receipts = sorted(place.lake.rglob("*"))
    ensure_data_dir(place)
    assert (place.lake / "VERSION").read_text() == f"{LAKE_VERSION}\n"
    assert sorted(file for file in place.lake.rglob("*") if file.name != "VERSION") == receipts
    assert place.state.stat().st_mode & 0o777 == 0o700


def test_an_engine_that_cannot_be_is_told(place: Paths) -> None:
    place.settings.write_text("engine: {name: spark}\n", "utf-8")
    assert codes(place) == ["invalid_settings"]


def test_the_command_shows_reason_and_remedy_and_exits_with_1(ran: Place) -> None:
    healthy = ran.call("doctor", "--lang", "en")
    assert (healthy.returncode, healthy.stdout) == (0, "All is well\n"), healthy.stderr
    Paths(ran.data).state.chmod(0o750)
    faulty = ran.call("doctor")
    assert (faulty.returncode, faulty.stdout) == (1, "")
    assert "chmod 700" in faulty.stderr
    assert "Traceback" not in faulty.stderr
    in_json = ran.call("doctor", "--json", "--lang", "en")
    issues = json.loads(in_json.stdout)
    assert (in_json.returncode, [issue["code"] for issue in issues]) == (1, ["insecure_state_folder"])


class BeginsError(Exception):
    """A run has found nothing to refuse, and begins."""


@pytest.fixture
def refuse(place: Paths, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Call a run that ends where it would begin, and return the codes with which it refuses to."""
    monkeypatch.setattr("assets.quality.checks.gx_worker.ValidationWorker", nullcontext)
    monkeypatch.setattr("pipelines.observability.run_outcomes.report_killed_runs", Mock(side_effect=BeginsError))

    def call() -> list[str]:
        with pytest.raises((IssueError, BeginsError, DatabaseError)) as ended:
            run_if_changed(place, lambda _name, _total: None)
        return [issue.code for issue in getattr(ended.value, "issues", ())]

    return call


@pytest.mark.parametrize("fault", FAULTS)
def test_a_run_refuses_to_begin_with_what_the_doctor_names(
    place: Paths, fault: str, refuse: Callable[[], list[str]]
) -> None:
    named, spoil = FAULTS[fault]
    spoil(place)
    found = refuse()
    assert set(found) <= set(named)
    assert bool(found) == (fault in REFUSED)
