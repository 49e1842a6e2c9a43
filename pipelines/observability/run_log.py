"""The run log: how every run started and ended, one JSON object a line, one file a day (UTC).

What belongs here: writing the log, finding runs without an end, deleting old days. What does not: steps and tables
while a run goes on, which are events of Dagster. This log exists beside Dagster's because a command with nothing to do
and the command after a killed run must not import Dagster, which takes seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assets.core.data_dir_version import ensure_state_dir
from assets.core.errors import UsageError
from assets.core.paths import Paths
from assets.core.text import escape_control

KEPT_DAYS = 90
# The jobs, as the run log and Dagster (pipelines.orchestration.jobs) name them.
REFRESH, INTAKE, RELEASE, PRUNE = "refresh", "intake", "release", "prune"
# The ends of a run. `stopped`: interrupted, or its resources failed. `killed`: written by a later process.
FINISHED, FAILED, STOPPED, KILLED = "ended", "failed", "stopped", "killed"
ENDS = (FINISHED, FAILED, STOPPED, KILLED)
STARTED = "began"
_DAYS = "????-??-??.jsonl"

LogRecord = dict[str, Any]
Fact = str | float | bool | Sequence[Mapping[str, str | float]] | None


@dataclass(frozen=True, slots=True)
class RunLog:
    """The run log of one data directory. A record that cannot be written never stops a run."""

    paths: Paths

    @property
    def folder(self) -> Path:
        return self.paths.state / "logs"

    def write(self, event: str, **facts: Fact) -> None:
        """Append a record: the time, the event, and its facts."""
        now = datetime.now(UTC)
        line = json.dumps({"at": now.isoformat(timespec="milliseconds"), "event": event, **facts}, ensure_ascii=False)
        with suppress(OSError, UsageError):
            ensure_state_dir(self.paths)
            self.folder.mkdir(exist_ok=True)
            # One short write in append mode: records of two processes do not mix.
            with (self.folder / f"{now:%Y-%m-%d}.jsonl").open("a", encoding="utf-8") as stream:
                stream.write(f"{escape_control(line, keep='')}\n")

    def read(self, *values: str) -> Iterator[LogRecord]:
        """Yield the records in which one of these values occurs, oldest day first; every record without values.

        A line that is not a JSON object, such as half a line after a power cut, is skipped.
        """
        quoted = [json.dumps(value, ensure_ascii=False) for value in values]
        for file in sorted(self.folder.glob(_DAYS)):
            with suppress(OSError), file.open(encoding="utf-8", errors="replace") as stream:
                for text in stream:
                    if not quoted or any(value in text for value in quoted):
                        with suppress(ValueError, RecursionError):
                            record = json.loads(text)
                            if isinstance(record, dict):
                                yield record

    def final_status(self, run_id: str) -> str | None:
        """Return the event with which a run ended; `began` where it has no end, None where it never started."""
        events = [record.get("event") for record in self.read(run_id) if record.get("run_id") == run_id]
        return next((event for event in (*ENDS, STARTED) if event in events), None)

    def unfinished_runs(self) -> list[LogRecord]:
        """Return the start records of the runs without an end."""
        records = list(self.read(STARTED, *ENDS))
        ended = {record.get("run_id") for record in records if record.get("event") in ENDS}
        # Records of older versions name no job, and not every end of theirs names its run.
        starts = (record for record in records if record.get("event") == STARTED and "job" in record)
        return [record for record in starts if record.get("run_id") not in ended]

    def prune(self, keep: int = KEPT_DAYS) -> None:
        """Delete the oldest days beyond the number to keep."""
        with suppress(OSError):
            for file in sorted(self.folder.glob(_DAYS))[:-keep]:
                file.unlink(missing_ok=True)
