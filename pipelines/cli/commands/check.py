"""gancheng check: files against contracts and registry, before they are sent.

Not here: how a file is checked (assets.intake.dry_run), the output (pipelines.cli.render.check).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assets.core.errors import DataError
from assets.core.paths import Paths
from pipelines.cli.options import DATA_FAILED, AsJson, InLanguage, argument, option, write_result

if TYPE_CHECKING:
    from assets.intake.dry_run import DryRunResult
    from assets.intake.receipts.receipts import SheetSummary
    from assets.warehouse.models import Model


def check(
    files: Annotated[list[Path], argument("files")],
    *,
    dataset: Annotated[str | None, option("dataset")] = None,
    as_json: AsJson = False,
    with_rows: Annotated[bool, option("with_rows", "--rows")] = False,
    language: InLanguage,
) -> None:
    """Check files as a run would; no file is written."""
    from pipelines.cli.render.check import render_check

    results = check_files(Paths.from_environment(), files, dataset, with_errors=as_json, with_rows=with_rows)
    content = [_content(result) for result in results]
    write_result(as_json, content, lambda: [part for result in results for part in render_check(result, language)])
    if not all(result.is_clean for result in results):
        raise typer.Exit(DATA_FAILED)


def _content(result: DryRunResult) -> dict[str, Any]:
    content = asdict(result)
    content["notes"] = [note.model_dump() for note in result.notes]
    content["sheets"] = [_sheet_content(sheet) for sheet in result.sheets]
    return content if result.rows is not None else {name: content[name] for name in content if name != "rows"}


def _sheet_content(sheet: SheetSummary) -> dict[str, Any]:
    issue = sheet.issue
    reasons = {f"reason_{language}": issue.reason(language) if issue else None for language in ("zh", "en")}
    return sheet.model_dump() | reasons


def check_files(
    paths: Paths,
    files: Sequence[Path],
    dataset: str | None = None,
    *,
    with_errors: bool = True,
    with_rows: bool = False,
) -> list[DryRunResult]:
    """Return what a run would make of each file.

    Raises:
        DataError: the registry or a contract is broken.
        UsageError: there is no such file or dataset, or the data directory is incomplete.
    """
    from assets.core.settings import read_settings
    from assets.intake.dry_run import DryRun
    from assets.intake.readers.reader_process import ReaderProcess
    from assets.intake.tables.contracts import read_contracts
    from assets.observations.dataset_models import dataset_models
    from assets.reference.load import load_reference_tables
    from assets.warehouse.connection import connect_in_memory
    from assets.warehouse.tables import read_tables

    paths.check_complete()
    contracts, limits = read_contracts(paths.contracts), read_settings(paths).limits
    tables = read_tables(paths.sql)
    references = {table.name: table for table in tables.values() if table.schema_name == "reference"}
    tables |= {contract.table_name: contract.table() for contract in contracts.values()}
    selects: dict[str, str] = {}
    for name, contract in contracts.items():
        # A run says what is wrong with a dataset without a model; here it only cannot say what will not score.
        with suppress(DataError):
            model = dataset_models({name: contract.indicators}, paths.sql, tables)[f"observations.{name}"]
            selects |= {name: model.sql} if _can_run(model, name) else {}
    contents = load_reference_tables(references, paths)
    with connect_in_memory() as registry, ReaderProcess() as reader:
        for content in contents.values():
            content.write(registry)
        dry_run = DryRun(contracts, registry, limits, paths.lake, selects, with_errors, with_rows, reader)
        return [dry_run.check(file, dataset) for file in files]


def _can_run(model: Model, dataset: str) -> bool:
    """Whether a select reads nothing but the rows of its dataset, the files and reference tables."""
    known = {f"intake.{dataset}", "intake.files"}
    return all(name in known or name.startswith("reference.") for name in model.upstream)
