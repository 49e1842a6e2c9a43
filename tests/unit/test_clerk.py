"""Returns written by a process of their own: the same files, its faults told, and nothing of it left behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.core.paths import Paths
from assets.core.worker import WorkerError
from assets.release.outputs.returns import REFUSED, write_returns
from assets.release.outputs.returns_worker import ReturnsWorker
from assets.warehouse.connection import Warehouse
from tests.unit.test_returns import Candidate
from tests.unit.test_worker import is_gone


@pytest.fixture
def candidate(tmp_path: Path) -> Iterator[Candidate]:
    with Warehouse(Paths(tmp_path)).connect() as connection:
        yield Candidate(connection)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path)


def left_of(paths: Paths) -> list[Path]:
    return list(paths.candidate.parent.glob(".*"))


def reject_some(candidate: Candidate) -> None:
    candidate.sheet("parks/a.csv")
    candidate.sheet("parks/b.xlsx", "年份,城市,面积", sheet="一季度")
    for line in range(2, 40):
        candidate.reject("parks/a.csv", line, f"{'甲乙'[line % 2]}市,2024,<{line}>")
    candidate.reject("parks/b.xlsx", 2, "2024,甲城,x", sheet="一季度")
    refused = {"file": "parks/甲/a.doc", "file_sha256": "f" * 64}
    candidate.add("quality.files", dataset="parks", status="refused", **refused)
    candidate.reject(line=None, text=None, code="unsupported_file_type", **refused)


def test_a_process_writes_the_same_bytes(candidate: Candidate, paths: Paths, tmp_path: Path) -> None:
    reject_some(candidate)
    here, aside = tmp_path / "here", tmp_path / "aside"
    aside.mkdir()
    with ReturnsWorker(paths) as clerk:
        assert clerk.begin(candidate.connection) == 40
        (handed,) = left_of(paths)
        written = clerk.put(candidate.connection, aside)
        assert not (handed / "returns").exists(), "they are taken over, not copied"
    expected = write_returns(candidate.connection, here)
    assert [path.relative_to(aside) for path in written] == [path.relative_to(here) for path in expected]
    assert [path.read_bytes() for path in written] == [path.read_bytes() for path in expected]
    assert any(path.name == REFUSED for path in written)
    assert (aside / "returns").stat().st_mode == (here / "returns").stat().st_mode
    assert left_of(paths) == []


def test_where_nothing_waits_there_is_no_process_and_nothing_is_written(
    candidate: Candidate, paths: Paths, tmp_path: Path
) -> None:
    candidate.sheet("parks/a.csv")
    candidate.reject("parks/a.csv", 3, "甲市,2024,x", is_resolved=True)
    with ReturnsWorker(paths) as clerk:
        assert clerk.begin(candidate.connection) == 0
        assert left_of(paths) == []
        assert clerk.put(candidate.connection, tmp_path / "release") == []
    assert not (tmp_path / "release").exists()


def test_a_release_that_is_made_by_itself_has_its_returns(candidate: Candidate, paths: Paths, tmp_path: Path) -> None:
    reject_some(candidate)
    with ReturnsWorker(paths) as clerk:
        assert len(clerk.put(candidate.connection, tmp_path / "release")) == 7


def test_a_fault_of_the_process_is_told(candidate: Candidate, paths: Paths, tmp_path: Path) -> None:
    candidate.reject("parks/a.csv", 3, "甲市,2024,x")  # of a sheet that nobody knows
    with ReturnsWorker(paths) as clerk:
        clerk.begin(candidate.connection)
        with pytest.raises(WorkerError, match=r"KeyError: \('parks', 'parks/a.csv'"):
            clerk.put(candidate.connection, tmp_path)
    assert left_of(paths) == []


def test_an_error_of_the_system_is_told_by_its_number(candidate: Candidate, paths: Paths, tmp_path: Path) -> None:
    reject_some(candidate)
    with ReturnsWorker(paths) as clerk:
        clerk.begin(candidate.connection)
        (handed,) = left_of(paths)
        (handed / "returns").write_text("a file where the folder is to be")
        with pytest.raises(NotADirectoryError) as found:
            clerk.put(candidate.connection, tmp_path)
    assert isinstance(found.value.__cause__, WorkerError)
    assert "write_returns" in str(found.value.__cause__)


def test_a_process_that_is_killed_is_told(candidate: Candidate, paths: Paths, tmp_path: Path) -> None:
    reject_some(candidate)
    with ReturnsWorker(paths) as clerk:
        clerk.begin(candidate.connection)
        assert clerk._process is not None
        os.kill(clerk._process.pid, signal.SIGKILL)
        with pytest.raises(WorkerError, match="ended with -9"):
            clerk.put(candidate.connection, tmp_path)
    assert left_of(paths) == []


def test_what_a_run_does_not_take_over_goes_with_it(candidate: Candidate, paths: Paths) -> None:
    reject_some(candidate)
    with ReturnsWorker(paths) as clerk:
        clerk.begin(candidate.connection)
        assert clerk._process is not None
        pid = clerk._process.pid
        assert len(left_of(paths)) == 1
    assert left_of(paths) == []
    assert is_gone(pid)


def test_what_a_killed_run_left_is_cleared_by_the_next(paths: Paths) -> None:
    left = paths.candidate.parent / ".returns-left"
    (left / "returns" / "甲市").mkdir(parents=True)
    with ReturnsWorker(paths):
        assert left_of(paths) == []
