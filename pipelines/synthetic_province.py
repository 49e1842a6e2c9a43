"""A synthetic province: invented cities with invented figures for the shipped indicators, as `gancheng demo` shows.

What belongs here: writing its places and figures, the same bytes on every machine. What does not: which places and
planted faults (synthetic_province.yml), and the other tables, which are as shipped (pipelines.new_data_directory).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

from assets.core.paths import Paths
from assets.core.yaml_files import read_yaml

Row = dict[str, Any]
Figures = dict[tuple[str, str, int], float]  # by city, indicator and year

_YEARS = range(2016, 2026)
# An indicator with fewer different figures between its goalposts would repeat itself over the years.
_FEWEST_STEPS = 50


def write_synthetic_province(paths: Paths) -> None:
    """Replace the places, targets and sources of a copied registry, and write figures into the inbox."""
    plan = _read_plan()
    tables = {file.stem: _read_csv(file) for file in paths.reference.glob("*.csv")}
    for name, rows in _places(plan, tables).items():
        _write_csv(paths.reference / f"{name}.csv", rows)
    figures = _figures(plan, tables)
    datasets = {name: _wide_rows(plan, tables, figures, name) for name in plan["wide"]}
    datasets[plan["long"]] = _long_rows(plan, tables, figures)
    for dataset, rows in datasets.items():
        _write_csv(paths.inbox / dataset / f"synthetic_{dataset}.csv", rows)
    faulty = plan["faults"]["dataset"]
    _write_csv(paths.inbox / faulty / "synthetic_faults.csv", _faulty_rows(plan, datasets[faulty]))


def is_synthetic_province(paths: Paths) -> bool:
    """Whether a data directory is that of the synthetic province, and complete: its settings are written last."""
    provinces, own = paths.reference / "provinces.csv", _read_plan()["province"]["province_code"]
    is_complete = paths.settings.is_file() and provinces.is_file()
    return is_complete and any(row["province_code"] == own for row in _read_csv(provinces))


def _read_plan() -> dict[str, Any]:
    plan: dict[str, Any] = read_yaml(Path(str(files("pipelines") / "synthetic_province.yml")))
    return plan


def _places(plan: Mapping[str, Any], tables: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
    """Return the tables that name places, or that hold for places of the shipped registry only."""
    of_cities = {row["target_id"] for row in tables["target_cities"]}
    targets = [row for row in tables["targets"] if row["scope"] == "all" and row["target_id"] not in of_cities]
    kept = {row["target_id"] for row in targets}
    cited = {row["source_id"] for row in targets}
    home = {row["province_code"] for row in tables["cities"]}
    province = plan["province"]["province_code"]
    return {
        "provinces": [plan["province"], *(row for row in tables["provinces"] if row["province_code"] not in home)],
        "cities": [{"city_code": code, "province_code": province, **names} for code, names in plan["cities"].items()],
        "city_tiles": [
            {"city_code": code, "tile_row": 1 + position // 4, "tile_column": 1 + position % 4}
            for position, code in enumerate(plan["cities"])
        ],
        **{name: [] for name in ("aliases", "counties", "series_breaks", "target_cities")},
        "measures": [row | plan["measures"] for row in tables["measures"]],
        "targets": targets,
        "target_profiles": [row for row in tables["target_profiles"] if row["target_id"] in kept],
        "sources": [*(row for row in tables["sources"] if row["source_id"] in cited), plan["source"]],
    }


def _figures(plan: Mapping[str, Any], tables: Mapping[str, list[Row]]) -> Figures:
    """Return a figure for each city, indicator and year: a level of the city, a trend and a little noise.

    Figures lie between the goalposts, so each has a plausible size and a score.
    """
    random = Random(20261128)  # noqa: S311 - figures, no secrets
    indicators = {row["indicator_id"]: row for row in tables["indicators"]}
    figures: Figures = {}
    for goalposts in tables["goalposts"]:
        indicator_id, lower, upper = goalposts["indicator_id"], float(goalposts["lower"]), float(goalposts["upper"])
        decimals, dataset = int(indicators[indicator_id]["decimals"]), indicators[indicator_id]["dataset"]
        if dataset not in (plan["long"], *plan["wide"]) or abs(upper - lower) * 10**decimals < _FEWEST_STEPS:
            continue
        for code in plan["cities"]:
            level, trend = random.uniform(0.1, 0.7), random.uniform(0.005, 0.025)
            for year in _YEARS:
                share = level + trend * (year - _YEARS[0]) + random.gauss(0, 0.004)
                value = lower + (upper - lower) * min(max(share, 0.02), 0.98)
                figures[code, indicator_id, year] = round(value, decimals)
    for slip in plan["slips"]:
        key = slip["city_code"], slip["indicator_id"], _YEARS[-1]
        figures[key] = round(figures[key] * slip["factor"], 4)
    reported = plan["incomplete"]
    return {key: value for key, value in figures.items() if key[1] in reported.get(key[0], (key[1],))}


def _long_rows(plan: Mapping[str, Any], tables: Mapping[str, list[Row]], figures: Figures) -> list[Row]:
    """Return a row for each figure."""
    indicators = {row["indicator_id"]: row for row in tables["indicators"] if row["dataset"] == plan["long"]}
    return [
        {
            **_row(plan, code, year, indicators[indicator_id]["scope"]),
            "indicator": indicator_id,
            "value": value,
            "unit": indicators[indicator_id]["unit"],
        }
        for (code, indicator_id, year), value in figures.items()
        if indicator_id in indicators
    ]


def _wide_rows(plan: Mapping[str, Any], tables: Mapping[str, list[Row]], figures: Figures, dataset: str) -> list[Row]:
    """Return a row for each city, year and scope, with a column for each indicator."""
    scopes = {row["indicator_id"]: row["scope"] for row in tables["indicators"] if row["dataset"] == dataset}
    rows: dict[tuple[str, int, str], Row] = {}
    for (code, indicator_id, year), value in figures.items():
        if indicator_id in scopes:
            key = code, year, scopes[indicator_id]
            rows.setdefault(key, _row(plan, *key))[indicator_id.partition(".")[2]] = value
    return list(rows.values())


def _faulty_rows(plan: Mapping[str, Any], rows: Sequence[Row]) -> list[Row]:
    """Return rows of the year before the others, each with a fault for which it goes back to its sender."""
    first = [row | {"year": _YEARS[0] - 1} for row in rows if row["year"] == _YEARS[0]]
    return [row | fault for row, fault in zip(first, plan["faults"]["rows"], strict=False)]


def _row(plan: Mapping[str, Any], code: str, year: int, scope: str) -> Row:
    city, source_id = plan["cities"][code]["name_zh"], plan["source"]["source_id"]
    return {"city": city, "year": year, "scope": scope, "source_id": source_id, "source_grade": "C"}


def _read_csv(file: Path) -> list[Row]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _write_csv(file: Path, rows: Sequence[Row]) -> None:
    """Write a table; an existing file keeps its columns, also where no row is left."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    if file.exists():
        with file.open(encoding="utf-8", newline="") as stream:
            columns = next(csv.reader(stream))
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
