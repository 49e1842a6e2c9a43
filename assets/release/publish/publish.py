"""Publishing: the release is built in a staging folder, forced onto the disk, renamed, and `current` is switched to it.

Here: the four steps and their order, so that readers find a complete release at every moment. Not here: whether the
candidate may be published (assets.release.publish.gate), and how each file is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from assets.core.errors import Issue
from assets.core.files import sync_tree
from assets.core.paths import Paths
from assets.release.explain.changelog import render_changelog
from assets.release.explain.recompute import attach_parquet, attach_release
from assets.release.explain.score_diff import CHANGES, find_score_changes, read_named_changes
from assets.release.outputs.data_dictionary import write_documents
from assets.release.outputs.datapackage import write_package
from assets.release.outputs.metadata import ReleaseIdentity, ReleaseMetadata, read_metadata
from assets.release.outputs.report.site import write_report
from assets.release.outputs.returns import write_returns
from assets.release.outputs.scorecard_files import select_views, write_scorecard_files
from assets.release.outputs.workbook.workbook import write_workbook
from assets.release.publish.current import SWITCHING, find_current_folder, repair_current, switch_current
from assets.release.publish.database import finish_database
from assets.release.publish.file_names import CHANGELOG, DATABASE
from assets.release.publish.gate import raise_on_lost_files
from assets.release.publish.manifest import (
    FORMAT,
    InputFile,
    Manifest,
    PublishedFile,
    RunFacts,
    WrittenFile,
    compute_content_digest,
    describe_file,
    is_intact,
    read_manifest,
)
from assets.release.publish.release_index import write_index
from assets.release.publish.release_log import RUNS, write_release_log
from assets.release.publish.staging import Staging, add_tables, create_staging, discard_staging, load_staging
from assets.warehouse.connection import Connection, connect_in_memory, fetch_rows
from assets.warehouse.snapshot import write_snapshot
from assets.warehouse.tables import Table

FRESHNESS = "quality.freshness"
# Tables about releases are written after the snapshot was audited.
SCHEMA = "release"


@dataclass(frozen=True, slots=True)
class PublishResult:
    """The release that is current after publishing, whether it is new, and what was damaged and is replaced."""

    release_id: str
    is_new: bool
    repairs: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """All that is known before the first write.

    `current` is the manifest of the current release if that is intact. A damaged one is not compared with anything, and
    the same content replaces it. `written` are the files that people write, as they were when the run began.
    """

    paths: Paths
    tables: tuple[Table, ...]
    metadata: ReleaseMetadata
    run: RunFacts
    current: Manifest | None
    written: tuple[WrittenFile, ...]

    @property
    def content(self) -> list[Table]:
        """The tables that do not depend on earlier releases."""
        return [table for table in self.tables if table.qualified_name not in (CHANGES, RUNS)]

    @property
    def baseline(self) -> Manifest | None:
        """The current release if it can be compared with the new one: its tables have the same names."""
        return self.current if self.current is not None and self.current.format == FORMAT else None

    def named(self, name: str) -> list[Table]:
        """Return the published table of a name, if there is one."""
        return [table for table in self.tables if table.qualified_name == name]


@dataclass(frozen=True, slots=True)
class WrittenContent:
    """The content in the staging folder, the manifest that follows from it, and the tables staged after the audit."""

    staging: Staging
    manifest: Manifest
    late: tuple[Table, ...]


def publish(
    connection: Connection,
    tables: Sequence[Table],
    paths: Paths,
    run_id: str,
    await_check_pages: Callable[[], None] = lambda: None,
    put_returns: Callable[[Connection, Path], list[Path]] = write_returns,
    written: Sequence[WrittenFile] = (),
) -> PublishResult:
    """Publish the candidate behind the connection, unless the current release has the same content.

    Files staged during the audit are used, and so is the audited snapshot. The release log and the score changes are
    published with the content but are no part of it: its digest does not depend on earlier releases.

    Args:
        await_check_pages: returns when the pages of the checks, which the report shows, are complete.
        put_returns: writes the returns into a folder, or moves them there if another process wrote them.
        written: the files that people write, as they were when the run began.
        connection, tables, paths, run_id: the candidate, the published tables, the data directory and the run.
    """
    paths.releases.mkdir(parents=True, exist_ok=True)
    repair_current(paths)
    for leftover in paths.releases.glob(f"{SWITCHING}*"):
        leftover.unlink()
    try:
        raise_on_lost_files(connection, _read_current(paths))
        plan = _make_plan(connection, tables, paths, run_id, written)
        content = _write_content(connection, plan)
        if plan.baseline is not None and plan.baseline.content_digest == content.manifest.content_digest:
            write_index(paths)
            return PublishResult(plan.baseline.release_id, is_new=False)
        replaced = find_current_folder(paths) if plan.current is None else None
        files = _write_artifacts(connection, plan, content, await_check_pages, put_returns)
        _commit(paths, content.manifest.model_copy(update={"files": files}))
        write_index(paths)
        repairs = () if replaced is None else (Issue("current_release_replaced", replaced.name),)
        return PublishResult(content.manifest.release_id, is_new=True, repairs=repairs)
    finally:
        discard_staging(paths)


def _read_current(paths: Paths) -> Manifest | None:
    """Return the manifest of the current release where nothing changed it; other files may be damaged."""
    folder = find_current_folder(paths)
    manifest = read_manifest(folder) if folder is not None else None
    return manifest if manifest is not None and manifest.has_its_root else None


def _make_plan(
    connection: Connection, tables: Sequence[Table], paths: Paths, run_id: str, written: Sequence[WrittenFile]
) -> PublishPlan:
    folder, current = find_current_folder(paths), _read_current(paths)
    now = datetime.now(UTC).replace(microsecond=0)
    return PublishPlan(
        paths=paths,
        tables=tuple(tables),
        metadata=read_metadata(connection, tables),
        run=RunFacts(run_id=run_id, released_at=now, as_of=_read_as_of(connection, tables)),
        current=current if folder is not None and current is not None and is_intact(folder, current) else None,
        written=tuple(written),
    )


def _write_content(connection: Connection, plan: PublishPlan) -> WrittenContent:
    """Write the snapshot and the Parquet files of the content, as far as they were not written during the audit."""
    folder, snapshot, run_id = plan.paths.staging, plan.paths.snapshot, plan.run.run_id
    staging = load_staging(folder, run_id)
    if staging is None or not snapshot.is_file():
        write_snapshot(connection, snapshot)
    staging = staging or create_staging(folder, run_id, connection, plan.content, plan.metadata)
    late = tuple(staging.missing(plan.tables))
    staging = add_tables(staging, folder, connection, staging.missing(plan.content), plan.metadata)
    digest = compute_content_digest(staging.files)
    manifest = Manifest(
        format=FORMAT,
        release_id=f"{plan.run.released_at:%Y%m%dT%H%M%SZ}-{digest[:12]}",
        content_digest=digest,
        method_version=plan.metadata.method_version,
        files=staging.files,
        inputs=_read_inputs(connection),
        run=plan.run,
        previous_release_id=plan.current.release_id if plan.current is not None else None,
        written=plan.written,
        previous_root=plan.current.root if plan.current is not None else None,
    )
    return WrittenContent(staging, manifest, late)


def _write_artifacts(
    connection: Connection,
    plan: PublishPlan,
    content: WrittenContent,
    await_check_pages: Callable[[], None],
    put_returns: Callable[[Connection, Path], list[Path]],
) -> tuple[PublishedFile, ...]:
    """Write everything that is made from the content and return all files of the release."""
    folder, tables, metadata = plan.paths.staging, plan.tables, plan.metadata
    baseline_id = plan.baseline.release_id if plan.baseline is not None else None
    identity = ReleaseIdentity(content.manifest.release_id, plan.run.released_at, baseline_id)
    staging, changelog = _write_release_tables(connection, plan, content)
    late = {*staging.unordered, *(table.qualified_name for table in content.late)}
    reloaded = [table for table in tables if table.schema_name == SCHEMA or table.qualified_name in late]
    with ThreadPoolExecutor(1) as executor:
        # DuckDB works on its file on other cores while pages and workbooks, which are Python, take one.
        spill = plan.paths.state / "spill"
        database = executor.submit(finish_database, plan.paths.snapshot, folder, tables, reloaded, spill)
        views = select_views(connection, tables)
        scorecards = write_scorecard_files(connection, folder, views, metadata)
        described = (*tables, *(view.table for view in views))
        artifacts = [
            *write_package(folder, described, (*staging.files, *scorecards), metadata, identity),
            *write_documents(connection, folder, tables, staging.files),
            *put_returns(connection, folder),
            *write_workbook(connection, folder, tables, metadata, identity),
        ]
        await_check_pages()
        artifacts += write_report(connection, folder, tables, identity, plan.paths.check_pages)
        return (
            *(*staging.files, *scorecards, *changelog, database.result()),
            *(describe_file(folder, path) for path in artifacts),
        )


def _write_release_tables(
    connection: Connection, plan: PublishPlan, content: WrittenContent
) -> tuple[Staging, list[PublishedFile]]:
    """Write the release log and the score changes; return the staging with them, and the changelog."""
    folder, staging, changelog = plan.paths.staging, content.staging, []
    for table in plan.named(RUNS):
        write_release_log(connection, table, find_current_folder(plan.paths), content.manifest)
        staging = add_tables(staging, folder, connection, [table], plan.metadata)
    for table in plan.named(CHANGES):
        text = _write_score_changes(connection, plan, table)
        staging = add_tables(staging, folder, connection, [table], plan.metadata)
        (folder / CHANGELOG).write_text(text, encoding="utf-8", newline="\n")
        changelog.append(describe_file(folder, folder / CHANGELOG))
    return staging, changelog


def _write_score_changes(connection: Connection, plan: PublishPlan, table: Table) -> str:
    """Write the score changes since the current release as a table of the candidate; return the changelog."""
    table.create(connection)
    if plan.baseline is None:
        return render_changelog(None, [], [])
    database = plan.paths.releases / plan.baseline.release_id / DATABASE
    with connect_in_memory() as memory:
        old = attach_release(memory, database, "before")
        failed_models = find_score_changes(memory, old, attach_parquet(memory, plan.paths.staging, plan.tables), table)
        connection.register("score_changes_in_memory", memory.sql(f"from {CHANGES}").to_arrow_table())
        connection.execute(f"insert into {CHANGES} select * from score_changes_in_memory")
        connection.unregister("score_changes_in_memory")
        return render_changelog(plan.baseline.release_id, read_named_changes(memory), failed_models)


def _read_inputs(connection: Connection) -> tuple[InputFile, ...]:
    rows = fetch_rows(
        connection,
        """
        select files.dataset, files.file, files.file_sha256 as sha256, files.status, files.rows_read,
            files.rows_accepted, files.rows_aggregate, files.rows_rejected, arrivals.receipt_sha256
        from intake.files as files
        left join intake.file_arrivals as arrivals
            on files.dataset = arrivals.dataset and files.file_sha256 = arrivals.file_sha256 and arrivals.is_last
        order by files.dataset, files.file, files.file_sha256
        """,
    )
    return tuple(InputFile(**row) for row in rows)


def _read_as_of(connection: Connection, tables: Sequence[Table]) -> date | None:
    """Return the day on which the newest file arrived, where the arrivals are published."""
    if FRESHNESS not in {table.qualified_name for table in tables}:
        return None
    days: list[tuple[date | None]] = connection.execute(f"select max(as_of_date) from {FRESHNESS}").fetchall()
    return days[0][0]


def _commit(paths: Paths, manifest: Manifest) -> None:
    """Turn the staging folder into the current release; after each step `current` is a complete release."""
    manifest.write(paths.staging)
    # The rename must not reach the disk before the files do.
    sync_tree(paths.staging)
    paths.staging.replace(paths.releases / manifest.release_id)
    switch_current(paths, manifest.release_id)
