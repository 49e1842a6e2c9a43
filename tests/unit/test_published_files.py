"""What is published says of itself what it means, whatever reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from assets.release.reader import Release
from assets.warehouse.connection import Connection
from tests.unit.candidates import candidate, published_tables, release_of

# Tables with a column for the source and no row here.
SOURCELESS = {
    table.name
    for table in published_tables()
    if "source_id" in table.columns
    and table.name not in ("sources", "targets", "observations", "attainment_history", "indicator_scores")
}


@pytest.fixture(scope="module")
def opened() -> Iterator[Connection]:
    with candidate() as connection:
        yield connection


@pytest.fixture(scope="module")
def release(opened: Connection, tmp_path_factory: pytest.TempPathFactory) -> Release:
    return release_of(opened, tmp_path_factory.mktemp("data"))


def test_every_parquet_file_says_what_it_is_what_it_means_and_where_it_is_from(release: Release) -> None:
    for table in published_tables():
        said = pq.read_schema(release.folder / "parquet" / f"{table.name}.parquet").metadata
        assert (said[b"table"].decode(), said[b"title_zh"].decode()) == (table.qualified_name, table.zh)
        assert said[b"method_version"] == b"9.9"
        assert said[b"licence"] == b"Apache-2.0"
        assert len(said[b"inputs_sha256"]) == 64
        assert list(json.loads(said[b"columns"])) == list(table.columns)
        assert json.loads(said[b"sources"]) == ({} if table.name in SOURCELESS else {"s": "年鉴 | Yearbook"})


def test_pandas_polars_and_duckdb_read_the_same_facts(release: Release) -> None:
    file = release.folder / "parquet" / "indicator_scores.parquet"
    attrs = pd.read_parquet(file).attrs
    assert attrs["title_en"].startswith("Indicator scores")
    assert attrs["columns"]["attainment"]["zh"] == "得分 0-100"
    told = duckdb.execute("select decode(key), decode(value) from parquet_kv_metadata(?)", [str(file)]).fetchall()
    facts = dict(told)
    assert (facts["method_version"], json.loads(facts["columns"])) == ("9.9", attrs["columns"])
    polars = pytest.importorskip("polars")
    assert polars.read_parquet_metadata(file)["title_zh"] == facts["title_zh"]
    assert polars.read_parquet(file).height == 4


def test_the_same_content_has_the_same_bytes_with_all_it_says(
    opened: Connection, release: Release, tmp_path: Path
) -> None:
    again = release_of(opened, tmp_path)
    assert again.manifest.content_digest == release.manifest.content_digest
    for file in release.manifest.files:
        if file.path.startswith("parquet/"):
            assert (again.folder / file.path).read_bytes() == (release.folder / file.path).read_bytes()
