"""Great Expectations in a worker process.

Importing it takes seconds, a quarter of a run on the shipped data, so the process starts with the run and imports while
Dagster starts. The run continues while the checks are carried out, and again while their pages are written.

Here: what the run and the process exchange. Not here: the process (assets.core.worker), the checks
(assets.quality.checks.definitions), carrying them out (gx_runner) and the pages (data_docs).
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

from assets.core.worker import Worker, WorkerError
from assets.quality.checks.definitions import Check, CheckExecutionError, CheckResult

if TYPE_CHECKING:
    from assets.quality.checks.gx_runner import ValidationRun

T = TypeVar("T")
# Great Expectations imports every backend that is installed, and packages of statistics and charts for a few
# expectations; half of its import is theirs, and no check needs them.
_UNUSED_BACKENDS = ("pyspark", "boto3", "botocore")
_UNUSED_PACKAGES = ("altair", "scipy", "scipy.stats")


class ValidationWorker(Worker):
    """The worker process that validates one candidate."""

    def __init__(self) -> None:
        super().__init__(warm_up=_import_great_expectations)
        self._results: Future[list[CheckResult]] | None = None
        self._pages: Future[None] | None = None

    @property
    def has_begun(self) -> bool:
        """Return whether checks were submitted."""
        return self._results is not None

    def submit_checks(self, database: Path, checks: Sequence[Check], pages: Path) -> None:
        """Submit the checks of a candidate.

        Args:
            database: A DuckDB file that no process holds open for writing.
            checks: The checks, in any order.
            pages: The folder for the pages that show the results; it is replaced.
        """
        self._results = self.submit(_run_checks, database, checks)
        self._pages = self.submit(_write_pages, pages)

    def results(self) -> list[CheckResult]:
        """Wait for the results, grouped by table. Raises CheckExecutionError where a check cannot be carried out."""
        assert self._results is not None
        return _result(self._results)

    def finish(self) -> None:
        """Wait for the pages, if checks were submitted. Raises CheckExecutionError where they cannot be written."""
        if self._pages is not None:
            _result(self._pages)


def _result(future: Future[T]) -> T:
    try:
        return future.result()
    except WorkerError as error:
        raise CheckExecutionError(str(error)) from error


def _import_great_expectations() -> None:
    for name in _UNUSED_BACKENDS:
        sys.modules[name] = None  # type: ignore[assignment]  # makes an import of it fail
    for name in _UNUSED_PACKAGES:
        sys.modules[name] = ModuleType(name)
    from assets.quality.checks import data_docs, gx_runner  # noqa: F401


# In the worker process: the validation that the pages show.
_validation: ValidationRun | None = None


def _run_checks(database: Path, checks: Sequence[Check]) -> list[CheckResult]:
    global _validation
    from assets.quality.checks.gx_runner import run_checks

    _validation = run_checks(database, checks)
    return _validation.results


def _write_pages(folder: Path) -> None:
    from assets.quality.checks.data_docs import write_pages

    if _validation is not None:
        shutil.rmtree(folder, ignore_errors=True)
        write_pages(_validation.validations, folder)
