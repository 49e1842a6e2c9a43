"""Watching the inbox: whether it holds something new that has stopped growing.

Here: one look, told by what the looks before it saw; without Dagster. Not here: how often it is looked, and what is
started then (pipelines.orchestration.triggers). As long as names, sizes and times are those of the last look, no file
is opened.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from assets.core.paths import Paths
from assets.release.publish.fingerprint import changed_fingerprint


@dataclass(frozen=True, slots=True)
class Cursor:
    """What earlier looks saw: the last listing of the inbox, and the one that was dealt with last."""

    listing: str = ""
    dealt_with: str = ""

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        try:
            return cls(**json.loads(text or "{}"))
        except (ValueError, TypeError):
            return cls()

    def write(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class PollResult:
    """What one look led to: the digest of what a run would be made from, or why there is nothing to start."""

    seen: Cursor
    inputs: str | None = None
    reason: str = ""


def poll_inbox(paths: Paths, seen: Cursor, still_seconds: float) -> PollResult:
    """Look at the inbox: something new is dealt with once, after two looks that saw the same and no fresh file.

    A file with a time in the future has no age: there two equal looks alone decide.
    """
    files = list(_files(paths.inbox))
    listing = hashlib.sha256(json.dumps(files).encode()).hexdigest()
    if listing == seen.dealt_with:
        return PollResult(Cursor(listing, listing), reason="nothing new in the inbox")
    now = time.time_ns()
    is_fresh = any(0 <= now - changed < still_seconds * 1e9 for _, _, changed in files)
    if listing != seen.listing or is_fresh:
        return PollResult(Cursor(listing, seen.dealt_with), reason="files are still arriving")
    inputs = changed_fingerprint(paths)
    return PollResult(Cursor(listing, listing), inputs, "" if inputs else "a run has taken it in already")


def _files(inbox: Path) -> Iterator[tuple[str, int, int]]:
    """Name, size and time of every file that a run would look at."""
    for file in sorted(inbox.rglob("*")):
        name = file.relative_to(inbox)
        if any(part.startswith((".", "~$")) for part in name.parts):
            continue
        try:
            told = file.lstat()
        except FileNotFoundError:
            continue  # gone since it was listed: the next look sees another listing
        if not file.is_dir():
            yield name.as_posix(), told.st_size, told.st_mtime_ns
