"""What one data directory consists of: contracts, the tables they define, models and checks.

What belongs here: loading all of it once, without Dagster. What does not: assets (pipelines.definitions).
"""

from __future__ import annotations

from dataclasses import dataclass

from assets.core.paths import Paths
from assets.intake.tables.contracts import Contract, read_contracts
from assets.observations.dataset_models import dataset_models
from assets.quality.checks.definitions import Check, contract_checks, read_sql_checks
from assets.release.read.queries import SCHEMA as VIEWS
from assets.warehouse.models import Model, read_models
from assets.warehouse.tables import Table, read_tables

_CHECKED_STAGES = ("intake", "observations", "scorecards", "quality")


@dataclass(frozen=True, slots=True)
class Project:
    """A loaded data directory; `tables` and `models` by qualified name, `contracts` by dataset."""

    paths: Paths
    contracts: dict[str, Contract]
    tables: dict[str, Table]
    models: dict[str, Model]
    checks: list[Check]


def load_project(paths: Paths) -> Project:
    """Read contracts, tables, models and checks.

    Raises:
        UsageError: the folder is not a data directory.
        DataError: a file in it must be fixed first.
    """
    paths.check_complete()
    contracts = read_contracts(paths.contracts)
    tables = {name: table for name, table in read_tables(paths.sql).items() if table.schema_name != VIEWS}
    tables |= {contract.table_name: contract.table() for contract in contracts.values()}
    indicators = {name: contract.indicators for name, contract in contracts.items()}
    datasets = dataset_models(indicators, paths.sql, tables)
    tables |= {name: model.table for name, model in datasets.items()}
    models = read_models(paths.sql, tables) | datasets
    checks = contract_checks(table for _, table in sorted(tables.items()) if _is_checked(table, contracts))
    return Project(paths, contracts, tables, models, checks + read_sql_checks(paths.sql))


def _is_checked(table: Table, datasets: dict[str, Contract]) -> bool:
    """Whether the contract of a table is checked on the candidate: accepted rows, and what a run publishes.

    Rows of reference tables and of contracts are checked when they are read, before anything is built.
    """
    if table.schema_name not in _CHECKED_STAGES or table.name in ("check_results", "contracts", "datasets"):
        return False
    return table.published or (table.schema_name == "intake" and table.name in datasets)
