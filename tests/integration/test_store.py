"""Whole runs of several machines that share a store on object storage: one release, whoever took a file in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.data_directories import Place, copy_of
from tests.helpers.proof_scale import IS_PROVING
from tests.servers.object_storage import BUCKET, STORE, Storage, files, needs_storage, storage

pytestmark = needs_storage()

HEADER = "country,year,life_years,coal_pct,source_id,source_grade\n"
SHARED = f"{BUCKET}/gancheng"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Storage]:
    with storage(tmp_path / "storage") as one:
        yield one


def sharing(place: Place) -> Place:
    place.write("settings.yml", f"storage: {{store: {STORE}}}\n")
    return place


def emptied(place: Place) -> Place:
    """A machine that has its settings and nothing else."""
    for folder in ("inbox", "archive", "lake", "state", "warehouse", "releases"):
        shutil.rmtree(place.data / folder)
    return place


def assert_told(place: Place, command: str, code: int, words: str) -> None:
    """It ends with this code and these words; no traceback, no secret, and all releases as they were."""
    before = sorted((place.data / "releases").iterdir())
    done = place.call(command, "--lang", "en")
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "a-secret-of-this-test" not in done.stderr + done.stdout
    assert sorted((place.data / "releases").iterdir()) == before


def test_a_machine_with_nothing_makes_the_same_release_from_the_store(
    ran: Place, server: Storage, tmp_path: Path
) -> None:
    """And where the server is down, it says so and leaves all as it is."""
    empty = sharing(emptied(copy_of(ran, tmp_path / "empty")))
    put = sharing(ran).run()
    assert not ran.run()["had_work"], "what we put ourselves is no news"
    done = empty.call("run", "--json")
    assert (done.returncode, done.stderr) == (0, ""), "a thread of fsspec outlives the program"
    made = json.loads(done.stdout)
    assert made["content_digest"] == put["content_digest"]
    assert [file["rows_read"] for file in made["files"]] == [file["rows_read"] for file in put["files"]] == [6]

    server.kill()
    for command, code in (("run", 2), ("doctor", 1)):
        assert_told(empty, command, code, "The shared store does not respond")
    server.start()
    assert not empty.run()["had_work"]


@pytest.mark.skipif(not IS_PROVING, reason="eight runs: make prove")
def test_machines_that_share_a_store_end_with_one_release(ran: Place, server: Storage, tmp_path: Path) -> None:
    """Two take in at once what overlaps; a third has nothing. Whoever runs next ends with the same content."""
    one, other = sharing(ran), sharing(copy_of(ran, tmp_path / "other"))
    empty = sharing(emptied(copy_of(ran, tmp_path / "empty")))
    shutil.rmtree(other.data / "lake")
    shutil.rmtree(other.data / "archive")
    for place, row in ((one, "Aland,2022,75,27,synthetic,A\n"), (other, "Borduria,2022,71,31,synthetic,A\n")):
        place.write("inbox/country_statistics/both.csv", HEADER + "Cordonia,2022,70,39,synthetic,A\n")
        place.write(f"inbox/country_statistics/of_{place.data.name}.csv", HEADER + row)
    at_once = [place.start("run") for place in (one, other)]
    assert [process.wait() for process in at_once] == [0, 0]
    contents = [name.rsplit("/", 1)[-1].split(".")[0] for name in files().find(f"{SHARED}/receipts")]
    assert len(contents) == len(set(contents)) == 4

    ended = [place.run() for place in (one, other, empty)]
    assert len({told["content_digest"] for told in ended}) == 1
    for told in ended:
        assert len(told["files"]) == 4
        for file in told["files"]:
            assert file["rows_read"] == file["rows_accepted"] + file["rows_aggregate"] + file["rows_rejected"]
    assert not one.run()["had_work"]

    damaged = files().find(f"{SHARED}/archive")[0]
    files().pipe_file(damaged, b"other bytes")
    (empty.data / "archive" / damaged.split("archive/")[1]).unlink()
    empty.write("settings.yml", f"limits: {{columns: 99}}\nstorage: {{store: {STORE}}}\n")
    assert_told(empty, "run", 1, "gone or damaged")
