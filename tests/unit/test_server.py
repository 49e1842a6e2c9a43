"""What keeps a data directory from being served."""

from __future__ import annotations

import fcntl
import shutil
import socket
from pathlib import Path

import pytest

from assets.core.errors import UsageError
from assets.core.paths import Paths
from pipelines.orchestration.server import serve
from tests.builders.data_directories import FIXTURES


def test_a_directory_is_served_once(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    (paths.data / "reference").mkdir()
    shutil.copytree(FIXTURES / "countries" / "contracts", paths.contracts)
    paths.state.mkdir()
    with (paths.state / "serve.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="already running"):
            serve(paths, 3999, lambda *_: None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="is in use"):
            serve(paths, taken.getsockname()[1], lambda *_: None)
