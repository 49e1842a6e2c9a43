"""Charts that compare cities, rendered by Vega-Lite when the report is written, so that pages need no script.

Here: value, projection and target of each city for one indicator, and ranks with their intervals. Not here: the trend
of a single figure (assets.release.outputs.report.sparklines), which is too frequent to be rendered this way, and the
table with the same figures that follows each chart. The specifications are Vega-Lite's own JSON: importing a library
that writes them takes longer than rendering all charts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import vl_convert
from markupsafe import Markup, escape

# A chart with more rows is too long to read; the page still has the table and the tile map.
MAX_CITIES = 60

_WIDTH, _ROW_HEIGHT, _NAMES_WIDTH = 620, 24, 120
_INK, _LINE = "#17222e", "#cfd8e1"
_VALUE, _PROJECTION, _TARGET = "#0b5a8a", "#7a5200", "#a32c10"
_DATASET, _CODE = "cities", "city\u2003"
_POINT = {"type": "point", "filled": True, "opacity": 1}
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


def _values_spec() -> Spec:
    target = {"type": "tick", "color": _TARGET, "size": 16, "thickness": 2}
    return _spec(
        (
            {"type": "rule", "color": _TARGET, "strokeDash": [5, 3]},
            {"x": _number("goal"), "x2": {"field": "goal_high"}},
        ),
        (target, {"x": _number("goal")}),
        (target, {"x": _number("goal_high")}),
        ({"type": "rule", "color": _PROJECTION, "strokeWidth": 2}, {"x": _number("low"), "x2": {"field": "high"}}),
        ({**_POINT, "color": _PROJECTION, "shape": "diamond", "size": 70}, {"x": _number("ahead")}),
        ({**_POINT, "color": _VALUE, "size": 80}, {"x": {**_number("now"), "scale": {"zero": False}, "title": None}}),
    )


def _ranks_spec() -> Spec:
    rank = {**_number("now"), "axis": {"format": "d", "tickMinStep": 1}, "scale": {"nice": False, "zero": False}}
    return _spec(
        (
            {"type": "rule", "color": _VALUE, "opacity": 0.35, "strokeWidth": 7},
            {"x": _number("low"), "x2": {"field": "high"}},
        ),
        ({**_POINT, "color": _INK, "size": 80}, {"x": {**rank, "title": None}}),
    )


def _number(field: str) -> Spec:
    return {"field": field, "type": "quantitative"}


def _spec(*layers: tuple[Spec, Spec]) -> Spec:
    """Return the chart of these marks with their encodings, without its rows."""
    names = {"labelFontSize": 13, "labelLimit": 0, "labelPadding": 10, "ticks": False}
    names |= {"minExtent": _NAMES_WIDTH, "maxExtent": _NAMES_WIDTH}
    row = {"field": "row", "type": "nominal", "sort": None, "title": None, "axis": names}
    axis = {"labelColor": _INK, "gridColor": _LINE, "domainColor": _LINE, "tickColor": _LINE, "labelFontSize": 12}
    return {
        "width": _WIDTH,
        "height": {"step": _ROW_HEIGHT},
        "data": {"name": _DATASET},
        "layer": [{"mark": mark, "encoding": {**encoding, "y": row}} for mark, encoding in layers],
        "config": {"background": "transparent", "axis": axis, "view": {"stroke": None}},
    }
