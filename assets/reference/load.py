"""The registry as a whole: all reference tables of a data directory, read and cross-checked.

Here: reading them all, so that none stands half right. Not here: one table (assets.reference.csv_tables), the rules
between them (assets.reference.integrity).
"""

from __future__ import annotations

from collections.abc import Mapping

from assets.core.errors import DataError
from assets.core.paths import Paths
from assets.reference.csv_tables import ReferenceTable, read_reference_table
from assets.reference.integrity import check_integrity
from assets.warehouse.tables import Table


def load_reference_tables(tables: Mapping[str, Table], paths: Paths) -> dict[str, ReferenceTable]:
    """All reference tables of a data directory, or Stopped with every fault found."""
    read, issues = {}, []
    for table in tables.values():
        read[table.name], faults = read_reference_table(table, paths.reference / f"{table.name}.csv")
        issues += faults
    # Cross-checks on half-read tables would report what is not wrong: a row left out above is missing below.
    issues = issues or check_integrity(read)
    if issues:
        raise DataError(issues)
    return read
