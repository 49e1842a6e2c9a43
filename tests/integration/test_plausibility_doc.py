"""What docs/plausibility.md says of the shipped figures is what a run finds in them."""

from __future__ import annotations

import re

from assets.paths import PROJECT_ROOT
from tests.integration.places import Place

ROW = re.compile(r"^\| `(\w+)` \| (\d+) \| (\d+) \| ([\d.]+) \|$", re.MULTILINE)


def test_the_counts_of_flags_are_those_of_the_shipped_figures(province: Place) -> None:
    told = {
        name: (int(flags), int(examined), float(rate))
        for name, flags, examined, rate in ROW.findall((PROJECT_ROOT / "docs" / "plausibility.md").read_text("utf-8"))
    }
    (examined,) = province.rows(
        """
        select (select count(*) from observations.observations where is_current or is_held)
            + (select count(*) from observations.province_totals where is_current) as n
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
    assert province.rows("from observations.observations where is_held") == []


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
    assert "Flagged figures: " in counted.stdout
