"""Headers: by name or by alias, whatever their width, spaces and case, with their unit, and never by likeness."""

from __future__ import annotations

import pytest

from assets.errors import Finding
from assets.intake.contracts import Dataset, written
from assets.intake.headers import Header, match_headers
from tests.unit.conftest import shipped_units

REQUIRED = ["city", "date", "source_id", "source_grade"]
UNITS = shipped_units()


def matched(contract: Dataset, *sent: str, line: int = 1) -> tuple[list[str | None], list[Finding]]:
    """The column of each header, and what is wrong with the row."""
    headers, findings = match_headers(sent, contract, UNITS, line)
    return [header.column for header in headers], findings


def header_of(contract: Dataset, sent: str) -> Header:
    headers, findings = match_headers([*REQUIRED, sent], contract, UNITS, 1)
    assert findings == []
    return headers[-1]


def with_unit(contract: Dataset, name: str, unit: str | None, *aliases: str) -> Dataset:
    field = contract.columns[name].model_copy(update={"unit": unit, "aliases": aliases})
    return contract.model_copy(update={"columns": {**contract.columns, name: field}})


@pytest.mark.parametrize(
    "header", ["posts", "POSTS", " posts ", "ｐｏｓｔｓ", "po sts", "posts\n", "\tposts", "p\u3000osts"]
)
def test_a_header_is_known_however_it_is_written(fairs: Dataset, header: str) -> None:
    assert matched(fairs, *REQUIRED, header) == ([*REQUIRED, "posts"], [])


def test_a_header_is_known_by_its_alias_and_its_chinese_name(fairs: Dataset) -> None:
    city = fairs.columns["city"].model_copy(update={"zh": "地方"})
    renamed = fairs.model_copy(update={"columns": {**fairs.columns, "city": city}})
    for header in ("city", "城市", "地方", "城　市"):
        assert matched(renamed, header, *REQUIRED[1:]) == (REQUIRED, [])


def test_columns_keep_the_order_of_the_file(fairs: Dataset) -> None:
    assert matched(fairs, *REQUIRED[::-1]) == (REQUIRED[::-1], [])


@pytest.mark.parametrize(
    "header", ["post", "postss", "岗位", "city_code", "posts,", "'; drop table typed; --", "posts(x)"]
)
def test_a_header_that_is_not_known_is_told_and_never_guessed(fairs: Dataset, header: str) -> None:
    columns, (told,) = matched(fairs, *REQUIRED, header, line=3)
    assert columns == [*REQUIRED, None]
    assert (told.code, told.found, told.line, told.column) == ("header_unknown", header, 3, header)
    known = {form for name, field in fairs.columns.items() for form in (name, field.zh, *field.aliases)}
    assert told.expected in {written(form) for form in known}


def test_a_header_that_is_not_known_is_set_aside_where_the_contract_says_so(fairs: Dataset) -> None:
    lenient = fairs.model_copy(update={"unknown_columns": "set_aside"})
    assert header_of(lenient, "岗位") == Header("岗位", "set_aside")
    assert header_of(lenient, "posts").column == "posts"


@pytest.mark.parametrize("header", ["", "  ", "\u3000"])
def test_a_column_without_a_header_is_empty_and_no_fault_yet(fairs: Dataset, header: str) -> None:
    assert header_of(fairs, header) == Header(header, "empty")


def test_the_nearest_known_header_is_named(fairs: Dataset) -> None:
    _, (told,) = matched(fairs, *REQUIRED, "is_locale")
    assert told.expected == "is_local"


@pytest.mark.parametrize("header", ["city", "CITY", "城市"])
def test_a_column_that_occurs_twice_is_told(fairs: Dataset, header: str) -> None:
    _, findings = matched(fairs, *REQUIRED, header, line=2)
    assert findings == [Finding("header_doubled", header, "city", line=2, column=header)]


@pytest.mark.parametrize(("name", "expected"), [("city", "city, 城市"), ("date", "date")])
def test_a_missing_required_column_is_told_with_its_aliases(fairs: Dataset, name: str, expected: str) -> None:
    _, findings = matched(fairs, *(column for column in REQUIRED if column != name))
    assert findings == [Finding("header_missing", name, expected, line=1, column=name)]


def test_every_header_that_is_not_known_is_told(fairs: Dataset) -> None:
    _, findings = matched(fairs, "town", "when", *REQUIRED[2:])
    assert [(told.code, told.found) for told in findings] == [("header_unknown", "town"), ("header_unknown", "when")]


def test_every_missing_column_is_told(fairs: Dataset) -> None:
    _, findings = matched(fairs, "city")
    assert [told.found for told in findings] == ["date", "source_id", "source_grade"]


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("share(%)", "%"),
        ("share（％）", "%"),
        ("share [‰]", "‰"),
        ("share%", "%"),
        ("share_百分比", "百分比"),
        ("share：‰", "‰"),
        ("列share(千分比)", "千分比"),
        ("share", None),
    ],
)
def test_a_unit_may_stand_in_the_header(fairs: Dataset, header: str, unit: str | None) -> None:
    header_read = header_of(with_unit(fairs, "share", "%"), header)
    assert (header_read.column, header_read.unit) == ("share", unit)


@pytest.mark.parametrize(("header", "unit"), [("share(公里)", "公里"), ("share（人）", "人")])
def test_a_unit_that_the_column_cannot_have_refuses_the_file(fairs: Dataset, header: str, unit: str) -> None:
    _, findings = matched(with_unit(fairs, "share", "%"), *REQUIRED, header)
    assert findings == [Finding("header_unit", unit, "%", line=1, column="share")]


def test_a_unit_over_a_column_without_one_refuses_the_file(fairs: Dataset) -> None:
    _, findings = matched(fairs, *REQUIRED, "share(公里)")
    assert [finding.code for finding in findings] == ["header_unit"]


def test_scope_and_unit_glued_to_a_name_are_known_as_an_alias_alone(fairs: Dataset) -> None:
    glued = with_unit(fairs, "share", "%", "覆盖率_全市")
    assert header_of(glued, "覆盖率_全市_百分比").column == "share"
    _, findings = matched(glued, *REQUIRED, "覆盖率_城区_百分比")
    assert [finding.code for finding in findings] == ["header_unknown"]


@pytest.mark.parametrize("header", ["列share share", "列share/share", "列shareShare"])
def test_a_header_in_two_languages_is_one(fairs: Dataset, header: str) -> None:
    chinese = fairs.columns["share"].model_copy(update={"zh": "份额"})
    named = fairs.model_copy(update={"columns": {**fairs.columns, "share": chinese}})
    assert header_of(named, header.replace("列share", "份额")).column == "share"


def test_a_header_that_names_two_columns_in_two_languages_is_refused(fairs: Dataset) -> None:
    chinese = fairs.columns["share"].model_copy(update={"zh": "份额"})
    named = fairs.model_copy(update={"columns": {**fairs.columns, "share": chinese}})
    _, findings = matched(named, *REQUIRED, "份额posts")
    assert [finding.code for finding in findings] == ["header_unknown"]


def test_two_tables_side_by_side_are_told_as_such(fairs: Dataset) -> None:
    for between in ([], [""]):
        _, findings = matched(fairs, *REQUIRED, *between, *REQUIRED, line=4)
        assert findings == [Finding("tables_side_by_side", "city", line=4)]


@pytest.mark.parametrize(
    ("header", "role"),
    [("退回编号", "return_id"), ("Return_ID", "return_id"), ("退回原因", "told"), ("return_remedy", "told")],
)
def test_the_columns_of_a_returned_file_are_known(fairs: Dataset, header: str, role: str) -> None:
    assert header_of(fairs, header) == Header(header, role)  # type: ignore[arg-type]
