"""CSV as machines and people write it: what is read, and which rows are broken, with the shipped contracts."""

from __future__ import annotations

import pytest

from tests.builders.inbox import Take
from tests.builders.intake_files import PARKS, park, parks, text_of

AREA = "park_area_per_capita_m2"
WITH_NOTE = (*PARKS, "备注")
TWO = [("360100", 2024, 12.5), ("360400", 2024, 18.75)]


def two(*, delimiter: str = ",", note: str = "") -> str:
    rows = ((*park("南昌市"), note), (*park("九江市", area=18.75), note))
    return text_of(WITH_NOTE, *rows, delimiter=delimiter)


@pytest.mark.parametrize(
    "content",
    [
        two(delimiter="|"),
        "sep=;\r\n" + two(delimiter=";"),
        two().replace(",\r\n", "\r\n").replace("等级,备注", "等级,备注,"),
        two().replace("\r\n", ",,,\r\n"),
        two().replace("A,\r\n", "A,,\r\n"),
        two().replace("南昌市", '="南昌市"').replace("2024", '="2024"'),
        two().replace(",", "\t,"),
        two().replace("\r\n", "\r"),
        two().replace("A,\r\n", 'A,属于"十四五"规划\r\n'),
        two().replace("A,\r\n", 'A,"十四五"规划\r\n'),
        two().replace("A,\r\n", 'A,"\r\n'),
    ],
)
def test_59_csv_as_machines_write_it_is_read(take: Take, content: str) -> None:
    outcome = take("parks", content)
    assert outcome.values("city_code", "year", AREA) == TWO
    assert outcome.counts[2] == 0


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_59_utf_16_without_a_mark_is_read(take: Take, codec: str) -> None:
    assert take("parks", two(delimiter="\t").encode(codec)).values("city_code", "year", AREA) == TWO


def test_59_other_encodings_and_delimiters_are_refused_by_name(take: Take) -> None:
    traditional = "城市,年份,統計口徑,人均公園綠地面積,來源代碼\n南昌市,2023,城區,12.5,mohurd_yearbook\n"
    assert take("parks", traditional.encode("big5")).refusals == [("unsupported_encoding", "Big5")]
    assert take("parks", two().replace(",", "，")).refusals == [("unsupported_delimiter", "，")]
    assert take("parks", two().replace(",", "  ")).refusals == [("unsupported_delimiter", " ")]


def test_46_a_stray_quote_breaks_its_line_and_swallows_none(take: Take) -> None:
    rows = [(*park(city), note) for city, note in (("南昌市", ""), ("九江市", '"'), ("新余市", ""), ("赣州市", "西湖"))]
    content = text_of(WITH_NOTE, *rows).replace('""""', '"口袋').replace("西湖", '西湖"')
    outcome = take("parks", content)
    assert outcome.values("line", "city_code") == [(2, "360100"), (4, "360500")]
    first, second = 'earbook,A,"口袋', 'rbook,A,西湖"'
    assert outcome.errors == [(3, None, "malformed_row", first), (5, None, "malformed_row", second)]


def test_59_a_row_without_its_required_last_cells_is_rejected(take: Take) -> None:
    outcome = take("parks", parks(park("南昌市"), park("九江市")[:2], park("新余市")))
    assert outcome.values("line") == [(2,), (4,)]
    assert outcome.errors == [(3, None, "cell_count_mismatch", "2")]
