"""A sender who exchanges a file for something else: a link, a pipe, a folder, and back, as fast as it can."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def to_link(file: Path, foreign: Path) -> None:
    file.symlink_to(foreign / "secret.csv")


def to_pipe(file: Path, _foreign: Path) -> None:
    os.mkfifo(file)


def to_folder(file: Path, _foreign: Path) -> None:
    file.mkdir()


@contextmanager
def exchanging(file: Path, foreign: Path, exchange: Callable[[Path, Path], None], own: str = "own") -> Iterator[None]:
    """Exchange a file for something else and for its own text, until the end of the context."""
    stop = threading.Event()

    def write_own(made: Path, _foreign: Path) -> None:
        made.write_text(own, "utf-8")

    def swap() -> None:
        while not stop.is_set():
            for make in (exchange, write_own):
                made = file.with_name(".made")
                make(made, foreign)
                with suppress(OSError):
                    made.replace(file)
                if made.is_dir() and not made.is_symlink():
                    made.rmdir()
                else:
                    made.unlink(missing_ok=True)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def to_folder_link(file: Path, foreign: Path) -> None:
    file.symlink_to(foreign)
