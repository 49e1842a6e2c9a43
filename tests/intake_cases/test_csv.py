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


SPLIT = ("城市", "年份", "统计口径", "绿道长度", "口袋公园数")


def split_rows(row: str, *headers: str, other: str = "九江市,2023,城区,500,20") -> str:
    return f"{','.join((*SPLIT, *headers))}\n{row}\n{other}{',' * len(headers)}\n"


@pytest.mark.parametrize(
    ("content", "number"),
    [
        (split_rows("南昌市,2023,城区,1,200,50,", "备注"), "1,200"),
        (split_rows("南昌市,2023,城区,1,200,50", "备注"), "1,200"),
        (split_rows("南昌市,2023,城区,1,200"), None),
        (split_rows("南昌市,2023,城区,1,200,"), "1,200"),
        (split_rows("南昌市,2023,城区,1,200,50"), "1,200"),
        (split_rows("南昌市,2023,城区, 1, 200.5公里 ,50个,", "备注"), "1,200.5公里"),
        (split_rows("南昌市,2023,城区,1,200,3,400,,", "备注", "原文摘录"), "1,200"),
        (split_rows("南昌市,2023,城区,1,234,567,50,", "备注", "填报单位"), "1,234,567"),
        (split_rows("南昌市,2023,城区,1,200,50,", "联系电话"), "1,200"),
        (split_rows("南昌市,2023,城区,1,200,50,", "截至日期", "备注"), "1,200"),
        (split_rows("南昌市,2023,城区,1,200,50,mohurd_yearbook,A,", "来源代码", "来源等级", "备注"), "1,200"),
        (split_rows('南昌市,2023,城区,1,200,50,"甲,乙"', "备注"), "1,200"),
        (split_rows("南昌市,2023,城区,12,0500,50,", "备注"), "12,0500"),
        (split_rows("南昌市,2023,城区,12,150,", "备注"), None),
        (split_rows("南昌市,2023,城区,12,150", "备注"), None),
        (split_rows("南昌市,2023,城区,12,150,", other="九江市,2023,城区,500,20,"), None),
        (split_rows("南昌市,2023,城区,12,150,mohurd_yearbook,A,150", "来源代码", "来源等级", "原文摘录"), None),
        (split_rows("南昌市,2023,城区,12,150,2024", "发布日期"), None),
        (split_rows("南昌市,2023,城区,12,150,13900001111", "联系电话"), None),
        (split_rows("南昌市,2023,城区,12,150,1", "序号"), None),
        (split_rows('南昌市,2023,城区,"1,200",150,', "备注"), None),
        (split_rows("南昌市;2023;城区;12;150;3", "备注").replace(",", ";"), None),
    ],
)
def test_59_a_number_that_commas_have_split_is_rejected_by_name(take: Take, content: str, number: str | None) -> None:
    outcome = take("parks", content)
    assert outcome.errors == ([(2, None, "split_number", number)] if number else [])
    assert outcome.values("city_code")[-1:] == [("360400",)]


@pytest.mark.parametrize("row", ["1,200,", "1,200,1,300"])
def test_63_a_number_that_commas_have_split_below_years_is_rejected(take: Take, row: str) -> None:
    titles = "各市绿道长度（公里）\n统计口径：城区\n城市,2022年,2023年\n"
    outcome = take("parks", f"{titles}南昌市,{row}\n九江市,300,400\n")
    assert outcome.errors == [(4, None, "split_number", "1,200")]
    assert outcome.values("city_code", "year") == [("360400", 2022), ("360400", 2023)]


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_59_a_line_end_that_no_editor_knows_is_named(take: Take, end: str) -> None:
    rows = two().splitlines()
    name = f"U+{ord(end):04X}"
    assert take("parks", end.join(rows)).refusals == [("odd_line_end", name)]
    assert take("parks", f"{rows[0]}\r\n{rows[1]}{end}{rows[2]}\r\n").errors == [(2, None, "odd_line_end", name)]
