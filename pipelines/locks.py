"""The locks of a data directory: one run at a time, one server, one process that sends alerts.

What belongs here: holding a lock, and asking whether a run is in progress. The system releases a lock when its process
dies, so no lock stays behind.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from filelock import lock_descriptor

from assets.core.data_dir_version import ensure_state_dir
from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths

RUN_LOCK, SERVE_LOCK, ALERTS_LOCK = "run.lock", "serve.lock", "alerts.lock"


def run_lock(paths: Paths, *, waits: bool = False) -> AbstractContextManager[None]:
    """Hold the run lock; where another run holds it, wait for its end or raise UsageError."""
    return _hold(paths, RUN_LOCK, "run_in_progress", waits=waits)


def server_lock(paths: Paths) -> AbstractContextManager[None]:
    """Hold the lock of the one server, since two daemons would start every run twice; UsageError where it is held."""
    return _hold(paths, SERVE_LOCK, "server_already_running")


def alert_lock(paths: Paths) -> AbstractContextManager[None]:
    """Wait for the lock of the alerts: a run and the failure sensor may have the same alert to send."""
    return _hold(paths, ALERTS_LOCK, "run_in_progress", waits=True)


def is_running(paths: Paths) -> bool:
    """Return whether a run holds the lock now; asking changes nothing."""
    try:
        with (paths.state / RUN_LOCK).open("rb") as lock:
            return not lock_descriptor(lock.fileno(), blocking=False)
    except OSError:
        return False


def lock_owner_pid(paths: Paths, name: str = RUN_LOCK) -> str:
    """Return the id of the process that took the lock last, empty where none did."""
    try:
        with (paths.state / name).open("rb") as lock:
            lock.seek(1)  # on Windows no other process can read the locked byte, the first
            return lock.read().decode("ascii", "replace").strip()
    except OSError:
        return ""


def wait_for_lock(paths: Paths, on_wait: Callable[[str], None] | None) -> None:
    """Wait until no run is in progress.

    Args:
        paths: the data directory.
        on_wait: called with the process id of the other run before waiting; None to raise UsageError instead.
    """
    if is_running(paths):
        if on_wait is not None:
            on_wait(lock_owner_pid(paths))
        with run_lock(paths, waits=on_wait is not None):
            pass


@contextmanager
def _hold(paths: Paths, name: str, code: str, *, waits: bool = False) -> Iterator[None]:
    ensure_state_dir(paths)
    with (paths.state / name).open("a+") as lock:
        if not lock_descriptor(lock.fileno(), blocking=waits):
            raise UsageError(Issue(code, f"pid {lock_owner_pid(paths, name)}"))
        lock.truncate(0)
        lock.write(f" {os.getpid()}")
        lock.flush()
        yield
