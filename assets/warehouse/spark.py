"""The SQL models on Spark, through Spark Connect: any Spark 4 cluster, or a server that speaks its protocol.

Here: the SQL in Spark's words, and the exchange: a folder that this machine and the cluster both see, where each model
finds the tables it reads and leaves the one it makes. A table that Spark made stays there for the models that follow,
so that no row of it comes back only to be sent again. Not here: which engine is used (assets.warehouse.engines). This
module alone imports pyspark, an optional package.
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
_PATIENCE_SECONDS = 10
# So many rows a file, that the tasks of a cluster share a table out.
_FILE_ROWS, _GROUP_ROWS = 1 << 22, 1 << 17
# All that is below it is ours to clear: one run at a time uses the exchange of a data directory.
_FOLDER = "gancheng-exchange"
_SPARK_TYPES = {"varchar": "string", "integer": "int", "timestamp": "timestamp_ntz"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A folder by its two names: `folder` on this machine, `seen_as` on the cluster."""

    folder: str
    seen_as: str

    def clear(self) -> None:
        """Take away what an earlier run left."""
        files, folder = url_to_fs(self.folder)
        if files.exists(folder):
            files.rm(folder, recursive=True)

    def send(self, rows: pa.RecordBatchReader, name: str) -> None:
        """Put rows there, as Parquet."""
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

    def received(self, table: Table) -> ds.Dataset:
        """What Spark left there, to be read once, and in no order."""
        files, folder = url_to_fs(f"{self.folder}/{spark_view(table.qualified_name)}")
        if not files.exists(folder):
            return ds.dataset(table.arrow_schema.empty_table())
        return ds.dataset(folder, filesystem=files, format="parquet", schema=table.arrow_schema)


@dataclass(frozen=True)
class SparkEngine:
    """Spark computes each table; the candidate takes over what it made."""

    session: SparkSession
    exchange: Exchange
    paths: Paths | None = None
    name: str = "spark"
    _there: set[str] = field(default_factory=set)

    def build(self, model: Model, connection: Connection) -> int:
        for table in model.upstream:
            if table not in self._there:
                self._bring(connection, table)
        # Types as promised, for the engines differ in those of counts and differences.
        columns = ", ".join(
            f"cast({_quoted(name)} as {_spark_type(column.type)}) as {_quoted(name)}"
            for name, column in model.table.columns.items()
        )
        made = self.session.sql(f"select {columns} from ({to_spark_sql(model.sql)}) as made")
        made.write.mode("overwrite").parquet(f"{self.exchange.seen_as}/{spark_view(model.name)}")
        connection.register("received", self.exchange.received(model.table))
        try:
            rows = model.build(connection, "select * from received")
        finally:
            connection.unregister("received")
        self._show(connection, model.name)
        return rows

    def _bring(self, connection: Connection, table: str) -> None:
        """Let the models read a table of the candidate: from the shared store where it is there, else from here."""
        shared = shared_rows(self.paths, connection, table) if self.paths is not None else None
        if shared is None:
            self.exchange.send(connection.execute(f"select * from {table}").to_arrow_reader(_GROUP_ROWS), table)
            self._show(connection, table)
        else:
            self._show_shared(connection, table, shared)

    def _show_shared(self, connection: Connection, table: str, shared: SharedRows) -> None:
        """Show rows of the shared store; WrongCall where the cluster does not find there what was taken in here."""
        from pyspark.errors import PySparkException

        found = f"{table}, {shared.rows}"
        try:
            shown = self._of_shared(connection, table, shared)
            rows = shown.count()
        except PySparkException as error:
            raise UsageError(Issue("shared_store_mismatch", found, "docs/scaling.md")) from error
        if rows != count_rows(connection, table):
            raise UsageError(Issue("shared_store_mismatch", f"{found}, {rows}", "docs/scaling.md"))
        shown.createOrReplaceTempView(spark_view(table))
        self._there.add(table)

    def _of_shared(self, connection: Connection, table: str, shared: SharedRows) -> DataFrame:
        files = f"{table}.files"
        self.exchange.send(shared.files.to_reader(), files)
        folders = {
            "rows": shared.rows,
            "files": f"{self.exchange.seen_as}/{spark_view(files)}",
        }
        views = {name: f"{spark_view(table)}__{name}" for name in folders}
        for name, folder in folders.items():
            self.session.read.parquet(folder).createOrReplaceTempView(views[name])
        columns = ", ".join(
            f"cast(rows.{_quoted(name)} as {_spark_type(kind)}) as {_quoted(name)}"
            for name, kind, *_ in connection.execute(f"describe {table}").fetchall()
        )
        return self.session.sql(shared.select(columns, **views))

    def _show(self, connection: Connection, table: str) -> None:
        """Let the models that follow read a table of the exchange."""
        shown: DataFrame
        if count_rows(connection, table):
            shown = self.session.read.parquet(f"{self.exchange.seen_as}/{spark_view(table)}")
        else:
            # Of no rows there is no file, or none that tells the columns.
            columns = connection.execute(f"describe {table}").fetchall()
            nothing = ", ".join(f"cast(null as {_spark_type(kind)}) as {_quoted(name)}" for name, kind, *_ in columns)
            shown = self.session.sql(f"select {nothing} where false")
        shown.createOrReplaceTempView(spark_view(table))
        self._there.add(table)


def _spark_type(kind: str) -> str:
    return _SPARK_TYPES.get(kind.lower(), kind)


def _quoted(column: str) -> str:
    return exp.to_identifier(column, quoted=True).sql(dialect="spark")


def spark_view(name: str) -> str:
    """What a table is called on Spark, where a session's views have no schema."""
    return name.replace(".", "__")


def to_spark_sql(sql: str) -> str:
    """A select in DuckDB's words in those of Spark, on the views of the session."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    for table in list(tree.find_all(exp.Table)):
        if table.db:
            table.replace(
                exp.alias_(exp.to_table(spark_view(f"{table.db}.{table.name}")), table.alias_or_name, table=True)
            )
    for window in tree.find_all(exp.Window):
        # Spark has one frame for these, the one that they have everywhere, and refuses to be told.
        if isinstance(window.this, exp.Lag | exp.Lead):
            window.set("spec", None)
    return tree.sql(dialect="spark")


@contextmanager
def spark_engine(settings: SparkSettings, paths: Paths | None = None) -> Iterator[SparkEngine]:
    """A session of its own on the server. Raises WrongCall where pyspark is not installed or nobody answers."""
    exchange = Exchange(*(f"{url.rstrip('/')}/{_FOLDER}" for url in (settings.exchange, settings.cluster_exchange)))
    session = _session(settings.address)
    exchange.clear()
    try:
        yield SparkEngine(session, exchange, paths)
    finally:
        session.stop()
        exchange.clear()


@contextmanager
def _a_file_of_main() -> Iterator[None]:
    """pyspark 4.2 takes a program without a file, as of `python -c`, for its own doctests, and ends it."""
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
    # It warns of a newer pandas than it was tried with; no table goes through pandas here.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    try:
        with _a_file_of_main():
            from pyspark.sql.connect.session import SparkSession
    except ImportError as error:
        raise UsageError(Issue("engine_not_installed", str(error), "pip install 'gancheng[spark]'")) from error
    # pyspark would try for minutes where nobody listens.
    server = urlsplit(address)
    try:
        socket.create_connection((server.hostname or "", server.port or _PORT), _PATIENCE_SECONDS).close()
    except OSError as error:
        found = f"{server.hostname}:{server.port or _PORT}, {error.strerror or error}"
        raise UsageError(Issue("engine_unreachable", found, "docs/scaling.md", "settings.yml")) from error
    session = SparkSession.builder.remote(address).create()
    # Timestamps here have no zone; that of a server must not shift the day of one.
    session.conf.set("spark.sql.session.timeZone", "UTC")
    # A checksum in the name of a folder is a text, also where all of its digits are those of a number.
    session.conf.set("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
    return session
