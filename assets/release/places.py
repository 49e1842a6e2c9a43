"""Finding a city of a release by what people call it."""

from __future__ import annotations

from typing import Any

from assets.errors import Finding, WrongCall
from assets.release.reader import Release


def city_of(release: Release, text: str) -> dict[str, Any]:
    """The city of a name, short name, code or alias, with or without its province before it.

    Raises WrongCall naming the cities there are.
    """
    found = release.rows(
        """
        with above as (
            select name_zh as written from reference.provinces
            union select alias from reference.aliases where province_code is not null
        ),
        asked as (
            select lower(?) as form
            union select lower(substr(?, length(written) + 1)) from above where starts_with(lower(?), lower(written))
        )
        select distinct cities.city_code, cities.name_zh, cities.name_en
        from reference.cities as cities
        left join reference.aliases as aliases on cities.city_code = aliases.city_code
        inner join asked on asked.form in (
            lower(cities.city_code), lower(cities.name_zh), lower(cities.short_zh), lower(cities.name_en),
            lower(aliases.alias)
        )
        """,
        [text.strip()] * 3,
    )
    if len(found) != 1:
        known = release.rows("select short_zh, name_en from reference.cities order by city_code")
        raise WrongCall(
            Finding("no_such_city", text, ", ".join(f"{row['short_zh']} {row['name_en']}" for row in known))
        )
    return found[0]
