"""Workbooks are read in a process of their own, with limits on memory and time.

A sender's file may make any parser abort, fill the memory or never end; here that ends one process, which is one
refusal, and never the run.

Here: starting and limiting the process, and the refusal that its death becomes. Not here: worker processes
(assets.core.worker), reading (assets.intake.readers.workbook).
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import pyarrow as pa

from assets.core.errors import Issue
from assets.core.settings import Limits
from assets.core.system import disable_core_files, has_used_its_time, limit_memory, limit_processor_time
from assets.core.worker import Worker, WorkerError
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.sheet_writer import WorkbookSheet
from assets.intake.readers.workbook import read_workbook

# Reads the sheets of a file into a folder, like `read_workbook`.
WorkbookReader = Callable[[Path, Limits, Path], list[WorkbookSheet]]
_MEGABYTE = 1_000_000
_MAX_REASON = 200
# A process that waits for a disk uses no processor time: how many times as long it may take altogether.
_WAITING_FACTOR, _START_SECONDS = 6, 60


class ReaderProcess:
    """The process that reads workbooks: started by the first of them, and again after a death."""

    def __init__(self) -> None:
        self._worker: Worker | None = None

    def __enter__(self) -> ReaderProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def pid(self) -> int | None:
        """Return the process id, None where no process is running."""
        return self._worker.pid if self._worker is not None else None

    def __call__(self, file: Path, limits: Limits, folder: Path) -> list[WorkbookSheet]:
        """Read a workbook.

        Raises:
            FileRejectedError: the file cannot be read, or the process died of it.
            OSError: the system could not keep the rows, as on a full disk.
        """
        seconds = _allowed_seconds(file, limits)
        if self._worker is None:
            self._worker = Worker(warm_up=_prepare).__enter__()
        future = self._worker.submit(_read, file, limits, folder, seconds)
        try:
            outcome = future.result(timeout=seconds * _WAITING_FACTOR + _START_SECONDS)
        except TimeoutError as error:
            self._end()
            raise FileRejectedError(Issue("workbook_takes_too_long", str(seconds))) from error
        except WorkerError as error:
            is_late = has_used_its_time(self._worker.exit_code)
            self._end()
            raise FileRejectedError(_issue_of_death(error, seconds, is_late=is_late)) from error
        if isinstance(outcome, tuple):
            raise FileRejectedError(*outcome)
        return outcome

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.__exit__(None, None, None)
            self._worker = None

    def read_row(self, file: Path, sheet: str | None, line: int) -> str | None:
        """Return a row of a workbook as a record of a CSV file; None where it has none or cannot be read."""
        with tempfile.TemporaryDirectory() as folder, suppress(FileRejectedError):
            return next((found.text(line) for found in self(file, Limits(), Path(folder)) if found.name == sheet), None)
        return None


def read_in_new_process(file: Path, limits: Limits, folder: Path) -> list[WorkbookSheet]:
    """Read one workbook like `ReaderProcess`, in a process for this file alone."""
    with ReaderProcess() as reader:
        return reader(file, limits, folder)


def _allowed_seconds(file: Path, limits: Limits) -> int:
    """Processor time for a file: the same again for each megabyte."""
    return limits.reader_seconds * (1 + file.stat().st_size // _MEGABYTE)


def _issue_of_death(error: WorkerError, seconds: int, *, is_late: bool) -> Issue:
    if is_late:
        return Issue("workbook_takes_too_long", str(seconds))
    return Issue("workbook_ends_reader", str(error).splitlines()[0])


def _prepare() -> None:
    """Prepare the process: no core files, and no memory for threads that it does not need."""
    disable_core_files()
    pa.set_memory_pool(pa.system_memory_pool())
    pa.set_cpu_count(1)


def _read(file: Path, limits: Limits, folder: Path, seconds: int) -> list[WorkbookSheet] | tuple[Issue, ...]:
    """Read within the limits; return why the file is refused instead of raising it. Runs in the process."""
    limit_processor_time(seconds)
    limit_memory(limits.reader_bytes)
    try:
        return read_workbook(file, limits, folder)
    except FileRejectedError as error:
        return error.issues
    except MemoryError:
        return (Issue("workbook_needs_memory", str(limits.reader_bytes)),)
    except OSError as error:
        # The system could not write the rows; an error that has no number is one of a parser.
        if error.errno not in (None, errno.EINVAL):
            raise
        return (Issue("workbook_unreadable", str(error)),)
    except Exception as error:  # whatever a parser raises for a damaged file
        return (Issue("workbook_unreadable", f"{type(error).__name__}: {error}"[:_MAX_REASON]),)
