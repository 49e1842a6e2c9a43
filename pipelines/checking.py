"""Checking files before they are sent: the registry of the data directory, and each file against it.

Here: bringing the two together, without Dagster and without writing anything. Not here: how a file is checked
(assets.intake.check).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assets.errors import Finding, WrongCall
from assets.intake.check import Checked, check_file
from assets.intake.contracts import read_contracts
from assets.intake.limits import read_limits
from assets.paths import Paths
from assets.reference.registry import read_and_check
from assets.warehouse.connection import in_memory
from assets.warehouse.tables import read_tables


def check_files(paths: Paths, files: Sequence[Path], dataset: str | None) -> list[Checked]:
    """What a run would make of each file. Raises Stopped where the registry or a contract is broken."""
    missing = [folder.name for folder in (paths.reference, paths.contracts) if not folder.is_dir()]
    if missing:
        raise WrongCall(Finding("no_data_directory", ", ".join(missing), "reference/, contracts/"))
    contracts, limits = read_contracts(paths.contracts), read_limits(paths.limits)
    tables = read_tables(paths.sql).values()
    read = read_and_check({table.name: table for table in tables if table.schema_name == "reference"}, paths)
    with in_memory() as registry:
        for table in read.values():
            table.write(registry)
        return [check_file(file, contracts, registry, dataset, limits) for file in files]
