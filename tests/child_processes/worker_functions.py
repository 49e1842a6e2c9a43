"""Functions that the tests of the worker execute in its process."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import sys
import time


class LibraryError(Exception):
    """An exception that cannot be unpickled: its constructor wants two arguments."""

    def __init__(self, name: str, number: int) -> None:
        super().__init__(f"{name} {number}")


def idle() -> None:
    time.sleep(3600)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def print_and_exit() -> None:
    os.write(1, b"a library ends the process\n")
    os._exit(7)


def print_noise() -> None:
    sys.stdout.write("noise of a library\n")
    sys.stdout.flush()
    sys.stderr.write("more noise\n")
    os.write(2, b"noise of C code\n")


def create_a_lock() -> None:
    """Create a lock as tqdm does when it is imported."""
    globals()["lock"] = multiprocessing.RLock()


def fill_the_disk() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/file")


def fill_the_disk_in_a_library() -> None:
    try:
        fill_the_disk()
    except OSError as error:
        raise LibraryError("wrapped", 1) from error


def fail() -> None:
    raise LibraryError("reason", 2)
