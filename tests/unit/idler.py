"""A process beside a run that answers at once and then never ends by itself: `python -m tests.unit.idler`."""

from __future__ import annotations

import os
import time

from assets.aside import Caller, answer


def _idle(caller: Caller) -> None:
    if caller.request() is not None:
        caller.answer(os.getpid())
        time.sleep(3600)


if __name__ == "__main__":
    answer(_idle)
