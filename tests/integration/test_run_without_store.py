"""A run without a shared store never imports the code of the shared store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from assets.core.paths import PROJECT_ROOT
from tests.builders.data_directories import copy_countries

# An entry of None in sys.modules makes every import of that module fail.
RUN = """
import sys
sys.modules |= dict.fromkeys(("assets.intake.receipts.sync", "assets.core.sync_state"))
from pipelines.cli.app import main
sys.argv[1:] = ["run", "--json"]
main()
"""


def test_a_run_and_a_run_with_nothing_new_import_no_code_of_the_store(tmp_path: Path) -> None:
    place = copy_countries(tmp_path / "data")
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-c", RUN],
            cwd=PROJECT_ROOT,
            env=place.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
    place.release()
