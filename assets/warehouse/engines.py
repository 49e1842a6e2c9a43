"""On which engine the SQL models are built: DuckDB in this process, or Spark where one machine is not enough.

Here: what an engine does. Not here: the setting (assets.core.settings), how Spark does it (assets.warehouse.spark,
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
    """What builds the table of a model in the candidate, whatever computes it."""

    @property
    def name(self) -> str: ...

    def build(self, model: Model, connection: Connection) -> int:
        """Make the table anew and return its number of rows; raises ModelBroken where its contract is not kept."""
        ...


class DuckDBEngine:
    """The candidate itself computes its tables."""

    name = "duckdb"

    def build(self, model: Model, connection: Connection) -> int:
        return model.build(connection)


@contextmanager
def open_engine(settings: EngineSettings, paths: Paths | None = None) -> Iterator[Engine]:
    """The engine for one run, of that data directory. Raises WrongCall where Spark is asked for and not to be had."""
    if settings.name == "duckdb" or settings.spark is None:
        yield DuckDBEngine()
        return
    from assets.warehouse.spark import spark_engine

    with spark_engine(settings.spark, paths) as spark:
        yield spark
