"""The process that reads workbooks: whatever a file does to it is one refusal, and the next file is read."""

from __future__ import annotations

import io
import os
import signal
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from assets.core.settings import Limits
from assets.intake.dry_run import DryRun
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.reader_process import ReaderProcess
from assets.intake.readers.sheet_writer import WorkbookSheet
from tests.builders.inbox import Shipped
from tests.builders.intake_files import PARKS, park
from tests.helpers.hang_guard import hang_guard

SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def reader() -> Iterator[ReaderProcess]:
    with ReaderProcess() as process:
        yield process


def workbook(rows: list[list[object]]) -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(row)
    book.save(target)
    return target.getvalue()


def with_sheet(xml: bytes) -> bytes:
    """A workbook whose sheet is some XML."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook([["x"]]))) as source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            archive.writestr(name, xml if name == SHEET else source.read(name), zipfile.ZIP_DEFLATED)
    return target.getvalue()


def read(reader: ReaderProcess, folder: Path, content: bytes, limits: Limits | None = None) -> list[WorkbookSheet]:
    folder.mkdir()
    file = folder / "sent.xlsx"
    file.write_bytes(content)
    with hang_guard():
        return reader(file, limits or Limits(), folder)


def refused(reader: ReaderProcess, folder: Path, content: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(FileRejectedError) as error:
        read(reader, folder, content, limits)
    (issue,) = error.value.issues
    return issue.code


def test_no_process_is_started_before_the_first_workbook(reader: ReaderProcess) -> None:
    assert reader.pid is None


def test_files_are_read_by_one_process(reader: ReaderProcess, tmp_path: Path) -> None:
    (sheet,) = read(reader, tmp_path / "1", workbook([["a", "b"], [1, "x"]]))
    first = reader.pid
    assert [row.cells for row in sheet.head(9)] == [("a", "b"), ("1", "x")]
    assert refused(reader, tmp_path / "2", b"PK\x03\x04") == "workbook_unreadable"
    read(reader, tmp_path / "3", workbook([["c"]]))
    assert reader.pid == first


def test_files_that_are_checked_are_read_by_one_process(
    reader: ReaderProcess, tmp_path: Path, shipped: Shipped
) -> None:
    dry_run = DryRun(shipped.contracts, shipped.connection, Limits(), tmp_path / "lake", {}, read_workbook=reader)
    pids = []
    for number, content in enumerate((workbook([[*PARKS], [*park("南昌市")]]), b"PK\x03\x04", workbook([[*PARKS]]))):
        file = tmp_path / f"{number}.xlsx"
        file.write_bytes(content)
        with hang_guard():
            assert dry_run.check(file, "parks").status == ("refused" if number == 1 else "read")
        pids.append(reader.pid)
    assert pids[0] is not None
    assert len(set(pids)) == 1


def test_a_file_that_takes_too_long_ends_the_process_and_not_the_next_file(
    reader: ReaderProcess, tmp_path: Path
) -> None:
    rows = b"".join(b'<row r="%d">%s</row>' % (line, b"<c><v>1</v></c>" * 300) for line in range(1, 20_000))
    endless = with_sheet(b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>")
    assert len(endless) < 1_000_000
    assert refused(reader, tmp_path / "1", endless, Limits(reader_seconds=1)) == "workbook_takes_too_long"
    assert reader.pid is None
    assert len(read(reader, tmp_path / "2", workbook([["x"]]))) == 1


def test_a_file_that_needs_too_much_memory_is_refused(reader: ReaderProcess, tmp_path: Path) -> None:
    texts = b"".join(b"<row><c t='inlineStr'><is><t>%d</t></is></c></row>" % number for number in range(400_000))
    large = with_sheet(b"<worksheet><sheetData>" + texts + b"</sheetData></worksheet>")
    code = refused(reader, tmp_path / "1", large, Limits(reader_bytes=20_000_000))
    assert code in ("workbook_needs_memory", "workbook_ends_reader")
    assert len(read(reader, tmp_path / "2", workbook([["x"]]))) == 1


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV])
def test_a_process_that_dies_is_one_refusal(reader: ReaderProcess, tmp_path: Path, death: signal.Signals) -> None:
    read(reader, tmp_path / "1", workbook([["x"]]))
    assert reader.pid is not None
    os.kill(reader.pid, signal.SIGSTOP)
    timer = threading.Timer(0.1, os.kill, (reader.pid, death))
    resume = threading.Timer(0.2, os.kill, (reader.pid, signal.SIGCONT))
    timer.start()
    resume.start()
    assert refused(reader, tmp_path / "2", workbook([["y"]])) == "workbook_ends_reader"
    resume.cancel()
    assert len(read(reader, tmp_path / "3", workbook([["z"]]))) == 1
