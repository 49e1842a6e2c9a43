"""Intake as Dagster assets: the contracts, one asset per dataset, and the receipts of the files of all datasets.

Here: which tables the assets write, and the rows of the tables about contracts and receipts. Not here: ingestion
(assets.intake.ingest), rejected rows (assets.intake.rejects).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from operator import attrgetter

import dagster as dg

from assets.core.errors import DataError, Issue
from assets.core.object_store import open_store
from assets.core.settings import read_settings
from assets.intake.gap_rows import read_gaps
from assets.intake.ingest import IngestJob, unassigned_receipts, utc_now
from assets.intake.load import load_accepted
from assets.intake.readers.reader_process import ReaderProcess
from assets.intake.receipts.receipts import Receipt, SheetSummary, read_receipts, sort_receipts
from assets.intake.rejects import add_rejects, resolve_rejects
from assets.intake.tables.contracts import Contract, ContractColumn, check_contracts
from assets.intake.tables.form_id import find_form_id
from assets.intake.values import lookups
from assets.warehouse import dagster_assets
from assets.warehouse.connection import Connection, Warehouse, connect_in_memory
from assets.warehouse.tables import Table

_RECEIPT_TABLES = (
    *("intake.files", "intake.file_arrivals", "intake.sheets", "intake.notes", "intake.rejects"),
    *("intake.gaps", "intake.sign_offs"),
)
# A share of the memory of a run; beyond it, duplicate keys are searched with the help of the disk.
_MEMORY = "1GB"
_COUNTS_OF = attrgetter("rows_read", "rows_blank", "rows_skipped", "rows_accepted", "rows_aggregate", "rows_rejected")
_ACCOUNT_CELLS = (
    *("physical", "title", "header", "unit", "blank", "repeated_header", "note", "footer", "unfilled", "wrapped"),
    *("set_aside", "passed_over", "read", "unfolded", "accepted", "aggregate", "rejected"),
)


def intake_assets(contracts: Mapping[str, Contract], tables: Mapping[str, Table]) -> list[dg.AssetsDefinition]:
    """Return the assets of the stage."""
    names = tuple(contract.table_name for contract in contracts.values())
    return [
        _contracts_asset(contracts, tables),
        *(_dataset_asset(contract) for contract in contracts.values()),
        _receipts_asset(tuple(contracts), names, tables),
    ]


def ingest_dataset(job: IngestJob, now: datetime, *, from_inbox: bool = True) -> list[Receipt]:
    """Ingest the files of a dataset, together with other machines where a shared store is configured.

    Without one, no code of the shared store is even imported; nothing below this function asks again.
    """
    store = open_store(job.paths)
    if store is None:
        return job.ingest(now, from_inbox=from_inbox)
    from assets.intake.receipts.sync import ingest_and_sync

    return ingest_and_sync(job, store, now, from_inbox=from_inbox)


def _contracts_asset(contracts: Mapping[str, Contract], tables: Mapping[str, Table]) -> dg.AssetsDefinition:
    outputs = [tables["intake.contracts"], tables["intake.datasets"]]
    deps = tuple(sorted(name for name in tables if name.startswith("reference.")))

    def check(_: Warehouse, connection: Connection) -> None:
        references = {
            f"{name.split('.')[1]}.{column}"
            for name, table in tables.items()
            if name.startswith("reference.")
            for column in table.columns
        }
        registry = dict(connection.execute("select indicator_id, dataset from reference.indicators").fetchall())
        issues = list(check_contracts(contracts.values(), registry, references))
        if issues:
            raise DataError(issues)
        columns = [row for contract in contracts.values() for row in _column_rows(contract)]
        datasets = [_dataset_row(contract) for contract in contracts.values()]
        for table, rows in zip(outputs, (columns, datasets), strict=True):
            table.load_rows(connection, rows)

    return dagster_assets.python_asset("intake__contracts", outputs, check, deps=deps, kinds={"yaml", "duckdb"})


def _column_rows(contract: Contract) -> Iterator[tuple[object, ...]]:
    for position, (name, column) in enumerate(contract.columns.items(), start=1):
        yield (
            contract.dataset,
            position,
            name,
            column.zh,
            column.en,
            column.type,
            column.unit,
            column.required,
            name in contract.key,
            column.min,
            column.max,
            "、".join(_allowed_texts(column)) or None,
            "、".join(column.aliases) if column.aliases else None,
        )


def _allowed_texts(column: ContractColumn) -> Iterator[str]:
    """The allowed values, each with the words in which offices know it."""
    for value in column.allowed or ():
        labels = "、".join(column.labels_of(value))
        yield f"{value}（{labels}）" if labels else value


def _dataset_row(contract: Contract) -> tuple[object, ...]:
    due = contract.due
    return (contract.dataset, contract.zh, contract.en, due.on if due else None, due.first_year if due else None)


def _dataset_asset(contract: Contract) -> dg.AssetsDefinition:
    table = contract.table()
    deps = tuple(sorted({*lookups.TABLES, "intake.contracts", *_referenced_tables(contract)}))

    @dg.multi_asset(
        specs=[dagster_assets.asset_spec(table, deps=deps, kinds={"csv", "excel", "parquet", "duckdb"})],
        name=f"intake__{contract.dataset}",
    )
    def ingest(
        warehouse: dg.ResourceParam[Warehouse], workbook_reader: dg.ResourceParam[ReaderProcess]
    ) -> dg.MaterializeResult[None]:
        limits = read_settings(warehouse.paths).limits
        with warehouse.connect() as connection, connect_in_memory(_MEMORY, warehouse.paths.state / "spill") as scratch:
            registry = lookups.read_lookups(connection, contract)
            job = IngestJob(warehouse.paths, contract, scratch, registry, limits, workbook_reader)
            receipts = ingest_dataset(job, utc_now(), from_inbox=warehouse.ingest_inbox)
            load_accepted(connection, table, job.folder, receipts)
            metadata = dagster_assets.table_metadata(connection, table)
        repairs = [asdict(issue) for issue in job.repairs]
        return dg.MaterializeResult(metadata={**metadata, **_totals(receipts), dagster_assets.REPAIRS: repairs})

    return ingest


def _referenced_tables(contract: Contract) -> set[str]:
    return {f"reference.{reference.split('.')[0]}" for reference in contract.references}


def _totals(receipts: Sequence[Receipt]) -> dict[str, int]:
    names = ("rows_read", "rows_accepted", "rows_aggregate", "rows_rejected")
    return {"files": len(receipts), **{name: sum(getattr(receipt, name) for receipt in receipts) for name in names}}


def _receipts_asset(
    datasets: tuple[str, ...], deps: tuple[str, ...], tables: Mapping[str, Table]
) -> dg.AssetsDefinition:
    outputs = [tables[name] for name in _RECEIPT_TABLES]

    def record(warehouse: Warehouse, connection: Connection) -> None:
        limits = read_settings(warehouse.paths).limits
        by_dataset = {name: sort_receipts(read_receipts(warehouse.paths.lake / name)) for name in datasets}
        for receipt in sort_receipts(unassigned_receipts(warehouse.paths, datasets, utc_now(), limits)):
            by_dataset.setdefault(receipt.dataset, []).append(receipt)
        receipts = [receipt for name in sorted(by_dataset) for receipt in by_dataset[name]]
        tables["intake.files"].load_rows(connection, _file_rows(by_dataset))
        tables["intake.file_arrivals"].load_rows(connection, _arrival_rows(receipts))
        tables["intake.sheets"].load_rows(connection, _sheet_rows(receipts))
        tables["intake.notes"].load_rows(connection, _note_rows(receipts))
        tables["intake.rejects"].load_rows(connection, _refusal_rows(receipts))
        tables["intake.sign_offs"].load_rows(connection, _sign_off_rows(receipts))
        for name in datasets:
            add_rejects(connection, name, warehouse.paths.lake / name, by_dataset[name])
            resolve_rejects(connection, name)
        gaps = (gap for name in datasets for gap in read_gaps(connection, name))
        tables["intake.gaps"].load_rows(connection, gaps)

    return dagster_assets.python_asset("intake__receipts", outputs, record, deps=deps, kinds={"json", "duckdb"})


def _file_rows(by_dataset: Mapping[str, Sequence[Receipt]]) -> Iterator[tuple[object, ...]]:
    for receipts in by_dataset.values():
        for order, receipt in enumerate(receipts, start=1):
            yield (*_file_key(receipt), receipt.bytes, receipt.status, order, *_COUNTS_OF(receipt))


def _arrival_rows(receipts: Sequence[Receipt]) -> Iterator[tuple[object, ...]]:
    for receipt in receipts:
        arrivals = [
            (receipt.file, receipt.received_at),
            *((later.file, later.received_at) for later in receipt.arrivals),
        ]
        checksum = receipt.checksum
        for number, (file, moment) in enumerate(arrivals, start=1):
            received_at = moment.astimezone(UTC).replace(tzinfo=None)
            yield (receipt.dataset, receipt.file_sha256, number, file, received_at, checksum, number == len(arrivals))


def _sheet_rows(receipts: Sequence[Receipt]) -> Iterator[tuple[object, ...]]:
    for receipt in receipts:
        for position, sheet in enumerate(receipt.sheets, start=1):
            yield (*_file_key(receipt), position, *_sheet_cells(sheet))


def _sheet_cells(sheet: SheetSummary) -> tuple[object, ...]:
    issue, account = sheet.issue, sheet.account
    status = "read" if issue is None else "passed_over"
    reasons = (None, None) if issue is None else (issue.reason("zh"), issue.reason("en"))
    counts = (None if account is None else getattr(account, name) for name in _ACCOUNT_CELLS)
    return (
        sheet.sheet,
        sheet.encoding,
        sheet.delimiter,
        status,
        *reasons,
        sheet.header_line,
        sheet.header_text,
        *counts,
    )


def _note_rows(receipts: Sequence[Receipt]) -> Iterator[tuple[object, ...]]:
    for receipt in receipts:
        for number, note in enumerate(receipt.notes, start=1):
            yield (*_file_key(receipt), number, note.sheet, note.line, note.kind, note.text)


def _sign_off_rows(receipts: Sequence[Receipt]) -> Iterator[tuple[object, ...]]:
    for receipt in receipts:
        if receipt.sign_off is None:
            continue
        form, stated = find_form_id([receipt.sign_off.form_id or ""]), receipt.sign_off.completion
        completion = None if stated is None else "complete" if receipt.sign_off.is_complete else "incomplete"
        yield (*_file_key(receipt), *((None, None) if form is None else (form.city_code, form.year)), completion)


def _refusal_rows(receipts: Sequence[Receipt]) -> Iterator[tuple[object, ...]]:
    for receipt in receipts:
        for number, issue in enumerate(receipt.issues, start=1):
            yield (*_file_key(receipt), issue.sheet, issue.line, None, None, number, *_issue_cells(issue))


def _file_key(receipt: Receipt) -> tuple[str, str, str]:
    return receipt.dataset, receipt.file, receipt.file_sha256


def _issue_cells(issue: Issue) -> tuple[object, ...]:
    reasons = (issue.reason("zh"), issue.reason("en"), issue.remedy("zh"), issue.remedy("en"))
    return (issue.column, None, issue.code, issue.actual, issue.expected, *reasons, None, None, False)
