"""The bundle has what a system needs, whichever system makes it; its scripts check and ask no registry."""

from __future__ import annotations

import re
import subprocess

import pytest

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


def test_the_script_is_valid_shell() -> None:
    assert subprocess.run(["sh", "-n", str(FOLDER / "install.sh")], check=False).returncode == 0
