"""Finding a city of a release by what people call it."""

from __future__ import annotations

from typing import Any

from assets.errors import Finding, WrongCall
from assets.release.reader import Release


def city_of(release: Release, text: str) -> dict[str, Any]:
    """The city of a name, short name, code or alias. Raises WrongCall naming the cities there are."""
    found = release.rows(
        """
        select distinct cities.city_code, cities.name_zh, cities.name_en
        from reference.cities as cities
        left join reference.aliases as aliases on cities.city_code = aliases.city_code
        where lower(?) in (lower(cities.city_code), lower(cities.name_zh), lower(cities.short_zh),
            lower(cities.name_en), lower(aliases.alias))
        """,
        [text.strip()],
    )
    if len(found) != 1:
        known = release.rows("select short_zh, name_en from reference.cities order by city_code")
        raise WrongCall(
            Finding("no_such_city", text, ", ".join(f"{row['short_zh']} {row['name_en']}" for row in known))
        )
    return found[0]
