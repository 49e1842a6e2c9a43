"""The locks of a data directory: one run at a time, whoever starts it, one server, one that sends alerts.

Here: holding them, and asking whether a run is under way. The system frees a lock when its process dies, so that none
is left behind.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assets.errors import Finding, WrongCall
from assets.installation import make_state
from assets.paths import Paths

LOCK, SERVE_LOCK, ALERTS_LOCK = "run.lock", "serve.lock", "alerts.lock"


@contextmanager
def only_run(paths: Paths, *, waits: bool = False) -> Iterator[None]:
    """Hold the lock of the data directory, which the system frees when a run dies.

    Where another run holds it: wait for its end, or WrongCall.
    """
    with _held(paths, LOCK, "run_in_progress", waits=waits):
        yield


@contextmanager
def only_server(paths: Paths) -> Iterator[None]:
    """Serve a data directory alone: two daemons over it would start everything twice. WrongCall where another does."""
    with _held(paths, SERVE_LOCK, "serving_already"):
        yield


@contextmanager
def only_teller(paths: Paths) -> Iterator[None]:
    """Send alerts alone, after whoever sends some now: a run and the sensor may have the same to tell."""
    with _held(paths, ALERTS_LOCK, "run_in_progress", waits=True):
        yield


def is_running(paths: Paths) -> bool:
    """Whether a run holds the lock at this moment; asking leaves everything as it is."""
    try:
        with (paths.state / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def holder(paths: Paths, name: str = LOCK) -> str:
    """The process that took the lock last, as it wrote itself into it."""
    try:
        return (paths.state / name).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def wait_for_turn(paths: Paths, told: Callable[[str], None] | None) -> None:
    """Wait until no other run is under way, after `told` is given its process; without `told`, WrongCall instead."""
    if is_running(paths):
        if told is not None:
            told(holder(paths))
        with only_run(paths, waits=told is not None):
            pass


@contextmanager
def _held(paths: Paths, name: str, code: str, *, waits: bool = False) -> Iterator[None]:
    """The lock of that name, with our process written into it."""
    make_state(paths)
    with (paths.state / name).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WrongCall(Finding(code, f"pid {holder(paths, name)}")) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
