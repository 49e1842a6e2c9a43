"""Places: the place that a cell names, by code, name or alias of the registry, never by similarity.

Here: the resolver of places. Not here: the registry (data/reference), the levels that a dataset accepts (its contract).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from assets.core.text import BLANKS, most_similar, normalise_name, split_footnote_mark

_MAX_NAME_LENGTH = 100
_SIGNS = re.compile(r"[-‐–—·/\\>,、_|()\[\]【】〔〕]")
# The number of a row, or a mark, before its place: 1.南昌市, （2）九江市, 三、赣州市, *吉安市
_LISTED = re.compile(r"^(?:\([0-9]{1,2}\)|[*※★☆]+|[0-9]{1,2}[.、)]|[一二三四五六七八九十]{1,3}、)(?=[^\x00-\x7f])")
# Behind a place, where no figure can be meant: 南昌市（1）, 南昌市#
_MARK_OF_PLACE = re.compile(r"(?<=[^\x00-\x7f])\s*(?:[(（][0-9０-９]{1,2}[)）]|[#＃])\s*$")
_CODE = re.compile(r"([0-9]{6})(?:\.0+|0{6}(?:\.0+)?)?")


@dataclass(frozen=True, slots=True)
class Place:
    """A city, an area above it (of an aggregate row), or a county, which also has the code of its city."""

    city_code: str | None = None
    province_code: str | None = None
    county_code: str | None = None


class UnknownPlaceError(ValueError):
    """The text names no registered place; `code` is the error, `nearest` the name that may be meant, if any."""

    def __init__(self, code: str, nearest: str) -> None:
        self.code, self.nearest = code, nearest
        super().__init__(code)


@dataclass(frozen=True)
class Places:
    """The registered places by normalised name or code.

    `homophones` are names that several places share in writing and that need a code. `written` has the original texts.
    """

    forms: Mapping[str, Place]
    homophones: frozenset[str] = frozenset()
    written: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Iterable[tuple[str, str | None, str | None, str | None]], homophones: Iterable[str]) -> Places:
        """Return the resolver of rows (text, city_code, province_code, county_code).

        The name of a city may follow that of its province. A county name in two cities names neither.
        """
        named = [(text, Place(city, province, county)) for text, city, province, county in names]
        forms = {normalise_place_name(text): place for text, place in named if place.county_code is None}
        counties: dict[str, set[Place]] = {}
        for text, place in named:
            if place.county_code is not None:
                counties.setdefault(normalise_place_name(text), set()).add(place)
        forms = {form: next(iter(places)) for form, places in counties.items() if len(places) == 1} | forms
        above = [form for form, place in forms.items() if place.province_code and not form[:1].isascii()]
        with_prefix = {
            f"{prefix}{form}": place
            for prefix in above
            for form, place in forms.items()
            if _is_name_of_city(form, place)
        }
        return cls(
            {**with_prefix, **forms},
            frozenset(map(normalise_place_name, homophones)),
            {normalise_place_name(text): text for text, _ in named},
        )

    def resolve(self, cell: str) -> Place:
        """Return the place that a cell names; raise UnknownPlaceError with the registered name that may be meant."""
        form = normalise_place_name(cell)
        place = next((self.forms[name] for name in _readings(cell) if name in self.forms), None)
        if place is not None:
            return place
        if form in self.homophones:
            raise UnknownPlaceError("ambiguous_place", "")
        raise UnknownPlaceError("unknown_place", self._suggest(form[:_MAX_NAME_LENGTH]))

    def _suggest(self, form: str) -> str:
        """The registered name in a text, if it names one place, else the most similar one, of a city if possible."""
        names = [name for name in self.written if name in self.forms]
        named = [name for name in names if len(name) > 1 and not name.isascii() and name in form]
        if named:
            cities = {self.forms[name].city_code for name in named} - {None}
            return self.written[max(named, key=len)] if len(cities) <= 1 else ""
        cities_first = [name for name in names if not self.forms[name].county_code]
        return self.written.get(most_similar(form, cities_first) or most_similar(form, names), "")

    def name_of(self, city_code: str) -> str:
        """Return the registered Chinese name of a city; its code where it has none."""
        names = (name for form, name in self.written.items() if self.forms.get(form) == Place(city_code))
        return next((name for name in names if not name.isascii()), city_code)

    def is_homophone(self, cell: str) -> bool:
        """Return whether only a code decides which place is meant."""
        return normalise_place_name(cell) in self.homophones and normalise_place_name(cell) not in self.forms

    def is_known(self, cell: str) -> bool:
        """Return whether the text is the name or code of a place, if ambiguous or not."""
        return any(form in self.forms or form in self.homophones for form in _readings(cell))


def _is_name_of_city(form: str, place: Place) -> bool:
    return place.city_code is not None and not form[:1].isascii()


def _readings(cell: str) -> Iterator[str]:
    """The forms of a name as it is, without signs, and without the mark of a footnote."""
    form = normalise_place_name(cell)
    yield form
    yield _without_signs(form)
    name = _MARK_OF_PLACE.sub("", split_footnote_mark(cell.strip(BLANKS))[0])
    yield _without_signs(normalise_place_name(name))


def _without_signs(form: str) -> str:
    """The name without its number, and without the signs between its parts: 江西省 - 九江市, 赣州(市)."""
    return _SIGNS.sub("", _LISTED.sub("", form))


def normalise_place_name(text: str) -> str:
    """Return the form in which names are compared; of a code, without trailing zeros of longer codes."""
    form = normalise_name(text)
    code = _CODE.fullmatch(form)
    return code[1] if code else form
