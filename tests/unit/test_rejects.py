"""Rejected rows on their way: returned to the sender, corrected, sent again, recognised, accepted."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from assets.intake.ingest import IngestJob
from assets.warehouse.connection import connect_in_memory
from tests.builders.fairs import HEADER, send
from tests.builders.office import Office

BAD = "甲市,2026-02-05,3O,book,A\n丙市,2026-02-06,3,book,A\n"


@pytest.fixture
def office(intake: IngestJob) -> Iterator[Office]:
    with connect_in_memory() as connection:
        yield Office(intake, connection)


def correct(file: Path, changes: dict[str, str], target: Path) -> None:
    """Correct cells in a returned file as a person would, in Excel or in a text editor, and send it."""
    if file.suffix == ".xlsx":
        book = openpyxl.load_workbook(file)
        for row in book.worksheets[0].iter_rows(min_row=2):
            for cell in row:
                cell.value = changes.get(cell.value, cell.value)
        book.save(target)
        return
    rows = list(csv.reader(file.read_text("utf-8-sig").splitlines()))
    with target.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows([changes.get(cell, cell) for cell in row] for row in rows)


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_a_corrected_return_is_accepted_and_nothing_is_left_open(office: Office, tmp_path: Path, suffix: str) -> None:
    send(office.intake, "a.csv", HEADER + BAD)
    office.run()
    assert [resolved for _, resolved, *_ in office.rejects()] == [False, False]
    inbox = office.intake.paths.inbox / "fairs"
    for number, file in enumerate(office.returned(tmp_path / "one", suffix)):
        correct(file, {"3O": "30", "丙市": "乙市"}, inbox / f"{number}{suffix}")
    office.run()
    assert office.accepted() == [("1", 30), ("2", 3)]
    assert [resolved for _, resolved, *_ in office.rejects()] == [True, True]
    assert office.returned(tmp_path / "two", suffix) == []


def test_a_row_rejected_again_keeps_its_number_and_is_returned_once(office: Office, tmp_path: Path) -> None:
    send(office.intake, "a.csv", HEADER + BAD)
    office.run()
    first = [number for number, *_ in office.rejects()]
    inbox = office.intake.paths.inbox / "fairs"
    for number, file in enumerate(office.returned(tmp_path / "one", ".xlsx")):
        correct(file, {"3O": "３0O", "丙市": "乙市"}, inbox / f"{number}.xlsx")
    office.run()
    assert [(number, resolved) for number, resolved, *_ in office.rejects()] == [
        (first[0], True),
        (first[1], True),
        (first[0], False),
    ]
    again = office.returned(tmp_path / "two", ".xlsx")
    assert len(again) == 1
    correct(again[0], {"３0O": "30"}, inbox / "again.xlsx")
    office.run()
    assert all(resolved for _, resolved, *_ in office.rejects())
    assert office.accepted() == [("1", 30), ("2", 3)]


def test_a_text_like_a_formula_comes_back_as_it_was_sent(office: Office, tmp_path: Path) -> None:
    free = office.intake.contract.columns["kind"].model_copy(update={"allowed": None})
    contract = office.intake.contract.model_copy(update={"columns": {**office.intake.contract.columns, "kind": free}})
    office.intake = dataclasses.replace(office.intake, contract=contract)
    send(
        office.intake, "a.csv", HEADER.replace("posts", "posts,kind") + "甲市,2026-02-05,3O,=cmd|' /C calc'!A0,book,A\n"
    )
    office.run()
    (file,) = office.returned(tmp_path / "one", ".csv")
    assert "'=cmd|" in file.read_text("utf-8-sig")
    correct(file, {"3O": "30"}, office.intake.paths.inbox / "fairs" / "again.csv")
    office.run()
    assert office.connection.execute("select kind, posts from intake.fairs").fetchall() == [("=cmd|' /C calc'!A0", 30)]
