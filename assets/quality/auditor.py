"""The auditor: Great Expectations in a process of its own.

Its import takes five seconds, a quarter of a run on the shipped figures. Started with the run, the process has done it
when the tables stand. While it works the run goes on with what does not depend on its answer; when it has answered it
closes the database and goes on to write the pages that show it. It ends with the run.

Here: starting the process, and what passes between the two. Not here: the checks, carrying them out, and the pages.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TextIO

from pydantic import TypeAdapter

from assets.paths import PROJECT_ROOT
from assets.quality.checks import Check, CheckBroken, Result

_CHECKS = TypeAdapter(list[Check])


class Auditor:
    """A process that carries out one audit. It waits on its standard input, and ends when that is closed."""

    def __enter__(self) -> Auditor:
        self._told = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "assets.quality.auditor"],
            cwd=PROJECT_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._told,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._told):
            if stream is not None:
                stream.close()

    @property
    def has_begun(self) -> bool:
        assert self._process.stdin is not None
        return self._process.stdin.closed

    def begin(self, database: Path, checks: Sequence[Check], pages: Path) -> None:
        """Begin with the checks on a DuckDB file that nobody holds open for writing; `pages` is where to show them."""
        assert self._process.stdin is not None
        self._checks = _by_table(checks)
        asked = _CHECKS.dump_python(self._checks, mode="json")
        request = {"database": str(database), "checks": asked, "pages": str(pages)}
        with contextlib.suppress(BrokenPipeError):  # it ended by a fault of its own, which is told with its results
            self._process.stdin.write(json.dumps(request))
            self._process.stdin.close()

    def results(self) -> list[Result]:
        """How the checks came out, once all have. Raises CheckBroken where one of them could not be carried out."""
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        if not answer:
            self._process.wait()
            raise CheckBroken(self._read_told())
        return [Result(check, *found) for check, found in zip(self._checks, json.loads(answer), strict=True)]

    def finish(self) -> None:
        """Wait until the pages of an audit stand; at once where there was none. Raises CheckBroken where they fail."""
        if not self.has_begun:
            return
        if self._process.wait() != 0:
            raise CheckBroken(self._read_told())

    def _read_told(self) -> str:
        self._told.seek(0)
        return self._told.read().strip()


def _by_table(checks: Sequence[Check]) -> list[Check]:
    """The checks in the order in which they are carried out: together for each table."""
    tables = list(dict.fromkeys(check.table for check in checks))
    return sorted(checks, key=lambda check: tables.index(check.table))


def _answer(answered: TextIO) -> None:
    """One audit: a line of results into `answered`; the pages follow."""
    from assets.quality.data_docs import write_pages
    from assets.quality.expectations import run_checks

    request = json.loads(sys.stdin.read() or "{}")
    if not request:
        return
    audit = run_checks(Path(request["database"]), _CHECKS.validate_python(request["checks"]))
    found = [(result.rows_checked, result.rows_failing, result.sample) for result in audit.results]
    answered.write(f"{json.dumps(found)}\n")
    answered.flush()
    pages = Path(request["pages"])
    shutil.rmtree(pages, ignore_errors=True)
    write_pages(audit.validations, pages)


if __name__ == "__main__":
    # What libraries print goes where faults are told: standard output says one thing, the results.
    answered = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _answer(answered)
