"""The inbox as its senders leave it: odd names, folders without end, and names that are exchanged meanwhile."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import chdir, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.core.inbox_files import (
    MAX_DEPTH,
    EntryChangedError,
    escape_path,
    is_ignored,
    list_inbox,
    open_inbox_file,
)
from assets.core.paths import Paths
from assets.intake.ingest import IngestJob, unassigned_receipts, utc_now
from assets.intake.receipts.archive import scan_inbox
from tests.builders.odd_names import ODD_NAMES, odd_names
from tests.helpers.exchanged_names import exchanging, to_folder, to_folder_link, to_link, to_pipe
from tests.helpers.hang_guard import hang_guard
from tests.helpers.proof_scale import times
from tests.unit.conftest import LIMITS

SENT = "city,date,posts,source_id,source_grade\n甲市,2026-01-01,{},book,A\n"


@given(st.lists(st.text(st.characters(exclude_characters="/\0", exclude_categories=())), min_size=2, max_size=2))
def test_the_text_of_a_path_is_printable_and_its_own(names: list[str]) -> None:
    texts = []
    for name in names:
        with suppress(UnicodeEncodeError):  # no system has such a name
            os.fsencode(name)
            texts.append((name, escape_path(("folder", name))))
    for _, text in texts:
        text.encode("utf-8")
        assert not set(text) & {*map(chr, range(32)), "\x7f", "\u202e", "\u2028"}
    if len(texts) == 2:
        assert (texts[0][0] == texts[1][0]) == (texts[0][1] == texts[1][1])


def test_bytes_of_another_system_are_escaped_and_what_can_be_read_stays() -> None:
    assert escape_path((os.fsdecode("合成".encode("gbk")), "合成 一.csv")) == r"\xbaϳ\xc9/合成 一.csv"
    assert escape_path(("\u202ea\x1b\\",)) == r"\u202ea\u001b\x5c"


def send(inbox: Path, names: list[bytes]) -> int:
    """Put a file of each name there that the file system takes, each with its own content; return how many."""
    written = 0
    for number, name in enumerate(names):
        with suppress(OSError):
            Path(os.fsdecode(os.path.join(os.fsencode(inbox / "fairs"), name))).write_text(SENT.format(number), "utf-8")
            written += 1
    return written


def test_five_hundred_odd_names_are_each_archived_by_a_name_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "inbox" / "fairs").mkdir(parents=True)
    count = send(tmp_path / "inbox", odd_names(times(600, 20_000)))
    files = list(scan_inbox(Paths(tmp_path), "fairs", LIMITS))
    ignored = [name for name in os.listdir(tmp_path / "inbox" / "fairs") if is_ignored(name)]
    assert len({file.name for file in files}) == len(files) == count - len(ignored) >= 500
    assert {file.refusal for file in files} == {None}


def test_odd_names_are_each_taken_in_or_refused_by_name(intake: IngestJob) -> None:
    send(intake.paths.inbox, ODD_NAMES)
    entries = list_inbox(intake.paths.inbox, "fairs")
    receipts = intake.ingest(utc_now())
    assert sorted(receipt.file for receipt in receipts) == sorted(entry.name for entry in entries)
    assert {receipt.status for receipt in receipts if receipt.file.endswith(".csv")} == {"read"}
    assert all(receipt.refusals for receipt in receipts if receipt.status != "read")


def test_a_folder_with_an_odd_name_is_refused_by_name(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path / "inbox"), "合成".encode("gbk"))))
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("x")
    (receipt,) = unassigned_receipts(Paths(tmp_path), ["fairs"], utc_now(), LIMITS)
    assert (receipt.dataset, receipt.file) == (r"\xbaϳ\xc9", r"\xbaϳ\xc9/a.csv")
    assert [refusal["code"] for refusal in receipt.refusals] == ["unknown_inbox_folder"]


def test_folders_without_end_are_named_and_not_entered(tmp_path: Path) -> None:
    (tmp_path / "inbox" / "parks").mkdir(parents=True)
    before = Path.cwd()
    os.chdir(tmp_path / "inbox" / "parks")
    try:
        for _ in range(3_000):
            Path("d").mkdir()
            os.chdir("d")
    finally:
        os.chdir(before)
    (entry,) = list_inbox(tmp_path / "inbox")
    assert (len(entry.parts), entry.is_folder) == (MAX_DEPTH + 1, True)
    (file,) = scan_inbox(Paths(tmp_path), "parks", LIMITS)
    assert (file.name, file.refusal) == (entry.name, "file_unreadable")
    # Beyond the depth that Python's own deletion of folders bears.
    subprocess.run(["rm", "-rf", str(tmp_path / "inbox")], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, which only root can")
def test_a_folder_that_must_not_be_read_is_refused_by_name(tmp_path: Path) -> None:
    closed = tmp_path / "inbox" / "parks" / "closed"
    closed.mkdir(parents=True)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    closed.chmod(0)
    os.seteuid(65534)
    try:
        files = list(scan_inbox(Paths(tmp_path), "parks", LIMITS))
    finally:
        os.seteuid(0)
    assert [(file.name, file.refusal) for file in files] == [("parks/closed", "file_unreadable")]


def test_a_pipe_and_a_socket_are_refused_unopened(tmp_path: Path) -> None:
    folder = tmp_path / "inbox" / "parks"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as listening, chdir(folder):
        listening.bind("socket.csv")  # from there: the address of a socket may have 107 bytes
    with hang_guard():
        files = list(scan_inbox(Paths(tmp_path), "parks", LIMITS))
    assert sorted((file.name, file.refusal) for file in files) == [
        ("parks/pipe.csv", "file_unreadable"),
        ("parks/socket.csv", "file_unreadable"),
    ]


@pytest.mark.parametrize("exchange", [to_link, to_pipe, to_folder])
def test_what_was_exchanged_since_it_was_listed_is_not_opened(
    tmp_path: Path, exchange: Callable[[Path, Path], None]
) -> None:
    file = tmp_path / "inbox" / "parks" / "a.csv"
    file.parent.mkdir(parents=True)
    file.write_text("x")
    (entry,) = list_inbox(tmp_path / "inbox")
    file.unlink()
    exchange(file, tmp_path)
    with hang_guard(), pytest.raises(EntryChangedError), open_inbox_file(tmp_path / "inbox", entry.parts):
        pass


@pytest.mark.parametrize("exchange", [to_link, to_pipe, to_folder_link])
def test_nothing_foreign_is_archived_while_names_are_exchanged(
    tmp_path: Path, exchange: Callable[[Path, Path], None]
) -> None:
    foreign, folder = tmp_path / "foreign", tmp_path / "data" / "inbox" / "parks"
    folder.mkdir(parents=True)
    foreign.mkdir()
    (foreign / "secret.csv").write_text("foreign")
    (folder / "a.csv").write_text("own")
    end, paths, looks = time.monotonic() + times(2, 60), Paths(tmp_path / "data"), 0
    with hang_guard(times(62, 120)), exchanging(folder / "a.csv", foreign, exchange):
        while time.monotonic() < end:
            list(scan_inbox(paths, "parks", LIMITS))
            looks += 1
    contents = {file.read_text() for file in paths.archive.rglob("*") if file.is_file()}
    assert looks > 0
    assert contents
    assert all(content in ("", "own") for content in contents), contents


def test_nothing_foreign_is_archived_while_a_folder_is_exchanged_for_a_link(tmp_path: Path) -> None:
    foreign, parks = tmp_path / "foreign", tmp_path / "data" / "inbox" / "parks"
    for folder, text in ((foreign, "foreign"), (parks / "office", "own")):
        folder.mkdir(parents=True)
        (folder / "a.csv").write_text(text)
    end, paths, stop = time.monotonic() + times(2, 60), Paths(tmp_path / "data"), threading.Event()

    def swap() -> None:
        while not stop.is_set():
            (parks / "office").rename(parks / ".aside")
            (parks / "office").symlink_to(foreign)
            (parks / "office").unlink()
            (parks / ".aside").rename(parks / "office")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        while time.monotonic() < end:
            list(scan_inbox(paths, "parks", LIMITS))
    finally:
        stop.set()
        thread.join()
    assert {file.read_text() for file in paths.archive.rglob("*") if file.is_file()} == {"own"}
