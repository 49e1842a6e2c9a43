"""A process beside a run that answers, wholly or by half, and never ends by itself: `python -m tests.unit.idler`."""

from __future__ import annotations

import os
import signal
import time

from assets.core.worker import WorkerRequest, run_worker


def _idle(caller: WorkerRequest) -> None:
    request = caller.request()
    if request is not None and "half" in request:
        os.write(caller._output, b'{"answer": [[1, ')
        os.kill(os.getpid(), signal.SIGKILL)
    if request is not None:
        caller.answer(os.getpid())
        time.sleep(3600)


if __name__ == "__main__":
    run_worker(_idle)
