"""What one data directory consists of: its contracts, the tables they lead to, the models and checks over them.

Here: reading it all once, without Dagster. Not here: assets (pipelines.definitions).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from assets.intake.tables.contracts import Contract, read_contracts
from assets.observations.dataset_models import dataset_models
from assets.quality.checks.definitions import Check, contract_checks, read_sql_checks
from assets.release.read.queries import SCHEMA as VIEWS
from assets.warehouse.models import Model, read_models
from assets.warehouse.tables import Table, read_tables


@dataclass(frozen=True, slots=True)
class Project:
    """`tables` and `models` by qualified name, `contracts` by dataset."""

    paths: Paths
    contracts: dict[str, Contract]
    tables: dict[str, Table]
    models: dict[str, Model]
    checks: list[Check]

    def tables_of(self, schema: str) -> dict[str, Table]:
        """The tables of one stage, by name."""
        return {table.name: table for table in self.tables.values() if table.schema_name == schema}


def load_project(paths: Paths) -> Project:
    """Read contracts, tables, models and checks. Raises Stopped with what must be mended, WrongCall without them."""
    missing = [folder.name for folder in (paths.reference, paths.contracts) if not folder.is_dir()]
    if missing:
        raise UsageError(Issue("incomplete_data_directory", ", ".join(missing), "reference/, contracts/"))
    contracts = read_contracts(paths.contracts)
    tables = {name: table for name, table in read_tables(paths.sql).items() if table.schema_name != VIEWS}
    datasets = dataset_models(list(contracts), paths.sql, tables)
    tables |= {contract.table_name: contract.table() for contract in contracts.values()}
    tables |= {name: model.table for name, model in datasets.items()}
    models = read_models(paths.sql, tables) | datasets
    checks = contract_checks(table for name, table in sorted(tables.items()) if _is_audited(table, contracts))
    return Project(paths, contracts, tables, models, checks + read_sql_checks(paths.sql))


def _is_audited(table: Table, contracts: Mapping[str, Contract]) -> bool:
    """Accepted rows and all that is published of what a run makes.

    Reference tables keep the same contracts cell by cell while they are read, and stop the run before it begins.
    """
    if table.schema_name == "intake":
        return table.name in contracts
    made = ("observations", "scorecards", "quality")
    return table.published and table.schema_name in made and table.name != "check_results"
