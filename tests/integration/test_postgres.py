"""The documented settings of a server on a real PostgreSQL, stopped and started again."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from assets.paths import PROJECT_ROOT, Paths
from pipelines.pruning import prune_runs
from tests.integration.places import Place, copy_countries, wait_until
from tests.integration.serving import OFTEN, PATIENCE, served
from tests.needs import found, needs
from tests.proofs.scale import IS_PROVING

TOOLS = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/local/bin")]
INITDB = found("initdb", *TOOLS)
OWNER = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root

pytestmark = [
    needs("initdb", "postgresql", *TOOLS),
    pytest.mark.skipif(not importlib.util.find_spec("dagster_postgres"), reason="dagster-postgres is not installed"),
    pytest.mark.skipif(
        OWNER is not None and OWNER not in {user.pw_name for user in pwd.getpwall()}, reason="no user to run it as"
    ),
]


@dataclass(frozen=True)
class Server:
    """A PostgreSQL of its own on the loopback, in a folder of its own."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql+psycopg2://gancheng@127.0.0.1:{self.port}/postgres"

    def call(self, tool: str, *arguments: str) -> None:
        assert INITDB is not None
        command = [str(Path(INITDB).with_name(tool)), "-D", str(self.folder / "data"), *arguments]
        subprocess.run(command, user=OWNER, cwd=self.folder, check=True, capture_output=True, timeout=60)

    def start(self) -> None:
        told = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self.call("pg_ctl", "-w", "-o", told, "-l", str(self.folder / "log"), "start")

    def stop(self) -> None:
        self.call("pg_ctl", "-w", "-m", "fast", "stop")


@pytest.fixture
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="gancheng-pg-"))
    if OWNER is not None:
        shutil.chown(folder, OWNER)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        one = Server(folder, free.getsockname()[1])
    one.call("initdb", "-A", "trust", "-U", "gancheng", "--no-sync")
    one.start()
    try:
        yield one
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            one.stop()
        shutil.rmtree(folder)


@pytest.fixture
def home(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copy(PROJECT_ROOT / "deploy" / "dagster.postgres.yaml", folder / "dagster.yaml")
    monkeypatch.setenv("GANCHENG_POSTGRES_URL", server.url)
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    return folder


@dg.op
def work() -> None: ...


@dg.job(executor_def=dg.in_process_executor)
def small() -> None:
    work()


def test_runs_are_kept_and_pruned_in_postgresql_and_a_stopped_one_is_told(
    server: Server, home: Path, tmp_path: Path
) -> None:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert type(instance.run_storage).__name__ == "PostgresRunStorage"
        assert instance.global_op_concurrency_default_limit == 1
        for _ in range(2):
            assert small.execute_in_process(instance=instance).success
    place = copy_countries(tmp_path / "data")

    server.stop()
    for command in ("run", "serve"):
        refused = place.call(command, "--lang", "en")
        assert refused.returncode == 2, refused.stderr
        assert "The storage of Dagster does not answer" in refused.stderr
        assert "Traceback" not in refused.stderr

    server.start()
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert len(instance.get_runs()) == 2
        assert prune_runs(instance, datetime.now(UTC) + timedelta(minutes=1)) == 2
        assert instance.get_runs() == []


def ended(home: Path) -> list[str]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        return [run.status.value for run in instance.get_runs()]


@pytest.mark.skipif(not IS_PROVING, reason="minutes long: make prove")
def test_the_daemon_goes_on_when_postgresql_was_stopped_and_started(server: Server, home: Path, tmp_path: Path) -> None:
    place: Place = copy_countries(tmp_path / "data")
    place.write("operations.yml", OFTEN)
    header = "country,year,life_years,coal_pct,source_id,source_grade\n"
    with served(place) as one:
        assert wait_until(lambda: Paths(place.data).current_release.exists(), PATIENCE)
        assert wait_until(lambda: ended(home) == ["SUCCESS"], PATIENCE)
        server.stop()
        place.write("inbox/country_statistics/later.csv", header + "Aland,2022,75,27,synthetic,A\n")
        assert not wait_until(lambda: one.process.poll() is not None, 20)
        server.start()
        taken = "from quality.files where file like '%/later.csv'"
        assert wait_until(lambda: len(place.rows(taken)) == 1, PATIENCE)
        assert wait_until(lambda: ended(home) == ["SUCCESS", "SUCCESS"], PATIENCE)
    assert place.call("verify").returncode == 0
