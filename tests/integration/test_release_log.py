"""Each release has the log of those before it, whatever was pruned or damaged since."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from assets.core.paths import Paths
from assets.release.read.reader import Release
from tests.builders.candidates import candidate, copy_release, mark, release_of, write_earlier_format


def runs(release: Release) -> list[dict[str, Any]]:
    return release.rows("from release.runs order by release_id")


def test_the_log_continues_that_of_the_release_before(tmp_path: Path) -> None:
    with candidate() as connection:
        connection.execute("update intake.files set rows_read = 7, rows_accepted = 5, rows_rejected = 2")
        first = release_of(connection, tmp_path)
        (run,) = runs(first)
        assert (run["release_id"], run["run_id"]) == (first.manifest.release_id, "run")
        assert (run["rows_read"], run["rows_accepted"], run["rows_rejected"]) == (7, 5, 2)
        assert run["content_digest"] == first.manifest.content_digest

        mark(connection, 1)
        connection.execute("delete from intake.files")
        second = release_of(connection, tmp_path)
        assert [row["release_id"] for row in runs(second)] == [first.manifest.release_id, second.manifest.release_id]
        assert [row["rows_read"] for row in runs(second)] == [7, 0]

        shutil.rmtree(first.folder)
        (Paths(tmp_path).current_release / "gancheng.duckdb").write_bytes(b"damaged")
        mark(connection, 2)
        third = release_of(connection, tmp_path)
        assert [row["rows_read"] for row in runs(third)] == [7, 0, 0]


def test_a_damaged_log_starts_again(tmp_path: Path) -> None:
    copy_release(tmp_path)
    with candidate() as connection:
        (Paths(tmp_path).current_release / "parquet" / "runs.parquet").write_bytes(b"damaged")
        mark(connection, 1)
        assert len(runs(release_of(connection, tmp_path))) == 1


def test_the_log_is_no_content(tmp_path: Path) -> None:
    first = copy_release(tmp_path)
    with candidate() as connection:
        assert release_of(connection, tmp_path).manifest == first.manifest
    assert [file.is_content for file in first.manifest.files if file.path == "parquet/runs.parquet"] == [False]


def test_a_release_of_another_format_is_replaced_and_its_log_continued(tmp_path: Path) -> None:
    with candidate() as connection:
        connection.execute("update intake.files set rows_aggregate = 3")
        first = release_of(connection, tmp_path)
        earlier = first.folder.rename(first.folder.with_name("20250101T000000Z-earlier"))
        Paths(tmp_path).current_release.unlink()
        Paths(tmp_path).current_release.symlink_to(earlier.name)
        write_earlier_format(Release(earlier, first.manifest))
        second = release_of(connection, tmp_path)
    assert second.folder != earlier
    assert second.manifest.content_digest == first.manifest.content_digest
    assert second.rows("from release.score_changes") == []
    assert "there is none to compare it with" in (second.folder / "CHANGES.md").read_text("utf-8")
    runs = second.rows("from release.runs order by release_id")
    assert [row["release_id"] for row in runs] == [first.manifest.release_id, second.manifest.release_id]
    assert [row["rows_aggregate"] for row in runs] == [3, 3]
