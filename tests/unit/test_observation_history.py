"""The history of a figure: what was current when, and what took its place."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assets.core.errors import UsageError
from assets.core.paths import PROJECT_ROOT, Paths
from assets.release.explain.observation_history import read_observation_history
from assets.release.publish.file_names import DATABASE
from assets.release.publish.manifest import FORMAT, Manifest, RunFacts
from assets.release.read.lookup import find_indicator
from assets.release.read.reader import Release
from assets.warehouse.connection import Warehouse
from assets.warehouse.tables import read_tables

TABLES = (
    *("reference.indicators", "reference.sources", "observations.city_observations"),
    *("observations.applied_corrections", "intake.file_arrivals", "intake.sheets"),
)
FILES = {"a": "2026-01-01 08:00:00", "b": "2026-02-01 08:00:00", "c": "2026-03-01 08:00:00"}


def write(folder: Path, *vintages: dict[str, Any]) -> Release:
    """A release in which city 1 has these vintages of one figure, in this order."""
    warehouse = Warehouse(Paths(folder))
    contracts = read_tables([PROJECT_ROOT / "sql"])
    with warehouse.connect() as connection:
        for name in TABLES:
            contracts[name].create(connection)
        for indicator, zh in (("s.rate", "覆盖率"), ("s.length", "长度"), ("t.length", "管长")):
            connection.execute(
                "insert into reference.indicators (indicator_id, dataset, name_zh, name_en, unit, decimals) "
                "values (?, 's', ?, ?, '%', 2)",
                [indicator, zh, zh],
            )
        connection.execute("insert into reference.sources (source_id, publication_zh) values ('book', '年鉴')")
        for file, moment in FILES.items():
            connection.execute(
                "insert into intake.file_arrivals values ('s', ?, 1, ?, ?, '', true)", [file, f"s/{file}.csv", moment]
            )
        for number, vintage in enumerate(vintages, start=1):
            row = {"year": 2024, "is_current": number == len(vintages), "line": number + 1, **vintage}
            row |= {"city_code": "1", "indicator_id": "s.rate", "scope": "全市", "vintage": number, "source_id": "book"}
            row |= {"file_sha256": vintage["file"], "file": f"s/{vintage['file']}.csv", "value": float(number)}
            names = ", ".join(row)
            connection.execute(
                f"insert into observations.city_observations ({names}) values ({', '.join('?' for _ in row)})",
                list(row.values()),
            )
    warehouse.paths.candidate.rename(warehouse.paths.candidate.parent / DATABASE)
    run = RunFacts(run_id="r", released_at=datetime(2026, 4, 1, tzinfo=UTC))
    manifest = Manifest(
        format=FORMAT, release_id="r", content_digest="", method_version="1", files=(), inputs=(), run=run
    )
    return Release(warehouse.paths.candidate.parent, manifest)


def successions(release: Release) -> list[tuple[bool, str | None, str | None]]:
    """Return for each vintage whether it was ever current, until which day, and the file that superseded it."""
    return [
        (
            row["was_current"],
            f"{row['superseded_at']:%m-%d}" if row["superseded_at"] else None,
            row["superseded_by_file"],
        )
        for row in read_observation_history(release, "1", "s.rate")
    ]


def test_progress_was_never_current_and_supersedes_nothing(tmp_path: Path) -> None:
    progress, total = {"file": "a", "is_progress": True}, {"file": "b", "is_progress": False}
    assert successions(write(tmp_path, progress, total)) == [(False, None, None), (True, None, None)]


def test_each_later_file_supersedes_the_one_before(tmp_path: Path) -> None:
    assert successions(write(tmp_path, {"file": "a"}, {"file": "b"}, {"file": "c"})) == [
        (True, "02-01", "s/b.csv"),
        (True, "03-01", "s/c.csv"),
        (True, None, None),
    ]


def test_a_weaker_source_that_came_later_was_never_current(tmp_path: Path) -> None:
    # ranked lowest, since its source is; the file that outranks it had been there before
    assert successions(write(tmp_path, {"file": "c"}, {"file": "a"}, {"file": "b"})) == [
        (False, "03-01", "s/b.csv"),
        (True, "02-01", "s/b.csv"),
        (True, None, None),
    ]


def test_of_two_lines_of_one_file_the_first_was_never_current(tmp_path: Path) -> None:
    (first, last) = read_observation_history(write(tmp_path, {"file": "a"}, {"file": "a"}), "1", "s.rate")
    assert (first["was_current"], first["superseded_by_line"]) == (False, 3)
    assert (last["was_current"], last["superseded_at"]) == (True, None)


def test_a_dropped_figure_gives_way_to_its_correction_and_supersedes_nothing(tmp_path: Path) -> None:
    dropped = {"file": "b", "is_current": False, "correction_id": "c", "correction_action": "drop"}
    assert successions(write(tmp_path, dropped, {"file": "a"})) == [(False, None, None), (True, None, None)]


def test_years_have_histories_of_their_own(tmp_path: Path) -> None:
    release = write(tmp_path, {"file": "a", "year": 2023, "is_current": True}, {"file": "b"})
    assert successions(release) == [(True, None, None), (True, None, None)]


def test_an_indicator_is_found_by_identifier_and_name_never_by_likeness(tmp_path: Path) -> None:
    release = write(tmp_path)
    for text in ("s.rate", "rate", " S.Rate ", "覆盖率"):
        assert find_indicator(release, text)["indicator_id"] == "s.rate"
    for text, offered in (("覆盖", "s.rate 覆盖率"), ("length", "t.length 管长")):
        with pytest.raises(UsageError) as wrong:
            find_indicator(release, text)
        assert wrong.value.issue.code == "unknown_indicator"
        assert offered in wrong.value.issue.expected
