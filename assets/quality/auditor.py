"""The auditor: Great Expectations in a process of its own.

Its import takes five seconds, a quarter of a run on the shipped figures. Started with the run, the process has done it
when the tables stand. When it has answered it closes the database and goes on to write the pages that show its answer,
while the run goes on as well; and it ends with the run.

Here: what passes between the two. Not here: the process as such (assets.aside), the checks, carrying them out, and the
pages.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from pydantic import TypeAdapter

from assets.aside import Aside, Caller, ProcessBroken, answer
from assets.quality.checks import Check, CheckBroken, Result

_CHECKS = TypeAdapter(list[Check])


class Auditor:
    """A process that carries out one audit."""

    def __enter__(self) -> Auditor:
        self._process = Aside("assets.quality.auditor").__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.__exit__(kind, error, trace)

    def audit(self, database: Path, checks: Sequence[Check], pages: Path) -> list[Result]:
        """Carry out the checks on a DuckDB file that nobody holds open for writing; `pages` is where to show them.

        Raises CheckBroken where one of them could not be carried out.
        """
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "answer.json"
            asked = _CHECKS.dump_python(list(checks), mode="json")
            request = {"database": str(database), "answer": str(file), "checks": asked, "pages": str(pages)}
            self._process.ask(request)
            if not self._process.is_answered():
                self.finish()
            found = json.loads(file.read_text(encoding="utf-8"))
        return [Result(check, *outcome) for check, outcome in zip(_by_table(checks), found, strict=True)]

    def finish(self) -> None:
        """Wait until the pages of an audit stand; at once where there was none. Raises CheckBroken where they fail."""
        if not self._process.is_asked:
            return
        try:
            self._process.wait()
        except ProcessBroken as error:
            raise CheckBroken(str(error)) from error


def _by_table(checks: Sequence[Check]) -> list[Check]:
    """The checks in the order in which they are carried out: together for each table."""
    tables = list(dict.fromkeys(check.table for check in checks))
    return sorted(checks, key=lambda check: tables.index(check.table))


def _answer(caller: Caller) -> None:
    """One audit; when the answer stands, the pages follow."""
    from assets.quality.data_docs import write_pages
    from assets.quality.expectations import run_checks

    request = caller.request()
    if request is None:
        return
    audit = run_checks(Path(request["database"]), _by_table(_CHECKS.validate_python(request["checks"])))
    found = [(result.rows_checked, result.rows_failing, result.sample) for result in audit.results]
    Path(request["answer"]).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
    caller.say_answered()
    pages = Path(request["pages"])
    shutil.rmtree(pages, ignore_errors=True)
    write_pages(audit.validations, pages)


if __name__ == "__main__":
    answer(_answer)
