"""An office that sends files and gets returns: the tables of a run that have to do with returns, and no others."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from assets.core.paths import PROJECT_ROOT
from assets.intake.ingest import IngestJob
from assets.intake.load import load_accepted
from assets.intake.receipts.receipts import Receipt
from assets.intake.rejects import add_rejects, resolve_rejects
from assets.release.outputs.returns import write_returns
from assets.warehouse.connection import Connection
from assets.warehouse.tables import read_tables
from tests.builders.fairs import NOW

TABLES = read_tables((PROJECT_ROOT / "sql",))
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
        for name in ("intake.files", "intake.file_arrivals", "intake.rejects", "intake.sheets"):
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
