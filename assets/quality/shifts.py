"""Blocks shifted by a row: a whole year in which each city carries its neighbour's figures.

Here: which figures make a block, and whether the block fits the cities' own series better one row up or down. Not
here: oddities of single figures (assets.quality.plausibility), what becomes of a block (the severity in the registry).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import fmean, median

from assets.quality.plausibility import Figure, Knowledge, Parameters, Suspicion, positions, series, shown

_SHIFTS = (1, -1)


def shifted(figures: Sequence[Figure], known: Knowledge, parameters: Parameters) -> Iterator[Suspicion]:
    """Every figure of a block that fits its cities better when moved by one row.

    A block is what one file says of one indicator in one year, in the order of the file's lines. Each city is expected
    where the median of its own nearest other years lies. The misfit is the mean distance from there, after taking out
    what all cities moved by in that year.
    """
    del known
    usual = _expected(figures, parameters)
    for block in _blocks(figures):
        places = [(figure, *usual[figure]) for figure in block if figure in usual]
        if len(places) < parameters["minimum_cities"] or len(places) < len(block):
            continue
        own = [place for _, place, _ in places]
        expected = [middle for _, _, middle in places]
        for shift in _SHIFTS:
            ratio, better = _compare(own, expected, shift)
            if ratio > parameters["threshold"] and better >= parameters["minimum_share"]:
                for i, (figure, _, _) in enumerate(places):
                    source = block[(i + shift) % len(block)]
                    told = f"{shown(source.value)} ({source.file}:{source.line})"
                    yield Suspicion(figure, shown(figure.value), told, ratio, parameters["threshold"])
                break


def _compare(own: Sequence[float], expected: Sequence[float], shift: int) -> tuple[float, float]:
    """How many times worse the block fits as it stands than when shifted, and the share of rows that fit better then.

    Rows whose partner would lie beyond an end are left out: a shift may have lost the end row or carried it round.
    """
    rows = [i for i in range(len(own)) if 0 <= i + shift < len(own)]
    standing = _misfits([own[i] - expected[i] for i in rows])
    moved = _misfits([own[i + shift] - expected[i] for i in rows])
    better = fmean(float(after < before) for before, after in zip(standing, moved, strict=True))
    return fmean(standing) / max(fmean(moved), 1e-9), better


def _misfits(differences: Sequence[float]) -> list[float]:
    common = median(differences)
    return [abs(difference - common) for difference in differences]


def _expected(figures: Sequence[Figure], parameters: Parameters) -> dict[Figure, tuple[float, float]]:
    """Where each figure lies and where the nearest other years of its city do, on a common scale."""
    found: dict[Figure, tuple[float, float]] = {}
    for one in series(figures):
        if one[0].kind == "yes_no":
            continue
        # Rates stay in their own unit: dividing by the city's level would make cities incomparable.
        values = [figure.value for figure in one]
        places = positions(values, one[0].kind) if one[0].kind != "rate" else values
        for i, figure in enumerate(one):
            nearest = sorted((abs(other.year - figure.year), j) for j, other in enumerate(one) if j != i)
            near = [places[j] for _, j in nearest[: int(parameters["nearest_years"])]]
            if len(near) >= parameters["minimum_years"]:
                found[figure] = (places[i], median(near))
    return found


def _blocks(figures: Sequence[Figure]) -> list[list[Figure]]:
    found: dict[tuple[str, str, int, str, str], list[Figure]] = defaultdict(list)
    for figure in figures:
        if figure.city_code is not None:
            key = (figure.indicator_id, figure.scope, figure.year, figure.file_sha256, figure.sheet or "")
            found[key].append(figure)
    return [sorted(block, key=lambda figure: figure.line) for _, block in sorted(found.items())]
