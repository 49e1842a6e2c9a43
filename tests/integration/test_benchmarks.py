"""The benchmark suite at its smallest: it runs, all come to the same answers, and one that does not is told."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.answers import Answers, differences
from benchmarks.suite import FLOOR, SCORES, compare, province_of

PEER = "pandas_great_expectations"
ANSWERS = Answers({"a": 2}, {"a": ["f.csv:3"]}, {"u i": 1.0}, {"u d": 50.0}, {"u": 50.0})


def test_a_small_province_is_measured_and_all_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    province = replace(province_of(6_000), units=11, records=55, broken_every=50)
    rounds = compare(tmp_path, province, 1, (SCORES,), {PEER: Path(sys.executable)})
    (costs,) = [one.costs for one in rounds]
    assert list(costs) == [FLOOR, SCORES, PEER]
    assert all(cost.seconds > 0 and cost.processor > 0 and cost.peak_bytes > 10_000_000 for cost in costs.values())
    results.show(rounds, "6,160 rows")
    assert "Great Expectations" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"accepted": {"a": 3}}, "a: 3 rows accepted, not 2"),
        ({"rejected": {"a": ["f.csv:4"]}}, "a: 2 lines are rejected by one alone, such as f.csv:3"),
        ({"attainments": {"u i": 1.0 + 1e-8}}, "attainments: 1 differ, such as u i: 1.00000001, not 1.0"),
        ({"dimensions": {}}, "dimensions: 1 are scored by one alone, such as u d"),
        ({"indices": {"u": 50.0 + 1e-12}}, None),
    ],
)
def test_other_answers_are_told(other: dict[str, dict[str, float]], told: str | None) -> None:
    assert differences(ANSWERS, replace(ANSWERS, **other)) == ([told] if told else [])
