"""gancheng history: every vintage of a value, and what superseded it."""

from __future__ import annotations

from typing import Annotated

from assets.core.paths import Paths
from pipelines.cli.options import AsJson, City, InLanguage, argument, write_result


def history(
    city: City, indicator: Annotated[str, argument("indicator")], *, as_json: AsJson = False, language: InLanguage
) -> None:
    """Show every vintage of a value: when it arrived, what superseded it, and its corrections."""
    from assets.release.explain.observation_history import read_observation_history
    from assets.release.read.lookup import find_city, find_indicator
    from assets.release.read.reader import get_current_release
    from assets.release.read.terms import translate_words
    from pipelines.cli.render.history import render_history

    release = get_current_release(Paths.from_environment())
    place, about = find_city(release, city), find_indicator(release, indicator)
    rows = read_observation_history(release, place["city_code"], about["indicator_id"])
    content = {"city": place, "indicator": about, "vintages": rows}
    shown, shown_rows = translate_words(release, (about, rows), language)
    write_result(as_json, content, lambda: render_history(place, shown, shown_rows, language))
