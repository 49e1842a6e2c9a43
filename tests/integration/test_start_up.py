"""A command begins at once: what is slow to import is imported by the commands that need it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assets.core.paths import PROJECT_ROOT
from tests.builders.candidates import copy_release
from tests.builders.data_directories import Place

SLOW = (
    "dagster",
    "pandas",
    "pyarrow",
    "great_expectations",
    "scipy",
    "numpy",
    "sqlglot",
    "altair",
    "vl_convert",
    "apprise",
    "prometheus_client",
)
CALL = """
import sys
sys.argv = ["gancheng", *sys.argv[1:]]
from pipelines.cli.app import main
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
sys.stderr.write(" ".join(sorted(sys.modules)))
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    copy_release(folder)
    return folder


def imported(data: Path, *arguments: str) -> set[str]:
    environment = {"GANCHENG_DATA_DIR": str(data), "PATH": "/usr/bin:/bin", "COLUMNS": "200", "GANCHENG_LANG": "zh"}
    done = subprocess.run(
        [sys.executable, "-c", CALL, *arguments],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


def test_help_imports_nothing_slow(data: Path) -> None:
    assert not imported(data, "--help") & {*SLOW, "duckdb"}


@pytest.mark.parametrize("command", [("status",), ("scorecard",), ("scorecard", "A"), ("releases",)])
def test_a_command_that_reads_imports_duckdb_and_nothing_slower(data: Path, command: tuple[str, ...]) -> None:
    found = imported(data, *command)
    assert "duckdb" in found or command == ("releases",)
    assert not found & {*SLOW, "typer.rich_utils"}


def test_a_run_with_nothing_new_imports_nothing_slow_but_its_metrics(ran: Place) -> None:
    ran.run()  # copied files are new
    found = imported(ran.data, "run") & {*SLOW, "multiprocessing", "pipelines.preconditions"}
    assert found == {"prometheus_client"}


def test_system_errors_and_doctor_import_no_dagster() -> None:
    code = "import sys, pipelines.observability.system_errors, pipelines.cli.doctor; sys.exit('dagster' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, check=False).returncode == 0


def test_apprise_is_not_imported_before_something_is_sent() -> None:
    code = (
        "import sys, pipelines.observability.alerts, pipelines.runner, pipelines.cli.app; "
        "sys.exit('apprise' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, check=False).returncode == 0
