"""Rejected rows on their way: returned to the sender, corrected, sent again, recognised, accepted."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from assets.core.paths import PROJECT_ROOT
from assets.intake.ingest import IngestJob
from assets.intake.load import load_accepted
from assets.intake.receipts.receipts import Receipt
from assets.intake.rejects import add_rejects, resolve_rejects
from assets.release.outputs.returns import write_returns
from assets.warehouse.connection import Connection, connect_in_memory
from assets.warehouse.tables import read_tables
from tests.builders.fairs import HEADER, NOW, send

TABLES = read_tables((PROJECT_ROOT / "sql",))
BAD = "甲市,2026-02-05,3O,book,A\n丙市,2026-02-06,3,book,A\n"


_CELLS = {"sheet", "encoding", "delimiter", "header_line", "header_text"}


class Office:
    """What a run makes of the files so far, as far as returns are concerned."""

    def __init__(self, intake: IngestJob, connection: Connection) -> None:
        self.intake, self.connection = intake, connection
        connection.execute("create schema quality; create schema reference; create schema intake")
        connection.execute(
            "create table reference.cities as select '1' city_code, '甲市' name_zh, '甲' short_zh, 'A' name_en"
        )
        connection.execute("create table reference.aliases (city_code varchar, alias varchar)")
        TABLES["intake.contracts"].create(connection)

    def run(self) -> None:
        receipts = self.intake.ingest(NOW + timedelta(days=1))
        for name in ("intake.files", "intake.rejects", "intake.sheets"):
            TABLES[name].create(self.connection)
        self.load(receipts)
        add_rejects(self.connection, "fairs", self.intake.folder, receipts)
        resolve_rejects(self.connection, "fairs")
        for name in ("files", "rejects", "sheets"):
            self.connection.execute(f"create or replace view quality.{name} as from intake.{name}")

    def load(self, receipts: list[Receipt]) -> None:
        load_accepted(self.connection, self.intake.contract.table(), self.intake.folder, receipts)
        for order, receipt in enumerate(receipts, start=1):
            file = {"dataset": "fairs", "file": receipt.file, "file_sha256": receipt.file_sha256}
            self.add("intake.files", **file, status=receipt.status, arrival_sequence=order)
            for position, sheet in enumerate(receipt.sheets, start=1):
                self.add("intake.sheets", **file, position=position, status="read", **sheet.model_dump(include=_CELLS))

    def add(self, table: str, **row: object) -> None:
        marks = ", ".join("?" for _ in row)
        self.connection.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", list(row.values()))

    def rejects(self) -> list[tuple[str, bool]]:
        """Of each rejected row its line and number and whether it is resolved, in the order of files."""
        return self.connection.execute(
            """
            select distinct rejects.return_id, rejects.is_resolved, files.arrival_sequence, rejects.line
            from intake.rejects as rejects inner join intake.files as files using (file_sha256) order by 3, 4
            """
        ).fetchall()  # type: ignore[return-value]

    def returned(self, folder: Path, suffix: str) -> list[Path]:
        folder.mkdir()
        return [file for file in write_returns(self.connection, folder) if file.suffix == suffix]

    def accepted(self) -> list[tuple[object, ...]]:
        return self.connection.execute("select city_code, posts from intake.fairs order by all").fetchall()


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
