"""Corrections as data: known errors of a source, each with the figure that it expects to find in the source.

Here: reading `data/corrections/*.yml`, checking the entries against the registry and against what the datasets report,
and the table that they become. Not here: applying them (sql/observations/corrected_observations.sql).

A file is a list of entries (docs/corrections.md):

    - id: example-2020
      dataset: city_statistics
      indicator_id: city_statistics.gdp_100m_yuan
      city: "360100"
      year: 2020
      scope: 全市
      expects: {value: 57833.2, source_id: nanchang_statistics_2023}
      action: scale              # drop, replace (with value), scale (with factor), flag
      factor: 0.1
      reason_zh: 原件单位为千万元
      reason_en: The original is in units of ten million yuan
      by: 省数据处
      date: 2026-11-23
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from assets.core.errors import DataError, Issue
from assets.core.strict_model import StrictModel
from assets.core.text import format_number
from assets.core.yaml_files import FILE_ERRORS, describe_errors, find_key_line, read_yaml_list
from assets.warehouse.connection import Connection
from assets.warehouse.tables import Table

CorrectedNumber = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Code = Annotated[str, Field(min_length=1, coerce_numbers_to_str=True)]
Sentence = Annotated[str, Field(min_length=1)]

# The keys whose values must be registered, and the columns that register them.
_REGISTERED = {
    "dataset": "reference.indicators.dataset",
    "indicator_id": "reference.indicators.indicator_id",
    "city": "reference.cities.city_code",
    "expects.source_id": "reference.sources.source_id",
    "source_id": "reference.sources.source_id",
}
# Two corrections that both change one reported figure.
_DUPLICATES = """
    select distinct own.correction_id, others.correction_id as other_id
    from observations.correction_matches as own
    inner join observations.correction_matches as others
        on own.indicator_id = others.indicator_id and own.city_code = others.city_code and own.year = others.year
            and own.scope = others.scope and own.file_sha256 = others.file_sha256
            and own.sheet is not distinct from others.sheet and own.line = others.line
    where own.correction_id <> others.correction_id and own.has_expected_value and others.has_expected_value
    order by all
"""


class ExpectedObservation(StrictModel):
    """The figure as it was sent; source, file, sheet and line select it where the value alone does not."""

    value: CorrectedNumber
    source_id: str | None = None
    file_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", coerce_numbers_to_str=True)] | None = None
    sheet: str | None = None
    line: Annotated[int, Field(strict=True, ge=1)] | None = None

    @model_validator(mode="after")
    def _check_line(self) -> ExpectedObservation:
        if (self.line is None) != (self.file_sha256 is None) or (self.sheet is not None and self.line is None):
            raise ValueError("file_sha256 and line name one row together; sheet goes with them")
        return self


class Correction(StrictModel):
    """One entry: the figure, its expected value, the action, and why, by whom and when it was decided."""

    id: str = Field(pattern="^[a-z0-9][a-z0-9_-]*$")
    dataset: str
    indicator_id: str
    city: Code
    year: Annotated[int, Field(strict=True, ge=1900, le=2100)]
    scope: str
    expects: ExpectedObservation
    action: Literal["drop", "replace", "scale", "flag"]
    value: CorrectedNumber | None = None
    factor: CorrectedNumber | None = None
    source_id: str | None = None
    source_grade: Literal["A", "B", "C"] | None = None
    reason_zh: Sentence
    reason_en: Sentence
    by: Sentence
    date: datetime.date

    @model_validator(mode="after")
    def _check_action(self) -> Correction:
        if (self.value is not None) != (self.action == "replace"):
            raise ValueError("replace needs a value, and no other action takes one")
        if (self.factor is not None) != (self.action == "scale") or self.factor == 0:
            raise ValueError("scale needs a factor that is not 0, and no other action takes one")
        if (self.source_id is None) != (self.source_grade is None):
            raise ValueError("source_id and source_grade go together")
        if self.source_id is not None and self.action != "replace":
            raise ValueError("only a replaced value has a source of its own")
        return self


@dataclass(frozen=True, slots=True)
class CorrectionEntry:
    """A correction with the file and the line on which it begins."""

    correction: Correction
    file: str
    line: int

    def issue(self, code: str, actual: str, expected: str, column: str) -> Issue:
        return Issue(code, actual, expected, self.file, self.line, column)


def read_corrections(folder: Path) -> list[CorrectionEntry]:
    """Return all entries of all files.

    Raises:
        DataError: an entry cannot be read, or two have one id; with the file and line of each.
    """
    entries: list[CorrectionEntry] = []
    issues: list[Issue] = []
    for file in sorted(folder.glob("*.yml")):
        file_entries, file_issues = _read_file(file)
        entries += file_entries
        issues += file_issues
    first_entries: dict[str, CorrectionEntry] = {}
    for entry in entries:
        first = first_entries.setdefault(entry.correction.id, entry)
        if first is not entry:
            issues.append(entry.issue("duplicate_key", entry.correction.id, f"id ({first.file}:{first.line})", "id"))
    if issues:
        raise DataError(issues)
    return entries


def _read_file(file: Path) -> tuple[list[CorrectionEntry], list[Issue]]:
    name = f"corrections/{file.name}"
    entries, issues = [], []
    try:
        for node, content in read_yaml_list(file):
            try:
                correction = Correction.model_validate(content)
                entries.append(CorrectionEntry(correction, name, node.start_mark.line + 1))
            except ValidationError as error:
                for details in error.errors():
                    keys = [str(key) for key in details["loc"]]
                    column = ".".join(keys) or None
                    issues.append(_invalid(name, find_key_line(node, keys), details["msg"], column))
    except FILE_ERRORS as error:
        issues += [_invalid(name, line, problem) for problem, line, _ in describe_errors(error)]
    return entries, issues


def _invalid(file: str, line: int | None, problem: str, column: str | None = None) -> Issue:
    return Issue("invalid_correction", problem, "docs/corrections.md", file, line, column)


def write_entries(connection: Connection, table: Table, entries: Sequence[CorrectionEntry]) -> None:
    """Write the entries as the table `observations.correction_rules`."""
    rows = [_row(entry) for entry in entries]
    table.load_columns(connection, {name: [row[name] for row in rows] for name in table.columns})


def _row(entry: CorrectionEntry) -> dict[str, object]:
    correction, expected = entry.correction, entry.correction.expects
    return {
        **expected.model_dump(include={"file_sha256", "sheet", "line"}),
        **correction.model_dump(exclude={"expects"}),
        "correction_id": correction.id,
        "entry_file": entry.file,
        "entry_line": entry.line,
        "city_code": correction.city,
        "value_expected": expected.value,
        "source_expected": expected.source_id,
        "decided_by": correction.by,
        "decided_date": correction.date,
    }


def check_registered(connection: Connection, entries: Sequence[CorrectionEntry]) -> list[Issue]:
    """Return an issue for every dataset, indicator, city or source of an entry that is not registered."""
    known = {place: _read_values(connection, place) for place in set(_REGISTERED.values())}
    datasets = dict(connection.execute("select indicator_id, dataset from reference.indicators").fetchall())
    issues = []
    for entry in entries:
        correction = entry.correction
        values = correction.model_dump() | {"expects.source_id": correction.expects.source_id}
        for name, place in _REGISTERED.items():
            if values[name] is not None and values[name] not in known[place]:
                table, column = place.split(".")[1:]
                issues.append(entry.issue("unknown_foreign_key", values[name], f"{table}.csv {column}", name))
        dataset = datasets.get(correction.indicator_id, correction.dataset)
        if dataset != correction.dataset and correction.dataset in known[_REGISTERED["dataset"]]:
            expected = f"{correction.indicator_id} → {dataset}"
            issues.append(entry.issue("unknown_foreign_key", correction.dataset, expected, "dataset"))
    return issues


def _read_values(connection: Connection, place: str) -> set[str]:
    table, column = place.rsplit(".", 1)
    return {row[0] for row in connection.execute(f"select distinct {column} from {table}").fetchall()}


def check_sources(connection: Connection) -> Iterator[Issue]:
    """Yield an issue for every entry whose figure is missing, has another value now, or has two corrections."""
    matches: dict[str, list[tuple[float, bool, bool]]] = defaultdict(list)
    for name, *match in connection.execute(
        """
        select correction_id, value, has_expected_value, is_newer_than_correction
        from observations.correction_matches order by all
        """
    ).fetchall():
        matches[name].append(tuple(match))
    duplicates: dict[str, list[str]] = defaultdict(list)
    for name, duplicate in connection.execute(_DUPLICATES).fetchall():
        duplicates[name].append(duplicate)
    for name, file, line, figure, value in connection.execute(
        """
        select correction_id, entry_file, entry_line, concat_ws(' ', city_code, indicator_id, year, scope),
            value_expected
        from observations.correction_rules order by entry_file, entry_line
        """
    ).fetchall():
        about, expected, values = f"{name}: {figure}", format_number(value), matches[name]
        newer = [reported for reported, _, is_newer in values if is_newer]
        if not values:
            yield Issue("correction_without_match", about, expected, file, line)
        elif newer or not any(has_expected_value for _, has_expected_value, _ in values):
            reported = dict.fromkeys(map(format_number, newer or [reported for reported, _, _ in values]))
            yield Issue("outdated_correction", f"{about} = {', '.join(reported)}", expected, file, line)
        elif name in duplicates:
            yield Issue("duplicate_correction", about, ", ".join(duplicates[name]), file, line)
