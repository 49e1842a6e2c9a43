"""The candidate database and another process that opens it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from assets.core.paths import Paths
from assets.warehouse.connection import Warehouse

READ = "import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).execute('from t').fetchall())"


def test_while_it_is_held_no_other_process_opens_it_and_nothing_is_lost_when_it_is_let_go(tmp_path: Path) -> None:
    warehouse = Warehouse(Paths(tmp_path))
    warehouse.open()
    with warehouse.connect() as connection:
        connection.execute("create table t as select 1")
    assert "lock" in read(warehouse).stderr
    warehouse.close()
    assert read(warehouse).stdout == "[(1,)]\n"
    with warehouse.connect() as connection:
        assert connection.execute("from t").fetchall() == [(1,)]
    assert read(warehouse).returncode == 0


def read(warehouse: Warehouse) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", READ, str(warehouse.paths.candidate)], check=False, capture_output=True, text=True
    )
