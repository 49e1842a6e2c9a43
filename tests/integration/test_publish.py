"""The files of a release: their bytes, their metadata, and the package that describes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from assets.core.errors import DataError
from assets.core.paths import Paths
from assets.release.explain.score_diff import CHANGES
from assets.release.outputs.export import export_tables
from assets.release.outputs.metadata import read_metadata
from assets.release.publish.manifest import Manifest, PublishedFile, find_damages
from assets.release.publish.release_log import RUNS
from assets.release.publish.staging import create_staging, save_staging
from assets.release.read.reader import Release
from assets.warehouse.connection import Connection, database_file
from assets.warehouse.snapshot import write_snapshot
from tests.builders.candidates import candidate, published_tables, release_of, tables_release_of

SCORECARDS = {"scorecard_long", "scorecard_wide"}
# Tables with a column for the source and no row here.
SOURCED = {"sources", "targets", "city_observations", "current_observations"}
SOURCED |= {"attainment_history", "indicator_scores"}
SOURCELESS = {table.name for table in published_tables() if "source_id" in table.columns and table.name not in SOURCED}


@pytest.fixture(scope="module")
def opened() -> Iterator[Connection]:
    with candidate() as connection:
        yield connection


@pytest.fixture(scope="module")
def release(opened: Connection, tmp_path_factory: pytest.TempPathFactory) -> Release:
    return release_of(opened, tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize("limit", [0, 256_000_000], ids=["moved", "copied"])
def test_a_small_database_is_copied_into_a_dense_file_and_a_large_one_is_moved(
    opened: Connection, release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr("assets.release.publish.database._SMALL_SNAPSHOT", limit)
    other = tables_release_of(opened, tmp_path)
    for table in published_tables():
        rows = f"select count(*) as n, bit_xor(hash(t)) as h from {table.qualified_name} t"
        if table.is_content:
            assert other.rows(rows) == release.rows(rows)
    (size,) = other.rows(
        "select block_size, free_blocks, total_blocks from pragma_database_size() where total_blocks > 0"
    )
    assert (size["block_size"], size["free_blocks"] == 0) == ((16_384, True) if limit else (262_144, False))
    assert not Paths(tmp_path).snapshot.exists()


def test_every_parquet_file_says_what_it_is_what_it_means_and_where_it_is_from(release: Release) -> None:
    for table in published_tables():
        metadata = pq.read_schema(release.folder / "parquet" / f"{table.name}.parquet").metadata
        assert (metadata[b"table"].decode(), metadata[b"title_zh"].decode()) == (table.qualified_name, table.zh)
        assert metadata[b"method_version"] == b"9.9"
        assert metadata[b"licence"] == b"Apache-2.0"
        assert len(metadata[b"inputs_sha256"]) == 64
        assert list(json.loads(metadata[b"columns"])) == list(table.columns)
        assert json.loads(metadata[b"sources"]) == ({} if table.name in SOURCELESS else {"s": "年鉴 | Yearbook"})


def test_pandas_polars_and_duckdb_read_the_same_facts(release: Release) -> None:
    file = release.folder / "parquet" / "indicator_scores.parquet"
    attrs = pd.read_parquet(file).attrs
    assert attrs["title_en"].startswith("Indicator scores")
    assert attrs["columns"]["attainment"]["zh"] == "得分 0-100"
    pairs = duckdb.execute("select decode(key), decode(value) from parquet_kv_metadata(?)", [str(file)]).fetchall()
    facts = dict(pairs)
    assert (facts["method_version"], json.loads(facts["columns"])) == ("9.9", attrs["columns"])
    polars = pytest.importorskip("polars")
    assert polars.read_parquet_metadata(file)["title_zh"] == facts["title_zh"]
    assert polars.read_parquet(file).height == 4


def test_the_same_content_has_the_same_bytes_whatever_a_killed_attempt_left(
    opened: Connection, release: Release, tmp_path: Path
) -> None:
    releases = tmp_path / "releases"
    (releases / ".building-killed").mkdir(parents=True)
    (releases / ".current-killed").symlink_to("nowhere")
    again = release_of(opened, tmp_path)
    assert list(releases.glob(".*")) == []
    assert again.manifest.content_digest == release.manifest.content_digest
    for file in release.manifest.files:
        # The release log has the time of each release.
        if file.path.startswith("parquet/") and file.path != "parquet/runs.parquet":
            assert (again.folder / file.path).read_bytes() == (release.folder / file.path).read_bytes()


def test_rows_that_stand_in_another_order_have_the_same_bytes(
    opened: Connection, release: Release, tmp_path: Path
) -> None:
    for table in published_tables():
        name = table.qualified_name
        opened.execute(f"create or replace table {name} as from {name} order by rowid desc")
    again = release_of(opened, tmp_path)
    assert again.manifest.content_digest == release.manifest.content_digest


def test_the_database_holds_what_is_published_and_nothing_else_in_the_order_of_the_keys(
    opened: Connection, tmp_path: Path
) -> None:
    opened.execute("create schema passing; create table passing.note as select 'not for release' as text")
    opened.execute("create table scorecards.note as select 'not for release' as text")
    opened.execute("create or replace table reference.sources as from reference.sources order by rowid desc")
    release = release_of(opened, tmp_path)
    opened.execute("drop schema passing cascade; drop table scorecards.note")
    with duckdb.connect(str(release.folder / "gancheng.duckdb"), read_only=True) as database:
        names = database.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        assert {name for (name,) in names} == {table.qualified_name for table in published_tables()}
        assert "passing" not in {
            row[0] for row in database.execute("select schema_name from duckdb_schemas()").fetchall()
        }
        for table in published_tables():
            file = release.folder / "parquet" / f"{table.name}.parquet"
            rows = duckdb.execute(f"from read_parquet('{file}')").fetchall()
            assert database.execute(f"from {table.qualified_name}").fetchall() == rows, table.qualified_name
        assert database.execute("select comment from duckdb_tables() where comment is null").fetchall() == []
    # The space of what was taken out is used again.
    assert (release.folder / "gancheng.duckdb").stat().st_size <= 1.1 * database_file(opened).stat().st_size


def test_what_was_staged_during_the_audit_makes_the_same_release(opened: Connection, tmp_path: Path) -> None:
    opened.execute("create or replace table reference.sources as from reference.sources order by rowid desc")
    opened.execute(
        "insert into quality.check_results by name "
        "select 'reference.sources' as table_name, 'key_is_unique' as check_name, true as is_passed"
    )
    straight = release_of(opened, tmp_path / "straight")
    paths = Paths(tmp_path / "staged")
    stage(opened, paths, "run")
    # The results of the audit are in neither the staging folder nor the snapshot.
    staged = release_of(opened, paths.data)
    assert staged.manifest.content_digest == straight.manifest.content_digest
    assert {file.path for file in staged.manifest.files} == {file.path for file in straight.manifest.files}
    assert find_damages(staged.folder, staged.manifest) == []
    for table in published_tables():
        rows = f"from {table.qualified_name}"
        if table.is_content:
            assert staged.rows(rows) == straight.rows(rows)
    assert staged.rows("from quality.check_results") != []
    assert (list(paths.releases.glob(".*")), paths.snapshot.exists()) == ([], False)


def test_what_another_run_staged_is_no_part_of_a_release(opened: Connection, tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    stage(opened, paths, "a run that was killed")
    opened.execute("update reference.sources set note_en = 'newer'")
    release = release_of(opened, tmp_path)
    (note,) = pq.read_table(release.folder / "parquet" / "sources.parquet")["note_en"].unique().to_pylist()
    assert note == "newer"
    assert [row["note_en"] for row in release.rows("select distinct note_en from reference.sources")] == ["newer"]


@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_file_that_the_current_release_read_is_not_lost_where_another_of_its_files_differs(
    tmp_path: Path, is_damaged: bool
) -> None:
    with candidate() as connection:
        connection.execute(
            "insert into intake.files by name select * replace ('refused' as status, 'r' as file_sha256) "
            "from intake.files limit 1"
        )
        connection.execute("insert into intake.datasets by name select distinct dataset from intake.files")
        assert {file.status for file in release_of(connection, tmp_path).manifest.inputs} == {"read", "refused"}
        connection.execute("delete from intake.files where status = 'refused'")
        release = release_of(connection, tmp_path)
        if is_damaged:
            (release.folder / "workbook.xlsx").write_bytes(b"saved in Excel")
        connection.execute("delete from intake.files")
        with pytest.raises(DataError) as refused:
            release_of(connection, tmp_path)
    assert [issue.code for issue in refused.value.issues] == ["missing_receipt"]


def test_a_field_that_a_later_version_adds_leaves_the_root_of_a_manifest_as_it_is(release: Release) -> None:
    class LaterFile(PublishedFile):
        title: str | None = None

    class LaterManifest(Manifest):
        files: tuple[LaterFile, ...]
        note: str = ""

    text = (release.folder / "MANIFEST.json").read_text("utf-8")
    later = LaterManifest.model_validate_json(text)
    assert later.root is not None
    assert later.has_its_root
    assert not later.model_copy(update={"note": "changed"}).has_its_root


def stage(connection: Connection, paths: Paths, run_id: str) -> None:
    """Do what a run does during the audit: the results of the audit come later."""
    connection.execute("create or replace temp table results as from quality.check_results")
    connection.execute("delete from quality.check_results")
    write_snapshot(connection, paths.snapshot)
    tables = published_tables()
    late = ("quality.check_results", CHANGES, RUNS)
    early = [table for table in tables if table.qualified_name not in late]
    staging = create_staging(paths.staging, run_id, connection, early, read_metadata(connection, tables))
    save_staging(staging, paths.staging)
    connection.execute("insert into quality.check_results from results")


# --- open data --------------------------------------------------------------------------------------------------

FRICTIONLESS = {
    "varchar": "string",
    "integer": "integer",
    "bigint": "integer",
    "double": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "datetime",
}


def package_of(release: Release) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((release.folder / "datapackage.json").read_text("utf-8"))
    return content


def test_the_data_package_has_every_table_with_its_bytes_columns_and_types(release: Release) -> None:
    package = package_of(release)
    assert (package["profile"], package["version"]) == ("data-package", release.manifest.release_id)
    assert package["licenses"][0]["name"] == "Apache-2.0"
    assert [source["name"] for source in package["sources"]] == ["s"]
    resources = {resource["name"]: resource for resource in package["resources"]}
    assert resources.keys() == {table.name for table in published_tables()} | SCORECARDS
    hashes = {file.path: f"sha256:{file.sha256}" for file in release.manifest.files}
    for table in published_tables():
        resource = resources[table.name]
        assert re.fullmatch(r"[-a-z0-9._/]+", resource["name"])
        assert resource["hash"] == hashes[resource["path"]]
        fields = [(field["name"], field["type"]) for field in resource["schema"]["fields"]]
        assert fields == [(name, FRICTIONLESS[column.type]) for name, column in table.columns.items()]
        assert pq.read_schema(release.folder / resource["path"]).names == [name for name, _ in fields]
        assert all(field["title"] and field["description"] for field in resource["schema"]["fields"])


def test_keys_of_the_data_package_hold_and_lead_somewhere(release: Release) -> None:
    resources = {resource["name"]: resource for resource in package_of(release)["resources"]}
    keys = foreign = 0
    for resource in resources.values():
        schema = resource["schema"]
        names = {field["name"] for field in schema["fields"]}
        if "primaryKey" in schema:
            keys += 1
            rows = pq.read_table(release.folder / resource["path"], columns=schema["primaryKey"]).to_pylist()
            assert len({tuple(row.values()) for row in rows}) == len(rows)
            assert all(cell is not None for row in rows for cell in row.values())
        for key in schema.get("foreignKeys", ()):
            foreign += 1
            end = resources[key["reference"]["resource"]]["schema"]
            assert set(key["fields"]) <= names
            assert set(key["reference"]["fields"]) <= {field["name"] for field in end["fields"]}
    assert keys > 30
    assert foreign > 5


def test_the_citation_names_the_release_its_day_and_its_sources(release: Release) -> None:
    cited = yaml.safe_load((release.folder / "CITATION.cff").read_text("utf-8"))
    assert cited["cff-version"] == "1.2.0"
    assert cited["version"] == release.manifest.release_id
    assert cited["date-released"] == release.manifest.run.released_at.date()
    assert [reference["title"] for reference in cited["references"]] == ["年鉴 Yearbook"]


def test_the_documents_tell_every_table_column_and_indicator_in_both_languages(release: Release) -> None:
    for language in ("zh", "en"):
        dictionary = (release.folder / "docs" / f"dictionary.{language}.md").read_text("utf-8")
        for table in published_tables():
            assert f"## {table.qualified_name}\n" in dictionary
            for name in table.columns:
                assert f"| {name} |" in dictionary
        cards = (release.folder / "docs" / f"indicators.{language}.md").read_text("utf-8")
        assert cards.count("\n### ") == 2
        assert "(sheet.one)" in cards


def test_a_target_of_the_nation_is_no_duty_on_its_card(release: Release) -> None:
    assert "national, a reference, not a duty" in (release.folder / "docs" / "indicators.en.md").read_text("utf-8")


def test_text_of_the_registry_is_no_markup_in_a_document(release: Release) -> None:
    cards = (release.folder / "docs" / "indicators.en.md").read_text("utf-8")
    assert "\\<script\\>" in cards
    assert not re.search(r"(?<!\\)[<`*\[]", cards.replace("- ", ""))


def test_all_of_it_is_in_the_manifest_and_outside_the_content(release: Release) -> None:
    assert find_damages(release.folder, release.manifest) == []
    listed = {file.path for file in release.manifest.files if not file.is_content}
    assert {"datapackage.json", "CITATION.cff", "docs/dictionary.zh.md", "docs/indicators.en.md"} <= listed


def test_the_tables_as_csv_are_valid_by_the_validator_of_the_data_package(release: Release, tmp_path: Path) -> None:
    export_tables(release, tmp_path, "csv")
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert report.flatten(["title", "rowNumber", "fieldName", "message"]) == []
    assert report.stats["tasks"] == len(published_tables()) + len(SCORECARDS)


def test_a_validator_of_the_data_package_finds_a_broken_table(release: Release, tmp_path: Path) -> None:
    export_tables(release, tmp_path, "csv", ["reference.parameters"])
    table = tmp_path / "parameters.csv"
    table.write_text(table.read_text(encoding="utf-8-sig").replace("9.9", ""), encoding="utf-8-sig")
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert "constraint-error" in {error for (error,) in report.flatten(["type"])}
