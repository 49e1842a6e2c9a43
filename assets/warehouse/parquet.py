"""Writing a table as Parquet: the same rows in the same order give the same bytes.

DuckDB's own COPY cuts row groups where the chunks of its storage happen to end, and where those end depends on how its
threads met when a big table was filled. Here each group has the same number of rows, whatever they lie in. Not here:
which tables, in what order (assets.release.publish.publish), and the files of the lake (assets.intake.file_parser).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from assets.warehouse.connection import Connection

_GROUP_ROWS = 1 << 17
# Where a column has more different values than fit into it, a dictionary costs more than it spares.
_DICTIONARY_BYTES = 1 << 16
# Whole numbers are mostly years and lines, which differ little from one row to the next.
_BY_DIFFERENCE = "DELTA_BINARY_PACKED"


def write_parquet(connection: Connection, select: str, file: Path, said: Mapping[str, str]) -> int:
    """Write the rows of a select, and what is said of them as metadata of the file; returns their number."""
    # A cursor of its own: a result that somebody has not read to its end would stand in the way.
    with connection.cursor() as reading:
        reader = reading.sql(select).to_arrow_reader(_GROUP_ROWS)
        with pq.ParquetWriter(file, reader.schema, **_form(reader.schema)) as writer:
            rows = 0
            for group in _one_ahead(_groups(reader, reader.schema)):
                writer.write_table(group, row_group_size=_GROUP_ROWS)
                rows += group.num_rows
            writer.add_key_value_metadata(dict(said))
    return rows


def _one_ahead(groups: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The same groups; DuckDB reads the next one while this one is written, on another core where there is one."""
    group = next(groups, None)
    with ThreadPoolExecutor(1) as reading:
        while group is not None:
            following = reading.submit(next, groups, None)
            yield group
            group = following.result()


def _form(schema: pa.Schema) -> dict[str, Any]:
    whole = [entry.name for entry in schema if pa.types.is_integer(entry.type)]
    return {
        "compression": "zstd",
        "store_schema": False,
        "use_dictionary": [entry.name for entry in schema if entry.name not in whole],
        "column_encoding": dict.fromkeys(whole, _BY_DIFFERENCE) or None,
        "dictionary_pagesize_limit": _DICTIONARY_BYTES,
    }


def _groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows of the batches in tables of one size, in one piece each: pages too end where pieces do."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(part.num_rows for part in held) >= _GROUP_ROWS:
            ready = pa.Table.from_batches(held, schema)
            while ready.num_rows >= _GROUP_ROWS:
                yield ready.slice(0, _GROUP_ROWS).combine_chunks()
                ready = ready.slice(_GROUP_ROWS)
            held = ready.to_batches()
    rest = pa.Table.from_batches(held, schema)
    if rest.num_rows:
        yield rest.combine_chunks()
