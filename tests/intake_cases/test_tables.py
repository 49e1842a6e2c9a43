"""Kinds of mess in the structure of a sheet: wrapped headers, units above the table, several tables, other layouts.

Here: what the intake decides about synthetic sheets. Not here: the kinds of cells (test_kinds.py).
"""

from __future__ import annotations

import pytest

from tests.builders.inbox import Outcome, Take
from tests.builders.intake_files import PARKS, Cells, park, text_of, xls, xlsx

AREA, COVER = "park_area_per_capita_m2", "green_coverage_pct"
CITIES = ("南昌市", "景德镇市", "萍乡市", "九江市", "新余市", "鹰潭市", "赣州市")
CITIES += ("吉安市", "宜春市", "抚州市", "上饶市")
CODES = ("360100", "360200", "360300", "360400", "360500", "360600", "360700", "360800", "360900", "361000", "361100")


def workbook(form: str, *rows: Cells) -> tuple[bytes, str]:
    """The rows as the one sheet of a file, and its name."""
    content = {"csv": lambda: text_of(*rows).encode(), "xlsx": lambda: xlsx({"Sheet1": rows})}
    content["xls"] = lambda: xls({"Sheet1": rows})
    return content[form](), f"synthetic.{form}"


def take_rows(take: Take, form: str, *rows: Cells, dataset: str = "parks") -> Outcome:
    return take(dataset, *workbook(form, *rows))


# --- 45 line ends in headers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "xlsx", "xls"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n\n"])
def test_45_a_wrapped_header_eats_no_row(take: Take, form: str, end: str) -> None:
    headers = ("城市", "年份", f"统计{end}口径", f"人均公园{end}绿地面积{end}（平方米）", *PARKS[4:])
    outcome = take_rows(take, form, headers, *(park(city) for city in CITIES))
    assert tuple(code for (code,) in outcome.values("city_code")) == CODES
    assert outcome.counts == (11, 0, 0, 0, 0)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_45_wrapped_titles_two_header_rows_and_wrapped_cells_move_no_line(take: Take, form: str) -> None:
    titles = (("城市\n公园\n绿地",), ("城市", "年份", "统计\n口径", "绿地\n指标", "", *PARKS[5:]))
    lower = ("", "", "", "人均公园\n绿地面积", "建成区绿化\n覆盖率", "", "")
    outcome = take_rows(take, form, *titles, lower, park("南昌\n市"), park("九江市"))
    assert outcome.values("city_code") == [("360100",), ("360400",)]
    lines = [4, 5] if form == "xlsx" else [10, 12]
    assert outcome.values("line") == [(line,) for line in lines]
