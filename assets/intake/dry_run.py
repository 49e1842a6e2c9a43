"""Dry run: what a run would do with a file, before it is sent.

Here: one file in, the outcome out, and the dataset whose headers the file has; a temporary data directory is used, the
real one is not written. Not here: how files are parsed (assets.intake.ingest), the output (pipelines.cli).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from assets.core.errors import Issue, UsageError
from assets.core.i18n import Language
from assets.core.paths import Paths
from assets.core.settings import Limits
from assets.intake.ingest import IngestJob, utc_now
from assets.intake.receipts.receipts import Receipt, SheetNote, accepted_files, reject_files
from assets.intake.tables.contracts import Contract
from assets.intake.values.lookups import read_lookups
from assets.warehouse.connection import Connection, connect_in_memory, quote_literal

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RowError:
    """One error and the row that would be rejected for it; an error of the file as a whole has no row."""

    sheet: str | None
    line: int | None
    column_name: str | None
    code: str
    actual: str
    expected: str
    reason_zh: str
    reason_en: str
    remedy_zh: str
    remedy_en: str
    raw_row: str | None

    def reason(self, language: Language) -> str:
        """Return what is wrong."""
        return self.reason_zh if language == "zh" else self.reason_en

    def remedy(self, language: Language) -> str:
        """Return what to do about it."""
        return self.remedy_zh if language == "zh" else self.remedy_en

    def where(self, language: Language) -> str:
        """Return sheet, line and column."""
        return Issue(self.code, sheet=self.sheet, line=self.line, column=self.column_name).where(language)


@dataclass(frozen=True, slots=True)
class DryRunResult:
    """What a run would do with one file: rows_read = rows_accepted + rows_aggregate + rows_rejected.

    `rows` has the accepted rows of cities with the columns of the contract, where they were asked for.
    """

    file: str
    dataset: str | None
    status: str
    rows_read: int
    rows_accepted: int
    rows_aggregate: int
    rows_rejected: int
    rows_set_aside: int
    errors: tuple[RowError, ...]
    notes: tuple[SheetNote, ...] = ()
    rows: tuple[Row, ...] | None = None

    @property
    def is_clean(self) -> bool:
        """Whether a run would accept every row."""
        return self.status == "read" and not self.errors


def check_file(
    file: Path,
    contracts: Mapping[str, Contract],
    registry: Connection,
    dataset: str | None,
    limits: Limits,
    *,
    with_rows: bool = False,
) -> DryRunResult:
    """Ingest a file in a temporary data directory.

    Args:
        file: the file on the disk of its sender.
        contracts: all datasets by name.
        registry: a connection to the reference tables.
        dataset: the dataset of the file; where None, the one whose headers the file has.
        limits: the limits of the data directory.
        with_rows: whether the result has the accepted rows.

    Raises:
        UsageError: there is no such file or dataset, or the headers fit several datasets.
    """
    if dataset is not None and dataset not in contracts:
        raise UsageError(Issue("unknown_dataset", dataset, ", ".join(contracts)))
    if not file.is_symlink() and not file.is_file():
        raise UsageError(Issue("missing_file", str(file)))
    candidates = [contracts[dataset]] if dataset is not None else list(contracts.values())
    # The copy that is read is complete.
    limits = limits.model_copy(update={"still_written_seconds": 0.0})
    results = [_ingest_as(file, contract, registry, limits, with_rows) for contract in candidates]
    fitting = [result for result in results if result.status == "read"]
    if len(fitting) > 1:
        raise UsageError(Issue("ambiguous_dataset", str(file), ", ".join(str(result.dataset) for result in fitting)))
    return fitting[0] if fitting else _nearest(results)


def _nearest(results: Sequence[DryRunResult]) -> DryRunResult:
    """Of datasets that all refuse a file the one with the fewest errors; no dataset where all have the same errors."""
    nearest = min(results, key=lambda result: len(result.errors))
    is_undecided = len(results) > 1 and all(result.errors == nearest.errors for result in results)
    return replace(nearest, dataset=None) if is_undecided else nearest


def _ingest_as(file: Path, contract: Contract, registry: Connection, limits: Limits, with_rows: bool) -> DryRunResult:
    with tempfile.TemporaryDirectory(prefix="gancheng-check-") as folder, connect_in_memory() as connection:
        paths = Paths(Path(folder))
        inbox = paths.inbox / contract.dataset
        inbox.mkdir(parents=True)
        shutil.copyfile(file, inbox / file.name, follow_symlinks=False)
        connection.execute(f"set temp_directory = {quote_literal(Path(folder) / 'spill')}")
        job = IngestJob(paths, contract, connection, read_lookups(registry, contract), limits)
        receipts = job.ingest(utc_now())
        if not receipts:
            errors = (_file_error(Issue("file_ignored", file.name)),)
            return DryRunResult(str(file), contract.dataset, "refused", 0, 0, 0, 0, 0, errors)
        (receipt,) = receipts
        counts = (receipt.rows_read, receipt.rows_accepted, receipt.rows_aggregate, receipt.rows_rejected)
        rows = _rows(job, receipt, file.name) if with_rows else None
        return DryRunResult(
            str(file), contract.dataset, receipt.status, *counts, 0, _errors(job, receipt), receipt.notes, rows
        )


def _rows(job: IngestJob, receipt: Receipt, file_name: str) -> tuple[Row, ...]:
    """The accepted rows of cities; the column of the place has the code of the city."""
    names = [name for name, column in job.contract.columns.items() if not column.is_place]
    places = [name for name, column in job.contract.columns.items() if column.is_place]
    rows: list[Row] = []
    for _, accepted in accepted_files(job.folder, [receipt]):
        table = pq.read_table(accepted)
        for row in table.filter(pc.is_null(table["province_code"])).to_pylist():
            code = row["city_code"]
            cells = {name: _plain_number(row[name]) for name in names}
            place = dict.fromkeys(places, code)
            rows.append({"city_code": code, "year": None, **place, **cells, "file": file_name, **_source(row)})
    return tuple(rows)


def _source(row: Row) -> Row:
    return {"sheet": row["sheet"], "line": row["line"]}


def _plain_number(value: object) -> object:
    """A whole number without a decimal point."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _errors(job: IngestJob, receipt: Receipt) -> tuple[RowError, ...]:
    if receipt.status == "refused":
        return tuple(_file_error(issue) for issue in receipt.issues)
    ((_, file),) = reject_files(job.folder, [receipt])
    rows = job.connection.execute(
        f"select {', '.join(column.name for column in fields(RowError))} from read_parquet({quote_literal(file)}) "
        "order by sheet nulls first, line, error_number"
    )
    return tuple(RowError(*row) for row in rows.fetchall())


def _file_error(issue: Issue) -> RowError:
    texts = (issue.reason("zh"), issue.reason("en"), issue.remedy("zh"), issue.remedy("en"))
    return RowError(issue.sheet, issue.line, issue.column, issue.code, issue.actual, issue.expected, *texts, None)
