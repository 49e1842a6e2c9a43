"""Letting flagged values pass: which flags a name means, what is recorded, and what is no record."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from assets.core.errors import DataError, UsageError
from assets.core.paths import Paths
from assets.core.sealed import digest
from assets.quality.approvals import compute_flag_id, read_decisions
from assets.release.publish.quarantine import (
    BlockedCandidate,
    drop_superseded,
    is_superseded,
    load_blocked,
    mark_blocked,
    quarantine_candidate,
)
from assets.release.read import scorecards
from assets.release.read.queries import read_rows
from assets.release.read.reader import find_current_release
from assets.warehouse.connection import Connection, Warehouse
from pipelines.cli.commands.approve import approve_flags
from pipelines.cli.render import tables
from tests.builders.candidates import candidate, tables_release_of

FLAG = {
    "detector": "misplaced_block",
    "indicator_id": "sheet.one",
    "city_code": "A",
    "province_code": None,
    "year": 2024,
    "scope": "whole",
    "value": 60.0,
}
SHIFTED, OTHER, PASSED = (
    compute_flag_id(FLAG | {"detector": name}) for name in ("misplaced_block", "level_shift", "impossible_zero")
)


def plant(connection: Connection) -> None:
    """One flag that holds and one that does not; of a third a person has said that it may pass."""
    planted = (
        ("misplaced_block", SHIFTED, "blocking"),
        ("level_shift", OTHER, "note"),
        ("impossible_zero", PASSED, "blocking"),
    )
    for detector, name, severity in planted:
        connection.execute(
            "insert into reference.detectors by name "
            "select $1 as detector_id, $2 as severity, $1 as name_zh, $1 as name_en",
            [detector, severity],
        )
        connection.execute(
            """
            insert into quality.flags by name select
                ? as flag_id, 'A' as city_code, 'sheet.one' as indicator_id, 2024 as year, 'whole' as scope,
                1 as vintage, ? as detector, ? as severity, 60 as value, '60' as value_text, 1 as statistic,
                0 as threshold, '' as explanation_zh, '' as explanation_en, 'sheet/f.csv' as file, 2 as line,
                ? as is_approved, 'reviewer' as approved_by
            """,
            [name, detector, severity, name == PASSED],
        )


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    data = tmp_path_factory.mktemp("approving")
    with candidate() as connection:
        plant(connection)
        tables_release_of(connection, data)
    return Paths(data)


@pytest.fixture
def paths(released: Paths) -> Iterator[Paths]:
    yield released
    for file in released.approvals.glob("*"):
        file.unlink()


@pytest.mark.parametrize("name", [SHIFTED, SHIFTED[:6], "sheet/f.csv"])
def test_a_flag_is_approved_by_id_by_its_beginning_or_by_its_file(paths: Paths, name: str) -> None:
    file, flags = approve_flags(paths, [name, SHIFTED], "held against the original", "reviewer")
    assert [flag["flag_id"] for flag in flags] == [SHIFTED]
    ((_, decision),) = read_decisions(paths.approvals)
    assert (decision.by, decision.reason, decision.flags[0].value) == ("reviewer", "held against the original", 60)
    assert [flag.flag_id for flag in decision.flags] == [SHIFTED]
    assert SHIFTED in tables.render_approved(file, flags, "en").plain


@pytest.mark.parametrize("name", ["", SHIFTED[:3], "nowhere", "sheet/g.csv"])
def test_a_name_of_no_single_flag_is_refused(paths: Paths, name: str) -> None:
    with pytest.raises(UsageError, match="does not match exactly one flag"):
        approve_flags(paths, [SHIFTED, name], "x", None)
    assert not paths.approvals.exists() or not list(paths.approvals.iterdir())


def test_a_flag_that_is_approved_is_refused_and_shown_as_such(paths: Paths) -> None:
    with pytest.raises(UsageError, match=r"already approved\. Approved by reviewer"):
        approve_flags(paths, [PASSED], "x", None)
    release = find_current_release(paths)
    assert release is not None
    counted = [(row["detector"], row["severity"]) for row in read_rows(release, "flag_counts")]
    assert counted == [("misplaced_block", "blocking"), ("level_shift", "note"), ("impossible_zero", "approved")]
    (row,) = (row for row in scorecards.read_city_scores(release, "A")[0] if row["indicator_id"] == "sheet.one")
    assert row["flags_en"] == "impossible_zero (approved), level_shift, misplaced_block"


def test_an_approval_without_a_reason_is_refused(paths: Paths) -> None:
    with pytest.raises(UsageError, match="requires a reason"):
        approve_flags(paths, [SHIFTED], " ", None)


def test_the_name_of_a_flag_changes_with_the_value_and_with_nothing_else(paths: Paths) -> None:
    assert compute_flag_id(FLAG | {"value": 60.01}) != SHIFTED
    assert compute_flag_id(FLAG | {"vintage": 7, "file": "another.csv"}) == SHIFTED


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("by: [", "expected"),
        ("{by: a, at: 2026-13-45}", "month must be in 1..12"),
        ("[]", "dictionary"),
        ("{by: a, at: 2026-11-24T00:00:00Z, reason: x, flags: []}", "at least 1 item"),
        ("{by: a, at: 2026-11-24T00:00:00, reason: x, flags: [{}]}", "timezone"),
        ("{by: a, reason: '', flags: [{detector: impossible_zero}]}", "at least 1 character"),
    ],
)
def test_a_record_that_cannot_be_read_stops_the_run_and_is_named(paths: Paths, text: str, told: str) -> None:
    (paths.approvals).mkdir(exist_ok=True)
    (paths.approvals / "a.yml").write_text(text, "utf-8")
    with pytest.raises(DataError, match=f"approvals/a.yml.*{told}"):
        read_decisions(paths.approvals)


def blocked_candidate(paths: Paths) -> BlockedCandidate:
    with Warehouse(paths).connect() as connection:
        connection.execute("create schema quality")
        connection.execute(
            """
            create table quality.check_results as
            select 'intake.files' as table_name, 'rows_add_up' as check_name, true as is_blocking, false as is_passed,
                '相加' as description_zh, 'rows add up' as description_en, 3 as rows_failing,
                '[{"file": "f.csv"}]' as failing_sample
            """
        )
    mark_blocked(paths, "run-1")
    quarantine_candidate(paths)
    found = load_blocked(paths)
    assert found is not None
    return found


def test_a_blocked_candidate_is_kept_with_its_failing_checks_and_rows(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    assert load_blocked(paths) is None
    assert "No candidate" in tables.render_blocked(None, False, "en").plain
    blocked = blocked_candidate(paths)
    assert blocked.run_id == "run-1"
    assert not paths.candidate.exists()
    told = tables.render_blocked(blocked, True, "en").plain
    for part in ("rows add up", "(3)", '[{"file": "f.csv"}]', str(paths.blocked), "A newer release exists"):
        assert part in told
    assert not drop_superseded(paths)


def test_a_release_made_since_is_told_by_its_id_whatever_the_clock_says(released: Paths, tmp_path: Path) -> None:
    paths = Paths(tmp_path / "data")
    shutil.copytree(released.data, paths.data, symlinks=True)
    blocked = blocked_candidate(paths)
    assert not is_superseded(paths, blocked)
    file = paths.current_release / "MANIFEST.json"
    told = json.loads(file.read_text("utf-8"))
    told["run"]["released_at"] = "2001-01-01T00:00:00Z"
    file.write_text(json.dumps(told | {"release_id": "20010101T000000Z-another"}), "utf-8")
    assert is_superseded(paths, blocked)
    assert drop_superseded(paths)


def test_a_candidate_is_put_aside_by_the_next_run_where_the_last_was_killed(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    blocked_candidate(paths)
    with Warehouse(paths).connect() as connection:
        connection.execute("create table newer (x integer)")
    mark_blocked(paths, "run-2")
    paths.candidate.replace(paths.blocked)  # killed between the two renames
    quarantine_candidate(paths)
    found = load_blocked(paths)
    assert found is not None
    assert (found.run_id, found.rows("from newer")) == ("run-2", [])
    quarantine_candidate(paths)
    assert load_blocked(paths) == found


def test_a_damaged_note_is_no_candidate(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    blocked_candidate(paths)
    paths.blocked.with_suffix(".json").write_text(json.dumps({"run_id": 1}), "utf-8")
    assert load_blocked(paths) is None


def test_a_blocked_candidate_goes_once_a_release_has_been_made_since(released: Paths, tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    blocked_candidate(paths)
    note = paths.blocked.with_suffix(".json")
    note.write_text(json.dumps({"run_id": "r", "blocked_at": "2020-01-01T00:00:00+00:00"}), "utf-8")
    paths.releases.symlink_to(released.releases)
    assert drop_superseded(paths)
    assert load_blocked(paths) is None
    assert not note.exists()


def test_a_record_is_read_as_it_is_written(paths: Paths) -> None:
    file, _ = approve_flags(paths, [SHIFTED], "已与原件核对", None)
    said = yaml.safe_load(file.read_text("utf-8"))
    assert said["reason"] == "已与原件核对"
    assert list(said) == ["by", "at", "reason", "flags", "checksum"]


def test_a_record_stays_as_written_where_the_program_renames_a_detector_or_adds_a_field(paths: Paths) -> None:
    file, _ = approve_flags(paths, [SHIFTED], "x", None)
    content = yaml.safe_load(file.read_text("utf-8"))
    content["flags"][0]["detector"] = "row_shift"  # its name in an earlier version, which wrote the file
    content["checksum"] = digest({name: value for name, value in content.items() if name != "checksum"})
    file.write_text(yaml.safe_dump(content), "utf-8")
    ((_, decision),) = read_decisions(paths.approvals)
    assert decision.flags[0].flag_id == SHIFTED


@pytest.mark.parametrize(("before", "after"), [("reason: x", "reason: y"), ("60.0", "61.0"), ("by: ", "by: z")])
def test_a_record_that_was_changed_stops_the_run_until_its_checksum_is_gone(
    paths: Paths, before: str, after: str
) -> None:
    file, _ = approve_flags(paths, [SHIFTED], "x", None)
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")
    with pytest.raises(DataError) as stopped:
        read_decisions(paths.approvals)
    assert [(i.code, i.file) for i in stopped.value.issues] == [("approval_changed", f"approvals/{file.name}")]
    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.startswith("checksum")), "utf-8")
    assert len(read_decisions(paths.approvals)) == 1
