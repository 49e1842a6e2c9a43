"""gancheng query: SQL on the current release."""

from __future__ import annotations

from typing import Annotated

from assets.core.paths import Paths
from pipelines.cli.options import AsJson, argument, write_result


def query(sql: Annotated[str, argument("sql")], *, as_json: AsJson = False) -> None:
    """Run SQL on the current release, read-only."""
    from assets.release.read.reader import get_current_release
    from pipelines.cli.render.tables import render_rows

    rows = get_current_release(Paths.from_environment()).rows(sql)
    write_result(as_json, rows, lambda: render_rows(rows))
