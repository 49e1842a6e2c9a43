"""A served data directory of a test: the real daemon and web server, looking often, and stopped at the end."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from assets.core.paths import PROJECT_ROOT
from tests.builders.data_directories import Place, wait_until

OFTEN = "schedules: {inbox: {every_seconds: 1, still_seconds: 0}}\n"
# What is waited for is seconds on a quiet machine.
PATIENCE = 240
# A run that lost its process is noticed within seconds instead of minutes.
QUICK = {
    "run_launcher": {
        "module": "pipelines.orchestration.dagster_internals.run_launcher",
        "class": "LocalRunLauncher",
        "config": {"grace_seconds": 5},
    },
    "run_monitoring": {"enabled": True, "poll_interval_seconds": 2, "start_timeout_seconds": 300},
}


@dataclass
class Served:
    """The processes over one data directory."""

    place: Place
    process: subprocess.Popen[bytes]
    log: Path
    port: int
    pids: dict[str, int] = field(default_factory=dict)

    def is_ready(self) -> bool:
        """Whether it has said where it is."""
        assert self.process.poll() is None, self.log.read_text("utf-8")
        told = re.search(r"\(daemon (\d+), webserver (\d+)\)", self.log.read_text("utf-8"))
        if told:
            self.pids = {"daemon": int(told[1]), "webserver": int(told[2])}
        return told is not None

    @property
    def link(self) -> str:
        """The address that lets a browser change something."""
        (link,) = re.findall(r"http://\S*token=\S+", self.log.read_text("utf-8"))
        return str(link)

    def page(self) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/server_info", timeout=10) as answer:
            return int(answer.status)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def home(folder: Path, **changed: object) -> Path:
    """A folder with the settings of dagster.yaml, some of them changed."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text("utf-8"))
    (folder / "dagster.yaml").write_text(yaml.safe_dump({**settings, **changed}), "utf-8")
    return folder


@contextmanager
def served(place: Place, *arguments: str, **environment: str) -> Iterator[Served]:
    """Serve a place on a free port until the block ends, with more arguments and variables."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = place.data.parent / "serve.log"
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [*place.command, "serve", "--port", str(port), "--lang", "en", *arguments],
            cwd=PROJECT_ROOT,
            env={**place.environment, **environment},
            stdout=stream,
            stderr=stream,
        )
    one = Served(place, process, log, port)
    try:
        yield one
    finally:
        if process.poll() is None:
            one.stop()
        for pid in one.pids.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def runs(place: Place) -> list[tuple[str, str]]:
    """Every run that Dagster remembers, the oldest first: job and status."""
    database = place.data / "state" / "dagster" / "history" / "runs.db"
    if not database.exists():
        return []
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            return connection.execute("select pipeline_name, status from runs order by id").fetchall()
        except sqlite3.OperationalError:
            return []


def wait_for_runs(place: Place, statuses: list[str]) -> None:
    """Wait until the runs have come to these ends."""
    assert wait_until(lambda: [status for _, status in runs(place)] == statuses, PATIENCE), runs(place)
    time.sleep(0.1)
