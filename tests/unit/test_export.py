"""What is exported holds the same figures in every kind of file, and nothing in it is a formula."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from assets.core.errors import UsageError
from assets.release.outputs import excel_limits
from assets.release.outputs import export as exporting
from assets.release.outputs.export import export_tables
from assets.release.read.reader import Release
from tests.builders.candidates import HOSTILE, candidate, tables_release_of


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    with candidate() as connection:
        return tables_release_of(connection, tmp_path_factory.mktemp("data"))


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_all_tables_as_parquet_are_the_published_bytes_with_the_manifest(release: Release, tmp_path: Path) -> None:
    export_tables(release, tmp_path)
    parquet = release.folder / "parquet"
    assert names(tmp_path) == names(parquet) | {"MANIFEST.json"}
    assert all((tmp_path / name).read_bytes() == (parquet / name).read_bytes() for name in names(parquet))


@pytest.mark.parametrize("schema", ["scorecards", "reference", "intake"])
def test_each_table_is_found_by_its_whole_name_beside_the_views_of_a_language(
    release: Release, tmp_path: Path, schema: str
) -> None:
    rows = release.rows("select table_name from duckdb_tables() where schema_name = $1", [schema])
    for row in rows:
        export_tables(release, tmp_path, "csv", [f"{schema}.{row['table_name']}"])
    assert names(tmp_path) == {"datapackage.json"} | {f"{row['table_name']}.csv" for row in rows}


def test_a_table_and_a_city_have_the_same_rows_in_every_kind_of_file(release: Release, tmp_path: Path) -> None:
    for kind in ("parquet", "csv", "xlsx", "json"):
        export_tables(release, tmp_path, kind, ["scorecards.indicator_scores"], ["A"])  # type: ignore[arg-type]
    own = release.rows("from scorecards.indicator_scores where city_code = 'A' order by indicator_id")
    columns = ["city_code", "indicator_id", "value", "attainment", "year", "target_value", "is_target_met"]
    wanted = [[row[name] for name in columns] for row in own]
    assert len(wanted) == 2
    assert pq.read_table(tmp_path / "indicator_scores.parquet").select(columns).to_pylist() == [
        dict(zip(columns, row, strict=True)) for row in wanted
    ]
    rows = json.loads((tmp_path / "indicator_scores.json").read_text("utf-8"))
    assert [[row[name] for name in columns] for row in rows] == wanted
    sheet = openpyxl.load_workbook(tmp_path / "indicator_scores.xlsx").active
    assert sheet is not None
    heading, *rows = sheet.iter_rows(values_only=True)
    at = [heading.index(name) for name in columns]
    assert [[row[position] for position in at] for row in rows] == wanted
    with (tmp_path / "indicator_scores.csv").open(encoding="utf-8-sig", newline="") as stream:
        cells = [[row[name] for name in columns] for row in csv.DictReader(stream)]
    assert cells == [["" if cell is None else _in_csv(cell) for cell in row] for row in wanted]


def _in_csv(cell: object) -> str:
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def test_rows_of_a_city_still_say_what_they_are(release: Release, tmp_path: Path) -> None:
    export_tables(release, tmp_path, "parquet", ["indicator_scores"], ["A"])
    attrs = pd.read_parquet(tmp_path / "indicator_scores.parquet").attrs
    assert attrs["table"] == "scorecards.indicator_scores"


def test_with_a_city_only_tables_of_cities_are_written(release: Release, tmp_path: Path) -> None:
    export_tables(release, tmp_path, "json", cities=["A", "B"])
    assert {"cities.json", "city_scores.json"} <= names(tmp_path)
    assert not {"sources.json", "MANIFEST.json"} & names(tmp_path)


def test_csv_opens_in_excel_as_utf_8_and_has_no_formula(release: Release, tmp_path: Path) -> None:
    export_tables(release, tmp_path, "csv", ["indicators"])
    content = (tmp_path / "indicators.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    with (tmp_path / "indicators.csv").open(encoding="utf-8-sig", newline="") as stream:
        (first, second) = (row["name_zh"] for row in csv.DictReader(stream))
    assert first == second == f"'{HOSTILE}"


def test_a_workbook_has_text_where_a_formula_was_planted(release: Release, tmp_path: Path) -> None:
    export_tables(release, tmp_path, "xlsx", ["indicators"])
    sheet = openpyxl.load_workbook(tmp_path / "indicators.xlsx").active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == HOSTILE]
    assert len(cells) == 4
    assert {cell.data_type for cell in cells} == {"s"}


def test_a_text_too_long_for_excel_says_so_and_more_rows_go_on_in_another_sheet(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel_limits, "MAX_ROWS", 3)
    monkeypatch.setattr(excel_limits, "MAX_CELL_CHARACTERS", 60)
    export_tables(release, tmp_path, "xlsx", ["indicator_scores", "sources"])
    book = openpyxl.load_workbook(tmp_path / "indicator_scores.xlsx")
    assert [sheet.max_row for sheet in book] == [3, 3]
    monkeypatch.setattr(excel_limits, "MAX_CELL_CHARACTERS", 50)
    export_tables(release, tmp_path, "xlsx", ["indicators"])
    sheet = openpyxl.load_workbook(tmp_path / "indicators.xlsx").active
    assert sheet is not None
    assert max(len(str(cell.value)) for row in sheet.iter_rows(min_row=2) for cell in row) <= 50
    assert any(str(cell.value).endswith("Parquet）") for row in sheet.iter_rows() for cell in row)


def test_csv_is_a_data_package_of_what_is_there(release: Release, tmp_path: Path) -> None:
    export_tables(release, tmp_path, "csv", ["targets", "indicators"])
    package = json.loads((tmp_path / "datapackage.json").read_text("utf-8"))
    resources = {resource["name"]: resource for resource in package["resources"]}
    assert resources.keys() == {"targets", "indicators"}
    for resource in resources.values():
        assert (resource["encoding"], "hash" in resource) == ("utf-8-sig", False)
        with (tmp_path / resource["path"]).open(encoding="utf-8-sig", newline="") as stream:
            heading = next(csv.reader(stream))
        assert heading == [field["name"] for field in resource["schema"]["fields"]]
    (key,) = resources["targets"]["schema"]["foreignKeys"]
    assert key["reference"]["resource"] == "indicators"
    (operator,) = (field for field in resources["targets"]["schema"]["fields"] if field["name"] == "operator")
    assert "'=" in operator["constraints"]["enum"]


def test_an_empty_table_is_an_empty_file_with_its_columns(release: Release, tmp_path: Path) -> None:
    for kind in ("csv", "json", "xlsx"):
        export_tables(release, tmp_path, kind, ["robust_rank_pairs"])  # type: ignore[arg-type]
    assert json.loads((tmp_path / "robust_rank_pairs.json").read_text("utf-8")) == []
    sheet = openpyxl.load_workbook(tmp_path / "robust_rank_pairs.xlsx").active
    assert sheet is not None
    assert (sheet.max_row, sheet["A1"].value) == (1, "level")


@pytest.mark.parametrize(
    ("tables", "cities", "code"),
    [
        (["no_table"], [], "unknown_table"),
        (["elsewhere.indicators"], [], "unknown_table"),
        (["sources"], ["A"], "table_without_cities"),
        ([], ["Atlantis"], "unknown_city"),
    ],
)
def test_what_is_not_there_is_a_wrong_call(
    release: Release, tmp_path: Path, tables: list[str], cities: list[str], code: str
) -> None:
    with pytest.raises(UsageError) as stopped:
        export_tables(release, tmp_path / "out", "csv", tables, cities)
    assert stopped.value.issue.code == code
    assert not (tmp_path / "out").exists()


def test_scorecards_are_parted_by_dimension_on_request(release: Release, tmp_path: Path) -> None:
    (folder,) = exporting.export_partitioned(release, tmp_path, "dimension_id", ["indicator_scores"])
    published = pd.read_parquet(release.folder / "parquet" / "indicator_scores.parquet")
    parts = {part.name.split("=")[1]: pd.read_parquet(part) for part in folder.iterdir()}
    assert set(parts) == set(published["dimension_id"])
    assert sum(map(len, parts.values())) == len(published)
    assert {name for name in published.columns if name not in next(iter(parts.values())).columns} == {"dimension_id"}
    assert len(pq.read_table(folder)) == len(published)


def test_a_second_export_in_parts_leaves_nothing_of_the_first(release: Release, tmp_path: Path) -> None:
    (folder,) = exporting.export_partitioned(release, tmp_path, "city_code", ["indicator_scores"])
    (again,) = exporting.export_partitioned(release, tmp_path, "city_code", ["indicator_scores"], ["A"])
    assert folder == again
    assert names(again) == {"city_code=A"}
    assert names(tmp_path) == {"indicator_scores"}


@pytest.mark.parametrize("tables", [["sources"], []])
def test_a_table_is_not_parted_by_a_column_that_it_has_not(release: Release, tmp_path: Path, tables: list[str]) -> None:
    with pytest.raises(UsageError) as call:
        exporting.export_partitioned(release, tmp_path, "dimension_id" if tables else "nothing", tables)
    assert call.value.issue.code == "table_without_column"


def test_in_chinese_csv_and_excel_have_the_headings_of_the_views(release: Release, tmp_path: Path) -> None:
    for kind in ("csv", "xlsx"):
        export_tables(release, tmp_path, kind, ["city_scores"], ["A"], "zh")  # type: ignore[arg-type]
    with (tmp_path / "city_scores.csv").open(encoding="utf-8-sig", newline="") as stream:
        headings = next(csv.reader(stream))
    sheet = openpyxl.load_workbook(tmp_path / "city_scores.xlsx").active
    assert headings[:2] == ["指标篮代码", "城市代码"]
    assert [cell.value for cell in sheet[1]] == headings
    assert not (tmp_path / "datapackage.json").exists()


def test_nothing_is_written_into_the_releases(release: Release) -> None:
    with pytest.raises(UsageError, match="never change"):
        export_tables(release, release.folder / "parquet")
    with pytest.raises(UsageError, match="never change"):
        exporting.export_partitioned(release, release.folder.parent / "other", "year")
