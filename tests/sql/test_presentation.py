"""The views of sql/presentation: their contracts, their rows, and the two ways to read them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator

import duckdb
import pyarrow.parquet as pq
import pytest

from assets.core.errors import UsageError
from assets.release.read.queries import create_views, load_views, read_rows, read_view, to_rows
from assets.release.read.reader import Release
from assets.release.read.wide_scorecard import build_wide_scorecard, column_names
from assets.warehouse.connection import Connection
from tests.builders.candidates import candidate, copy_release, published_tables
from tests.builders.world import World, furnished

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


def test_a_view_has_a_file_of_its_own_where_its_contract_is_published(release: Release) -> None:
    files = {name for name in VIEWS if (release.folder / "parquet" / f"{name}.parquet").exists()}
    assert files == {name for name, view in VIEWS.items() if view.table.published} == {"scorecard_long"}


@pytest.mark.parametrize("name", ["scorecard_long", "scorecard_wide"])
def test_the_scorecard_of_analysts_has_the_same_rows_as_view_parquet_and_csv(release: Release, name: str) -> None:
    frame = read_view(release, f"presentation.{name}", ["all"])
    parquet = pq.read_table(release.folder / "parquet" / f"{name}.parquet")
    assert to_rows(frame) == parquet.to_pylist()
    assert json.loads(parquet.schema.metadata[b"columns"]).keys() == set(frame.columns)
    with (release.folder / "csv" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as stream:
        heading, *rows = csv.reader(stream)
    assert (heading, len(rows)) == (list(frame.columns), len(frame))
    listed = {file.path for file in release.manifest.files}
    assert {f"parquet/{name}.parquet", f"csv/{name}.csv"} <= listed
    package = json.loads((release.folder / "datapackage.json").read_text("utf-8"))
    assert name in {resource["name"] for resource in package["resources"]}


def test_the_wide_scorecard_has_value_year_and_score_of_each_indicator(release: Release) -> None:
    scores = read_rows(release, "scorecards.indicator_scores")
    wide = {row["city_code"]: row for row in read_rows(release, "presentation.scorecard_wide")}
    assert len(scores) == 4
    for score in scores:
        row, name = wide[score["city_code"]], score["indicator_id"].partition(".")[2]
        assert (row[name], row[f"{name}_year"], row[f"{name}_score"]) == (
            score["value"],
            score["year"],
            score["attainment"],
        )


@pytest.mark.parametrize(
    "names",
    [
        {"a.x": "x", "b.y": "y"},
        {"a.x": "a_x", "b.x": "b_x"},
        {"a.x": "a_x", "b.X": "b_X"},
        {"a.x": "a_x", "b.x_year": "b_x_year"},
        {"a.x": "a_x", "a.x_year": "a_x_year_2"},
        {"a.b_c": "a_b_c", "d.b_c": "d_b_c", "a_b.c": "a_b_c_2", "d.c": "d_c"},
        {"a.city_zh": "a_city_zh", "b.city_code": "b_city_code", "c.y": "y"},
    ],
)
def test_columns_of_the_wide_scorecard_have_the_dataset_only_where_two_would_have_one_name(
    names: dict[str, str],
) -> None:
    assert column_names(list(names)) == names


def test_a_registry_without_indicators_gives_a_wide_scorecard_of_cities_alone(connection: Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("begin; delete from reference.indicators")
        wide = build_wide_scorecard(cursor)
        rows = cursor.execute(wide.sql).fetchall()
        cursor.execute("rollback")
    assert list(wide.table.columns) == ["city_code", "city_zh", "city_en"]
    assert len(rows) == 2


def test_the_scorecards_of_all_releases_are_rows_of_their_releases(release: Release) -> None:
    with duckdb.connect(str(release.database), read_only=True) as opened:
        counts = opened.execute(
            "select release_id, count(*) from scorecard_releases(?) group by all", [str(release.folder.parent)]
        ).fetchall()
    assert counts == [(release.manifest.release_id, 4)]


def test_the_english_views_have_the_rows_of_their_tables_without_chinese_columns(release: Release) -> None:
    views = release.rows("select view_name from duckdb_views() where schema_name = 'en'")
    names = {row["view_name"] for row in views}
    assert names == {table.name for table in published_tables()} | {"scorecard_long", "scorecard_wide"}
    for table in published_tables():
        columns = release.rows(f"select count(*) as n from en.{table.name}")
        assert columns == release.rows(f"select count(*) as n from {table.qualified_name}"), table.name
    (city,) = release.rows("from en.indicator_scores where city_code = 'A' and indicator_id = 'sheet.one'")
    assert {"city", "indicator", "dimension", "publication"} <= city.keys()
    assert not {"name_zh", "name_en"} & release.rows("from en.cities")[0].keys()


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
