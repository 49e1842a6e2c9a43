"""Charts that compare cities, written as SVG with the page, so that pages need no script.

Here: value, projection and target of each city for one indicator, and ranks with their intervals. Not here: the trend
of a single figure (assets.release.outputs.report.sparklines), and the table with the same figures that follows each
chart. Colours are attributes and no style sheet, because a reader may save a chart as a file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

# A chart with more rows is too long to read; the page still has the table and the tile map.
MAX_CITIES = 60

_NAMES_WIDTH, _WIDTH, _RIGHT = 124, 620, 24
_TOP, _ROW_HEIGHT, _AXIS_HEIGHT = 6, 24, 24
_MAX_TICKS = 10
# Of larger figures the difference may be infinite; they are drawn at the end of the axis.
_LARGEST = 1e300
_INK, _LINE = "#17222e", "#cfd8e1"
_VALUE, _PROJECTION, _TARGET = "#0b5a8a", "#7a5200", "#a32c10"

_FRAME = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    '<g font-size="12" fill="{ink}" text-anchor="middle">{axis}</g><g font-size="13" fill="{ink}">{rows}</g></svg>'
)
_GRID = Markup('<path d="M{x} {top}V{bottom}" stroke="{color}"/><text x="{x}" y="{below}">{text}</text>')
_NAME = Markup('<text x="{x}" y="{y}" text-anchor="end" lang="{language}">{text}</text>')
_RULE = Markup('<path d="M{low} {y}H{high}" stroke="{color}" stroke-width="{width}"{style}/>')
_TICK = Markup('<path d="M{x} {above}v16" stroke="{color}" stroke-width="2"/>')
_DIAMOND = Markup('<path d="M{x} {y}m0-6l4.5 6-4.5 6-4.5-6z" fill="{color}"/>')
_DISC = Markup('<circle cx="{x}" cy="{y}" r="5" fill="{color}"/>')
_DASHED, _FAINT = Markup(' stroke-dasharray="5 3"'), Markup(' opacity=".35"')

Row = Mapping[str, Any]
Names = Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Axis:
    """Maps values to x, and has round numbers as ticks.

    Attributes:
        ticks: evenly spaced, from the lower to the upper end of the axis.
    """

    ticks: tuple[float, ...]

    def __call__(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return round(_NAMES_WIDTH + _WIDTH * (min(max(value, low), high) - low) / (high - low), 1)


Marks = Callable[[Row, float, _Axis], Iterator[Markup]]


def draw_values(figures: Sequence[Row], names: Names) -> Markup | None:
    """Draw value, projection with interval, and target of each city, in the order of the rows.

    Args:
        figures: one row per city.
        names: the names to show in Chinese and in English, by city code.

    Returns:
        The SVG; None without rows or with more than `MAX_CITIES`.
    """
    columns = ("value", "projected_value", "projected_low", "projected_high", "target_value", "target_value_high")
    return _draw(figures, names, columns, _value_marks)


def draw_ranks(ranks: Sequence[Row], names: Names) -> Markup | None:
    """Draw the rank of each city and its simulated interval; arguments and result as of `draw_values`."""
    return _draw(ranks, names, ("nominal_rank", "rank_low", "rank_high"), _rank_marks, smallest_step=1)


def _draw(
    rows: Sequence[Row], names: Names, columns: Sequence[str], marks: Marks, smallest_step: float = 0
) -> Markup | None:
    if not 0 < len(rows) <= MAX_CITIES:
        return None
    values = [row[column] for row in rows for column in columns if row[column] is not None]
    axis = _round_axis(values, smallest_step)
    bottom = _TOP + _ROW_HEIGHT * len(rows)
    drawn = []
    for number, row in enumerate(rows):
        y = _TOP + _ROW_HEIGHT * (number + 0.5)
        drawn += [
            _NAME.format(language=language, x=_NAMES_WIDTH - 10, y=y + 5, text=text)
            for language, text in zip(("zh", "en"), names[row["city_code"]], strict=True)
        ]
        drawn += marks(row, y, axis)
    grid = (
        _GRID.format(x=axis(tick), top=_TOP, bottom=bottom, below=bottom + 16, color=_LINE, text=f"{tick:,.10g}")
        for tick in axis.ticks
    )
    size = {"width": _NAMES_WIDTH + _WIDTH + _RIGHT, "height": bottom + _AXIS_HEIGHT}
    return _FRAME.format(**size, ink=_INK, axis=Markup().join(grid), rows=Markup().join(drawn))


def _value_marks(row: Row, y: float, axis: _Axis) -> Iterator[Markup]:
    goal, goal_high = row["target_value"], row["target_value_high"]
    if goal is not None and goal_high is not None:
        yield _RULE.format(low=axis(goal), high=axis(goal_high), y=y, color=_TARGET, width=1, style=_DASHED)
    for end in (goal, goal_high):
        if end is not None:
            yield _TICK.format(x=axis(end), above=y - 8, color=_TARGET)
    if row["projected_value"] is not None:
        low, high = axis(row["projected_low"]), axis(row["projected_high"])
        yield _RULE.format(low=low, high=high, y=y, color=_PROJECTION, width=2, style="")
        yield _DIAMOND.format(x=axis(row["projected_value"]), y=y, color=_PROJECTION)
    yield _DISC.format(x=axis(row["value"]), y=y, color=_VALUE)


def _rank_marks(row: Row, y: float, axis: _Axis) -> Iterator[Markup]:
    low, high = axis(row["rank_low"]), axis(row["rank_high"])
    yield _RULE.format(low=low, high=high, y=y, color=_VALUE, width=7, style=_FAINT)
    yield _DISC.format(x=axis(row["nominal_rank"]), y=y, color=_INK)


def _round_axis(values: Sequence[float], smallest_step: float) -> _Axis:
    """Return an axis around the values whose ticks are multiples of 1, 2 or 5 times a power of ten."""
    low, high = (min(max(end(values), -_LARGEST), _LARGEST) for end in (min, max))
    # Floating-point numbers that differ by less have no steps between them.
    if high - low <= max(1e-9 * max(-low, high), 1 / _LARGEST):
        margin = max(1, 0.1 * abs(low))
        low, high = low - margin, high + margin
    step = 10.0 ** math.floor(math.log10((high - low) / _MAX_TICKS))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= _MAX_TICKS)
    step = max(step, smallest_step)
    first, last = math.floor(low / step), math.ceil(high / step)
    return _Axis(tuple(number * step for number in range(first, last + 1)))
