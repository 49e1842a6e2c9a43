"""A data directory of a test and the real command on it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.core.paths import PROJECT_ROOT, Paths
from assets.release.read.reader import Release, find_current_release

FIXTURES = PROJECT_ROOT / "tests" / "fixtures"
TRACKED = ("reference", "contracts", "corrections", "inbox")


@dataclass(frozen=True)
class Place:
    """A data directory and the command on it."""

    data: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "GANCHENG_DATA_DIR": str(self.data), "COLUMNS": "200", "GANCHENG_LANG": "en"}

    @property
    def command(self) -> list[str]:
        return [str(Path(sys.executable).parent / "gancheng")]

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command, *arguments],
            cwd=PROJECT_ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self.command, *arguments],
            cwd=PROJECT_ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self) -> dict[str, Any]:
        done = self.call("run", "--json")
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def release(self) -> Release:
        release = find_current_release(Paths(self.data))
        assert release is not None
        return release

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        return self.release().rows(sql, parameters)

    def write(self, path: str, text: str) -> Path:
        file = self.data / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file


def copy_of(place: Place, target: Path) -> Place:
    """A data directory as a run left it, to be changed: the run need not be made again."""
    shutil.copytree(place.data, target, symlinks=True)
    return Place(target)


def copy_countries(target: Path) -> Place:
    """Three countries with synthetic figures: another domain, and quick."""
    shutil.copytree(FIXTURES / "countries", target)
    return Place(target)


def copy_province(target: Path) -> Place:
    """The tables, contracts and figures that the project ships."""
    for name in TRACKED:
        source = PROJECT_ROOT / "data" / name
        if source.is_dir():
            shutil.copytree(source, target / name)
    return Place(target)


def wait_until(condition: Any, seconds: float) -> bool:
    """Whether the condition came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False
