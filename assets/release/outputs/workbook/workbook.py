"""The workbook as a whole: which sheets there are, and in what order.

The same release gives the same bytes. Not here: what stands on a sheet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from assets.release.outputs.metadata import LICENCE_EN, ReleaseMetadata
from assets.release.outputs.workbook import city_sheet, overview_sheets, quality_sheets, reference_sheets
from assets.release.outputs.workbook.cover_sheet import MOST_CITIES, NAME, write_cover
from assets.release.outputs.workbook.overview_sheets import Table
from assets.release.outputs.workbook.queries import fetch_row, read_cities
from assets.release.outputs.workbook.sheet import WorkbookWriter
from assets.release.publish.file_names import WORKBOOK
from assets.warehouse.connection import Connection
from assets.warehouse.tables import Table as Contract

_READ = {
    f"{schema}.{name}"
    for schema, names in {
        "reference": (
            *("cities", "detectors", "dimensions", "goalposts", "indicator_measures", "indicators", "measures"),
            *("parameters", "provinces", "sources", "targets"),
        ),
        "observations": ("city_observations",),
        "intake": ("files", "rejects"),
        "quality": ("flags",),
        "scorecards": (
            *("city_scores", "dimension_scores", "indicator_scores", "measure_scores", "projections"),
            *("rank_intervals", "rankings"),
        ),
    }.items()
    for name in names
}


def write_workbook(
    connection: Connection, folder: Path, tables: Sequence[Contract], about: ReleaseMetadata, made: tuple[str, datetime]
) -> tuple[Path, ...]:
    """Write it where all that it shows is published; `made` are the id and the time of the release."""
    if not {table.qualified_name for table in tables} >= _READ:
        return ()
    release_id, at = made
    target = folder / WORKBOOK
    title = f"{about.places_zh}城市评分卡"
    # Without a time zone: the program writes it as it is, and files are marked with UTC.
    properties: dict[str, object] = {"title": title, "subject": release_id, "comments": LICENCE_EN}
    book = WorkbookWriter(target, f"{title}  {release_id}", properties | {"created": at.replace(tzinfo=None)})
    cover = book.sheet(book.free_name(NAME), is_landscape=False)
    placed = [book.write(*table) for table in _tables(connection)]
    write_cover(book, cover, connection, about, made, placed)
    book.close()
    return (target,)


def _tables(connection: Connection) -> Iterator[Table]:
    cities = read_cities(connection)
    are_few = len(cities) <= MOST_CITIES
    yield overview_sheets.build_dimensions_sheet(connection, cities)
    ranks = overview_sheets.build_ranks_sheet(connection)
    if ranks[1]:
        yield ranks
    if are_few:
        yield overview_sheets.build_scores_sheet(connection, cities)
        yield overview_sheets.build_measures_sheet(connection, cities)
        yield from _city_tables(connection, cities)
    yield reference_sheets.build_indicators_sheet(connection)
    yield reference_sheets.build_targets_sheet(connection)
    yield reference_sheets.build_sources_sheet(connection)
    yield quality_sheets.build_rejects_sheet(connection)
    yield quality_sheets.build_flags_sheet(connection)


def _city_tables(connection: Connection, cities: Sequence[dict[str, object]]) -> Iterator[Table]:
    method = fetch_row(connection, "select horizon_year, interval_level from reference.parameters")
    indicators, ranks = city_sheet.read_indicators(connection), city_sheet.read_ranks(connection)
    for one in cities:
        code = str(one["city_code"])
        yield city_sheet.build_city_sheet(one, indicators.get(code, []), ranks.get(code, []), method)
