"""The tables of rankings: from scores to simulated ranks, and from results to columns.

Here: the layout of a ranking as arrays, and the columns of the results. Not here: the arithmetic
(assets.scorecards.rank_uncertainty).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.scorecards import rank_uncertainty
from assets.scorecards.arrays import Columns, read_arrays, read_parameters, to_columns
from assets.warehouse.connection import Connection

# A pair is robust where its order holds in this share of the draws.
ROBUST_SHARE = 0.95
_MEMBERS = "from scorecards.ranking_inputs order by city_code, indicator_id"


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
    parameters = read_parameters(connection)
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
    return {name: to_columns(table) for name, table in rows.items()}


def read_rankings(connection: Connection) -> list[Ranking]:
    """Return the ranking of every dimension in its order, then of the index, with the cities that have a score."""
    members = read_arrays(connection, _MEMBERS)
    dimensions = connection.execute("select dimension_id from reference.dimensions order by position, dimension_id")
    names = [name for (name,) in dimensions.fetchall()]
    rankings = [_ranking(members, members["dimension_id"] == name, "dimension", name, [name]) for name in names]
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
    return Ranking(
        level, dimension_id, [str(city) for city in cities], [str(name) for name in indicators], matrix,
        [int(rank) for rank in members[rank_column][first_of_city]],
    )  # fmt: skip


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
