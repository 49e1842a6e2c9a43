"""Approvals: decisions of people to accept flagged values, as data.

Here: reading `data/approvals/*.yml`, writing a decision, and the id of a flag. The id contains the value, so an
approval ends when the value changes. Not here: flags (assets.quality.anomalies.flags), selecting flags and the name of
the approver (pipelines.cli.commands.approve).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AwareDatetime, BeforeValidator, Field
from pydantic_core import to_jsonable_python

from assets.core.errors import DataError, Issue
from assets.core.files import write_atomically
from assets.core.sealed import digest
from assets.core.strict_model import StrictModel
from assets.core.text import format_number
from assets.core.yaml_files import FILE_ERRORS, describe_errors, read_yaml
from assets.warehouse.connection import Connection
from assets.warehouse.tables import Table

Sentence = Annotated[str, Field(min_length=1)]
Code = Annotated[str, Field(min_length=1, coerce_numbers_to_str=True)]

_LENGTH = 10
# Names of detectors in approvals that were written before November 2026.
_RENAMED_DETECTORS = {
    "copy": "duplicate_value",
    "flip": "definition_flip",
    "invented": "sequential_digits",
    "jump": "level_shift",
    "magnitude": "magnitude_outlier",
    "parts": "ratio_mismatch",
    "repeat": "repeated_value",
    "row_shift": "misplaced_block",
    "shifted_block": "misplaced_block",
    "total": "sum_mismatch",
    "zero": "impossible_zero",
}


class ApprovedFlag(StrictModel):
    """A flagged value of a city, or of the province above the cities."""

    detector: Annotated[str, BeforeValidator(lambda name: _RENAMED_DETECTORS.get(name, name))]
    indicator_id: str
    city_code: Code | None = None
    province_code: Code | None = None
    year: Annotated[int, Field(strict=True)]
    scope: str
    value: Annotated[float, Field(strict=True, allow_inf_nan=False)]

    @property
    def flag_id(self) -> str:
        """Return the id of the flag."""
        return compute_flag_id(self.model_dump())


class Decision(StrictModel):
    """A decision: the accepted flags, who accepted them, when and why; `checksum` where the program wrote it."""

    by: Sentence
    at: AwareDatetime
    reason: Sentence
    flags: Annotated[tuple[ApprovedFlag, ...], Field(min_length=1)]
    checksum: str | None = None


def compute_flag_id(flag: Mapping[str, Any]) -> str:
    """Return the id of a flag: a hash of detector, observation and value, whichever file the value came from."""
    keys = ("detector", "indicator_id", "city_code", "province_code", "year", "scope")
    parts = [*(str(flag[key] or "") for key in keys), format_number(flag["value"])]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:_LENGTH]


def compute_checksum(content: Mapping[str, Any]) -> str:
    """Return the checksum of everything else in the file of a decision.

    The content of the file counts and not the model: names of detectors and fields may change, the file does not.
    """
    return digest({name: to_jsonable_python(value) for name, value in content.items() if name != "checksum"})


def read_decisions(folder: Path) -> list[tuple[str, Decision]]:
    """Return every decision with its file, the earliest first. Raises DataError for files that cannot be read."""
    decisions, issues = [], []
    for file in sorted(folder.glob("*.yml")):
        name = f"approvals/{file.name}"
        try:
            content = read_yaml(file)
            decision = Decision.model_validate(content)
            decisions.append((name, decision))
            if decision.checksum not in (None, compute_checksum(content)):
                issues.append(Issue("approval_changed", file=name))
        except FILE_ERRORS as error:
            issues += [
                Issue("invalid_approval", problem, "docs/operations.md", name, line, key)
                for problem, line, key in describe_errors(error)
            ]
    if issues:
        raise DataError(issues)
    return sorted(decisions, key=lambda item: (item[1].at, item[0]))


def write_approvals(connection: Connection, table: Table, decisions: Iterable[tuple[str, Decision]]) -> None:
    """Rebuild the table of approvals; of several approvals of one flag the earliest counts."""
    rows: dict[str, dict[str, object]] = {}
    for file, decision in decisions:
        for flag in decision.flags:
            row = flag.model_dump() | {
                "flag_id": flag.flag_id,
                "approval_file": file,
                "approved_by": decision.by,
                "approved_reason": decision.reason,
                "approved_at": decision.at.astimezone(UTC).replace(tzinfo=None),
            }
            rows.setdefault(flag.flag_id, row)
    table.load_columns(connection, {name: [row[name] for row in rows.values()] for name in table.columns})


def write_decision(folder: Path, flags: Sequence[ApprovedFlag], by: str, reason: str, at: datetime) -> Path:
    """Write a decision atomically as a new file, which the next run reads; return the file."""
    decision = Decision(by=by, at=at, reason=reason, flags=tuple(flags))
    name = hashlib.sha256("".join(flag.flag_id for flag in flags).encode()).hexdigest()[:6]
    target = folder / f"{at:%Y%m%dT%H%M%SZ}-{name}.yml"
    content = decision.model_dump(mode="json", exclude_none=True)
    content["checksum"] = compute_checksum(content)
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=110)
    write_atomically(target, text, is_durable=True)
    return target
