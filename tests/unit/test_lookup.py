"""Items are looked up by identifier or name, in Chinese or English, and never guessed."""

from __future__ import annotations

import re

import pytest

from assets.core.errors import UsageError
from assets.release.read.lookup import find_scored_item
from assets.release.read.reader import Release
from tests.builders.candidates import candidate, tables_release_of


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    with candidate() as connection:
        connection.execute("update reference.dimensions set name_zh = '生态', name_en = 'Ecology'")
        connection.execute("update reference.indicators set name_zh = '绿地', name_en = 'Green space'")
        connection.execute("update reference.indicators set name_zh = '供水' where indicator_id = 'sheet.two'")
        return tables_release_of(connection, tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("sheet.one", ("indicator", "sheet.one")),
        (" ONE ", ("indicator", "sheet.one")),
        ("绿地", ("indicator", "sheet.one")),
        ("生态", ("dimension", "d")),
        ("ecology", ("dimension", "d")),
    ],
)
def test_an_item_is_found_by_identifier_or_name(release: Release, text: str, item: tuple[str, str]) -> None:
    assert find_scored_item(release, text) == item


@pytest.mark.parametrize(
    ("text", "offered"), [("green space", "sheet.one 绿地；sheet.two 供水"), ("绿", "sheet.one 绿地")]
)
def test_what_is_no_name_or_that_of_two_is_refused_with_the_nearest(release: Release, text: str, offered: str) -> None:
    with pytest.raises(UsageError) as call:
        find_scored_item(release, text)
    assert call.value.issue.code == "unknown_indicator"
    assert str(call.value.issue.expected).startswith(offered)
    assert "sheet.one Green space" in call.value.issue.remedy("en")
    assert not re.search("[一-鿿]", call.value.issue.remedy("en"))
