"""From the tables of the scorecards to the arrays of the arithmetic, and back to rows.

Here: how series and panels are laid out, and what columns are made of the results. Not here: the arithmetic
(assets.scorecards.trend, assets.scorecards.rank_uncertainty), and Dagster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.scorecards import rank_uncertainty, trend
from assets.warehouse.connection import Connection

Columns = dict[str, Sequence[Any]]

ROBUST_SHARE = 0.95
_SERIES = """
    select
        scores.city_code, scores.indicator_id, scores.data_status, indicators.kind, indicators.direction,
        indicators.minimum, indicators.maximum, scores.target_id, scores.target_operator, scores.target_value,
        scores.target_value_high, scores.pace_year, scores.is_target_met
    from scorecards.indicator_scores as scores
    inner join reference.indicators as indicators on scores.indicator_id = indicators.indicator_id
    where scores.value is not null
    order by scores.city_code, scores.indicator_id
"""
_POINTS = "from scorecards.projection_points order by city_code, indicator_id, year"
_MEMBERS = "from scorecards.rank_members order by city_code, indicator_id"


def _arrays(connection: Connection, sql: str) -> dict[str, NDArray[Any]]:
    """The columns of a query; what is missing is nan or None."""
    found: dict[str, Any] = connection.execute(sql).fetchnumpy()
    return {name: _without_mask(values) for name, values in found.items()}


def _without_mask(values: Any) -> NDArray[Any]:
    if not isinstance(values, np.ma.MaskedArray):
        return np.asarray(values)
    data, mask = np.asarray(values.data), np.ma.getmaskarray(values)
    kept: NDArray[Any] = data.astype(np.float64) if data.dtype.kind in "iuf" else data.astype(object)
    kept[mask] = np.nan if kept.dtype.kind == "f" else None
    return kept


def _method(connection: Connection) -> dict[str, Any]:
    found = connection.execute("from reference.method")
    names = [column[0] for column in found.description or ()]
    return dict(zip(names, found.fetchone() or (), strict=True))


# --- projections ------------------------------------------------------------------------------------------------


def build_projections(connection: Connection) -> Columns:
    """The columns of scorecards.projections: every series with a figure, projected where it can be."""
    method = _method(connection)
    series, points = _arrays(connection, _SERIES), _arrays(connection, _POINTS)
    laid = _lay_out(series, points, int(method["projection_points_max"]))
    status = np.select(
        [
            series["kind"] == "yes_no",
            series["data_status"] == "stale",
            laid.counts < max(int(method["projection_points_min"]), 3),
        ],
        ["yes_no", "stale", "too_few_points"],
        "projected",
    )
    level, horizon = float(method["interval_level"]), int(method["horizon_year"])
    told = _projected(series, laid, np.flatnonzero(status == "projected"), level, horizon)
    is_projected = status == "projected"
    has_target = np.array([target is not None for target in series["target_id"]], dtype=np.bool_)
    return {
        "city_code": list(series["city_code"]),
        "indicator_id": list(series["indicator_id"]),
        "projection_status": list(status),
        "points": [int(count) for count in laid.counts],
        "first_year": _whole(laid.first_years),
        "last_year": _whole(laid.last_years),
        "break_year": _whole(laid.break_years),
        **{name: _seen(values) for name, values in told.items() if name != "expected_year"},
        "projected_year": [horizon if flag else None for flag in is_projected],
        "interval_level": [level] * len(status),
        "target_id": list(series["target_id"]),
        "target_year": _whole(np.where(is_projected & has_target, _numbers(series["pace_year"]), np.nan)),
        "expected_year": _whole(told["expected_year"]),
    }


@dataclass(frozen=True, slots=True)
class _Laid:
    years: trend.Floats
    values: trend.Floats
    is_there: trend.Flags
    counts: NDArray[np.int64]
    first_years: trend.Floats
    last_years: trend.Floats
    break_years: trend.Floats


def _lay_out(series: Mapping[str, NDArray[Any]], points: Mapping[str, NDArray[Any]], width: int) -> _Laid:
    """One row a series, its points from the left. Both come in the order of city and indicator."""
    number = {key: n for n, key in enumerate(zip(series["city_code"], series["indicator_id"], strict=True))}
    rows = np.array([number[key] for key in zip(points["city_code"], points["indicator_id"], strict=True)], dtype=int)
    counts = np.bincount(rows, minlength=len(number)).astype(np.int64)
    columns = np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]
    years, values, breaks = (np.full((len(number), width), np.nan) for _ in range(3))
    years[rows, columns] = points["year"]
    values[rows, columns] = points["value"]
    breaks[rows, columns] = _numbers(points["break_year"])
    last = years[np.arange(len(number)), np.maximum(counts, 1) - 1]
    return _Laid(years, values, ~np.isnan(years), counts, years[:, 0], last, breaks[:, 0])


def _projected(
    series: Mapping[str, NDArray[Any]], laid: _Laid, those: NDArray[np.int64], level: float, horizon: int
) -> dict[str, trend.Floats]:
    """What is told of the series that are projected, nan for the others."""
    lines = trend.fit_ols(laid.years[those], laid.values[those], laid.is_there[those])
    bounds = trend.Bounds(
        _or_infinite(series["minimum"][those], -np.inf), _or_infinite(series["maximum"][those], np.inf)
    )
    at_horizon = np.full(len(those), float(horizon))
    middle, low, high = trend.prediction_interval(lines, at_horizon, level, bounds)
    goals = _goals(series, those)
    has_target = np.array([target is not None for target in series["target_id"][those]], dtype=np.bool_)
    asked = np.where(has_target, _numbers(series["pace_year"][those]), horizon)
    is_met = np.array([flag is not None and bool(flag) for flag in series["is_target_met"][those]], dtype=np.bool_)
    told = {
        "slope_per_year": lines.slope,
        "residual_deviation": lines.deviation,
        "projected_value": middle,
        "projected_low": low,
        "projected_high": high,
        "probability_met": np.where(has_target, trend.target_probability(lines, asked, goals, bounds), np.nan),
        "expected_year": np.where(has_target, trend.expected_year(lines, goals, bounds, is_met), np.nan),
    }
    return {name: _placed(values, those, len(laid.counts)) for name, values in told.items()}


def _goals(series: Mapping[str, NDArray[Any]], those: NDArray[np.int64]) -> trend.TargetRange:
    operator, direction = series["target_operator"][those], series["direction"][those]
    value, high = _numbers(series["target_value"][those]), _numbers(series["target_value_high"][those])
    is_range = operator == "between"
    is_floor = np.isin(operator, [">=", ">"]) | (np.isin(operator, ["=", "about"]) & (direction == 1))
    return trend.TargetRange(
        np.where(is_range | is_floor, value, -np.inf),
        np.where(is_range, high, np.where(is_floor, np.inf, value)),
        np.isin(operator, [">", "<"]),
    )


def _placed(values: trend.Floats, those: NDArray[np.int64], length: int) -> trend.Floats:
    placed = np.full(length, np.nan)
    placed[those] = values
    return placed


def _numbers(values: NDArray[Any]) -> trend.Floats:
    return np.asarray(values, dtype=np.float64)


def _or_infinite(values: NDArray[Any], otherwise: float) -> trend.Floats:
    numbers = _numbers(values)
    return np.where(np.isnan(numbers), otherwise, numbers)


def _whole(values: trend.Floats) -> list[int | None]:
    return [None if np.isnan(value) else int(value) for value in values]


def _seen(values: trend.Floats) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]


# --- rank intervals ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ranking:
    """One ranking: the index, where `dimension_id` is empty, or a dimension; its cities and their panel."""

    level: str
    dimension_id: str | None
    cities: list[str]
    indicators: list[str]
    panel: rank_uncertainty.ScoreMatrix
    nominal: list[int]


def build_rankings(connection: Connection) -> dict[str, Columns]:
    """The columns of scorecards.rankings, rank_intervals, rank_pairs and rank_sensitivity."""
    method = _method(connection)
    total = len(connection.execute("select city_code from reference.cities").fetchall())
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("rankings", "rank_intervals", "rank_pairs", "rank_sensitivity")
    }
    for ranking in write_rankings(connection):
        head = {"level": ranking.level, "dimension_id": ranking.dimension_id}
        is_ranked = len(ranking.cities) > 1
        rows["rankings"].append(
            {
                **head,
                "ranking_status": "ranked" if is_ranked else "too_few_scores",
                "cities_ranked": len(ranking.cities) if is_ranked else 0,
                "cities_total": total,
                "indicators": len(ranking.indicators) if is_ranked else 0,
                "has_pairs": is_ranked and len(ranking.cities) <= rank_uncertainty.PAIRED_UNITS,
                "draws": int(method["rank_draws"]) if is_ranked else 0,
                "seed": int(method["rank_seed"]),
                "weight_variation": float(method["weight_variation"]),
            }
        )
        if is_ranked:
            for name, found in _ranked(ranking, method).items():
                rows[name] += [{**head, **row} for row in found]
    return {name: _columns(found) for name, found in rows.items()}


def write_rankings(connection: Connection) -> list[Ranking]:
    """Every dimension in its order, then the index, with the cities that have a score in it."""
    members = _arrays(connection, _MEMBERS)
    dimensions = connection.execute("select dimension_id from reference.dimensions order by position, dimension_id")
    names = [name for (name,) in dimensions.fetchall()]
    found = [
        _ranking(connection, members, members["dimension_id"] == name, "dimension", name, [name]) for name in names
    ]
    in_index = members["counts_in_index"].astype(bool)
    return [*found, _ranking(connection, members, in_index, "index", None, names)]


def _ranking(
    connection: Connection,
    members: Mapping[str, NDArray[Any]],
    those: NDArray[np.bool_],
    level: str,
    dimension_id: str | None,
    names: list[str],
) -> Ranking:
    ours = {name: values[those] for name, values in members.items()}
    cities, rows = np.unique(ours["city_code"].astype(str), return_inverse=True)
    indicators, first, columns = np.unique(ours["indicator_id"].astype(str), return_index=True, return_inverse=True)
    attainments, values = (np.full((len(cities), len(indicators)), np.nan) for _ in range(2))
    attainments[rows, columns] = ours["attainment"]
    values[rows, columns] = ours["oriented_value"]
    used = [name for name in names if name in set(ours["dimension_id"])]
    group = np.array([used.index(name) for name in ours["dimension_id"][first]], dtype=np.int64)
    of_group = {
        name: float(weight) for name, weight in zip(ours["dimension_id"], ours["dimension_weight"], strict=True)
    }
    counts = np.zeros((len(cities), len(used)), dtype=np.bool_)
    counts[rows, group[columns]] = True
    panel = rank_uncertainty.ScoreMatrix(
        attainments,
        values,
        ours["weight"][first].astype(np.float64),
        group,
        np.array([of_group[name] for name in used]) if level == "index" else np.ones(len(used)),
        counts,
    )
    nominal = _nominal(connection, dimension_id)
    return Ranking(
        level, dimension_id, [str(city) for city in cities], [str(name) for name in indicators], panel,
        [nominal[str(city)] for city in cities],
    )  # fmt: skip


def _nominal(connection: Connection, dimension_id: str | None) -> dict[str, int]:
    if dimension_id is None:
        found = connection.execute("select city_code, rank from scorecards.city_scores where rank is not null")
    else:
        found = connection.execute(
            "select city_code, rank from scorecards.dimension_scores where rank is not null and dimension_id = ?",
            [dimension_id],
        )
    return dict(found.fetchall())


def _ranked(ranking: Ranking, method: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    panel, cities = ranking.panel, ranking.cities
    design = rank_uncertainty.sample_design(
        panel,
        int(method["rank_draws"]),
        float(method["weight_variation"]),
        int(method["rank_seed"]),
        f"{ranking.level}:{ranking.dimension_id or ''}",
    )
    ranks = rank_uncertainty.simulate(panel, design)
    told = rank_uncertainty.summarise_ranks(ranks)
    intervals = [
        {
            "city_code": city,
            "nominal_rank": ranking.nominal[n],
            "mean_rank": float(told.mean[n]),
            "median_rank": float(told.median[n]),
            "rank_low": float(told.low[n]),
            "rank_high": float(told.high[n]),
            "probability_top_three": float(told.top_three[n]),
            "cities_ranked": len(cities),
        }
        for n, city in enumerate(cities)
    ]
    pairs = [
        {"city_code": cities[ahead], "other_city_code": cities[behind], "share_of_draws": share}
        for ahead, behind, share in rank_uncertainty.robust_pairs(ranks, ROBUST_SHARE)
    ]
    changes = rank_uncertainty.sensitivity(panel, design, ranking.indicators)
    sensitivity = [
        {"choice": choice, "alternative": alternative, "mean_rank_change": change}
        for (choice, alternative), change in changes.items()
    ]
    return {"rank_intervals": intervals, "rank_pairs": pairs, "rank_sensitivity": sensitivity}


def _columns(rows: list[dict[str, Any]]) -> Columns:
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}


Maker = Callable[[Connection], dict[str, Columns]]


def write_projections(connection: Connection) -> dict[str, Columns]:
    return {"projections": build_projections(connection)}
