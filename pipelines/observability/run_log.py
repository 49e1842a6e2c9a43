"""The journal of runs: what happened when and how long it took, one JSON object a line, a file a day.

Here: writing it, reading of it how runs ended, and keeping it short. Not here: what a run makes, and Dagster's own
record of events, which has more and is for its pages. No line holds a figure, an address of a channel or a text of an
error of ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assets.core.paths import Paths

KEPT_DAYS = 90
# How a run may end. One that stopped was told to, or could not begin its work; one that was killed could not say so.
FINISHED, FAILED, STOPPED, KILLED = "ended", "failed", "stopped", "killed"
ENDS = (FINISHED, FAILED, STOPPED, KILLED)
STARTED = "began"
_DAYS = "????-??-??.jsonl"

LogRecord = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunLog:
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

    def read(self, *words: str) -> Iterator[LogRecord]:
        """The lines in which one of these words stands as a value, the earliest day first; all lines without any.

        What is no line of ours, half of one that a power cut left, is passed over.
        """
        wanted = [json.dumps(word, ensure_ascii=False) for word in words]
        for file in sorted(self.folder.glob(_DAYS)):
            with suppress(OSError), file.open(encoding="utf-8", errors="replace") as stream:
                for text in stream:
                    if not wanted or any(word in text for word in wanted):
                        with suppress(ValueError):
                            line = json.loads(text)
                            if isinstance(line, dict):
                                yield line

    def final_status(self, run_id: str) -> str | None:
        """The event with which a run ended; `began` where none did, None where it never began."""
        events = [line.get("event") for line in self.read(run_id) if line.get("run_id") == run_id]
        return next((event for event in (*ENDS, STARTED) if event in events), None)

    def unfinished_runs(self) -> list[LogRecord]:
        """The lines with which runs began that did not say how they ended."""
        begun: dict[str, LogRecord] = {}
        ended: set[str] = set()
        for line in self.read(STARTED, *ENDS):
            run_id = str(line.get("run_id"))
            # Before a line named its job, not every end named its run.
            if line.get("event") == STARTED and "job" in line:
                begun[run_id] = line
            elif line.get("event") in ENDS:
                ended.add(run_id)
        return [line for run_id, line in begun.items() if run_id not in ended]

    def prune(self, keep: int = KEPT_DAYS) -> None:
        """Take away the oldest days beyond those that are kept."""
        with suppress(OSError):
            for file in sorted(self.folder.glob(_DAYS))[:-keep]:
                file.unlink(missing_ok=True)
