"""Runs after the first: killed, with nothing new, with a corrected file, with another goalpost."""

from __future__ import annotations

import json
import shutil
import signal
import time
from pathlib import Path

import dagster as dg
import pytest

from assets.core.paths import Paths
from assets.release.publish.manifest import find_damages
from pipelines.definitions import build_definitions
from pipelines.observability import alerts
from pipelines.observability.run_log import REFRESH, RunLog
from pipelines.orchestration.instance import open_instance
from pipelines.project import load_project
from tests.builders.data_directories import Place, copy_of
from tests.servers.alert_server import serve_alerts

HEADER = "country,year,life_years,coal_pct,source_id,source_grade\n"


def test_a_killed_run_leaves_the_current_release_and_the_next_completes_and_tells_it(
    ran: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_alerts() as told:
        monkeypatch.setenv(alerts.URLS_VARIABLE, told.url)
        kill_and_complete(ran)
    journal = RunLog(Paths(ran.data))
    killed = [str(line["began_at"]) for line in journal.read("killed")]
    assert killed
    assert journal.unfinished_runs() == []
    texts = [message["message"] for message in told.messages]
    of_kills = [text for text in texts if "A run was terminated before it finished" in text]
    assert len(of_kills) == len(killed) == len(set(killed))
    assert all(any(moment in text for text in of_kills) for moment in killed)


def kill_and_complete(ran: Place) -> None:
    ran.write("inbox/country_statistics/more.csv", HEADER + "Cordonia,2023,70,44,synthetic,A\n")
    before = ran.release().manifest.release_id
    stages = (
        "lake/country_statistics/*.json",
        "warehouse/candidate.duckdb",
        "warehouse/snapshot.duckdb",
        "releases/.building-*",
    )
    for pattern in stages:
        (ran.data / "warehouse" / "candidate.duckdb").unlink(missing_ok=True)
        known = set(ran.data.glob(pattern))
        run = ran.start("run")
        while run.poll() is None and not set(ran.data.glob(pattern)) - known:
            time.sleep(0.005)
        run.send_signal(signal.SIGKILL)
        run.communicate()
        release = ran.release()
        assert find_damages(release.folder, release.manifest) == []
    # On a quick machine the last signal comes after the release is switched; then there may be nothing left to do.
    was_switched = ran.release().manifest.release_id != before
    assert ran.run()["had_work"] or was_switched
    assert ran.run()["had_work"] is False
    (file,) = ran.rows("from intake.files where file like '%more.csv'")
    assert (file["rows_read"], file["rows_accepted"]) == (1, 1)
    assert len(ran.rows("from observations.city_observations where file like '%more.csv'")) == 2
    assert list((ran.data / "releases").glob(".*")) == []


def test_a_command_ends_without_a_word_of_its_libraries(ran: Place) -> None:
    assert "leaked" not in ran.call("run").stderr
    assert ran.call("scorecard", "--lang", "en").stderr == ""


def test_audit_and_release_that_are_asked_for_alone_make_what_other_steps_would_have_made(ran: Place) -> None:
    paths, before = Paths(ran.data), ran.release().manifest
    job = build_definitions(load_project(paths)).resolve_job_def(REFRESH)
    late = ("quality.check_results", "release.current", "release.runs", "release.score_changes")
    with open_instance(paths) as instance:
        done = job.execute_in_process(
            instance=instance, asset_selection=[dg.AssetKey(name.split(".")) for name in late]
        )
    assert done.success
    after = ran.release()
    assert after.manifest.content_digest == before.content_digest
    assert find_damages(after.folder, after.manifest) == []
    assert not paths.snapshot.exists()
    assert not paths.staging.exists()


def test_a_file_sent_twice_changes_nothing(ran: Place) -> None:
    inbox = ran.data / "inbox" / "country_statistics"
    (inbox / "again.csv").write_bytes((inbox / "synthetic.csv").read_bytes())
    told = ran.run()
    assert (told["had_work"], told["is_new"]) == (True, False)
    assert ran.run()["had_work"] is False


def test_the_same_bytes_sent_again_after_a_correction_are_current_and_the_run_says_so(ran: Place) -> None:
    file = ran.data / "inbox" / "country_statistics" / "synthetic.csv"
    first = file.read_text(encoding="utf-8")
    ran.write("inbox/country_statistics/synthetic.csv", first.replace("Aland,2024,76,25", "Aland,2024,77,25"))
    assert ran.run()["sent_again"] == []
    ran.write("inbox/country_statistics/synthetic.csv", first)
    done = ran.call("run")
    assert "Sent again: country_statistics/synthetic.csv" in done.stdout
    (current,) = ran.rows(
        "from observations.city_observations where is_current and city_code = 'A' and year = 2024 "
        "and indicator_id like '%life_years'"
    )
    assert current["value"] == 76
    assert "Sent again: country_statistics/synthetic.csv" in ran.call("status").stdout
    assert ran.run()["had_work"] is False


def test_a_run_says_first_what_was_refused_and_rejected_and_where_the_returns_are(ran: Place) -> None:
    ran.write("inbox/country_statistics/faulty.csv", HEADER + "Atlantis,2024,70,44,synthetic,A\n")
    ran.write("inbox/country_statistics/refused.csv", "nothing,known\n1,2\n")
    lines = ran.call("run").stdout.splitlines()
    assert lines[0] == "Files refused as a whole: 1"
    assert lines[1].startswith("  country_statistics/refused.csv: ")
    assert lines[2].startswith("    → ")
    assert lines[3:5] == ["Rows rejected: 1, in 1 files", "  country_statistics/faulty.csv: 1"]
    assert lines[5].startswith("Returns: ")
    assert (ran.release().folder / "returns").is_dir()
    ran.write("inbox/country_statistics/good.csv", HEADER + "Cordonia,2022,70,44,synthetic,A\n")
    lines = ran.call("run").stdout.splitlines()
    assert lines[:2] == [
        "No row of the files received in this run was rejected.",
        "Of files received before, 2 are not corrected yet (1 rows).",
    ]


@pytest.fixture(scope="module")
def corrected(countries: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Two releases: between them a file was corrected and a goalpost moved."""
    place = copy_of(countries, tmp_path_factory.mktemp("corrected") / "data")
    file = place.data / "inbox" / "country_statistics" / "synthetic.csv"
    goalposts = place.data / "reference" / "goalposts.csv"
    for path, old, new in (
        (file, "Aland,2024,76,25", "Aland,2024,77,25"),
        (goalposts, "coal_pct,50,0", "coal_pct,60,0"),
    ):
        before = path.read_text("utf-8")
        assert old in before
        path.write_text(before.replace(old, new), "utf-8")
    place.run()
    return place


def test_a_corrected_file_is_current_and_the_old_figures_are_history(corrected: Place) -> None:
    rows = corrected.rows(
        """
        select value, vintage, is_current from observations.city_observations
        where city_code = 'A' and indicator_id = 'country_statistics.life_years' and year = 2024 order by vintage
        """
    )
    assert [(row["value"], row["is_current"]) for row in rows] == [(76.0, False), (77.0, True)]
    told = json.loads(corrected.call("history", "Aland", "life_years", "--json").stdout)
    old, new = [row for row in told["vintages"] if row["year"] == 2024]
    assert old["received_at"] < old["superseded_at"] == new["received_at"]
    assert old["superseded_by_file"] == "country_statistics/synthetic.csv"
    shown = corrected.call("history", "Aland", "life_years", "--lang", "en").stdout
    assert f"until {old['superseded_at'][:16]}" in shown
    assert corrected.call("history", "Aland", "life").returncode == 2


def test_a_run_after_one_change_releases_what_a_run_from_the_archive_alone_does(ran: Place, tmp_path: Path) -> None:
    """Of what runs made, only the bytes that arrived and the receipts that say when are there."""
    file = ran.data / "inbox" / "country_statistics" / "synthetic.csv"
    file.write_text(file.read_text("utf-8").replace("Aland,2024,76,25", "Aland,2024,77.5,25"), "utf-8")
    assert ran.run()["is_new"]
    anew = Place(tmp_path / "anew")
    made = shutil.ignore_patterns("releases", "warehouse", "state", "*.parquet")
    shutil.copytree(ran.data, anew.data, symlinks=True, ignore=made)
    anew.run()
    once, other = ran.release().manifest, anew.release().manifest
    assert (once.previous_release_id is None, other.previous_release_id) == (False, None)
    assert once.content_digest == other.content_digest
    content = {one.path: one.sha256 for one in once.files if one.is_content}
    assert content == {one.path: one.sha256 for one in other.files if one.is_content}
    assert "parquet/city_scores.parquet" in content


PARTS = ("revised", "added", "targets", "method")


def test_what_moved_between_two_releases_is_told_in_parts_that_add_up(corrected: Place) -> None:
    difference = json.loads(corrected.call("diff", "--json").stdout)
    assert difference["not_recomputed"] == []
    moved = [change for change in difference["changes"] if change["change"] == "moved"]
    for end in ("evidenced", "possible"):
        assert all(
            sum(change[f"{end}_{part}_hundredths"] for part in PARTS) == change[f"{end}_delta_hundredths"]
            for change in moved
        )
    of = {level: [change for change in moved if change["level"] == level] for level in ("indicator", "index")}
    items = {part: {c["item_id"] for c in of["indicator"] if c[f"evidenced_{part}_hundredths"]} for part in PARTS}
    assert items["revised"] == {"country_statistics.life_years"}
    assert items["targets"] == {"country_statistics.coal_pct"}
    assert any(
        change["evidenced_revised_hundredths"] and change["evidenced_targets_hundredths"] for change in of["index"]
    )
    assert len(corrected.rows("select * from release.score_changes where change = 'moved'")) == len(moved)
    assert "Aland" in (corrected.data / "releases" / "current" / "CHANGES.md").read_text("utf-8")
