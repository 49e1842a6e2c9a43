"""Releases are listed, compared with their manifests, and deleted when they are old and no process reads them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets.core.errors import UsageError
from assets.core.paths import Paths
from assets.core.sealed import read_sealed, seal
from assets.core.settings import PruneSettings
from assets.release.publish.manifest import MANIFEST_NAME, Manifest
from assets.release.publish.retention import list_releases, prune_releases, verify_release
from assets.release.read.reader import find_previous_release, get_release, list_release_ids
from pipelines.orchestration.retention import prune_by_settings
from tests.builders.candidates import switch
from tests.builders.data_directories import Place, copy_countries
from tests.helpers.damage import flip
from tests.servers.dagster_servers import runs

HOLD = "import sys, duckdb; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); input()"


@pytest.fixture
def paths(three: Path, tmp_path: Path) -> Paths:
    shutil.copytree(three, tmp_path / "data", symlinks=True)
    return Paths(tmp_path / "data")


@pytest.fixture
def reader(paths: Paths) -> Iterator[str]:
    """Another process that holds the oldest release open; its id."""
    oldest = list_release_ids(paths)[0]
    file = paths.releases / oldest / "gancheng.duckdb"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    yield oldest
    process.communicate("\n")


@pytest.mark.parametrize(("keep", "kept"), [(None, 3), (5, 3), (2, 2), (1, 1)])
def test_the_settings_say_how_many_releases_are_kept(paths: Paths, keep: int | None, kept: int) -> None:
    newest_first = list_release_ids(paths)[::-1]
    with dg.DagsterInstance.ephemeral() as instance:
        prune_by_settings(paths, PruneSettings(keep_releases=keep), instance)
    assert list_release_ids(paths)[::-1] == newest_first[:kept]


def test_a_run_of_the_command_line_deletes_what_the_settings_do_not_keep(tmp_path: Path) -> None:
    place = copy_countries(tmp_path / "data")
    place.write("settings.yml", "schedules: {pruning: {keep_releases: 1, keep_run_days: 0}}\n")
    header = "country,year,life_years,coal_pct,source_id,source_grade\n"
    for year in (2021, 2022):
        place.write(f"inbox/country_statistics/{year}.csv", f"{header}Aland,{year},75,27,synthetic,A\n")
        place.run()
    assert list_release_ids(Paths(place.data)) == [place.release().folder.name]
    assert runs(place) == []
    assert list((place.data / "state" / "dagster" / "history" / "runs").glob("*-*.db")) == []


def test_releases_are_listed_newest_first_with_the_current_one_marked(paths: Paths) -> None:
    releases = list_releases(paths)
    assert [release.release_id for release in releases] == sorted(list_release_ids(paths), reverse=True)
    assert [release.is_current for release in releases] == [True, False, False]
    assert all(release.bytes > 0 and release.method_version == "9.9" for release in releases)


def test_the_index_names_the_current_release_and_its_files_and_follows_a_prune(paths: Paths) -> None:
    index = json.loads((paths.releases / "index.json").read_text("utf-8"))
    assert [entry["release_id"] for entry in index["releases"]] == list_release_ids(paths)[::-1]
    newest = index["releases"][0]
    assert index["current"] == newest["release_id"]
    assert len(newest["files"]) == 7
    assert all((paths.releases / file).is_file() for file in (newest["manifest"], *newest["files"].values()))
    prune_releases(paths, 1)
    index = json.loads((paths.releases / "index.json").read_text("utf-8"))
    assert [entry["release_id"] for entry in index["releases"]] == [newest["release_id"]]


def write_older_index(file: Path) -> None:
    content = read_sealed(file) or {}
    for entry in content["releases"]:
        entry |= {"manifest_sha256": "0" * 64, "rows_accepted": 99}
    file.write_text(seal(content), "utf-8")


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.unlink(),
        lambda file: (file.unlink(), file.mkdir()),
        lambda file: file.write_text("["),
        lambda file: file.write_text(
            file.read_text("utf-8").replace('"rows_accepted": ', '"rows_accepted": 9'), "utf-8"
        ),
        lambda file: file.write_text(seal({"current": None, "releases": [{"release_id": 1}]}), "utf-8"),
        lambda file: file.write_text(seal({"current": None, "releases": []}), "utf-8"),
        write_older_index,
    ],
)
def test_releases_are_listed_as_their_manifests_say_whatever_the_index_says(
    paths: Paths, damage: Callable[[Path], object]
) -> None:
    before = list_releases(paths)
    damage(paths.releases / "index.json")
    assert list_releases(paths) == before


def test_a_release_whose_manifest_is_damaged_is_not_listed_though_the_index_has_it(paths: Paths) -> None:
    first, second, third = list_release_ids(paths)
    (paths.releases / second / MANIFEST_NAME).write_text("{", "utf-8")
    assert list_release_ids(paths) == [first, third]


def test_manifests_that_the_index_has_are_not_parsed(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    before = list_releases(paths)
    monkeypatch.setattr(Manifest, "model_validate_json", None)
    assert list_releases(paths) == before


def test_the_newest_are_kept_and_the_current_one_whatever_its_age(paths: Paths) -> None:
    first, second, third = list_release_ids(paths)
    switch(paths, first)
    pruned = prune_releases(paths, 1)
    assert (pruned.removed, pruned.kept, pruned.in_use) == ((second,), (first, third), ())
    assert list_release_ids(paths) == [first, third]
    assert prune_releases(paths, 0).removed == (third,)
    assert prune_releases(paths, 0).removed == ()
    assert verify_release(paths, "current").issues == ()
    assert list(paths.releases.glob(".*")) == []


def test_after_the_clock_was_set_back_the_last_release_is_still_the_newest(paths: Paths) -> None:
    first, second, third = list_release_ids(paths)
    back = f"2001{second[4:]}"
    (paths.releases / second).rename(paths.releases / back)
    for folder, id_before in ((back, first), (third, back)):
        file = paths.releases / folder / "MANIFEST.json"
        manifest = json.loads(file.read_text("utf-8")) | {"release_id": folder, "previous_release_id": id_before}
        file.write_text(json.dumps(manifest), "utf-8")
    assert list_release_ids(paths) == [first, back, third]
    oldest = get_release(paths, first)
    with pytest.raises(UsageError):
        find_previous_release(paths, oldest)
    switch(paths, back)
    assert prune_releases(paths, 2).removed == (first,)
    assert list_release_ids(paths) == [back, third]


def test_more_to_keep_than_there_are_deletes_nothing(paths: Paths) -> None:
    assert prune_releases(paths, 9).removed == ()
    assert len(list_release_ids(paths)) == 3


def test_what_a_killed_prune_left_is_deleted(paths: Paths) -> None:
    oldest = list_release_ids(paths)[0]
    (paths.releases / oldest).rename(paths.releases / f".pruning-{oldest}")
    assert oldest not in prune_releases(paths, 3).kept
    assert list(paths.releases.glob(".*")) == []


def test_each_kind_of_damage_is_found_where_it_is(paths: Paths) -> None:
    folder = paths.current_release.resolve()
    assert verify_release(paths, "current").issues == ()
    (folder / "parquet" / "cities.parquet").unlink()
    (folder / "CHANGES.md").write_text("other", "utf-8")
    (folder / "planted.txt").write_text("", "utf-8")
    (folder / "~$open in Excel.xlsx").write_text("", "utf-8")
    damages = {(issue.code, issue.file) for issue in verify_release(paths, "current").issues}
    assert damages == {
        ("missing_release_file", "parquet/cities.parquet"),
        ("release_file_changed", "CHANGES.md"),
        ("release_file_unlisted", "planted.txt"),
    }


@pytest.mark.parametrize("name", ["parquet/cities.parquet", "CHANGES.md", "gancheng.duckdb"])
def test_one_changed_byte_is_found_though_the_size_is_the_same(paths: Paths, name: str) -> None:
    flip(paths.current_release / name)
    assert [(issue.code, issue.file) for issue in verify_release(paths, "current").issues] == [
        ("release_file_changed", name)
    ]


def test_a_manifest_that_was_changed_or_broken_is_found_out(paths: Paths) -> None:
    file = paths.current_release / "MANIFEST.json"
    manifest = json.loads(file.read_text("utf-8"))
    manifest["files"] = [file for file in manifest["files"] if file["path"] != "parquet/cities.parquet"]
    file.write_text(json.dumps(manifest), "utf-8")
    codes = [issue.code for issue in verify_release(paths, "current").issues]
    assert codes == ["release_file_unlisted", "release_digest_mismatch"]
    file.write_text("{", "utf-8")
    assert [issue.code for issue in verify_release(paths, "current").issues] == ["invalid_manifest"]


def test_a_release_is_verified_by_the_beginning_of_its_id(paths: Paths) -> None:
    first = list_release_ids(paths)[0]
    assert verify_release(paths, first).release_id == first
    assert verify_release(paths, "previous").release_id == list_release_ids(paths)[1]
    for text in ("nothing", "", "20"):
        with pytest.raises(UsageError):
            verify_release(paths, text)


def test_a_release_that_a_process_reads_is_kept(paths: Paths, reader: str) -> None:
    pruned = prune_releases(paths, 1)
    assert pruned.in_use == (reader,)
    assert len(pruned.removed) == 1
    assert reader in list_release_ids(paths)


def test_the_commands_show_it_and_end_with_their_exit_codes(paths: Paths) -> None:
    place = Place(paths.data)
    assert list_release_ids(paths)[2] in place.call("releases", "--lang", "en").stdout
    listed = json.loads(place.call("releases", "--json").stdout)
    assert [release["is_current"] for release in listed] == [True, False, False]
    assert place.call("verify").returncode == 0
    oldest = list_release_ids(paths)[0]
    assert json.loads(place.call("prune", "--keep", "2", "--json").stdout)["removed"] == [oldest]
    (paths.current_release / "CHANGES.md").unlink()
    broken = place.call("verify")
    assert (broken.returncode, "CHANGES.md" in broken.stderr) == (1, True)
    in_json = place.call("verify", "--json")
    assert in_json.returncode == 1
    assert json.loads(in_json.stdout)["damages"] == [{"code": "missing_release_file", "file": "CHANGES.md"}]
    assert place.call("prune", "--keep", "-1").returncode == 2
    manifest = json.loads((paths.current_release / "MANIFEST.json").read_text("utf-8"))
    (paths.current_release / "MANIFEST.json").write_text(json.dumps(manifest | {"format": 1}), "utf-8")
    for command in (("scorecard", "A"), ("query", "from reference.cities"), ("diff", "previous", "current")):
        refused = place.call(*command)
        assert (refused.returncode, bool(re.search("格式|format", refused.stderr))) == (2, True), command
        assert "Traceback" not in refused.stderr
    os.rename(paths.releases, paths.data / "elsewhere")
    assert place.call("releases").returncode == 2
