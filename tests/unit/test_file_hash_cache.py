"""A file of the inbox that did not change is not read again, and one that did is, whatever its name, size and date."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from assets.core import file_hash_cache
from assets.core.file_hash_cache import FileHashCache
from assets.core.paths import Paths
from assets.core.sealed import read_sealed
from assets.intake.receipts import archive
from assets.intake.receipts.archive import InboxFile, scan_inbox
from assets.release.publish import fingerprint
from tests.unit.conftest import LIMITS


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that lies in the inbox for as long as it takes to be sure of it: no time at all."""
    monkeypatch.setattr(file_hash_cache, "_SETTLED_SECONDS", -1.0)
    made = tmp_path / "inbox" / "parks" / "a.csv"
    made.parent.mkdir(parents=True)
    made.write_text("one")
    return made


def look(tmp_path: Path) -> list[InboxFile]:
    note = FileHashCache(Paths(tmp_path).file_hashes / "parks.json")
    return list(scan_inbox(Paths(tmp_path), "parks", LIMITS, note))


def never(*_: object) -> None:
    raise AssertionError("it was read again")


def test_a_file_as_it_was_is_not_read_again(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = look(tmp_path)
    monkeypatch.setattr(archive, "archive_file", never)
    assert look(tmp_path) == first
    assert look(tmp_path) == first


def test_other_content_of_the_same_size_and_date_is_read(tmp_path: Path, file: Path) -> None:
    (first,) = look(tmp_path)
    dates = file.stat()
    time.sleep(0.01)
    file.write_text("two")
    os.utime(file, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (dates.st_size, dates.st_mtime_ns)
    (second,) = look(tmp_path)
    assert second.sha256 != first.sha256
    assert Paths(tmp_path).archived(second.sha256).read_text() == "two"


def test_another_file_put_in_its_place_is_read(tmp_path: Path, file: Path) -> None:
    (first,) = look(tmp_path)
    other = file.with_name(".other")
    other.write_text("two")
    dates = file.stat()
    os.utime(other, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    other.rename(file)
    (second,) = look(tmp_path)
    assert second.sha256 != first.sha256


def test_a_file_whose_bytes_are_no_longer_kept_is_kept_again(tmp_path: Path, file: Path) -> None:
    (first,) = look(tmp_path)
    Paths(tmp_path).archived(first.sha256).unlink()
    assert look(tmp_path) == [first]
    assert Paths(tmp_path).archived(first.sha256).read_text() == "one"


@pytest.mark.parametrize(
    "note", ["", "[1]", "{", '{"parks/a.csv": []}', '{"parks/a.csv": ["x"]}', '{"parks/a.csv": 1}']
)
def test_a_note_that_says_nothing_useful_does_no_harm(tmp_path: Path, file: Path, note: str) -> None:
    first = look(tmp_path)
    (Paths(tmp_path).file_hashes / "parks.json").write_text(note)
    assert look(tmp_path) == first


def test_a_file_that_was_changed_a_moment_ago_is_read_once_more(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_hash_cache, "_SETTLED_SECONDS", 600.0)
    first = look(tmp_path)
    assert not Paths(tmp_path).file_hashes.exists()
    assert look(tmp_path) == first


def test_what_is_gone_is_forgotten(tmp_path: Path, file: Path) -> None:
    look(tmp_path)
    file.unlink()
    assert look(tmp_path) == []
    assert read_sealed(Paths(tmp_path).file_hashes / "parks.json") == {}


def test_whether_there_is_anything_new_is_told_without_reading_what_was_seen(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file.parent / "b.csv").write_text("other")
    unseen = fingerprint.compute_fingerprint(Paths(tmp_path))
    look(tmp_path)
    read: list[str] = []
    open_file = fingerprint.open_inbox_file
    monkeypatch.setattr(
        fingerprint, "open_inbox_file", lambda inbox, parts: (read.append("/".join(parts)), open_file(inbox, parts))[1]
    )
    assert fingerprint.compute_fingerprint(Paths(tmp_path)) == unseen
    assert read == []
    time.sleep(0.01)
    file.write_text("two")
    assert fingerprint.compute_fingerprint(Paths(tmp_path)) != unseen
    assert read == ["parks/a.csv"]
