"""What intake and scoring must come to: rows accepted, lines rejected, scores; and in what two answers differ.

Here: writing, reading and comparing them, with the standard library alone, since every peer writes one. Not here: how
anybody comes to an answer.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Answers:
    """By dataset, rows accepted and rejected lines as `file:line`; scores by city, by `city indicator` and the like."""

    accepted: Mapping[str, int]
    rejected: Mapping[str, list[str]]
    attainments: Mapping[str, float]
    dimensions: Mapping[str, float]
    indices: Mapping[str, float]

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> Answers:
        return cls(**json.loads(file.read_text(encoding="utf-8")))


def differences(own: Answers, other: Answers) -> list[str]:
    """In what `other` differs, one sentence each; empty where both say the same."""
    return [*_of_intake(own, other), *_of_scores(own, other)]


def _of_intake(own: Answers, other: Answers) -> Iterator[str]:
    for dataset, rows in own.accepted.items():
        if other.accepted.get(dataset) != rows:
            yield f"{dataset}: {other.accepted.get(dataset)} rows accepted, not {rows}"
    for dataset, lines in own.rejected.items():
        if odd := set(lines) ^ set(other.rejected.get(dataset, ())):
            yield f"{dataset}: {len(odd)} lines are rejected by one alone, such as {min(odd)}"


def _of_scores(own: Answers, other: Answers) -> Iterator[str]:
    for kind in ("attainments", "dimensions", "indices"):
        left, right = getattr(own, kind), getattr(other, kind)
        if odd := left.keys() ^ right.keys():
            yield f"{kind}: {len(odd)} are scored by one alone, such as {min(odd)}"
        apart = [name for name in left.keys() & right.keys() if not _same(left[name], right[name])]
        if apart:
            name = min(apart)
            yield f"{kind}: {len(apart)} differ, such as {name}: {right[name]!r}, not {left[name]!r}"


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
