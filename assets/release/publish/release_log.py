"""The log of releases: the table `release.runs`, which each release continues from the one before it.

Not here: the score changes between two releases (assets.release.explain.score_diff), and the log of runs that released
nothing (pipelines.observability.run_log).
"""

from __future__ import annotations

from pathlib import Path

from assets.core.files import hash_file
from assets.release.publish.manifest import RENAMED_COLUMNS, Manifest, read_manifest
from assets.release.publish.staging import parquet_file
from assets.warehouse.connection import Connection, quote_identifier, quote_literal
from assets.warehouse.tables import Table

RUNS = "release.runs"


def write_release_log(connection: Connection, table: Table, previous: Path | None, manifest: Manifest) -> None:
    """Write the rows of the previous release, whose folder may be missing or damaged, and one for the new release."""
    table.create(connection)
    log = _find_log(previous, table)
    if log is not None:
        source = f"read_parquet({quote_literal(log)})"
        # A column that is missing in the log stays empty; one that the table no longer has is left out.
        names = [str(row[0]) for row in connection.execute(f"describe from {source}").fetchall()]
        columns = ", ".join(
            f"{quote_identifier(name)} as {quote_identifier(present)}"
            for name in names
            if (present := RENAMED_COLUMNS.get(name, name)) in table.columns
        )
        connection.execute(f"insert into {RUNS} by name select {columns} from {source}")
    run = manifest.run
    connection.execute(
        f"""
        insert into {RUNS}
        select
            ?, ?, ?, ?, ?, ?, count(*), coalesce(sum(rows_read), 0), coalesce(sum(rows_accepted), 0),
            coalesce(sum(rows_aggregate), 0), coalesce(sum(rows_rejected), 0),
            (select count(*) from quality.check_results),
            (select count(*) from quality.check_results where not is_passed),
            (select count(*) from quality.flags)
        from intake.files
        """,
        [
            *(manifest.release_id, run.run_id, run.released_at.replace(tzinfo=None), run.as_of),
            *(manifest.content_digest, manifest.method_version),
        ],
    )
    table.persist_docs(connection)


def _find_log(folder: Path | None, table: Table) -> Path | None:
    """Return the file with the log of a release; None if the release has none or it does not match the manifest."""
    if folder is None:
        return None
    manifest, file = read_manifest(folder), parquet_file(folder, table)
    hashes = {} if manifest is None else {folder / entry.path: entry.sha256 for entry in manifest.files}
    return file if file.is_file() and hashes.get(file) == hash_file(file) else None
