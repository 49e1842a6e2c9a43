"""The archive: every byte that arrived is kept once, under its hash, whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import time
from pathlib import Path

import pytest

from assets.core.files import hash_file
from assets.core.inbox_files import EntryChangedError, EntryUnreadableError
from assets.core.paths import Paths
from assets.core.settings import Limits
from assets.intake.receipts.archive import InboxFile, archive_file, scan_inbox
from tests.unit.conftest import LIMITS


def test_bytes_are_kept_under_their_hash_and_cannot_be_written(tmp_path: Path) -> None:
    content = bytes(range(256)) * 9000  # more than one block
    sha256, size = archive_file(io.BytesIO(content), Paths(tmp_path))
    kept = Paths(tmp_path).archived(sha256)
    assert (sha256, size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert kept.read_bytes() == content
    assert kept.stat().st_mode & 0o222 == 0


def test_bytes_that_are_kept_are_not_written_again(tmp_path: Path) -> None:
    sha256, _ = archive_file(io.BytesIO(b"x"), Paths(tmp_path))
    kept = Paths(tmp_path).archived(sha256)
    before = kept.stat()
    assert archive_file(io.BytesIO(b"x"), Paths(tmp_path)) == (sha256, 1)
    assert (kept.stat().st_ino, kept.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [file for file in (tmp_path / "archive").rglob("*") if file.is_file()] == [kept]


class FaultyDisk(io.RawIOBase):
    """A file whose disk fails after the first block."""

    def __init__(self) -> None:
        self._blocks = iter([b"x" * 100])

    def read(self, _size: int = -1) -> bytes:
        if (block := next(self._blocks, None)) is None:
            raise OSError(errno.EIO, "Input/output error")
        return block


def test_a_file_that_cannot_be_read_to_its_end_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(EntryUnreadableError):
        archive_file(FaultyDisk(), Paths(tmp_path))  # type: ignore[arg-type]
    assert list((tmp_path / "archive").iterdir()) == []


class Endless(io.RawIOBase):
    """A file to which its sender appends faster than it is read."""

    def read(self, _size: int = -1) -> bytes:
        return b"x" * 1000


def test_a_file_that_never_stops_growing_is_left_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(EntryChangedError):
        archive_file(Endless(), Paths(tmp_path), 5000)  # type: ignore[arg-type]
    assert list((tmp_path / "archive").iterdir()) == []


def test_a_file_of_zeros_takes_no_space_and_keeps_its_bytes(tmp_path: Path) -> None:
    for size in (50 << 20, (50 << 20) + 1):
        with (tmp_path / "sent").open("w+b") as sent:
            sent.write(b"x")
            sent.truncate(size)
            sent.seek(0)
            sha256, archived = archive_file(sent, Paths(tmp_path))
        status = Paths(tmp_path).archived(sha256).stat()
        assert (status.st_size, archived) == (size, size)
        assert hash_file(Paths(tmp_path).archived(sha256)) == sha256
        assert status.st_blocks * 512 < 8 << 20


def test_files_of_all_depths_arrive_in_order_of_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "inbox" / "parks"
    for name in ("b.csv", "2024/a.csv", "a.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    names = [arrival.name for arrival in scan_inbox(Paths(tmp_path), "parks", LIMITS)]
    assert names == ["parks/2024/a.csv", "parks/a.csv", "parks/b.csv"]


@pytest.mark.parametrize("name", [".a.csv", "~$a.csv", ".old/a.csv", "~$old/a.csv"])
def test_hidden_and_lock_files_are_passed_over(tmp_path: Path, name: str) -> None:
    file = tmp_path / "inbox" / "parks" / name
    file.parent.mkdir(parents=True)
    file.write_text("x")
    assert list(scan_inbox(Paths(tmp_path), "parks", LIMITS)) == []
    assert not (tmp_path / "archive").exists()


def test_a_link_is_reported_and_what_it_points_to_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "a.csv").write_text("secret")
    folder = tmp_path / "inbox" / "parks"
    folder.mkdir(parents=True)
    (folder / "file.csv").symlink_to(tmp_path / "secrets" / "a.csv")
    (folder / "folder").symlink_to(tmp_path / "secrets")
    (folder / "gone.csv").symlink_to(tmp_path / "gone.csv")
    arrived = list(scan_inbox(Paths(tmp_path), "parks", LIMITS))
    assert [(arrival.name, arrival.size, arrival.refusal) for arrival in arrived] == [
        ("parks/file.csv", 0, "file_is_link"),
        ("parks/folder", 0, "file_is_link"),
        ("parks/gone.csv", 0, "file_is_link"),
    ]
    assert not (tmp_path / "archive").exists()


def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.csv").write_text("x")
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "parks").symlink_to(tmp_path / "elsewhere")
    (arrived,) = scan_inbox(Paths(tmp_path), "parks", LIMITS)
    assert (arrived.name, arrived.refusal) == ("parks", "file_is_link")


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert list(scan_inbox(Paths(tmp_path), "parks", LIMITS)) == []


def test_a_single_file_of_the_inbox_arrives(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "lost.csv").write_text("x")
    sha256 = hashlib.sha256(b"x").hexdigest()
    assert list(scan_inbox(Paths(tmp_path), "lost.csv", LIMITS)) == [InboxFile("lost.csv", sha256, 1)]


@pytest.mark.parametrize("name", ["a.csv.part", "a.xlsx.crdownload", "a.CSV.TMP", "a.csv~", "a.download", "a.partial"])
def test_a_download_that_is_not_finished_is_passed_over(tmp_path: Path, name: str) -> None:
    (tmp_path / "inbox" / "parks").mkdir(parents=True)
    (tmp_path / "inbox" / "parks" / name).write_text("x")
    assert list(scan_inbox(Paths(tmp_path), "parks", LIMITS)) == []


def test_a_file_above_the_limit_is_reported_and_not_kept(tmp_path: Path) -> None:
    (tmp_path / "inbox" / "parks").mkdir(parents=True)
    for name, size in (("big.csv", 11), ("small.csv", 10)):
        (tmp_path / "inbox" / "parks" / name).write_bytes(b"x" * size)
    limits = Limits(file_bytes=10, still_written_seconds=0)
    arrived = list(scan_inbox(Paths(tmp_path), "parks", limits))
    assert [(arrival.name, arrival.size, arrival.refusal) for arrival in arrived] == [
        ("parks/big.csv", 11, "file_too_large"),
        ("parks/small.csv", 10, None),
    ]
    kept = [file.read_bytes() for file in (tmp_path / "archive").rglob("*") if file.is_file()]
    assert kept == [b"x" * 10]


def test_a_file_that_was_just_written_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "inbox" / "parks").mkdir(parents=True)
    file = tmp_path / "inbox" / "parks" / "a.csv"
    file.write_text("x")
    limits = Limits(still_written_seconds=0.2)
    (arrived,) = scan_inbox(Paths(tmp_path), "parks", limits)
    assert (arrived.name, time.time() - file.stat().st_mtime >= 0.2) == ("parks/a.csv", True)


def test_a_file_that_changes_while_it_is_kept_is_left_for_the_next_run(tmp_path: Path) -> None:
    (tmp_path / "inbox" / "parks").mkdir(parents=True)
    for name in ("a.csv", "b.csv"):
        (tmp_path / "inbox" / "parks" / name).write_text("x")
        os.utime(tmp_path / "inbox" / "parks" / name, (1, 1))
    arrived = scan_inbox(Paths(tmp_path), "parks", Limits(still_written_seconds=600))
    assert next(arrived).name == "parks/a.csv"
    (tmp_path / "inbox" / "parks" / "b.csv").write_text("xy")
    assert list(arrived) == []


def test_a_file_of_tomorrow_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "inbox" / "parks").mkdir(parents=True)
    (tmp_path / "inbox" / "parks" / "a.csv").write_text("x")
    ahead = time.time() + 86_400
    os.utime(tmp_path / "inbox" / "parks" / "a.csv", (ahead, ahead))
    (arrived,) = scan_inbox(Paths(tmp_path), "parks", Limits(still_written_seconds=600))
    assert arrived.name == "parks/a.csv"
