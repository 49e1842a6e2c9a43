"""On which engine the SQL models are built: DuckDB in this process, or Spark where one machine is not enough.

Here: the setting, and what an engine does. Not here: how Spark does it (assets.warehouse.spark, imported only where it
is asked for).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, model_validator

from assets.core.paths import Paths
from assets.core.settings import read_settings
from assets.warehouse.connection import Connection
from assets.warehouse.models import Model

# Spark's own variable; an address with a token in it belongs there and not into a file.
REMOTE_VARIABLE = "SPARK_REMOTE"


class SparkSettings(BaseModel):
    """Where Spark is, and the folder through which it and this machine pass tables to each other.

    `remote` is a Spark Connect address, else that of the variable SPARK_REMOTE. `exchange` is a folder or an fsspec
    URL; `seen_as` is how the cluster names the same folder, where that differs (s3:// here, s3a:// there).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    exchange: str
    seen_as: str | None = None
    remote: str | None = None

    @property
    def address(self) -> str:
        return self.remote or os.environ[REMOTE_VARIABLE]

    @property
    def seen(self) -> str:
        return self.seen_as or self.exchange

    @model_validator(mode="after")
    def _an_address_is_known(self) -> SparkSettings:
        if not self.remote and not os.environ.get(REMOTE_VARIABLE):
            raise ValueError(f"remote, or the variable {REMOTE_VARIABLE}: sc://host:15002")
        return self


class EngineSettings(BaseModel):
    """The settings of `data/engine.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: Literal["duckdb", "spark"] = "duckdb"
    spark: SparkSettings | None = None

    @model_validator(mode="after")
    def _spark_is_described(self) -> EngineSettings:
        if self.engine == "spark" and self.spark is None:
            raise ValueError("spark: exchange and remote")
        return self


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


def read_engine(file: Path) -> EngineSettings:
    """The engine of one data directory; Stopped with what is wrong where its file cannot be read."""
    return read_settings(file, EngineSettings, "engine_unreadable", "docs/scaling.md")


@contextmanager
def open_engine(settings: EngineSettings, paths: Paths | None = None) -> Iterator[Engine]:
    """The engine for one run, of that data directory. Raises WrongCall where Spark is asked for and not to be had."""
    if settings.engine == "duckdb" or settings.spark is None:
        yield DuckDBEngine()
        return
    from assets.warehouse.spark import spark_engine

    with spark_engine(settings.spark, paths) as spark:
        yield spark
