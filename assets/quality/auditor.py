"""The auditor: Great Expectations in a process of its own.

Its import takes five seconds, a quarter of a run on the shipped figures. Started with the run, the process has done it
when the tables stand; and it ends with the run, with all that it holds of the database.

Here: starting the process, and what passes between the two. Not here: the checks, and carrying them out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from pydantic import TypeAdapter

from assets.paths import PROJECT_ROOT
from assets.quality.checks import Check, CheckBroken, Result

_CHECKS = TypeAdapter(list[Check])


class Auditor:
    """A process that carries out one audit. It waits on its standard input, and ends when that is closed."""

    def __enter__(self) -> Auditor:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "assets.quality.auditor"],
            cwd=PROJECT_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def audit(self, database: Path, checks: Sequence[Check]) -> list[Result]:
        """Carry out the checks on a DuckDB file that nobody holds open for writing.

        Raises CheckBroken where one of them could not be carried out.
        """
        with tempfile.TemporaryDirectory() as folder:
            answer = Path(folder) / "answer.json"
            asked = _CHECKS.dump_python(list(checks), mode="json")
            request = {"database": str(database), "answer": str(answer), "checks": asked}
            _, told = self._process.communicate(json.dumps(request))
            if self._process.returncode != 0 or not answer.is_file():
                raise CheckBroken(told.strip())
            found = json.loads(answer.read_text(encoding="utf-8"))
        return [Result(check, *outcome) for check, outcome in zip(_by_table(checks), found, strict=True)]


def _by_table(checks: Sequence[Check]) -> list[Check]:
    """The checks in the order in which they are carried out: together for each table."""
    tables = list(dict.fromkeys(check.table for check in checks))
    return sorted(checks, key=lambda check: tables.index(check.table))


def _answer() -> None:
    from assets.quality.expectations import run_checks

    request = json.loads(sys.stdin.read() or "{}")
    if request:
        checks = _CHECKS.validate_python(request["checks"])
        results = run_checks(Path(request["database"]), _by_table(checks))
        found = [(result.rows_checked, result.rows_failing, result.sample) for result in results]
        Path(request["answer"]).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    _answer()
