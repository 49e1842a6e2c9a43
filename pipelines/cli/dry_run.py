"""Checking files before they are sent: the registry of the data directory, and each file against it.

Here: bringing the two together, without Dagster and without writing anything. Not here: how a file is checked
(assets.intake.dry_run).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from assets.core.settings import read_settings
from assets.intake.dry_run import DryRunResult, check_file
from assets.intake.tables.contracts import read_contracts
from assets.reference.load import load_reference_tables
from assets.warehouse.connection import connect_in_memory
from assets.warehouse.tables import read_tables


def check_files(paths: Paths, files: Sequence[Path], dataset: str | None) -> list[DryRunResult]:
    """What a run would make of each file. Raises Stopped where the registry or a contract is broken."""
    missing = [folder.name for folder in (paths.reference, paths.contracts) if not folder.is_dir()]
    if missing:
        raise UsageError(Issue("incomplete_data_directory", ", ".join(missing), "reference/, contracts/"))
    contracts, limits = read_contracts(paths.contracts), read_settings(paths).limits
    tables = read_tables(paths.sql).values()
    read = load_reference_tables({table.name: table for table in tables if table.schema_name == "reference"}, paths)
    with connect_in_memory() as registry:
        for table in read.values():
            table.write(registry)
        return [check_file(file, contracts, registry, dataset, limits) for file in files]
