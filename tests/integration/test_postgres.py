"""The documented settings of a server on a real PostgreSQL, stopped and started again."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy
import yaml

from assets.core.paths import PROJECT_ROOT, Paths
from pipelines.orchestration.instance import AUTOMATIC_VARIABLE
from pipelines.orchestration.retention import prune_runs
from tests.builders.data_directories import Place, copy_countries, wait_until
from tests.helpers.needs import found, needs
from tests.helpers.proof_scale import IS_PROVING
from tests.servers.dagster_servers import OFTEN, PATIENCE, served

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
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        return f"postgresql+psycopg2://gancheng@127.0.0.1:{self.port}/{database}"

    def make(self, database: str) -> str:
        """A database of its own, by its address."""
        engine = sqlalchemy.create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"create database {database}")
        engine.dispose()
        return self.url_of(database)

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
        assert "The Dagster storage does not respond" in refused.stderr
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
    place.write("settings.yml", OFTEN)
    header = "country,year,life_years,coal_pct,source_id,source_grade\n"
    with served(place) as one:
        assert wait_until(lambda: Paths(place.data).current_release.exists(), PATIENCE)
        assert wait_until(lambda: ended(home) == ["SUCCESS"], PATIENCE)
        server.stop()
        place.write("inbox/country_statistics/later.csv", header + "Aland,2022,75,27,synthetic,A\n")
        assert not wait_until(lambda: one.process.poll() is not None, 20)
        server.start()
        taken = "from intake.files where file like '%/later.csv'"
        assert wait_until(lambda: len(place.rows(taken)) == 1, PATIENCE)
        assert wait_until(lambda: ended(home) == ["SUCCESS", "SUCCESS"], PATIENCE)
    assert place.call("verify").returncode == 0


# --- several offices --------------------------------------------------------------------------------------------

HEADER = "country,year,life_years,coal_pct,source_id,source_grade\n"


@dataclass(frozen=True)
class Office:
    """A data directory with a home and a database of its own."""

    place: Place
    url: str
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"GANCHENG_POSTGRES_URL": self.url, "DAGSTER_HOME": str(self.home)}

    def runs(self) -> list[str]:
        told = subprocess.run(
            [sys.executable, "-c", RUNS], env={**os.environ, **self.environment}, capture_output=True, text=True
        )
        assert told.returncode == 0, told.stderr
        return told.stdout.split()

    def has(self, file: str) -> bool:
        released = Paths(self.place.data).current_release.exists()
        return released and len(self.place.rows(f"from intake.files where file like '%/{file}'")) == 1


RUNS = """
import dagster as dg
with dg.DagsterInstance.get() as instance:
    for run in instance.get_runs():
        print(f"{run.job_name}:{run.status.value}")
"""


def office(name: str, server: Server, tmp_path: Path) -> Office:
    place, folder = copy_countries(tmp_path / name / "data"), tmp_path / name / "home"
    place.write("settings.yml", OFTEN)
    place.write(f"inbox/country_statistics/{name}.csv", HEADER + "Aland,2022,75,27,synthetic,A\n")
    folder.mkdir()
    shutil.copy(PROJECT_ROOT / "deploy" / "dagster.postgres.yaml", folder / "dagster.yaml")
    return Office(place, server.make(name), folder)


@pytest.mark.skipif(not IS_PROVING, reason="minutes long: make prove")
def test_two_data_directories_on_one_server_know_nothing_of_each_other(server: Server, tmp_path: Path) -> None:
    one, other = (office(name, server, tmp_path) for name in ("north", "south"))
    with served(one.place, **one.environment), served(other.place, **other.environment):
        for each, name in ((one, "north"), (other, "south")):
            assert wait_until(lambda each=each, name=name: each.has(f"{name}.csv"), PATIENCE)  # type: ignore[misc]
            assert wait_until(lambda each=each: each.runs() == ["refresh:SUCCESS"], PATIENCE), each.runs()  # type: ignore[misc]
        # What arrives at one starts a run of that one.
        one.place.write("inbox/country_statistics/later.csv", HEADER + "Borduria,2022,71,31,synthetic,A\n")
        assert wait_until(lambda: one.runs() == ["refresh:SUCCESS"] * 2, PATIENCE), one.runs()
        assert (one.has("later.csv"), other.has("later.csv")) == (True, False)
        assert other.runs() == ["refresh:SUCCESS"]


WORKSPACE = """
load_from:
  - python_module: {module_name: pipelines.definitions, location_name: gancheng}
  - python_file: {relative_path: office.py, location_name: office}
"""
# It works for longer than a run of ours may be without the lock.
OFFICE = """
import time
from pathlib import Path

import dagster as dg

@dg.asset(deps=[dg.AssetKey(["release", "current"])])
def letter() -> None:
    time.sleep(15)
    Path(__file__).with_name("letter").write_text("there is a new release")

write = dg.define_asset_job("write", selection=[letter])

@dg.asset_sensor(
    asset_key=dg.AssetKey(["release", "current"]), job=write, minimum_interval_seconds=1,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def released(context, event):
    return dg.RunRequest(run_key=event.run_id)

defs = dg.Definitions(assets=[letter], jobs=[write], sensors=[released])
"""


@pytest.mark.skipif(not IS_PROVING, reason="minutes long: make prove")
def test_a_code_location_of_the_office_works_on_the_same_instance(server: Server, tmp_path: Path) -> None:
    """Its job starts when there is a new release, and is left alone while it works."""
    one = office("north", server, tmp_path)
    settings = yaml.safe_load((one.home / "dagster.yaml").read_text("utf-8"))
    settings["run_monitoring"]["poll_interval_seconds"] = 1
    settings["run_launcher"]["config"] = {"grace_seconds": 3}
    (one.home / "dagster.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    (one.home / "workspace.yaml").write_text(WORKSPACE, "utf-8")
    (one.home / "office.py").write_text(OFFICE, "utf-8")
    with (tmp_path / "log").open("wb") as log:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "dagster._daemon", "run", "-w", str(one.home / "workspace.yaml")],
            env={**one.place.environment, **one.environment, AUTOMATIC_VARIABLE: "1"},
            cwd=PROJECT_ROOT,
            stdout=log,
            stderr=log,
        )
    try:
        ended = ["write:SUCCESS", "refresh:SUCCESS"]
        assert wait_until(lambda: one.runs() == ended, 2 * PATIENCE), (tmp_path / "log").read_text("utf-8")
        assert (one.home / "letter").exists()
        assert one.has("north.csv")
    finally:
        daemon.terminate()
        daemon.wait(60)
