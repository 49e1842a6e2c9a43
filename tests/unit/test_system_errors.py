"""Errors of the machine are told from internal errors, whatever wraps them."""

from __future__ import annotations

import sqlite3

import duckdb
import pytest

from assets.core.errors import DataError
from pipelines.observability.system_errors import classify_system_error, iter_causes


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(28, "No space left on device"), "disk_full"),
        (OSError(122, "Disk quota exceeded"), "disk_full"),
        (OSError(30, "Read-only file system"), "folder_unwritable"),
        (PermissionError(13, "Permission denied"), "folder_unwritable"),
        (RuntimeError('IO Error: Could not write file "x": No space left on device'), "disk_full"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "folder_unwritable"),
        (sqlite3.OperationalError("disk I/O error"), "disk_write_failed"),
        (sqlite3.DatabaseError("file is not a database"), "dagster_storage_damaged"),
        (IsADirectoryError(21, "Is a directory"), "path_unusable"),
        (FileExistsError(17, "File exists"), "path_unusable"),
        (NotADirectoryError(20, "Not a directory"), "path_unusable"),
        (duckdb.IOException("IO Error: Could not read enough bytes from file"), "database_damaged"),
        (duckdb.Error("Corrupt database file: computed checksum 1 does not match"), "database_damaged"),
        (duckdb.IOException('IO Error: Could not set lock on file "x": Conflicting lock is held'), "database_in_use"),
        (duckdb.IOException("IO Error: Cannot open file: being used by another process"), "database_in_use"),
    ],
)
def test_a_fault_of_the_machine_is_found_behind_what_it_caused(error: Exception, code: str) -> None:
    for chained in (error, chain(RuntimeError("a step failed"), error)):
        issue = classify_system_error(chained)
        assert issue is not None
        assert issue.code == code
        assert str(error).splitlines()[0] == issue.actual


def test_what_sqlite_calls_an_error_of_the_disk_is_a_full_one_where_something_says_so() -> None:
    issue = classify_system_error(
        chain(sqlite3.OperationalError("disk I/O error"), OSError(28, "No space left on device"))
    )
    assert issue is not None
    assert issue.code == "disk_full"


def chain(last: Exception, cause: Exception) -> Exception:
    last.__cause__ = cause
    return last


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        FileNotFoundError(2, "gone"),
        duckdb.InternalException("assertion failed"),
        chain(KeyError("y"), ZeroDivisionError()),
    ],
)
def test_a_fault_of_ours_is_none_of_them(error: Exception) -> None:
    assert classify_system_error(error) is None


def test_a_broken_record_of_runs_is_told_from_a_malformed_text() -> None:
    assert classify_system_error(ValueError("malformed node")) is None


def test_an_exception_that_is_its_own_cause_is_looked_at_once() -> None:
    fault = DataError([])
    wrapper = RuntimeError()
    fault.__cause__, wrapper.__cause__ = wrapper, fault
    assert list(iter_causes(fault)) == [fault, wrapper]
