"""gancheng check: files against contracts and registry, before they are sent.

Not here: how a file is checked (assets.intake.dry_run).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from pipelines.cli.options import DATA_FAILED, AsJson, InLanguage, argument, option, write_result

if TYPE_CHECKING:
    from assets.intake.dry_run import DryRunResult


def check(
    files: Annotated[list[Path], argument("files")],
    *,
    dataset: Annotated[str | None, option("dataset")] = None,
    as_json: AsJson = False,
    with_rows: Annotated[bool, option("with_rows", "--rows")] = False,
    language: InLanguage,
) -> None:
    """Check files as a run would; no file is written."""
    from pipelines.cli.render.tables import render_dry_run

    results = check_files(Paths.from_environment(), files, dataset, with_rows=with_rows)
    content = [_content(result) for result in results]
    write_result(as_json, content, lambda: [render_dry_run(result, language) for result in results])
    if not all(result.is_clean for result in results):
        raise typer.Exit(DATA_FAILED)


def _content(result: DryRunResult) -> dict[str, object]:
    content = asdict(result) | {"notes": [note.model_dump() for note in result.notes]}
    return content if result.rows is not None else {name: content[name] for name in content if name != "rows"}


def check_files(
    paths: Paths, files: Sequence[Path], dataset: str | None, *, with_rows: bool = False
) -> list[DryRunResult]:
    """Return what a run would make of each file.

    Raises:
        DataError: the registry or a contract is broken.
        UsageError: there is no such file or dataset, or the data directory is incomplete.
    """
    from assets.core.settings import read_settings
    from assets.intake.dry_run import check_file
    from assets.intake.tables.contracts import read_contracts
    from assets.reference.load import load_reference_tables
    from assets.warehouse.connection import connect_in_memory
    from assets.warehouse.tables import read_tables

    missing = [folder.name for folder in (paths.reference, paths.contracts) if not folder.is_dir()]
    if missing:
        raise UsageError(Issue("incomplete_data_directory", ", ".join(missing), "reference/, contracts/"))
    contracts, limits = read_contracts(paths.contracts), read_settings(paths).limits
    tables = {table.name: table for table in read_tables(paths.sql).values() if table.schema_name == "reference"}
    contents = load_reference_tables(tables, paths)
    with connect_in_memory() as registry:
        for content in contents.values():
            content.write(registry)
        return [check_file(file, contracts, registry, dataset, limits, with_rows=with_rows) for file in files]
