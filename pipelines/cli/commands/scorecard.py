"""gancheng scorecard: all cities, or every indicator of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assets.core.paths import Paths
from pipelines.cli.options import AsJson, InLanguage, OptionalCity, write_result

if TYPE_CHECKING:
    from assets.core.i18n import Language
    from assets.release.read.reader import Release


def scorecard(city: OptionalCity = None, *, as_json: AsJson = False, language: InLanguage) -> None:
    """Show the dimension scores of all cities, or the indicators of one city."""
    from assets.release.read.reader import get_current_release

    release = get_current_release(Paths.from_environment())
    with release.connect():
        if city is None:
            _show_cities(release, as_json, language)
        else:
            _show_city(release, city, as_json, language)


def _show_cities(release: Release, as_json: bool, language: Language) -> None:
    from assets.release.read.scorecards import read_overview
    from pipelines.cli.render import scorecards

    cities, dimensions, scores = read_overview(release)
    content = [{**row, "dimensions": [s for s in scores if s["city_code"] == row["city_code"]]} for row in cities]
    write_result(as_json, content, lambda: scorecards.render_overview(cities, dimensions, scores, language))


def _show_city(release: Release, city: str, as_json: bool, language: Language) -> None:
    from assets.release.read.lookup import find_city
    from assets.release.read.scorecards import read_city_quarantine, read_city_ranks, read_city_scores
    from pipelines.cli.render import scorecards

    place = find_city(release, city)
    rows, awaiting = read_city_scores(release, place["city_code"])
    held = read_city_quarantine(release, place["city_code"])
    ranks = read_city_ranks(release, place["city_code"])
    content = {"city": place, "indicators": rows, "awaiting_data": awaiting, "held_back": held, "ranks": ranks}
    write_result(
        as_json,
        content,
        lambda: [
            scorecards.render_city_scorecard(place, rows, awaiting, language),
            *scorecards.render_flags(rows, held, language),
            scorecards.render_ranks(ranks, language),
        ],
    )
