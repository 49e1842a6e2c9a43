"""Kinds 45 to 56 as a whole run: a figure of such a file is published as the sheet shows it, or not at all and said.

Here: one file of each kind, all in one run of the shipped registry; what is in the release, and what the run says. Not
here: what the intake decides about each kind (test_tables, test_csv, test_shown_figures). Every figure is invented, and
each file has a year of its own.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.worksheet.worksheet import Worksheet

from tests.builders.data_directories import Place, copy_province
from tests.builders.intake_files import PARKS, SOURCE, Cells, park, text_of

AREA, COVER, WAYS = "park_area_per_capita_m2", "green_coverage_pct", "greenway_length_km"
NANCHANG, JIUJIANG, GANZHOU = "360100", "360400", "360700"
CITIES = {NANCHANG: "南昌市", JIUJIANG: "九江市", GANZHOU: "赣州市"}
LENGTHS = ("城市", "年份", "统计口径", "绿道长度", "来源代码", "来源等级")
Figures = Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class Sent:
    """A file of one kind: its year, its content, and the figures that a person reads in it.

    `is_read` says that all figures must be published; else they may be held back, if the release says so.
    """

    year: int
    name: str
    content: bytes
    figures: Figures
    is_read: bool = False


def length(city: str, year: int, kilometres: object) -> Cells:
    return (city, year, "城区", kilometres, *SOURCE)


def book_of(*rows: Sequence[object]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    return book


def saved(book: openpyxl.Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def sheet_of(book: openpyxl.Workbook) -> Worksheet:
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    return sheet


def lengths(*values: float) -> dict[tuple[str, str], float]:
    return {(city, WAYS): value for city, value in zip(CITIES, values, strict=False)}


# --- one file of each kind --------------------------------------------------------------------------------------


def wrapped_header(year: int) -> Sent:
    headers = ("城市", "年份", "统计\n口径", "人均公园\n绿地面积\n（平方米）", "建成区绿化\n覆盖率（%）", *PARKS[5:])
    rows = [park(city, year, area) for city, area in zip(CITIES.values(), (11.5, 12.5, 13.5), strict=True)]
    figures = {(code, AREA): area for code, area in zip(CITIES, (11.5, 12.5, 13.5), strict=True)}
    figures |= {(code, COVER): 43.25 for code in CITIES}
    return Sent(year, "k45.xlsx", saved(book_of(headers, *rows)), figures, is_read=True)


def ditto_marks(year: int) -> Sent:
    rows = [length(city, year, 100 + number) for number, city in enumerate(CITIES.values())]
    lines = text_of((*LENGTHS, "备注"), *((*row, "") for row in rows)).splitlines()
    lines[1], lines[3] = lines[1] + '"', lines[3] + '"'
    return Sent(year, "k46.csv", ("\r\n".join(lines) + "\r\n").encode(), lengths(100, 101, 102))


def continued_sheet(year: int) -> Sent:
    book = book_of(LENGTHS, length("南昌市", year, 100))
    book.create_sheet("续表").append(list(length("九江市", year, 101)))
    return Sent(year, "k47.xlsx", saved(book), lengths(100, 101))


def cells_without_references(year: int) -> Sent:
    content = saved(book_of(LENGTHS, length("南昌市", year, 100), length("九江市", year, 101)))
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            part = source.read(name)
            if name.startswith("xl/worksheets/"):
                part = re.sub(rb'(<(?:c|row)\b[^>]*?) r="[A-Z]*[0-9]+"', rb"\1", part)
            copy.writestr(name, part)
    return Sent(year, "k48.xlsx", target.getvalue(), lengths(100, 101))


def unit_above(year: int) -> Sent:
    rows = [("城市绿道建设情况",), ("", "", "", "", "", "单位：米"), LENGTHS]
    rows += [
        length(city, year, value) for city, value in zip(CITIES.values(), (120_000, 210_000, 330_000), strict=True)
    ]
    return Sent(year, "k49.xlsx", saved(book_of(*rows)), lengths(120, 210, 330), is_read=True)


def thousands(year: int) -> Sent:
    book = book_of(LENGTHS, length("南昌市", year, 120_000))
    sheet_of(book)["D2"].number_format = "#,##0,"
    return Sent(year, "k50.xlsx", saved(book), lengths(120))


def superscript(year: int) -> Sent:
    book = book_of(PARKS, park("南昌市", year))
    mark = TextBlock(InlineFont(vertAlign="superscript"), "1")
    sheet_of(book)["D2"] = CellRichText("12.5", mark)
    return Sent(year, "k51.xlsx", saved(book), {(NANCHANG, AREA): 12.5, (NANCHANG, COVER): 43.25})


def joint_figure(year: int) -> Sent:
    book = book_of(LENGTHS, length("南昌市", year, 100), length("九江市", year, None), length("赣州市", year, 102))
    sheet_of(book).merge_cells("D2:D3")
    return Sent(year, "k52.xlsx", saved(book), {(GANZHOU, WAYS): 102})


def change_of_the_year(year: int) -> Sent:
    rows = [("城市", "年份", "统计口径", "现状", "比上年增加", "来源代码", "来源等级")]
    rows += [("", "", "", "建成区绿化覆盖率", "绿道长度", "", ""), ("南昌市", year, "城区", 45, 12, *SOURCE)]
    return Sent(year, "k53.xlsx", saved(book_of(*rows)), {(NANCHANG, COVER): 45})


def exchanged_columns(year: int) -> Sent:
    other = (*PARKS[:3], PARKS[4], PARKS[3], *PARKS[5:])
    rows = [PARKS, park("南昌市", year, 12.5, 43.25), (), other, ("九江市", year, "城区", 45.5, 13.5, *SOURCE)]
    figures = {(NANCHANG, AREA): 12.5, (NANCHANG, COVER): 43.25, (JIUJIANG, AREA): 13.5, (JIUJIANG, COVER): 45.5}
    return Sent(year, "k54.xlsx", saved(book_of(*rows)), figures, is_read=True)


def hidden_parts(year: int) -> Sent:
    book = book_of(LENGTHS, length("南昌市", year, 100), length("九江市", year, 101))
    sheet_of(book).row_dimensions[3].hidden = True
    draft = book.create_sheet("草稿")
    for row in (LENGTHS, length("赣州市", year, 999)):
        draft.append(list(row))
    draft.sheet_state = "hidden"
    return Sent(year, "k55.xlsx", saved(book), {(NANCHANG, WAYS): 100})


def leading_zero(year: int) -> Sent:
    rows = [length("南昌市", year, "0,075"), length("九江市", year, "101")]
    return Sent(year, "k56.csv", text_of(LENGTHS, *rows).encode(), {(JIUJIANG, WAYS): 101})


KINDS = [
    *(wrapped_header, ditto_marks, continued_sheet, cells_without_references, unit_above, thousands),
    *(superscript, joint_figure, change_of_the_year, exchanged_columns, hidden_parts, leading_zero),
]
SENT = {make.__name__: make(1991 + number) for number, make in enumerate(KINDS)}
each_kind = pytest.mark.parametrize("kind", SENT)


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, dict[str, Any]]:
    """One run with the shipped registry and these files alone."""
    place = copy_province(tmp_path_factory.mktemp("published") / "data")
    for file in (place.data / "inbox").rglob("*.*"):
        file.unlink()
    for sent in SENT.values():
        (place.data / "inbox" / "parks" / sent.name).write_bytes(sent.content)
    # Synthetic figures of few cities break blocking checks of whole provinces; only flags are of interest here.
    done = place.call("run", "--json")
    assert done.returncode == 0, done.stderr
    return place, json.loads(done.stdout)


def published(place: Place, year: int) -> Figures:
    rows = place.rows(
        "select city_code, indicator_id, value from observations.city_observations where is_current and year = ?",
        [year],
    )
    return {(row["city_code"], row["indicator_id"].removeprefix("parks.")): row["value"] for row in rows}


@each_kind
def test_no_figure_is_published_that_the_sheet_does_not_show(province: tuple[Place, Any], kind: str) -> None:
    sent = SENT[kind]
    figures = published(province[0], sent.year)
    assert {place: value for place, value in figures.items() if sent.figures.get(place) != value} == {}
    assert not sent.is_read or figures == sent.figures


@each_kind
def test_what_is_not_published_is_said(province: tuple[Place, Any], kind: str) -> None:
    place, summary = province
    sent, name = SENT[kind], f"parks/{SENT[kind].name}"
    if published(place, sent.year) == sent.figures and kind not in ("hidden_parts", "joint_figure", "leading_zero"):
        return
    faults = [row for row in summary["faults"] if row["file"] == name]
    sheets = [row for row in summary["sheets"] if row["file"] == name]
    passed_over = [row for row in sheets if row["status"] == "passed_over" and row["reason_zh"]]
    assert faults or passed_over or any(row["rows_set_aside"] for row in sheets)


def test_every_row_of_every_file_is_accounted_for(province: tuple[Place, Any]) -> None:
    place, summary = province
    assert {row["file"] for row in summary["files"]} == {f"parks/{sent.name}" for sent in SENT.values()}
    unaccounted = (
        "from intake.sheets where rows_physical is null or rows_read + rows_unfolded "
        "<> rows_accepted + rows_aggregate + rows_rejected"
    )
    assert place.rows(unaccounted) == []
    assert [row for row in summary["failed_checks"] if row["check_name"] == "sheets_add_up"] == []


def test_the_hidden_sheet_and_the_continued_one_are_named(province: tuple[Place, Any]) -> None:
    named = {(row["file"], row["sheet"]) for row in province[1]["sheets"] if row["status"] == "passed_over"}
    assert ("parks/k55.xlsx", "草稿") in named
