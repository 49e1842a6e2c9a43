"""The line of a row is the physical line on which it begins, however the file is written and wherever a block ends."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.intake.readers import delimited, encoding
from assets.intake.tables.contracts import Contract
from tests.helpers.proof_scale import inputs
from tests.unit.conftest import ParseFile

NAMES = ["city", "date", "kind", "posts", "source_id", "source_grade", "note"]
ENDS = re.compile("\r\n|\r|\n")
# How a row may be broken; a whole one is accepted. None of these pieces ends a line.
WHOLE, STRAY, AFTER, FEW, MANY, UNKNOWN, BLANK = range(7)
note = st.text(st.sampled_from('南昌a1 ,;"\t\n\r'), max_size=12)
rows = st.lists(st.tuples(st.sampled_from([WHOLE] * 6 + [STRAY, AFTER, FEW, MANY, UNKNOWN, BLANK]), note), max_size=25)


def written(kind: int, serial: int, text: str, delimiter: str) -> str:
    """One row as text; its number of posts is its serial number."""
    day = f"2026-{1 + serial // 28:02}-{1 + serial % 28:02}"
    cells = ["丙市" if kind == UNKNOWN else "甲市", day, "big", str(serial), "book", "A", text]
    if kind == BLANK:
        return ""
    if kind == FEW:
        return delimiter.join(["甲市", day, "big"])
    if kind in (STRAY, AFTER):
        return delimiter.join(["甲市", day, '"big' if kind == STRAY else '"b"ig', str(serial), "book", "A", "x"])
    if kind == MANY:
        # A cell that goes on over lines is believed in a row of the right width alone: here each line would be a row.
        cells[-1] = ENDS.sub(" ", text)
    target = io.StringIO()
    quoting = csv.QUOTE_ALL if ENDS.search(text) else csv.QUOTE_MINIMAL
    csv.writer(target, delimiter=delimiter, lineterminator="", quoting=quoting).writerow(
        [*cells, "extra"] if kind == MANY else cells
    )
    return target.getvalue()


@inputs(60, 6_000)
@given(
    rows,
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([",", "\t", ";"]),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    st.sampled_from([7, 64, 1 << 24]),
    st.booleans(),
    st.booleans(),
)
def test_the_line_of_every_row_is_the_physical_one(
    fairs: Contract,
    parse_file: ParseFile,
    sent: list[tuple[int, str]],
    end: str,
    delimiter: str,
    codec: str,
    block: int,
    is_careful: bool,
    ends_in_a_line: bool,
) -> None:
    free = fairs.columns["kind"].model_copy(update={"allowed": None})
    columns = {name: said for name, said in fairs.columns.items() if name in NAMES} | {"note": free}
    contract = fairs.model_copy(update={"columns": columns})
    content, expected = delimiter.join(NAMES) + end, []
    for serial, (kind, text) in enumerate(sent):
        line = 1 + len(ENDS.findall(content))
        row = written(kind, serial, text, delimiter)
        expected.append((line, kind, serial, row))
        content += row + end
    content = content if ends_in_a_line else content.removesuffix(end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "BLOCK_BYTES", block)
        if is_careful:
            patch.setattr(delimited, "has_regular_rows", lambda data, delimiter: False)
        parsed = parse_file(contract, content.encode(codec))
    assert [(row["line"], int(row["posts"])) for row in parsed.accepted] == [
        (line, serial) for line, kind, serial, _ in expected if kind == WHOLE
    ]
    rejected = {(reject["line"], reject["raw_row"]) for reject in parsed.rejects}
    assert rejected == {(line, row) for line, kind, _, row in expected if kind not in (WHOLE, BLANK)}
    if not content.isascii():
        assert parsed.result.sheets[0].encoding == codec


def test_a_workbook_tells_the_rows_that_excel_shows(fairs: Contract, parse_file: ParseFile, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    page = book.active
    for number, cells in {3: NAMES[:6], 5: ["甲市", "2026-02-05", "big", 5, "book", "A"], 9: ["丙市"]}.items():
        for column, cell in enumerate(cells, start=2):
            page.cell(number, column, cell)
    book.save(tmp_path / "sent.xlsx")
    parsed = parse_file(fairs, (tmp_path / "sent.xlsx").read_bytes(), "sent.xlsx")
    assert [row["line"] for row in parsed.accepted] == [5]
    assert {reject["line"] for reject in parsed.rejects} == {9}
