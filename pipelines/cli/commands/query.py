"""gancheng query: SQL on the current release."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from assets.core.text import escape_control
from pipelines.cli.options import AsJson, InLanguage, argument, option, write_text
from pipelines.cli.render.row_formats import RowFormat


def query(
    sql: Annotated[str, argument("sql")],
    *,
    kind: Annotated[RowFormat | None, option("query_format", "--format", show_default=False)] = None,
    output: Annotated[Path | None, option("output", "-o", "--output")] = None,
    parameters: Annotated[list[str] | None, option("parameter", "-p", "--parameter")] = None,
    timeout: Annotated[int | None, option("timeout", min=1, max=86_400)] = None,
    memory: Annotated[int | None, option("memory", min=100, max=1_000_000)] = None,
    as_json: AsJson = False,
    _language: InLanguage,
) -> None:
    """Run SQL on the current release, read-only and within limits."""
    from assets.core.files import write_atomically
    from assets.core.settings import read_settings
    from assets.release.read.bounded_query import run_query
    from assets.release.read.reader import get_current_release
    from pipelines.cli.render.row_formats import encode_rows
    from pipelines.cli.render.tables import render_rows

    shown = kind or ("json" if as_json else _format_of(output))
    if shown == "parquet" and output is None and sys.stdout.isatty():
        raise UsageError(Issue("query_output_is_binary"))
    paths = Paths.from_environment()
    if output is not None:
        paths.check_output(output)
    given = {"seconds": timeout, "megabytes": memory}
    limits = read_settings(paths).queries.model_copy(update={key: value for key, value in given.items() if value})
    text = sys.stdin.buffer.read().decode("utf-8-sig", errors="replace") if sql == "-" else sql
    answer = run_query(get_current_release(paths), text, limits, dict(map(_split_parameter, parameters or ())))
    if shown == "table" and output is None:
        write_text(render_rows(answer.columns, answer.rows))
        return
    content = encode_rows(answer.columns, answer.rows, "csv" if shown == "table" else shown)
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(output, content)
    else:
        sys.stdout.flush()
        if sys.stdout.isatty() and shown != "parquet":
            content = escape_control(content.decode()).encode()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def _format_of(output: Path | None) -> RowFormat:
    """Return the format of a file by its ending; CSV where the ending is no format."""
    formats: dict[str, RowFormat] = {
        ".tsv": "tsv",
        ".json": "json",
        ".ndjson": "ndjson",
        ".jsonl": "ndjson",
        ".md": "md",
        ".parquet": "parquet",
    }
    return "table" if output is None else formats.get(output.suffix.lower(), "csv")


def _split_parameter(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name.isidentifier():
        raise UsageError(Issue("query_parameter", text))
    return name, value
