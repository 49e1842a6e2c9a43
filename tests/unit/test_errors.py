"""The catalogue of errors: both languages, the same blanks, and texts that say what they are given."""

from __future__ import annotations

import re

import pytest

from assets.core.errors import MESSAGES, DataError, Issue, UsageError

FINDING = Issue("city_unknown", "丙市", "乙市", "parks/a.csv", 7, "city")


@pytest.mark.parametrize("code", MESSAGES)
def test_a_template_has_no_braces_but_the_two_blanks(code: str) -> None:
    message = MESSAGES[code]
    for text in (message.reason_zh, message.reason_en, message.remedy_zh, message.remedy_en):
        assert text.strip() == text != ""
        assert not re.search(r"[{}]", text.replace("{found}", "").replace("{expected}", ""))


@pytest.mark.parametrize("code", MESSAGES)
def test_both_languages_have_the_same_blanks(code: str) -> None:
    message = MESSAGES[code]
    for blank in ("{found}", "{expected}"):
        assert (blank in message.reason_zh) == (blank in message.reason_en)
        assert (blank in message.remedy_zh) == (blank in message.remedy_en)


@pytest.mark.parametrize("code", MESSAGES)
def test_chinese_texts_are_chinese_and_english_ones_are_not(code: str) -> None:
    message = MESSAGES[code]
    chinese = re.compile(r"[\u4e00-\u9fff]")
    assert chinese.search(message.reason_zh)
    assert chinese.search(message.remedy_zh) or message.remedy_zh == "{expected}"
    assert not chinese.search(message.reason_en + message.remedy_en)


@pytest.mark.parametrize("code", MESSAGES)
def test_a_finding_fills_every_blank(code: str) -> None:
    issue = Issue(code, "FOUND", "EXPECTED")
    for text in (issue.reason("zh"), issue.reason("en"), issue.remedy("zh"), issue.remedy("en")):
        assert not re.search(r"[{}]", text)


def test_a_finding_says_reason_and_remedy_in_both_languages() -> None:
    assert FINDING.reason("zh") == "不认识的地名“丙市”"
    assert FINDING.reason("en") == "Unknown place “丙市”"
    assert FINDING.remedy("zh").startswith("如指“乙市”")
    assert FINDING.remedy("en").startswith("If “乙市” is meant")


@pytest.mark.parametrize(
    ("issue", "english", "chinese"),
    [
        (FINDING, "parks/a.csv, line 7, column city", "parks/a.csv, 第 7 行, 列 city"),
        (Issue("file_empty", file="a.csv"), "a.csv", "a.csv"),
        (Issue("file_empty", line=1), "line 1", "第 1 行"),
        (Issue("file_empty", column="city"), "column city", "列 city"),
        (Issue("file_empty"), "", ""),
    ],
)
def test_a_finding_says_where_as_far_as_it_knows(issue: Issue, english: str, chinese: str) -> None:
    assert (issue.where("en"), issue.where("zh")) == (english, chinese)


@pytest.mark.parametrize("text", ["{expected}", "{0}", "{found}", "%s", "\\1", "{"])
def test_what_was_found_is_data_and_no_template(text: str) -> None:
    assert Issue("city_unknown", text, "乙市").reason("en") == f"Unknown place “{text}”"


def test_an_unknown_code_cannot_be_told() -> None:
    with pytest.raises(KeyError):
        Issue("no_such_code").reason("en")


def test_stopped_tells_every_finding() -> None:
    stopped = DataError([FINDING, Issue("no_release")])
    assert stopped.issues == (FINDING, Issue("no_release"))
    assert str(stopped).splitlines()[0].startswith("parks/a.csv, line 7, column city: Unknown place “丙市”. If")
    assert "There is no release yet. Run: gancheng run" in str(stopped).splitlines()[1]


def test_a_wrong_call_tells_its_finding() -> None:
    call = UsageError(Issue("no_such_city", "丙", "甲, 乙"))
    assert str(call) == "There is no city “丙”. Choose from: 甲, 乙"
