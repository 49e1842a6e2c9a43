"""How a whole run grows with its rows, and what that means beyond what was measured.

`python -m benchmarks.scaling --rows 300000 1000000 3000000 10000000` runs synthetic provinces of these sizes and fits

    cost(n) = fixed + each * n

by least squares of the relative error, to seconds, processor seconds and bytes on the disk each. It prints the measured
points with their peak memory, which a limit bounds, the fits, and the costs up to 10 billion rows. The error of a
fit is the largest of a point when the line is drawn through the others alone; fewer than three points are not fitted.
Beyond the largest point all is simulated, and called so. Not here: other programs (benchmarks.suite).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.measure import machine, measure
from benchmarks.suite import province_of
from benchmarks.synthetic import write_province

_GB = 1e9
SIMULATED = (10**7, 10**8, 10**9, 10**10)
# A line has two parameters, and one point is left out to try it.
FEWEST = 3
FITTED = ("seconds", "processor seconds", "disk, GB")


@dataclass(frozen=True, slots=True)
class Point:
    """One run: its rows, in the order of FITTED what it cost, and its largest process in GB."""

    rows: int
    costs: tuple[float, ...]
    peak: float


@dataclass(frozen=True, slots=True)
class Line:
    """`fixed` and the cost of a row; `error` is the largest relative error of a point that was left out."""

    fixed: float
    each: float
    error: float

    def at(self, rows: int) -> float:
        return self.fixed + self.each * rows


def run_once(rows: int, folder: Path) -> Point:
    """A whole run on a province of so many rows; the disk is what lies beside the inbox afterwards."""
    province = province_of(rows)
    write_province(folder, province)
    command = [str(Path(sys.executable).parent / "gancheng"), "run"]
    cost = measure(command, {"GANCHENG_DATA_DIR": str(folder)})
    disk = sum(_bytes(below) for below in folder.iterdir() if below.name != "inbox")
    return Point(province.rows, (cost.seconds, cost.processor, disk / _GB), cost.peak_bytes / _GB)


def _bytes(folder: Path) -> int:
    found = (Path(at, name) for at, _, names in os.walk(folder) for name in names)
    return sum(file.lstat().st_size for file in found)


def fit(rows: Sequence[int], costs: Sequence[float]) -> Line:
    """The line through points, each counting by its relative error; needs three points or more."""
    fixed, each = _fitted(rows, costs)
    errors = []
    for left_out in range(len(rows)):
        others = [place for place in range(len(rows)) if place != left_out]
        a, b = _fitted([rows[place] for place in others], [costs[place] for place in others])
        errors.append(abs((a + b * rows[left_out]) / costs[left_out] - 1))
    return Line(fixed, each, max(errors))


def _fitted(rows: Sequence[int], costs: Sequence[float]) -> tuple[float, float]:
    weights = 1 / np.asarray(costs)
    matrix = np.column_stack([weights, weights * np.asarray(rows)])
    (fixed, each), *_ = np.linalg.lstsq(matrix, np.ones(len(rows)), rcond=None)
    return float(fixed), float(each)


def told(points: Sequence[Point]) -> str:
    """Measured points, fits and simulated costs as Markdown."""
    rows = [point.rows for point in points]
    fits = [fit(rows, [point.costs[place] for point in points]) for place in range(len(FITTED))]
    lines = [machine(), "", f"| rows | {' | '.join(FITTED)} | peak memory, GB |", f"|---:|{'---:|' * len(FITTED)}---:|"]
    lines += [_measured(point) for point in points]
    lines += [f"| fixed | {' | '.join(f'{one.fixed:,.2f}' for one in fits)} | |"]
    lines += [f"| each million | {' | '.join(f'{one.each * 1e6:,.3f}' for one in fits)} | |"]
    lines += [f"| error of the fit | {' | '.join(f'{one.error:.0%}' for one in fits)} | |"]
    largest = max(rows)
    for count in SIMULATED:
        name = f"{count:,}" + (" (simulated)" if count > 1.1 * largest else "")
        lines.append(_line(name, [one.at(count) for one in fits], ""))
    return "\n".join(lines)


def _measured(point: Point) -> str:
    return _line(f"{point.rows:,}", point.costs, f"{point.peak:.2f}")


def _line(name: str, costs: Sequence[float], peak: str) -> str:
    return f"| {name} | {' | '.join(f'{cost:,.1f}' for cost in costs)} | {peak} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[300_000, 1_000_000, 3_000_000, 10_000_000])
    parser.add_argument("--folder", type=Path, help="where the synthetic provinces go; default: a temporary folder")
    said = parser.parse_args()
    points = []
    for rows in said.rows:
        with tempfile.TemporaryDirectory(dir=said.folder) as folder:
            points.append(run_once(rows, Path(folder)))
        print(_measured(points[-1]), flush=True)  # noqa: T201
    if len(points) >= FEWEST:
        print(told(points))  # noqa: T201


if __name__ == "__main__":
    main()
