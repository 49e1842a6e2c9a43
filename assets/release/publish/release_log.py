"""The history of releases, which each release carries on from the one before: pruning takes none of it away.

Here: the table `release.runs`. Not here: what changed between two releases (assets.release.explain.score_diff), and
the journal of runs that released nothing (pipelines.observability.run_log).
"""

from __future__ import annotations

from pathlib import Path

from assets.release.publish.manifest import RunFacts, hash_file, read_manifest
from assets.warehouse.connection import Connection, quote_identifier, quote_literal
from assets.warehouse.tables import Table

RUNS = "release.runs"


def write_release_log(
    connection: Connection, table: Table, before: Path, release: tuple[str, str, str], run: RunFacts
) -> None:
    """The rows of the release in the folder `before`, where there is one, and that of this one.

    `release` is its id, its content digest and the version of its method.
    """
    table.create(connection)
    known = _history_of(before, table)
    if known is not None:
        # A column that one of the two does not know is empty in the one and left in the other.
        described = connection.execute(f"describe select * from read_parquet({quote_literal(known)})").fetchall()
        columns = ", ".join(quote_identifier(row[0]) for row in described if row[0] in table.columns)
        connection.execute(f"insert into {RUNS} by name select {columns} from read_parquet({quote_literal(known)})")
    connection.execute(
        f"""
        insert into {RUNS}
        select
            ?, ?, ?, ?, ?, ?, count(*), coalesce(sum(rows_read), 0), coalesce(sum(rows_accepted), 0),
            coalesce(sum(rows_set_aside), 0), coalesce(sum(rows_rejected), 0),
            (select count(*) from quality.check_results),
            (select count(*) from quality.check_results where not is_passed),
            (select count(*) from quality.flags)
        from intake.files
        """,
        [release[0], run.run_id, run.released_at.replace(tzinfo=None), run.as_of, *release[1:]],
    )
    table.persist_docs(connection)


def _history_of(folder: Path, table: Table) -> Path | None:
    """The file with the history in a release; None where it has none, or another than its manifest says."""
    manifest = read_manifest(folder)
    path = f"parquet/{table.name}.parquet"
    listed = () if manifest is None else manifest.files
    known = (folder / path).is_file() and any(f.path == path and f.sha256 == hash_file(folder / path) for f in listed)
    return folder / path if known else None
