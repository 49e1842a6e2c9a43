"""Queries read a release of this format and nothing else: no file, network, extension, setting or variable."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest

from assets.core.errors import UsageError
from assets.core.paths import Paths
from assets.release.explain.scenario import rank_levers
from assets.release.explain.score_diff import diff_releases
from assets.release.publish.retention import list_releases, verify_release
from assets.release.read.reader import Release
from tests.builders.candidates import candidate, tables_release_of, write_earlier_format

SECRETS = pa.table({"secret": ["of the program"]})

# HERE is a folder that the test may write and the query must not.
REACHES_OUT = [
    "from read_text('/etc/hostname')",
    "from read_blob('/etc/hostname')",
    "from read_csv('/etc/hostname')",
    "from read_json('/etc/hostname')",
    "from read_parquet('/etc/hostname')",
    "from sniff_csv('/etc/hostname')",
    "from glob('/etc/*')",
    "from '/etc/hostname'",
    "from 'HERE/own.parquet'",
    "from query('from read_text(''/etc/hostname'')')",
    "from query_table('/etc/hostname')",
    "from 'https://127.0.0.1:9/x.csv'",
    "from SECRETS",
    "copy (select 1) to 'HERE/stolen.csv'",
    "copy (select 1) to '/dev/stdout'",
    "copy reference.cities from '/etc/hostname'",
    "export database 'HERE/stolen'",
    "import database 'HERE'",
    "attach 'HERE/other.duckdb'",
    "attach 'HERE/other.duckdb' (read_only)",
    "attach ':memory:' as other",
    "install httpfs",
    "install httpfs from 'HERE'",
    "load httpfs",
    "load 'HERE/own.duckdb_extension'",
    "update extensions",
    "create secret (type s3)",
    "create table mine as select 1",
    "create macro mine() as 1",
    "delete from reference.cities",
    "update reference.cities set name_en = 'x'",
    "drop table reference.cities",
    "comment on table reference.cities is 'x'",
    "set enable_external_access = true",
    "reset enable_external_access",
    "set lock_configuration = false",
    "set temp_directory = 'HERE'",
    "set allow_unsigned_extensions = true",
    "set memory_limit = '1TB'",
    "pragma profiling_output = 'HERE/profile.json'",
    "pragma log_query_path = 'HERE/log'",
    "call enable_logging(storage = 'file', storage_path = 'HERE/logs')",
    "call enable_logging()",
    "select getenv('HOME')",
]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    with candidate() as connection:
        return tables_release_of(connection, tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize("sql", REACHES_OUT)
def test_a_query_that_reaches_out_is_refused_and_leaves_nothing(release: Release, sql: str, tmp_path: Path) -> None:
    before = sorted(release.folder.rglob("*"))
    with pytest.raises(UsageError) as refused:
        release.rows(sql.replace("HERE", str(tmp_path)))
    assert refused.value.issue.code == "query_failed"
    assert list(tmp_path.iterdir()) == []
    assert sorted(release.folder.rglob("*")) == before


def test_what_does_not_fit_into_memory_is_not_put_into_the_release(release: Release) -> None:
    assert release.rows("select current_setting('temp_directory') as place") == [{"place": ""}]


def test_a_query_finds_what_is_published(release: Release) -> None:
    assert [row["city_code"] for row in release.rows("from reference.cities order by city_code")] == ["A", "B"]
    assert os.path.basename(release.folder) == release.manifest.release_id


def test_the_tables_of_another_format_are_not_read(tmp_path: Path) -> None:
    with candidate() as connection:
        release = write_earlier_format(tables_release_of(connection, tmp_path))
    for read in (
        lambda: release.rows("from reference.cities"),
        lambda: release.connect().__enter__(),
        lambda: diff_releases(release, release),
        lambda: rank_levers(release, "A"),
    ):
        with pytest.raises(UsageError, match=f"{release.manifest.release_id} have another format") as refused:
            read()
        assert refused.value.issue.code == "other_release_format"
    assert [entry.release_id for entry in list_releases(Paths(tmp_path))] == [release.manifest.release_id]
    assert verify_release(Paths(tmp_path), "current").issues == ()
