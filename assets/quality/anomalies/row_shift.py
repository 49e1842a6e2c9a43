"""Row shifts: years in which each city has the value of its neighbour, because a column moved by one row.

Here: which observations form a block, and whether the block fits the series of its cities better one row up or down.
Not here: outliers of single observations (assets.quality.anomalies.outliers), the severity (data/reference).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from assets.quality.anomalies.outliers import (
    Anomaly,
    Observation,
    Panel,
    Parameters,
    Series,
    group_cities,
    is_positive_amount,
    nearest_years,
)

_OFFSETS = (1, -1)
_Lines = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class _Shift:
    """A block in which the value of each city is on the line `offset` rows below its own; `ratio` is its misfit."""

    block: Series
    offset: int
    ratio: float

    @property
    def lines(self) -> tuple[_Lines, int]:
        return _lines(self.block[0]), self.offset


def detect_row_shift(panel: Panel, parameters: Parameters) -> Iterator[Anomaly]:
    """Yield the observations of blocks that fit their cities better when moved by one row.

    A block is one file's values of one indicator, scope and year, in the order of lines. The expected value of a city
    is the median of its nearest other years. The misfit of a block is the mean distance from the expected values,
    after subtracting the common change of all cities; the statistic is the misfit divided by that of the moved block.
    The block with the highest ratio is removed first, so that it is no longer the past or future of other blocks.
    Rows are shifted with all columns, so other blocks of the same lines need only exceed `sibling_threshold`.
    """
    shifts: list[_Shift] = []
    remaining: list[Series] = []
    for group in group_cities(panel.observations, lambda o: (o.indicator_id, o.scope), _lines):
        if group[0].kind == "yes_no":
            continue
        while candidates := _find_shifts(group, parameters, parameters["threshold"], parameters["minimum_share"]):
            worst = max(candidates, key=lambda shift: shift.ratio)
            shifts.append(worst)
            removed = set(worst.block)
            group = [observation for observation in group if observation not in removed]
        remaining.append(group)
    shifted_lines = {shift.lines for shift in shifts}
    for group in remaining if shifted_lines else ():
        siblings = _find_shifts(group, parameters, parameters["sibling_threshold"], minimum_share=0)
        shifts += [shift for shift in siblings if shift.lines in shifted_lines]
    for shift in shifts:
        yield from _anomalies(shift, parameters)


def _find_shifts(observations: Series, parameters: Parameters, threshold: float, minimum_share: float) -> list[_Shift]:
    """Return the blocks of one indicator that fit better when moved, each with its better offset.

    Blocks with fewer rows than `minimum_cities` cannot be compared.
    """
    blocks = group_cities(observations, _lines, lambda o: o.line)
    blocks = [block for block in blocks if len(block) >= parameters["minimum_cities"]]
    if not blocks:
        return []
    # One scale for all cities.
    is_amount = is_positive_amount(observations)
    scaled = {o: math.log(o.value) if is_amount else o.value for o in observations}
    expected = _expected(observations, scaled, parameters)
    shifts: list[_Shift] = []
    for block in blocks:
        actual_values = [scaled[observation] for observation in block]
        expected_values = [expected.get(observation) for observation in block]
        options: list[_Shift] = []
        for offset in _OFFSETS:
            ratio, share, compared = _compare(actual_values, expected_values, offset)
            is_comparable = compared + 1 >= parameters["minimum_cities"]
            if is_comparable and ratio > threshold and share >= minimum_share:
                options.append(_Shift(block, offset, ratio))
        shifts += sorted(options, key=lambda shift: -shift.ratio)[:1]
    return shifts


def _anomalies(shift: _Shift, parameters: Parameters) -> Iterator[Anomaly]:
    block = shift.block
    is_sibling = shift.ratio <= parameters["threshold"]
    threshold = parameters["sibling_threshold" if is_sibling else "threshold"]
    for i, observation in enumerate(block):
        j = i + shift.offset
        # The value of the row at the end is lost, or was moved to the other end.
        own = f"{block[j].text} ({block[j].file}:{block[j].line})" if 0 <= j < len(block) else ""
        yield Anomaly(observation, shift.ratio, threshold, own)


def _compare(actual: Sequence[float], expected: Sequence[float | None], offset: int) -> tuple[float, float, int]:
    """Return the misfit ratio, the share of rows that fit better when moved, and the number of rows compared.

    Rows whose partner is beyond an end are left out: a shift loses the end row or moves it to the other end.
    """
    pairs = [(value, usual) for value, usual in zip(actual, expected, strict=True) if usual is not None]
    if len(pairs) < 2:
        return 0.0, 0.0, 0
    # The common change of all cities: a difference of means, which exchanging rows does not affect.
    common = fmean(value for value, _ in pairs) - fmean(usual for _, usual in pairs)
    distances = [
        (abs(actual[i] - usual - common), abs(actual[i + offset] - usual - common))
        for i, usual in enumerate(expected)
        if usual is not None and 0 <= i + offset < len(actual)
    ]
    share = fmean(float(moved < unmoved) for unmoved, moved in distances)
    # The least denominator keeps the ratio finite where the moved block fits exactly, and at 0 where both do.
    misfit = fmean(unmoved for unmoved, _ in distances)
    return misfit / max(fmean(moved for _, moved in distances), 1e-6), share, len(distances)


def _expected(
    observations: Series, scaled: dict[Observation, float], parameters: Parameters
) -> dict[Observation, float]:
    """Return the median of the nearest other years of the same city, where there are enough of them."""
    expected: dict[Observation, float] = {}
    for series in Panel(observations).series:
        values = [scaled[observation] for observation in series]
        nearest = nearest_years(tuple(item.year for item in series), int(parameters["nearest_years"]))
        for observation, positions in zip(series, nearest, strict=True):
            if len(positions) >= parameters["minimum_years"]:
                expected[observation] = median(values[j] for j in positions)
    return expected


def _lines(observation: Observation) -> _Lines:
    """Return the part of a file whose lines are shifted together."""
    return observation.year, observation.file_sha256, observation.sheet or ""
