"""A process of its own beside a run: it waits for one request, works while the run goes on, and ends with the run.

Here: starting it, what passes between the two, and how a fault of it is told. A request goes in on its standard input,
which stays open as long as the one who asked lives: even where that is killed, the process ends. On its standard output
it says with an empty line that the answer stands, and with a number which error of the system it ends with; what else
is printed is kept for the case that it fails. Not here: what it does (assets.quality.auditor, assets.release.clerk).
"""

from __future__ import annotations

import contextlib
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

from assets.paths import PROJECT_ROOT

# Neither a number of the system's errors nor what Python itself ends with.
_FAILED = 255


class ProcessBroken(Exception):
    """A process of ours ended by a fault, and said this of it."""


class Aside:
    """The process, as the run sees it: it is there from `with` on, and gone behind it."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._said = ""
        self.is_asked = False

    def __enter__(self) -> Aside:
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
        with contextlib.suppress(
            BrokenPipeError
        ):  # it ended by a fault of its own, which is told when it is waited for
            self._input.write(json.dumps(request) + "\n")
            self._input.flush()

    def is_answered(self) -> bool:
        """Wait until it says that the answer stands; False where it ends before."""
        self._said += self._output.readline()
        return self._said == "\n"

    def wait(self) -> None:
        """Wait until all is done. Where it failed: OSError if that was an error of the system, else ProcessBroken."""
        self._said += self._output.read()
        number, ended = self._said.strip(), self._process.wait()
        if ended == 0:
            return
        self._told.seek(0)
        broken = ProcessBroken(f"{self._module} ended with {ended}: {self._told.read().strip()}")
        if number:
            raise OSError(int(number), os.strerror(int(number))) from broken
        raise broken


class Caller:
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

    def say_answered(self) -> None:
        os.write(self._output, b"\n")

    def say_number(self, number: int) -> None:
        os.write(self._output, f"{number}\n".encode())


def answer(work: Callable[[Caller], None]) -> None:
    """In the process: do the work for the one who started it, and end."""
    caller = Caller(os.dup(sys.stdout.fileno()))
    # What libraries print goes where faults are told.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        work(caller)
    except Exception as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n{traceback.format_exc()}")
        number = _number(error)
        if number is not None:
            caller.say_number(number)
        sys.exit(_FAILED)


def _number(error: BaseException) -> int | None:
    """Which error of the system it is, or led to it: libraries put exceptions of their own around one."""
    found = (cause.errno for cause in (error, error.__cause__, error.__context__) if isinstance(cause, OSError))
    return next((number for number in found if number), None)


def _end_with_input() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(_FAILED)
