"""Publishing: the release folder is built aside, made durable, renamed into place, and `current` is switched to it.

Here: the order of these steps, so that a reader finds a whole release at every moment. Not here: whether the candidate
may be published (assets.release.publish.gate).
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from assets.core.paths import Paths
from assets.release.explain.changelog import render_changelog
from assets.release.explain.recompute import attach_parquet, attach_release
from assets.release.explain.score_diff import CHANGES, find_score_changes, read_named_changes
from assets.release.outputs.data_dictionary import write_documents
from assets.release.outputs.datapackage import write_package
from assets.release.outputs.metadata import ReleaseIdentity, read_metadata
from assets.release.outputs.report.site import write_report
from assets.release.outputs.returns import write_returns
from assets.release.outputs.workbook.workbook import write_workbook
from assets.release.publish.database import finish_database
from assets.release.publish.file_names import CHANGELOG
from assets.release.publish.manifest import (
    InputFile,
    Manifest,
    PublishedFile,
    RunFacts,
    content_digest,
    is_whole,
    published_file,
    read_manifest,
)
from assets.release.publish.release_log import RUNS, write_release_log
from assets.release.publish.staging import add_tables, create_staging, discard_staging, load_staging
from assets.warehouse.connection import Connection, connect_in_memory
from assets.warehouse.snapshot import write_snapshot
from assets.warehouse.tables import Table

FRESHNESS = "quality.freshness"
# What a release says of itself is not in the snapshot that was audited.
SCHEMA = "release"
_SWITCHING = ".current-"


@dataclass(frozen=True, slots=True)
class PublishResult:
    """The release that is current after publishing, and whether it is new."""

    release_id: str
    is_new: bool


def publish(
    connection: Connection,
    tables: Sequence[Table],
    paths: Paths,
    run_id: str,
    await_check_pages: Callable[[], None] = lambda: None,
    put_returns: Callable[[Connection, Path], list[Path]] = write_returns,
) -> PublishResult:
    """Publish the candidate behind the connection. The same content as the current release makes no new one.

    What was drafted while the audit went on is taken over, and so is the snapshot that was audited. The pages of its
    checks may still be in the making: the report, which shows them, waits for them. The returns may have been written
    before, and are then put into the folder.

    What changed since the current release is published with the content and is no part of it: the same inputs have the
    same content digest whatever was released before.
    """
    paths.releases.mkdir(parents=True, exist_ok=True)
    for leftover in paths.releases.glob(f"{_SWITCHING}*"):
        leftover.unlink()
    folder = paths.staging
    try:
        content = [table for table in tables if table.qualified_name not in (CHANGES, RUNS)]
        about = read_metadata(connection, tables)
        drafted = load_staging(folder, run_id)
        if drafted is None or not paths.snapshot.is_file():
            write_snapshot(connection, paths.snapshot)
        drafted = drafted or create_staging(folder, run_id, connection, content, about)
        draft = add_tables(drafted, folder, connection, drafted.missing(content), about)
        digest = content_digest(draft.files)
        current = _whole_current(paths)
        if current is not None and current.content_digest == digest:
            return PublishResult(current.release_id, is_new=False)
        now = datetime.now(UTC).replace(microsecond=0)
        release_id = f"{now:%Y%m%dT%H%M%SZ}-{digest[:12]}"
        run = RunFacts(run_id=run_id, released_at=now, as_of=_as_of(connection, tables))
        for history in _named(tables, RUNS):
            release = (release_id, digest, about.method_version)
            write_release_log(connection, history, paths.current_release, release, run)
            draft = add_tables(draft, folder, connection, [history], about)
        for changes in _named(tables, CHANGES):
            text = _write_changes(connection, changes, tables, folder, paths, current)
            draft = add_tables(draft, folder, connection, [changes], about)
            draft = draft.adding(published_file(folder, text))
        identity = ReleaseIdentity(release_id, now, current.release_id if current is not None else None)
        late = [*drafted.missing(tables), *(table for table in tables if table.schema_name == SCHEMA)]
        afresh = [table for table in tables if table in late or table.qualified_name in draft.unordered]
        with ThreadPoolExecutor(1) as aside:
            # DuckDB works on its file on other cores while pages and workbooks, which are Python, take one.
            database = aside.submit(_finish_database, folder, tables, afresh, paths)
            artefacts = (
                *write_package(folder, tables, draft.files, about, identity),
                *write_documents(connection, folder, tables, draft.files),
                *put_returns(connection, folder),
                *write_workbook(connection, folder, tables, about, identity),
            )
            await_check_pages()
            artefacts = (*artefacts, *write_report(connection, folder, tables, identity, paths.check_pages))
            draft = draft.adding(database.result(), *(published_file(folder, path) for path in artefacts))
        manifest = Manifest(
            release_id=release_id,
            content_digest=digest,
            method_version=about.method_version,
            files=draft.files,
            inputs=_inputs(connection),
            run=run,
            previous_release_id=current.release_id if current is not None else None,
        )
        manifest.write(folder)
        _make_durable(folder)
        folder.rename(paths.releases / release_id)
        _switch(paths, release_id)
        return PublishResult(release_id, is_new=True)
    finally:
        discard_staging(paths)


def _finish_database(folder: Path, tables: Sequence[Table], afresh: Sequence[Table], paths: Paths) -> PublishedFile:
    return published_file(folder, finish_database(paths.snapshot, folder, tables, afresh, paths.state / "spill"))


def _named(tables: Sequence[Table], name: str) -> list[Table]:
    return [table for table in tables if table.qualified_name == name]


def _write_changes(
    connection: Connection, table: Table, tables: Sequence[Table], folder: Path, paths: Paths, current: Manifest | None
) -> Path:
    """The changes since the current release: as a table of the candidate and as a changelog, which is returned."""
    table.create(connection)
    old = None if current is None else current.release_id
    told, left = [], []
    if old is not None:
        with connect_in_memory() as memory:
            before, now = attach_release(memory, paths.releases / old, "before"), attach_parquet(memory, folder, tables)
            left = find_score_changes(memory, before, now, table)
            told = [dict(row) for row in read_named_changes(memory)]
            connection.register("score_changes_found", memory.sql(f"from {CHANGES}").to_arrow_table())
        connection.execute(f"insert into {CHANGES} select * from score_changes_found")
        connection.unregister("score_changes_found")
    text = folder / CHANGELOG
    text.write_text(render_changelog(old, told, left), encoding="utf-8")
    return text


def _inputs(connection: Connection) -> tuple[InputFile, ...]:
    columns = "dataset, file, file_sha256, status, rows_read, rows_accepted, rows_aggregate, rows_rejected"
    rows = connection.execute(f"select {columns} from intake.files order by dataset, file, file_sha256").fetchall()
    return tuple(
        InputFile(
            dataset=dataset,
            file=file,
            sha256=sha256,
            status=status,
            rows_read=read,
            rows_accepted=accepted,
            rows_aggregate=set_aside,
            rows_rejected=rejected,
        )
        for dataset, file, sha256, status, read, accepted, set_aside, rejected in rows
    )


def _whole_current(paths: Paths) -> Manifest | None:
    """The manifest of the current release; a damaged one is compared with nothing, and the same content replaces it."""
    current = read_manifest(paths.current_release)
    return current if current is not None and is_whole(paths.current_release, current) else None


def _as_of(connection: Connection, tables: Sequence[Table]) -> date | None:
    """The day on which the newest file arrived, where it is published who sent what."""
    if FRESHNESS not in {table.qualified_name for table in tables}:
        return None
    days: list[tuple[date | None]] = connection.execute(f"select max(as_of_date) from {FRESHNESS}").fetchall()
    return days[0][0]


def _make_durable(folder: Path) -> None:
    """Force files and folders onto the disk: the rename that follows must not outlive what it names."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            _sync(path)
    for path in [*(path for path in folder.rglob("*") if path.is_dir()), folder, folder.parent]:
        _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _switch(paths: Paths, release_id: str) -> None:
    """Point `current` at the release in one step; readers that hold the old one keep it."""
    link = paths.releases / f"{_SWITCHING}{uuid.uuid4().hex}"
    link.symlink_to(release_id, target_is_directory=True)
    link.rename(paths.current_release)
    _sync(paths.releases)
