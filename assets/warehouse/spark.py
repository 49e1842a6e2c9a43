"""The Spark engine: builds SQL models through Spark Connect, on a Spark 4 cluster or a server with its protocol.

Here: translating the SQL, and the exchange, a folder that this machine and the cluster share: each model reads its
upstream tables there and writes its table there, where later models find it without another transfer. Not here: the
choice of the engine (assets.warehouse.engines). Only this module imports pyspark, an optional package.
"""

from __future__ import annotations

import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.dataset as ds
import sqlglot
from sqlglot import exp

from assets.core.errors import Issue, UsageError
from assets.core.object_store import url_to_fs
from assets.core.paths import Paths
from assets.core.settings import SparkSettings
from assets.warehouse.connection import Connection
from assets.warehouse.models import Model, count_rows
from assets.warehouse.shared_rows import SharedRows, shared_rows
from assets.warehouse.tables import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.connect.session import SparkSession

_PORT = 15002
_CONNECT_SECONDS = 10
# Rows per file and row group: several files of a table let several tasks read it.
_FILE_ROWS, _GROUP_ROWS = 1 << 22, 1 << 17
# The engine deletes everything in this folder; only one run at a time uses the exchange of a data directory.
_FOLDER = "gancheng-exchange"
_SPARK_TYPES = {"varchar": "string", "integer": "int", "timestamp": "timestamp_ntz"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A shared folder: `folder` is its URL on this machine, `seen_as` on the cluster."""

    folder: str
    seen_as: str

    def clear(self) -> None:
        """Delete the files of an earlier run."""
        files, folder = url_to_fs(self.folder)
        if files.exists(folder):
            files.rm(folder, recursive=True)

    def send(self, rows: pa.RecordBatchReader, name: str) -> None:
        """Write rows as Parquet."""
        files, folder = url_to_fs(f"{self.folder}/{spark_view(name)}")
        files.makedirs(folder, exist_ok=True)
        ds.write_dataset(
            rows,
            folder,
            filesystem=files,
            format="parquet",
            max_rows_per_file=_FILE_ROWS,
            max_rows_per_group=_GROUP_ROWS,
        )

    def read(self, table: Table) -> ds.Dataset:
        """Return the rows that Spark wrote, in no order."""
        files, folder = url_to_fs(f"{self.folder}/{spark_view(table.qualified_name)}")
        if not files.exists(folder):
            return ds.dataset(table.arrow_schema.empty_table())
        return ds.dataset(folder, filesystem=files, format="parquet", schema=table.arrow_schema)


@dataclass(frozen=True)
class SparkEngine:
    """Computes tables on Spark and loads them into the candidate."""

    session: SparkSession
    exchange: Exchange
    paths: Paths | None = None
    name: str = "spark"
    _views: set[str] = field(default_factory=set)

    def build(self, model: Model, connection: Connection) -> int:
        """Build the table and return its number of rows; raise ContractViolationError for other columns."""
        for table in model.upstream:
            if table not in self._views:
                self._provide(connection, table)
        # The types of the contract: the engines differ in the types of counts and differences.
        columns = ", ".join(
            f"cast({_quoted(name)} as {_spark_type(column.type)}) as {_quoted(name)}"
            for name, column in model.table.columns.items()
        )
        frame = self.session.sql(f"select {columns} from ({to_spark_sql(model.sql)}) as model")
        frame.write.mode("overwrite").parquet(f"{self.exchange.seen_as}/{spark_view(model.name)}")
        connection.register("received", self.exchange.read(model.table))
        try:
            rows = model.build(connection, "select * from received")
        finally:
            connection.unregister("received")
        self._create_view(connection, model.name)
        return rows

    def _provide(self, connection: Connection, table: str) -> None:
        """Create the view of a table of the candidate, from the shared store if it is there, else from this machine."""
        shared = shared_rows(self.paths, connection, table) if self.paths is not None else None
        if shared is None:
            self.exchange.send(connection.sql(f"from {table}").to_arrow_reader(_GROUP_ROWS), table)
            self._create_view(connection, table)
        else:
            self._create_shared_view(connection, table, shared)

    def _create_shared_view(self, connection: Connection, table: str, shared: SharedRows) -> None:
        """Create a view of rows in the shared store; raise UsageError where they differ from those of this machine."""
        from pyspark.errors import PySparkException

        location = f"{table}, {shared.rows}"
        try:
            frame = self._read_shared(connection, table, shared)
            rows = frame.count()
        except PySparkException as error:
            raise UsageError(Issue("shared_store_mismatch", location, "docs/scaling.md")) from error
        if rows != count_rows(connection, table):
            raise UsageError(Issue("shared_store_mismatch", f"{location}, {rows}", "docs/scaling.md"))
        frame.createOrReplaceTempView(spark_view(table))
        self._views.add(table)

    def _read_shared(self, connection: Connection, table: str, shared: SharedRows) -> DataFrame:
        files = f"{table}.files"
        self.exchange.send(shared.files.to_reader(), files)
        folders = {"rows": shared.rows, "files": f"{self.exchange.seen_as}/{spark_view(files)}"}
        views = {name: f"{spark_view(table)}__{name}" for name in folders}
        for name, folder in folders.items():
            self.session.read.parquet(folder).createOrReplaceTempView(views[name])
        columns = ", ".join(
            f"cast(rows.{_quoted(name)} as {_spark_type(kind)}) as {_quoted(name)}"
            for name, kind, *_ in connection.execute(f"describe {table}").fetchall()
        )
        return self.session.sql(shared.select(columns, **views))

    def _create_view(self, connection: Connection, table: str) -> None:
        """Create the view of a table in the exchange, which later models read."""
        frame: DataFrame
        if count_rows(connection, table):
            frame = self.session.read.parquet(f"{self.exchange.seen_as}/{spark_view(table)}")
        else:
            # Without rows there is no file, or none with the columns.
            columns = connection.execute(f"describe {table}").fetchall()
            nulls = ", ".join(f"cast(null as {_spark_type(kind)}) as {_quoted(name)}" for name, kind, *_ in columns)
            frame = self.session.sql(f"select {nulls} where false")
        frame.createOrReplaceTempView(spark_view(table))
        self._views.add(table)


def _spark_type(kind: str) -> str:
    return _SPARK_TYPES.get(kind.lower(), kind)


def _quoted(column: str) -> str:
    return exp.to_identifier(column, quoted=True).sql(dialect="spark")


def spark_view(name: str) -> str:
    """Return the name of the view of a table; views of a Spark session have no schema."""
    return name.replace(".", "__")


def to_spark_sql(sql: str) -> str:
    """Translate a select from DuckDB to Spark, on the views of the session."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    for table in list(tree.find_all(exp.Table)):
        if table.db:
            table.replace(
                exp.alias_(exp.to_table(spark_view(f"{table.db}.{table.name}")), table.alias_or_name, table=True)
            )
    for window in tree.find_all(exp.Window):
        # Spark accepts no frame for these functions; theirs is fixed.
        if isinstance(window.this, exp.Lag | exp.Lead):
            window.set("spec", None)
    return tree.sql(dialect="spark")


@contextmanager
def spark_engine(settings: SparkSettings, paths: Paths | None = None) -> Iterator[SparkEngine]:
    """Open a session on the server. Raises UsageError where pyspark is missing or the server does not answer."""
    exchange = Exchange(*(f"{url.rstrip('/')}/{_FOLDER}" for url in (settings.exchange, settings.cluster_exchange)))
    session = _session(settings.address)
    exchange.clear()
    try:
        yield SparkEngine(session, exchange, paths)
    finally:
        session.stop()
        exchange.clear()


@contextmanager
def _main_with_file() -> Iterator[None]:
    """Give `__main__` a file: pyspark 4.2 ends a program without one (`python -c`), which it takes for its doctests."""
    main = sys.modules["__main__"]
    if hasattr(main, "__file__"):
        yield
        return
    main.__file__ = ""
    try:
        yield
    finally:
        del main.__file__


def _session(address: str) -> SparkSession:
    # It warns of newer versions of pandas; no table passes through pandas here.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    try:
        with _main_with_file():
            from pyspark.sql.connect.session import SparkSession
    except ImportError as error:
        raise UsageError(Issue("engine_not_installed", str(error), "pip install 'gancheng[spark]'")) from error
    # pyspark would retry for minutes where no server listens.
    server = urlsplit(address)
    try:
        socket.create_connection((server.hostname or "", server.port or _PORT), _CONNECT_SECONDS).close()
    except OSError as error:
        reason = f"{server.hostname}:{server.port or _PORT}, {error.strerror or error}"
        raise UsageError(Issue("engine_unreachable", reason, "docs/scaling.md", "settings.yml")) from error
    session = SparkSession.builder.remote(address).create()
    # Timestamps have no time zone here; the zone of the server must not shift their day.
    session.conf.set("spark.sql.session.timeZone", "UTC")
    # A checksum in the name of a folder is text, also where it looks like a number.
    session.conf.set("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
    return session
