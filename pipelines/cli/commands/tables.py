"""gancheng tables: the tables and views of the current release, or the columns of one."""

from __future__ import annotations

import difflib
from typing import Annotated

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from pipelines.cli.options import AsJson, InLanguage, argument, write_result


def tables(
    table: Annotated[str | None, argument("table_name")] = None, *, as_json: AsJson = False, language: InLanguage
) -> None:
    """List the tables and views of the current release, or the columns of one, with their meaning."""
    from assets.release.read.catalogue import list_columns, list_tables, select_tables
    from assets.release.read.reader import get_current_release
    from pipelines.cli.render.tables import phrase, render_catalogue, unwrapped

    release = get_current_release(Paths.from_environment())
    if table is None:
        listed = list_tables(release)
        own = select_tables(listed, language)
        note = unwrapped(phrase("other_names", language, count=len(listed) - len(own)), style="dim")
        write_result(as_json, listed, lambda: (render_catalogue(own, ("table", "rows"), language), note))
        return
    columns = list_columns(release, table)
    if not columns:
        names = [row["table"] for row in select_tables(list_tables(release), language)]
        close = difflib.get_close_matches(table, names, 3, 0.0)
        raise UsageError(Issue("unknown_table", table, ", ".join(close)))
    write_result(as_json, columns, lambda: render_catalogue(columns, ("column", "type"), language))
