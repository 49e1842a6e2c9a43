"""A served data directory: Dagster's daemon and its page on this machine, started and stopped together.

What belongs here: the two processes and how they end. What does not: what they run (pipelines.definitions), and who
may do what on the page (.gateway). `dagster dev` would start similar processes, but lets any page of a browser change
something and does not tell which of them ended.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from assets.core.errors import Issue, UsageError
from assets.core.paths import PROJECT_ROOT, Paths
from assets.core.settings import read_settings
from assets.core.yaml_files import FILE_ERRORS, read_yaml
from pipelines.locks import is_running, server_lock
from pipelines.orchestration.gateway import HOST, LINK_PARAMETER, LINK_VARIABLE
from pipelines.orchestration.instance import AUTOMATIC_VARIABLE, HOME_VARIABLE, SETTINGS, instance_environment
from pipelines.project import load_project

_MODULE = "pipelines.definitions"
# How long the two processes may take to stop, and then a run in progress.
_STOP_SECONDS, _RUN_SECONDS = 30, 240


class ServerExitedError(Exception):
    """The daemon or the web server ended by itself."""


def serve(
    paths: Paths,
    port: int,
    on_ready: Callable[[str, str, dict[str, int]], None],
    *,
    is_automatic: bool = True,
    workspace: Path | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then wait for a run in progress: four minutes, or until the next signal.

    Args:
        paths: the data directory.
        port: the port of the web server.
        on_ready: called when the web server answers, with its address, the link for those who may change something,
            and the process ids by name.
        is_automatic: whether schedules and sensors run without a person starting them.
        workspace: a workspace file of Dagster with more definitions than those of Gancheng, which it names too.

    Raises:
        UsageError: the directory is served already, the port is taken, Dagster's storage cannot be reached, or the
            workspace file is none.
        DataError: the settings or contracts must be fixed first.
        ServerExitedError: one of the two processes ended; the other is stopped, so that systemd starts both again.
    """
    load_project(paths)
    read_settings(paths)
    if workspace is not None:
        _check_workspace(workspace)
    with server_lock(paths), _counted_signals() as count_signals:
        _check_port(port)
        environment = _environment(paths, is_automatic=is_automatic)
        _create_storage(environment)
        token = secrets.token_urlsafe()
        processes = {}
        for name, arguments in _commands(port, workspace).items():
            processes[name] = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=PROJECT_ROOT,
                env={**environment, LINK_VARIABLE: token} if name == "webserver" else environment,
                # Ctrl-C in a terminal reaches this process alone, which stops both.
                start_new_session=True,
            )
        try:
            is_ready = False
            while count_signals() == 0:
                for name, process in processes.items():
                    if process.poll() is not None:
                        raise ServerExitedError(f"{name}: exit code {process.returncode}")
                if not is_ready and _is_answering(port):
                    is_ready = True
                    address, pids = f"http://{HOST}:{port}", {name: one.pid for name, one in processes.items()}
                    on_ready(address, f"{address}/?{LINK_PARAMETER}={token}", pids)
                time.sleep(0.2)
        finally:
            _stop(list(processes.values()))
        end = time.monotonic() + _RUN_SECONDS
        while count_signals() == 1 and time.monotonic() < end and is_running(paths):
            time.sleep(0.2)


def _check_workspace(file: Path) -> None:
    if not file.is_file():
        raise UsageError(Issue("missing_file", str(file)))
    try:
        content = read_yaml(file)
    except FILE_ERRORS as error:
        raise UsageError(Issue("no_workspace", str(file))) from error
    if not isinstance(content, dict) or not isinstance(content.get("load_from"), list):
        raise UsageError(Issue("no_workspace", str(file)))


def _commands(port: int, workspace: Path | None) -> dict[str, list[str]]:
    """Return the modules of the two processes with their arguments."""
    file = [] if workspace is None else [str(workspace.absolute())]
    return {
        # It loads the definitions every minute in a process of its own, whose end it reports at the level of warnings.
        "daemon": [
            *("dagster._daemon", "run", *(("-w", *file) if file else ("-m", _MODULE))),
            *("--log-level", "warning", "--code-server-log-level", "error"),
        ],
        "webserver": ["pipelines.orchestration.web_server", str(port), *file],
    }


def _environment(paths: Paths, *, is_automatic: bool) -> dict[str, str]:
    # The first look at a large inbox reads all of it.
    timeouts = {"DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS": "300", "DAGSTER_SCHEDULE_GRPC_TIMEOUT_SECONDS": "300"}
    own = {**instance_environment(paths), AUTOMATIC_VARIABLE: str(int(is_automatic)), "PYTHONUNBUFFERED": "1"}
    return {**timeouts, **os.environ, **own}


def _create_storage(environment: dict[str, str]) -> None:
    """Create Dagster's storage before two processes open it."""
    command = [sys.executable, "-m", "dagster", "instance", "info"]
    result = subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        reason = (result.stderr.strip().splitlines() or [str(result.returncode)])[-1]
        raise UsageError(Issue("dagster_storage_unreachable", reason, f"{HOME_VARIABLE}, {SETTINGS}"))


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Stop both processes, and kill what has not ended in time. A run in progress goes on."""
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
    """Count SIGTERM and SIGINT instead of ending the process."""
    received: list[int] = []

    def count(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, count) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: len(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise UsageError(Issue("port_in_use", str(port))) from error


def _is_answering(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0
