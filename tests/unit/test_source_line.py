"""The original text of a row, read from the archive in each form in which files arrive."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest

from assets.core.paths import Paths
from assets.intake.readers.reader_process import ReaderProcess
from assets.intake.receipts.archive import archive_file
from assets.release.explain.source_line import read_source_line

TEXT = '城市,备注\n南昌市,"一\n二"\n九江市,三\n'


READER = ReaderProcess()


def archived(tmp_path: Path, content: bytes) -> tuple[Paths, str]:
    paths = Paths(tmp_path / "data")
    return paths, archive_file(io.BytesIO(content), paths)[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize(("line", "text"), [(2, '南昌市,"一\n二"'), (4, "九江市,三"), (9, None)])
def test_a_row_is_shown_whole_from_the_line_on_which_it_begins(
    tmp_path: Path, encoding: str, line: int, text: str | None
) -> None:
    paths, sha256 = archived(tmp_path, TEXT.encode(encoding))
    assert read_source_line(paths, sha256, None, line, encoding, READER.read_row) == ("read", text)


def test_a_row_with_a_cell_of_any_length_is_shown(tmp_path: Path) -> None:
    row = f"南昌市,{'a' * 140_000}"
    paths, sha256 = archived(tmp_path, f"城市,注\n{row}\n九江市,三\n".encode())
    assert read_source_line(paths, sha256, None, 2, "utf-8", READER.read_row) == ("read", row)


def test_a_row_of_a_workbook_is_shown_as_a_record_of_its_cells(tmp_path: Path) -> None:
    book, content = openpyxl.Workbook(), io.BytesIO()
    page = book.create_sheet("绿地")
    page["B3"], page["C3"] = "南昌市", 13.1
    book.save(content)
    paths, sha256 = archived(tmp_path, content.getvalue())
    assert read_source_line(paths, sha256, "绿地", 3, None, READER.read_row) == ("read", ",南昌市,13.1")
    assert read_source_line(paths, sha256, "绿地", 4, None, READER.read_row) == ("read", None)
    assert read_source_line(paths, sha256, "公园", 3, None, READER.read_row) == ("read", None)


def test_what_is_not_in_the_archive_or_damaged_there_is_not_shown(tmp_path: Path) -> None:
    paths, sha256 = archived(tmp_path, TEXT.encode())
    assert read_source_line(paths, "0" * 64, None, 2, "utf-8", READER.read_row) == ("not_in_archive", None)
    file = paths.archived(sha256)
    file.chmod(0o644)
    file.write_text("something else")
    assert read_source_line(paths, sha256, None, 2, "utf-8", READER.read_row) == ("damaged", None)
