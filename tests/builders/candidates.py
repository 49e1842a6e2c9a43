"""A whole candidate, every published table of the project made by its model or its contract, in a second."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq

from assets.core.paths import Paths
from assets.release.outputs.datapackage import write_package
from assets.release.outputs.metadata import ReleaseIdentity, read_metadata
from assets.release.publish.database import finish_database
from assets.release.publish.manifest import (
    FORMAT,
    InputFile,
    Manifest,
    RunFacts,
    compute_content_digest,
    describe_file,
    hash_file,
)
from assets.release.publish.publish import publish
from assets.release.publish.staging import create_staging
from assets.release.read.reader import Release, find_current_release, get_release, list_release_ids
from assets.warehouse.connection import Connection, Warehouse, database_file, fetch_rows
from assets.warehouse.tables import Table
from tests.builders.world import World, furnished, tables

# A name that would be markup, a formula or a quote if it were anything but text.
HOSTILE = "=1+1 <script>alert('x')</script> | `a` [b](c) \"*d*\""
COMMAND = "=cmd|' /C calc'!A0"
SCRIPT = "<script>alert(\"1\")</script> & 'x'"
DATA = "data"
SHA = "0123456789abcdef" * 4


def published_tables() -> list[Table]:
    return [table for table in tables().values() if table.published and table.schema_name != "presentation"]


def fill(connection: Connection) -> None:
    """Two cities, two indicators of one dimension in all of which both score, one target, one rejected row."""
    world = furnished(World(connection), method_version="9.9")
    world.city("B").add("reference.measures", {})
    world.add("reference.provinces", {"province_code": "x", "name_zh": "甲省", "name_en": "Alpha"})
    world.add("reference.sources", {"publication_zh": "年鉴", "publication_en": "Yearbook"}, {"source_id": "unused"})
    for indicator_id in ("sheet.one", "sheet.two"):
        world.indicator(indicator_id, name_zh=HOSTILE, name_en=HOSTILE)
        world.add("reference.indicator_measures", {"indicator_id": indicator_id})
        for city_code, last in (("A", 60), ("B", 30)):
            world.figures(indicator_id, {2015: 10, 2020: 20, 2024: last}, city_code=city_code)
    world.target("sheet.one", 80)
    world.add("intake.files", {"file": "sheet/f.csv", "file_sha256": SHA})
    world.add("intake.rejects", {"file_sha256": SHA, "file": "sheet/f.csv", "line": None, "raw_row": None})
    for table in published_tables():
        world.build(table.qualified_name)
        table.persist_docs(connection)


@cache
def _template() -> tempfile.TemporaryDirectory[str]:
    """Fill one candidate for all tests of this process: building every table takes longer than most tests."""
    data = tempfile.TemporaryDirectory()
    with Warehouse(Paths(Path(data.name))).connect() as connection:
        fill(connection)
    return data


@cache
def _published_template() -> tempfile.TemporaryDirectory[str]:
    data = tempfile.TemporaryDirectory()
    with candidate() as connection:
        release_of(connection, Path(data.name) / DATA)
    return data


@contextmanager
def candidate() -> Iterator[Connection]:
    """Open a candidate of its own, which the test may change."""
    with tempfile.TemporaryDirectory() as data:
        paths = Paths(Path(data))
        paths.candidate.parent.mkdir(parents=True)
        shutil.copyfile(Paths(Path(_template().name)).candidate, paths.candidate)
        with Warehouse(paths).connect() as connection:
            yield connection


def copy_release(data: Path) -> Release:
    """Copy a release of the candidate as it is filled below a data directory, which the test may change."""
    # A folder below the temporary one, whose mode admits only its owner and would be copied.
    shutil.copytree(Path(_published_template().name) / DATA, data, symlinks=True, dirs_exist_ok=True)
    release = find_current_release(Paths(data))
    assert release is not None
    return release


@contextmanager
def workbook_candidate() -> Iterator[Connection]:
    """Two cities with scores; measures of every standing; names that would do harm if they were not text."""
    with candidate() as connection:
        connection.execute(
            "update reference.cities set name_zh = case city_code when 'A' then ? else ? end, name_en = 'Ji''an'",
            [COMMAND, SCRIPT],
        )
        connection.execute(
            "update intake.rejects set actual = ?, reason_zh = ?, is_resolved = false", [COMMAND, SCRIPT]
        )
        unscored = "evidenced = null, possible = null, open = null, lost = null, rank = null,"
        for number, status in enumerate(("awaiting_data", "not_in_basket", "too_narrow"), start=2):
            for table, score in (("reference.measures", ""), ("scorecards.measure_scores", unscored)):
                connection.execute(f"create temp table more as from {table} where measure_id = 1")
                assignment = f", score_status = '{status}'" if score else ""
                connection.execute(f"update more set {score} measure_id = {number}{assignment}")
                connection.execute(f"insert into {table} from more")
                connection.execute("drop table more")
        yield connection


def release_of(connection: Connection, data: Path) -> Release:
    """Publish the candidate below a data directory."""
    publish(connection, published_tables(), Paths(data), "run")
    release = find_current_release(Paths(data))
    assert release is not None
    return release


def tables_release_of(connection: Connection, data: Path) -> Release:
    """Write a release of the tables and their package; pages, documents and workbook take longer than most tests."""
    paths, tables, moment = Paths(data), published_tables(), datetime(2026, 1, 1, tzinfo=UTC)
    release_id = "20260101T000000Z-tables"
    folder = paths.releases / release_id
    metadata = read_metadata(connection, tables)
    staging = create_staging(folder, "run", connection, tables, metadata)
    connection.execute("checkpoint")
    paths.snapshot.parent.mkdir()
    shutil.copyfile(database_file(connection), paths.snapshot)
    database = finish_database(paths.snapshot, folder, tables, (), paths.state / "spill")
    package = write_package(folder, tables, staging.files, metadata, ReleaseIdentity(release_id, moment))
    fields = [name for name in InputFile.model_fields if name != "receipt_sha256"]
    names = ", ".join("file_sha256 as sha256" if name == "sha256" else name for name in fields)
    Manifest(
        format=FORMAT,
        release_id=release_id,
        content_digest=compute_content_digest(staging.files),
        method_version=metadata.method_version,
        files=(*staging.files, database, *(describe_file(folder, path) for path in package)),
        inputs=tuple(InputFile(**row) for row in fetch_rows(connection, f"select {names} from intake.files")),
        run=RunFacts(run_id="run", released_at=moment),
    ).write(folder)
    paths.current_release.symlink_to(release_id)
    return get_release(paths, release_id)


def write_earlier_format(release: Release) -> Release:
    """Make a release one of the first format: no number in the manifest, and other names of counts."""
    log = release.folder / "parquet" / "runs.parquet"
    table = pq.read_table(log)
    names = ["rows_set_aside" if name == "rows_aggregate" else name for name in table.schema.names]
    pq.write_table(table.rename_columns(names), log)
    file = release.folder / "MANIFEST.json"
    manifest = json.loads(file.read_text("utf-8"))
    assert manifest.pop("format") == FORMAT
    assert manifest.pop("root")
    manifest.pop("previous_root")
    for entry in manifest["inputs"]:
        entry["rows_set_aside"] = entry.pop("rows_aggregate")
    (entry,) = (entry for entry in manifest["files"] if entry["path"] == "parquet/runs.parquet")
    entry["sha256"] = hash_file(log)
    file.write_text(json.dumps(manifest), "utf-8")
    return get_release(Paths(release.folder.parents[1]), release.folder.name)


MARKED = ("reference.sources", "scorecards.indicator_scores", "observations.city_observations")


def mark(connection: Connection, number: int) -> None:
    """Write a number into every row of three tables: a release tells everywhere which one it is."""
    for table in MARKED:
        column = "note_en" if table.startswith("reference") else "note"
        connection.execute(f"update {table} set {column} = ?", [str(number)])


def build_three_releases(data: Path) -> None:
    """Publish three releases below a data directory; the newest is the current one."""
    with candidate() as connection:
        for number in range(3):
            mark(connection, number)
            release_of(connection, data)
    switch(Paths(data), list_release_ids(Paths(data))[-1])


def switch(paths: Paths, release_id: str) -> None:
    """Make a release the current one."""
    paths.current_release.unlink()
    paths.current_release.symlink_to(release_id)
