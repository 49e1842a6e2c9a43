"""Finding a city, an indicator or a dimension of a release by what people call it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from assets.core.errors import Issue, UsageError
from assets.release.read.reader import Release

_NAMES_OFFERED = 3


def find_city(release: Release, text: str) -> dict[str, Any]:
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
        raise UsageError(Issue("no_such_city", text, ", ".join(f"{row['short_zh']} {row['name_en']}" for row in known)))
    return found[0]


def find_indicator(release: Release, text: str) -> dict[str, Any]:
    """The indicator of an identifier, with or without its dataset, or of a name. WrongCall naming the nearest."""
    return _only(text, _indicators(release))


def find_scored_item(release: Release, text: str) -> tuple[str, str]:
    """`indicator` or `dimension`, and its identifier, by identifier or name. Raises WrongCall naming the nearest."""
    dimensions = release.rows("select dimension_id, name_zh, name_en from reference.dimensions order by position")
    found = _only(text, [*dimensions, *_indicators(release)])
    level = "indicator" if "indicator_id" in found else "dimension"
    return level, str(found[f"{level}_id"])


def _indicators(release: Release) -> list[dict[str, Any]]:
    return release.rows(
        "select indicator_id, dataset, name_zh, name_en, unit, decimals from reference.indicators order by indicator_id"
    )


def _only(text: str, known: Sequence[dict[str, Any]]) -> dict[str, Any]:
    asked = text.strip().lower()
    found = [row for row in known if asked in _names(row)]
    if len(found) == 1:
        return found[0]
    names = {name: row for row in known for name in _names(row)}
    near = found or [names[name] for name in difflib.get_close_matches(asked, list(names), n=_NAMES_OFFERED, cutoff=0)]
    offered = dict.fromkeys(f"{_identifier(row)} {row['name_zh']}" for row in near)
    raise UsageError(Issue("no_such_indicator", text, "; ".join(offered)))


def _identifier(row: dict[str, Any]) -> str:
    return str(row.get("indicator_id") or row["dimension_id"])


def _names(row: dict[str, Any]) -> set[str]:
    name = _identifier(row)
    return {form.lower() for form in (name, name.split(".", 1)[-1], row["name_zh"], row["name_en"])}
