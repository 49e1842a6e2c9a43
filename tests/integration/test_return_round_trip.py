"""A return with wrapped cells goes out, is corrected in openpyxl or LibreOffice, comes back and is recognised."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Alignment

from assets.intake.ingest import IngestJob
from assets.warehouse.connection import connect_in_memory
from tests.builders.office import Office
from tests.helpers.needs import needs

# A wrapped header (Alt+Enter), and two rows with two faults each, so that their reasons are wrapped too.
HEADERS = ("城市", "列\ndate", "列posts\n（个）", "列source_id", "列source_grade")
ROWS = (
    ("甲市", "2026-02-05", 7, "book", "A"),
    ("甲市", "2026-02-06", "3O", "book", "X"),
    ("乙\n市", "2026-02-05", "4O", "book", "Y"),
    ("乙市", "2026-02-07", 9, "book", "B"),
)
CORRECTIONS = {"3O": "30", "4O": "40", "X": "A", "Y": "B"}


@pytest.fixture
def office(intake: IngestJob) -> Iterator[Office]:
    with connect_in_memory() as connection:
        yield Office(intake, connection)


def write_wrapped(file: Path) -> None:
    book = openpyxl.Workbook()
    for row in (("2026年招聘活动\n（合成数据）",), HEADERS, *ROWS):
        book.active.append(row)
    for row in book.active.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True)
    book.save(file)


def correct_with_openpyxl(returned: Path, inbox: Path) -> None:
    book = openpyxl.load_workbook(returned)
    assert any("\n" in str(cell.value) for row in book.active.iter_rows() for cell in row)
    for row in book.active.iter_rows():
        for cell in row:
            cell.value = CORRECTIONS.get(str(cell.value), cell.value)
    book.save(inbox / "corrected.xlsx")


def convert(file: Path, suffix: str, folder: Path) -> Path:
    """Open a file in LibreOffice, with a profile of its own, and save it in another format."""
    command = ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to"]
    target = folder / f"{file.stem}.{suffix}"
    # The text of cells as they are, comma, quotes, UTF-8.
    options = ":Text - txt - csv (StarCalc):44,34,76" if suffix == "csv" else ""
    done = subprocess.run(
        [*command, f"{suffix}{options}", "--outdir", str(folder), str(file)],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert target.is_file(), done.stderr
    return target


def correct_with_libreoffice(suffix: str) -> Callable[[Path, Path], None]:
    def correct(returned: Path, inbox: Path) -> None:
        folder = inbox.parents[1] / "libreoffice"
        folder.mkdir()
        flat = convert(returned, "fods", folder)
        text = flat.read_text("utf-8")
        for wrong, right in CORRECTIONS.items():
            text = text.replace(f"<text:p>{wrong}</text:p>", f"<text:p>{right}</text:p>")
        flat.write_text(text, "utf-8")
        saved = convert(flat, suffix, folder)
        saved.rename(inbox / f"corrected.{suffix}")

    return correct


LIBREOFFICE = [
    pytest.param(
        correct_with_libreoffice(suffix), id=f"libreoffice-{suffix}", marks=needs("soffice", "libreoffice-calc")
    )
    for suffix in ("xlsx", "xls", "ods", "csv")
]


@pytest.mark.parametrize("correct", [pytest.param(correct_with_openpyxl, id="openpyxl"), *LIBREOFFICE])
def test_a_return_with_wrapped_cells_comes_back_corrected(
    office: Office, tmp_path: Path, correct: Callable[[Path, Path], None]
) -> None:
    inbox = office.intake.paths.inbox / "fairs"
    write_wrapped(inbox / "a.xlsx")
    office.run()
    assert office.accepted() == [("1", 7), ("2", 9)]
    assert [resolved for _, resolved, *_ in office.rejects()] == [False, False]
    for returned in office.returned(tmp_path / "returns", ".xlsx"):
        correct(returned, inbox)
    office.run()
    assert office.accepted() == [("1", 7), ("1", 30), ("2", 9), ("2", 40)]
    assert [resolved for _, resolved, *_ in office.rejects()] == [True, True]
    assert office.returned(tmp_path / "again", ".xlsx") == []
