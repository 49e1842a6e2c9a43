"""The bundle has what a system needs, whichever system makes it; its scripts check and ask no registry."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from assets.core.files import hash_file
from assets.core.paths import PROJECT_ROOT
from deploy.bundle.make_bundle import SYSTEMS, select_requirements

FOLDER = PROJECT_ROOT / "deploy" / "bundle"


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_each_package_is_there_once_with_its_hashes(system: str, python: str) -> None:
    entries = list(select_requirements(system, python))
    names = [entry.split("==")[0] for entry in entries]
    assert len(names) == len(set(names))
    assert {"dagster", "duckdb", "numpy", "filelock", "hatchling"} <= set(names)
    assert ("uvloop" in names) == (system == "linux")
    assert ("pywin32" in names) == (system == "windows")
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)
    assert not [entry for entry in entries if ";" in entry]


def test_the_scripts_ask_no_registry_and_check_what_they_install() -> None:
    for name in ("install.sh", "install.cmd"):
        text = (FOLDER / name).read_text(encoding="utf-8")
        installs = [command for command in re.split(r"(?<!\\)\n", text) if "pip install" in command]
        assert len(installs) == 2
        assert all("--no-index" in command for command in installs)
        assert "--require-hashes" in text
    assert "sha256sum --quiet --check SHA256SUMS" in (FOLDER / "install.sh").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", ["place", None, "{tmp}/absolute place"])
def test_the_folder_is_below_where_the_script_is_called(tmp_path: Path, folder: str | None) -> None:
    bundle, caller = tmp_path / "bundle", tmp_path / "caller"
    for made in (bundle, caller):
        made.mkdir()
    shutil.copy(FOLDER / "install.sh", bundle)
    (bundle / "SHA256SUMS").write_text(f"{hash_file(bundle / 'install.sh')}  install.sh\n", "utf-8")
    python = tmp_path / "python"  # makes the environment of another that does nothing
    python.write_text('#!/bin/sh\nmkdir -p "$3/bin"\nln -s /bin/true "$3/bin/python"\n', "utf-8")
    python.chmod(0o755)
    arguments = [] if folder is None else [folder.format(tmp=tmp_path)]
    command = ["sh", str(bundle / "install.sh"), *arguments]
    environment = {**os.environ, "PYTHON": str(python)}
    done = subprocess.run(command, cwd=caller, env=environment, capture_output=True, text=True, check=False)
    target = caller / (arguments[0] if arguments else "gancheng")
    assert (done.returncode, done.stdout) == (0, f"{target}/bin/gancheng demo\n"), done.stderr
    assert (target / "bin" / "python").exists()
    # `~f` makes a path absolute, before `cd`.
    lines = (FOLDER / "install.cmd").read_text(encoding="utf-8").splitlines()
    assert lines.index("set target=%~f1") < lines.index('cd /d "%~dp0"')


def test_the_script_is_valid_shell() -> None:
    assert subprocess.run(["sh", "-n", str(FOLDER / "install.sh")], check=False).returncode == 0
