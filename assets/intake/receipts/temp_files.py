"""Work in progress, named for the machine and the process that does it.

Here: those names, and clearing away what a killed process left. Several machines may take files into one lake, so only
what nobody works on any more is cleared: that of a dead process of this machine, or what nobody touched for a day.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import time
from contextlib import suppress
from pathlib import Path

WORK_FOLDER, ARRIVING_FILE = "work", "arriving"
_ABANDONED_SECONDS = 86_400
_NAME = re.compile(r"\.[a-z]+-(?P<machine>.+)-(?P<process>\d+)-[^-]*")


def temp_prefix(kind: str) -> str:
    """How the names of this process's work begin; hidden, so that nothing takes it for a result."""
    return f".{kind}-{socket.gethostname()}-{os.getpid()}-"


def remove_stale(folder: Path, kind: str) -> None:
    """Take away what was left in a folder by processes that are gone."""
    for left in folder.glob(f".{kind}-*"):
        # Another machine may clear the same at the same time.
        with suppress(FileNotFoundError):
            if not _is_worked_on(left):
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink()


def _is_worked_on(left: Path) -> bool:
    if time.time() - left.stat().st_mtime > _ABANDONED_SECONDS:
        return False
    told = _NAME.fullmatch(left.name)
    if told is None:
        return False
    return told["machine"] != socket.gethostname() or _is_alive(int(told["process"]))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
