"""The complete workbook: which sheets there are, and in what order. The same release gives the same bytes.

Not here: the content of a sheet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from assets.release.outputs.metadata import LICENCE_EN, ReleaseIdentity, ReleaseMetadata
from assets.release.outputs.rows import SOURCE_TABLES, Row, read_rows
from assets.release.outputs.workbook import sheets
from assets.release.outputs.workbook.cover_sheet import MAX_CITIES, NAME, write_cover
from assets.release.outputs.workbook.sheet import SheetContent, WorkbookWriter
from assets.release.publish.file_names import WORKBOOK
from assets.warehouse.connection import Connection
from assets.warehouse.tables import Table


def write_workbook(
    connection: Connection,
    folder: Path,
    tables: Sequence[Table],
    metadata: ReleaseMetadata,
    release: ReleaseIdentity,
) -> tuple[Path, ...]:
    """Write the workbook of the candidate into a folder, where all tables that it shows are published."""
    if not {table.qualified_name for table in tables} >= SOURCE_TABLES:
        return ()
    target = folder / WORKBOOK
    title = f"{metadata.places_zh}城市评分卡"
    # Without time zone, because xlsxwriter marks the time as UTC itself.
    created = release.released_at.replace(tzinfo=None)
    properties = {"title": title, "subject": release.release_id, "comments": LICENCE_EN, "created": created}
    book = WorkbookWriter(target, f"{title}  {release.release_id}", properties)
    _, cover = book.add_sheet(NAME, is_landscape=False)
    cities = read_rows(connection, "city_overview", ["city_code"])
    placed = {book.write(content): content for content in _sheets(connection, cities)}
    write_cover(book, cover, connection, metadata, release, cities, placed)
    book.close()
    return (target,)


def _sheets(connection: Connection, cities: Sequence[Row]) -> Iterator[SheetContent]:
    yield sheets.build_dimensions_sheet(connection, cities)
    yield sheets.build_sheet(connection, "ranges", **sheets.read_method(connection))
    ranks = sheets.build_sheet(connection, "ranks")
    if ranks.rows:
        yield ranks
    if len(cities) <= MAX_CITIES:
        yield sheets.build_scores_sheet(connection, cities)
        yield sheets.build_measures_sheet(connection, cities)
        yield sheets.build_sheet(connection, "open_figures")
        yield from sheets.build_city_sheets(connection, cities)
    yield sheets.build_indicators_sheet(connection)
    yield sheets.build_sheet(connection, "targets")
    yield sheets.build_sheet(connection, "province")
    yield sheets.build_sources_sheet(connection)
    yield sheets.build_sheet(connection, "rejects")
    yield sheets.build_sheet(connection, "flags")
