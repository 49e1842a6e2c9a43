"""The geometry of small charts: coordinates of lines, dots, bars and targets.

Here: coordinates, rounded to a tenth of a unit to keep pages small. Not here: colours and markup (templates, style
sheet). Every chart is accompanied by a table with the same figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 220.0, 64.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 6.0, 10.0, 7.0, 7.0

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TrendLine:
    """The coordinates of a series up to the year of its projection.

    Attributes:
        runs: the points of each line; a missing year begins another line.
        now: the last figure.
        interval: y of the upper and the lower end.
        target: y of the upper and the lower end, equal where the target is a single value.
        breaks: x of the year from which figures are comparable.
    """

    runs: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    now: tuple[float, float]
    projected: tuple[float, float] | None
    interval: tuple[float, float] | None
    target: tuple[float, float] | None
    breaks: float | None
    width: float = WIDTH
    height: float = HEIGHT


def build_trend(figure: Row, first_year: int, last_year: int) -> TrendLine | None:
    """Return the trend of one figure, on the years that all trends of its page share; None without a series."""
    points = [(point["year"], point["value"]) for point in figure["points"] or ()]
    if not points:
        return None
    last_year = max(last_year, points[-1][0], figure["projected_year"] or 0)
    first_year = min(first_year, points[0][0])
    across = _Scale(first_year, last_year, _LEFT, WIDTH - _RIGHT)
    names = ("projected_value", "projected_low", "projected_high", "target_value", "target_value_high")
    drawn = [*(value for _, value in points), *(figure[name] for name in names if figure[name] is not None)]
    up = _Scale(min(drawn), max(drawn), HEIGHT - _BOTTOM, _TOP)
    target = [up(figure[name]) for name in ("target_value_high", "target_value") if figure[name] is not None]
    projected = figure["projected_value"]
    return TrendLine(
        runs=tuple(" ".join(f"{across(x)},{up(y)}" for x, y in run) for run in _runs(points) if len(run) > 1),
        dots=tuple((across(x), up(y)) for x, y in points),
        now=(across(points[-1][0]), up(points[-1][1])),
        projected=None if projected is None else (across(figure["projected_year"]), up(projected)),
        interval=None if projected is None else (up(figure["projected_high"]), up(figure["projected_low"])),
        target=(target[0], target[-1]) if figure["target_value"] is not None else None,
        breaks=across(figure["break_year"]) if (figure["break_year"] or 0) > first_year else None,
    )


@dataclass(frozen=True, slots=True)
class Strip:
    """Positions on a strip from 0 to 100, on which better is to the right.

    Attributes:
        spread: from the worst to the best figure of all cities.
        target: the ends of the target, equal where it is a single value.
    """

    spread: tuple[float, float]
    median: float
    city: float
    target: tuple[float, float] | None


def build_strip(figure: Row, spread: Row, direction: int) -> Strip:
    """Return a figure among those of all cities, with its target."""
    ends = [figure[name] for name in ("target_value", "target_value_high") if figure[name] is not None]
    drawn = [spread["lowest"], spread["highest"], figure["value"], *ends]
    across = _Scale(min(drawn), max(drawn), *((3, 97) if direction > 0 else (97, 3)))
    low, high = sorted((across(spread["lowest"]), across(spread["highest"])))
    return Strip(
        spread=(low, high),
        median=across(spread["median"]),
        city=across(figure["value"]),
        target=(across(ends[0]), across(ends[-1])) if ends else None,
    )


def scale_share(value: float | None, low: float, high: float) -> float:
    """Return the position of a value on a scale, from 0 to 100."""
    if value is None or high <= low:
        return 0.0
    return round(100 * min(max((value - low) / (high - low), 0), 1), 1)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Maps values to coordinates; where the scale has one value only, it is in the middle."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        part = 0.5 if self.high == self.low else (value - self.low) / (self.high - self.low)
        return round(self.start + part * (self.end - self.start), 1)


def _runs(points: Sequence[tuple[int, float]]) -> Iterator[list[tuple[int, float]]]:
    run: list[tuple[int, float]] = []
    for point in points:
        if run and point[0] != run[-1][0] + 1:
            yield run
            run = []
        run.append(point)
    yield run
