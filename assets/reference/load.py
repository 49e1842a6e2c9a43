"""All reference tables of a data directory, read and cross-checked together.

Here: reading them all before the first one is used. Not here: one table (assets.reference.csv_tables), the rules
between tables (assets.reference.integrity).
"""

from __future__ import annotations

from collections.abc import Mapping

from assets.core.errors import DataError
from assets.core.paths import Paths
from assets.reference.csv_tables import ReferenceTable, read_reference_table
from assets.reference.integrity import check_integrity
from assets.warehouse.tables import Table


def load_reference_tables(tables: Mapping[str, Table], paths: Paths) -> dict[str, ReferenceTable]:
    """Return all reference tables by name.

    Raises:
        DataError: a table cannot be read or breaks a rule; with all issues.
    """
    reference_tables, issues = {}, []
    for table in tables.values():
        reference_tables[table.name], table_issues = read_reference_table(table, paths.reference / f"{table.name}.csv")
        issues += table_issues
    # A row with an error is not in its table; the rules between tables would report its references as missing.
    issues = issues or check_integrity(reference_tables)
    if issues:
        raise DataError(issues)
    return reference_tables
