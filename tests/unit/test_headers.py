"""Headers: by name or by alias, whatever their width, spaces and case, with their units, and never by likeness."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assets.core.errors import Issue
from assets.intake.tables.contracts import Contract
from assets.intake.tables.headers import Header, HeaderMatcher
from tests.builders.shipped_contracts import shipped
from tests.unit.conftest import match_headers

REQUIRED = ["city", "date", "source_id", "source_grade"]


def matched(sent: Sequence[str], contract: Contract, line: int = 1) -> tuple[list[str | None], list[Issue]]:
    headers, issues = match_headers(sent, contract, line)
    return [header.column for header in headers], issues


@pytest.mark.parametrize(
    "header", ["posts", "POSTS", " posts ", "ｐｏｓｔｓ", "po sts", "posts\n", "\tposts", "p\u3000osts"]
)
def test_a_header_is_known_however_it_is_written(fairs: Contract, header: str) -> None:
    assert matched([*REQUIRED, header], fairs) == ([*REQUIRED, "posts"], [])


def test_a_header_is_known_by_its_alias_and_its_chinese_name(fairs: Contract) -> None:
    city = fairs.columns["city"].model_copy(update={"zh": "地方"})
    renamed = fairs.model_copy(update={"columns": {**fairs.columns, "city": city}})
    for header in ("city", "城市", "地方", "城　市", "城 市"):
        assert matched([header, *REQUIRED[1:]], renamed) == (REQUIRED, [])


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("*绿道长度", None),
        ("★绿道长度（必填）", None),
        ("绿道长度 公里", "公里"),
        ("绿道长度万米", "万米"),
        ("* 绿道长度(km)", "km"),
    ],
)
def test_marks_of_required_columns_and_a_unit_after_a_blank_are_read(header: str, unit: str | None) -> None:
    contract, registry = shipped()["parks"]
    match = HeaderMatcher(contract, registry.units).match(header)
    assert match is not None
    assert (match.column, match.unit, match.modifier) == ("greenway_length_km", unit, None)


@pytest.mark.parametrize(
    "header", ["绿道长度：", "绿道长度+", "绿道长度户", "绿道长度平方米", "绿道长度万", "绿道长度年"]
)
def test_what_is_no_unit_of_the_column_stays_unknown(header: str) -> None:
    contract, registry = shipped()["parks"]
    assert HeaderMatcher(contract, registry.units).match(header) is None


def test_columns_keep_the_order_of_the_file(fairs: Contract) -> None:
    assert matched(REQUIRED[::-1], fairs) == (REQUIRED[::-1], [])


@pytest.mark.parametrize("header", ["post", "postss", "岗位", "city_code", "posts,", "'; drop table typed; --"])
def test_a_header_that_is_not_known_is_reported_and_never_guessed(fairs: Contract, header: str) -> None:
    columns, (issue,) = matched([*REQUIRED, header], fairs, 3)
    assert columns[:-1] == REQUIRED
    assert columns[-1] is None
    assert (issue.code, issue.actual, issue.line, issue.column) == ("unknown_header", header, 3, header)
    known = {form for name, field in fairs.columns.items() for form in (name, field.zh, *field.aliases)}
    assert issue.expected in {"", *known}


@pytest.mark.parametrize(
    ("header", "similar"),
    [
        *(("建成区绿化覆率", "建成区绿化覆盖率"), ("建成区美化掩盖率", "建成区绿化覆盖率"), ("统计口经", "统计口径")),
        *(("绿化覆盖面积", ""), ("公园绿地面积", ""), ("绿化覆盖", ""), ("360100", ""), ("greenway_length_m2", "")),
        *(("greenway_lenght_km", "greenway_length_km"), ("人均绿地面积", "人均公园绿地面积"), ("辅助", "")),
        *(("建成区绿化覆率（%）", "建成区绿化覆盖率"), ("建成区绿化覆率（公顷）", "")),
    ],
)
def test_only_a_similar_header_of_the_same_kind_is_suggested(header: str, similar: str) -> None:
    contract, registry = shipped()["parks"]
    assert HeaderMatcher(contract, registry.units).nearest(header) == similar


def test_the_nearest_known_header_is_named(fairs: Contract) -> None:
    _, (issue,) = matched([*REQUIRED, "is_locale"], fairs)
    assert issue.expected == "is_local"


@pytest.mark.parametrize("header", ["city", "CITY", "城市"])
def test_a_column_that_occurs_twice_is_reported(fairs: Contract, header: str) -> None:
    _, issues = matched([*REQUIRED, header], fairs, 2)
    assert issues == [Issue("duplicate_header", header, "城市", line=2, column=header)]


@pytest.mark.parametrize(("name", "expected"), [("city", "城市、city"), ("date", "列date、date")])
def test_a_missing_required_column_is_reported_with_its_headers(fairs: Contract, name: str, expected: str) -> None:
    _, issues = matched([column for column in REQUIRED if column != name], fairs)
    assert issues == [Issue("missing_column", expected.split("、")[0], expected, line=1, column=name)]


def test_every_header_that_is_not_known_is_reported(fairs: Contract) -> None:
    _, issues = matched(["town", "when", *REQUIRED[2:]], fairs)
    assert [(issue.code, issue.actual) for issue in issues] == [("unknown_header", "town"), ("unknown_header", "when")]


def test_every_missing_column_is_reported(fairs: Contract) -> None:
    _, issues = matched(["city"], fairs)
    assert [issue.column for issue in issues] == ["date", "source_id", "source_grade"]


def test_a_column_without_a_header_holds_nothing(fairs: Contract) -> None:
    headers, issues = match_headers([*REQUIRED, "", " "], fairs)
    assert ([header.role for header in headers[4:]], issues) == (["empty", "empty"], [])


@pytest.fixture
def measured(fairs: Contract) -> Contract:
    """The dataset with a length in kilometres."""
    share = fairs.columns["share"].model_copy(update={"unit": "公里", "zh": "管长", "aliases": ("管网长度",)})
    return fairs.model_copy(update={"columns": {**fairs.columns, "share": share}})


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        *[("管长（公里）", "公里"), ("管长(米)", "米"), ("管网长度 （ｋｍ）", "km"), ("管长_公里", "公里")],
        *[("管长[万米]", "万米"), ("管长、公里", "公里")],
    ],
)
def test_a_header_may_say_a_unit_that_can_be_converted(measured: Contract, header: str, unit: str) -> None:
    headers, issues = match_headers([*REQUIRED, header], measured)
    assert (headers[-1], issues) == (Header(header, "column", "share", unit), [])


@pytest.mark.parametrize("header", ["管长（公顷）", "管长(%)", "管长（人）"])
def test_a_unit_of_another_kind_refuses_the_file(measured: Contract, header: str) -> None:
    _, (issue,) = matched([*REQUIRED, header], measured)
    assert (issue.code, issue.column, issue.expected) == ("incompatible_header_unit", "share", "公里")


@pytest.mark.parametrize(
    "header", ["管长（估计）", "其中：管长", "管长_同比", "比上年增加管长", "管长（2030年目标）", "管长排名"]
)
def test_a_word_that_may_change_a_header_refuses_it_by_that_word(measured: Contract, header: str) -> None:
    _, (issue,) = matched([*REQUIRED, header], measured)
    assert (issue.code, issue.expected, issue.column) == ("header_with_modifier", "管长", header)
    assert issue.actual in header
    assert "管长" not in issue.actual


@pytest.mark.parametrize(("header", "unit"), [("管长（英里）", "英里"), ("管长(mile)", "mile"), ("管长-华里", "华里")])
def test_an_unknown_unit_is_reported_as_a_unit(measured: Contract, header: str, unit: str) -> None:
    _, (issue,) = matched([*REQUIRED, header], measured)
    assert (issue.code, issue.actual, issue.expected) == ("unknown_unit", unit, "公里")


@pytest.mark.parametrize("header", ["城市city", "城市City", "城市 CITY"])
def test_a_header_in_two_languages_is_one(fairs: Contract, header: str) -> None:
    assert matched([header, *REQUIRED[1:]], fairs) == (REQUIRED, [])


def test_a_header_in_two_languages_that_disagree_is_not_known(fairs: Contract) -> None:
    _, (issue,) = matched(["城市date", *REQUIRED[1:]], fairs)
    assert issue.code == "unknown_header"


def test_two_tables_side_by_side_refuse_the_file_saying_so(fairs: Contract) -> None:
    _, (issue,) = matched([*REQUIRED, *REQUIRED], fairs)
    assert issue.code == "tables_side_by_side"


def test_a_contract_may_set_unknown_columns_aside(fairs: Contract) -> None:
    lenient = fairs.model_copy(update={"on_unknown_column": "keep"})
    headers, issues = match_headers([*REQUIRED, "天气"], lenient)
    assert (headers[-1], issues) == (Header("天气", "kept"), [])


def test_the_columns_of_a_returned_file_are_known(fairs: Contract) -> None:
    sent = ["退回编号", "退回原因", "处理办法", "return_reason", "return_remedy", *REQUIRED]
    headers, issues = match_headers(sent, fairs)
    assert [header.role for header in headers[:5]] == ["return_id", *["for_sender"] * 4]
    assert issues == []


def test_scope_and_unit_glued_to_a_name_are_known_as_an_alias_alone(measured: Contract) -> None:
    share = measured.columns["share"].model_copy(update={"aliases": ("管长_全市",)})
    glued = measured.model_copy(update={"columns": {**measured.columns, "share": share}})
    headers, issues = match_headers([*REQUIRED, "管长_全市_公里"], glued)
    assert (headers[-1].column, headers[-1].unit, issues) == ("share", "公里", [])
    _, (issue,) = matched([*REQUIRED, "管长_城区_公里"], glued)
    assert issue.code == "header_with_modifier"


def test_a_unit_over_a_column_that_has_none_refuses_the_file(fairs: Contract) -> None:
    _, issues = matched([*REQUIRED, "share(公里)"], fairs)
    assert issues == [Issue("incompatible_header_unit", "公里", "", line=1, column="share")]


def test_two_tables_with_an_empty_column_between_them_are_side_by_side_too(fairs: Contract) -> None:
    _, issues = matched([*REQUIRED, "", *REQUIRED], fairs)
    assert issues == [Issue("tables_side_by_side", "city", line=1)]
