"""What docs/plausibility.md says of the shipped figures is what a run finds in them."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from assets.core.paths import PROJECT_ROOT
from assets.quality.anomalies.exchanged_columns import detect_exchanged_columns
from assets.quality.anomalies.flags import DETECTORS, read_parameters, read_series_metadata
from assets.quality.anomalies.observation import Observation, Series
from assets.quality.anomalies.panel import Panel, SeriesMetadata
from tests.builders.data_directories import Place
from tests.builders.planted_blocks import (
    KINDS,
    Planting,
    exchangeable_columns,
    is_held_alone,
    judged_blocks,
    plant_exchanged_columns,
)
from tests.helpers.proof_scale import times

ROW = re.compile(r"^\| `(\w+)` \| (\d+) \| (\d+) \| ([\d.]+) \|$", re.MULTILINE)

DOC = PROJECT_ROOT / "docs" / "plausibility.md"


def test_the_counts_of_flags_are_those_of_the_shipped_figures(province: Place) -> None:
    told = {
        name: (int(flags), int(examined), float(rate))
        for name, flags, examined, rate in ROW.findall(DOC.read_text("utf-8"))
    }
    (examined,) = province.rows(
        """
        select (select count(*) from observations.city_observations where is_current or is_quarantined)
            + (select count(*) from observations.aggregate_observations where is_current) as n
        """
    )
    counted = province.rows(
        """
        select detector_id, count(flags.detector) as n
        from reference.detectors as detectors
        left join quality.flags as flags on detectors.detector_id = flags.detector
        group by detector_id
        """
    )
    n = examined["n"]
    assert told == {row["detector_id"]: (row["n"], n, round(1000 * row["n"] / n, 1)) for row in counted}


def test_nothing_shipped_is_held_back(province: Place) -> None:
    assert province.rows("from observations.city_observations where is_quarantined") == []


def test_flagged_figures_are_marked_on_the_scorecard_and_counted_in_the_status(province: Place) -> None:
    (flagged, *_) = province.rows(
        """
        select scores.city_code, detectors.name_en
        from scorecards.indicator_scores as scores
        inner join quality.flags as flags
            on scores.city_code = flags.city_code and scores.indicator_id = flags.indicator_id
            and scores.year = flags.year and scores.scope = flags.scope
        inner join reference.detectors as detectors on flags.detector = detectors.detector_id
        order by all
        """
    )
    shown = province.call("scorecard", flagged["city_code"], "--lang", "en")
    assert shown.returncode == 0, shown.stderr
    assert "⚑" in shown.stdout
    assert flagged["name_en"] in shown.stdout
    counted = province.call("status", "--lang", "en")
    assert "Flagged values: " in counted.stdout


def read_panel(province: Place) -> tuple[list[Observation], SeriesMetadata, dict[str, dict[str, float]]]:
    """Return the current figures of cities, as a release holds them."""
    with province.release().connect() as connection:
        rows = connection.execute(
            """
            select observations.indicator_id, city_code, null, year, observations.scope, vintage, value, file,
                file_sha256, sheet, line, kind, source_id
            from observations.city_observations as observations
            inner join reference.indicators as indicators on observations.indicator_id = indicators.indicator_id
            where is_current order by all
            """
        ).fetchall()
        return [Observation(*row) for row in rows], read_series_metadata(connection), read_parameters(connection)


def test_blocks_in_the_rows_of_other_places_are_held_as_the_page_states(province: Place) -> None:
    observations, metadata, parameters = read_panel(province)
    blocks, rng = judged_blocks(observations), random.Random(0)
    counts = Counter[str]()
    plantings = times(6, 200)
    for number in range(plantings):
        planting = Planting(*rng.choice(blocks), KINDS[number % len(KINDS)], is_newest=rng.random() < 0.5)
        is_held, is_more = is_held_alone(observations, metadata, parameters["misplaced_block"], planting, number)
        counts["held"] += is_held
        counts["more"] += is_more
    stated = re.findall(r"200 random plantings: (\d+) held whole, (\d+) with another figure", DOC.read_text("utf-8"))
    held, more = map(int, stated[0])
    assert counts["more"] <= more
    assert counts["held"] >= 0.95 * plantings - 1
    if plantings == 200:
        assert (counts["held"], counts["more"]) == (held, more)


def test_exchanged_columns_are_held_as_the_page_states(province: Place) -> None:
    observations, metadata, parameters = read_panel(province)
    pairs, rng = exchangeable_columns(observations, metadata), random.Random(0)
    plantings, counts = times(6, 200), Counter[str]()
    for _ in range(plantings):
        planting = replace(rng.choice(pairs), is_newest=rng.random() < 0.5)
        planted, exchanged = plant_exchanged_columns(observations, planting)
        panel = Panel(planted, metadata)
        found = list(detect_exchanged_columns(panel, parameters["exchanged_columns"]))
        held = {id(anomaly.observation) for anomaly in found}
        counts["held"] += exchanged <= held
        counts["directed"] += exchanged <= held and all(anomaly.expected_text for anomaly in found)
        counts["more"] += bool(held - exchanged)
    stated = re.findall(
        r"(\d+) pairs; of 200 random.*?: (\d+) held.*?(\d+) with.*?(\d+) with", DOC.read_text("utf-8"), re.S
    )
    pairs_stated, held_stated, directed, more = map(int, stated[0])
    assert len(pairs) == pairs_stated
    assert counts["more"] <= more
    assert counts["held"] >= 0.95 * plantings - 1
    if plantings == 200:
        assert (counts["held"], counts["directed"], counts["more"]) == (held_stated, directed, more)


YEAR = re.compile(r"^\| (\d{4}) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
NEWEST = ("unlikely_figure", "implausible_figure")


def flag_newest(observations: list[Observation], metadata: SeriesMetadata, parameters: Any, detector: str) -> Series:
    panel = Panel(observations, metadata)
    return [anomaly.observation for anomaly in DETECTORS[detector][0](panel, parameters[detector])]


def test_each_year_examined_as_the_newest_has_the_flags_that_the_page_states(province: Place) -> None:
    observations, metadata, parameters = read_panel(province)
    counted = []
    for year in range(2016, 2025):
        known = [o for o in observations if o.year <= year]
        examined = sum(o.year == year and o.city_code is not None for o in known)
        flags = [sum(o.year == year for o in flag_newest(known, metadata, parameters, name)) for name in NEWEST]
        counted.append((year, examined, *flags))
        assert flag_newest(known, metadata, parameters, "misplaced_block") == []
        assert flag_newest(known, metadata, parameters, "exchanged_columns") == []
    assert counted == [tuple(map(int, row)) for row in YEAR.findall(DOC.read_text("utf-8"))]


@pytest.mark.parametrize(
    ("city", "indicator", "value", "detector"),
    [
        ("360100", "parks.park_area_per_capita_m2", 52.9, "implausible_figure"),
        ("361100", "parks.green_coverage_pct", 20, "implausible_figure"),
        ("360100", "city_statistics.road_area_per_capita_m2", 2.1, "implausible_figure"),
        ("361100", "pipe_networks.drainage_density_km_per_km2", 1.2, "unlikely_figure"),
        ("361100", "pipe_networks.gas_coverage_pct", 79, "unlikely_figure"),
    ],
)
def test_a_slip_in_the_newest_year_is_caught(
    province: Place, city: str, indicator: str, value: float, detector: str
) -> None:
    observations, metadata, parameters = read_panel(province)
    slip = [o for o in observations if (o.city_code, o.indicator_id, o.year) == (city, indicator, 2024)]
    changed = [replace(o, value=value) if o in slip else o for o in observations]
    flagged = flag_newest(changed, metadata, parameters, detector)
    assert (city, indicator, 2024) in {(o.city_code, o.indicator_id, o.year) for o in flagged}
