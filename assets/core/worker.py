"""A process of its own beside a run: it waits for one request, works while the run goes on, and ends with the run.

Here: starting it, what passes between the two, and how a fault of it is told. A request goes in on its standard input,
which stays open as long as the one who asked lives: even where that is killed, the process ends. On its standard output
it gives one answer, and says which error of the system it ends with; what else is printed is kept for the case that it
fails. Not here: what it does (assets.quality.checks.gx_worker, assets.release.outputs.returns_worker).
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from assets.core.paths import PROJECT_ROOT

# Neither a number of the system's errors nor what Python itself ends with.
_FAILED = 255
_ANSWER, _NUMBER = "answer", "number"
# Of what a run and the processes beside it make, little is held by nothing but itself.
GC_THRESHOLD = 50_000


class WorkerError(Exception):
    """A process of ours ended by a fault, and said this of it."""


class Worker:
    """The process, as the run sees it: it is there from `with` on, and gone behind it."""

    def __init__(self, module: str) -> None:
        self._module = module
        self.is_asked = False

    def __enter__(self) -> Worker:
        self._told = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(
            [sys.executable, "-m", self._module],
            cwd=PROJECT_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._told,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):  # what it was asked and did not read is lost
            self._input.close()
        self._output.close()
        self._told.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, request: Mapping[str, Any]) -> None:
        """What it is to do; the one request that it takes."""
        self.is_asked = True
        # Where it ended by a fault of its own, that is told when it is waited for.
        with contextlib.suppress(BrokenPipeError):
            self._input.write(json.dumps(request) + "\n")
            self._input.flush()

    def answer(self) -> Any:
        """Wait for its answer. Raises as `wait` does where it ends without one."""
        said = self._said()
        if _ANSWER in said:
            return said[_ANSWER]
        self._end(said)
        raise WorkerError(f"{self._module} ended without an answer")

    def wait(self) -> None:
        """Wait until all is done. Where it failed: OSError if that was an error of the system, else ProcessBroken."""
        self._end(self._said())

    def _said(self) -> dict[str, Any]:
        # A line without its end is what a process that was killed had got to say.
        line = self._output.readline()
        return dict(json.loads(line)) if line.endswith("\n") else {}

    def _end(self, said: Mapping[str, Any]) -> None:
        ended = self._process.wait()
        if ended == 0:
            return
        self._told.seek(0)
        broken = WorkerError(f"{self._module} ended with {ended}: {self._told.read().strip()}")
        if _NUMBER in said:
            raise OSError(said[_NUMBER], os.strerror(said[_NUMBER])) from broken
        raise broken


class WorkerRequest:
    """The one who asks, as the process sees it."""

    def __init__(self, output: int) -> None:
        self._output = output

    def request(self) -> dict[str, Any] | None:
        """Wait for what is to be done; None where the run ended before. From here on its end ends this process too."""
        asked = sys.stdin.readline()
        if not asked:
            return None
        threading.Thread(target=_end_with_input, daemon=True).start()
        return dict(json.loads(asked))

    def say(self, what: str, said: Any) -> None:
        os.write(self._output, f"{json.dumps({what: said})}\n".encode())

    def answer(self, answer: Any) -> None:
        self.say(_ANSWER, answer)


def run_worker(work: Callable[[WorkerRequest], None]) -> None:
    """In the process: do the work for the one who started it, and end."""
    gc.set_threshold(GC_THRESHOLD, *gc.get_threshold()[1:])
    caller = WorkerRequest(os.dup(sys.stdout.fileno()))
    # What libraries print goes where faults are told.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        work(caller)
    except Exception as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n{traceback.format_exc()}")
        number = _number(error)
        if number is not None:
            caller.say(_NUMBER, number)
        sys.exit(_FAILED)
    # What there is goes with the process; Python would look through all of it once more, for most of a second, and the
    # run waits for the end. Libraries complain of it to an error output that nobody reads.
    gc.freeze()


def _number(error: BaseException) -> int | None:
    """Which error of the system it is, or led to it: libraries put exceptions of their own around one."""
    found = (cause.errno for cause in (error, error.__cause__, error.__context__) if isinstance(cause, OSError))
    return next((number for number in found if number), None)


def _end_with_input() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(_FAILED)
