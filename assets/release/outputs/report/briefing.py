"""What the page of a city says first: its figures against targets and against the other cities.

Here: selecting and ordering, from the rows of one city. Not here: the sentences (templates), and the coordinates of
the strips (assets.release.outputs.report.sparklines).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Gap:
    """A figure against its target or reference.

    Attributes:
        figure: the row of `scorecard_rows`.
        value, year: the figure that the target is compared with; of a target whose year has passed not the last one.
        gap: how much is missing, in the unit of the indicator; negative where the target is exceeded.
        share: the gap as a share of the target; None where the target is 0.
        is_met: whether the target is reached.
    """

    figure: Row
    value: float
    year: int
    gap: float
    share: float | None
    is_met: bool


@dataclass(frozen=True, slots=True)
class Briefing:
    """The facts of the first paragraph.

    Attributes:
        scored: the figures with a score, the best place among the cities first, and those of one city last.
        best, weakest: the ends of that list; None where no other city has a score in the indicator.
        context: the figures without one.
        gaps: the figures that have a target or reference, the widest gap first.
        first, last: the figures with the best and the worst score of all cities, those shared by fewest cities first.
        late: the datasets of which a year is late, as rows of `freshness_rows`.
    """

    scored: list[Row]
    best: Row | None
    weakest: Row | None
    context: list[Row]
    gaps: list[Gap]
    first: list[Row]
    last: list[Row]
    late: list[Row]


def write_briefing(
    figures: Sequence[Row], indicators: Mapping[str, Row], spread: Mapping[str, Row], freshness: Sequence[Row]
) -> Briefing:
    """Select what the briefing of a city is about.

    Args:
        figures: the rows of `scorecard_rows` of the city that have a value.
        indicators: the registry.
        spread: the rows of `indicator_spread` by indicator.
        freshness: the rows of `freshness_rows` of the city.
    """
    scored = [figure for figure in figures if figure["attainment"] is not None]
    scored.sort(key=lambda row: (_place_share(row, spread), -row["attainment"], row["indicator_id"]))
    shared = [row for row in scored if _spread(row, spread)["cities_scored"] > 1]
    # Where all cities have one score, none is first or last.
    apart = [row for row in shared if _spread(row, spread)["best_score"] > _spread(row, spread)["worst_score"]]
    first = [row for row in apart if row["attainment"] == _spread(row, spread)["best_score"]]
    last = [row for row in reversed(apart) if row["attainment"] == _spread(row, spread)["worst_score"]]
    compared = (_compare(figure, indicators[figure["indicator_id"]]["direction"]) for figure in figures)
    gaps = [gap for gap in compared if gap is not None]
    return Briefing(
        scored=scored,
        best=shared[0] if shared else None,
        weakest=shared[-1] if len(shared) > 1 else None,
        context=[figure for figure in figures if figure["attainment"] is None],
        gaps=sorted(gaps, key=lambda gap: (gap.is_met, -(gap.share or 0), gap.figure["indicator_id"])),
        first=sorted(first, key=lambda row: _spread(row, spread)["cities_best"]),
        last=sorted(last, key=lambda row: _spread(row, spread)["cities_worst"]),
        late=[row for row in freshness if row["status"] == "late"],
    )


def _spread(row: Row, spread: Mapping[str, Row]) -> Row:
    return spread[row["indicator_id"]]


def _place_share(row: Row, spread: Mapping[str, Row]) -> float:
    """Return the place as a share of the cities with a score, more than 1 for the score of a single city."""
    cities = _spread(row, spread)["cities_scored"]
    return float(row["place"] / cities) if cities > 1 else 2.0


def _compare(figure: Row, direction: int) -> Gap | None:
    """Return a figure against its target; None without a target, or where no figure of its year is known."""
    is_expired = figure["target_authority"] == "expired"
    value, year = (figure["judged_value"], figure["judged_year"]) if is_expired else (figure["value"], figure["year"])
    low, high = figure["target_value"], figure["target_value_high"]
    if low is None or figure["is_target_met"] is None or value is None:
        return None
    gap = direction * (low - value) if high is None else max(low - value, value - high)
    return Gap(figure, value, year, gap, gap / abs(low) if low else None, figure["is_target_met"])
