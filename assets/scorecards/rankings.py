"""The tables of rankings: from scores to simulated ranks and their sensitivity, and from results to columns.

Here: the layout of a ranking as arrays, and the columns of the results. Not here: the arithmetic
(assets.scorecards.rank_uncertainty, assets.scorecards.rank_sensitivity).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.scorecards import rank_sensitivity, rank_uncertainty
from assets.scorecards.arrays import Columns, read_arrays, read_parameters, to_columns, to_floats
from assets.warehouse.connection import Connection

TABLES = (
    "rankings",
    "rank_intervals",
    "robust_rank_pairs",
    "rank_sensitivity",
    "rank_sobol_indices",
    "effective_weights",
)
# A pair is robust where its order holds in this share of the draws.
ROBUST_SHARE = 0.95
_MEMBERS = "from scorecards.ranking_inputs order by city_code, indicator_id"
_Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Ranking:
    """One ranking, of a dimension or, where `dimension_id` is None, of the index; `nominal` are the published ranks."""

    level: str
    dimension_id: str | None
    cities: list[str]
    indicators: list[str]
    matrix: rank_uncertainty.ScoreMatrix
    nominal: NDArray[np.int64]

    @property
    def is_ranked(self) -> bool:
        """Whether there is anybody to be compared with."""
        return len(self.cities) > 1


def build_rankings(connection: Connection) -> dict[str, Columns]:
    """Return the columns of the tables of the rankings, by the name of the table."""
    parameters = read_parameters(connection)
    total = len(connection.execute("select city_code from reference.cities").fetchall())
    rows: dict[str, _Rows] = {name: [] for name in TABLES}
    for ranking in read_rankings(connection):
        head = {"level": ranking.level, "dimension_id": ranking.dimension_id}
        has_pairs = ranking.is_ranked and len(ranking.cities) <= int(parameters["paired_cities_max"])
        rows["rankings"].append(
            {
                **head,
                "ranking_status": "ranked" if ranking.is_ranked else "too_few_scores",
                "cities_ranked": len(ranking.cities) if ranking.is_ranked else 0,
                "cities_total": total,
                "indicators": len(ranking.indicators) if ranking.is_ranked else 0,
                "has_pairs": has_pairs,
                "simulations": int(parameters["rank_simulations"]) if ranking.is_ranked else 0,
                "seed": int(parameters["rank_seed"]),
                "weight_variation": float(parameters["weight_variation"]),
                "goalpost_variation": float(parameters["goalpost_variation"]),
            }
        )
        if ranking.is_ranked:
            for name, results in simulate_ranking(ranking, parameters, has_pairs=has_pairs).items():
                rows[name] += [{**head, **row} for row in results]
            if ranking.level == "dimension":
                rows["effective_weights"] += _effective_weights(ranking)
    return {name: to_columns(table) for name, table in rows.items()}


def read_rankings(connection: Connection) -> list[Ranking]:
    """Return the ranking of every dimension in its order, then of the index, with the cities that have a rank."""
    members = read_arrays(connection, _MEMBERS)
    dimensions = connection.execute("select dimension_id from reference.dimensions order by position, dimension_id")
    names = [name for (name,) in dimensions.fetchall()]
    rankings = [_ranking(members, members["dimension_id"] == name, "dimension", name, names) for name in names]
    return [*rankings, _ranking(members, np.full(len(members["city_code"]), True), "index", None, names)]


def _ranking(
    all_members: Mapping[str, NDArray[Any]],
    selected: NDArray[np.bool_],
    level: str,
    dimension_id: str | None,
    names: list[str],
) -> Ranking:
    rank_column = f"{level}_rank"
    is_ranked = selected & ~np.isnan(all_members[rank_column].astype(np.float64))
    members = {name: values[is_ranked] for name, values in all_members.items()}
    cities, first_of_city, rows = np.unique(members["city_code"].astype(str), return_index=True, return_inverse=True)
    indicators, first, columns = np.unique(members["indicator_id"].astype(str), return_index=True, return_inverse=True)

    def arrange(name: str) -> NDArray[np.float64]:
        cells = np.full((len(cities), len(indicators)), np.nan)
        cells[rows, columns] = members[name].astype(np.float64)
        return cells

    used = [name for name in names if name in set(members["dimension_id"])]
    weight_of = dict(zip(members["dimension_id"], members["dimension_weight"], strict=True))
    matrix = rank_uncertainty.ScoreMatrix(
        arrange("raw_attainment"),
        arrange("oriented_value"),
        arrange("attainment_error"),
        arrange("value_error"),
        members["has_range"][first].astype(np.bool_),
        members["weight"][first].astype(np.float64),
        np.array([used.index(name) for name in members["dimension_id"][first]], dtype=np.int64),
        np.array([float(weight_of[name]) if level == "index" else 1.0 for name in used]),
    )
    nominal = members[rank_column][first_of_city].astype(np.int64)
    return Ranking(level, dimension_id, cities.tolist(), indicators.tolist(), matrix, nominal)


def simulate_ranking(ranking: Ranking, parameters: Mapping[str, Any], *, has_pairs: bool) -> dict[str, _Rows]:
    """Return the rows of the tables of one ranking, without its level and dimension; pairs only where `has_pairs`."""
    matrix, cities = ranking.matrix, ranking.cities
    variations = rank_uncertainty.Variations.of(
        f"{ranking.level}:{ranking.dimension_id or ''}",
        int(parameters["rank_seed"]),
        float(parameters["weight_variation"]),
        float(parameters["goalpost_variation"]),
    )
    design = rank_uncertainty.sample_design(matrix, int(parameters["rank_simulations"]), variations)
    ranks = rank_uncertainty.simulate(matrix, design, variations)
    pairs = rank_uncertainty.robust_pairs(ranks, ROBUST_SHARE) if has_pairs else []
    changes = rank_sensitivity.rank_changes(matrix, variations, ranking.indicators)
    return {
        "rank_intervals": _intervals(ranking, rank_uncertainty.summarise_ranks(ranks)),
        "robust_rank_pairs": [
            {"city_code": cities[ahead], "other_city_code": cities[behind], "share_of_simulations": share}
            for ahead, behind, share in pairs
        ],
        "rank_sensitivity": [
            {"factor": factor, "factor_level": level, "mean_rank_change": change}
            for (factor, level), change in changes.items()
        ],
        "rank_sobol_indices": _sobol_indices(
            ranking, variations, int(parameters["sobol_samples"]), by_city=has_pairs
        ),
    }  # fmt: skip


def _intervals(ranking: Ranking, summary: rank_uncertainty.RankSummary) -> _Rows:
    """The interval of each city, its ends rounded outward, and why a published rank is outside of it."""
    low, high = np.floor(summary.low + 1e-9).astype(int), np.ceil(summary.high - 1e-9).astype(int)
    reason = "missing_figures" if ranking.matrix.is_missing.any() else "other_choices"
    is_inside = (low <= ranking.nominal) & (ranking.nominal <= high)
    return [
        {
            "city_code": city,
            "nominal_rank": int(ranking.nominal[n]),
            "mean_rank": float(summary.mean[n]),
            "median_rank": float(summary.median[n]),
            "rank_low": int(low[n]),
            "rank_high": int(high[n]),
            "outside_reason": None if is_inside[n] else reason,
            "probability_top_three": float(summary.probability_top_three[n]),
            "cities_ranked": len(ranking.cities),
        }
        for n, city in enumerate(ranking.cities)
    ]


def _sobol_indices(ranking: Ranking, variations: rank_uncertainty.Variations, samples: int, *, by_city: bool) -> _Rows:
    indices = rank_sensitivity.sobol_indices(ranking.matrix, variations, samples, by_city=by_city)
    outputs = [None, *ranking.cities] if by_city else [None]
    return [
        {
            "factor": factor,
            "city_code": city,
            "first_order": float(indices.first_order[n, output]),
            "total_order": float(indices.total_order[n, output]),
            "base_samples": samples,
        }
        for output, city in enumerate(outputs)
        for n, factor in enumerate(rank_uncertainty.FACTORS)
    ]


def _effective_weights(ranking: Ranking) -> _Rows:
    weights = ranking.matrix.weights / ranking.matrix.weights.sum()
    ratios = rank_sensitivity.effective_weights(ranking.matrix)
    total = np.nansum(ratios)
    shares = ratios / total if total > 0 else np.full(len(ratios), np.nan)
    columns = zip(ranking.indicators, weights.tolist(), to_floats(ratios), to_floats(shares), strict=True)
    return [
        {
            "dimension_id": ranking.dimension_id,
            "indicator_id": indicator,
            "nominal_weight": weight,
            "correlation_ratio": ratio,
            "effective_weight": share,
        }
        for indicator, weight, ratio, share in columns
    ]
