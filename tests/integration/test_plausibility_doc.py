"""What docs/plausibility.md says of the shipped figures is what a run finds in them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace

from assets.core.paths import PROJECT_ROOT
from assets.quality.anomalies.outliers import Observation, Panel
from assets.quality.anomalies.row_shift import detect_row_shift
from tests.builders.data_directories import Place

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


def test_the_planted_shifts_that_are_found_are_those_that_the_page_tells(province: Place) -> None:
    (told,) = re.findall(
        r"each of the (\d+) blocks that can be judged, in both directions: (\d+) of (\d+)", DOC.read_text("utf-8")
    )
    limits = {
        row["parameter"]: row["value"]
        for row in province.rows("from reference.detector_parameters where detector_id = 'row_shift'")
    }
    indicators: dict[tuple[str, str], list[Observation]] = defaultdict(list)
    for row in province.rows(
        """
        select observations.indicator_id, city_code, null as province_code, year, observations.scope, vintage, value,
            file, file_sha256, sheet, line, kind
        from observations.city_observations as observations
        inner join reference.indicators as indicators on observations.indicator_id = indicators.indicator_id
        where is_current order by all
        """
    ):
        indicators[row["indicator_id"], row["scope"]].append(Observation(**row))
    hits = [
        hit
        for figures in indicators.values()
        for block in judged(figures, limits)
        for rows in (1, -1)
        for hit in [found_when_shifted(figures, block, rows, limits)]
    ]
    assert (len(hits) // 2, sum(hits), len(hits)) == tuple(map(int, told))


def judged(figures: list[Observation], limits: dict[str, float]) -> list[list[Observation]]:
    """The blocks with enough cities that have figures of enough other years."""
    years: dict[str | None, int] = defaultdict(int)
    blocks: dict[tuple[int, str], list[Observation]] = defaultdict(list)
    for figure in sorted(figures, key=lambda figure: figure.line):
        years[figure.city_code] += 1
        blocks[figure.year, figure.file_sha256].append(figure)
    known = {city for city, count in years.items() if count > limits["minimum_years"]}
    return [
        block
        for block in blocks.values()
        if sum(figure.city_code in known for figure in block) >= limits["minimum_cities"]
    ]


def found_when_shifted(
    figures: list[Observation], block: list[Observation], rows: int, limits: dict[str, float]
) -> bool:
    moved = {figure: replace(figure, value=block[(i + rows) % len(block)].value) for i, figure in enumerate(block)}
    anomalies = detect_row_shift(Panel([moved.get(figure, figure) for figure in figures]), limits)
    return block[0].year in {anomaly.observation.year for anomaly in anomalies}
