"""Temporary files: those of dead processes are deleted, those that may still be in use are not."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from assets.intake.receipts import temp_files

HERE = socket.gethostname()


# Above the highest number that a process may have.
DEAD = 2**22 + 1


def create_leftover(folder: Path, name: str, days: float = 0) -> Path:
    leftover = folder / name
    leftover.mkdir()
    (leftover / "half.parquet").write_text("half")
    moment = time.time() - days * 86_400
    os.utime(leftover, (moment, moment))
    return leftover


@pytest.mark.parametrize(
    ("name", "days"),
    [
        pytest.param(f".work-{HERE}-{DEAD}-x", 0, id="a process of this machine that is dead"),
        pytest.param(f".work-{HERE}-{os.getpid()}-x", 1.1, id="untouched for a day, its number taken by another"),
        pytest.param(".work-other-machine-1-x", 1.1, id="another machine, untouched for a day"),
        pytest.param(".work-x", 0, id="without a process"),
    ],
)
def test_what_no_process_uses_is_deleted(tmp_path: Path, name: str, days: float) -> None:
    leftover = create_leftover(tmp_path, name, days)
    temp_files.remove_stale(tmp_path, temp_files.WORK_FOLDER)
    assert not leftover.exists()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(f"{temp_files.temp_prefix(temp_files.WORK_FOLDER)}x", id="this process"),
        pytest.param(f".work-{HERE}-{os.getppid()}-x", id="a living process of this machine"),
        pytest.param(".work-other-machine-1-x", id="another machine today"),
        pytest.param(f".arriving-{HERE}-1-x", id="of another kind"),
    ],
)
def test_what_a_process_uses_stays(tmp_path: Path, name: str) -> None:
    leftover = create_leftover(tmp_path, name)
    temp_files.remove_stale(tmp_path, temp_files.WORK_FOLDER)
    assert leftover.exists()
