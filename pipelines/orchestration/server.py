"""Serving a data directory: Dagster's daemon and its web server on this machine alone, started and stopped together.

Here: the two processes, where they are, and how they end. Not here: what they run (pipelines.definitions) and when
(pipelines.orchestration.triggers). Neither asks who one is: to others only behind a proxy that does
(docs/operations.md).
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from assets.core.errors import Issue, UsageError
from assets.core.paths import DATA_DIR_VARIABLE, PROJECT_ROOT, Paths
from pipelines.locks import is_running, server_lock
from pipelines.orchestration.instance import HOME_VARIABLE, SETTINGS, open_private_instance, set_up_instance
from pipelines.project import load_project
from pipelines.schedule_settings import read_schedule_settings

HOST = "127.0.0.1"
_MODULE = "pipelines.definitions"
# What the two processes may take to end, and then a run that is under way.
_STOP_SECONDS, _RUN_SECONDS = 30, 240


@dataclass(frozen=True, slots=True)
class RunningServer:
    """Where it is: the address of the web server, and the processes."""

    address: str
    processes: dict[str, int]


class ServerExitedError(Exception):
    """The daemon or the web server ended by itself; a fault of ours or of the machine."""


def serve(paths: Paths, port: int, ready: Callable[[RunningServer], None]) -> None:
    """Serve until SIGTERM or SIGINT. `ready` is told once the web server answers.

    A run that is under way is waited for at the end, a few minutes at the most or until told again.
    WrongCall where the directory is served already or the port is taken, Stopped where its settings cannot be read,
    ServerDied where one of the two processes ends: the other is then stopped, so that whoever watches starts anew.
    """
    load_project(paths)
    read_schedule_settings(paths)
    with server_lock(paths), _counted_signals() as times_told:
        _need_free(port)
        environment = _environment(paths)
        _make_storage(paths, environment)
        commands = {
            # It loads the definitions anew every minute, in a process of its own that is quick to warn of its end.
            "daemon": [
                *("-m", "dagster._daemon", "run", "-m", _MODULE),
                *("--log-level", "warning", "--code-server-log-level", "error"),
            ],
            "webserver": [
                *("-m", "dagster_webserver", "-m", _MODULE, "-h", HOST, "-p", str(port)),
                *("--dagster-log-level", "warning", "--code-server-log-level", "warning"),
            ],
        }
        processes = {name: _start(command, environment) for name, command in commands.items()}
        try:
            is_ready = False
            while times_told() == 0:
                for name, process in processes.items():
                    if process.poll() is not None:
                        raise ServerExitedError(f"{name}: exit code {process.returncode}")
                if not is_ready and _answers(port):
                    is_ready = True
                    pids = {name: process.pid for name, process in processes.items()}
                    ready(RunningServer(f"http://{HOST}:{port}", pids))
                time.sleep(0.2)
        finally:
            _stop(list(processes.values()))
        end = time.monotonic() + _RUN_SECONDS
        while times_told() == 1 and time.monotonic() < end and is_running(paths):
            time.sleep(0.2)


def _environment(paths: Paths) -> dict[str, str]:
    set_up_instance(paths)
    said = {**os.environ, DATA_DIR_VARIABLE: str(paths.data), "PYTHONUNBUFFERED": "1"}
    # A look at a large inbox reads all of it once.
    return {"DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS": "300", "DAGSTER_SCHEDULE_GRPC_TIMEOUT_SECONDS": "300", **said}


def _make_storage(paths: Paths, environment: dict[str, str]) -> None:
    """Dagster's storage is there before two processes open it."""
    command = [sys.executable, "-m", "dagster", "instance", "info"]
    with open_private_instance(paths):
        done = subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        told = (done.stderr.strip().splitlines() or [str(done.returncode)])[-1]
        raise UsageError(Issue("storage_unreachable", told, f"{HOME_VARIABLE}, {SETTINGS}"))


def _start(command: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    # In a session of its own: Ctrl-C of a terminal reaches us alone, and we stop both in order.
    return subprocess.Popen([sys.executable, *command], cwd=PROJECT_ROOT, env=environment, start_new_session=True)


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask both to end, and end what has not after a while. A run that is under way goes on."""
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    end = time.monotonic() + _STOP_SECONDS
    for process in processes:
        try:
            process.wait(max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _counted_signals() -> Iterator[Callable[[], int]]:
    """How many times the system or a person has told us to stop."""
    told: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        told.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: len(told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _need_free(port: int) -> None:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError as error:
            raise UsageError(Issue("port_taken", str(port))) from error


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        tried.settimeout(0.5)
        return tried.connect_ex((HOST, port)) == 0
