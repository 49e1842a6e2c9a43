"""The shipped contracts, each with the registry that its files are read against."""

from __future__ import annotations

from functools import cache

from assets.intake.contracts import Dataset, read_contracts
from assets.intake.registry import Registry, read_registry
from assets.paths import PROJECT_ROOT, Paths
from assets.reference.registry import read_and_check
from assets.warehouse.connection import in_memory
from assets.warehouse.tables import read_tables


@cache
def shipped() -> dict[str, tuple[Dataset, Registry]]:
    paths = Paths(PROJECT_ROOT / "data")
    tables = {table.name: table for table in read_tables(paths.sql).values() if table.schema_name == "reference"}
    with in_memory() as connection:
        for table in read_and_check(tables, paths).values():
            table.write(connection)
        contracts = read_contracts(paths.contracts)
        return {name: (contract, read_registry(connection, contract)) for name, contract in contracts.items()}
