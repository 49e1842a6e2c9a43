"""The locks of a data directory: one run at a time, whoever starts it, one server, one that sends alerts.

Here: holding them, and asking whether a run is under way. The system frees a lock when its process dies, so that none
is left behind.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assets.core.data_dir_version import ensure_state_dir
from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths

RUN_LOCK, SERVE_LOCK, ALERTS_LOCK = "run.lock", "serve.lock", "alerts.lock"


@contextmanager
def run_lock(paths: Paths, *, waits: bool = False) -> Iterator[None]:
    """Hold the lock of the data directory, which the system frees when a run dies.

    Where another run holds it: wait for its end, or WrongCall.
    """
    with _held(paths, RUN_LOCK, "run_in_progress", waits=waits):
        yield


@contextmanager
def server_lock(paths: Paths) -> Iterator[None]:
    """Serve a data directory alone: two daemons over it would start everything twice. WrongCall where another does."""
    with _held(paths, SERVE_LOCK, "serving_already"):
        yield


@contextmanager
def alert_lock(paths: Paths) -> Iterator[None]:
    """Send alerts alone, after whoever sends some now: a run and the sensor may have the same to tell."""
    with _held(paths, ALERTS_LOCK, "run_in_progress", waits=True):
        yield


def is_running(paths: Paths) -> bool:
    """Whether a run holds the lock at this moment; asking leaves everything as it is."""
    try:
        with (paths.state / RUN_LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def lock_owner_pid(paths: Paths, name: str = RUN_LOCK) -> str:
    """The process that took the lock last, as it wrote itself into it."""
    try:
        return (paths.state / name).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def wait_for_lock(paths: Paths, told: Callable[[str], None] | None) -> None:
    """Wait until no other run is under way, after `told` is given its process; without `told`, WrongCall instead."""
    if is_running(paths):
        if told is not None:
            told(lock_owner_pid(paths))
        with run_lock(paths, waits=told is not None):
            pass


@contextmanager
def _held(paths: Paths, name: str, code: str, *, waits: bool = False) -> Iterator[None]:
    """The lock of that name, with our process written into it."""
    ensure_state_dir(paths)
    with (paths.state / name).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(Issue(code, f"pid {lock_owner_pid(paths, name)}")) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
