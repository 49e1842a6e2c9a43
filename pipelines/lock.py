"""The lock of a data directory: one run at a time, whoever starts it.

Here: holding it, and asking whether it is held. The system frees it when a run dies, so it is never left behind.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from assets.errors import Finding, WrongCall
from assets.installation import make_state
from assets.paths import Paths

LOCK = "run.lock"


@contextmanager
def only_run(paths: Paths, *, waits: bool = False) -> Iterator[None]:
    """Hold the lock of the data directory, which the system frees when a run dies.

    Where another run holds it: wait for its end, or WrongCall.
    """
    try:
        with _lock(paths, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB) as lock:
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield
    except _Held as error:
        raise WrongCall(Finding("run_in_progress", f"pid {holder(paths)}")) from error


def is_running(paths: Paths) -> bool:
    """Whether a run holds the lock at this moment."""
    try:
        with _lock(paths, fcntl.LOCK_SH | fcntl.LOCK_NB):
            return False
    except _Held:
        return True


def holder(paths: Paths) -> str:
    """The process that took the lock last, as it wrote itself into it."""
    try:
        return (paths.state / LOCK).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def wait_for_turn(paths: Paths, told: Callable[[str], None] | None) -> None:
    """Wait until no other run is under way, after `told` is given its process; without `told`, WrongCall instead."""
    if is_running(paths):
        if told is not None:
            told(holder(paths))
        with only_run(paths, waits=told is not None):
            pass


class _Held(Exception):
    """Another process holds the lock."""


@contextmanager
def _lock(paths: Paths, how: int) -> Iterator[TextIO]:
    make_state(paths)
    with (paths.state / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, how)
        except BlockingIOError as error:
            raise _Held from error
        yield lock
