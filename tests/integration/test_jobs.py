"""The jobs beside `refresh`: the files alone, a release of what was taken in before, and taking away what is old."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from assets.core.paths import Paths
from assets.core.settings import PruneSettings, ScheduleSettings
from assets.release.publish.quarantine import load_blocked, mark_blocked, quarantine_candidate
from pipelines.definitions import build_definitions
from pipelines.observability.run_log import INTAKE, PRUNE, RELEASE
from pipelines.project import load_project
from tests.builders.data_directories import Place, copy_countries
from tests.helpers.proof_scale import IS_PROVING

HEADER = "country,year,life_years,coal_pct,source_id,source_grade\n"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return copy_countries(tmp_path / "data")


def execute(place: Place, name: str, instance: dg.DagsterInstance) -> None:
    settings = ScheduleSettings(pruning=PruneSettings(keep_run_days=0))
    job = build_definitions(load_project(Paths(place.data)), settings).resolve_job_def(name)
    assert job.execute_in_process(instance=instance, run_config=QUIET).success


def test_intake_takes_files_in_and_releases_nothing(place: Place) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        execute(place, INTAKE, instance)
    assert len(list((place.data / "lake" / "country_statistics").glob("*.json"))) == 1
    assert not (place.data / "releases").exists()


@pytest.mark.skipif(not IS_PROVING, reason="a whole run: make prove")
def test_release_rebuilds_from_what_was_taken_in_and_leaves_the_inbox_alone(place: Place) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        execute(place, INTAKE, instance)
        place.write("inbox/country_statistics/later.csv", HEADER + "Aland,2022,75,27,synthetic,A\n")
        execute(place, RELEASE, instance)
        assert [row["file"] for row in place.rows("from intake.files")] == ["country_statistics/synthetic.csv"]
        assert place.run()["is_new"], "what lies in the inbox is not forgotten"


def test_prune_takes_old_runs_away_and_keeps_what_nothing_has_followed(place: Place) -> None:
    paths = Paths(place.data)
    paths.candidate.parent.mkdir()
    paths.candidate.touch()
    mark_blocked(paths, "run")
    quarantine_candidate(paths)
    with dg.DagsterInstance.ephemeral() as instance:
        for _ in range(2):
            execute(place, PRUNE, instance)
        assert len(instance.get_runs()) == 1, "the first is gone, the second was still under way"
    assert load_blocked(paths) is not None
