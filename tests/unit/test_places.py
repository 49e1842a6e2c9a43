"""Places: every registered way of writing one is known, and no other is taken for it."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.core.paths import PROJECT_ROOT
from assets.intake.values.places import Place, Places, UnknownPlaceError, normalise_place_name
from tests.builders.shipped_contracts import shipped

WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")


def rows_of(table: str) -> list[dict[str, str]]:
    with (PROJECT_ROOT / "data" / "reference" / f"{table}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def places() -> Places:
    """The places of the shipped registry."""
    _, registry = shipped()["parks"]
    return registry.places


def code(places: Places, text: str) -> str | None:
    return places.resolve(text).city_code


@pytest.mark.parametrize(
    ("city", "forms"),
    [
        (
            "360100",
            ["南昌", "南昌市", "江西省南昌市", "江西省 南昌市", "南　昌", "Nanchang", "nanchang city", "NANCHANG"],
        ),
        ("360100", ["360100", "360100.0", "360100000000", "３６０１００", " 360100 ", "360100000000.0"]),
        ("360200", ["景德镇", "景德鎮", "景德鎮市", "Jingdezhen City", "jing de zhen"]),
        ("360500", ["新余", "新餘", "新馀", "新馀市", "Xinyu"]),
        ("360700", ["赣州", "贛州", "贛州市", "江西贛州"]),
        ("360800", ["吉安市", "Ji'an", "Ji’an", "Jian", "Ji'an City"]),
        ("360900", ["宜春", "江西宜春", "Yichun, Jiangxi", "1.宜春市", "（9）宜春", "九、宜春市", "１２、 江西宜春"]),
        ("361000", ["抚州", "撫州市", "Fuzhou Jiangxi"]),
    ],
)
def test_a_city_is_known_in_every_form(places: Places, city: str, forms: list[str]) -> None:
    assert {form: code(places, form) for form in forms} == dict.fromkeys(forms, city)


@pytest.mark.parametrize("text", ["1.360900", "宜春1", "1宜春市", "其中：宜春市", "1.5", "1.宜州市"])
def test_a_number_is_left_out_only_before_a_registered_name(places: Places, text: str) -> None:
    assert not places.is_known(text)


@pytest.mark.parametrize("text", ["Yichun", "yichun city", "Fuzhou", "FUZHOU"])
def test_a_homophone_is_refused(places: Places, text: str) -> None:
    with pytest.raises(UnknownPlaceError) as unknown:
        places.resolve(text)
    assert unknown.value.code == "ambiguous_place"


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        *(
            ("宪湖市", ""),
            ("甫田市", ""),
            ("南晶市", "南昌市"),
            ("福州", ""),
            ("伊春", ""),
            ("长沙市", ""),
            ("景德真市", "景德镇市"),
        ),
        *(
            ("南昌市本级", "南昌市"),
            ("江西省南昌市中心城区", "南昌市"),
            ("南昌市、九江市", ""),
            ("九江都昌县", "都昌县"),
        ),
        *(("361000x", ""), ("360101", ""), ("3601", ""), ("Nanchamg", "Nanchang"), ("Xyz", ""), ("=cmd", "")),
    ],
)
def test_an_unknown_name_is_reported_with_one_like_it_and_never_guessed(
    places: Places, text: str, nearest: str
) -> None:
    with pytest.raises(UnknownPlaceError) as unknown:
        places.resolve(text)
    assert (unknown.value.code, unknown.value.nearest) == ("unknown_place", nearest)


@pytest.mark.parametrize(
    ("text", "city"),
    [
        *(
            ("江西省 - 九江市", "360400"),
            ("江西省—九江", "360400"),
            ("江西省/赣州市", "360700"),
            ("赣州(市)", "360700"),
        ),
        *(
            ("江西·抚州", "361000"),
            ("【南昌市】", "360100"),
            ("南昌\u200e市\u00ad", "360100"),
            ("江西省 ＞ 上饶市", "361100"),
        ),
    ],
)
def test_signs_around_the_parts_of_a_name_do_not_count(places: Places, text: str, city: str) -> None:
    assert places.is_known(text)
    assert places.resolve(text) == Place(city)


@pytest.mark.parametrize("text", ["全省", "合计", "江西省", "江西", "360000", "全省合计"])
def test_a_total_is_the_provinces(places: Places, text: str) -> None:
    assert places.resolve(text) == Place(province_code="360000")


@pytest.mark.parametrize("text", ["全国", "全國", "100000"])
def test_a_total_of_the_nation_is_the_nations(places: Places, text: str) -> None:
    assert places.resolve(text) == Place(province_code="100000")


@pytest.mark.parametrize(("text", "city"), [("南昌县", "360100"), ("360121", "360100"), ("瑞金市", "360700")])
def test_a_county_is_known_with_its_city(places: Places, text: str, city: str) -> None:
    place = places.resolve(text)
    assert (place.city_code, place.county_code is not None) == (city, True)


@given(st.text(max_size=10))
def test_any_text_is_a_place_or_unknown(text: str) -> None:
    few = Places.of([("甲市", "1", None, None), ("丁省", None, "9", None)], ["beta"])
    if few.is_known(text) and not few.is_homophone(text):
        assert few.resolve(text) in (Place("1"), Place(None, "9"))
    else:
        with pytest.raises(UnknownPlaceError):
            few.resolve(text)


def test_a_name_of_two_places_names_none() -> None:
    two = Places.of([("城东区", "1", None, "11"), ("城东区", "2", None, "21"), ("甲市", "1", None, None)], [])
    with pytest.raises(UnknownPlaceError):
        two.resolve("城东区")
    assert two.resolve("甲市") == Place("1")


CITIES = rows_of("cities")
each_city = pytest.mark.parametrize("city", CITIES, ids=[city["name_en"] for city in CITIES])


@each_city
def test_every_city_is_known_by_its_code_however_it_was_stored(places: Places, city: dict[str, str]) -> None:
    sent = city["city_code"]
    forms = [sent, f"{sent}.0", f"{sent}000000", f"{sent}000000.0", sent.translate(WIDE), f" {sent}　"]
    assert {form: code(places, form) for form in forms} == dict.fromkeys(forms, sent)


@each_city
def test_every_city_is_known_by_its_names_with_the_province_before_them_or_not(
    places: Places, city: dict[str, str]
) -> None:
    for name in (city["name_zh"], city["short_zh"]):
        forms = [name, f"　{name} ", " ".join(name), *(f"{area}{name}" for area in ("江西省", "江西省 ", "江西"))]
        assert {form: code(places, form) for form in forms} == dict.fromkeys(forms, city["city_code"])


@each_city
def test_every_city_is_known_by_its_english_name_unless_another_sounds_alike(
    places: Places, city: dict[str, str]
) -> None:
    name = city["name_en"]
    for form in (name, f"{name} City", name.upper(), name.lower()):
        if normalise_place_name(name) in ("yichun", "fuzhou"):
            with pytest.raises(UnknownPlaceError, match="ambiguous_place"):
                places.resolve(form)
        else:
            assert code(places, form) == city["city_code"]
    assert code(places, f"{name}, Jiangxi") == city["city_code"]


def test_every_alias_names_its_place(places: Places) -> None:
    for row in rows_of("aliases"):
        if row["kind"] != "homophone":
            place = places.resolve(row["alias"])
            assert (place.city_code or "", place.province_code or "") == (row["city_code"], row["province_code"])


def test_every_county_is_known_by_code_and_name_with_its_city(places: Places) -> None:
    for row in rows_of("counties"):
        expected = Place(row["city_code"], None, row["county_code"])
        assert places.resolve(row["county_code"]) == places.resolve(row["name_zh"]) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("350100", "南昌市市", "南昌市区", "昌", "市", "", "36010", "3601000", "360100.5", "360100000001"),
        *("湖北省南昌", "南昌市江西省", "=cmd", "'; drop table", "南昌市(不含新建区)", "南昌市/九江市"),
    ],
)
def test_no_place_is_taken_by_likeness(places: Places, text: str) -> None:
    with pytest.raises(UnknownPlaceError, match="unknown_place") as unknown:
        places.resolve(text)
    assert unknown.value.nearest == "" or places.is_known(unknown.value.nearest)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CITIES), st.integers(0, 2), st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5))
def test_a_name_with_one_other_character_is_not_guessed(
    places: Places, city: dict[str, str], at: int, wrong: str
) -> None:
    name = city["short_zh"]
    changed = name[: at % len(name)] + wrong + name[at % len(name) + 1 :]
    if normalise_place_name(changed) not in places.forms:
        with pytest.raises(UnknownPlaceError, match="unknown_place"):
            places.resolve(changed)


def test_a_registry_without_places_knows_none_and_suggests_nothing() -> None:
    with pytest.raises(UnknownPlaceError) as unknown:
        Places.of([], []).resolve("甲")
    assert unknown.value.nearest == ""


def test_of_names_equally_like_it_the_one_registered_first_is_offered() -> None:
    names = [("抚州市", "361000", None, None), ("撫州市", "361000", None, None), ("福安市", "1", None, None)]
    with pytest.raises(UnknownPlaceError) as unknown:
        Places.of(names, []).resolve("福州市")
    assert unknown.value.nearest == "抚州市"
