"""Places: every registered city by every registered form, and no other text by likeness."""

from __future__ import annotations

import csv
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.intake.places import Place, Places, PlaceUnknown, form_of
from assets.paths import PROJECT_ROOT

WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")


def rows(table: str) -> list[dict[str, str]]:
    with (PROJECT_ROOT / "data" / "reference" / f"{table}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@cache
def shipped() -> Places:
    names: list[tuple[str, str | None, str | None, str | None]] = []
    for row in rows("cities"):
        names += [(row[column], row["city_code"], None, None) for column in ("city_code", "name_zh", "short_zh")]
    for row in rows("provinces"):
        names += [(row[column], None, row["province_code"], None) for column in ("province_code", "name_zh")]
    for row in rows("counties"):
        names += [(row[column], row["city_code"], None, row["county_code"]) for column in ("county_code", "name_zh")]
    aliases = rows("aliases")
    names += [
        (row["alias"], row["city_code"] or None, row["province_code"] or None, None)
        for row in aliases
        if row["kind"] != "homophone"
    ]
    return Places.of(names, [row["alias"] for row in aliases if row["kind"] == "homophone"])


CITIES = rows("cities")
each_city = pytest.mark.parametrize("city", CITIES, ids=[city["name_en"] for city in CITIES])


@each_city
def test_a_city_is_found_by_its_code_however_it_was_stored(city: dict[str, str]) -> None:
    code = city["city_code"]
    for text in (code, f"{code}.0", f"{code}000000", f"{code}000000.0", code.translate(WIDE), f" {code}　"):
        assert shipped().resolve(text) == Place(city_code=code)


@each_city
def test_a_city_is_found_by_its_names_with_the_province_before_them_or_not(city: dict[str, str]) -> None:
    for name in (city["name_zh"], city["short_zh"]):
        for text in (name, f"　{name} ", " ".join(name), f"江西省{name}", f"江西省 {name}", f"江西{name}"):
            assert shipped().resolve(text) == Place(city_code=city["city_code"])


@each_city
def test_a_city_is_found_by_its_english_name_unless_two_cities_have_it(city: dict[str, str]) -> None:
    for text in (city["name_en"], f"{city['name_en']} City", city["name_en"].upper(), city["name_en"].lower()):
        if shipped().is_homophone(text):
            with pytest.raises(PlaceUnknown) as refused:
                shipped().resolve(text)
            assert refused.value.code == "place_homophone"
        else:
            assert shipped().resolve(text) == Place(city_code=city["city_code"])
    assert shipped().resolve(f"{city['name_en']} City, Jiangxi") == Place(city_code=city["city_code"])


def test_every_alias_names_its_place() -> None:
    for row in rows("aliases"):
        if row["kind"] != "homophone":
            place = shipped().resolve(row["alias"])
            assert (place.city_code or "", place.province_code or "") == (row["city_code"], row["province_code"])


@pytest.mark.parametrize(
    ("text", "code"),
    [("景德鎮", "360200"), ("贛州市", "360700"), ("新馀", "360500"), ("Ji'an", "360800"), ("Ji’an", "360800")],
)
def test_traditional_forms_and_apostrophes_are_read(text: str, code: str) -> None:
    assert shipped().resolve(text).city_code == code


def test_the_homophones_are_those_of_the_registry() -> None:
    assert {
        text for text in ("yichun", "Yichun City", "fuzhou", "FUZHOU", "Nanchang") if shipped().is_homophone(text)
    } == {
        "yichun",
        "Yichun City",
        "fuzhou",
        "FUZHOU",
    }


@pytest.mark.parametrize("text", ["全省", "合计", "江西省", "江西", "360000", "360000.0", "360000000000", "全国"])
def test_an_area_above_the_cities_is_a_total(text: str) -> None:
    place = shipped().resolve(text)
    assert (place.city_code, place.province_code) == (None, "100000" if text == "全国" else "360000")


def test_a_county_is_found_with_its_city_by_code_and_by_name() -> None:
    for row in rows("counties"):
        expected = Place(row["city_code"], None, row["county_code"])
        assert shipped().resolve(row["county_code"]) == expected
        assert shipped().resolve(row["name_zh"]) == shipped().resolve(f"江西省{row['name_zh']}") == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "福州",
            "伊春",
            "长沙市",
            "350100",
            "宪湖市",
            "甫田市",
            "南晶",
            "南昌市市",
            "南昌市区",
            "昌",
            "市",
            "",
            "36010",
        ),
        *("3601000", "360100.5", "360100000001", "湖北省南昌", "南昌市江西省", "Nan-chang", "=cmd", "'; drop table"),
    ],
)
def test_no_place_is_taken_by_likeness(text: str) -> None:
    with pytest.raises(PlaceUnknown) as refused:
        shipped().resolve(text)
    assert refused.value.code == "city_unknown"
    assert shipped().is_known(refused.value.nearest)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(CITIES), st.integers(0, 2), st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5))
def test_a_name_with_one_other_character_is_told_and_not_guessed(city: dict[str, str], at: int, wrong: str) -> None:
    name = city["short_zh"]
    changed = name[: at % len(name)] + wrong + name[at % len(name) + 1 :]
    if not shipped().is_known(changed):
        with pytest.raises(PlaceUnknown):
            shipped().resolve(changed)
    else:
        assert form_of(changed) in shipped().forms


def test_a_form_of_two_places_names_neither() -> None:
    names = [("甲", "1", None, None), ("甲", "2", None, None), ("城区", "1", None, "11"), ("城 区", "2", None, "21")]
    places = Places.of([*names, ("乙", "1", None, None), ("乙", "1", None, None)], [])
    assert (places.is_known("甲"), places.is_known("城区"), places.resolve("乙")) == (False, False, Place("1"))


def test_a_registry_without_places_knows_none_and_suggests_nothing() -> None:
    with pytest.raises(PlaceUnknown) as refused:
        Places.of([], []).resolve("甲")
    assert refused.value.nearest == ""
