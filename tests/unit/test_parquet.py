"""A table as Parquet: the same rows give the same bytes, whatever they lay in."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.warehouse import parquet
from assets.warehouse.connection import Connection
from assets.warehouse.parquet import write_parquet

ROWS = """
    select
        i as line, cast(2000 + i % 7 as integer) as year, i / 8 as value, i % 2 = 0 as is_even, '区' || i % 5 as place,
        'S' || i as name, date '2026-01-01' + cast(i as integer) as day, case when i % 3 = 0 then i end as odd
    from range({first}, {last}) as numbers(i)
"""


@pytest.fixture(autouse=True)
def _small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_GROUP_ROWS", 1000)


def written(connection: Connection, file: Path, select: str = "select * from t") -> bytes:
    write_parquet(connection, select, file, {"title_zh": "表"})
    return file.read_bytes()


def test_how_the_rows_lie_in_the_table_does_not_show(connection: Connection, tmp_path: Path) -> None:
    connection.execute(f"create table t as {ROWS.format(first=0, last=5500)}")
    whole = written(connection, tmp_path / "whole.parquet")
    connection.execute("delete from t")
    for first, last in ((0, 1), (1, 1700), (1700, 3123), (3123, 9000)):
        connection.execute(f"insert into t {ROWS.format(first=first, last=last)}")
    connection.execute("delete from t where line >= 5500")
    assert written(connection, tmp_path / "parts.parquet") == whole
    pieces = " union all ".join(f"({ROWS.format(first=at, last=at + 50)})" for at in range(0, 5500, 50))
    assert written(connection, tmp_path / "pieces.parquet", pieces) == whole


def test_all_groups_but_the_last_have_the_same_number_of_rows(connection: Connection, tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    assert write_parquet(connection, ROWS.format(first=0, last=2500), file, {}) == 2500
    found = pq.ParquetFile(file).metadata
    assert [found.row_group(place).num_rows for place in range(found.num_row_groups)] == [1000, 1000, 500]


def test_rows_types_and_what_is_said_come_back(connection: Connection, tmp_path: Path) -> None:
    connection.execute(f"create table t as {ROWS.format(first=0, last=2500)}")
    written(connection, tmp_path / "t.parquet")
    back = duckdb.sql(f"from read_parquet('{tmp_path / 't.parquet'}')")
    assert back.fetchall() == connection.execute("from t").fetchall()
    assert [str(kind) for kind in back.types] == [kind for _, kind, *_ in connection.execute("describe t").fetchall()]
    said = pq.read_schema(tmp_path / "t.parquet").metadata
    assert said[b"title_zh"].decode() == "表"


def test_a_table_without_rows_has_its_columns(connection: Connection, tmp_path: Path) -> None:
    assert write_parquet(connection, ROWS.format(first=0, last=0), tmp_path / "t.parquet", {}) == 0
    assert pq.read_schema(tmp_path / "t.parquet").field("day").type == pa.date32()
    assert duckdb.sql(f"from read_parquet('{tmp_path / 't.parquet'}')").fetchall() == []
