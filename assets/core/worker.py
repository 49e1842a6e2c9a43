"""A worker process beside a run: it starts early, executes functions while the run continues, and ends with the run.

Here: `Worker`, a `ProcessPoolExecutor` with a single process, and how errors of that process reach the run. Not here:
the work itself (assets.quality.checks.gx_worker, assets.release.outputs.returns_worker).
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import parent_process
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Generic, ParamSpec, Self, TypeVar

from assets.core.system import prefer_fork

P = ParamSpec("P")
T = TypeVar("T")
# A run and its workers create almost no reference cycles, so collecting them often only costs time (9 % of a run).
GC_THRESHOLD = 50_000
_EXIT_SECONDS = 5.0


class WorkerError(Exception):
    """A function failed in the worker process, or the process ended before it returned."""


@dataclass(frozen=True, slots=True)
class _Outcome(Generic[T]):
    """What a function returned, or the text and the system error number of the exception it raised.

    Exceptions themselves are not sent: many exceptions of libraries cannot be unpickled.
    """

    value: T | None = None
    error: str | None = None
    errno: int | None = None


class _Process(SpawnProcess):
    def start(self) -> None:
        # A spawned process imports the main module of its parent again: the whole command line, for 0.1 s. Functions
        # are found by the module that defines them, so an empty main module is enough.
        main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        try:
            super().start()
        finally:
            sys.modules["__main__"] = main


class _Context(SpawnContext):
    """The spawn context that remembers its process, to kill it and to read its exit code."""

    def Process(self, *args: Any, **kwargs: Any) -> SpawnProcess:  # type: ignore[override]
        self.process = _Process(*args, **kwargs)
        return self.process


class Worker:
    """One worker process, from the beginning of the `with` block to its end.

    The process ends with the block or with the run, also where the run is killed. It prints nothing: its output goes
    to a file that is quoted where the process breaks.
    """

    def __init__(self, warm_up: Callable[[], object] = os.getpid) -> None:
        """Take a module-level function that the process executes first, such as slow imports."""
        self._warm_up = warm_up

    def __enter__(self) -> Self:
        # A folder, because Windows opens no temporary file twice.
        self._folder = tempfile.TemporaryDirectory(prefix="gancheng-worker-", ignore_cleanup_errors=True)
        self._output = Path(self._folder.name, "output")
        self._context = _Context()
        self._executor = ProcessPoolExecutor(1, self._context, _initialise, (str(self._output),))
        self.submit(self._warm_up)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.process.kill()
        self._executor.shutdown(cancel_futures=True)
        self._folder.cleanup()

    @property
    def pid(self) -> int:
        """Return the process id of the worker."""
        pid = self._context.process.pid
        assert pid is not None
        return pid

    @property
    def exit_code(self) -> int | None:
        """Return how the process ended, negative for a signal; None while it is running."""
        return self._context.process.exitcode

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Execute a module-level function in the worker, after the functions submitted before.

        Returns:
            A future. Its `result()` raises OSError where an error of the system (a full disk, say) made the function
            fail, and WorkerError where another exception did, or where the process ended.
        """
        future: Future[T] = Future()

        def forward(outcome: Future[_Outcome[T]]) -> None:
            try:
                future.set_result(self._unwrap(outcome))
            except (OSError, WorkerError) as error:
                future.set_exception(error)

        try:
            self._executor.submit(_execute, partial(function, *args, **kwargs)).add_done_callback(forward)
        except BrokenProcessPool as error:
            future.set_exception(self._broken(error))
        return future

    def _unwrap(self, future: Future[_Outcome[T]]) -> T:
        if future.cancelled():
            raise WorkerError("the worker ended before the function was executed")
        try:
            outcome = future.result()
        except Exception as error:  # a process that ended, or an argument that cannot be pickled
            raise self._broken(error) from error
        if outcome.error is None:
            return outcome.value  # type: ignore[return-value]
        failure = WorkerError(outcome.error)
        if outcome.errno is not None:
            raise OSError(outcome.errno, os.strerror(outcome.errno)) from failure
        raise failure

    def _broken(self, error: Exception) -> WorkerError:
        self._context.process.join(_EXIT_SECONDS)
        output = self._output.read_text(encoding="utf-8", errors="replace").strip() if self._output.exists() else ""
        return WorkerError(f"the worker ended with {self._context.process.exitcode}: {output or error}")


def _initialise(output: str) -> None:
    """Prepare the worker process: its output goes to a file, it ignores Ctrl-C, and it ends with its parent."""
    descriptor = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    # Locks that libraries create (tqdm does) then stay in this process; the parent's tracker of resources would print a
    # warning about them when this process is killed.
    prefer_fork()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(GC_THRESHOLD, *gc.get_threshold()[1:])
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def _execute(function: Callable[[], T]) -> _Outcome[T]:
    try:
        return _Outcome(function())
    except Exception as error:
        text = f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
        return _Outcome(error=text, errno=_system_errno(error))


def _system_errno(error: BaseException) -> int | None:
    """Return the error number of the system's error; libraries wrap one in exceptions of their own."""
    causes = (error, error.__cause__, error.__context__)
    return next((cause.errno for cause in causes if isinstance(cause, OSError) and cause.errno), None)
