"""The first change that CONTRIBUTING.md walks through, run as written in a copy of the project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from assets.core.paths import PROJECT_ROOT, Paths
from assets.release.read.reader import find_current_release

PAGE = (PROJECT_ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
(SECTION,) = re.findall(r"^## Your first change in 15 minutes\n(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)
BLOCKS = re.findall(r"^```bash\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
INDICATOR = "city_statistics.libraries_open_weekends_pct"


def copy_project(target: Path) -> Path:
    """Copy what a checkout has of the walk-through, with the environment of the tests."""
    for folder in ("assets", "pipelines", "sql", "tests"):
        shutil.copytree(PROJECT_ROOT / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("reference", "contracts"):
        shutil.copytree(PROJECT_ROOT / "data" / folder, target / "data" / folder)
    for name in ("dagster.yaml", "pyproject.toml"):
        shutil.copy(PROJECT_ROOT / name, target)
    (target / ".venv").symlink_to(Path(sys.prefix), target_is_directory=True)
    return target


def test_the_first_change_works_as_written(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GANCHENG_", "PYTEST_"))}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(BLOCKS)],
        cwd=project,
        env={**environment, "PYTHONPATH": str(project), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert "Accepted 1" in done.stdout
    release = find_current_release(Paths(project / "scratch"))
    assert release is not None
    (score,) = release.rows(
        "select city_code, value, attainment, data_status from scorecards.indicator_scores "
        "where indicator_id = ? and value is not null",
        [INDICATOR],
    )
    assert (score["value"], score["attainment"], score["data_status"]) == (75, 75, "scored")
    page = (release.folder / "report" / "city" / f"{score['city_code']}.html").read_text(encoding="utf-8")
    assert "Libraries open at weekends" in page
    assert ">75.0" in page
    assert done.stdout.rstrip().endswith("report/index.html")
