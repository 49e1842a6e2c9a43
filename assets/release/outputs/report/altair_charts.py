"""Charts that compare cities, drawn by Vega-Lite when the report is written: a page needs no script for them.

Here: where cities stand and are heading on one indicator, and ranks with their intervals. Not here: the small trend of
a single figure (assets.release.outputs.report.sparklines), of which a release of many cities has too many to be drawn
this way; and the figures themselves, which every page has in a table beside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import altair as alt
import vl_convert
from markupsafe import Markup

# More rows are no chart that anybody can read: the table and the tile map remain.
MAX_CITIES = 60

_WIDTH, _ROW, _NAMES = 620, 24, 120
_INK, _LINE = "#17222e", "#cfd8e1"
_NOW, _AHEAD, _GOAL = "#0b5a8a", "#7a5200", "#a32c10"
_DATA, _APART = "cities", "\u2003"
_VEGA_LITE = "v6_1"

Row = Mapping[str, Any]
Names = Mapping[str, str]
Spec = dict[str, Any]


def draw_values(figures: Sequence[Row], names: Names) -> Markup | None:
    """Each city's last figure, its projection with interval, and its target, in the order of the rows.

    `names` are shown by city code. None where there are more cities than a chart can show.
    """
    columns = {
        "now": "value",
        "ahead": "projected_value",
        "low": "projected_low",
        "high": "projected_high",
        "goal": "target_value",
        "goal_high": "target_value_high",
    }
    return _drawn(_standing(), figures, names, columns)


def draw_ranks(places: Sequence[Row], names: Names) -> Markup | None:
    """The published place of each city and the places it takes in 90 % of the draws, in the order of the rows."""
    return _drawn(_ranks(), places, names, {"now": "nominal_rank", "low": "rank_low", "high": "rank_high"})


def _drawn(spec: Spec, rows: Sequence[Row], names: Names, columns: Mapping[str, str]) -> Markup | None:
    if not 0 < len(rows) <= MAX_CITIES:
        return None
    # A name may occur twice: its code keeps the rows apart and is not shown.
    data = [
        {"row": f"{row['city_code']}{_APART}{names[row['city_code']]}", **{to: row[of] for to, of in columns.items()}}
        for row in rows
    ]
    svg = vl_convert.vegalite_to_svg({**spec, "datasets": {_DATA: data}}, vl_version=_VEGA_LITE)
    return Markup(svg)  # noqa: S704 - Vega writes every name as escaped text; a test plants markup


@cache
def _standing() -> Spec:
    base = alt.Chart(alt.NamedData(_DATA))
    across = alt.X("now:Q", title=None, scale=alt.Scale(zero=False))
    return _spec(
        base.mark_rule(color=_GOAL, strokeDash=[5, 3]).encode(x="goal:Q", x2="goal_high:Q"),
        base.mark_tick(color=_GOAL, thickness=2, size=16).encode(x="goal:Q"),
        base.mark_tick(color=_GOAL, thickness=2, size=16).encode(x="goal_high:Q"),
        base.mark_rule(color=_AHEAD, strokeWidth=2).encode(x="low:Q", x2="high:Q"),
        base.mark_point(color=_AHEAD, shape="diamond", size=70, filled=True, opacity=1).encode(x="ahead:Q"),
        base.mark_point(color=_NOW, size=80, filled=True, opacity=1).encode(x=across),
    )


@cache
def _ranks() -> Spec:
    base = alt.Chart(alt.NamedData(_DATA))
    across = alt.X(
        "now:Q", title=None, scale=alt.Scale(zero=False, nice=False), axis=alt.Axis(tickMinStep=1, format="d")
    )
    return _spec(
        base.mark_rule(color=_NOW, strokeWidth=7, opacity=0.35).encode(x="low:Q", x2="high:Q"),
        base.mark_point(color=_INK, size=80, filled=True, opacity=1).encode(x=across),
    )


def _spec(*layers: alt.Chart) -> Spec:
    """The chart without its rows, made once: to make it costs as long as to draw it."""
    names = alt.Axis(
        labelExpr=f"split(datum.label, '{_APART}')[1]",
        labelLimit=0,
        labelFontSize=13,
        ticks=False,
        minExtent=120,
        maxExtent=120,
    )
    rows = alt.Y("row:N", sort=None, title=None, axis=names)
    axis = alt.AxisConfig(labelColor=_INK, gridColor=_LINE, domainColor=_LINE, tickColor=_LINE, labelFontSize=12)
    chart = alt.layer(*(layer.encode(y=rows) for layer in layers)).properties(width=_WIDTH, height=alt.Step(_ROW))
    made = chart.configure(background="transparent", axis=axis, view=alt.ViewConfig(stroke=None))
    spec: Spec = made.to_dict()
    return spec
