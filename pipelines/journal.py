"""The journal of runs: what happened when and how long it took, one JSON object a line, a file a day.

Here: writing it, and keeping it short. Not here: what a run makes, and Dagster's own record of events, which has more
and is for its pages. No line holds a figure, an address of a channel or a text of an error of ours.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from assets.paths import Paths

KEPT_DAYS = 90


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of one data directory. That a line cannot be written never ends a run."""

    paths: Paths

    @property
    def folder(self) -> Path:
        return self.paths.state / "logs"

    def write(self, event: str, **facts: str | float | bool | None) -> None:
        """Add a line: the time, the event, and what there is to say of it."""
        now = datetime.now(UTC)
        line = json.dumps({"at": now.isoformat(timespec="milliseconds"), "event": event, **facts}, ensure_ascii=False)
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            # One short write at the end of the file: lines of two programs do not mix.
            with (self.folder / f"{now:%Y-%m-%d}.jsonl").open("a", encoding="utf-8") as stream:
                stream.write(f"{line}\n")

    def prune(self, keep: int = KEPT_DAYS) -> None:
        """Take away the oldest days beyond those that are kept."""
        with suppress(OSError):
            for file in sorted(self.folder.glob("????-??-??.jsonl"))[:-keep]:
                file.unlink(missing_ok=True)
