"""Writing a select as Parquet: the same rows in the same order give the same bytes.

DuckDB's COPY ends row groups where the chunks of its storage end, which depends on the threads that filled the table.
Here each row group has the same number of rows. Not here: which tables are written, and in what order
(assets.release.publish.publish), and the files of the lake (assets.intake.file_parser).
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
# A larger dictionary of a column costs more than it saves.
_DICTIONARY_BYTES = 1 << 16
# Integers are mostly years and line numbers, which differ little from one row to the next.
_INTEGER_ENCODING = "DELTA_BINARY_PACKED"


def write_parquet(connection: Connection, select: str, file: Path, metadata: Mapping[str, str]) -> int:
    """Write the rows of a select with metadata of the file; return the number of rows."""
    # A separate cursor: a result on the connection may not have been read to its end.
    with connection.cursor() as cursor:
        reader = cursor.sql(select).to_arrow_reader(_GROUP_ROWS)
        with pq.ParquetWriter(file, reader.schema, **_writer_options(reader.schema)) as writer:
            rows = 0
            for group in _prefetch(_row_groups(reader, reader.schema)):
                writer.write_table(group, row_group_size=_GROUP_ROWS)
                rows += group.num_rows
            writer.add_key_value_metadata(dict(metadata))
    return rows


def _prefetch(groups: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Yield the same groups; DuckDB reads the next group while one is written."""
    group = next(groups, None)
    with ThreadPoolExecutor(1) as executor:
        while group is not None:
            following = executor.submit(next, groups, None)
            yield group
            group = following.result()


def _writer_options(schema: pa.Schema) -> dict[str, Any]:
    integers = [entry.name for entry in schema if pa.types.is_integer(entry.type)]
    return {
        "compression": "zstd",
        "store_schema": False,
        "use_dictionary": [entry.name for entry in schema if entry.name not in integers],
        "column_encoding": dict.fromkeys(integers, _INTEGER_ENCODING) or None,
        "dictionary_pagesize_limit": _DICTIONARY_BYTES,
    }


def _row_groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield tables of equal size, each a single chunk: pages end where chunks end."""
    pending: list[pa.RecordBatch] = []
    for batch in batches:
        pending.append(batch)
        if sum(part.num_rows for part in pending) >= _GROUP_ROWS:
            ready = pa.Table.from_batches(pending, schema)
            while ready.num_rows >= _GROUP_ROWS:
                yield ready.slice(0, _GROUP_ROWS).combine_chunks()
                ready = ready.slice(_GROUP_ROWS)
            pending = ready.to_batches()
    rest = pa.Table.from_batches(pending, schema)
    if rest.num_rows:
        yield rest.combine_chunks()
