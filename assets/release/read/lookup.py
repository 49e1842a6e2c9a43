"""Looking up a city, an indicator or a dimension of a release by identifier or name; similar names only in messages."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from assets.core.errors import Issue, UsageError
from assets.release.read.queries import read_rows, view_sql
from assets.release.read.reader import Release, Row

_SUGGESTIONS = 3


def find_city(release: Release, text: str) -> Row:
    """Return the city of a name, short name, code or alias, with or without its province in front.

    Raises:
        UsageError: with all cities, if no city matches or more than one does.
    """
    spelled = f"select city_code from ({view_sql('city_spellings')}) where lower(spelling) = lower(?)"
    select = f"select city_code, name_zh, name_en from reference.cities where city_code in ({spelled})"
    cities = release.rows(select, [text.strip()])
    if len(cities) != 1:
        known = read_rows(release, "reference.cities", ("city_code",))
        zh, en = ([row[name] for row in known] for name in ("short_zh", "name_en"))
        raise UsageError(Issue("unknown_city", text, "、".join(zh), expected_en=", ".join(en)))
    return cities[0]


def find_indicator(release: Release, text: str) -> Row:
    """Return the indicator of an identifier, with or without its dataset, or of a name.

    Raises:
        UsageError: with the most similar names, if no indicator matches or more than one does.
    """
    return _match_single(text, _read_indicators(release))


def find_scored_item(release: Release, text: str) -> tuple[str, str]:
    """Return `indicator` or `dimension`, and the identifier, by identifier or name.

    Raises:
        UsageError: with the most similar names, if no item matches or more than one does.
    """
    dimensions = read_rows(release, "reference.dimensions", ("position",))
    item = _match_single(text, [*dimensions, *_read_indicators(release)])
    return "indicator" if "indicator_id" in item else "dimension", _identifier(item)


def _read_indicators(release: Release) -> list[Row]:
    return release.rows(
        "select indicator_id, dataset, name_zh, name_en, unit, decimals from reference.indicators order by indicator_id"
    )


def _match_single(text: str, items: Sequence[Row]) -> Row:
    name = text.strip().lower()
    matches = [item for item in items if name in _names(item)]
    if len(matches) == 1:
        return matches[0]
    by_name = {name: item for item in items for name in _names(item)}
    similar = difflib.get_close_matches(name, list(by_name), n=_SUGGESTIONS, cutoff=0)
    found = {_identifier(item): item for item in matches or [by_name[name] for name in similar]}
    zh, en = ([f"{key} {item[name]}" for key, item in found.items()] for name in ("name_zh", "name_en"))
    raise UsageError(Issue("unknown_indicator", text, "；".join(zh), expected_en="; ".join(en)))


def _identifier(item: Row) -> str:
    return str(item.get("indicator_id") or item["dimension_id"])


def _names(item: Row) -> set[str]:
    identifier = _identifier(item)
    names = (identifier, identifier.split(".", 1)[-1], item["name_zh"], item["name_en"])
    return {name.lower() for name in names}
