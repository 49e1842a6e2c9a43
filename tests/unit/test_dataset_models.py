"""The select of a dataset: generated where its columns are its indicators, else written."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.core.errors import DataError
from assets.core.paths import PROJECT_ROOT
from assets.observations.dataset_models import dataset_models, generate_select
from assets.warehouse.connection import connect_in_memory
from assets.warehouse.models import Model
from assets.warehouse.tables import Column, ColumnType, Table, read_tables

TYPES: dict[str, ColumnType] = {"year": "double", "line": "bigint", "people": "double", "share": "double"}
TYPES |= {"value": "double"}
SHARED = ("city_code", "province_code", "year", "source_id", "source_grade", "file_sha256", "sheet", "line")
INDICATORS = ("town.people", "town.share")


def town(*names: str) -> Table:
    columns = {name: Column(type=TYPES.get(name, "varchar"), zh="列", en="column") for name in (*SHARED, *names)}
    return Table(schema_name="intake", name="town", zh="城镇", en="town", key=("line",), columns=columns)


def observations(table: Table, rows: str) -> list[tuple[object, ...]]:
    """Indicator, value, qualifier, scope and note of the generated select, over rows of the table."""
    sql = generate_select(table, INDICATORS)
    assert sql is not None
    shared = read_tables([PROJECT_ROOT / "sql"])["observations.reported_observations"]
    with connect_in_memory() as connection:
        connection.execute(
            "create schema reference; create table reference.indicators as "
            "select * from (values ('town.people', 'all'), ('town.share', 'centre')) as i(indicator_id, scope)"
        )
        table.create(connection)
        connection.execute(f"insert into intake.town by name {rows}")
        Model(shared.model_copy(update={"name": "town"}), sql).build(connection)
        return connection.execute(
            "select indicator_id, value, qualifier, scope, note from observations.town order by all"
        ).fetchall()


ROW = "select 'A' as city_code, 2024 as year, 's' as source_id, 'A' as source_grade, 'f' as file_sha256, 1 as line"


def test_each_figure_becomes_the_indicator_of_its_column_and_an_empty_cell_nothing() -> None:
    table = town("people", "people_qualifier", "share", "scope", "note")
    rows = f"{ROW}, 7 as people, 'about' as people_qualifier, 2.5 as share, 'old town' as scope, 'n' as note"
    assert observations(table, rows) == [
        ("town.people", 7.0, "about", "old town", "n"),
        ("town.share", 2.5, None, "old town", "n"),
    ]
    assert observations(table, f"{ROW}, 7 as people, 'x' as scope") == [("town.people", 7.0, None, "x", None)]


def test_without_a_column_a_figure_has_the_registered_scope_and_no_note() -> None:
    assert observations(town("people", "share"), f"{ROW}, 7 as people, 2.5 as share") == [
        ("town.people", 7.0, None, "all", None),
        ("town.share", 2.5, None, "centre", None),
    ]


def test_a_row_may_name_its_indicator() -> None:
    table = town("indicator", "value", "value_qualifier", "scope")
    rows = f"{ROW}, 'town.share' as indicator, 3 as value, 'at_least' as value_qualifier, 'x' as scope"
    assert observations(table, rows) == [("town.share", 3.0, "at_least", "x", None)]


def test_district_first_year_and_day_are_taken_where_the_dataset_has_them() -> None:
    table = town("people", "share", "scope", "district")
    sql = generate_select(table, INDICATORS)
    assert sql is not None
    assert "cast(district as varchar) as district" in sql
    assert "cast(null as integer) as since_year" in sql
    assert "cast(null as date) as as_of" in sql


def test_columns_that_are_not_the_indicators_define_no_select() -> None:
    assert generate_select(town("people"), INDICATORS) is None
    assert generate_select(town("people", "sheet"), ("town.people", "town.sheet")) is None
    table = town("people", "share")
    dated = {name: column for name, column in table.columns.items() if name != "year"}
    assert generate_select(table.model_copy(update={"columns": dated}), INDICATORS) is None


def test_written_sql_replaces_the_generated_select_and_is_required_where_there_is_none(tmp_path: Path) -> None:
    tables = read_tables([PROJECT_ROOT / "sql"])
    wide, other = {**tables, "intake.town": town("people", "share")}, {**tables, "intake.town": town("people")}
    indicators = {"town": INDICATORS}
    generated = dataset_models(indicators, [tmp_path], wide)
    assert "union all" in generated["observations.town"].sql
    assert generated["observations.reported_observations"].upstream == ("observations.town",)
    with pytest.raises(DataError) as caught:
        dataset_models(indicators, [tmp_path], other)
    (issue,) = caught.value.issues
    assert (issue.code, issue.actual, issue.expected) == (
        "missing_dataset_model",
        "town.share (town.year)",
        "sql/observations/town.sql",
    )
    (tmp_path / "observations").mkdir()
    (tmp_path / "observations" / "town.sql").write_text("select 1 as written", "utf-8")
    for given in (wide, other):
        assert dataset_models(indicators, [tmp_path], given)["observations.town"].sql == "select 1 as written"
