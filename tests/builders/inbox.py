"""An inbox with the shipped contracts and the shipped registry, and what became of a file that was put into it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pyarrow.parquet as pq

from assets.core.errors import Issue
from assets.core.i18n import labels
from assets.core.paths import PROJECT_ROOT, Paths
from assets.core.settings import Limits
from assets.intake.ingest import IngestJob
from assets.intake.readers.reader_process import ReaderProcess
from assets.intake.receipts.receipts import Receipt, accepted_files, reject_files
from assets.intake.tables.contracts import Contract, read_contracts
from assets.intake.values.lookups import Lookups, read_lookups
from assets.reference.load import load_reference_tables
from assets.warehouse.connection import Connection
from assets.warehouse.tables import read_tables

DATA = Paths(PROJECT_ROOT / "data")
NOW = datetime(2026, 2, 5, tzinfo=UTC)
LIMITS = Limits(still_written_seconds=0)
# One for all tests; it starts with the first workbook and ends with pytest.
READER = ReaderProcess()


@dataclass(frozen=True)
class Outcome:
    """What became of one file: its receipt and the rows of its two Parquet files."""

    receipt: Receipt
    kept: list[dict[str, Any]]
    rejects: list[dict[str, Any]]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The accepted rows of cities."""
        return [row for row in self.kept if row["province_code"] is None]

    @property
    def totals(self) -> list[dict[str, Any]]:
        """The accepted aggregate rows."""
        return [row for row in self.kept if row["province_code"] is not None]

    @property
    def errors(self) -> list[tuple[int, str | None, str, str]]:
        """Every error of every rejected row: line, column, code and actual value."""
        return [(row["line"], row["column_name"], row["code"], row["actual"]) for row in self.rejects]

    @property
    def refusals(self) -> list[tuple[str, str]]:
        """Why the file was refused as a whole: code and actual value."""
        return [(issue.code, issue.actual) for issue in self.receipt.issues]

    @property
    def counts(self) -> tuple[int, int, int, int, int]:
        """Rows accepted, aggregate, rejected, blank and skipped."""
        names = ("rows_accepted", "rows_aggregate", "rows_rejected", "rows_blank", "rows_skipped")
        accepted, aggregate, rejected, blank, skipped = (getattr(self.receipt, name) for name in names)
        return accepted, aggregate, rejected, blank, skipped

    def values(self, *columns: str) -> list[tuple[Any, ...]]:
        """Some columns of the accepted rows of cities."""
        return [tuple(row[column] for column in columns) for row in self.rows]

    def notes(self, kind: str) -> list[tuple[int | None, str]]:
        """The notes of one kind: line and text."""
        return [(note.line, note.text) for note in self.receipt.notes if note.kind == kind]


def _checked(outcome: Outcome) -> Outcome:
    """What holds whatever was sent: no row is lost, and every message says what, where, why and what to do."""
    receipt = outcome.receipt
    assert receipt.rows_read == receipt.rows_accepted + receipt.rows_aggregate + receipt.rows_rejected
    assert (receipt.rows_accepted, receipt.rows_aggregate) == (len(outcome.rows), len(outcome.totals))
    assert receipt.rows_rejected == len({(row["sheet"], row["line"], row["first_column"]) for row in outcome.rejects})
    assert {note.kind for note in receipt.notes} <= set(labels("note_kinds"))
    for row in outcome.rejects:
        assert row["line"] >= 1
        for text in ("reason_zh", "reason_en", "remedy_zh", "remedy_en"):
            assert row[text]
            assert "{" not in row[text].replace(row["actual"], "").replace(row["expected"], "")
        assert row["raw_row"] is not None
    if receipt.status == "refused":
        assert receipt.issues
        assert all(_has_texts(issue) for issue in receipt.issues)
        assert outcome.kept == outcome.rejects == []
    return outcome


def _has_texts(issue: Issue) -> bool:
    return all(issue.reason(language) and issue.remedy(language) for language in ("zh", "en"))


class Shipped:
    """The shipped contracts, and each one's registry, read once from the reference tables as a run reads it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.contracts: dict[str, Contract] = read_contracts(DATA.contracts)
        tables = {name: table for name, table in read_tables(DATA.sql).items() if table.schema_name == "reference"}
        connection.execute("create schema if not exists reference")
        for table in load_reference_tables(tables, DATA).values():
            table.write(connection)
        self._registries: dict[str, Lookups] = {}

    def registry(self, dataset: str) -> Lookups:
        if dataset not in self._registries:
            self._registries[dataset] = read_lookups(self.connection, self.contracts[dataset])
        return self._registries[dataset]


class Inbox:
    """An empty data directory with the shipped contracts and registry, into whose inbox files are put."""

    def __init__(self, folder: Path, shipped: Shipped) -> None:
        self.paths = Paths(folder)
        self._shipped = shipped

    def folder(self, dataset: str) -> Path:
        folder = self.paths.inbox / dataset
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def put(self, dataset: str, content: str | bytes, name: str) -> Path:
        file = self.folder(dataset) / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def intake(self, dataset: str, limits: Limits = LIMITS) -> IngestJob:
        shipped = self._shipped
        contract, registry = shipped.contracts[dataset], shipped.registry(dataset)
        return IngestJob(self.paths, contract, shipped.connection, registry, limits, READER)

    def outcomes(self, dataset: str, limits: Limits = LIMITS) -> dict[str, Outcome]:
        """One run of the intake: what became of every file that ever arrived, by its name."""
        intake = self.intake(dataset, limits)
        receipts = intake.ingest(NOW)
        kept = {receipt.file: file for receipt, file in accepted_files(intake.folder, receipts)}
        rejects = {receipt.file: file for receipt, file in reject_files(intake.folder, receipts)}
        return {
            receipt.file.removeprefix(f"{dataset}/"): _checked(
                Outcome(receipt, _rows(kept.get(receipt.file)), _rows(rejects.get(receipt.file)))
            )
            for receipt in receipts
        }


def _rows(file: Path | None) -> list[dict[str, Any]]:
    return pq.read_table(file).to_pylist() if file is not None else []


class Take(Protocol):
    """Puts one file into an inbox of its own, runs the intake and returns the outcome."""

    def __call__(
        self, dataset: str, content: str | bytes, name: str = "synthetic.csv", limits: Limits = LIMITS
    ) -> Outcome: ...
