"""gancheng scorecard: all cities, or every indicator of one."""

from __future__ import annotations

from assets.core.paths import Paths
from pipelines.cli.options import AsJson, InLanguage, OptionalCity, write_result


def scorecard(city: OptionalCity = None, *, as_json: AsJson = False, language: InLanguage) -> None:
    """Show the dimension scores of all cities, or the indicators of one city."""
    from assets.release.read import scorecards as reading
    from assets.release.read.lookup import find_city
    from assets.release.read.reader import get_current_release
    from assets.release.read.terms import translate_words
    from pipelines.cli.render import scorecards

    release = get_current_release(Paths.from_environment())
    if city is None:
        with release.connect():
            overview = reading.read_overview(release)
        content = [
            {**row, "dimensions": [score for score in overview.scores if score["city_code"] == row["city_code"]]}
            for row in overview.cities
        ]
        write_result(as_json, content, lambda: scorecards.render_overview(overview, language))
        return
    with release.connect():
        place = find_city(release, city)
        rows, awaiting = reading.read_city_scores(release, place["city_code"])
        held = reading.read_city_quarantine(release, place["city_code"])
        ranges = reading.read_city_ranges(release, place["city_code"])
    write_result(
        as_json,
        {"city": place, "ranges": ranges, "indicators": rows, "awaiting_data": awaiting, "held_back": held},
        lambda: [
            *scorecards.render_city_ranges(place, ranges, language),
            *scorecards.render_city_scorecard(translate_words(release, rows, language), awaiting, language),
            *scorecards.render_flags(rows, held, language),
        ],
    )
