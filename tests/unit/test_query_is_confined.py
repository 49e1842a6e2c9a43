"""SQL that people write reads the release and nothing else: no file, network, extension, setting or variable."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from assets.core.errors import UsageError
from assets.release.read.reader import Release
from tests.unit.candidates import candidate, release_of

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
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    with candidate() as connection:
        yield release_of(connection, tmp_path_factory.mktemp("data"))


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
