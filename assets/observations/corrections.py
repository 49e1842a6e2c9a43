"""Corrections as data: known errors of a source, each with the figure that it expects to find there.

Here: reading `data/corrections/*.yml`, checking the entries against the registry and against what the datasets report,
and the table that they become. Not here: applying them (sql/observations/corrected.sql).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from assets.core.errors import DataError, Issue
from assets.core.text import format_number
from assets.warehouse.connection import Connection
from assets.warehouse.tables import Table

CorrectedNumber = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Code = Annotated[str, Field(min_length=1, coerce_numbers_to_str=True)]
Sentence = Annotated[str, Field(min_length=1)]

# What of an entry must be registered, and where.
_REGISTERED = {
    "dataset": "reference.indicators.dataset",
    "indicator_id": "reference.indicators.indicator_id",
    "city": "reference.cities.city_code",
    "expects.source_id": "reference.sources.source_id",
    "source_id": "reference.sources.source_id",
}


class ExpectedObservation(BaseModel):
    """The figure as it was sent; source, file, sheet and line narrow it down where the value alone does not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: CorrectedNumber
    source_id: str | None = None
    file_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", coerce_numbers_to_str=True)] | None = None
    sheet: str | None = None
    line: Annotated[int, Field(strict=True, ge=1)] | None = None

    @model_validator(mode="after")
    def _a_line_is_of_a_file(self) -> ExpectedObservation:
        if (self.line is None) != (self.file_sha256 is None) or (self.sheet is not None and self.line is None):
            raise ValueError("file_sha256 and line name one row together; sheet goes with them")
        return self


class Correction(BaseModel):
    """One entry: which figure, what it is expected to be, what is done with it, why, by whom and when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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
    def _the_action_has_what_it_needs(self) -> Correction:
        if (self.value is not None) != (self.action == "replace"):
            raise ValueError("replace needs a value, and nothing else takes one")
        if (self.factor is not None) != (self.action == "scale") or self.factor == 0:
            raise ValueError("scale needs a factor that is not 0, and nothing else takes one")
        if (self.source_id is None) != (self.source_grade is None):
            raise ValueError("source_id and source_grade go together")
        if self.source_id is not None and self.action != "replace":
            raise ValueError("only a replaced value has a source of its own")
        return self


@dataclass(frozen=True, slots=True)
class CorrectionEntry:
    """A correction, and where it stands."""

    correction: Correction
    file: str
    line: int

    def issue(self, code: str, found: str, expected: str, column: str) -> Issue:
        return Issue(code, found, expected, self.file, self.line, column)


def read_corrections(folder: Path) -> list[CorrectionEntry]:
    """All entries of all files, or Stopped with the file and line of every one that cannot be read."""
    entries: list[CorrectionEntry] = []
    issues: list[Issue] = []
    for file in sorted(folder.glob("*.yml")):
        read, faults = _read_file(file)
        entries += read
        issues += faults
    issues += _ids_said_twice(entries)
    if issues:
        raise DataError(issues)
    return entries


def _read_file(file: Path) -> tuple[list[CorrectionEntry], list[Issue]]:
    name = f"corrections/{file.name}"
    entries, issues = [], []
    try:
        loader = yaml.SafeLoader(file.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        if root is None:
            return [], []
        if not isinstance(root, yaml.SequenceNode):
            return [], [_unreadable(name, root.start_mark.line + 1, "the file must be a list of entries")]
        for node in root.value:
            line = node.start_mark.line + 1
            try:
                _no_key_twice(node)
                entries.append(CorrectionEntry(Correction.model_validate(loader.construct_document(node)), name, line))
            except ValidationError as error:
                issues += [_of_entry(name, node, fault["loc"], fault["msg"]) for fault in error.errors()]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        issues.append(_unreadable(name, mark.line + 1 if mark else None, str(getattr(error, "problem", error))))
    except UnicodeDecodeError as error:
        issues.append(_unreadable(name, None, str(error)))
    return entries, issues


def _no_key_twice(node: yaml.Node) -> None:
    """YAML lets the second of two keys win without a word; here both are shown to the one who wrote them."""
    if not isinstance(node, yaml.MappingNode):
        return
    seen = set()
    for key, value in node.value:
        if key.value in seen:
            raise yaml.MarkedYAMLError(problem=f"said twice: {key.value}", problem_mark=key.start_mark)
        seen.add(key.value)
        _no_key_twice(value)


def _of_entry(name: str, node: yaml.Node, place: Sequence[int | str], told: str) -> Issue:
    """A fault of one key, on the line of that key, or of the entry where the key is not there."""
    line = node.start_mark.line + 1
    for part in place:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        found = next(((key, value) for key, value in pairs if key.value == part), None)
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return _unreadable(name, line, told, ".".join(str(part) for part in place) or None)


def _unreadable(file: str, line: int | None, told: str, column: str | None = None) -> Issue:
    return Issue("correction_unreadable", told, "docs/corrections.md", file, line, column)


def _ids_said_twice(entries: Sequence[CorrectionEntry]) -> Iterator[Issue]:
    first: dict[str, CorrectionEntry] = {}
    for entry in entries:
        other = first.setdefault(entry.correction.id, entry)
        if other is not entry:
            yield entry.issue("key_doubled", entry.correction.id, f"id ({other.file}:{other.line})", "id")


def write_entries(connection: Connection, table: Table, entries: Sequence[CorrectionEntry]) -> None:
    """Write the entries as a table, of that contract."""
    rows = [_row(entry) for entry in entries]
    table.load_columns(connection, {name: [row[name] for row in rows] for name in table.columns})


def _row(entry: CorrectionEntry) -> Mapping[str, object]:
    correction, expected = entry.correction, entry.correction.expects
    return {
        "correction_id": correction.id,
        "entry_file": entry.file,
        "entry_line": entry.line,
        "dataset": correction.dataset,
        "indicator_id": correction.indicator_id,
        "city_code": correction.city,
        "year": correction.year,
        "scope": correction.scope,
        "value_expected": expected.value,
        "source_expected": expected.source_id,
        "file_sha256": expected.file_sha256,
        "sheet": expected.sheet,
        "line": expected.line,
        "action": correction.action,
        "value": correction.value,
        "factor": correction.factor,
        "source_id": correction.source_id,
        "source_grade": correction.source_grade,
        "reason_zh": correction.reason_zh,
        "reason_en": correction.reason_en,
        "decided_by": correction.by,
        "decided_date": correction.date,
    }


def check_registered(connection: Connection, entries: Sequence[CorrectionEntry]) -> list[Issue]:
    """Entries that name a dataset, an indicator, a city or a source that nobody registered."""
    known = {place: _values(connection, place) for place in set(_REGISTERED.values())}
    datasets = dict(connection.execute("select indicator_id, dataset from reference.indicators").fetchall())
    issues = []
    for entry in entries:
        correction = entry.correction
        said = correction.model_dump() | {"expects.source_id": correction.expects.source_id}
        for name, place in _REGISTERED.items():
            if said[name] is not None and said[name] not in known[place]:
                table, column = place.split(".")[1:]
                issues.append(entry.issue("foreign_key", said[name], f"{table}.csv {column}", name))
        dataset = datasets.get(correction.indicator_id, correction.dataset)
        if dataset != correction.dataset and correction.dataset in known[_REGISTERED["dataset"]]:
            expected = f"{correction.indicator_id} → {dataset}"
            issues.append(entry.issue("foreign_key", correction.dataset, expected, "dataset"))
    return issues


def _values(connection: Connection, place: str) -> set[str]:
    table, column = place.rsplit(".", 1)
    return {row[0] for row in connection.execute(f"select distinct {column} from {table}").fetchall()}


def check_sources(connection: Connection) -> list[Issue]:
    """Entries under which the source has changed: the figure is gone, or another one now, or has two corrections."""
    entries = connection.execute(
        """
        select correction_id, entry_file, entry_line, city_code, indicator_id, year, scope, value_expected
        from observations.correction_entries order by entry_file, entry_line
        """
    ).fetchall()
    return [issue for entry in entries for issue in _changes(connection, *entry)]


def _changes(
    connection: Connection,
    name: str,
    file: str,
    line: int,
    city: str,
    indicator: str,
    year: int,
    scope: str,
    value: float,
) -> Iterator[Issue]:
    """What is wrong between an entry and the figures that it is about, told once."""
    about, expected = f"{name}: {city} {indicator} {year} {scope}", format_number(value)
    matches = connection.execute(
        """
        select value, is_expected, is_overtaking from observations.correction_matches
        where correction_id = ? order by all
        """,
        [name],
    ).fetchall()
    overtaking = [found for found, _, is_overtaking in matches if is_overtaking]
    if not matches:
        yield Issue("correction_missing", about, expected, file, line)
    elif overtaking or not any(is_expected for _, is_expected, _ in matches):
        said = dict.fromkeys(format_number(found) for found in overtaking or [found for found, _, _ in matches])
        yield Issue("correction_changed", f"{about} = {', '.join(said)}", expected, file, line)
    elif others := _others(connection, name):
        yield Issue("correction_doubled", about, ", ".join(others), file, line)


def _others(connection: Connection, name: str) -> list[str]:
    """The other entries that would correct a figure of this one."""
    rows = connection.execute(
        """
        select distinct others.correction_id
        from observations.correction_matches as own
        inner join observations.correction_matches as others
            on own.indicator_id = others.indicator_id and own.city_code = others.city_code and own.year = others.year
                and own.scope = others.scope and own.file_sha256 = others.file_sha256
                and own.sheet is not distinct from others.sheet and own.line = others.line
        where own.correction_id = ? and others.correction_id <> own.correction_id
            and own.is_expected and others.is_expected
        order by all
        """,
        [name],
    ).fetchall()
    return [row[0] for row in rows]
