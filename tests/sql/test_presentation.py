"""The views of sql/presentation: their contracts, their rows, and the two ways to read them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assets.core.errors import UsageError
from assets.release.read.queries import create_views, load_views, read_rows, read_view, to_rows
from assets.release.read.reader import Release
from assets.warehouse.connection import Connection
from tests.builders.candidates import candidate, copy_release, published_tables
from tests.builders.world import World, furnished, tables

VIEWS = {view.name.removeprefix("presentation."): view for view in load_views()}


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    """A candidate with two cities and two indicators, and the views on it."""
    with candidate() as opened:
        create_views(opened, [table.qualified_name for table in published_tables()])
        yield opened


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return copy_release(tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize("name", VIEWS)
def test_a_published_view_has_the_columns_types_and_comments_of_its_contract(release: Release, name: str) -> None:
    columns = release.rows(
        "select column_name, data_type, comment from duckdb_columns() "
        "where schema_name = 'presentation' and table_name = ? order by column_index",
        [name],
    )
    contract = VIEWS[name].table
    assert [(row["column_name"], row["data_type"].lower(), row["comment"]) for row in columns] == [
        (column, str(about.type), f"{about.zh} | {about.en}") for column, about in contract.columns.items()
    ]


@pytest.mark.parametrize("name", VIEWS)
def test_the_key_of_a_view_is_unique(release: Release, name: str) -> None:
    key = ", ".join(VIEWS[name].table.key)
    assert release.rows(f"select {key} from presentation.{name} group by {key} having count(*) > 1") == []


def test_views_are_published_without_a_file_of_their_own(release: Release) -> None:
    assert not any((release.folder / "parquet" / f"{name}.parquet").exists() for name in VIEWS)


def test_a_view_of_a_missing_table_is_left_out_and_an_old_one_dropped(connection: Connection) -> None:
    connection.execute("create view presentation.old as select 1 as a")
    create_views(connection, ["quality.check_results"])
    names = connection.execute("select view_name from duckdb_views() where schema_name = 'presentation'").fetchall()
    create_views(connection, [table.qualified_name for table in published_tables()])
    assert names == [("check_counts",)]


def test_a_frame_keeps_integers_with_gaps_and_becomes_rows_of_plain_values(connection: Connection) -> None:
    connection.execute("update reference.indicators set base_year = 2015 where indicator_id = 'sheet.one'")
    frame = read_view(connection, "indicator_registry")
    assert str(frame.dtypes["base_year"]) == "int32[pyarrow]"
    rows = to_rows(frame)
    assert [row["base_year"] for row in rows] == [2015, None]
    assert type(rows[0]["base_year"]) is int
    cursor = connection.execute("from presentation.indicator_registry order by all")
    assert [tuple(row.values()) for row in rows] == cursor.fetchall()


def test_rows_of_a_release_are_those_of_its_frame(release: Release) -> None:
    for name in VIEWS:
        assert to_rows(read_view(release, name)) == read_rows(release, name), name


def test_filters_order_and_tables_are_read_as_named(release: Release) -> None:
    order = ("city_code desc", "indicator_id")
    rows = read_rows(release, "scorecard_rows", order, city_code=("A", "B"), indicator_id="sheet.one")
    assert [row["city_code"] for row in rows] == ["B", "A"]
    assert [row["city_code"] for row in read_rows(release, "reference.cities", city_code="B")] == ["B"]


def test_a_table_that_the_release_does_not_have_is_a_wrong_call(release: Release) -> None:
    for read in (read_view, read_rows):
        with pytest.raises(UsageError, match="nothing"):
            read(release, "reference.nothing")


def test_a_select_is_read_from_a_database_without_the_stored_view(connection: Connection) -> None:
    connection.execute("drop view presentation.city_overview")
    assert read_view(connection, "city_overview")["city_code"].tolist() == ["A", "B"]


def test_a_city_without_a_value_has_its_scorecard_row_and_no_place(world: World) -> None:
    world.city("B").add("reference.sources", {}).indicator("i").figures("i", {2024: 50}, city_code="A")
    rows = world.rows("presentation.scorecard_rows")
    assert [(row["city_code"], row["data_status"], row["place"]) for row in rows] == [
        ("A", "scored", 1),
        ("B", "awaiting_data", None),
    ]


def test_cities_with_the_same_score_share_a_place(world: World) -> None:
    world.city("B", "C").add("reference.sources", {}).indicator("i")
    for city_code, value in (("A", 50), ("B", 50), ("C", 40)):
        world.figures("i", {2024: value}, city_code=city_code)
    assert [row["place"] for row in world.rows("presentation.scorecard_rows")] == [1, 1, 3]


def test_a_dimension_states_whether_its_basket_is_wide_enough_for_a_rank(any_world: World) -> None:
    for listed, is_wide_enough in ((2, False), (3, True)):
        world = furnished(any_world, minimum_group_indicators=3)
        for number in range(listed):
            world.indicator(f"i.{number}")
        row = world.row("presentation.dimension_overview")
        assert (row["indicators_total"], row["is_wide_enough"], row["cities_ranked"]) == (listed, is_wide_enough, 0)


def test_an_open_figure_is_listed_with_the_points_that_it_would_close(world: World) -> None:
    world.indicator("i", weight=3).indicator("j").indicator("k", weight=0).indicator("old")
    world.figures("j", {2024: 50}).figures("old", {2010: 50})
    rows = world.rows("presentation.open_figures")
    assert [(row["indicator_id"], row["data_status"], row["year"], row["points"]) for row in rows] == [
        ("i", "awaiting_data", None, 60),
        ("old", "stale", 2010, 20),
    ]


def test_an_approved_flag_counts_as_approved_whatever_its_severity(world: World) -> None:
    world.add("reference.detectors", {"detector_id": "misplaced_block"}).indicator("i").add("reference.provinces")
    flag = {"detector": "misplaced_block", "indicator_id": "i", "city_code": "A", "year": 2024, "scope": "whole"}
    for vintage, severity, is_approved in ((1, "blocking", True), (2, "blocking", False), (3, "note", False)):
        world.add("quality.flags", {**flag, "vintage": vintage, "severity": severity, "is_approved": is_approved})
    counts = world.rows("presentation.flag_counts")
    assert [(row["severity"], row["flags"]) for row in sorted(counts, key=lambda row: row["status_position"])] == [
        ("blocking", 1),
        ("note", 1),
        ("approved", 1),
    ]


def test_every_view_reads_published_tables_alone() -> None:
    published = {table.qualified_name for table in published_tables()}
    assert {
        name: set(view.upstream) - published for name, view in VIEWS.items() if set(view.upstream) - published
    } == {}
    assert not any(tables()[view.name].published for view in VIEWS.values())
