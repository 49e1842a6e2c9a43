"""Publishing: the release folder is built aside, made durable, renamed into place, and `current` is switched to it.

Here: the order of these steps, so that a reader finds a whole release at every moment. Not here: whether the candidate
may be published (assets.release.gate).
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from assets.paths import Paths
from assets.release.about import About, file_metadata, read_about
from assets.release.analysts import write_views_and_macros
from assets.release.changelog import changelog
from assets.release.changes import CHANGES, find_changes, named_changes
from assets.release.documents import write_documents
from assets.release.history import RUNS, write_history
from assets.release.layout import CHANGELOG, DATABASE
from assets.release.manifest import (
    InputFile,
    Manifest,
    PublishedFile,
    RunFacts,
    content_digest,
    hash_file,
    is_whole,
    read_manifest,
)
from assets.release.package import write_package
from assets.release.recompute import attach, from_parquet
from assets.release.report.site import Made, write_report
from assets.release.returns import write_returns
from assets.release.workbook.book import write_workbook
from assets.warehouse.connection import Connection, file_of, identifier, in_memory, literal, transaction
from assets.warehouse.parquet import write_parquet
from assets.warehouse.tables import Table

FRESHNESS = "quality.freshness"
# Of the memory of a run, which the candidate shares.
_MEMORY = "1GB"
# It ends with the number of the system's error where there is one.
_COPY = """
import shutil, sys
try:
    shutil.copyfile(*sys.argv[1:])
except OSError as error:
    sys.exit(error.errno or 255)
"""
_BUILDING, _SWITCHING = ".building-", ".current-"


@dataclass(frozen=True, slots=True)
class Published:
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
) -> Published:
    """Publish the candidate behind the connection. The same content as the current release makes no new one.

    The pages of its checks may still be in the making: the report, which shows them, waits for them. The returns may
    have been written before, and are then put into the folder.

    What changed since the current release is published with the content and is no part of it: the same inputs have the
    same content digest whatever was released before.
    """
    paths.releases.mkdir(parents=True, exist_ok=True)
    for leftover in paths.releases.glob(f"{_BUILDING}*"):
        shutil.rmtree(leftover)
    for leftover in paths.releases.glob(f"{_SWITCHING}*"):
        leftover.unlink()
    folder = paths.releases / f"{_BUILDING}{uuid.uuid4().hex}"
    try:
        content = [table for table in tables if table.qualified_name not in (CHANGES, RUNS)]
        about = read_about(connection, tables)
        orders = _orders(connection, content)
        files = _write_parquet(connection, content, orders, folder, about)
        digest = content_digest(files)
        current = _whole_current(paths)
        if current is not None and current.content_digest == digest:
            return Published(current.release_id, is_new=False)
        now = datetime.now(UTC).replace(microsecond=0)
        release_id = f"{now:%Y%m%dT%H%M%SZ}-{digest[:12]}"
        run = RunFacts(run_id=run_id, released_at=now, as_of=_as_of(connection, tables))
        history = [table for table in tables if table.qualified_name == RUNS]
        for table in history:
            release = (release_id, digest, about.method_version)
            write_history(connection, table, paths.current_release, release, run)
        files = (*files, *_write_parquet(connection, history, _orders(connection, history), folder, about))
        files = (*files, *_write_changes(connection, tables, folder, paths, current, about))
        made = Made(release_id, now, current.release_id if current is not None else None, paths.check_pages)
        copied = _copy_database(connection, folder)
        unsorted = [table for table in tables if orders.get(table.qualified_name, "unknown")]
        with ThreadPoolExecutor(1) as aside:
            # DuckDB works on its file on other cores while pages and workbooks, which are Python, take one.
            database = aside.submit(_finish_database, copied, tables, unsorted, paths)
            artefacts = (
                *write_package(folder, tables, files, about, (release_id, now)),
                *write_documents(connection, folder, tables, files),
                *put_returns(connection, folder),
                *write_workbook(connection, folder, tables, about, (release_id, now)),
            )
            await_check_pages()
            artefacts = (*artefacts, *write_report(connection, folder, tables, made))
            files = (*files, database.result(), *(_published(folder, artefact) for artefact in artefacts))
        manifest = Manifest(
            release_id=release_id,
            content_digest=digest,
            method_version=about.method_version,
            files=files,
            inputs=_inputs(connection),
            run=run,
            previous_release_id=current.release_id if current is not None else None,
        )
        manifest.write(folder)
        _make_durable(folder)
        folder.rename(paths.releases / release_id)
        _switch(paths, release_id)
        return Published(release_id, is_new=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_changes(
    connection: Connection, tables: Sequence[Table], folder: Path, paths: Paths, current: Manifest | None, about: About
) -> tuple[PublishedFile, ...]:
    """The changes since the current release: as a table of the candidate, as Parquet and as a changelog."""
    changes = [table for table in tables if table.qualified_name == CHANGES]
    for table in changes:
        table.create(connection)
    if not changes:
        return ()
    old = None if current is None else current.release_id
    told, left = [], []
    if old is not None:
        with in_memory() as memory:
            before, now = attach(memory, paths.releases / old, "before"), from_parquet(memory, folder, tables)
            left = find_changes(memory, before, now, changes[0])
            told = [dict(row) for row in named_changes(memory)]
            connection.register("score_changes_found", memory.sql(f"from {CHANGES}").to_arrow_table())
        connection.execute(f"insert into {CHANGES} select * from score_changes_found")
        connection.unregister("score_changes_found")
    text = folder / CHANGELOG
    text.write_text(changelog(old, told, left), encoding="utf-8")
    orders = _orders(connection, changes)
    return (*_write_parquet(connection, changes, orders, folder, about), _published(folder, text))


def _write_parquet(
    connection: Connection, tables: Iterable[Table], orders: Mapping[str, str], folder: Path, about: About
) -> tuple[PublishedFile, ...]:
    """One Parquet file a table, in the order of its key, with what it means: the same content gives the same bytes."""
    (folder / "parquet").mkdir(parents=True, exist_ok=True)
    files = []
    for table in tables:
        target = _parquet(folder, table)
        select = f"select * from {table.qualified_name}{orders[table.qualified_name]}"
        rows = write_parquet(connection, select, target, file_metadata(table, about))
        files.append(_published(folder, target, rows=rows, is_content=table.is_content))
    return tuple(files)


def _copy_database(connection: Connection, folder: Path) -> Path:
    """A copy of the candidate, which has the format that older clients open.

    In a process of its own: to close a file ends every lock that a process has on it, and DuckDB holds one.
    """
    connection.execute("checkpoint")
    source, target = file_of(connection), folder / DATABASE
    ended = subprocess.run([sys.executable, "-c", _COPY, str(source), str(target)], check=False).returncode
    if ended in errno.errorcode:
        raise OSError(ended, os.strerror(ended), str(target))
    assert ended == 0, f"the copy of the candidate ended with {ended}"
    return target


def _finish_database(target: Path, tables: Sequence[Table], unsorted: Sequence[Table], paths: Paths) -> PublishedFile:
    """Of a copy of the candidate what is published: every table in the order of its key, with views and macros."""
    folder = target.parent
    with in_memory(_MEMORY, paths.state / "spill") as connection:
        connection.execute(f"attach {literal(target)} as published")
        _drop(connection, tables, unsorted)
        with transaction(connection):
            for table in tables:
                name = f"published.{table.qualified_name}"
                if table in unsorted:
                    file = literal(_parquet(folder, table))
                    connection.execute(f"create table {name} as select * from read_parquet({file})")
                table.comment(connection, name)
        write_views_and_macros(connection, "published", tables)
        connection.execute("checkpoint published")
        connection.execute("detach published")
    return _published(folder, target)


def _drop(connection: Connection, tables: Sequence[Table], unsorted: Sequence[Table]) -> None:
    """Take out of the copy what is not published, and what is to be put in order; their space is free for that."""
    kept = {(table.schema_name, table.name) for table in tables if table not in unsorted}
    found = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'published'"
    ).fetchall()
    with transaction(connection):
        for schema, name in set(found) - kept:
            connection.execute(f"drop table published.{identifier(schema)}.{identifier(name)}")
        for schema in {schema for schema, _ in found} - {table.schema_name for table in tables}:
            connection.execute(f"drop schema published.{identifier(schema)}")
    connection.execute("checkpoint published")


def _parquet(folder: Path, table: Table) -> Path:
    return folder / "parquet" / f"{table.name}.parquet"


def _orders(connection: Connection, tables: Iterable[Table]) -> dict[str, str]:
    """How the rows of each table come into the order of its key, by its name."""
    return {table.qualified_name: _order(connection, table) for table in tables}


def _order(connection: Connection, table: Table) -> str:
    """How the rows come into the order of the key: not at all where they stand in it, which is soon seen."""
    key = ", ".join(f"{identifier(column)} is not null, {identifier(column)}" for column in table.key)
    row = connection.execute(
        f"select count(*) from (select row({key}) < lag(row({key})) over () as is_before from {table.qualified_name}) "
        "where is_before"
    ).fetchone()
    return "" if row == (0,) else f" order by {', '.join(f'{identifier(name)} nulls first' for name in table.key)}"


def _published(folder: Path, file: Path, rows: int | None = None, is_content: bool = False) -> PublishedFile:
    return PublishedFile(
        path=file.relative_to(folder).as_posix(),
        sha256=hash_file(file),
        bytes=file.stat().st_size,
        rows=rows,
        is_content=is_content,
    )


def _inputs(connection: Connection) -> tuple[InputFile, ...]:
    columns = "dataset, file, file_sha256, status, rows_read, rows_accepted, rows_set_aside, rows_rejected"
    rows = connection.execute(f"select {columns} from intake.files order by dataset, file, file_sha256").fetchall()
    return tuple(
        InputFile(
            dataset=dataset,
            file=file,
            sha256=sha256,
            status=status,
            rows_read=read,
            rows_accepted=accepted,
            rows_set_aside=set_aside,
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
