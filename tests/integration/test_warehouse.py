"""The candidate database and another process that opens it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assets.core.errors import UsageError
from assets.core.paths import Paths
from assets.warehouse.connection import Warehouse

HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); input()"
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


def test_a_candidate_that_another_process_reads_is_not_discarded(tmp_path: Path) -> None:
    warehouse = Warehouse(Paths(tmp_path))
    with warehouse.connect() as connection:
        connection.execute("create table t as select 1")
    command = [sys.executable, "-c", HOLD, str(warehouse.paths.candidate)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        with pytest.raises(UsageError) as refused:
            warehouse.open()
        process.communicate("\n")
    assert refused.value.issue.code == "database_in_use"
    warehouse.open()
    with warehouse.connect() as connection:
        assert connection.execute("from t").fetchall() == [(1,)]
    warehouse.close()


def read(warehouse: Warehouse) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", READ, str(warehouse.paths.candidate)], check=False, capture_output=True, text=True
    )
