"""A whole candidate, every published table of the project made by its model or its contract, in a second."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assets.core.paths import Paths
from assets.release.publish.publish import publish
from assets.release.read.reader import Release, find_current_release
from assets.warehouse.connection import Connection, Warehouse
from assets.warehouse.tables import Table
from tests.sql.conftest import World, furnished, tables

# A name that would be markup, a formula or a quote if it were anything but text.
HOSTILE = "=1+1 <script>alert('x')</script> | `a` [b](c) \"*d*\""
SHA = "0123456789abcdef" * 4


def published_tables() -> list[Table]:
    return [table for table in tables().values() if table.published]


def fill(connection: Connection) -> None:
    """Two cities, two indicators of one dimension in all of which both score, one target, one rejected row."""
    world = furnished(World(connection), method_version="9.9", minimum_dimensions_share=0.5)
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


@contextmanager
def candidate() -> Iterator[Connection]:
    with tempfile.TemporaryDirectory() as data, Warehouse(Paths(Path(data))).connect() as connection:
        fill(connection)
        yield connection


def release_of(connection: Connection, data: Path) -> Release:
    """Publish the candidate below a data directory."""
    publish(connection, published_tables(), Paths(data), "run")
    release = find_current_release(Paths(data))
    assert release is not None
    return release


MARKED = ("reference.sources", "scorecards.indicator_scores", "observations.city_observations")


def mark(connection: Connection, number: int) -> None:
    """Write a number into every row of three tables: a release tells everywhere which one it is."""
    for table in MARKED:
        column = "note_en" if table.startswith("reference") else "note"
        connection.execute(f"update {table} set {column} = ?", [str(number)])
