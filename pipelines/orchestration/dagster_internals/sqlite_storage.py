"""Dagster's record of runs in SQLite, with the databases of its events kept open.

Dagster opens a database anew for each event; a run has thousands of them, and spent a quarter of its time on that.
Here: the same storage and the same files, with one connection to a database instead of one for every event. Not here:
what is recorded, and a storage on a server (deploy/dagster.postgres.yaml), which keeps connections by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, StaticPool, create_engine

# As long as Dagster itself waits for another process that writes.
_BUSY_SECONDS = 30


class PooledEventLogStorage(SqliteEventLogStorage):
    """The events of all runs, a database for each and an index; the index and the last run asked for stay open."""

    def __init__(self, base_dir: str) -> None:
        self._open: dict[str, Engine] = {}
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        # The lock lets one thread at a time use a connection, and none while it is closed.
        with self._db_lock, self._engine(shard).connect() as connection, connection.begin():
            yield connection

    def _engine(self, shard: str) -> Engine:
        engine = self._open.get(shard)
        if engine is None:
            self._close([other for other in self._open if INDEX_SHARD_NAME not in (shard, other)])
            engine = _opened(self.conn_string_for_shard(shard))
            self._initdb(engine)
            self._open[shard] = engine
        return engine

    def _close(self, shards: Iterable[str]) -> None:
        for shard in shards:
            self._open.pop(shard).dispose()

    def dispose(self) -> None:
        super().dispose()
        with self._db_lock:
            self._close(list(self._open))


def _opened(address: str) -> Engine:
    """One connection for all threads. After a loss of power the last events may be missing; what is there is sound."""
    options = {"timeout": _BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(address, poolclass=StaticPool, connect_args=options)
    with engine.connect() as connection:
        connection.exec_driver_sql("pragma synchronous = normal")
    return engine


class PooledSqliteStorage(DagsterSqliteStorage):
    """Dagster's storage below one folder, as `storage: sqlite` has it, with these events."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = PooledEventLogStorage(str(Path(base_dir) / "history" / "runs"))

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> PooledSqliteStorage:
        return cls(config_value["base_dir"], inst_data)
