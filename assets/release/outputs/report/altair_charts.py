"""Charts that compare cities, rendered by Vega-Lite when the report is written, so that pages need no script.

Here: value, projection and target of each city for one indicator, and ranks with their intervals. Not here: the trend
of a single figure (assets.release.outputs.report.sparklines), which is too frequent to be rendered this way, and the
table with the same figures that follows each chart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import altair as alt
import vl_convert
from markupsafe import Markup, escape

# A chart with more rows is too long to read; the page still has the table and the tile map.
MAX_CITIES = 60

_WIDTH, _ROW_HEIGHT, _NAMES_WIDTH = 620, 24, 120
_INK, _LINE = "#17222e", "#cfd8e1"
_VALUE, _PROJECTION, _TARGET = "#0b5a8a", "#7a5200", "#a32c10"
_DATASET, _CODE = "cities", "city\u2003"
_LABEL = re.compile(rf"(<text[^>]*)>{_CODE}(\d+)</text>")
_VEGA_LITE = "v6_1"

Row = Mapping[str, Any]
Names = Mapping[str, tuple[str, str]]
Spec = dict[str, Any]


def draw_values(figures: Sequence[Row], names: Names) -> Markup | None:
    """Draw value, projection with interval, and target of each city, in the order of the rows.

    Args:
        figures: one row per city.
        names: the names to show in Chinese and in English, by city code.

    Returns:
        The SVG; None without rows or with more than `MAX_CITIES`.
    """
    columns = {
        "now": "value",
        "ahead": "projected_value",
        "low": "projected_low",
        "high": "projected_high",
        "goal": "target_value",
        "goal_high": "target_value_high",
    }
    return _render(_values_spec(), figures, names, columns)


def draw_ranks(ranks: Sequence[Row], names: Names) -> Markup | None:
    """Draw the rank of each city and its simulated interval; arguments and result as of `draw_values`."""
    return _render(_ranks_spec(), ranks, names, {"now": "nominal_rank", "low": "rank_low", "high": "rank_high"})


def _render(spec: Spec, rows: Sequence[Row], names: Names, columns: Mapping[str, str]) -> Markup | None:
    if not 0 < len(rows) <= MAX_CITIES:
        return None
    # The chart shows codes, in place of which come the names in both languages: a name may occur twice, a code not.
    data = [
        {
            "row": f"{_CODE}{number}",
            **{name: row[column] for name, column in columns.items()},
        }
        for number, row in enumerate(rows)
    ]
    svg = vl_convert.vegalite_to_svg({**spec, "datasets": {_DATASET: data}}, vl_version=_VEGA_LITE)
    return Markup(_LABEL.sub(lambda label: _name_label(label, names[rows[int(label[2])]["city_code"]]), svg))  # noqa: S704


def _name_label(label: re.Match[str], name: tuple[str, str]) -> str:
    """Return the text of a label twice, once in each language; the page shows one."""
    return "".join(
        f'{label[1]} lang="{language}">{escape(text)}</text>' for language, text in zip(("zh", "en"), name, strict=True)
    )


@cache
def _values_spec() -> Spec:
    base = alt.Chart(alt.NamedData(_DATASET))
    across = alt.X("now:Q", title=None, scale=alt.Scale(zero=False))
    return _spec(
        base.mark_rule(color=_TARGET, strokeDash=[5, 3]).encode(x="goal:Q", x2="goal_high:Q"),
        base.mark_tick(color=_TARGET, thickness=2, size=16).encode(x="goal:Q"),
        base.mark_tick(color=_TARGET, thickness=2, size=16).encode(x="goal_high:Q"),
        base.mark_rule(color=_PROJECTION, strokeWidth=2).encode(x="low:Q", x2="high:Q"),
        base.mark_point(color=_PROJECTION, shape="diamond", size=70, filled=True, opacity=1).encode(x="ahead:Q"),
        base.mark_point(color=_VALUE, size=80, filled=True, opacity=1).encode(x=across),
    )


@cache
def _ranks_spec() -> Spec:
    base = alt.Chart(alt.NamedData(_DATASET))
    across = alt.X(
        "now:Q", title=None, scale=alt.Scale(zero=False, nice=False), axis=alt.Axis(tickMinStep=1, format="d")
    )
    return _spec(
        base.mark_rule(color=_VALUE, strokeWidth=7, opacity=0.35).encode(x="low:Q", x2="high:Q"),
        base.mark_point(color=_INK, size=80, filled=True, opacity=1).encode(x=across),
    )


def _spec(*layers: alt.Chart) -> Spec:
    """Return the chart without its rows; cached by the callers, because building it takes as long as rendering."""
    names = alt.Axis(
        labelLimit=0,
        labelFontSize=13,
        ticks=False,
        minExtent=_NAMES_WIDTH,
        maxExtent=_NAMES_WIDTH,
    )
    rows = alt.Y("row:N", sort=None, title=None, axis=names)
    axis = alt.AxisConfig(labelColor=_INK, gridColor=_LINE, domainColor=_LINE, tickColor=_LINE, labelFontSize=12)
    chart = alt.layer(*(layer.encode(y=rows) for layer in layers)).properties(
        width=_WIDTH, height=alt.Step(_ROW_HEIGHT)
    )
    spec: Spec = chart.configure(background="transparent", axis=axis, view=alt.ViewConfig(stroke=None)).to_dict()
    return spec
