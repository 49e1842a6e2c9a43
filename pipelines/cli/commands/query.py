"""gancheng query: SQL on the current release."""

from __future__ import annotations

from typing import Annotated

from assets.core.paths import Paths
from pipelines.cli.options import AsJson, argument, option, write_result


def query(
    sql: Annotated[str, argument("sql")],
    *,
    timeout: Annotated[int | None, option("timeout", min=1)] = None,
    memory: Annotated[int | None, option("memory", min=100)] = None,
    as_json: AsJson = False,
) -> None:
    """Run SQL on the current release, read-only and within limits."""
    from assets.core.settings import read_settings
    from assets.release.read.bounded_query import run_query
    from assets.release.read.reader import get_current_release
    from pipelines.cli.render.tables import render_rows

    paths = Paths.from_environment()
    given = {"seconds": timeout, "megabytes": memory}
    limits = read_settings(paths).queries.model_copy(update={key: value for key, value in given.items() if value})
    rows = run_query(get_current_release(paths), sql, limits).dictionaries()
    write_result(as_json, rows, lambda: render_rows(rows))
