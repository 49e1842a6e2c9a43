"""The shipped contracts, each with the registry that its files are read against."""

from __future__ import annotations

from functools import cache

from assets.core.paths import PROJECT_ROOT, Paths
from assets.intake.tables.contracts import Contract, read_contracts
from assets.intake.values.lookups import Lookups, read_lookups
from assets.reference.load import load_reference_tables
from assets.warehouse.connection import connect_in_memory
from assets.warehouse.tables import read_tables


@cache
def shipped() -> dict[str, tuple[Contract, Lookups]]:
    paths = Paths(PROJECT_ROOT / "data")
    tables = {table.name: table for table in read_tables(paths.sql).values() if table.schema_name == "reference"}
    with connect_in_memory() as connection:
        for table in load_reference_tables(tables, paths).values():
            table.write(connection)
        contracts = read_contracts(paths.contracts)
        return {name: (contract, read_lookups(connection, contract)) for name, contract in contracts.items()}
