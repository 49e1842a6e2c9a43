"""The program works where Python has no POSIX modules, no symbolic links and no fork, as on Windows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assets.core.paths import PROJECT_ROOT, Paths
from assets.release.publish.current import find_current_folder
from tests.builders.data_directories import FIXTURES

BLOCKER = Path(__file__).parent / "without_posix"


def call(data: Path, *arguments: str, exit_code: int = 0) -> str:
    path = os.pathsep.join([str(BLOCKER), str(PROJECT_ROOT)])
    environment = {**os.environ, "PYTHONPATH": path, "GANCHENG_DATA_DIR": str(data), "COLUMNS": "200"}
    command = [sys.executable, "-m", "pipelines.cli", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == exit_code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("windows") / "data"
    shutil.copytree(FIXTURES / "countries", folder)
    call(folder, "run")
    return folder


def current_folder(data: Path) -> Path:
    folder = find_current_folder(Paths(data))
    assert folder is not None
    return folder


def test_the_current_release_is_a_file_with_its_name(data: Path) -> None:
    paths = Paths(data)
    assert paths.current_release.is_file()
    assert not paths.current_release.is_symlink()
    assert (current_folder(data) / "MANIFEST.json").is_file()
    assert "files match the manifest" in call(data, "verify")
    assert call(data, "doctor").strip() == "All is well"


def test_another_run_moves_the_pointer_and_prune_keeps_its_release(data: Path) -> None:
    first = current_folder(data).name
    file = data / "reference" / "cities.csv"
    file.write_bytes(file.read_bytes().replace(b"Aland", b"Oland"))
    call(data, "run")
    second = current_folder(data).name
    assert first != second
    assert first in call(data, "releases")
    call(data, "prune", "--keep", "0")
    assert [folder.name for folder in Paths(data).releases.iterdir() if folder.is_dir()] == [second]
    assert second in call(data, "verify", "current")
