"""The tables of projections and rank intervals: from tables to arrays, and from results to columns.

Here: the layout of series and rankings as arrays, and the columns of the results. Not here: the arithmetic
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

# A pair is robust where its order holds in this share of the draws.
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
_MEMBERS = "from scorecards.ranking_inputs order by city_code, indicator_id"


def _read_arrays(connection: Connection, sql: str) -> dict[str, NDArray[Any]]:
    """Return the columns of a query; a missing number is nan, another missing value None."""
    columns: dict[str, Any] = connection.execute(sql).fetchnumpy()
    return {name: _fill_mask(values) for name, values in columns.items()}


def _fill_mask(values: Any) -> NDArray[Any]:
    if not isinstance(values, np.ma.MaskedArray):
        return np.asarray(values)
    data, mask = np.asarray(values.data), np.ma.getmaskarray(values)
    kept: NDArray[Any] = data.astype(np.float64) if data.dtype.kind in "iuf" else data.astype(object)
    kept[mask] = np.nan if kept.dtype.kind == "f" else None
    return kept


def _read_parameters(connection: Connection) -> dict[str, Any]:
    result = connection.execute("from reference.parameters")
    names = [column[0] for column in result.description or ()]
    return dict(zip(names, result.fetchone() or (), strict=True))


# --- projections ------------------------------------------------------------------------------------------------


def build_projections(connection: Connection) -> Columns:
    """Return the columns of scorecards.projections: every series, projected where it has enough points."""
    parameters = _read_parameters(connection)
    series, points = _read_arrays(connection, _SERIES), _read_arrays(connection, _POINTS)
    layout = _arrange_points(series, points, int(parameters["projection_points_max"]))
    status = np.select(
        [
            series["kind"] == "yes_no",
            series["data_status"] == "stale",
            layout.counts < max(int(parameters["projection_points_min"]), 3),
        ],
        ["yes_no", "stale", "too_few_points"],
        "projected",
    )
    level, horizon = float(parameters["interval_level"]), int(parameters["horizon_year"])
    results = _project(series, layout, np.flatnonzero(status == "projected"), level, horizon)
    is_projected = status == "projected"
    has_target = np.array([target is not None for target in series["target_id"]], dtype=np.bool_)
    return {
        "city_code": list(series["city_code"]),
        "indicator_id": list(series["indicator_id"]),
        "projection_status": list(status),
        "points": [int(count) for count in layout.counts],
        "first_year": _to_integers(layout.first_years),
        "last_year": _to_integers(layout.last_years),
        "break_year": _to_integers(layout.break_years),
        **{name: _to_floats(values) for name, values in results.items() if name != "expected_year"},
        "projected_year": [horizon if flag else None for flag in is_projected],
        "interval_level": [level] * len(status),
        "target_id": list(series["target_id"]),
        "target_year": _to_integers(np.where(is_projected & has_target, _numbers(series["pace_year"]), np.nan)),
        "expected_year": _to_integers(results["expected_year"]),
    }


@dataclass(frozen=True, slots=True)
class _SeriesLayout:
    years: trend.Floats
    values: trend.Floats
    is_present: trend.Flags
    counts: NDArray[np.int64]
    first_years: trend.Floats
    last_years: trend.Floats
    break_years: trend.Floats


def _arrange_points(
    series: Mapping[str, NDArray[Any]], points: Mapping[str, NDArray[Any]], width: int
) -> _SeriesLayout:
    """Return one row a series, its points from the left; both inputs are in the order of city and indicator."""
    number = {key: n for n, key in enumerate(zip(series["city_code"], series["indicator_id"], strict=True))}
    rows = np.array([number[key] for key in zip(points["city_code"], points["indicator_id"], strict=True)], dtype=int)
    counts = np.bincount(rows, minlength=len(number)).astype(np.int64)
    columns = np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]
    years, values, breaks = (np.full((len(number), width), np.nan) for _ in range(3))
    years[rows, columns] = points["year"]
    values[rows, columns] = points["value"]
    breaks[rows, columns] = _numbers(points["break_year"])
    last = years[np.arange(len(number)), np.maximum(counts, 1) - 1]
    return _SeriesLayout(years, values, ~np.isnan(years), counts, years[:, 0], last, breaks[:, 0])


def _project(
    series: Mapping[str, NDArray[Any]], layout: _SeriesLayout, selected: NDArray[np.int64], level: float, horizon: int
) -> dict[str, trend.Floats]:
    """Return the results of the selected series, one array a column, nan for the others."""
    fit = trend.fit_ols(layout.years[selected], layout.values[selected], layout.is_present[selected])
    bounds = trend.Bounds(
        _or_infinite(series["minimum"][selected], -np.inf), _or_infinite(series["maximum"][selected], np.inf)
    )
    at_horizon = np.full(len(selected), float(horizon))
    middle, low, high = trend.prediction_interval(fit, at_horizon, level, bounds)
    targets = _target_ranges(series, selected)
    has_target = np.array([target is not None for target in series["target_id"][selected]], dtype=np.bool_)
    years = np.where(has_target, _numbers(series["pace_year"][selected]), horizon)
    is_met = np.array([flag is not None and bool(flag) for flag in series["is_target_met"][selected]], dtype=np.bool_)
    results = {
        "slope_per_year": fit.slope,
        "residual_deviation": fit.deviation,
        "projected_value": middle,
        "projected_low": low,
        "projected_high": high,
        "probability_met": np.where(has_target, trend.target_probability(fit, years, targets, bounds), np.nan),
        "expected_year": np.where(has_target, trend.expected_year(fit, targets, bounds, is_met), np.nan),
    }
    return {name: _spread(values, selected, len(layout.counts)) for name, values in results.items()}


def _target_ranges(series: Mapping[str, NDArray[Any]], selected: NDArray[np.int64]) -> trend.TargetRange:
    operator, direction = series["target_operator"][selected], series["direction"][selected]
    value, high = _numbers(series["target_value"][selected]), _numbers(series["target_value_high"][selected])
    is_range = operator == "between"
    is_floor = np.isin(operator, [">=", ">"]) | (np.isin(operator, ["=", "about"]) & (direction == 1))
    return trend.TargetRange(
        np.where(is_range | is_floor, value, -np.inf),
        np.where(is_range, high, np.where(is_floor, np.inf, value)),
        np.isin(operator, [">", "<"]),
    )


def _spread(values: trend.Floats, selected: NDArray[np.int64], length: int) -> trend.Floats:
    spread = np.full(length, np.nan)
    spread[selected] = values
    return spread


def _numbers(values: NDArray[Any]) -> trend.Floats:
    return np.asarray(values, dtype=np.float64)


def _or_infinite(values: NDArray[Any], otherwise: float) -> trend.Floats:
    numbers = _numbers(values)
    return np.where(np.isnan(numbers), otherwise, numbers)


def _to_integers(values: trend.Floats) -> list[int | None]:
    return [None if np.isnan(value) else int(value) for value in values]


def _to_floats(values: trend.Floats) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]


# --- rank intervals ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ranking:
    """One ranking, of a dimension or, where `dimension_id` is None, of the index; `nominal` are the published ranks."""

    level: str
    dimension_id: str | None
    cities: list[str]
    indicators: list[str]
    matrix: rank_uncertainty.ScoreMatrix
    nominal: list[int]


def build_rankings(connection: Connection) -> dict[str, Columns]:
    """Return the columns of scorecards.rankings, rank_intervals, robust_rank_pairs and rank_sensitivity."""
    parameters = _read_parameters(connection)
    total = len(connection.execute("select city_code from reference.cities").fetchall())
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("rankings", "rank_intervals", "robust_rank_pairs", "rank_sensitivity")
    }
    for ranking in read_rankings(connection):
        head = {"level": ranking.level, "dimension_id": ranking.dimension_id}
        is_ranked = len(ranking.cities) > 1
        rows["rankings"].append(
            {
                **head,
                "ranking_status": "ranked" if is_ranked else "too_few_scores",
                "cities_ranked": len(ranking.cities) if is_ranked else 0,
                "cities_total": total,
                "indicators": len(ranking.indicators) if is_ranked else 0,
                "has_pairs": is_ranked and len(ranking.cities) <= rank_uncertainty.MAX_PAIRED_CITIES,
                "simulations": int(parameters["rank_simulations"]) if is_ranked else 0,
                "seed": int(parameters["rank_seed"]),
                "weight_variation": float(parameters["weight_variation"]),
            }
        )
        if is_ranked:
            for name, results in _simulate(ranking, parameters).items():
                rows[name] += [{**head, **row} for row in results]
    return {name: _columns(table) for name, table in rows.items()}


def read_rankings(connection: Connection) -> list[Ranking]:
    """Return the ranking of every dimension in its order, then of the index, with the cities that have a score."""
    members = _read_arrays(connection, _MEMBERS)
    dimensions = connection.execute("select dimension_id from reference.dimensions order by position, dimension_id")
    names = [name for (name,) in dimensions.fetchall()]
    rankings = [
        _ranking(
            connection,
            members,
            (members["dimension_id"] == name) & members["counts_in_dimension"].astype(bool),
            "dimension",
            name,
            [name],
        )
        for name in names
    ]
    in_index = members["counts_in_index"].astype(bool)
    return [*rankings, _ranking(connection, members, in_index, "index", None, names)]


def _ranking(
    connection: Connection,
    all_members: Mapping[str, NDArray[Any]],
    selected: NDArray[np.bool_],
    level: str,
    dimension_id: str | None,
    names: list[str],
) -> Ranking:
    members = {name: values[selected] for name, values in all_members.items()}
    cities, rows = np.unique(members["city_code"].astype(str), return_inverse=True)
    indicators, first, columns = np.unique(members["indicator_id"].astype(str), return_index=True, return_inverse=True)
    attainments, values = (np.full((len(cities), len(indicators)), np.nan) for _ in range(2))
    attainments[rows, columns] = members["attainment"]
    values[rows, columns] = members["oriented_value"]
    used = [name for name in names if name in set(members["dimension_id"])]
    dimension = np.array([used.index(name) for name in members["dimension_id"][first]], dtype=np.int64)
    dimension_weights = {
        name: float(weight) for name, weight in zip(members["dimension_id"], members["dimension_weight"], strict=True)
    }
    has_score = np.zeros((len(cities), len(used)), dtype=np.bool_)
    has_score[rows, dimension[columns]] = True
    matrix = rank_uncertainty.ScoreMatrix(
        attainments,
        values,
        members["weight"][first].astype(np.float64),
        dimension,
        np.array([dimension_weights[name] for name in used]) if level == "index" else np.ones(len(used)),
        has_score,
    )
    nominal = _read_published_ranks(connection, dimension_id)
    return Ranking(
        level, dimension_id, [str(city) for city in cities], [str(name) for name in indicators], matrix,
        [nominal[str(city)] for city in cities],
    )  # fmt: skip


def _read_published_ranks(connection: Connection, dimension_id: str | None) -> dict[str, int]:
    table, condition, values = "city_scores", "", []
    if dimension_id is not None:
        table, condition, values = "dimension_scores", "and dimension_id = ?", [dimension_id]
    ranks = connection.execute(
        f"""
        select city_code, rank from scorecards.{table} as scores
        inner join reference.baskets as baskets on scores.basket_id = baskets.basket_id and baskets.is_headline
        where rank is not null {condition}
        """,
        values,
    )
    return dict(ranks.fetchall())


def _simulate(ranking: Ranking, parameters: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    matrix, cities = ranking.matrix, ranking.cities
    design = rank_uncertainty.sample_design(
        matrix,
        int(parameters["rank_simulations"]),
        float(parameters["weight_variation"]),
        int(parameters["rank_seed"]),
        f"{ranking.level}:{ranking.dimension_id or ''}",
    )
    ranks = rank_uncertainty.simulate(matrix, design)
    summary = rank_uncertainty.summarise_ranks(ranks)
    intervals = [
        {
            "city_code": city,
            "nominal_rank": ranking.nominal[n],
            "mean_rank": float(summary.mean[n]),
            "median_rank": float(summary.median[n]),
            "rank_low": float(summary.low[n]),
            "rank_high": float(summary.high[n]),
            "probability_top_three": float(summary.probability_top_three[n]),
            "cities_ranked": len(cities),
        }
        for n, city in enumerate(cities)
    ]
    pairs = [
        {"city_code": cities[ahead], "other_city_code": cities[behind], "share_of_simulations": share}
        for ahead, behind, share in rank_uncertainty.robust_pairs(ranks, ROBUST_SHARE)
    ]
    changes = rank_uncertainty.sensitivity(matrix, design, ranking.indicators)
    sensitivity = [
        {"factor": choice, "factor_level": alternative, "mean_rank_change": change}
        for (choice, alternative), change in changes.items()
    ]
    return {"rank_intervals": intervals, "robust_rank_pairs": pairs, "rank_sensitivity": sensitivity}


def _columns(rows: list[dict[str, Any]]) -> Columns:
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}


TableBuilder = Callable[[Connection], dict[str, Columns]]


def build_projection_tables(connection: Connection) -> dict[str, Columns]:
    return {"projections": build_projections(connection)}
