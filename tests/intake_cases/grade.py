"""Grades of the case files: what `gancheng check` makes of a file against what a person reads in it.

Here: the expectation beside each file, the grade of an outcome, and a table of all cases (`python -m
tests.intake_cases.grade [--case NAME] [--lang zh]`). Not here: which grades the project holds (test_cases).

`outcomes` of a case lists what may become of it: `read`, `noted` (read, with a note that names the matter), `row`
(rejected rows) and `file` (refused as a whole). `values` and `also` are readings [city_code, year, column, value]: the
former must be taken where the file is read, the latter may be. A figure of one of their columns that is in neither, and
any accepted row of a case that may not be read, is wrong. `rows` is the number of rows with data.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from assets.core.i18n import Language
from assets.core.settings import Limits
from assets.intake.dry_run import DryRun, DryRunResult
from assets.warehouse.connection import connect_in_memory
from tests.builders.inbox import READER, Shipped

CASES = Path(__file__).with_name("cases")
Grade = Literal["right", "refused", "wrong", "lost", "crash"]
Outcome = Literal["read", "noted", "row", "file"]
# Texts of the sheet that every file may have; they say nothing of how it was read.
_PLAIN_NOTES = ("title", "footnote")


@dataclass(frozen=True)
class Case:
    """A file with what a person reads in it."""

    name: str
    file: Path
    dataset: str
    about: str
    outcomes: tuple[Outcome, ...]
    rows: int
    values: frozenset[tuple[Any, ...]]
    also: frozenset[tuple[Any, ...]]

    @property
    def columns(self) -> set[str]:
        """The columns whose figures are judged."""
        return {column for _, _, column, _ in self.values | self.also}

    @property
    def may_be_read(self) -> bool:
        """Whether a row of the file may be accepted."""
        return bool({"read", "noted"} & set(self.outcomes))


@dataclass(frozen=True)
class Graded:
    """The grade of a case, whether its expectation allows what became of the file, and why the grade was given."""

    case: Case
    grade: Grade
    is_allowed: bool
    why: str
    result: DryRunResult | None


def read_cases(name: str | None = None) -> Iterator[Case]:
    """Yield the cases, or the one of a name."""
    for folder in sorted(path for path in CASES.iterdir() if name in (None, path.name)):
        text = json.loads((folder / "expected.json").read_text("utf-8"))
        yield Case(
            name=folder.name,
            file=folder / text["file"],
            dataset=text["dataset"],
            about=text["about"],
            outcomes=tuple(text["outcomes"]),
            rows=text["rows"],
            values=frozenset(map(_reading, text["values"])),
            also=frozenset(map(_reading, text.get("also", ()))),
        )


def grade_case(case: Case, shipped: Shipped) -> Graded:
    """Check the file of a case and grade the outcome."""
    try:
        dry_run = DryRun(
            shipped.contracts, shipped.connection, Limits(), Path("lake"), {}, with_rows=True, read_workbook=READER
        )
        result = dry_run.check(case.file, case.dataset)
    except Exception as error:  # every error that leaves the check is a crash
        return Graded(case, "crash", False, f"{type(error).__name__}: {error}"[:200], None)
    grade, is_allowed, why = _grade(case, result)
    return Graded(case, grade, is_allowed, why, result)


def _grade(case: Case, result: DryRunResult) -> tuple[Grade, bool, str]:
    codes = ", ".join(sorted({error.code for error in result.errors}))
    if result.status == "refused":
        grade: Grade = "lost" if "row_account_mismatch" in codes else "refused"
        return grade, "file" in case.outcomes, codes
    rows = result.rows or ()
    if rows and not case.may_be_read:
        return "wrong", False, f"{len(rows)} rows accepted"
    taken = {_reading((row["city_code"], row["year"], name, row[name])) for row in rows for name in case.columns}
    missing = case.values - taken
    # A city without a figure that a person reads there is missing, not wrong.
    if foreign := {reading for reading in taken - case.values - case.also if reading[3] is not None or not missing}:
        return "wrong", False, _shown(foreign)
    accounted = result.rows_read + result.rows_set_aside
    if accounted < case.rows:
        return "lost", False, f"{accounted} of {case.rows} rows"
    if missing and not result.rows_rejected:
        return "lost", False, _shown(missing)
    if not missing and "read" not in case.outcomes and rows and all(note.kind in _PLAIN_NOTES for note in result.notes):
        return "wrong", False, "read without a note"
    has_figure = bool(case.values) or any(reading[3] is not None for reading in case.also)
    is_unread = case.may_be_read and has_figure and (bool(missing) or not rows)
    if is_unread or (result.rows_rejected and "row" not in case.outcomes):
        return "refused", "row" in case.outcomes, codes
    return "right", True, codes


def _reading(reading: Any) -> tuple[Any, ...]:
    """A reading in the form in which two are compared: a number to 12 digits, a date as text."""
    city, year, column, value = reading
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    text = f"{float(value):.12g}" if is_number else None if value is None else str(value)
    return city, None if year is None else int(year), column, text


def _shown(readings: set[tuple[Any, ...]] | frozenset[tuple[Any, ...]]) -> str:
    first = sorted(readings, key=str)[:2]
    return f"{len(readings)}: " + "; ".join(" ".join(map(str, reading)) for reading in first)


def main() -> None:
    """Print the grade of each case, and the messages of the one that is named."""
    parser = argparse.ArgumentParser(description="Grade the intake cases.")
    parser.add_argument("--case")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh")
    parser.add_argument("--messages", action="store_true", help="print the messages of every case")
    arguments = parser.parse_args()
    with connect_in_memory() as connection:
        shipped = Shipped(connection)
        graded = [grade_case(case, shipped) for case in read_cases(arguments.case)]
    for entry in graded:
        mark = "" if entry.is_allowed else "!"
        _write(f"{entry.grade + mark:9} {entry.case.name:34} {entry.why[:110]}")
        if arguments.case or arguments.messages:
            _write_messages(entry, arguments.lang)
    _write(f"{dict(Counter(entry.grade for entry in graded))} not allowed: {sum(not e.is_allowed for e in graded)}")


def _write_messages(entry: Graded, language: Language) -> None:
    _write(f"    {entry.case.about}; {' or '.join(entry.case.outcomes)}")
    for error in entry.result.errors if entry.result else ():
        _write(f"    {error.where(language)}: {error.reason(language)}\n      → {error.remedy(language)}")


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main()
