"""The wheel holds all that the program reads: it works from any folder, without the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.build import build_wheel

from assets.core.paths import PROJECT_ROOT

SHIPPED = ("sql", "data/reference", "data/contracts", "data/corrections", "data/inbox")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked wheel, as an installation has it in its folder of packages."""
    folder = tmp_path_factory.mktemp("wheel")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(PROJECT_ROOT)
        name = build_wheel(str(folder))
    with zipfile.ZipFile(folder / name) as archive:
        archive.extractall(folder / "packages")
    return folder / "packages"


def call(wheel: Path, here: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: text for name, text in os.environ.items() if name != "GANCHENG_DATA_DIR"}
    environment |= {"PYTHONPATH": str(wheel), "GANCHENG_LANG": "en", "COLUMNS": "200"}
    command = [sys.executable, "-m", "pipelines.cli", *arguments]
    return subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=False)


def test_the_wheel_holds_every_file_that_the_checkout_ships(wheel: Path) -> None:
    shipped = wheel / "assets" / "shipped"
    for folder in SHIPPED:
        expected = {file.relative_to(PROJECT_ROOT) for file in (PROJECT_ROOT / folder).rglob("*.*") if file.is_file()}
        assert {file.relative_to(shipped) for file in (shipped / folder).rglob("*.*") if file.is_file()} == expected
    assert (shipped / "data" / "settings.yml").is_file()
    assert (shipped / "dagster.yaml").is_file()
    own = {file.relative_to(PROJECT_ROOT) for name in ("assets", "pipelines") for file in _own_files(name)}
    assert {file for file in own if not (wheel / file).is_file()} == set()


def _own_files(folder: str) -> list[Path]:
    files = (file for file in (PROJECT_ROOT / folder).rglob("*.*") if file.is_file())
    return [file for file in files if "__pycache__" not in file.parts]


def test_without_a_data_directory_the_wheel_names_what_is_missing(wheel: Path, tmp_path: Path) -> None:
    done = call(wheel, tmp_path, "run")
    assert done.returncode == 2, done.stderr
    assert "gancheng init FOLDER" in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in done.stderr


def test_the_demo_shows_a_synthetic_province_with_all_kinds_of_results(wheel: Path, tmp_path: Path) -> None:
    done = call(wheel, tmp_path, "demo")
    assert done.returncode == 0, done.stderr
    demo = tmp_path / "gancheng-demo"
    assert [file.name for file in tmp_path.iterdir()] == ["gancheng-demo"]
    pages = [
        page for page in (demo / "releases" / "current" / "report").rglob("*.html") if page.parent.name != "checks"
    ]
    assert len(pages) > 100
    assert [page for page in pages if "Synthetic province" not in page.read_text(encoding="utf-8")] == []
    shown = {
        "ranks": "from scorecards.rankings where ranking_status = 'ranked'",
        "intervals": "from scorecards.rank_intervals",
        "flags": "from quality.flags",
        "rejected rows": "from intake.rejects",
    }
    for name, sql in shown.items():
        assert json.loads(call(wheel, demo, "query", sql, "--json").stdout), name
    assert call(wheel, demo, "verify").returncode == 0
    again = call(wheel, tmp_path, "demo")
    assert "Nothing new" in again.stdout


@pytest.mark.parametrize("option", [(), ("--synthetic",)])
def test_a_new_data_directory_is_complete_and_needs_a_new_folder(
    wheel: Path, tmp_path: Path, option: tuple[str, ...]
) -> None:
    assert call(wheel, tmp_path, "init", "own", *option).returncode == 0
    inbox = sorted((tmp_path / "own" / "inbox").rglob("*.csv"))
    checked = call(wheel, tmp_path / "own", "check", str(inbox[0]))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    again = call(wheel, tmp_path, "init", "own", *option)
    assert again.returncode == 2
    assert "has content already" in again.stderr
