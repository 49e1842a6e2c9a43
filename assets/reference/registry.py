"""The registry as a whole: all reference tables of a data directory, read and cross-checked.

Here: reading them all, so that none stands half right. Not here: one table (assets.reference.reading), the rules
between them (assets.reference.checks).
"""

from __future__ import annotations

from collections.abc import Mapping

from assets.errors import Stopped
from assets.paths import Paths
from assets.reference.checks import check_references
from assets.reference.reading import ReferenceTable, read_reference_table
from assets.warehouse.tables import Table


def read_and_check(tables: Mapping[str, Table], paths: Paths) -> dict[str, ReferenceTable]:
    """All reference tables of a data directory, or Stopped with every fault found."""
    read, findings = {}, []
    for table in tables.values():
        read[table.name], faults = read_reference_table(table, paths.reference / f"{table.name}.csv")
        findings += faults
    # Cross-checks on half-read tables would report what is not wrong: a row left out above is missing below.
    findings = findings or check_references(read)
    if findings:
        raise Stopped(findings)
    return read
