"""Which place a cell names: by code, name or alias of the registry, never by likeness.

Here: the resolver of places. Not here: the registry (data/reference), which levels a dataset takes (its contract).
"""

from __future__ import annotations

import difflib
import heapq
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assets.core.text import normalise_name

_LONGEST_NAME = 100
_COMPARED = 10
_CODE = re.compile(r"([0-9]{6})(?:\.0+|0{6}(?:\.0+)?)?")


@dataclass(frozen=True, slots=True)
class Place:
    """A city, an area above it (then the row is a total), or a county, which has the code of its city too."""

    city_code: str | None = None
    province_code: str | None = None
    county_code: str | None = None


class UnknownPlaceError(ValueError):
    """The text names no registered place. `code` is the error, `nearest` what may have been meant."""

    def __init__(self, code: str, nearest: str) -> None:
        self.code, self.nearest = code, nearest
        super().__init__(code)


@dataclass(frozen=True)
class Places:
    """The registered ways of writing places, by form; homophones are forms that name no place by themselves."""

    forms: Mapping[str, Place]
    homophones: frozenset[str] = frozenset()
    written: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Iterable[tuple[str, str | None, str | None, str | None]], homophones: Iterable[str]) -> Places:
        """From rows (written, city_code, province_code, county_code).

        A province may stand before the name of any of its places; a county's name that two cities have counts for none.
        """
        named = [(text, Place(city, province, county)) for text, city, province, county in names]
        forms = {normalise_place_name(text): place for text, place in named if place.county_code is None}
        counties: dict[str, set[Place]] = {}
        for text, place in named:
            if place.county_code is not None:
                counties.setdefault(normalise_place_name(text), set()).add(place)
        forms = {form: next(iter(places)) for form, places in counties.items() if len(places) == 1} | forms
        above = [form for form, place in forms.items() if place.province_code and not form[:1].isascii()]
        glued = {
            f"{one}{form}": place for one in above for form, place in forms.items() if _is_name_of_city(form, place)
        }
        return cls(
            {**glued, **forms},
            frozenset(map(normalise_place_name, homophones)),
            {normalise_place_name(text): text for text, _ in named},
        )

    def resolve(self, cell: str) -> Place:
        """The place that a cell names. Raises PlaceUnknown with the nearest known name, which is never taken for it."""
        form = normalise_place_name(cell)
        place = self.forms.get(form)
        if place is not None:
            return place
        if form in self.homophones:
            raise UnknownPlaceError("place_homophone", "")
        raise UnknownPlaceError("city_unknown", self._nearest(form[:_LONGEST_NAME]))

    def _nearest(self, form: str) -> str:
        """A city or an area above it where one is like the text, else any place that is."""
        cities = [other for other in self.written if other in self.forms and not self.forms[other].county_code]
        near = _most_like(form, cities) or _most_like(form, self.written) or _most_like(form, cities, cutoff=0.0)
        return self.written[near[0]] if near else ""

    def is_homophone(self, cell: str) -> bool:
        return normalise_place_name(cell) in self.homophones and normalise_place_name(cell) not in self.forms

    def is_known(self, cell: str) -> bool:
        """Whether the text is a place's, if not for certain which."""
        form = normalise_place_name(cell)
        return form in self.forms or form in self.homophones


def _most_like(form: str, names: Iterable[str], cutoff: float = 0.6) -> list[str]:
    """The most like of the names that share most characters; to compare them all takes ten times as long."""
    letters = set(form)
    few = heapq.nlargest(_COMPARED, names, key=lambda name: len(letters.intersection(name)))
    ratios = {name: difflib.SequenceMatcher(None, name, form).ratio() for name in few}
    # Of names that are equally like it the one registered first: the official one, before its other scripts.
    best = max(few, key=lambda name: ratios[name], default=None)
    return [] if best is None or ratios[best] < cutoff else [best]


def _is_name_of_city(form: str, place: Place) -> bool:
    return place.city_code is not None and not form[:1].isascii()


def normalise_place_name(text: str) -> str:
    """A name as it is compared; a code without the zeros behind it."""
    form = normalise_name(text)
    code = _CODE.fullmatch(form)
    return code[1] if code else form
