"""The catalogue of errors: both languages, the same blanks, and texts that say what they are given."""

from __future__ import annotations

import re

import pytest

from assets.core.errors import DataError, Issue, UsageError
from assets.core.messages import all_messages

FINDING = Issue("unknown_place", "丙市", "乙市", "parks/a.csv", 7, "city")


@pytest.mark.parametrize("code", all_messages())
def test_a_finding_fills_every_blank(code: str) -> None:
    issue = Issue(code, "FOUND", "EXPECTED")
    for text in (issue.reason("zh"), issue.reason("en"), issue.remedy("zh"), issue.remedy("en")):
        assert not re.search(r"[{}]", text)


def test_a_finding_says_reason_and_remedy_in_both_languages() -> None:
    assert FINDING.reason("zh") == "无法识别地名“丙市”"
    assert FINDING.reason("en") == "Unknown place “丙市”"
    assert FINDING.remedy("zh").startswith("如指“乙市”")
    assert FINDING.remedy("en").startswith("If you mean “乙市”")


@pytest.mark.parametrize(
    ("issue", "english", "chinese"),
    [
        (FINDING, "parks/a.csv, line 7, column city", "parks/a.csv, 第 7 行, 列 city"),
        (Issue("missing_header_row", file="a.csv"), "a.csv", "a.csv"),
        (Issue("missing_header_row", line=1), "line 1", "第 1 行"),
        (Issue("missing_header_row", column="city"), "column city", "列 city"),
        (Issue("missing_header_row"), "", ""),
    ],
)
def test_a_finding_says_where_as_far_as_it_knows(issue: Issue, english: str, chinese: str) -> None:
    assert (issue.where("en"), issue.where("zh")) == (english, chinese)


@pytest.mark.parametrize("text", ["{expected}", "{0}", "{actual}", "%s", "\\1", "{"])
def test_what_was_found_is_data_and_no_template(text: str) -> None:
    assert Issue("unknown_place", text, "乙市").reason("en") == f"Unknown place “{text}”"


def test_an_unknown_code_cannot_be_told() -> None:
    with pytest.raises(KeyError):
        Issue("no_such_code").reason("en")


def test_stopped_tells_every_finding() -> None:
    stopped = DataError([FINDING, Issue("no_release")])
    assert stopped.issues == (FINDING, Issue("no_release"))
    assert str(stopped).splitlines()[0].startswith("parks/a.csv, line 7, column city: Unknown place “丙市”. If")
    assert "There is no release yet. Run: gancheng run" in str(stopped).splitlines()[1]


def test_a_wrong_call_tells_its_finding() -> None:
    call = UsageError(Issue("unknown_city", "丙", "甲, 乙"))
    assert str(call) == "Unknown city “丙”. Choose one of: 甲, 乙"
