"""Whatever is sent: no uncaught error, every row accounted for once, every reject with its text, reason and remedy.

`make prove` tries 202,000 inputs: 180,000 texts for the parsers of cells, units, places and headers, 20,000 broken
tables through the readers, 2,000 files and workbooks through the whole of the intake.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.core.errors import Issue
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.raw_rows import RawRow, build_chunk, to_csv_record
from assets.intake.rows.validator import RowValidator
from assets.intake.tables.contracts import Contract
from assets.intake.values import cell_parsers
from assets.intake.values.lookups import Lookups
from assets.intake.values.places import UnknownPlaceError
from tests.builders.shipped_contracts import shipped
from tests.helpers.proof_scale import inputs
from tests.unit.conftest import ParseFile, detect, match_headers, shipped_units

UNITS = shipped_units()
NAMES = ["city", "date", "kind", "posts", "share", "is_local", "source_id", "source_grade"]
HEADER = ",".join(NAMES) + "\n"
GOOD = "甲市,2026-02-05,big,12,3.5,是,book,A\n"
# Pieces that mean something to some reader, among texts that mean nothing to any.
PIECES = [
    "12",
    "１２",
    "万",
    "亿",
    "%",
    "‰",
    "余",
    "约",
    "近千",
    "1:8",
    "-",
    "—",
    ".",
    ",",
    "+",
    "e5",
    "年",
    "月",
    "日",
    "起",
]
PIECES += [
    "2026",
    "-02-05",
    "南昌",
    "市",
    "江西省",
    "360100",
    ".0",
    "（",
    "）",
    "公里",
    "/",
    "平方米",
    " ",
    "　",
    "\ufeff",
]
PIECES += [
    "=cmd|",
    "<script>",
    "'",
    '"',
    "\n",
    "\r",
    "\x00",
    "??",
    "\ufffd",
    "\ue000",
    "\ud7ff",
    "𠀀",
    "ı",
    "İ",
    "ß",
    "٣",
]
text = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=8).map("".join)
cell = st.one_of(text, st.sampled_from(["甲市", "全省", "2026-02-05", "big", "3", "是", "book", "A", ""]))


def refused_or(read: Callable[[], object], *errors: type[Exception]) -> None:
    with contextlib.suppress(*errors):
        read()


@inputs(200, 60_000)
@given(text)
def test_a_cell_of_any_text_is_read_or_unreadable(sent: str) -> None:
    for read in (
        cell_parsers.parse_text,
        cell_parsers.parse_number,
        cell_parsers.parse_date,
        cell_parsers.parse_boolean,
    ):
        refused_or(lambda read=read: read(sent), cell_parsers.CellParseError)  # type: ignore[misc]
    figure = None
    try:
        figure = cell_parsers.parse_number(sent)
    except cell_parsers.CellParseError:
        return
    if figure is not None:
        refused_or(lambda: cell_parsers.to_number(figure.value), cell_parsers.CellParseError)


@inputs(200, 60_000)
@given(text, text)
def test_a_unit_or_a_place_of_any_text_is_known_or_not(one: str, other: str) -> None:
    UNITS.factor(one, other)
    UNITS.base_of(one)
    places = shipped()["parks"][1].places
    if places.is_known(one):
        refused_or(lambda: places.resolve(one), UnknownPlaceError)


@inputs(100, 60_000)
@given(st.lists(st.one_of(st.sampled_from([*NAMES, "城市", "退回编号", ""]), text), max_size=10))
def test_headers_of_any_text_are_matched_or_told(fairs: Contract, sent: list[str]) -> None:
    headers, issues = match_headers(sent, fairs)
    assert len(headers) == len(sent)
    assert_told(issues)


@inputs(60, 20_000)
@given(
    st.lists(st.lists(cell, max_size=9), max_size=4),
    st.lists(st.lists(cell, min_size=7, max_size=9), max_size=12),
)
def test_rows_of_any_cells_are_read_or_told(
    fairs: Contract, registry: Lookups, above: list[list[str]], below: list[list[str]]
) -> None:
    sent = [*above, NAMES, *below]
    head = [RawRow(line, tuple(row), to_csv_record(row)) for line, row in enumerate(sent, start=1)]
    try:
        layout = detect(head, fairs)
    except FileRejectedError:
        return
    reader = RowValidator(fairs, registry, layout, None)
    rest = [row for row in head if row.line > layout.last_line]
    result = reader.validate(build_chunk(rest, reader.chunk_schema))
    rejected = result.errors["line"].to_pylist()
    assert result.counts["read"] == result.valid.num_rows + len(set(rejected))
    assert sum(result.counts.values()) == len(rest)
    texts = {row.line: row.text for row in rest}
    assert result.errors["raw_row"].to_pylist() == [texts[line] for line in rejected]
    assert set(result.valid["line"].to_pylist()).isdisjoint(rejected)


def assert_told(issues: Sequence[Issue]) -> None:
    assert all(issue.reason(lang) and issue.remedy(lang) for issue in issues for lang in ("zh", "en"))


def check(
    parse_file: ParseFile, contract: Contract, content: bytes, name: str, registry: Lookups | None = None
) -> None:
    """Parse a file; that rows add up is checked by `parse_file` itself."""
    refusals: tuple[Issue, ...] = ()
    try:
        parsed = parse_file(contract, content, name, registry)
    except FileRejectedError as refused:
        refusals = refused.issues
    if refusals:
        assert_told(refusals)
        return
    accepted = [(row["sheet"], row["line"]) for row in parsed.accepted]
    rejected = {(reject["sheet"], reject["line"]) for reject in parsed.rejects}
    assert len(set(accepted)) == len(accepted)
    assert rejected.isdisjoint(accepted)
    told = ("code", "reason_zh", "reason_en", "remedy_zh", "remedy_en")
    assert all(reject[part] for reject in parsed.rejects for part in told)
    assert all(reject["raw_row"] is not None for reject in parsed.rejects)


def broken(whole: bytes) -> st.SearchStrategy[bytes]:
    """A file with bytes changed, removed, inserted or doubled."""
    place = st.integers(0, len(whole))
    bits = st.sampled_from([b'"', b",", b"\n", b"\r", b"\t", b";", b"\x00", b"\xff", b"\xe5\x8d", b"'", b"=1+1", b""])
    change = st.tuples(place, st.integers(0, 40), bits, st.booleans())

    def apply(changes: list[tuple[int, int, bytes, bool]]) -> bytes:
        content = whole
        for start, length, piece, is_doubled in changes:
            cut = content[start : start + length]
            content = content[:start] + piece + (cut * 2 if is_doubled else b"") + content[start + length :]
        return content

    return st.lists(change, min_size=1, max_size=6).map(apply)


TABLE = HEADER + GOOD + '乙市,2026/2/6,"big",80余家,50%,否,book,B\n全省,20260207,,,,,book,A\n' + GOOD
WIDE = "地区,年份,口径,人均公园绿地面积（平方米）,绿化覆盖率%,来源,来源等级\n"
WIDE += "南昌市,2024,建成区,13.1,43.2,x,A\n九江,2024,城区,1O,无,x,B\n"
FILES = [("fairs", TABLE.encode(codec)) for codec in ("utf-8", "utf-8-sig", "gb18030", "utf-16")]
FILES += [("parks", WIDE.encode(codec)) for codec in ("utf-8", "gb18030")]


@inputs(25, 1_500)
@given(st.one_of([st.tuples(st.just(name), broken(whole)) for name, whole in FILES] + [
    st.tuples(st.just("fairs"), st.binary(max_size=300))
]))  # fmt: skip
def test_a_broken_file_is_read_or_refused(fairs: Contract, parse_file: ParseFile, sent: tuple[str, bytes]) -> None:
    name, content = sent
    contract, registry = (fairs, None) if name == "fairs" else shipped()[name]
    check(parse_file, contract, content, "sent.csv", registry)


def workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in ["招聘统计"], NAMES, ["甲市", "2026-02-05", "big", 12, 3.5, True, "book", "A"], ["乙市"]:
        book.active.append(row)  # type: ignore[union-attr]
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


WORKBOOK = workbook()
PARTS = parts_of(WORKBOOK)


@st.composite
def broken_workbook(draw: st.DrawFn) -> bytes:
    """A workbook with one of its parts broken, or broken as a zip."""
    if draw(st.booleans()):
        return draw(broken(WORKBOOK))
    broken_part = draw(st.sampled_from(sorted(PARTS)))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in PARTS.items():
            archive.writestr(name, draw(broken(content)) if name == broken_part else content)
    return target.getvalue()


@inputs(25, 500)
@given(broken_workbook())
def test_a_broken_workbook_is_read_or_refused(fairs: Contract, parse_file: ParseFile, content: bytes) -> None:
    check(parse_file, fairs, content, "sent.xlsx")


@pytest.fixture(autouse=True)
def _few_files(tmp_path: Path) -> Iterator[None]:
    yield
    for path in tmp_path.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
