"""Publishing is one step to whoever reads, and to whoever pulls the plug.

A short form runs always; GANCHENG_PROVE=1 makes it 100 kills, and 50 readers over 20 releases.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assets.core.paths import PROJECT_ROOT, Paths
from assets.release.publish.manifest import read_manifest
from assets.release.publish.retention import verify_release
from assets.release.read.reader import find_current_release, list_release_ids
from assets.warehouse.connection import Warehouse
from tests.builders.candidates import fill, mark, release_of

PROVE = os.environ.get("GANCHENG_PROVE") == "1"
KILLS = 100 if PROVE else 3
READERS, RELEASES = (50, 20) if PROVE else (8, 3)
# No two kills of one run of the tests come at the same moments; the seed is told where one fails.
SEED = int(os.environ.get("GANCHENG_PROVE_SEED", "20261124"))


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=PROJECT_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def publisher(data: Path, first: int, times: int) -> subprocess.Popen[str]:
    """A process that publishes, ready to begin."""
    process = start("-m", "tests.child_processes.publisher", str(data), str(first), str(times))
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A data directory with a candidate and one release, and how long that took; tests work on a copy."""
    data = tmp_path_factory.mktemp("data")
    with Warehouse(Paths(data)).connect() as connection:
        fill(connection)
        mark(connection, 0)
        before = time.monotonic()
        release_of(connection, data)
        return data, time.monotonic() - before


@pytest.fixture
def data(begun: tuple[Path, float], tmp_path: Path) -> Path:
    shutil.copytree(begun[0], tmp_path / "data", symlinks=True)
    return tmp_path / "data"


def test_killed_at_any_moment_of_publishing_current_is_a_whole_release(data: Path, begun: tuple[Path, float]) -> None:
    chance, moments, halves = random.Random(SEED), list[float](), 0
    for kill in range(KILLS):
        process = publisher(data, 1_000 * (kill + 1), 1_000)
        # Long enough for a release or two to be made, so that every step is hit sooner or later.
        moments.append(chance.uniform(0, 4 * begun[1]))
        time.sleep(moments[-1])
        process.send_signal(signal.SIGKILL)
        process.communicate()
        halves += any((data / "releases").glob(".building-*"))
        told = verify_release(Paths(data), "current")
        assert told.issues == (), (SEED, moments)
        assert told.release_id in list_release_ids(Paths(data))
        assert all(verify_release(Paths(data), one).issues == () for one in list_release_ids(Paths(data))[-2:]), (
            SEED,
            moments,
        )
    # The kills of the long form came before, in the middle of and after what counts.
    assert halves > KILLS / 10 or not PROVE
    assert len(list_release_ids(Paths(data))) > KILLS / 10 or not PROVE


def test_readers_of_current_never_fail_and_never_see_two_releases_at_once(data: Path) -> None:
    reader = str(PROJECT_ROOT / "tests" / "child_processes" / "looping_reader.py")
    # The more there are, the longer each rests: else two cores would do nothing but read.
    readers = [start(reader, str(data), str(READERS / 8)) for _ in range(READERS)]
    for process in readers:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n", process.communicate()
    process = publisher(data, 1, RELEASES)
    out, err = process.communicate(timeout=3600)
    assert (process.returncode, out.split()) == (0, [str(number) for number in range(1, RELEASES + 1)]), err
    seen: set[str] = set()
    for process in readers:
        out, err = process.communicate("\n", timeout=600)
        assert process.returncode == 0, err
        rounds, numbers = json.loads(out)
        assert rounds > 1
        seen |= set(numbers)
    assert len(seen) > 1
    assert len(list_release_ids(Paths(data))) == RELEASES + 1


def test_a_reader_that_began_with_a_release_keeps_it(data: Path) -> None:
    first = find_current_release(Paths(data))
    assert first is not None
    with first.connect() as connection:
        process = publisher(data, 1, 1)
        assert process.wait(120) == 0
        rows = connection.execute("select distinct note_en from reference.sources").fetchall()
    assert rows == [("0",)]
    now = read_manifest(data / "releases" / "current")
    assert now is not None
    assert now.previous_release_id == first.manifest.release_id
