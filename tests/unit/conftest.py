"""A small dataset, the registry it is read against, and a way to parse one file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow.parquet as pq
import pytest

from assets.core.paths import PROJECT_ROOT, Paths
from assets.core.settings import Limits
from assets.intake.file_parser import FileParser, ParseResult
from assets.intake.ingest import IngestJob
from assets.intake.tables.contracts import Contract
from assets.intake.values.lookups import IndicatorLimits, Lookups
from assets.intake.values.places import Places
from assets.intake.values.units import Units
from assets.warehouse.connection import Connection, connect_in_memory

LIMITS = Limits(still_written_seconds=0)


@pytest.fixture
def connection() -> Iterator[Connection]:
    with connect_in_memory() as opened:
        yield opened


@pytest.fixture(scope="session")
def work() -> Iterator[Connection]:
    """The connection of the parser: nothing stays in it, and opening one takes longer than a test."""
    with connect_in_memory() as opened:
        yield opened


@pytest.fixture
def fairs() -> Contract:
    """A dataset with a column of every type."""
    columns = {
        "city": {"type": "place", "required": True, "aliases": ("城市",)},
        "date": {"type": "date", "required": True},
        "kind": {"type": "text", "allowed": ("big", "small")},
        "posts": {"type": "integer", "min": 0, "allow_qualifier": True, "unit": "个"},
        "share": {"type": "number", "min": 0, "max": 100},
        "is_local": {"type": "boolean"},
        "source_id": {"type": "text", "required": True, "references": "sources.source_id"},
        "source_grade": {"type": "text", "required": True, "allowed": ("A", "B")},
    }
    content: dict[str, Any] = {name: {"zh": f"列{name}", "en": name, **rules} for name, rules in columns.items()}
    return Contract(
        dataset="fairs",
        zh="招聘",
        en="Fairs",
        about_zh="一行一场",
        about_en="A row a fair",
        key=("city", "date"),
        columns=content,
        indicators=("fairs.posts",),
    )


def shipped_units() -> Units:
    with (PROJECT_ROOT / "data" / "reference" / "units.csv").open(encoding="utf-8", newline="") as stream:
        return Units.of((row["unit"], row["quantity"], float(row["factor"])) for row in csv.DictReader(stream))


@pytest.fixture
def registry() -> Lookups:
    """Two cities with a county each and their province, one source, two indicators."""
    names = [
        ("a", "1", None, None),
        ("甲市", "1", None, None),
        ("alpha", "1", None, None),
        ("甲东县", "1", None, "11"),
        ("b", "2", None, None),
        ("乙市", "2", None, None),
        ("乙西县", "2", None, "21"),
        ("全省", None, "9", None),
        ("丁省", None, "9", None),
    ]
    indicators = {"long.rate": IndicatorLimits("%", 0.0, 100.0), "long.length": IndicatorLimits("公里", 0.0, None)}
    references = {"sources.source_id": {"book": "book"}}
    return Lookups(Places.of(names, ["beta"]), shipped_units(), indicators, references, "registry-1")


@dataclass(frozen=True)
class ParsedFile:
    """What became of a file: the counts, and the rows of the two Parquet files."""

    result: ParseResult
    accepted: list[dict[str, Any]]
    rejects: list[dict[str, Any]]

    @property
    def errors(self) -> list[tuple[int, str | None, str, str]]:
        return [(row["line"], row["column_name"], row["code"], row["actual"]) for row in self.rejects]


class ParseFile(Protocol):
    """Parse one file; Excel files and other encodings are passed as bytes. Raises FileRejectedError."""

    def __call__(
        self,
        contract: Contract,
        content: str | bytes,
        name: str = "sent.csv",
        registry: Lookups | None = None,
        limits: Limits = LIMITS,
    ) -> ParsedFile: ...


@pytest.fixture
def parse_file(work: Connection, registry: Lookups, tmp_path: Path) -> ParseFile:
    given = registry

    def parse(
        contract: Contract,
        content: str | bytes,
        name: str = "sent.csv",
        registry: Lookups | None = None,
        limits: Limits = LIMITS,
    ) -> ParsedFile:
        file, accepted, rejects = (tmp_path / end for end in ("input", "accepted.parquet", "rejects.parquet"))
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        result = FileParser(work, contract, registry or given, limits).parse(file, name, accepted, rejects)
        outcomes = [result.counts[f"rows_{name}"] for name in ("accepted", "aggregate", "rejected")]
        assert result.counts["rows_read"] == sum(outcomes)
        rows = pq.read_table(accepted).to_pylist()
        assert sum(outcomes[:2]) == len(rows)
        return ParsedFile(result, rows, pq.read_table(rejects).to_pylist())

    return parse


@pytest.fixture
def intake(tmp_path: Path, fairs: Contract, work: Connection, registry: Lookups) -> IngestJob:
    (tmp_path / "inbox" / "fairs").mkdir(parents=True)
    return IngestJob(Paths(tmp_path), fairs, work, registry, LIMITS)
