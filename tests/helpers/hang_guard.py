"""A guard against tests that never end, such as an expression that backtracks for ever; it measures no speed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

HANG_SECONDS = 60


@contextmanager
def hang_guard(seconds: float = HANG_SECONDS) -> Iterator[None]:
    """Raise TimeoutError where the block has not ended after so many seconds. For the main thread alone."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"not ended after {seconds} s")

    handler_before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler_before)
