"""Temporary files and folders of the lake and the archive, named after the machine and the process that writes them.

Here: those names, and removing what a killed process left. Several machines may write into one lake, so only abandoned
files are removed: those of a dead process of this machine, and those that nothing has changed for a day.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from assets.core.system import is_process_running

WORK_FOLDER, ARRIVING_FILE = "work", "arriving"
_ABANDONED_SECONDS = 86_400
_NAME = re.compile(r"\.[a-z]+-(?P<machine>.+)-(?P<process>\d+)-[^-]*")


def temp_prefix(kind: str) -> str:
    """Return how the temporary names of this process begin; they are hidden, so that no reader takes them."""
    return f".{kind}-{socket.gethostname()}-{os.getpid()}-"


@contextmanager
def work_folder(folder: Path) -> Iterator[Path]:
    """Create a temporary folder in a folder of the lake, and delete it at the end."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=temp_prefix(WORK_FOLDER)) as work:
        yield Path(work)


def remove_stale(folder: Path, kind: str) -> None:
    """Delete the temporary files of this kind whose processes have ended."""
    for path in folder.glob(f".{kind}-*"):
        # Another machine may delete the same file at the same time.
        with suppress(FileNotFoundError):
            if not _is_in_use(path):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


def _is_in_use(path: Path) -> bool:
    if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
        return False
    name = _NAME.fullmatch(path.name)
    if name is None:
        return False
    return name["machine"] != socket.gethostname() or is_process_running(int(name["process"]))
