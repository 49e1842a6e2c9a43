"""gancheng export: the tables of the current release as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from assets.core.i18n import Language
from assets.core.paths import Paths
from pipelines.cli.options import argument, option, write_text


def export(
    folder: Annotated[Path, argument("folder")],
    *,
    kind: Annotated[Literal["parquet", "csv", "xlsx", "json"], option("format", "--format")] = "parquet",
    table: Annotated[list[str] | None, option("table")] = None,
    city: Annotated[list[str] | None, option("only_city")] = None,
    partition_by: Annotated[str | None, option("partition_by")] = None,
    language: Annotated[Language | None, option("export_lang", "--lang")] = None,
) -> None:
    """Write tables of the current release to a folder, one file a table or one folder a partition."""
    from assets.release.outputs.export import export_partitioned, export_tables
    from assets.release.read.reader import get_current_release

    release, tables, cities = get_current_release(Paths.from_environment()), table or (), city or ()
    if partition_by is None:
        files = export_tables(release, folder, kind, tables, cities, language)
    elif kind == "parquet":
        files = export_partitioned(release, folder, partition_by, tables, cities)
    else:
        raise typer.BadParameter("--format parquet", param_hint="--partition-by")
    write_text(f"{len(files)} → {folder}")
