"""The returns worker writes the same files, reports its errors, and leaves nothing behind."""

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
from tests.builders.returns_candidate import Candidate
from tests.integration.test_worker import is_gone


@pytest.fixture
def candidate(tmp_path: Path) -> Iterator[Candidate]:
    with Warehouse(Paths(tmp_path)).connect() as connection:
        yield Candidate(connection)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path)


def leftovers(paths: Paths) -> list[Path]:
    return list(paths.candidate.parent.glob(".*"))


def reject_some(candidate: Candidate) -> None:
    candidate.sheet("parks/a.csv")
    candidate.sheet("parks/b.xlsx", "年份,城市,面积", sheet="一季度")
    for line in range(2, 40):
        candidate.reject("parks/a.csv", line, f"{'甲乙'[line % 2]}市,2024,<{line}>")
    candidate.reject("parks/b.xlsx", 2, "2024,甲城,x", sheet="一季度")
    refused = {"file": "parks/甲/a.doc", "file_sha256": "f" * 64}
    candidate.add("intake.files", dataset="parks", status="refused", **refused)
    candidate.reject(line=None, text=None, code="unsupported_file_type", **refused)


def test_a_process_writes_the_same_bytes(candidate: Candidate, paths: Paths, tmp_path: Path) -> None:
    reject_some(candidate)
    direct, worked = tmp_path / "direct", tmp_path / "worked"
    worked.mkdir()
    with ReturnsWorker(paths) as worker:
        assert worker.begin(candidate.connection) == 40
        (folder,) = leftovers(paths)
        written = worker.put(candidate.connection, worked)
        assert not (folder / "returns").exists(), "they are moved, not copied"
    expected = write_returns(candidate.connection, direct)
    assert [path.relative_to(worked) for path in written] == [path.relative_to(direct) for path in expected]
    assert [path.read_bytes() for path in written] == [path.read_bytes() for path in expected]
    assert any(path.name == REFUSED for path in written)
    assert (worked / "returns").stat().st_mode == (direct / "returns").stat().st_mode
    assert leftovers(paths) == []


def test_where_nothing_waits_there_is_no_process_and_nothing_is_written(
    candidate: Candidate, paths: Paths, tmp_path: Path
) -> None:
    candidate.sheet("parks/a.csv")
    candidate.reject("parks/a.csv", 3, "甲市,2024,x", is_resolved=True)
    with ReturnsWorker(paths) as worker:
        assert worker.begin(candidate.connection) == 0
        assert leftovers(paths) == []
        assert worker.put(candidate.connection, tmp_path / "release") == []
    assert not (tmp_path / "release").exists()


def test_a_release_that_is_made_by_itself_has_its_returns(candidate: Candidate, paths: Paths, tmp_path: Path) -> None:
    reject_some(candidate)
    with ReturnsWorker(paths) as worker:
        assert len(worker.put(candidate.connection, tmp_path / "release")) == 7


def test_an_error_of_the_worker_is_raised(candidate: Candidate, paths: Paths, tmp_path: Path) -> None:
    candidate.reject("parks/a.csv", 3, "甲市,2024,x")  # of a sheet that is not listed
    with ReturnsWorker(paths) as worker:
        worker.begin(candidate.connection)
        with pytest.raises(WorkerError, match=r"KeyError: \('parks', 'parks/a.csv'"):
            worker.put(candidate.connection, tmp_path)
    assert leftovers(paths) == []


def test_an_error_of_the_system_is_raised_with_its_number(candidate: Candidate, paths: Paths, tmp_path: Path) -> None:
    reject_some(candidate)
    with ReturnsWorker(paths) as worker:
        worker.begin(candidate.connection)
        (folder,) = leftovers(paths)
        (folder / "returns").write_text("a file where the folder is to be")
        with pytest.raises(NotADirectoryError) as raised:
            worker.put(candidate.connection, tmp_path)
    assert isinstance(raised.value.__cause__, WorkerError)
    assert "write_returns" in str(raised.value.__cause__)


def test_a_killed_worker_is_an_error(candidate: Candidate, paths: Paths, tmp_path: Path) -> None:
    reject_some(candidate)
    with ReturnsWorker(paths) as worker:
        worker.begin(candidate.connection)
        assert worker._worker is not None
        os.kill(worker._worker.pid, signal.SIGKILL)
        with pytest.raises(WorkerError, match="ended with -9"):
            worker.put(candidate.connection, tmp_path)
    assert leftovers(paths) == []


def test_what_a_run_does_not_take_over_goes_with_it(candidate: Candidate, paths: Paths) -> None:
    reject_some(candidate)
    with ReturnsWorker(paths) as worker:
        worker.begin(candidate.connection)
        assert worker._worker is not None
        pid = worker._worker.pid
        assert len(leftovers(paths)) == 1
    assert leftovers(paths) == []
    assert is_gone(pid)


def test_what_a_killed_run_left_is_cleared_by_the_next(paths: Paths) -> None:
    leftover = paths.candidate.parent / ".returns-left"
    (leftover / "returns" / "甲市").mkdir(parents=True)
    with ReturnsWorker(paths):
        assert leftovers(paths) == []
