"""The rows of a query as data: CSV, TSV, JSON, NDJSON, Markdown and Parquet.

Here: how each format is written, always as UTF-8. Not here: the table for the terminal (pipelines.cli.render.tables).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal

from assets.core.errors import Issue, UsageError
from pipelines.cli.json_values import to_json_value

RowFormat = Literal["table", "csv", "tsv", "json", "ndjson", "md", "parquet"]


def encode_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]], kind: RowFormat) -> bytes:
    """Return the rows in a format other than the table; a missing value is an empty cell, in JSON null."""
    if kind == "parquet":
        return _encode_parquet(columns, rows)
    return "".join(f"{line}\n" for line in _WRITERS[kind](columns, rows)).encode(errors="replace")


def _write_delimited(columns: Sequence[str], rows: Sequence[Sequence[Any]], delimiter: str) -> Iterator[str]:
    for row in (columns, *rows):
        stream = io.StringIO()
        # Up to Python 3.12.1 cells with line ends are only quoted where the record itself ends with them.
        csv.writer(stream, delimiter=delimiter, lineterminator="\r\n").writerow(map(format_plain, row))
        yield stream.getvalue().removesuffix("\r\n")


def _write_ndjson(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    for row in rows:
        content = to_json_value(dict(zip(columns, row, strict=True)))
        yield json.dumps(content, ensure_ascii=False, default=str, allow_nan=False)


def _write_json(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    lines = list(_write_ndjson(columns, rows))
    yield "[" + "".join(f"\n{line}{',' if number < len(lines) else ''}" for number, line in enumerate(lines, 1))
    yield "]"


def _write_markdown(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    right = select_right(columns, rows)
    yield _markdown_line(columns)
    yield _markdown_line(["---:" if position in right else "---" for position in range(len(columns))])
    for row in rows:
        yield _markdown_line([format_plain(value) for value in row])


def _markdown_line(cells: Sequence[str]) -> str:
    texts = (cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "<br>") for cell in cells)
    return f"| {' | '.join(texts)} |"


def _encode_parquet(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = [[row[position] for row in rows] for position in range(len(columns))]
    buffer = io.BytesIO()
    try:
        pq.write_table(pa.table(dict(zip(columns, arrays, strict=True))), buffer, compression="zstd")
    except (pa.ArrowException, OverflowError) as error:  # a type that Parquet has not, such as a very large number
        raise UsageError(Issue("query_failed", str(error).partition("\n")[0])) from error
    return buffer.getvalue()


def format_plain(value: Any) -> str:
    """Return a value as text: nothing for a missing one, JSON for a list or a structure."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list | tuple | bytes):
        plain = to_json_value(value)
        return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False, default=str)
    return str(value)


def select_right(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> frozenset[int]:
    """Return the positions of the columns of numbers, which are aligned to the right."""
    from decimal import Decimal

    filled = ([row[position] for row in rows if row[position] is not None] for position in range(len(columns)))
    return frozenset(
        position
        for position, values in enumerate(filled)
        if values and all(isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values)
    )


_WRITERS: Mapping[str, Callable[[Sequence[str], Sequence[Sequence[Any]]], Iterator[str]]] = {
    "csv": partial(_write_delimited, delimiter=","),
    "tsv": partial(_write_delimited, delimiter="\t"),
    "json": _write_json,
    "ndjson": _write_ndjson,
    "md": _write_markdown,
}
