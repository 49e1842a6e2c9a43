"""Approvals: a person's decision to let a flagged value pass, as data.

Here: reading `data/approvals/*.yml`, writing a new decision there, and the identity of a flag: it holds the value, so
that an approval ends by itself when the value changes. Not here: what is flagged (assets.quality.anomalies.flags),
which flags a person means and who that person is (pipelines.cli.commands.approve).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from assets.core.errors import DataError, Issue
from assets.core.text import format_number
from assets.warehouse.connection import Connection
from assets.warehouse.tables import Table

Sentence = Annotated[str, Field(min_length=1)]
Code = Annotated[str, Field(min_length=1, coerce_numbers_to_str=True)]

_LENGTH = 10
# Detectors under the names that approvals written before November 2026 have.
_RENAMED_DETECTORS = {
    "copy": "duplicate_value",
    "flip": "definition_flip",
    "invented": "sequential_digits",
    "jump": "level_shift",
    "magnitude": "magnitude_outlier",
    "parts": "ratio_mismatch",
    "repeat": "repeated_value",
    "shifted_block": "row_shift",
    "total": "sum_mismatch",
    "zero": "impossible_zero",
}


class ApprovedFlag(BaseModel):
    """What was flagged, and the value that was looked at: of a city, or of the area above the cities."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    detector: Annotated[str, BeforeValidator(lambda name: _RENAMED_DETECTORS.get(name, name))]
    indicator_id: str
    city_code: Code | None = None
    province_code: Code | None = None
    year: Annotated[int, Field(strict=True)]
    scope: str
    value: Annotated[float, Field(strict=True, allow_inf_nan=False)]

    @property
    def flag_id(self) -> str:
        return compute_flag_id(self.model_dump())


class Decision(BaseModel):
    """One call of a person: which flags may pass, why, who says so and since when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Sentence
    at: AwareDatetime
    reason: Sentence
    flags: Annotated[tuple[ApprovedFlag, ...], Field(min_length=1)]


def compute_flag_id(said: Mapping[str, Any]) -> str:
    """The name of a flag: the same as long as detector, figure and value are, whatever file sent it."""
    keys = ("detector", "indicator_id", "city_code", "province_code", "year", "scope")
    parts = [*(str(said[key] or "") for key in keys), format_number(said["value"])]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:_LENGTH]


def read_decisions(folder: Path) -> list[tuple[str, Decision]]:
    """Every decision with its file, the earliest first. Raises Stopped naming each file that cannot be read."""
    read, issues = [], []
    for file in sorted(folder.glob("*.yml")):
        name = f"approvals/{file.name}"
        try:
            read.append((name, Decision.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))))
        except ValidationError as error:
            faults = ((".".join(str(part) for part in fault["loc"]), fault["msg"]) for fault in error.errors())
            issues += [_unreadable(name, told, None, column or None) for column, told in faults]
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            issues.append(_unreadable(name, str(getattr(error, "problem", error)), mark.line + 1 if mark else None))
        except UnicodeDecodeError as error:
            issues.append(_unreadable(name, str(error)))
    if issues:
        raise DataError(issues)
    return sorted(read, key=lambda one: (one[1].at, one[0]))


def _unreadable(file: str, told: str, line: int | None = None, column: str | None = None) -> Issue:
    return Issue("invalid_approval", told, "docs/operations.md", file, line, column)


def write_approvals(connection: Connection, table: Table, decisions: Iterable[tuple[str, Decision]]) -> None:
    """Write what is approved as a table of that contract; of two approvals of one flag the earlier stands."""
    rows: dict[str, dict[str, object]] = {}
    for file, decision in decisions:
        for flag in decision.flags:
            said = flag.model_dump() | {"flag_id": flag.flag_id, "approval_file": file}
            said |= {"approved_by": decision.by, "approved_reason": decision.reason}
            said["approved_at"] = decision.at.astimezone(UTC).replace(tzinfo=None)
            rows.setdefault(flag.flag_id, said)
    table.load_columns(connection, {name: [row[name] for row in rows.values()] for name in table.columns})


def write_decision(folder: Path, flags: Sequence[ApprovedFlag], by: str, reason: str, at: datetime) -> Path:
    """Write a decision as a file of its own, whole or not at all; the next run reads it."""
    decision = Decision(by=by, at=at, reason=reason, flags=tuple(flags))
    names = "".join(flag.flag_id for flag in flags)
    target = folder / f"{at:%Y%m%dT%H%M%SZ}-{hashlib.sha256(names.encode()).hexdigest()[:6]}.yml"
    folder.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}")
    with temporary.open("w", encoding="utf-8") as stream:
        content = decision.model_dump(mode="json", exclude_none=True)
        yaml.safe_dump(content, stream, allow_unicode=True, sort_keys=False, width=110)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.rename(target)
    return target
