"""Dagster's SQLite storage below the state of the data directory, with its event databases kept open.

What belongs here: where the storage is, and one connection for each database instead of one for each event (a run has
thousands of events and spent a quarter of its time on opening files). What does not: what is stored, which is
Dagster's own, and a storage on a server (deploy/dagster.postgres.yaml), which pools its connections itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from dagster import Field
from dagster._config.config_schema import UserConfigSchema
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from filelock import lock_descriptor
from sqlalchemy import Connection, Engine, StaticPool, create_engine

from assets.core.data_dir_version import ensure_state_dir
from assets.core.paths import Paths

# As long as Dagster itself waits for another process that writes.
_BUSY_SECONDS = 30


class PooledEventLogStorage(SqliteEventLogStorage):
    """The events of all runs, with the index and the database of the last run kept open."""

    def __init__(self, base_dir: str) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir)

    @cached_property
    def supports_asset_checks(self) -> bool:
        """Whether the database has the table of asset checks; Dagster asks before it stores each of them."""
        return bool(super().supports_asset_checks)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        # The lock lets one thread at a time use a connection, and none while it is closed.
        with self._db_lock, self._engine(shard).connect() as connection, connection.begin():
            yield connection

    def _engine(self, shard: str) -> Engine:
        engine = self._engines.get(shard)
        if engine is None:
            self._close([name for name in self._engines if INDEX_SHARD_NAME not in (shard, name)])
            engine = _open_engine(self.conn_string_for_shard(shard))
            self._initdb(engine)
            self._engines[shard] = engine
        return engine

    def _close(self, shards: Iterable[str]) -> None:
        for shard in shards:
            self._engines.pop(shard).dispose()

    def dispose(self) -> None:
        super().dispose()
        with self._db_lock:
            self._close(list(self._engines))


def _open_engine(url: str) -> Engine:
    """Return an engine with one connection for all threads.

    After a power cut the last events may be missing; the database stays valid.
    """
    options = {"timeout": _BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(url, poolclass=StaticPool, connect_args=options)
    with engine.connect() as connection:
        connection.exec_driver_sql("pragma synchronous = normal")
    return engine


class PooledSqliteStorage(DagsterSqliteStorage):
    """Dagster's SQLite storage with pooled events, by default below the state of the data directory."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        folder = Path(base_dir)
        folder.mkdir(parents=True, exist_ok=True)
        # Two processes that create the databases at the same moment leave them broken for ever.
        with (folder / ".create.lock").open("a") as lock:
            lock_descriptor(lock.fileno())
            super().__init__(base_dir, inst_data)
            self._event_log_storage = PooledEventLogStorage(str(folder / "history" / "runs"))

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        return {"base_dir": Field(str, is_required=False)}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> PooledSqliteStorage:
        return cls(config_value.get("base_dir") or _default_folder(), inst_data)


def _default_folder() -> str:
    """Return the folder for Dagster's state of the data directory that the environment names."""
    paths = Paths.from_environment()
    ensure_state_dir(paths)
    return str(paths.state / "dagster")
