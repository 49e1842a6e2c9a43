"""A process measured by the system: wall and processor seconds, peak memory, bytes written to the disk.

Not here: what is run and what is made of it (benchmarks.suite).
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assets.core.paths import PROJECT_ROOT

_BLOCK = 512
FLOOR, RUN, AGAIN, SCORES = "floor", "run", "again", "scores"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process and those it started cost; the peak is that of the largest of them."""

    seconds: float
    processor: float
    peak_bytes: int
    written_bytes: int


@dataclass(frozen=True, slots=True)
class Round:
    """One round of the suite: the cost of each part and peer, and the seconds of each stage of the whole run."""

    costs: Mapping[str, Cost]
    stages: Mapping[str, float]

    def times(self, seconds: float) -> float:
        return seconds / self.costs[FLOOR].seconds


def measure(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run a command to its end; RuntimeError with what it said last where it failed."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=PROJECT_ROOT, env={**os.environ, **environment}, stdout=said, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            last = said.read().decode(errors="replace")[-3000:]
            raise RuntimeError(f"{' '.join(map(str, command))}\n{last}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, usage.ru_oublock * _BLOCK)


def machine() -> str:
    """Processor, its number and the memory, for the reader of a table."""
    names = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores of {names[0] if names else 'an unnamed processor'}, {memory:.0f} GiB"
