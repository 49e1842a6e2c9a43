"""Intake as Dagster assets: the contracts, one asset a dataset, and what became of the files of all of them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC

import dagster as dg

from assets.core.errors import DataError, Issue
from assets.core.settings import read_settings
from assets.intake.load import load_accepted
from assets.intake.receipts import sync
from assets.intake.receipts.receipts import IngestJob, Receipt, read_receipts, unassigned_receipts, utc_now
from assets.intake.rejects import add_rejects, resolve_rejects
from assets.intake.tables.contracts import Contract, check_contracts
from assets.intake.values import lookups
from assets.warehouse import dagster_assets
from assets.warehouse.connection import Warehouse, connect_in_memory
from assets.warehouse.tables import Table

_TABLES = ("intake.files", "intake.file_arrivals", "intake.sheets", "intake.notes", "intake.rejects")
# Of the memory of a run, which other stages share; repeated keys beyond it are found with the help of the disk.
_MEMORY = "1GB"


def intake_assets(contracts: Mapping[str, Contract], tables: Mapping[str, Table]) -> list[dg.AssetsDefinition]:
    """The contracts, every dataset, and what became of their files."""
    names = tuple(contract.table_name for contract in contracts.values())
    return [
        _contracts_asset(contracts, tables),
        *(_dataset_asset(contract) for contract in contracts.values()),
        _receipts_asset(tuple(contracts), names, tables),
    ]


def _contracts_asset(contracts: Mapping[str, Contract], tables: Mapping[str, Table]) -> dg.AssetsDefinition:
    made = [tables["intake.contracts"], tables["intake.datasets"]]
    deps = tuple(sorted(name for name in tables if name.startswith("reference.")))

    @dg.multi_asset(
        specs=[dagster_assets.asset_spec(table, deps=deps, kinds={"yaml", "duckdb"}) for table in made],
        name="intake__contracts",
    )
    def check(warehouse: dg.ResourceParam[Warehouse]) -> Iterator[dg.MaterializeResult[None]]:
        references = {
            f"{name.split('.')[1]}.{column}"
            for name, other in tables.items()
            if name.startswith("reference.")
            for column in other.columns
        }
        with warehouse.connect() as connection:
            registry = dict(connection.execute("select indicator_id, dataset from reference.indicators").fetchall())
            issues = list(check_contracts(contracts.values(), registry, references))
            if issues:
                raise DataError(issues)
            columns = [row for contract in contracts.values() for row in _described(contract)]
            datasets = [_entitled(contract) for contract in contracts.values()]
            for table, rows in zip(made, (columns, datasets), strict=True):
                table.load_rows(connection, rows)
                shown = dagster_assets.table_metadata(connection, table)
                yield dg.MaterializeResult(asset_key=dagster_assets.asset_key(table.qualified_name), metadata=shown)

    return check


def _described(contract: Contract) -> Iterator[tuple[object, ...]]:
    for position, (name, field) in enumerate(contract.columns.items(), start=1):
        yield (
            contract.dataset,
            position,
            name,
            field.zh,
            field.en,
            field.type,
            field.unit,
            field.required,
            name in contract.key,
            field.min,
            field.max,
            "、".join(field.allowed) if field.allowed else None,
            "、".join(field.aliases) if field.aliases else None,
        )


def _entitled(contract: Contract) -> tuple[object, ...]:
    due = contract.due
    return (contract.dataset, contract.zh, contract.en, due.on if due else None, due.first_year if due else None)


def _dataset_asset(contract: Contract) -> dg.AssetsDefinition:
    table = contract.table()
    deps = tuple(sorted({*lookups.TABLES, "intake.contracts", *_referred(contract)}))

    @dg.multi_asset(
        specs=[dagster_assets.asset_spec(table, deps=deps, kinds={"csv", "excel", "parquet", "duckdb"})],
        name=f"intake__{contract.dataset}",
    )
    def take_in(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
        limits = read_settings(warehouse.paths).limits
        with warehouse.connect() as connection, connect_in_memory(_MEMORY, warehouse.paths.state / "spill") as work:
            known = lookups.read_lookups(connection, contract)
            intake = IngestJob(warehouse.paths, contract, work, known, limits)
            receipts = sync.ingest_and_sync(intake, utc_now(), from_inbox=warehouse.ingest_inbox)
            load_accepted(connection, table, intake.folder, receipts)
            shown = dagster_assets.table_metadata(connection, table)
        return dg.MaterializeResult(metadata={**shown, **_totals(receipts)})

    return take_in


def _referred(contract: Contract) -> set[str]:
    references = (field.references for field in contract.columns.values())
    return {f"reference.{reference.split('.')[0]}" for reference in references if reference}


def _totals(receipts: Sequence[Receipt]) -> dict[str, int]:
    return {
        "files": len(receipts),
        "rows_read": sum(receipt.rows_read for receipt in receipts),
        "rows_accepted": sum(receipt.rows_accepted for receipt in receipts),
        "rows_aggregate": sum(receipt.rows_aggregate for receipt in receipts),
        "rows_rejected": sum(receipt.rows_rejected for receipt in receipts),
    }


def _receipts_asset(
    datasets: tuple[str, ...], deps: tuple[str, ...], tables: Mapping[str, Table]
) -> dg.AssetsDefinition:
    made = [tables[name] for name in _TABLES]

    @dg.multi_asset(
        specs=[dagster_assets.asset_spec(table, deps=deps, kinds={"json", "duckdb"}) for table in made],
        name="intake__receipts",
    )
    def receipts(warehouse: dg.ResourceParam[Warehouse]) -> Iterator[dg.MaterializeResult[None]]:
        limits = read_settings(warehouse.paths).limits
        with warehouse.connect() as connection:
            by_dataset = {name: _in_order(read_receipts(warehouse.paths.lake / name)) for name in datasets}
            strays = _in_order(unassigned_receipts(warehouse.paths, datasets, utc_now(), limits))
            by_dataset |= {name: [r for r in strays if r.dataset == name] for name in {r.dataset for r in strays}}
            known = [receipt for name in sorted(by_dataset) for receipt in by_dataset[name]]
            tables["intake.files"].load_rows(connection, _file_rows(by_dataset))
            tables["intake.file_arrivals"].load_rows(connection, _arrival_rows(known))
            tables["intake.sheets"].load_rows(connection, _sheet_rows(known))
            tables["intake.notes"].load_rows(connection, _note_rows(known))
            tables["intake.rejects"].load_rows(connection, _refusal_rows(known))
            for name in datasets:
                add_rejects(connection, name, warehouse.paths.lake / name, by_dataset[name])
                resolve_rejects(connection, name)
            for table in made:
                shown = dagster_assets.table_metadata(connection, table)
                yield dg.MaterializeResult(asset_key=dagster_assets.asset_key(table.qualified_name), metadata=shown)

    return receipts


def _in_order(receipts: Sequence[Receipt]) -> list[Receipt]:
    return sorted(receipts, key=lambda receipt: (receipt.received_at, receipt.file, receipt.file_sha256))


def _file_rows(by_dataset: Mapping[str, Sequence[Receipt]]) -> Iterator[tuple[object, ...]]:
    for receipts in by_dataset.values():
        for order, receipt in enumerate(receipts, start=1):
            yield (
                receipt.dataset,
                receipt.file,
                receipt.file_sha256,
                receipt.bytes,
                receipt.status,
                order,
                receipt.rows_read,
                receipt.rows_blank,
                receipt.rows_skipped,
                receipt.rows_accepted,
                receipt.rows_aggregate,
                receipt.rows_rejected,
            )


def _arrival_rows(receipts: Sequence[Receipt]) -> Iterator[tuple[object, ...]]:
    for receipt in receipts:
        received_at = receipt.received_at.astimezone(UTC).replace(tzinfo=None)
        yield (receipt.dataset, receipt.file_sha256, receipt.file, received_at)


def _sheet_rows(receipts: Sequence[Receipt]) -> Iterator[tuple[object, ...]]:
    for receipt in receipts:
        for position, sheet in enumerate(receipt.sheets, start=1):
            file = (receipt.dataset, receipt.file, receipt.file_sha256)
            yield (*file, position, sheet.sheet, sheet.encoding, sheet.delimiter, sheet.header_line, sheet.header_text)


def _note_rows(receipts: Sequence[Receipt]) -> Iterator[tuple[object, ...]]:
    for receipt in receipts:
        for number, note in enumerate(receipt.notes, start=1):
            file = (receipt.dataset, receipt.file, receipt.file_sha256)
            yield (*file, number, note.sheet, note.line, note.kind, note.text)


def _refusal_rows(receipts: Sequence[Receipt]) -> Iterator[tuple[object, ...]]:
    for receipt in receipts:
        for number, issue in enumerate(receipt.issues, start=1):
            file = (receipt.dataset, receipt.file, receipt.file_sha256)
            yield (*file, issue.sheet, issue.line, number, *_told(issue))


def _told(issue: Issue) -> tuple[object, ...]:
    reasons = (issue.reason("zh"), issue.reason("en"), issue.remedy("zh"), issue.remedy("en"))
    return (issue.column, None, issue.code, issue.actual, issue.expected, *reasons, None, None, False)
