"""gancheng whatif: the scores under an assumption; no file is written."""

from __future__ import annotations

from typing import Annotated

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from pipelines.cli.options import AsJson, InLanguage, OptionalCity, ReleaseOption, option, write_result


def whatif(
    city: OptionalCity = None,
    *,
    assumed: Annotated[list[str] | None, option("assumption", "--set")] = None,
    release: ReleaseOption = "current",
    as_json: AsJson = False,
    language: InLanguage,
) -> None:
    """Show what an assumption changes, or the indicators in which a step would raise a city most."""
    from assets.release.explain.scenario import EXAMPLE, rank_levers, run_scenario
    from assets.release.read.lookup import find_city
    from assets.release.read.reader import get_release
    from assets.release.read.terms import translate_words
    from pipelines.cli.render import changes

    if (city is None) == (not assumed):
        raise UsageError(Issue("missing_assumption", expected=EXAMPLE))
    source = get_release(Paths.from_environment(), release)
    if city is not None:
        place = find_city(source, city)
        levers = rank_levers(source, place["city_code"])
        write_result(
            as_json, levers, lambda: changes.render_levers(place, translate_words(source, levers, language), language)
        )
    else:
        rows = run_scenario(source, assumed or [])
        write_result(as_json, rows, lambda: changes.render_scenario(rows, language))
