"""The engine that builds the SQL models: DuckDB in this process, or Spark where one machine is not enough.

Here: what an engine does. Not here: the setting (assets.core.settings) and the Spark engine (assets.warehouse.spark,
imported only where it is configured).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from assets.core.paths import Paths
from assets.core.settings import EngineSettings
from assets.warehouse.connection import Connection
from assets.warehouse.models import Model


class Engine(Protocol):
    """Builds the table of a model in the candidate."""

    @property
    def name(self) -> str: ...

    def build(self, model: Model, connection: Connection) -> int:
        """Build the table and return its number of rows; raise ContractViolationError for other columns."""
        ...


class DuckDBEngine:
    """Computes tables in the candidate itself."""

    name = "duckdb"

    def build(self, model: Model, connection: Connection) -> int:
        return model.build(connection)


@contextmanager
def open_engine(settings: EngineSettings, paths: Paths | None = None) -> Iterator[Engine]:
    """Open the engine for one run. Raises UsageError where Spark is configured and not available."""
    if settings.name == "duckdb" or settings.spark is None:
        yield DuckDBEngine()
        return
    from assets.warehouse.spark import spark_engine

    with spark_engine(settings.spark, paths) as spark:
        yield spark
