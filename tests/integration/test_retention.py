"""Releases that another process reads, and the commands that list, verify and delete releases."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.core.paths import Paths
from assets.release.publish.retention import prune_releases
from assets.release.read.reader import list_release_ids
from tests.builders.candidates import build_three_releases
from tests.builders.data_directories import Place

HOLD = "import sys, duckdb; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); input()"


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with three releases; tests work on a copy."""
    data = tmp_path_factory.mktemp("data")
    build_three_releases(data)
    return data


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
