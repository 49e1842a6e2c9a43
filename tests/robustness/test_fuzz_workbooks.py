"""Mutated workbooks of every kind: each is read or is one refusal with a message, within bounded memory.

`make prove` tries 2,000 files of each kind, the test command 300.
"""

from __future__ import annotations

import io
import random
import resource
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assets.core.settings import Limits
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.reader_process import ReaderProcess
from assets.intake.readers.sheet_writer import WorkbookSheet
from assets.intake.readers.workbook import is_workbook
from tests.builders.intake_files import PARKS, park, xls, xlsx
from tests.builders.xlsb_files import Sheet, xlsb
from tests.helpers.hang_guard import hang_guard
from tests.helpers.proof_scale import times

FILES = times(300, 2000)
LIMITS = Limits(sheet_cells=200_000)
# The memory that a file may take of the machine, the run's own left aside.
MAX_MEMORY_KB = 1_500_000
ROWS = [PARKS, *(park(city, year) for city in ("南昌市", "九江市", "赣州市") for year in (2022, 2023, 2024))]
PIECES = (b"", b"\0", b"\xff", b"\xff\xff\xff\xff", b"<", b">", b'"', b"&", b"/>", b"9999999", b"1048576", b"\x09\x08")

Mutate = Callable[[random.Random], bytes]


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Some bytes exchanged, cut out, doubled or moved."""
    for _ in range(chance.randint(1, 6)):
        start = chance.randrange(len(content) + 1)
        length = chance.choice((0, 1, 2, 4, 40, 512))
        cut = content[start : start + length]
        piece = chance.choice((*PIECES, cut * 2, cut[::-1], bytes(chance.randbytes(length)), cut * 50))
        content = content[:start] + piece + content[start + length :]
    return content


def of_bytes(content: bytes) -> Mutate:
    return lambda chance: mutated(content, chance)


def of_zip(content: bytes) -> Mutate:
    """Half of the files with a part mutated, the others as a zip."""

    def mutate(chance: random.Random) -> bytes:
        if chance.random() < 0.5:
            return mutated(content, chance)
        target = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as archive:
            chosen = chance.choice(source.namelist())
            for name in source.namelist():
                part = source.read(name)
                archive.writestr(name, mutated(part, chance) if name == chosen else part, zipfile.ZIP_DEFLATED)
        return target.getvalue()

    return mutate


def ods() -> bytes:
    rows = "".join(
        f"<table:table-row>{''.join(f'<table:table-cell><text:p>{cell}</text:p></table:table-cell>' for cell in row)}"
        "</table:table-row>"
        for row in ROWS
    )
    names = "".join(f' xmlns:{name}="urn:{name}"' for name in ("office", "table", "text"))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        table = f'<table:table table:name="一">{rows}</table:table>'
        archive.writestr("content.xml", f"<office:document-content{names}>{table}</office:document-content>")
    return target.getvalue()


def html() -> bytes:
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in ROWS)
    return f"<html><body><table>{rows}</table></body></html>".encode()


def spreadsheet_ml() -> bytes:
    cells = [[f'<Cell><Data ss:Type="String">{cell}</Data></Cell>' for cell in row] for row in ROWS]
    rows = "".join(f"<Row>{''.join(row)}</Row>" for row in cells)
    name = "urn:schemas-microsoft-com:office:spreadsheet"
    table = f'<Worksheet ss:Name="一"><Table>{rows}</Table></Worksheet>'
    return f'<Workbook xmlns="{name}" xmlns:ss="{name}">{table}</Workbook>'.encode()


KINDS: dict[str, Mutate] = {
    "xlsx": of_zip(xlsx({"一": ROWS})),
    "xlsb": of_zip(xlsb({"一": Sheet(ROWS)})),
    "xls": of_bytes(xls({"一": ROWS})),
    "ods": of_zip(ods()),
    "html": of_bytes(html()),
    "xml": of_bytes(spreadsheet_ml()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutated_workbook_is_read_or_refused(tmp_path: Path, kind: str) -> None:
    file, read, reasons, slowest = tmp_path / "sent", 0, list[str](), 0.0
    with ReaderProcess() as reader:
        for number in range(FILES):
            file.write_bytes(KINDS[kind](random.Random(f"{kind} {number}")))
            if not is_workbook(file):
                continue
            start = time.monotonic()
            with hang_guard(), tempfile.TemporaryDirectory(dir=tmp_path) as folder:
                try:
                    read += all(map(use, reader(file, LIMITS, Path(folder))))
                except FileRejectedError as error:
                    reasons += [issue.reason("zh") and issue.remedy("zh") for issue in error.issues]
            slowest = max(slowest, time.monotonic() - start)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"{kind}: {read} sheets read, {len(reasons)} refusals, slowest {slowest:.1f} s, {memory} KB")  # noqa: T201
    assert read > FILES // 100
    assert all(reasons)
    assert memory < MAX_MEMORY_KB


def use(sheet: WorkbookSheet) -> bool:
    """Whether the rows of a sheet can be used, with ascending lines."""
    lines = [row.line for row in sheet.head(LIMITS.sheet_cells)]
    return lines == sorted(set(lines))
