"""Builders of observations for the tests of the detectors: clean series, planted values, shifted years."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from assets.core.paths import PROJECT_ROOT
from assets.quality.anomalies.flags import DETECTORS
from assets.quality.anomalies.observation import Anomaly, Observation
from assets.quality.anomalies.panel import Panel, SeriesMetadata

CITIES = [f"c{i:02}" for i in range(12)]
YEARS = range(2012, 2025)
METADATA = SeriesMetadata(
    additive=frozenset({"i"}),
    never_zero=frozenset({"i"}),
    ratios=(("rate", "i", "below", 100.0, 2),),
    scopes={"rate": "whole", "i": "whole", "below": "whole"},
    cities_of={"P": frozenset(CITIES)},
    whole_of={"part": "whole", "other part": "whole"},
    limits={"i": (0.0, None, 2), "j": (0.0, None, 2)},
)
SEEDS = range(20)


def parameters() -> dict[str, dict[str, float]]:
    listed: dict[str, dict[str, float]] = defaultdict(dict)
    with (PROJECT_ROOT / "data" / "reference" / "detector_parameters.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            listed[row["detector_id"]][row["parameter"]] = float(row["value"])
    return listed


PARAMETERS = parameters()


def observation(city: str | None, year: int, value: float, **fields: object) -> Observation:
    line = 2 + (year - YEARS[0]) * len(CITIES) + (CITIES.index(city) if city else 0)
    place = {"city_code": city, "province_code": None if city else "P", "file": "f.csv", "file_sha256": "f"}
    whole = {"indicator_id": "i", "scope": "whole", "vintage": 1, "sheet": None, "line": line, "kind": "stock"}
    return Observation(**{**whole, **place, "year": year, "value": value, **fields})  # type: ignore[arg-type]


def clean(seed: int, **fields: object) -> list[Observation]:
    """Cities of different sizes, each growing at a pace of its own with a noise of one per cent."""
    rng = random.Random(seed)
    observations = []
    for city in CITIES:
        size, pace = rng.uniform(4, 7), rng.uniform(0.0, 0.05)
        for year in YEARS:
            value = round(2.718 ** (size + pace * (year - YEARS[0]) + rng.gauss(0, 0.01)), 2)
            observations.append(observation(city, year, value, **fields))
    return observations


def at(observations: Iterable[Observation], city: str, year: int) -> Observation:
    return next(f for f in observations if (f.city_code, f.year) == (city, year))


def replace_values(observations: list[Observation], values: dict[tuple[str, int], float]) -> list[Observation]:
    return [replace(f, value=values.get((f.city_code or "", f.year), f.value)) for f in observations]


def detect(detector: str, observations: list[Observation], metadata: SeriesMetadata = METADATA) -> list[Anomaly]:
    return list(DETECTORS[detector][0](Panel(observations, metadata), PARAMETERS[detector]))


def detect_total(since: int, total: Observation, *others: tuple[int, Observation] | Observation) -> list[Anomaly]:
    """Detect a running total above its plans, given as observations of years and as other running totals."""
    running = [(since, total), *(other for other in others if isinstance(other, tuple))]
    observations = [other for other in others if isinstance(other, Observation)]
    metadata = replace(METADATA, plans={"done": "planned"})
    detector, _ = DETECTORS["total_above_plans"]
    return list(detector(Panel(observations, metadata, running), PARAMETERS["total_above_plans"]))


def cities_and_years(anomalies: list[Anomaly]) -> set[tuple[str | None, int]]:
    return {(s.observation.city_code, s.observation.year) for s in anomalies}


def shift(observations: list[Observation], year: int, rows: int) -> list[Observation]:
    """Each city of one year carries the figure of the city `rows` further on, the last those of the first."""
    of_year = [f.value for f in observations if f.year == year]
    return replace_values(observations, {(c, year): of_year[(i + rows) % len(CITIES)] for i, c in enumerate(CITIES)})
