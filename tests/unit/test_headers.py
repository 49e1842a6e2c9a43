"""Headers: by name or by alias, whatever their width, spaces and case, and never by likeness."""

from __future__ import annotations

import pytest

from assets.errors import Finding
from assets.intake.contracts import Dataset, written
from assets.intake.headers import match_headers

REQUIRED = ["city", "date", "source_id", "source_grade"]


@pytest.mark.parametrize(
    "header", ["posts", "POSTS", " posts ", "ｐｏｓｔｓ", "po sts", "posts\n", "\tposts", "p\u3000osts"]
)
def test_a_header_is_known_however_it_is_written(fairs: Dataset, header: str) -> None:
    assert match_headers([*REQUIRED, header], fairs, 1) == ([*REQUIRED, "posts"], [])


def test_a_header_is_known_by_its_alias_and_its_chinese_name(fairs: Dataset) -> None:
    city = fairs.columns["city"].model_copy(update={"zh": "地方"})
    renamed = fairs.model_copy(update={"columns": {**fairs.columns, "city": city}})
    for header in ("city", "城市", "地方"):
        assert match_headers([header, *REQUIRED[1:]], renamed, 1) == (REQUIRED, [])


def test_columns_keep_the_order_of_the_file(fairs: Dataset) -> None:
    assert match_headers(REQUIRED[::-1], fairs, 1) == (REQUIRED[::-1], [])


@pytest.mark.parametrize("header", ["post", "postss", "岗位", "", "city_code", "posts,", "'; drop table typed; --"])
def test_a_header_that_is_not_known_is_told_and_never_guessed(fairs: Dataset, header: str) -> None:
    columns, (told,) = match_headers([*REQUIRED, header], fairs, 3)
    assert columns == REQUIRED
    assert (told.code, told.found, told.line, told.column) == ("header_unknown", header, 3, header)
    known = {form for name, field in fairs.columns.items() for form in (name, field.zh, *field.aliases)}
    assert told.expected in {written(form) for form in known}


def test_the_nearest_known_header_is_named(fairs: Dataset) -> None:
    _, (told,) = match_headers([*REQUIRED, "is_locale"], fairs, 1)
    assert told.expected == "is_local"


@pytest.mark.parametrize("header", ["city", "CITY", "城市"])
def test_a_column_that_occurs_twice_is_told(fairs: Dataset, header: str) -> None:
    columns, findings = match_headers([*REQUIRED, header], fairs, 2)
    assert columns == REQUIRED
    assert findings == [Finding("header_doubled", header, "city", line=2, column=header)]


@pytest.mark.parametrize(("name", "expected"), [("city", "city, 城市"), ("date", "date")])
def test_a_missing_required_column_is_told_with_its_aliases(fairs: Dataset, name: str, expected: str) -> None:
    _, findings = match_headers([column for column in REQUIRED if column != name], fairs, 1)
    assert findings == [Finding("header_missing", name, expected, line=1, column=name)]


def test_every_header_that_is_not_known_is_told(fairs: Dataset) -> None:
    _, findings = match_headers(["town", "when", *REQUIRED[2:]], fairs, 1)
    assert [(told.code, told.found) for told in findings] == [("header_unknown", "town"), ("header_unknown", "when")]


def test_every_missing_column_is_told(fairs: Dataset) -> None:
    _, findings = match_headers(["city"], fairs, 1)
    assert [told.found for told in findings] == ["date", "source_id", "source_grade"]
