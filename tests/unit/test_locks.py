"""The locks of a data directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assets.core.errors import UsageError
from assets.core.paths import Paths
from pipelines.locks import is_running, lock_owner_pid, run_lock, wait_for_lock


def test_a_held_lock_is_seen_waited_for_or_refused(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    assert not is_running(paths)
    with run_lock(paths):
        assert is_running(paths)
        assert lock_owner_pid(paths) == str(os.getpid())
        with pytest.raises(UsageError, match=f"pid {os.getpid()}"):
            wait_for_lock(paths, None)
    waited_for: list[str] = []
    wait_for_lock(paths, waited_for.append)
    assert waited_for == []
