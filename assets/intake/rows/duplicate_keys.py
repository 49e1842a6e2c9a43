"""Rows of a file that share one key: of equal ones the first stays, and where they differ none can be believed.

Here: the one rule that needs the whole file, on its accepted rows. Not here: rules about one row
(assets.intake.rows.validator).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assets.intake.tables.contracts import RETURN_ID, Contract, qualifier_column
from assets.warehouse.connection import Connection, quote_identifier, quote_literal

Hashes = npt.NDArray[np.uint64]
_HASHES_AT_ONCE = 2_000_000
_PARTS = 16
# Of a part, in memory; those of a small file never reach the disk.
_PART_BYTES = 1 << 20
_BOUNDS = np.arange(1, _PARTS, dtype=np.uint64) * np.uint64(2**64 // _PARTS)


def find_duplicates(connection: Connection, contract: Contract, accepted: Path) -> int:
    """Fill the temporary table `repeats` (sheet, line, return_id, code, found) and return its number of rows; none: 0.

    Keys are compared by their hash first: whole keys of a big file would not fit into the memory, and few hashes
    occur twice.
    """
    key = [
        "city_code",
        "province_code",
        *(quote_identifier(name) for name in contract.key if not _is_place(contract, name)),
    ]
    content = ", ".join(f"coalesce(cast({name} as varchar), '')" for name in _content(contract))
    # A cursor of its own: a result that somebody has not read to its end would stand in the way.
    with connection.cursor() as reading:
        hashes = reading.sql(f"select hash({', '.join(key)}) from read_parquet({quote_literal(accepted)})")
        repeated = _repeated(hashes.to_arrow_reader(_HASHES_AT_ONCE), accepted.parent)
    if not repeated.size:
        return 0
    connection.register("repeated_hashes", pa.table({"key_hash": repeated}))
    told = "coalesce(sheet, '') <> coalesce(first_sheet, '')"
    connection.execute(
        f"""
        create or replace temp table repeats as
        with suspects as (
            select sheet, line, {RETURN_ID}, {", ".join(key)}, concat_ws(chr(31), {content}) as content
            from read_parquet({quote_literal(accepted)})
            where hash({", ".join(key)}) in (select key_hash from repeated_hashes)
        ),
        compared as (
            select *, count(*) over same_key as rows_of_key, count(distinct content) over same_key as contents,
                row_number() over in_order as repeat, first_value(line) over in_order as first_line,
                first_value(sheet) over in_order as first_sheet, first_value(content) over in_order as first_content
            from suspects
            window same_key as (partition by {", ".join(key)}),
                in_order as (
                    partition by {", ".join(key)} order by sheet, line
                    rows between unbounded preceding and unbounded following
                )
        ),
        others as (
            select *,
                min(line) filter (where content <> first_content) over (partition by {", ".join(key)}) as other_line
            from compared
        )
        select sheet, line, {RETURN_ID}, case when contents = 1 then 'key_repeated' else 'key_conflict' end as code,
            case when {told} then first_sheet || ' ' else '' end
            || cast(case when contents > 1 and content = first_content then other_line else first_line end as varchar)
            as found
        from others
        where rows_of_key > 1 and (contents > 1 or repeat > 1)
        """
    )
    connection.unregister("repeated_hashes")
    ((rows,),) = connection.execute("select count(*) from repeats").fetchall()
    return int(rows)


def select_accepted_rows(readable: Path, rejects: Path) -> str:
    """The accepted rows of a file as a select: the readable ones without those that were rejected for their key.

    They are left out here and not in the file, since to write all its rows again would take as long as reading them.
    """
    return (
        f"select rows.* from read_parquet({quote_literal(readable)}) as rows "
        f"anti join read_parquet({quote_literal(rejects)}) as rejects "
        "on rows.line = rejects.line and rows.sheet is not distinct from rejects.sheet"
    )


def _repeated(batches: Iterable[pa.RecordBatch], folder: Path) -> Hashes:
    """The hashes that occur more than once, found part by part, each of one range, and on the disk if they are many.

    Sorting takes half the time of grouping in DuckDB, and a part of even a very long file fits into the memory.
    """
    with ExitStack() as files:
        parts = [
            files.enter_context(tempfile.SpooledTemporaryFile(_PART_BYTES, dir=str(folder))) for _ in range(_PARTS)
        ]
        for batch in batches:
            hashes = np.sort(batch.column(0).to_numpy())
            bounds = np.searchsorted(hashes, _BOUNDS)
            for part, some in zip(parts, np.split(hashes, bounds), strict=True):
                part.write(some.tobytes())
        found = []
        for part in parts:
            part.seek(0)
            ordered = np.sort(np.frombuffer(part.read(), dtype=np.uint64))
            found.append(np.unique(ordered[1:][ordered[1:] == ordered[:-1]]))
    return np.concatenate(found)


def _is_place(contract: Contract, name: str) -> bool:
    return contract.columns[name].type in ("place", "place_code")


def _content(contract: Contract) -> list[str]:
    """What two rows must agree in to be one and the same."""
    names = ["other_cells"]
    for name, said in contract.columns.items():
        if not _is_place(contract, name):
            names.append(quote_identifier(name))
        if said.qualified:
            names.append(quote_identifier(qualifier_column(name)))
    return names
