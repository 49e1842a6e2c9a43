"""A small dataset, the registry it is read against, and a way to take in one file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assets.intake.cells import define_macros
from assets.intake.contracts import Dataset
from assets.intake.headers import match_headers
from assets.intake.ledger import Intake
from assets.intake.rows import Parsed, Registered, parse_rows
from assets.intake.text import read_rows, write_text
from assets.paths import Paths
from assets.warehouse.connection import Connection, in_memory, literal


@pytest.fixture
def connection() -> Iterator[Connection]:
    with in_memory() as opened:
        define_macros(opened)
        yield opened


@pytest.fixture
def fairs() -> Dataset:
    """A dataset with a column of every type."""
    columns = {
        "city": {"type": "place", "required": True, "aliases": ("城市",)},
        "date": {"type": "date", "required": True},
        "kind": {"type": "text", "allowed": ("big", "small")},
        "posts": {"type": "integer", "min": 0, "qualified": True},
        "share": {"type": "number", "min": 0, "max": 100},
        "is_local": {"type": "boolean"},
        "source_id": {"type": "text", "required": True, "references": "sources.source_id"},
        "source_grade": {"type": "text", "required": True, "allowed": ("A", "B")},
    }
    content: dict[str, Any] = {name: {"zh": f"列{name}", "en": name, **said} for name, said in columns.items()}
    return Dataset(
        dataset="fairs",
        zh="招聘",
        en="Fairs",
        about_zh="一行一场",
        about_en="A row a fair",
        key=("city", "date"),
        columns=content,
        feeds=("fairs.posts",),
    )


@pytest.fixture
def registered(connection: Connection) -> Registered:
    """Two cities and their province, one source, two indicators."""
    connection.execute(
        """
        create table places as select * from (values
            ('a', '1', null), ('甲市', '1', null), ('alpha', '1', null), ('b', '2', null), ('乙市', '2', null),
            ('全省', null, '9')) as t (form, city_code, province_code);
        create table known_sources as select 'book' as value;
        create table indicators as select * from (values
            ('long.rate', '%', 0.0, 100.0), ('long.length', '公里', 0.0, null)) as t
            (indicator_id, unit, minimum, maximum);
        """
    )
    return Registered({"sources.source_id": "known_sources"})


@dataclass(frozen=True)
class Taken:
    """What became of a file."""

    read: int
    blank: int
    parsed: Parsed
    accepted: list[dict[str, Any]]
    rejects: list[dict[str, Any]]

    @property
    def told(self) -> list[tuple[int, str | None, str, str]]:
        return [(row["line"], row["column_name"], row["code"], row["found"]) for row in self.rejects]


TakeIn = Callable[[Dataset, str], Taken]


@pytest.fixture
def take_in(connection: Connection, registered: Registered, tmp_path: Path) -> TakeIn:
    """Take in the text of one CSV file by a contract."""

    def rows_of(file: Path) -> list[dict[str, Any]]:
        cursor = connection.execute(f"select * from read_parquet({literal(file)})")
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def take(contract: Dataset, text: str) -> Taken:
        file, work = tmp_path / "sent.csv", tmp_path / "text.parquet"
        file.write_text(text, encoding="utf-8", newline="")
        rows = read_rows(file)
        header = next(rows)
        columns, findings = match_headers(header.cells, contract, header.line)
        assert findings == []
        read, blank = write_text(rows, columns, work)
        accepted, rejects = tmp_path / "accepted.parquet", tmp_path / "rejects.parquet"
        parsed = parse_rows(connection, contract, work, columns, registered, accepted, rejects)
        assert read == parsed.accepted + parsed.set_aside + parsed.rejected
        return Taken(read, blank, parsed, rows_of(accepted), rows_of(rejects))

    return take


@pytest.fixture
def intake(tmp_path: Path, fairs: Dataset, connection: Connection, registered: Registered) -> Intake:
    (tmp_path / "inbox" / "fairs").mkdir(parents=True)
    return Intake(Paths(tmp_path), fairs, connection, registered, "registry-1")
