"""Blocks shifted by a row: a whole year in which each city carries its neighbour's figures.

Here: which figures make a block, and whether the block fits the cities' own series better one row up or down. Not
here: oddities of single figures (assets.quality.anomalies.outliers), what becomes of a block (the severity in the
registry).
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
    nearest_years,
    series,
    shown,
)

_SHIFTS = (1, -1)


@dataclass(frozen=True, slots=True)
class _Shift:
    """A block and the rows by which its cities' figures lie further down: each city's own stands `rows` below it."""

    block: Series
    rows: int
    ratio: float


def detect_row_shift(
    figures: Sequence[Observation], known: SeriesMetadata, parameters: Parameters
) -> Iterator[Anomaly]:
    """Every figure of a block that fits its cities better when moved by one row.

    A block is what one file says of one indicator and scope in one year, in the order of its lines. Each city is
    expected at the median of its own nearest other years. The misfit is the mean distance from there, after taking out
    what the cities moved by together. The worst block goes first and no longer counts as anyone's past or future.
    Rows move with all their columns: beside a shifted block, less is enough for another of the same lines.
    """
    del known
    shifts: list[_Shift] = []
    rest: list[Series] = []
    for one in _by_indicator(figures):
        if one[0].kind == "yes_no":
            continue
        left = one
        while found := _shifts(left, parameters, parameters["threshold"], parameters["minimum_share"]):
            worst = max(found, key=lambda shift: shift.ratio)
            shifts.append(worst)
            held = set(worst.block)
            left = [figure for figure in left if figure not in held]
        rest.append(left)
    moved = {(*_lines(shift.block[0]), shift.rows) for shift in shifts}
    for left in rest if moved else ():
        found = _shifts(left, parameters, parameters["sibling_threshold"], 0)
        shifts += [shift for shift in found if (*_lines(shift.block[0]), shift.rows) in moved]
    for shift in shifts:
        yield from _suspicions(shift, parameters)


def _shifts(figures: Series, parameters: Parameters, threshold: float, minimum_share: float) -> list[_Shift]:
    """The blocks of one indicator that fit better by more than the threshold when moved, each with its better side.

    A block of fewer rows than cities are needed cannot be told to fit, wherever it stands.
    """
    blocks = [block for block in _blocks(figures) if len(block) >= parameters["minimum_cities"]]
    if not blocks:
        return []
    places = _places(figures)
    usual = _expected(figures, places, parameters)
    found: list[_Shift] = []
    for block in blocks:
        own = [places[figure] for figure in block]
        expected = [usual.get(figure) for figure in block]
        sides: list[_Shift] = []
        for rows in _SHIFTS:
            ratio, better, compared = _compare(own, expected, rows)
            is_known = compared + 1 >= parameters["minimum_cities"]
            if is_known and ratio > threshold and better >= minimum_share:
                sides.append(_Shift(block, rows, ratio))
        found += sorted(sides, key=lambda shift: -shift.ratio)[:1]
    return found


def _suspicions(shift: _Shift, parameters: Parameters) -> Iterator[Anomaly]:
    block = shift.block
    is_sibling = shift.ratio <= parameters["threshold"]
    threshold = parameters["sibling_threshold" if is_sibling else "threshold"]
    for i, figure in enumerate(block):
        j = i + shift.rows
        # Beyond an end stands nothing: what belongs there was lost, or carried round to the other end.
        told = f"{shown(block[j].value)} ({block[j].file}:{block[j].line})" if 0 <= j < len(block) else ""
        yield Anomaly(figure, shown(figure.value), told, shift.ratio, threshold)


def _compare(own: Sequence[float], expected: Sequence[float | None], shift: int) -> tuple[float, float, int]:
    """How many times worse the block fits as it stands than when moved, the share of rows that fit better then, and
    how many rows could be compared.

    Rows whose partner would lie beyond an end are left out: a shift may have lost the end row or carried it round.
    """
    both = [(place, usual) for place, usual in zip(own, expected, strict=True) if usual is not None]
    if len(both) < 2:
        return 0.0, 0.0, 0
    # What the cities moved by together: the difference of the means, which exchanging rows does not change.
    common = fmean(place for place, _ in both) - fmean(usual for _, usual in both)
    pairs = [
        (abs(own[i] - usual - common), abs(own[i + shift] - usual - common))
        for i, usual in enumerate(expected)
        if usual is not None and 0 <= i + shift < len(own)
    ]
    better = fmean(float(moved < standing) for standing, moved in pairs)
    # A millionth keeps the ratio finite where the moved block fits to the digit, and at 0 where both do.
    misfit = fmean(standing for standing, _ in pairs)
    return misfit / max(fmean(moved for _, moved in pairs), 1e-6), better, len(pairs)


def _places(figures: Series) -> dict[Observation, float]:
    """Where figures lie on one scale for all cities: logarithms of amounts, everything else as it is."""
    is_amount = figures[0].kind in ("stock", "flow") and min(figure.value for figure in figures) > 0
    return {figure: math.log(figure.value) if is_amount else figure.value for figure in figures}


def _expected(figures: Series, places: dict[Observation, float], parameters: Parameters) -> dict[Observation, float]:
    """The median of the nearest other years of its city, for figures that have enough of them."""
    found: dict[Observation, float] = {}
    for one in series(figures):
        at = [places[figure] for figure in one]
        nearest = nearest_years(tuple(figure.year for figure in one), int(parameters["nearest_years"]))
        for figure, others in zip(one, nearest, strict=True):
            near = [at[j] for j in others]
            if len(near) >= parameters["minimum_years"]:
                found[figure] = median(near)
    return found


def _by_indicator(figures: Sequence[Observation]) -> list[Series]:
    found: dict[tuple[str, str], Series] = defaultdict(list)
    for figure in figures:
        if figure.city_code is not None:
            found[figure.indicator_id, figure.scope].append(figure)
    return [one for _, one in sorted(found.items())]


def _lines(figure: Observation) -> tuple[int, str, str]:
    """The part of a file that is shifted as one."""
    return figure.year, figure.file_sha256, figure.sheet or ""


def _blocks(figures: Series) -> list[Series]:
    found: dict[tuple[int, str, str], Series] = defaultdict(list)
    for figure in figures:
        found[_lines(figure)].append(figure)
    return [sorted(block, key=lambda figure: figure.line) for _, block in sorted(found.items())]
