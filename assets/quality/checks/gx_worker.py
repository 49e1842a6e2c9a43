"""The auditor: Great Expectations in a process of its own.

Its import takes seconds, a quarter of a run on the shipped figures. Started with the run, the process has done it when
the tables stand. While it works the run goes on with what does not depend on its answer; when it has answered it
closes the database and goes on to write the pages that show it. It ends with the run.

Here: what passes between the two. Not here: the process as such (assets.core.worker), the checks, carrying them out,
and the pages.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from pydantic import TypeAdapter

from assets.core.worker import Worker, WorkerError, WorkerRequest, run_worker
from assets.quality.checks.definitions import Check, CheckExecutionError, CheckResult

# Great Expectations imports every backend that it finds installed, for a second, where others need them.
_UNUSED = ("pyspark", "boto3", "botocore")
_CHECKS = TypeAdapter(list[Check])


class ValidationWorker:
    """A process that carries out one audit."""

    def __enter__(self) -> ValidationWorker:
        self._process = Worker("assets.quality.checks.gx_worker").__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.__exit__(kind, error, trace)

    @property
    def has_begun(self) -> bool:
        return self._process.is_asked

    def begin(self, database: Path, checks: Sequence[Check], pages: Path) -> None:
        """Begin with the checks on a DuckDB file that nobody holds open for writing; `pages` is where to show them."""
        self._checks = _by_table(checks)
        asked = _CHECKS.dump_python(self._checks, mode="json")
        self._process.ask({"database": str(database), "checks": asked, "pages": str(pages)})

    def results(self) -> list[CheckResult]:
        """How the checks came out, once all have. Raises CheckBroken where one of them could not be carried out."""
        with _broken_told():
            answer = self._process.answer()
        return [CheckResult(check, *found) for check, found in zip(self._checks, answer, strict=True)]

    def finish(self) -> None:
        """Wait until the pages of an audit stand; at once where there was none. Raises CheckBroken where they fail."""
        if not self.has_begun:
            return
        with _broken_told():
            self._process.wait()


@contextmanager
def _broken_told() -> Iterator[None]:
    try:
        yield
    except WorkerError as error:
        raise CheckExecutionError(str(error)) from error


def _by_table(checks: Sequence[Check]) -> list[Check]:
    """The checks in the order in which they are carried out: together for each table."""
    tables = list(dict.fromkeys(check.table for check in checks))
    return sorted(checks, key=lambda check: tables.index(check.table))


def _answer(caller: WorkerRequest) -> None:
    """One audit; when the answer stands, the pages follow."""
    for unused in _UNUSED:
        sys.modules[unused] = None  # type: ignore[assignment]  # which is how an import is made to fail
    from assets.quality.checks.data_docs import write_pages
    from assets.quality.checks.gx_runner import run_checks

    request = caller.request()
    if request is None:
        return
    audit = run_checks(Path(request["database"]), _CHECKS.validate_python(request["checks"]))
    found = [(result.rows_checked, result.rows_failing, result.sample) for result in audit.results]
    caller.answer(found)
    pages = Path(request["pages"])
    shutil.rmtree(pages, ignore_errors=True)
    write_pages(audit.validations, pages)


if __name__ == "__main__":
    run_worker(_answer)
