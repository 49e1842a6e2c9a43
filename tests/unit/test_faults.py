"""What of an error a person can mend is told as that; what is a fault of ours stays one."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest

from assets.paths import PROJECT_ROOT
from pipelines.faults import mendable


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(28, "No space left on device"), "disk_full"),
        (OSError(122, "Disk quota exceeded"), "disk_full"),
        (OSError(30, "Read-only file system"), "folder_unwritable"),
        (PermissionError(13, "Permission denied"), "folder_unwritable"),
        (RuntimeError('IO Error: Could not write file "x": No space left on device'), "disk_full"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "folder_unwritable"),
        (sqlite3.OperationalError("disk I/O error"), "disk_fails"),
        (sqlite3.DatabaseError("file is not a database"), "dagster_broken"),
    ],
)
def test_a_fault_of_the_machine_is_found_behind_what_it_caused(error: Exception, code: str) -> None:
    for chained in (error, chain(RuntimeError("a step failed"), error)):
        finding = mendable(chained)
        assert finding is not None
        assert finding.code == code
        assert str(error).splitlines()[0] == finding.found


def test_what_sqlite_calls_an_error_of_the_disk_is_a_full_one_where_something_says_so() -> None:
    finding = mendable(chain(sqlite3.OperationalError("disk I/O error"), OSError(28, "No space left on device")))
    assert finding is not None
    assert finding.code == "disk_full"


def chain(last: Exception, cause: Exception) -> Exception:
    last.__cause__ = cause
    return last


@pytest.mark.parametrize(
    "error", [ValueError("x"), FileNotFoundError(2, "gone"), chain(KeyError("y"), ZeroDivisionError())]
)
def test_a_fault_of_ours_is_none_of_them(error: Exception) -> None:
    assert mendable(error) is None


def test_a_broken_record_of_runs_is_told_from_a_malformed_text() -> None:
    assert mendable(ValueError("malformed node")) is None


def test_the_room_costs_no_import_of_dagster() -> None:
    code = "import sys, pipelines.faults, pipelines.doctor; sys.exit('dagster' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, check=False).returncode == 0
