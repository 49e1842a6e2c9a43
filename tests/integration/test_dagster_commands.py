"""Dagster's own commands, for real, in a copy of the checkout and without any variable of the project."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from assets.core.paths import DATA_DIR_VARIABLE, PROJECT_ROOT
from pipelines.orchestration.instance import AUTOMATIC_VARIABLE, HOME_VARIABLE
from tests.builders.data_directories import TRACKED, wait_until

DAGSTER = Path(sys.executable).with_name("dagster")
COPIED = ("assets", "pipelines", "sql", "dagster.yaml", "pyproject.toml")
STATES = """
{ repositoriesOrError { ... on RepositoryConnection { nodes {
    schedules { name scheduleState { status } } sensors { name sensorState { status } } } } } }
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    for name in COPIED:
        source = PROJECT_ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    for name in TRACKED:
        shutil.copytree(PROJECT_ROOT / "data" / name, folder / "data" / name)
    return folder


def environment(checkout: Path, **variables: str) -> dict[str, str]:
    own = (DATA_DIR_VARIABLE, HOME_VARIABLE, AUTOMATIC_VARIABLE)
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return {**kept, "PYTHONPATH": str(checkout), **variables}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["definitions", "validate"], "All code locations passed validation"),
        (["job", "list"], "Job: refresh"),
        (["asset", "materialize", "-m", "pipelines.definitions", "--select", "group:reference"], "RUN_SUCCESS"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_a_command_works(checkout: Path, arguments: list[str], expected: str) -> None:
    done = subprocess.run(
        [DAGSTER, *arguments], cwd=checkout, env=environment(checkout), capture_output=True, text=True, check=False
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert expected in output
    assert "Traceback" not in output
    if arguments[0] == "asset":
        database = checkout / "data" / "state" / "dagster" / "history" / "runs.db"
        with contextlib.closing(sqlite3.connect(database)) as connection:
            assert connection.execute("select status from runs").fetchall() == [("SUCCESS",)]


@pytest.mark.parametrize("has_home", [False, True], ids=["without a home", "in DAGSTER_HOME=$PWD"])
def test_dagster_dev_answers_with_everything_stopped(checkout: Path, has_home: bool, tmp_path: Path) -> None:
    variables = {HOME_VARIABLE: str(checkout)} if has_home else {}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path / "dev.log"
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [DAGSTER, "dev", "--port", str(port)],
            cwd=checkout,
            env=environment(checkout, **variables),
            stdout=stream,
            stderr=stream,
            # A group of its own, so that no process of it is left behind where the test fails.
            start_new_session=True,
            # A shell that starts tests in the background makes them ignore the signal that ends the server.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def states() -> dict[str, str]:
        assert server.poll() is None, log.read_text("utf-8")
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/graphql",
            json.dumps({"query": STATES}).encode(),
            {"Content-Type": "application/json"},
        )
        with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=20) as answer:
            (repository,) = json.load(answer)["data"]["repositoriesOrError"]["nodes"]
            return {
                entry["name"]: entry[f"{kind}State"]["status"]
                for kind in ("schedule", "sensor")
                for entry in repository[f"{kind}s"]
            }
        return {}

    try:
        assert wait_until(states, 120), log.read_text("utf-8")
        assert states() == dict.fromkeys(["nightly", "monthly", "pruning", "inbox", "run_failures"], "STOPPED")
        server.send_signal(signal.SIGINT)
        server.wait(60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    assert "Traceback" not in log.read_text("utf-8")
