"""The sensors and schedules: one look at the inbox after the other, and what is stopped by default."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assets.core.paths import Paths
from assets.core.settings import InboxSettings, JobSchedule, ScheduleSettings
from pipelines.orchestration import sensors
from pipelines.orchestration.schedules import build_schedules
from pipelines.orchestration.sensors import PollResult, build_sensors


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    (tmp_path / "inbox" / "sheet").mkdir(parents=True)
    return Paths(tmp_path)


def put(paths: Paths, name: str, text: str, age: float = 100) -> Path:
    file = paths.inbox / "sheet" / name
    file.write_text(text, "utf-8")
    os.utime(file, (os.stat(file).st_mtime - age,) * 2)
    return file


def look(paths: Paths, before: PollResult | None = None) -> PollResult:
    return sensors.poll_inbox(paths, before.cursor if before else "", 60)


def test_new_files_are_dealt_with_once_after_two_equal_looks(paths: Paths) -> None:
    put(paths, "a.csv", "x")
    first = look(paths)
    second = look(paths, first)
    third = look(paths, second)
    assert (first.inputs, third.inputs) == (None, None)
    assert second.inputs
    assert third.reason == "nothing new in the inbox"


def test_a_file_that_grows_is_waited_for(paths: Paths) -> None:
    put(paths, "a.csv", "x")
    first = look(paths)
    put(paths, "a.csv", "xx")
    second = look(paths, first)
    assert second.reason == "files are still arriving"
    assert look(paths, second).inputs


@pytest.mark.parametrize(("age", "is_taken"), [(59, False), (61, True), (-3600, True)])
def test_a_fresh_file_is_waited_for_and_one_from_the_future_is_not(paths: Paths, age: float, is_taken: bool) -> None:
    put(paths, "a.csv", "x", age)
    assert (look(paths, look(paths)).inputs is not None) == is_taken


def test_the_same_inbox_has_the_same_key_and_another_content_or_one_sent_again_another(paths: Paths) -> None:
    file = put(paths, "a.csv", "x")
    one = look(paths, look(paths))
    assert look(paths, look(paths)).inputs == one.inputs
    put(paths, "a.csv", "y")
    other = look(paths, look(paths, one))
    put(paths, "a.csv", "x", age=200)
    again = look(paths, look(paths, other))
    assert len({one.inputs, other.inputs, again.inputs}) == 3
    assert file.read_text("utf-8") == "x"


def test_an_unchanged_inbox_is_not_opened(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    put(paths, "a.csv", "x")
    dealt = look(paths, look(paths))

    def opened(_paths: Paths) -> str:
        raise AssertionError("the files were read")

    monkeypatch.setattr(sensors, "changed_fingerprint", opened)
    assert look(paths, dealt).inputs is None


def test_hidden_and_lock_files_start_nothing(paths: Paths) -> None:
    put(paths, "a.csv", "x")
    dealt = look(paths, look(paths))
    put(paths, ".a.csv.part", "x")
    put(paths, "~$a.xlsx", "x")
    assert look(paths, dealt).reason == "nothing new in the inbox"


@pytest.mark.parametrize("cursor", ["", " ", "no cursor", "[]", '{"other": 1}'])
def test_a_cursor_that_cannot_be_read_is_a_first_look(paths: Paths, cursor: str) -> None:
    put(paths, "a.csv", "x")
    first = sensors.poll_inbox(paths, cursor, 60)
    assert (first.inputs, first.reason) == (None, "files are still arriving")
    assert sensors.poll_inbox(paths, first.cursor, 60).inputs


def test_what_is_switched_off_is_there_and_stopped(paths: Paths) -> None:
    read = ScheduleSettings(inbox=InboxSettings(is_on=False), nightly=JobSchedule(is_on=False))
    assert statuses(paths, read, is_automatic=True) == {
        "inbox": "STOPPED",
        "run_failures": "RUNNING",
        "nightly": "STOPPED",
        "monthly": "RUNNING",
        "pruning": "RUNNING",
    }
    zones = {schedule.execution_timezone for schedule in build_schedules(paths, read, is_automatic=True)}
    assert zones == {"Asia/Shanghai"}


def test_nothing_runs_by_itself_unless_it_is_served(paths: Paths) -> None:
    read = ScheduleSettings()
    assert set(statuses(paths, read, is_automatic=True).values()) == {"RUNNING"}
    assert set(statuses(paths, read, is_automatic=False).values()) == {"STOPPED"}


def statuses(paths: Paths, read: ScheduleSettings, *, is_automatic: bool) -> dict[str, str]:
    """The default status of each sensor and schedule."""
    return {
        definition.name: definition.default_status.value
        for build in (build_sensors, build_schedules)
        for definition in build(paths, read, is_automatic=is_automatic)
    }
