"""Every model on Spark Connect: on Sail and on Spark itself, which round and frame differently, as on DuckDB.

Compared table by table, before anything is summed up further: each engine reads what it made itself. All is equal bit
for bit, but for models that take roots or logarithms, whose last digit is that of the library: there 1e-12.
"""

from __future__ import annotations

import dataclasses
import math
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, cast

import pytest

from assets.core.errors import DataError, UsageError
from assets.core.object_store import url_to_fs
from assets.core.paths import PROJECT_ROOT, Paths
from assets.core.settings import EngineSettings, Limits, SparkSettings, read_settings
from assets.intake.assets import ingest_dataset
from assets.intake.ingest import IngestJob
from assets.intake.load import load_accepted
from assets.intake.receipts.receipts import Receipt
from assets.warehouse.connection import Connection, connect_in_memory
from assets.warehouse.engines import DuckDBEngine, open_engine
from assets.warehouse.models import Model
from assets.warehouse.spark import SparkEngine, to_spark_sql
from assets.warehouse.tables import Column, Table
from pipelines.project import Project, load_project
from tests.builders.data_directories import Place
from tests.builders.fairs import NOW, send
from tests.builders.world import World, furnished
from tests.helpers.needs import MUST_RUN, needs
from tests.helpers.proof_scale import IS_PROVING
from tests.servers.object_storage import BUCKET, STORE, files, needs_storage, storage
from tests.servers.spark_servers import SPARK, sail, spark

_ROOTS = re.compile(r"\b(exp|ln|log10|power)\(")
_LIKE = 1e-12

Opened = Callable[[], AbstractContextManager[str]]


def a_server(name: str, *marks: pytest.MarkDecorator) -> Any:
    return pytest.param(name, marks=marks, id=name)


def needs_spark() -> tuple[pytest.MarkDecorator, ...]:
    is_absent = SPARK is None and not os.environ.get(MUST_RUN)
    return (
        needs("java", "openjdk-17-jre-headless"),
        pytest.mark.skipif(is_absent, reason="no environment with Spark: make test sets it up"),
    )


long_only = pytest.mark.skipif(not IS_PROVING, reason="a cluster of two workers: make prove")
SERVERS = [
    a_server("sail"),
    a_server("local[2]", *needs_spark()),
    a_server("local-cluster[2,1,1024]", *needs_spark(), long_only),
]


@pytest.fixture(scope="module", params=SERVERS)
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sail() if request.param == "sail" else spark(tmp_path_factory.mktemp("spark"), request.param) as told:
        yield told


@pytest.fixture
def settings(address: str, tmp_path: Path) -> EngineSettings:
    return EngineSettings(name="spark", spark=SparkSettings(remote=address, exchange=str(tmp_path / "exchange")))


# --- the models -------------------------------------------------------------------------------------------------


def in_order(models: dict[str, Model]) -> list[Model]:
    """Each model after those that it reads."""
    ordered: dict[str, Model] = {}
    while len(ordered) < len(models):
        ready = [
            name
            for name in models
            if name not in ordered and not (models.keys() - ordered.keys()) & {*models[name].upstream}
        ]
        ordered |= {name: models[name] for name in ready}
    return list(ordered.values())


def rows(connection: Connection, model: Model) -> list[tuple[object, ...]]:
    return connection.execute(f"select * from {model.name} order by {', '.join(model.table.key)}").fetchall()


def is_like(model: Model, one: object, other: object) -> bool:
    if _ROOTS.search(model.sql) and isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_LIKE)
    return repr(one) == repr(other)  # tells -0.0 from 0.0


def assert_made_alike(connection: Connection, models: dict[str, Model], settings: EngineSettings) -> int:
    """Make every model anew on the engine, in place of what DuckDB made; the number of rows compared."""
    compared = 0
    with open_engine(settings) as engine:
        for model in in_order(models):
            expected = rows(connection, model)
            assert engine.build(model, connection) == len(expected), model.name
            for one, other in zip(rows(connection, model), expected, strict=True):
                differing = [
                    (column, *pair)
                    for column, *pair in zip(model.table.columns, one, other, strict=True)
                    if not is_like(model, *pair)
                ]
                assert differing == [], (model.name, other)
            compared += len(expected)
    return compared


def shipped() -> Project:
    return load_project(Paths(PROJECT_ROOT / "data"))


def test_the_tables_of_a_run_are_those_of_duckdb(province: Place, settings: EngineSettings) -> None:
    """The shipped figures, from what was taken in to the scores."""
    with connect_in_memory() as connection:
        connection.execute(f"attach '{Paths(province.data).candidate}' as ran (read_only)")
        for schema, name in connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'ran'"
        ).fetchall():
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(f"create table {schema}.{name} as from ran.{schema}.{name}")
        assert assert_made_alike(connection, shipped().models, settings) > 10_000


# Cities from first to last by the figures of the indicator; the last has none.
CITIES = ("A", "B", "C", "D", "E")


def edges(connection: Connection) -> None:
    """Rows on which engines would part: a tie, a value exactly on the pace that is required, halves to be rounded."""
    world = furnished(World(connection)).city(*CITIES[1:])
    world.add("reference.dimensions", {"dimension_id": "e"})
    for pace_rule in ("linear", "compound"):
        for kind in ("at_least", "cumulative", "yes_no"):
            name = f"{pace_rule}.{kind}"
            world.indicator(name, pace_rule=pace_rule, decimals=2, dimension_id="d" if kind == "at_least" else "e")
            world.target(name, 20, kind=kind)
            # From 10 in 2015 to 20 in 2030: 16 in 2024 is just on the line, 10 * 2^(9/15) on the curve.
            world.figures(name, {2015: 10, 2020: 12, 2024: 16}, city_code="A")
            world.figures(name, {2015: 10, 2019: None, 2024: 16}, city_code="B")
            world.figures(name, {2015: 10, 2024: 10 * 2 ** (9 / 15)}, city_code="C")
            world.figures(name, {2024: 1.005}, city_code="D")
    world.indicator("halves", decimals=2, direction=-1)
    world.target("halves", 0.285, operator="<=", kind="at_most")
    for city_code, value in zip(CITIES, (0.285, 0.285, 1.005, 2.675, -0.005), strict=True):
        world.figures("halves", {2015: 0.575, 2020: 1.115, 2024: value}, city_code=city_code)
    world.indicator("range", decimals=3)
    world.target("range", 5, operator="between", value_high=7, kind="range")
    for city_code, value in zip(CITIES, (5, 5, 7, 4.9995, 7.0005), strict=True):
        world.figures("range", {2015: 9, 2024: value}, city_code=city_code)
    world.indicator("empty", goalposts=None)
    for name in models_of_scores():
        world.build(name)


def models_of_scores() -> dict[str, Model]:
    return {name: model for name, model in shipped().models.items() if name.startswith("scorecards.")}


def test_rows_on_the_edge_are_those_of_duckdb(settings: EngineSettings) -> None:
    with connect_in_memory() as connection:
        edges(connection)
        assert assert_made_alike(connection, models_of_scores(), settings) > 100


def test_rows_on_the_edge_are_on_the_edge() -> None:
    with connect_in_memory() as connection:
        edges(connection)
        scores = connection.execute(
            "select city_code, indicator_id, pace_ratio_linear, status_linear from scorecards.indicator_scores"
        ).fetchall()
        assert ("A", "linear.at_least", 1.0, "on_track") in scores
        assert ("E", "linear.at_least", None, "not_available") in scores
        ranks = connection.execute("select rank from scorecards.city_scores where rank is not null").fetchall()
        assert len(set(ranks)) < len(ranks)


def test_a_column_may_have_the_name_of_a_word_of_sql(settings: EngineSettings) -> None:
    column = Column(type="varchar", zh="列", en="column")
    table = Table(schema_name="intake", name="words", zh="表", en="table", key=("order",), columns={"order": column})
    copy = table.model_copy(update={"schema_name": "observations"})
    with connect_in_memory() as connection, open_engine(settings) as engine:
        table.create(connection)
        assert engine.build(Model(copy, "select * from intake.words"), connection) == 0


# --- accepted rows from the shared store ------------------------------------------------------------------------

HEADER = "city,date,posts,share,is_local,source_id,source_grade\n"
SENT = {
    "a.csv": "甲市,2026-01-01,3,0.1,是,book,A\n乙市,2026-01-01,,-0,否,book,A\n丙市,2026-01-01,3,1,是,book,A\n",
    # Two rows repeat a key with other figures, and one says again what stands there already: three are left out.
    "b.csv": "甲市,2026-02-01,4,1e-7,,book,A\n甲市,2026-02-01,5,2,,book,A\n" + "乙市,2026-02-01,6,33.3,,book,B\n" * 2,
    "none.csv": "",
}


def taken_in(intake: IngestJob, store: str, seen_as: str | None) -> tuple[Table, list[Receipt]]:
    """Files in the lake and in the store, some of them read by another recipe, too."""
    for name, rows in SENT.items():
        send(intake, name, HEADER + rows)
    text = f"storage:\n  store: {store}\n" + (f"  seen_as: {seen_as}\n" if seen_as else "")
    intake.paths.settings.write_text(text, "utf-8")
    ingest_dataset(dataclasses.replace(intake, limits=Limits(still_written_seconds=0, columns=99)), NOW)
    return intake.contract.table(), ingest_dataset(intake, NOW)


def copied(table: Table) -> Model:
    names = ", ".join(table.columns)
    made = table.model_copy(update={"schema_name": "observations", "key": ("file_sha256", "line")})
    return Model(made, f"select {names} from {table.qualified_name}")


def assert_the_rows_are_those_here(
    intake: IngestJob, table: Table, receipts: list[Receipt], engine: SparkEngine
) -> None:
    model = copied(table)
    with connect_in_memory() as connection:
        load_accepted(connection, table, intake.folder, receipts)
        order = f"order by {', '.join(model.table.key)}"
        here = connection.execute(f"select * from {table.qualified_name} {order}").fetchall()
        assert engine.build(model, connection) == len(here) == 4
        assert [*map(repr, rows(connection, model))] == [*map(repr, here)]


def is_sent(settings: EngineSettings, table: Table) -> bool:
    """Whether the rows went through the exchange."""
    assert settings.spark is not None
    files, folder = url_to_fs(settings.spark.exchange)
    return bool(files.exists(f"{folder}/gancheng-exchange/intake__{table.name}"))


@pytest.mark.parametrize("is_seen", [True, False], ids=["seen", "unseen"])
def test_accepted_rows_come_from_the_shared_store_where_the_cluster_sees_it(
    intake: IngestJob, settings: EngineSettings, tmp_path: Path, is_seen: bool
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    table, receipts = taken_in(intake, str(shared), str(shared) if is_seen else None)
    with open_engine(settings, intake.paths) as engine:
        assert_the_rows_are_those_here(intake, table, receipts, cast(SparkEngine, engine))
        assert is_sent(settings, table) != is_seen


def replace_rows(other: Path) -> None:
    """Replace the rows of all files by those of the smallest one."""
    files = sorted(other.glob("results/fairs/*/rows/*/*/*"), key=lambda file: file.stat().st_size)
    for file in files[1:]:
        file.write_bytes(files[0].read_bytes())


@pytest.mark.parametrize("spoil", [replace_rows, shutil.rmtree], ids=["other rows", "nothing"])
def test_a_cluster_that_sees_another_store_is_told(
    intake: IngestJob, settings: EngineSettings, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    shared, other = tmp_path / "shared", tmp_path / "other"
    shared.mkdir()
    table, receipts = taken_in(intake, str(shared), str(other))
    shutil.copytree(shared, other)
    spoil(other)
    with connect_in_memory() as connection, open_engine(settings, intake.paths) as engine:
        load_accepted(connection, table, intake.folder, receipts)
        with pytest.raises(UsageError) as call:
            engine.build(copied(table), connection)
    assert call.value.issue.code == "shared_store_mismatch"


@needs_storage()
def test_store_and_exchange_may_lie_on_object_storage(
    intake: IngestJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with storage(tmp_path / "storage") as server:
        for name, said in server.of_sail.items():
            monkeypatch.setenv(name, said)
        table, receipts = taken_in(intake, STORE, STORE)
        with sail() as address:
            spark = SparkSettings(remote=address, exchange=f"s3://{BUCKET}/exchange")
            settings = EngineSettings(name="spark", spark=spark)
            with open_engine(settings, intake.paths) as engine:
                assert_the_rows_are_those_here(intake, table, receipts, cast(SparkEngine, engine))
                assert not is_sent(settings, table)
            with open_engine(settings) as engine:
                assert_the_rows_are_those_here(intake, table, receipts, cast(SparkEngine, engine))
                assert is_sent(settings, table)
            assert files().find(f"{BUCKET}/exchange") == []


# --- a run ------------------------------------------------------------------------------------------------------


def test_a_run_on_spark_ends_with_the_release_that_is_there(ran: Place, tmp_path: Path) -> None:
    """The content of a release does not depend on the engine: its digest is the same, so nothing is published anew.

    Nor on where Spark finds the rows, here in a shared store. What a run that was killed left in the exchange is no
    part of it.
    """
    shared = tmp_path / "shared"
    shared.mkdir()
    storage_section = f"storage: {{store: {shared}, seen_as: {shared}}}\n"
    ran.write("../exchange/gancheng-exchange/observations__reported_observations/part-0.parquet", "cut o")
    before = ran.release().manifest.release_id
    with sail() as address:
        spark = f"{{remote: '{address}', exchange: {tmp_path / 'exchange'}}}"
        ran.write("settings.yml", f"engine: {{name: spark, spark: {spark}}}\n{storage_section}")
        told = ran.run()
    assert (told["release_id"], told["is_new"]) == (before, False)
    assert list((tmp_path / "exchange").iterdir()) == []


def test_where_spark_does_not_answer_a_run_says_so_and_leaves_the_release(countries: Place, ran: Place) -> None:
    ran.write("settings.yml", "engine: {name: spark, spark: {remote: 'sc://127.0.0.1:1', exchange: /nowhere}}\n")
    done = ran.call("run", "--lang", "en")
    assert done.returncode == 2
    assert "Spark does not respond: 127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr
    assert ran.release().manifest.release_id == countries.release().manifest.release_id


# --- settings ---------------------------------------------------------------------------------------------------


def read(folder: Path, text: str) -> EngineSettings:
    (folder / "settings.yml").write_text(f"engine: {text}\n", "utf-8")
    return read_settings(Paths(folder)).engine


def test_without_a_setting_duckdb_is_the_engine(tmp_path: Path) -> None:
    assert read_settings(Paths(tmp_path)).engine == read(tmp_path, "# nothing") == EngineSettings()
    with open_engine(EngineSettings()) as engine:
        assert isinstance(engine, DuckDBEngine)


def test_an_address_with_a_token_may_stand_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_REMOTE", "sc://host:1/;token=secret")
    settings = read(tmp_path, "{name: spark, spark: {exchange: 's3://b/x', seen_as: 's3a://b/x'}}").spark
    assert settings is not None
    assert (settings.address, settings.cluster_exchange) == ("sc://host:1/;token=secret", "s3a://b/x")
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("{name: flink}", "engine.name"),
        ("{name: spark}", "engine"),
        ("{name: spark, spark: {remote: 'sc://host'}}", "engine.spark.exchange"),
        ("{name: spark, spark: {exchange: /x}}", "engine.spark"),
        ("{name: duckdb, workers: 5}", "engine.workers"),
    ],
)
def test_a_setting_that_cannot_be_is_told(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(DataError) as stopped:
        read(tmp_path, text)
    assert [(issue.code, issue.actual) for issue in stopped.value.issues] == [("invalid_settings", key)]


def test_without_the_client_of_spark_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql.connect.session", None)
    settings = EngineSettings(name="spark", spark=SparkSettings(remote="sc://127.0.0.1:1", exchange="x"))
    with pytest.raises(UsageError) as call, open_engine(settings):
        pass
    assert call.value.issue.code == "engine_not_installed"


# --- the SQL ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "on_spark"),
    [
        ("select a from s.t", "SELECT a FROM s__t AS t"),
        ("select u.a from s.t as u", "SELECT u.a FROM s__t AS u"),
        ("with t as (select a from s.t) select * from t", "WITH t AS (SELECT a FROM s__t AS t) SELECT * FROM t"),
        ("select cast(a as double) from s.t", "SELECT CAST(a AS DOUBLE) FROM s__t AS t"),
    ],
)
def test_a_table_is_a_view_of_the_session(ours: str, on_spark: str) -> None:
    assert to_spark_sql(ours) == on_spark


def test_a_row_before_has_no_frame_on_spark() -> None:
    frame = "rows between unbounded preceding and current row"
    assert "rows" not in to_spark_sql(f"select lag(a) over (partition by b order by c {frame}) as d from s.t")
    assert "rows" in to_spark_sql(f"select sum(a) over (partition by b order by c {frame}) as d from s.t")
