"""Rows of a file with the same key: of equal rows the first is accepted; where they differ all are rejected.

Here: the one rule that needs all rows of a file. Not here: rules about one row (assets.intake.rows.validator).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assets.intake.tables.contracts import GAP_REASONS, OTHER_CELLS, RETURN_ID, SOURCE_TEXT, Contract, qualifier_column
from assets.intake.tables.table_rows import FIRST_COLUMN
from assets.warehouse.connection import Connection, quote_identifier, quote_literal

Hashes = npt.NDArray[np.uint64]
_BATCH_ROWS = 2_000_000
_PARTS = 16
# Of a part, in memory; the parts of a small file never reach the disk.
_PART_BYTES = 1 << 20
_BOUNDS = np.arange(1, _PARTS, dtype=np.uint64) * np.uint64(2**64 // _PARTS)


def find_duplicates(connection: Connection, contract: Contract, valid: Path) -> int:
    """Fill the temporary table `duplicates` with the rows to be rejected for their key, and return their number.

    Keys are first compared by their hash: all keys of a big file would not fit into the memory, and few hashes occur
    twice. The table (sheet, line, first_column, return_id, code, actual) is not created where the number is 0. `valid`
    has the rows that break no rule of a row; rows of aggregates included, since two rows of one province share a key as
    two rows of one city do.
    """
    names = [quote_identifier(name) for name in contract.key if not contract.columns[name].is_place]
    key = ", ".join(["city_code", "province_code", *names])
    content = ", ".join(f"coalesce(cast({name} as varchar), '')" for name in _content_columns(contract))
    # A cursor of its own: a result that is not read to its end would block the connection.
    with connection.cursor() as cursor:
        hashes = cursor.sql(f"select hash({key}) from read_parquet({quote_literal(valid)})")
        repeated = _repeated_hashes(hashes.to_arrow_reader(_BATCH_ROWS), valid.parent)
    if not repeated.size:
        return 0
    connection.register("repeated_hashes", pa.table({"key_hash": repeated}))
    connection.execute(
        f"""
        create or replace temp table duplicates as
        with suspects as (
            select sheet, line, {FIRST_COLUMN}, {RETURN_ID}, {key}, concat_ws(chr(31), {content}) as content
            from read_parquet({quote_literal(valid)})
            where hash({key}) in (select key_hash from repeated_hashes)
        ),
        compared as (
            select *, count(*) over same_key as rows_of_key, count(distinct content) over same_key as contents,
                row_number() over in_order as number_in_key, first_value(line) over in_order as first_line,
                first_value(sheet) over in_order as first_sheet, first_value(content) over in_order as first_content
            from suspects
            window same_key as (partition by {key}),
                in_order as (
                    partition by {key} order by sheet, line, {FIRST_COLUMN}
                    rows between unbounded preceding and unbounded following
                )
        ),
        with_other_line as (
            select *,
                min(line) filter (where content <> first_content) over (partition by {key}) as other_line
            from compared
        )
        select sheet, line, {FIRST_COLUMN}, {RETURN_ID},
            case when contents = 1 then 'duplicate_row' else 'key_conflict' end as code,
            case when coalesce(sheet, '') <> coalesce(first_sheet, '') then first_sheet || ' ' else '' end
            || cast(case when contents > 1 and content = first_content then other_line else first_line end as varchar)
            as actual
        from with_other_line
        where rows_of_key > 1 and (contents > 1 or number_in_key > 1)
        """
    )
    connection.unregister("repeated_hashes")
    ((rows,),) = connection.execute("select count(*) from duplicates").fetchall()
    return int(rows)


def _repeated_hashes(batches: Iterable[pa.RecordBatch], folder: Path) -> Hashes:
    """Return the hashes that occur more than once, found range by range, on the disk if they are many.

    Sorting takes half the time of grouping in DuckDB, and one range of even a very long file fits into the memory.
    """
    with ExitStack() as files:
        parts = [
            files.enter_context(tempfile.SpooledTemporaryFile(_PART_BYTES, dir=str(folder))) for _ in range(_PARTS)
        ]
        for batch in batches:
            hashes = np.sort(batch.column(0).to_numpy())
            for part, range_of_hashes in zip(parts, np.split(hashes, np.searchsorted(hashes, _BOUNDS)), strict=True):
                part.write(range_of_hashes.tobytes())
        repeated = []
        for part in parts:
            part.seek(0)
            ordered = np.sort(np.frombuffer(part.read(), dtype=np.uint64))
            repeated.append(np.unique(ordered[1:][ordered[1:] == ordered[:-1]]))
    return np.concatenate(repeated)


def _content_columns(contract: Contract) -> list[str]:
    """The columns in which two rows must agree to be equal."""
    names = [OTHER_CELLS, GAP_REASONS, SOURCE_TEXT]
    for name, column in contract.columns.items():
        if not column.is_place:
            names.append(quote_identifier(name))
        if column.allow_qualifier:
            names.append(quote_identifier(qualifier_column(name)))
    return names
