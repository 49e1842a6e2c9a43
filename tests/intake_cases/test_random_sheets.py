"""Random sheets: the rows accounted for are the rows that are there, and the figures read are those that are shown."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import openpyxl
import pytest
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders.inbox import Inbox
from tests.builders.intake_files import SOURCE, Cells

CITIES = {"南昌市": "360100", "景德镇市": "360200", "九江市": "360400", "赣州市": "360700"}
HEADERS = ("城市", "年份", "统计口径", "人均公园绿地面积（平方米）", "绿道长度（公里）", "来源代码", "来源等级", "备注")
AREA, WAYS = 3, 4
BLANK: Cells = ()
NOTES: tuple[Cells, ...] = (("注：合成数据。",), ("数据来源：合成。",), ("说明：每年更新\n一次。",))
TITLES: tuple[Cells, ...] = (("城市公园绿地情况",), ("公园绿地\n（合成）",), ("", "", "城市建设统计表"))
WRAPS = st.sampled_from(["", "\n"])


@dataclass(frozen=True)
class Sheet:
    """The rows of a sheet with the class of each, and the lines whose first cells are merged with the one above."""

    rows: tuple[tuple[str, Cells], ...]
    merged: frozenset[int]


@st.composite
def wrapped_headers(draw: st.DrawFn) -> Cells:
    """The headers with line ends in some of them, as Alt+Enter makes them."""
    return tuple(f"{header[:2]}{draw(WRAPS)}{header[2:]}" for header in HEADERS)


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    titles = draw(st.lists(st.sampled_from(TITLES), max_size=3, unique=True))
    headers = draw(wrapped_headers())
    rows: list[tuple[str, Cells]] = [("title", title) for title in titles]
    rows += [("blank", BLANK)] * draw(st.integers(0, 2)) + [("header", headers)]
    years = draw(st.lists(st.integers(1990, 2025), min_size=1, max_size=8, unique=True))
    merged: set[int] = set()
    for number, year in enumerate(years):
        city = draw(st.sampled_from(sorted(CITIES)))
        before, kind = rows[-1][1], rows[-1][0]
        if kind == "read" and before[0] == city and draw(st.booleans()):
            merged.add(len(rows))
        area, ways = draw(st.integers(1, 200_000)) / 1000, draw(st.one_of(st.none(), st.integers(0, 5000)))
        note = draw(st.sampled_from(["", "初步数", "两\n行", '引"号']))
        rows.append(("read", (city, year, "城区", area, ways, *SOURCE, note)))
        if number < len(years) - 1:
            rows += draw(st.sampled_from([[], [], [("blank", BLANK)], [("repeated_header", headers)]]))
    rows += [("blank", BLANK)] * draw(st.integers(0, 2))
    rows += [("note", note) for note in draw(st.lists(st.sampled_from(NOTES), max_size=2, unique=True))]
    return Sheet(tuple(rows), frozenset(merged))


def write_csv(sheet: Sheet) -> bytes:
    target = io.StringIO()
    width = len(HEADERS)
    csv.writer(target).writerows([*cells, *[""] * (width - len(cells))] for _, cells in sheet.rows)
    return target.getvalue().encode()


def write_xlsx(sheet: Sheet) -> bytes:
    book = openpyxl.Workbook()
    for line, (_, cells) in enumerate(sheet.rows, start=1):
        for column, cell in enumerate(cells, start=1):
            book.active.cell(line, column, cell)
    for first, last in _merges(sheet):
        book.active.merge_cells(start_row=first + 1, end_row=last + 1, start_column=1, end_column=1)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def write_xls(sheet: Sheet) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    page = book.add_sheet("Sheet1")
    hidden = {line for first, last in _merges(sheet) for line in range(first, last + 1)}
    for line, (_, cells) in enumerate(sheet.rows):
        for column, cell in enumerate(cells):
            if cell not in ("", None) and not (column == 0 and line in hidden):
                page.write(line, column, cell)
    for first, last in _merges(sheet):
        page.write_merge(first, last, 0, 0, sheet.rows[first][1][0])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _merges(sheet: Sheet) -> list[tuple[int, int]]:
    """The first and the last row, from 0, of each run of merged cells."""
    runs: list[tuple[int, int]] = []
    for line in sorted(sheet.merged):
        if runs and runs[-1][1] == line - 1:
            runs[-1] = (runs[-1][0], line)
        else:
            runs.append((line - 1, line))
    return runs


def shown(sheet: Sheet) -> list[tuple[object, ...]]:
    rows = [cells for kind, cells in sheet.rows if kind == "read"]
    return [(CITIES[str(cells[0])], cells[1], cells[AREA], cells[WAYS]) for cells in rows]


def lines_of(sheet: Sheet, *, is_text: bool) -> list[int]:
    """The line on which each row of data begins."""
    lines, line = [], 1
    for kind, cells in sheet.rows:
        lines += [line] if kind == "read" else []
        line += 1 + (_line_ends(cells) if is_text else 0)
    return lines


def _line_ends(cells: Sequence[object]) -> int:
    return sum(str(cell).count("\n") for cell in cells)


FORMS: dict[str, Callable[[Sheet], bytes]] = {"csv": write_csv, "xlsx": write_xlsx, "xls": write_xls}


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sheet=sheets())
def test_rows_accounted_for_are_rows_present_and_figures_read_are_figures_shown(
    new_inbox: Callable[[], Inbox], form: str, sheet: Sheet
) -> None:
    inbox = new_inbox()
    inbox.put("parks", FORMS[form](sheet), f"synthetic.{form}")
    outcome = inbox.outcomes("parks")[f"synthetic.{form}"]
    assert outcome.refusals == []
    read = outcome.values("city_code", "year", "park_area_per_capita_m2", "greenway_length_km")
    assert read == shown(sheet)
    is_text = form == "csv"
    assert [line for (line,) in outcome.values("line")] == lines_of(sheet, is_text=is_text)
    (account,) = [summary.account for summary in outcome.receipt.sheets]
    assert account is not None
    kinds = [kind for kind, _ in sheet.rows]
    for kind in ("title", "header", "repeated_header", "note", "read"):
        assert getattr(account, kind) == kinds.count(kind), kind
    wraps = sum(_line_ends(cells) for _, cells in sheet.rows)
    assert account.wrapped == (wraps if is_text else 0)
    # Blank rows of a workbook are rows that the file may leave out.
    assert account.blank == kinds.count("blank") or not is_text
