"""Whether the rows of a table stand in the order of its key, told by one look at each row and the one before.

Here: the select that asks, for those who spare themselves sorting or grouping what stands in order anyway. Not here:
sorting, and what is done where rows stand otherwise (assets.release.publish.staging,
assets.quality.checks.definitions).
"""

from __future__ import annotations

from collections.abc import Sequence

from assets.warehouse.connection import quote_identifier


def is_out_of_order(table: str, key: Sequence[str], *, strictly: bool) -> str:
    """A select of the rows that come before the one that they follow, empty cells first; `strictly`: or share its key.

    Column by column: DuckDB takes half as long again to compare rows of several columns as such.
    """
    columns = [quote_identifier(name) for name in key]
    befores = [quote_identifier(f"before_{name}") for name in key]
    pairs = list(zip(columns, befores, strict=True))
    seen = ", ".join(f"{column}, lag({column}) over () as {before}" for column, before in pairs)
    follows = "false" if strictly else "true"
    for column, before in reversed(pairs):
        is_more = f"{column} > {before} or ({column} is not null and {before} is null)"
        follows = f"({is_more} or ({column} is not distinct from {before} and {follows}))"
    return f"select * from (select {seen} from {table}) where not coalesce({follows}, false)"
