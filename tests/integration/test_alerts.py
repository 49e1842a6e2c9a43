"""The command `gancheng alert` and a real server that receives its messages."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.core.paths import PROJECT_ROOT
from pipelines.observability import alerts
from tests.servers.alert_server import SECRET, AlertServer, serve_alerts


@pytest.fixture
def alert_server() -> Iterator[AlertServer]:
    with serve_alerts() as server:
        yield server


def gancheng(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GANCHENG_ALERT")}
    command = [str(Path(sys.executable).parent / "gancheng"), "alert", *arguments, "--lang", "en"]
    return subprocess.run(
        command,
        env=inherited | environment,
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_tests_every_channel_and_never_shows_an_address(alert_server: AlertServer) -> None:
    done = gancheng("--test", **{alerts.URLS_VARIABLE: alert_server.url})
    assert (done.returncode, done.stdout) == (0, "Messages sent: 1\n"), done.stderr
    assert "This is a test" in alert_server.messages[0]["message"]
    failed = gancheng("--test", **{alerts.URLS_VARIABLE: f"{alert_server.url} json://127.0.0.1:9/{SECRET}"})
    assert (failed.returncode, "2" in failed.stderr) == (1, True)
    assert SECRET not in failed.stdout + failed.stderr
    nothing = gancheng("--test")
    assert (nothing.returncode, alerts.URLS_VARIABLE in nothing.stderr) == (2, True)
