"""The units of systemd that are shipped: systemd understands them, and the page on operations names each."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from assets.core.paths import PROJECT_ROOT
from tests.helpers.needs import needs

DEPLOY = PROJECT_ROOT / "deploy"
UNITS = ("gancheng.service", "gancheng-night.service", "gancheng-night.timer")
PROGRAM = "/opt/gancheng/.venv/bin/gancheng"


def verified(folder: Path, **changed: str) -> str:
    """What systemd says of the units, with something in their place of the program, which is not installed here."""
    for name in UNITS:
        text = (DEPLOY / name).read_text("utf-8").replace(PROGRAM, str(shutil.which("true")))
        for before, after in changed.items():
            text = text.replace(before, after)
        (folder / name).write_text(text, "utf-8")
    command = [
        "systemd-analyze",
        "verify",
        "--man=no",
        "--recursive-errors=no",
        *(str(folder / name) for name in UNITS),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@needs("systemd-analyze", "systemd")
def test_systemd_understands_every_line_of_every_unit(tmp_path: Path) -> None:
    assert verified(tmp_path) == ""


@needs("systemd-analyze", "systemd")
@pytest.mark.parametrize("line", ["ProtectSystem", "OnCalendar", "EnvironmentFile"])
def test_a_line_that_systemd_does_not_know_is_found(tmp_path: Path, line: str) -> None:
    assert f"{line}s" in verified(tmp_path, **{f"{line}=": f"{line}s="})


def test_the_page_names_every_file_that_is_deployed() -> None:
    page = (PROJECT_ROOT / "docs" / "operations.md").read_text("utf-8")
    assert {file.name for file in DEPLOY.iterdir()} == {*UNITS, "dagster.postgres.yaml", "bundle", "container"}
    assert all(f"[deploy/{file.name}](../deploy/{file.name})" in page for file in DEPLOY.iterdir())


def test_both_services_run_under_the_same_restrictions() -> None:
    """What the one may write the other may: they take turns over one directory."""
    names = ("User", "UMask", "Environment", "EnvironmentFile", "ProtectSystem", "ReadWritePaths", "NoNewPrivileges")
    services = [(DEPLOY / name).read_text("utf-8").splitlines() for name in UNITS[:2]]
    first, second = ([line for line in lines if line.split("=")[0] in names] for lines in services)
    assert first == second
