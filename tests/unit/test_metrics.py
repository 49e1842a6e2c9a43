"""Metrics: what Prometheus reads of the file is what the journal, the release and the blocked candidate say."""

from __future__ import annotations

import logging
import os
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from assets.core.paths import Paths
from assets.release.publish.quarantine import mark_blocked, quarantine_candidate
from assets.release.read.reader import find_current_release
from assets.warehouse.connection import Warehouse
from pipelines.observability import metrics, run_outcomes
from pipelines.observability.run_log import RunLog
from tests.builders.candidates import candidate, tables_release_of
from tests.builders.world import tables

Read = dict[tuple[str, ...], float]


def read(paths: Paths) -> Read:
    """Name and values of the labels, by the order of the names of these, of every sample in the file."""
    families = text_string_to_metric_families(metrics.write_metrics(paths).read_text("utf-8"))
    samples = [sample for family in families for sample in family.samples]
    return {
        (one.name.removeprefix("gancheng_"), *(value for _, value in sorted(one.labels.items()))): one.value
        for one in samples
    }


def test_of_runs_it_says_when_each_job_ended_how_and_how_long_its_steps_took(tmp_path: Path) -> None:
    paths, journal = Paths(tmp_path), RunLog(Paths(tmp_path))
    for number, end in enumerate(("ended", "failed", "ended", "killed")):
        journal.write("began", run_id=str(number), job="refresh")
        steps = [{"step": "intake__parks", "seconds": number + 0.5}]
        journal.write(end, run_id=str(number), job="refresh", seconds=10 + number, steps=steps)
    journal.write("ended", job="refresh", had_work=False, seconds=0.01)
    told, now = read(paths), datetime.now(UTC).timestamp()
    ends = {key[1:]: value for key, value in told.items() if key[0] == "run_end_timestamp_seconds"}
    assert set(ends) == {("refresh", "ended"), ("refresh", "failed"), ("refresh", "killed")}
    assert all(now - 60 < moment <= now for moment in ends.values())
    assert ends["refresh", "failed"] <= ends["refresh", "killed"] <= ends["refresh", "ended"]
    assert told["run_duration_seconds", "refresh"] == 12, "of the last run that had work and ended well"
    assert told["step_duration_seconds", "refresh", "intake", "intake__parks"] == 2.5


INSERT_CHECK = (
    "insert into quality.check_results by name select 'a.b' as table_name, 'x' as check_name, '' as description_zh, "
    "'' as description_en, {} as is_blocking, false as is_passed, 1 as rows_failing"
)
INSERT_AWAITED = (
    "insert into quality.freshness by name select 'sheet' as dataset, city_code, 0 as indicators_received, "
    "2025 as due_year, date '2026-03-31' as due_date, 'no_deadline' as status from reference.cities"
)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Three of 40 rows rejected, one warning, two cities awaited."""
    paths = Paths(tmp_path_factory.mktemp("data"))
    with candidate() as connection:
        connection.execute("update intake.files set dataset = 'sheet', rows_read = 40, rows_rejected = 3")
        connection.execute("insert into intake.datasets values ('sheet', '表', 'Sheet', '03-31', 2025)")
        connection.execute("delete from quality.freshness")
        connection.execute(INSERT_AWAITED)
        connection.execute(INSERT_CHECK.format("false"))
        tables_release_of(connection, paths.data)
    return paths


def test_of_the_release_it_says_which_one_its_rows_what_is_overdue_and_which_checks_fail(released: Paths) -> None:
    told, release = read(released), find_current_release(released)
    assert release is not None
    manifest = release.manifest
    assert told["release_info", manifest.content_digest, manifest.method_version, manifest.release_id] == 1
    assert told["release_timestamp_seconds",] == manifest.run.released_at.timestamp()
    assert (told["rows", "sheet", "read"], told["rows", "sheet", "rejected"]) == (40, 3)
    assert (told["checks_failing", "blocking"], told["checks_failing", "warning"]) == (0, 1)
    for day, overdue in ((date(2026, 3, 31), 0), (date(2026, 4, 1), 2)):
        assert [s.value for s in metrics.collect_samples(released, day) if s.metric == "figures_overdue"] == [overdue]


def test_of_a_candidate_that_the_last_run_left_blocked_it_says_how_many_checks_block(
    released: Paths, tmp_path: Path
) -> None:
    paths = Paths(tmp_path / "data")
    shutil.copytree(released.data, paths.data, symlinks=True)
    with Warehouse(paths).connect() as connection:
        tables()["quality.check_results"].create(connection)
        connection.execute(INSERT_CHECK.format("true"))
    mark_blocked(paths, "blocked")
    quarantine_candidate(paths)
    RunLog(paths).write("failed", run_id="blocked", job="refresh", code="check_failed")
    RunLog(paths).write("ended", run_id="between", job="prune", seconds=1)
    told = read(paths)
    assert (told["checks_failing", "blocking"], told["checks_failing", "warning"]) == (1, 0)
    # What was wrong was taken back, so that there was nothing to do.
    RunLog(paths).write("ended", job="refresh", had_work=False)
    told = read(paths)
    assert (told["checks_failing", "blocking"], told["checks_failing", "warning"]) == (0, 1)


def test_the_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    RunLog(paths).write("ended", job="refresh", seconds=1)
    with metrics.write_metrics(paths).open(encoding="utf-8") as reader:
        RunLog(paths).write("failed", job="prune", seconds=1)
        metrics.write_metrics(paths)
        before = reader.read()
    assert "prune" not in before
    assert before.endswith("\n")
    (file,) = paths.metrics.iterdir()
    assert "prune" in file.read_text("utf-8")


def test_everybody_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        file = metrics.write_metrics(Paths(tmp_path))
    finally:
        os.umask(before)
    assert [oct(path.stat().st_mode & 0o777) for path in (file.parent, file)] == ["0o755", "0o644"]


def test_metrics_that_cannot_be_written_end_no_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    paths = Paths(tmp_path)
    paths.metrics.touch()
    with caplog.at_level(logging.WARNING):
        run_outcomes.refresh_metrics(paths)
    assert "no metrics could be written: FileExistsError" in caplog.text
