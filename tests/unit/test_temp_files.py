"""What is cleared away of work that a process left, and what is not because somebody still works on it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assets.intake.receipts import temp_files

HERE = socket.gethostname()


def gone() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def left(folder: Path, name: str, days: float = 0) -> Path:
    made = folder / name
    made.mkdir()
    (made / "half.parquet").write_text("half")
    moment = time.time() - days * 86_400
    os.utime(made, (moment, moment))
    return made


@pytest.mark.parametrize(
    ("name", "days"),
    [
        pytest.param(f".work-{HERE}-{gone()}-x", 0, id="a process of this machine that is dead"),
        pytest.param(f".work-{HERE}-{os.getpid()}-x", 1.1, id="untouched for a day, its number taken by another"),
        pytest.param(".work-other-machine-1-x", 1.1, id="another machine, untouched for a day"),
        pytest.param(".work-x", 0, id="of nobody"),
    ],
)
def test_what_nobody_works_on_is_cleared(tmp_path: Path, name: str, days: float) -> None:
    made = left(tmp_path, name, days)
    temp_files.remove_stale(tmp_path, temp_files.WORK_FOLDER)
    assert not made.exists()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(f"{temp_files.temp_prefix(temp_files.WORK_FOLDER)}x", id="our own"),
        pytest.param(f".work-{HERE}-{os.getppid()}-x", id="a living process of this machine"),
        pytest.param(".work-other-machine-1-x", id="another machine today"),
        pytest.param(f".arriving-{HERE}-1-x", id="of another kind"),
    ],
)
def test_what_somebody_works_on_stays(tmp_path: Path, name: str) -> None:
    made = left(tmp_path, name)
    temp_files.remove_stale(tmp_path, temp_files.WORK_FOLDER)
    assert made.exists()
