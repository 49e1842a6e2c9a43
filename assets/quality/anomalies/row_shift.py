"""Row shifts: years in which each city has the value of its neighbour, because a column moved by one row.

Here: which observations form a block, and whether the block fits the series of its cities better one row up or down.
Not here: outliers of single observations (assets.quality.anomalies.outliers), the severity (data/reference).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from assets.quality.anomalies.outliers import (
    Anomaly,
    Observation,
    Parameters,
    Series,
    SeriesMetadata,
    format_value,
    group_series,
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


def detect_row_shift(
    observations: Sequence[Observation], metadata: SeriesMetadata, parameters: Parameters
) -> Iterator[Anomaly]:
    """Yield the observations of blocks that fit their cities better when moved by one row.

    A block is one file's values of one indicator, scope and year, in the order of lines. The expected value of a city
    is the median of its nearest other years. The misfit of a block is the mean distance from the expected values,
    after subtracting the common change of all cities; the statistic is the misfit divided by that of the moved block.
    The block with the highest ratio is removed first, so that it is no longer the past or future of other blocks.
    Rows are shifted with all columns, so other blocks of the same lines need only exceed `sibling_threshold`.
    """
    del metadata
    shifts: list[_Shift] = []
    remaining: list[Series] = []
    for group in _by_indicator(observations):
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
    blocks = [block for block in _blocks(observations) if len(block) >= parameters["minimum_cities"]]
    if not blocks:
        return []
    scaled = _scale(observations)
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
        own = f"{format_value(block[j].value)} ({block[j].file}:{block[j].line})" if 0 <= j < len(block) else ""
        yield Anomaly(observation, format_value(observation.value), own, shift.ratio, threshold)


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


def _scale(observations: Series) -> dict[Observation, float]:
    """Return values on one scale for all cities: logarithms of amounts, other values unchanged."""
    is_amount = observations[0].kind in ("stock", "flow") and min(item.value for item in observations) > 0
    return {item: math.log(item.value) if is_amount else item.value for item in observations}


def _expected(
    observations: Series, scaled: dict[Observation, float], parameters: Parameters
) -> dict[Observation, float]:
    """Return the median of the nearest other years of the same city, where there are enough of them."""
    expected: dict[Observation, float] = {}
    for series in group_series(observations):
        values = [scaled[observation] for observation in series]
        nearest = nearest_years(tuple(item.year for item in series), int(parameters["nearest_years"]))
        for observation, positions in zip(series, nearest, strict=True):
            if len(positions) >= parameters["minimum_years"]:
                expected[observation] = median(values[j] for j in positions)
    return expected


def _by_indicator(observations: Sequence[Observation]) -> list[Series]:
    groups: dict[tuple[str, str], Series] = defaultdict(list)
    for observation in observations:
        if observation.city_code is not None:
            groups[observation.indicator_id, observation.scope].append(observation)
    return [group for _, group in sorted(groups.items())]


def _lines(observation: Observation) -> _Lines:
    """Return the part of a file whose lines are shifted together."""
    return observation.year, observation.file_sha256, observation.sheet or ""


def _blocks(observations: Series) -> list[Series]:
    blocks: dict[_Lines, Series] = defaultdict(list)
    for observation in observations:
        blocks[_lines(observation)].append(observation)
    return [sorted(block, key=lambda observation: observation.line) for _, block in sorted(blocks.items())]
